"""The suggestions, as the server answers them: what is shown, accepted, dismissed, taken back, and refused."""

from datetime import date
from uuid import uuid4

import pytest
from django.urls import reverse

from facilities.access import Author, Channel
from facilities.models import Role
from invoices import cups, filing, grouping, suggesting
from invoices.matching import Reason, TargetReason, Tier
from invoices.models import Consolidation, CupsAlias, CupsDismissal, Invoice
from invoices.pages import suggestion_words
from invoices.pages.suggestion_cards import Strip
from invoices.pages.suggestions_bulk import WHY
from invoices.suggesting import Why
from invoices.timeline import Evidence
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT = factories.VALID_CUPS  # ES1234123456789012JY
SPACED = "ES 1234 1234 5678 9012 JY"
SLIP = "ES1234123456789021JY"  # two digits swapped, and the letters fit the right one
NO_LETTERS = RIGHT[:18]
OTHER = factories.OTHER_VALID_CUPS
HTMX = {"HX-Request": "true"}


@pytest.fixture
def person(organization):
    return factories.member(organization)


@pytest.fixture
def web(client, person):
    """The browser of an editor of ours, in English."""
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def spaced(facility):
    """A code for nine months, and for the three before it the same one with blanks."""
    factories.invoices(9, facility=facility, cups=RIGHT)
    for month in (10, 11, 12):
        factories.invoice(
            facility=facility, cups=SPACED, start_date=date(2023, month, 1), end_date=date(2023, month, 28)
        )


def one(organization, **wishes):
    [suggestion] = suggesting.listed(organization=organization, **wishes)
    return suggestion


def ticked(suggestion):
    return [f"{member.code.facility_id}|{member.code.cups}" for member in suggestion.sources]


def send(web, name, suggestion, headers=None, **fields):
    sent = {"group": ticked(suggestion), "target": suggestion.target, "make_aliases": "on", **fields}
    return web.post(reverse(f"cups-suggestion-{name}", args=[suggestion.id]), sent, headers=headers)


def codes():
    return sorted(set(Invoice.objects.values_list("cups", flat=True)))


def text(answer):
    return " ".join(answer.text.split())


def nothing_changed():
    return not Consolidation.objects.exists() and not CupsDismissal.objects.exists() and not CupsAlias.objects.exists()


def test_everything_that_matching_says_has_words():
    assert suggestion_words.TIERS.keys() == set(Tier)
    assert suggestion_words.reasons(Reason).count(",") >= len(Reason) - 1
    assert suggestion_words.target_reasons(TargetReason)
    assert WHY.keys() == set(Why)


