"""The pages of years: looking, closing, opening again, and the evidence."""

import hashlib
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from facilities.access import Author, Channel
from facilities.models import Role
from invoices import closing, evidencing
from invoices.models import EvidenceArchive, ProcessingJob, YearClosing
from tests import api, factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _store(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "files": {"BACKEND": "facilities.stores.folder.Folder", "OPTIONS": {"location": str(tmp_path)}}
    }


@pytest.fixture
def boss(organization):
    return factories.member(organization, Role.ADMIN, first_name="Ana", last_name="Ruiz")


@pytest.fixture
def web(boss):
    """The browser of an administrator of ours, in English."""
    return english(boss)


@pytest.fixture
def editor(organization):
    return english(factories.member(organization))


@pytest.fixture
def viewer(organization):
    return english(factories.member(organization, Role.VIEWER))


def english(person):
    return api.browser(person, headers={"accept-language": "en"})


def calculated(facility, kg="1500", **fields):
    invoice = factories.invoice(facility=facility, **fields)
    factories.emission(invoice, co2e=Decimal(kg), co2e_biomass=Decimal(0))
    return invoice


def close(organization, boss, **fields):
    return closing.close(organization=organization, year=2024, by=Author(boss, Channel.WEB), **fields)


def made(organization, person, year=2024):
    archive = evidencing.request(organization=organization, year=year, by=Author(person, Channel.WEB))
    factories.make_evidence(archive.job)
    archive.refresh_from_db()
    return archive


def text(answer):
    return " ".join(answer.content.decode().replace("\N{NO-BREAK SPACE}", " ").split())


def digest_on(answer):
    return answer.context["year"].digest


class TestList:
    def test_shows_what_each_year_emits_and_who_closed_it(self, web, organization, facility, boss):
        calculated(facility)
        factories.invoice(facility=facility, status="error")
        calculated(facility, start_date=date(2025, 1, 1), end_date=date(2025, 1, 31))
        close(organization, boss)

        answer = web.get(reverse("years"))

        assert [year.year for year in answer.context["years"]] == [2025, 2024]
        shown = text(answer)
        for said in ("closed", "Ana Ruiz", "1.50 t", "open", 'href="/years/2024/"'):
            assert said in shown, said
        assert "not as reported" not in shown

    def test_says_when_the_figures_are_no_longer_the_reported_ones(self, web, organization, facility, boss):
        invoice = calculated(facility)
        close(organization, boss)
        invoice.emissions.update(co2e=Decimal(1))

        assert "not as reported" in text(web.get(reverse("years")))
        assert "not what was reported" in text(web.get(reverse("year", args=[2024])))

    def test_says_that_a_year_is_open_again(self, viewer, organization, facility, boss):
        calculated(facility)
        close(organization, boss)
        closing.reopen(organization=organization, year=2024, by=Author(boss, Channel.WEB), message="A late bill")

        assert "open again" in text(viewer.get(reverse("years")))
        shown = text(viewer.get(reverse("year", args=[2024])))
        for said in ("Closed", "Reopened", "“A late bill”", "Reported"):
            assert said in shown, said

    def test_says_that_there_is_nothing_yet(self, web):
        assert "There is no invoice yet" in text(web.get(reverse("years")))

    def test_is_paged(self, web, organization, facility):
        for year in range(2018, 2025):
            factories.invoice(facility=facility, start_date=date(year, 1, 1), end_date=date(year, 1, 31))

        first, second = (web.get(reverse("years"), {"page": page}).context["years"] for page in (1, 2))

        assert [year.year for year in first] == list(range(2024, 2018, -1))
        assert [year.year for year in second] == [2018]

    def test_shows_no_other_organizations_years(self, web, other_organization):
        calculated(factories.facility(organization=other_organization))

        assert web.get(reverse("years")).context["years"] == []
        assert web.get(reverse("year", args=[2024])).status_code == 404

    @pytest.mark.parametrize("count", [1, 30])
    def test_the_queries_of_each_page_do_not_grow(
        self, web, organization, facility, boss, django_assert_num_queries, count
    ):
        for invoice in factories.invoices(
            count, facility=facility, start_date=date(2024, 1, 1), end_date=date(2024, 1, 9)
        ):
            factories.emission(invoice, co2e=Decimal(1))
        close(organization, boss)
        for _number in range(count):
            evidencing.request(organization=organization, year=2024, by=Author(boss, Channel.WEB))

        # Session, person, organizations, the highest, role; the first and last day, the years ever closed; the last
        # words; three for each year.
        with django_assert_num_queries(5 + 2 + 1 + 3):
            web.get(reverse("years"))
        # The same, and the events, how many archives there are, and the archives.
        with django_assert_num_queries(5 + 2 + 1 + 3 + 3):
            web.get(reverse("year", args=[2024]))
        with django_assert_num_queries(5 + 2 + 1 + 3):
            web.get(reverse("year-close", args=[2024]))