class TestList:
    def test_a_card_says_what_why_where_and_when(self, web, spaced, django_assert_num_queries):
        web.get(reverse("cups-suggestions"))  # the session and what is found are kept from here on

        with django_assert_num_queries(14):
            page = text(web.get(reverse("cups-suggestions")))

        assert "The same code, written differently" in page
        assert "capitals, blanks or separators" in page
        assert "letters right as written, right length" in page
        assert "Madrid" in page
        assert "Oct – Dec 2023" in page
        assert "Jan – Sep 2024" in page
        assert "Fills 3 of 3 missing months" in page
        assert "Nov 2023: filled" in page
        assert "1–1 of 1 suggestion" in page
        assert "<mark> </mark>" in page

    def test_more_cards_take_no_more_queries(self, web, spaced, facility, django_assert_num_queries):
        factories.invoice(facility=facility, cups=OTHER)
        factories.invoice(facility=facility, cups=OTHER[:20].lower(), start_date=date(2023, 1, 1))
        web.get(reverse("cups-suggestions"))

        with django_assert_num_queries(14):
            assert len(web.get(reverse("cups-suggestions")).context["cards"]) == 2

    def test_what_would_be_counted_twice_is_said_and_not_safe(self, web, facility):
        factories.invoices(3, facility=facility, cups=RIGHT)
        factories.invoice(facility=facility, cups=SPACED, start_date=date(2024, 1, 5), end_date=date(2024, 1, 20))

        page = text(web.get(reverse("cups-suggestions")))

        assert "1 invoice would overlap another · 15 days" in page
        assert "Jan 2024: overlapping" in page
        assert '<span class="tag ok">safe</span>' not in page

    def test_a_target_that_no_invoice_carries_yet(self, web, facility):
        factories.invoice(facility=facility, cups=SPACED)
        factories.invoices(2, facility=facility, cups=RIGHT.lower(), start_date=date(2023, 1, 1))

        [card] = web.get(reverse("cups-suggestions")).context["cards"]

        assert card.target_count == 0
        assert "no invoice carries it yet" in card.target_said

    def test_a_bill_of_no_days_is_counted_twice_all_the_same(self, web, facility):
        for written in (RIGHT, SPACED):
            factories.invoice(facility=facility, cups=written, start_date=date(2024, 1, 5), end_date=date(2024, 1, 5))

        [card] = web.get(reverse("cups-suggestions")).context["cards"]

        assert card.overlaps == "1 invoice would overlap another"

    def test_months_that_went_away_meanwhile_are_not_drawn(self):
        assert Strip.of(Evidence(0, 0, 0, 0, {})) == Strip((), "", "")

    def test_narrowing(self, web, spaced, organization, facility):
        elsewhere = factories.facility(organization=organization, name="Bilbao")

        def count(**query):
            return len(web.get(reverse("cups-suggestions"), query).context["cards"])

        assert count(tier=0) == count(search="9012") == count(facility_id=str(facility.pk)) == 1
        assert count(tier=1) == count(search="nothing") == count(facility_id=str(elsewhere.pk)) == 0
        assert count(tier="x", page="x", facility_id="x", search="\0") == 1
        assert "No suggestion fits" in text(web.get(reverse("cups-suggestions"), {"tier": 5}))

    def test_a_script_gets_the_cards_alone_and_a_tidy_address(self, web, spaced):
        answer = web.get(reverse("cups-suggestions") + "?tier=0&search=&page=1", headers=HTMX)

        assert answer["HX-Push-Url"] == "/cups/suggestions/?tier=0"
        assert "<html" not in answer.text

    def test_nothing_to_suggest_is_said(self, web, organization):
        assert "Nothing to suggest" in text(web.get(reverse("cups-suggestions")))

    def test_others_codes_are_not_there(self, web, other_organization):
        theirs = factories.facility(organization=other_organization)
        factories.invoice(facility=theirs, cups=RIGHT)
        factories.invoice(facility=theirs, cups=SPACED)
        foreign = one(other_organization)

        assert web.get(reverse("cups-suggestions")).context["cards"] == []
        for name in ("accept", "dismiss"):
            assert "Nothing was changed" in text(send(web, name, foreign, headers=HTMX))
        assert nothing_changed()

    def test_a_star_with_many_members_is_accepted_whole(self, web, facility, organization, monkeypatch):
        monkeypatch.setattr("invoices.pages.suggestion_cards.SHOWN_MEMBERS", 1)
        for written in (RIGHT, SPACED, RIGHT.lower()):
            factories.invoice(facility=facility, cups=written)

        page = text(web.get(reverse("cups-suggestions")))

        assert "1 more code is not drawn" in page
        assert all(f'name="group" value="{value}"' in page for value in ticked(one(organization)))


class TestAccept:
    def test_the_codes_become_the_target_and_its_aliases(self, web, spaced, organization):
        answer = web.get(reverse("cups-suggestions"))
        assert answer.context["cards"]

        answer = send(web, "accept", one(organization), back="tier=0")

        assert answer["Location"] == "/cups/suggestions/?tier=0"
        assert codes() == [RIGHT]
        assert CupsAlias.objects.get().cups == SPACED
        assert f"3 invoices now carry {RIGHT}." in text(web.get(answer["Location"]))

    def test_without_aliases_and_with_a_message(self, web, spaced, organization):
        suggestion = one(organization)

        web.post(
            reverse("cups-suggestion-accept", args=[suggestion.id]),
            {"group": ticked(suggestion), "message": " Scanned "},
        )

        assert codes() == [RIGHT]
        assert not CupsAlias.objects.exists()
        assert Consolidation.objects.get().message == "Scanned"

    def test_a_script_gets_one_line_with_an_undo(self, web, spaced, organization):
        answer = send(web, "accept", one(organization), headers=HTMX)

        done = Consolidation.objects.get()
        assert "<html" not in answer.text
        assert f"3 invoices now carry {RIGHT}." in text(answer)
        assert f'name="consolidation" value="{done.pk}"' in answer.text

    def test_a_member_is_left_out(self, web, spaced, facility, organization):
        factories.invoice(
            facility=facility, cups=RIGHT.lower(), start_date=date(2022, 1, 1), end_date=date(2022, 1, 31)
        )
        suggestion = one(organization)

        send(web, "accept", suggestion, group=[f"{facility.pk}|{SPACED}"])

        assert codes() == sorted([RIGHT, RIGHT.lower()])

    @pytest.mark.parametrize("headers", [None, HTMX])
    def test_a_code_that_becomes_itself_changes_nothing(self, web, facility, organization, headers):
        for written in (SPACED, RIGHT.lower()):
            factories.invoice(facility=facility, cups=written)

        answer = send(
            web,
            "accept",
            one(organization),
            headers=headers,
            group=[f"{facility.pk}|{SPACED}"],
            target=SPACED,
        )

        said = answer if headers else web.get(answer["Location"])
        assert "Nothing was rewritten" in text(said)
        assert nothing_changed()

    def test_nothing_ticked_is_refused(self, web, spaced, organization):
        for name in ("accept", "dismiss"):
            answer = send(web, name, one(organization), group=[], headers=HTMX)

            assert answer.status_code == 409
            assert "No group is ticked." in text(answer)
        assert nothing_changed()

    def test_another_target_of_the_same_supply(self, web, spaced, organization):
        send(web, "accept", one(organization), target="", cups=f"{RIGHT}0F")

        assert codes() == [f"{RIGHT}0F"]

    @pytest.mark.parametrize("typed", ["", "\u202e"])
    def test_what_is_no_code_is_refused(self, web, spaced, organization, typed):
        answer = send(web, "accept", one(organization), target="", cups=typed)

        assert answer.status_code == 409
        assert 'role="alert"' in answer.text
        assert "<html" in answer.text
        assert nothing_changed()

    def test_another_supply_has_to_be_typed_once_more(self, web, spaced, organization):
        wanted = {"target": "", "cups": OTHER, "message": "Meter exchanged"}
        answer = send(web, "accept", one(organization), headers=HTMX, **wanted)
        assert answer.status_code == 409
        assert 'name="confirmation"' in answer.text
        assert 'value="Meter exchanged"' in answer.text
        assert nothing_changed()

        answer = send(web, "accept", one(organization), headers=HTMX, confirmation=OTHER.lower(), **wanted)

        assert f"3 invoices now carry {OTHER}." in text(answer)

    def test_what_changed_meanwhile_is_not_accepted(self, web, spaced, organization, person):
        stale = one(organization)
        send(web, "accept", stale)
        before = Consolidation.objects.count()

        assert "somebody decided it already" in text(send(web, "accept", stale, headers=HTMX))
        answer = send(web, "dismiss", stale)

        assert "somebody decided it already" in text(web.get(answer["Location"]))
        assert Consolidation.objects.count() == before
        assert not CupsDismissal.objects.exists()

    def test_a_viewer_looks_and_changes_nothing(self, client, spaced, organization):
        client.force_login(factories.member(organization, Role.VIEWER))
        suggestion = one(organization)

        assert "data-accept" not in client.get(reverse("cups-suggestions")).text
        for name in ("accept", "dismiss", "undo"):
            assert send(client, name, suggestion).status_code == 403
        assert client.get(reverse("cups-suggestions-all"), {"tier": 0}).status_code == 403
        assert nothing_changed()


class TestDismiss:
    def test_it_is_not_suggested_again_until_restored(self, web, spaced, organization):
        answer = send(web, "dismiss", one(organization), message="Two meters")

        assert suggesting.listed(organization=organization) == []
        assert f"1 code is not suggested with {RIGHT} again." in text(web.get(answer["Location"]))
        page = text(web.get(reverse("cups-dismissed")))
        assert "Two meters" in page
        assert "The same code, written differently" in page

        dismissal = CupsDismissal.objects.get()
        answer = web.post(reverse("cups-dismissed-restore", args=[dismissal.pk]))

        assert "Restored" in text(web.get(answer["Location"]))
        assert one(organization)
        again = web.post(reverse("cups-dismissed-restore", args=[dismissal.pk]))
        assert "restored already" in text(web.get(again["Location"]))

    def test_the_list_takes_the_same_queries_however_many(self, web, facility, organization, django_assert_num_queries):
        assert "Nothing was dismissed" in text(web.get(reverse("cups-dismissed")))
        for written in (RIGHT, SPACED, RIGHT.lower(), f"{RIGHT}0F"):
            factories.invoice(facility=facility, cups=written)
        send(web, "dismiss", one(organization))

        web.get(reverse("cups-dismissed"))
        with django_assert_num_queries(7):
            assert len(web.get(reverse("cups-dismissed")).context["rows"]) == 3

    def test_others_dismissals_are_out_of_reach(self, web, other_organization):
        theirs = factories.facility(organization=other_organization)
        factories.invoice(facility=theirs, cups=RIGHT)
        factories.invoice(facility=theirs, cups=SPACED)
        [dismissal] = suggesting.dismiss(
            organization=other_organization,
            suggestion_id=one(other_organization).id,
            by=factories.author(other_organization),
        )

        web.post(reverse("cups-dismissed-restore", args=[dismissal.pk]))
        web.post(reverse("cups-suggestion-undo", args=["a" * 32]), {"dismissal": str(dismissal.pk)})

        dismissal.refresh_from_db()
        assert dismissal.restored_at is None