class TestClosing:
    def test_shows_what_would_be_reported_and_changes_nothing(self, web, facility):
        calculated(facility)
        factories.invoice(facility=facility, status="error")
        factories.invoice(facility=facility, status="loading")

        shown = text(web.get(reverse("year-close", args=[2024])))

        for said in ("Close 2024?", "1,500.000", "3 invoices", "1 invoice could not be calculated", "1 more invoice"):
            assert said in shown, said
        assert not YearClosing.objects.exists()

    def test_warns_that_a_year_is_not_over(self, web, facility):
        this_year = date.today().year  # noqa: DTZ011 (as the page asks for it)
        factories.invoice(facility=facility, start_date=date(this_year, 1, 1), end_date=date(this_year, 1, 2))

        assert "The year is not over" in text(web.get(reverse("year-close", args=[this_year])))

    def test_closes_with_what_was_shown(self, web, facility, boss):
        calculated(facility)
        seen = web.get(reverse("year-close", args=[2024]))

        answer = web.post(
            reverse("year-close", args=[2024]), {"agreed": digest_on(seen), "message": "Audited"}, follow=True
        )

        assert answer.redirect_chain == [(reverse("year", args=[2024]), 302)]
        assert "2024 is closed: its figures stay as they are." in text(answer)
        event = YearClosing.objects.get()
        assert (event.by, event.through, event.message, event.totals["2_market"]) == (
            *(boss, "WEB", "Audited", "1500.000000"),
        )

    def test_what_changed_since_is_shown_and_closes_nothing(self, web, facility):
        calculated(facility)
        seen = digest_on(web.get(reverse("year-close", args=[2024])))
        calculated(facility, kg="1")

        answer = web.post(reverse("year-close", args=[2024]), {"agreed": seen, "message": "Audited"})

        assert answer.status_code == 422
        assert not YearClosing.objects.exists()
        for said in ("The figures have changed since you opened this page.", "1,501.000", 'value="Audited"'):
            assert said in text(answer), said
        assert web.post(reverse("year-close", args=[2024]), {"agreed": digest_on(answer)}).status_code == 302

    def test_what_somebody_else_closed_in_between_stays_theirs(self, web, organization, facility, boss):
        calculated(facility)
        seen = digest_on(web.get(reverse("year-close", args=[2024])))
        close(organization, boss)

        answer = web.post(reverse("year-close", args=[2024]), {"agreed": seen})

        assert (answer.status_code, answer["Location"]) == (302, reverse("year", args=[2024]))
        assert YearClosing.objects.count() == 1
        assert "That was done already" in text(web.get(reverse("year-close", args=[2024])))

    def test_a_year_ever_closed_but_empty_by_now_is_not_closed_again(self, web, organization, boss):
        factories.year_closing(organization=organization, year=2024, action="reopened")

        answer = web.post(reverse("year-close", args=[2024]), {"agreed": "anything"})

        assert answer.status_code == 302
        assert YearClosing.objects.count() == 1
        assert "Close the year" not in text(web.get(reverse("year", args=[2024])))

    def test_without_what_was_shown_is_refused(self, web, facility):
        calculated(facility)

        assert web.post(reverse("year-close", args=[2024]), {}).status_code == 422
        assert not YearClosing.objects.exists()

    @pytest.mark.parametrize("name", ["year-close", "year-reopen"])
    def test_is_for_administrators_alone(self, editor, facility, organization, boss, name):
        calculated(facility)
        if name == "year-reopen":
            close(organization, boss)
        before = YearClosing.objects.count()

        for answer in (
            editor.get(reverse(name, args=[2024])),
            editor.post(reverse(name, args=[2024]), {"message": "x"}),
        ):
            assert answer.status_code == 403
            assert "Only the administrators of Ours" in text(answer)
        assert YearClosing.objects.count() == before
        shown = text(editor.get(reverse("year", args=[2024])))
        assert "Close the year" not in shown
        assert "Open again…" not in shown

    @pytest.mark.parametrize("name", ["year-close", "year-reopen"])
    def test_another_organizations_year_is_not_there(self, web, other_organization, name):
        calculated(factories.facility(organization=other_organization))
        factories.year_closing(organization=other_organization)

        assert web.post(reverse(name, args=[2024]), {"message": "x", "agreed": "x"}).status_code == 404
        assert YearClosing.objects.count() == 1

    @pytest.mark.parametrize("year", [0, 1, 99999])
    def test_a_year_that_is_none_is_not_there(self, web, facility, year):
        calculated(facility)

        assert web.get(f"/years/{year}/").status_code == 404