class TestUndo:
    def test_an_accepted_one_comes_back_with_its_aliases_removed(self, web, spaced, organization):
        suggestion = one(organization)
        send(web, "accept", suggestion, headers=HTMX)
        done = Consolidation.objects.get()

        answer = send(web, "undo", suggestion, headers=HTMX, consolidation=str(done.pk))

        assert f'id="s-{suggestion.id}"' in answer.text
        assert codes() == sorted([RIGHT, SPACED])
        assert not CupsAlias.objects.current().exists()

    def test_a_dismissed_one_comes_back(self, web, spaced, organization):
        suggestion = one(organization)
        send(web, "dismiss", suggestion, headers=HTMX)

        answer = send(web, "undo", suggestion, back="tier=0", dismissal=str(CupsDismissal.objects.get().pk))

        assert answer["Location"] == "/cups/suggestions/?tier=0"
        assert one(organization) == suggestion

    def test_what_has_changed_since_is_left_with_the_way_to_look_at_it(self, web, spaced, organization, person):
        suggestion = one(organization)
        send(web, "accept", suggestion, headers=HTMX)
        done = Consolidation.objects.get()
        moved = Invoice.objects.filter(start_date__year=2023).first()
        filing.change(
            organization=organization, invoice_id=moved.pk, by=Author(person, Channel.WEB), changes={"cups": "ES9"}
        )

        answer = send(web, "undo", suggestion, headers=HTMX, consolidation=str(done.pk))

        assert "Not undone" in text(answer)
        assert reverse("history-undo", args=[done.pk]) in answer.text
        assert codes() == sorted([RIGHT, "ES9"])
        plain = send(web, "undo", suggestion, consolidation=str(done.pk))
        assert "Not undone" in text(web.get(plain["Location"]))

    def test_what_is_undone_and_not_suggested_any_more_is_a_line(self, web, spaced, organization):
        suggestion = one(organization)
        send(web, "accept", suggestion, headers=HTMX)
        Invoice.objects.filter(start_date__year=2024).delete()
        grouping.repair(organization=organization)

        answer = send(web, "undo", suggestion, headers=HTMX, consolidation=str(Consolidation.objects.get().pk))

        assert "Undone: everything is as it was before." in text(answer)

    @pytest.mark.parametrize("name", ["accept", "dismiss", "undo"])
    def test_reading_changes_nothing(self, web, spaced, organization, name):
        answer = web.get(reverse(f"cups-suggestion-{name}", args=[one(organization).id]))

        assert answer["Location"] == "/cups/suggestions/"
        assert web.get(reverse("cups-dismissed-restore", args=[uuid4()]))["Location"] == "/cups/dismissed/"
        assert nothing_changed()


class TestAcceptAll:
    @pytest.fixture
    def many(self, spaced, facility):
        """A second one that is safe, and a third that would count an invoice twice."""
        factories.invoice(facility=facility, cups=OTHER)
        factories.invoice(
            facility=facility, cups=OTHER.lower(), start_date=date(2023, 1, 1), end_date=date(2023, 1, 31)
        )
        third = f"ES0021000000000001{cups.check_letters('0021000000000001')}"
        factories.invoice(facility=facility, cups=third)
        factories.invoice(facility=facility, cups=third.lower())

    def address(self, **query):
        return reverse("cups-suggestions-all", query={"tier": 0, **query})

    def accept(self, web, **fields):
        plan = web.get(self.address()).context["plan"]
        return web.post(self.address(), {"plan": plan.digest, "make_aliases": "on", **fields})

    def test_the_preview_has_totals_and_what_is_left_out_and_why(self, web, many, facility):
        page = text(web.get(self.address(facility_id=str(facility.pk))))

        assert "2 suggestions: 4 invoices with 2 codes at 1 facility will be rewritten." in page
        assert "1 is left out, to be decided by itself." in page
        assert "An invoice would be counted twice (1)" in page
        assert "Madrid" in page
        assert nothing_changed()

    def test_it_does_what_it_showed_and_is_undone_at_once(self, web, many, organization):
        answer = self.accept(web, message="All of them")

        page = web.get(answer["Location"])
        assert "2 suggestions accepted: 4 invoices rewritten." in text(page)
        batch = Consolidation.objects.values_list("batch_id", flat=True).distinct().get()
        undo = reverse("cups-suggestions-undo", args=[batch])
        assert undo in page.text
        assert CupsAlias.objects.current().count() == 2
        assert "2 suggestions with 4 invoices will be taken back." in text(web.get(undo))

        answer = web.post(undo, {"remove_aliases": "on"})

        assert "4 invoices carry what they carried before." in text(web.get(answer["Location"]))
        assert not CupsAlias.objects.current().exists()
        assert len(suggesting.listed(organization=organization)) == 3
        answer = web.post(undo)
        assert answer.status_code == 409
        assert "All of it was undone already." in text(answer)

    def test_what_changed_since_the_preview_is_shown_anew(self, web, many, facility):
        plan = web.get(self.address()).context["plan"]
        factories.invoice(facility=facility, cups=SPACED, start_date=date(2022, 1, 1), end_date=date(2022, 1, 31))

        answer = web.post(self.address(), {"plan": plan.digest, "message": "Sure"})

        assert answer.status_code == 409
        assert "Something has changed since the preview." in text(answer)
        assert "5 invoices" in text(answer)
        assert 'value="Sure"' in answer.text
        assert nothing_changed()

    def test_others_that_change_the_same_groups_are_waited_for(self, web, many, monkeypatch):
        def refuse(**_wanted):
            raise grouping.GroupsKeptChanging

        monkeypatch.setattr(suggesting, "accept_all", refuse)
        answer = self.accept(web)

        assert answer.status_code == 409
        assert "Somebody else is changing the same groups." in text(answer)
        monkeypatch.undo()
        self.accept(web)
        monkeypatch.setattr("invoices.undoing.undo_batch", refuse)
        batch = Consolidation.objects.values_list("batch_id", flat=True).distinct().get()
        answer = web.post(reverse("cups-suggestions-undo", args=[batch]))
        assert "Somebody else is changing the same groups." in text(answer)
        assert SPACED not in codes()

    def test_more_than_fit_into_one_go_come_after(self, web, many, monkeypatch):
        monkeypatch.setattr("invoices.suggesting.in_bulk.AT_ONCE", 1)

        assert "more come after these" in text(web.get(self.address()))

    def test_nothing_to_accept_is_said(self, web, facility):
        assert "There is nothing that can be accepted at once." in text(web.get(self.address()))
        answer = self.accept(web)
        assert answer.status_code == 409
        assert "Nothing was accepted" in text(answer)

    def test_a_tier_that_is_not_safe_is_not_accepted_at_once(self, web):
        for tier in ("3", "", "x"):
            assert web.get(self.address(tier=tier))["Location"] == "/cups/suggestions/"

    def test_conflicts_are_said_and_can_be_left(self, web, many, organization, person):
        self.accept(web)
        batch = Consolidation.objects.values_list("batch_id", flat=True).distinct().get()
        undo = reverse("cups-suggestions-undo", args=[batch])
        moved = Invoice.objects.filter(start_date=date(2023, 1, 1)).get()
        filing.change(
            organization=organization, invoice_id=moved.pk, by=Author(person, Channel.WEB), changes={"cups": "ES9"}
        )

        answer = web.post(undo)
        assert answer.status_code == 409
        assert "1 invoice has changed since, so nothing was put back." in text(answer)
        assert SPACED not in codes()

        web.post(undo, {"skip_conflicts": "on"})
        assert SPACED in codes()

    def test_others_work_takes_a_message_and_other_organizations_are_out_of_reach(
        self, web, many, client, organization, other_organization
    ):
        self.accept(web)
        batch = Consolidation.objects.values_list("batch_id", flat=True).distinct().get()
        undo = reverse("cups-suggestions-undo", args=[batch])
        client.force_login(factories.member(organization))
        answer = client.post(undo, headers={"accept-language": "en"})
        assert answer.status_code == 409
        assert SPACED not in codes()
        client.force_login(factories.member(other_organization))
        assert client.post(undo).status_code == 404