class TestReopening:
    def test_opens_for_a_reason(self, web, organization, facility, boss):
        calculated(facility)
        close(organization, boss)
        assert "Open 2024 again?" in text(web.get(reverse("year-reopen", args=[2024])))

        answer = web.post(reverse("year-reopen", args=[2024]), {"message": "A late bill"}, follow=True)

        assert "2024 is open again: its invoices can change." in text(answer)
        assert YearClosing.objects.get(action="reopened").message == "A late bill"

    @pytest.mark.parametrize("message", ["", "  "])
    def test_without_a_reason_is_refused(self, web, organization, facility, boss, message):
        calculated(facility)
        close(organization, boss)

        answer = web.post(reverse("year-reopen", args=[2024]), {"message": message})

        assert answer.status_code == 422
        assert "Say why: what was reported may change from then on." in text(answer)
        assert YearClosing.objects.count() == 1

    def test_of_what_is_open_leads_back(self, web, facility):
        calculated(facility)

        assert "This year is open" in text(web.get(reverse("year-reopen", args=[2024])))
        assert web.post(reverse("year-reopen", args=[2024]), {"message": "x"}).status_code == 302
        assert not YearClosing.objects.exists()


class TestEvidence:
    def test_is_asked_for_by_an_editor(self, editor, facility):
        calculated(facility)

        answer = editor.post(reverse("year-evidence", args=[2024]), follow=True)

        assert "The evidence of 2024 is being made." in text(answer)
        archive = EvidenceArchive.objects.get()
        assert (archive.year, archive.job.action, archive.job.trigger_type) == (2024, "EXPORT", "WEB")
        assert [row.pk for row in answer.context["page"]] == [archive.pk]
        assert "Download" not in text(answer)

    def test_is_not_asked_for_by_a_viewer_nor_by_looking(self, viewer, editor, facility):
        calculated(facility)

        assert viewer.post(reverse("year-evidence", args=[2024])).status_code == 403
        assert editor.get(reverse("year-evidence", args=[2024])).status_code == 405
        assert "Make the evidence" not in text(viewer.get(reverse("year", args=[2024])))
        assert not ProcessingJob.objects.exists()

    def test_of_a_year_without_invoices_is_not_there(self, editor, facility):
        assert editor.post(reverse("year-evidence", args=[2024])).status_code == 404

    def test_is_given_to_a_viewer_to_be_saved(self, viewer, organization, facility, boss):
        calculated(facility)
        archive = made(organization, boss)
        shown = text(viewer.get(reverse("year", args=[2024])))

        answer = viewer.get(reverse("year-evidence-download", args=[archive.pk]))

        content = b"".join(answer.streaming_content)
        assert hashlib.sha256(content).hexdigest() == archive.sha256
        assert answer["Content-Disposition"] == 'attachment; filename="consolida-2024-ours.zip"'
        assert (answer["Content-Type"], answer["Content-Length"]) == ("application/zip", str(len(content)))
        assert "no-store" in answer["Cache-Control"]
        for said in (archive.sha256, "made", "Download"):
            assert said in shown

    def test_of_another_organization_or_not_made_is_not_there(
        self, web, organization, other_organization, facility, boss
    ):
        calculated(facility)
        calculated(factories.facility(organization=other_organization))
        waiting = evidencing.request(organization=organization, year=2024, by=Author(boss, Channel.WEB))
        theirs = made(other_organization, factories.member(other_organization))

        for archive_id in (theirs.pk, waiting.pk, uuid4()):
            assert web.get(reverse("year-evidence-download", args=[archive_id])).status_code == 404
        assert [row.pk for row in web.get(reverse("year", args=[2024])).context["page"]] == [waiting.pk]


def test_who_is_not_signed_in_is_sent_to_sign_in(client, facility):
    assert client.get(reverse("years"))["Location"].startswith(reverse("sign-in"))
