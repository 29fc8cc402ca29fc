"""The page of contracts that rewritten invoices fit, the section that leads there, and the hint after a merge."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from facilities.access import Author, Channel
from facilities.models import Role
from invoices import closed_years, consolidating, factoring, grouping, relinking
from invoices.consolidating import Source
from invoices.models import Consolidation, Invoice, InvoiceChange, ProcessingJob
from invoices.pages import fitting
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT = factories.VALID_CUPS
WRONG = f"{RIGHT}0"


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
def contract(facility):
    return factories.supply_contract(
        facility=facility, renewable_percentage=1, supplier=factories.supplier(name="Luz Verde")
    )


def consolidate(place, person, count=3, cups=WRONG):
    factories.invoices(count, facility=place, cups=cups)
    return consolidating.consolidate(
        organization=place.organization,
        sources=[Source(cups, place.pk)],
        target=RIGHT,
        by=Author(person, Channel.WEB),
    ).consolidation


def address(done):
    return reverse("history-contracts", args=[done.pk])


def link(web, done, contract, digest=None):
    if digest is None:
        digest = web.get(address(done)).context["plan"].digest
    return web.post(address(done), {"contract": str(contract.pk), "digest": digest})


def nothing_changed():
    return not (
        ProcessingJob.objects.exists()
        or InvoiceChange.objects.exists()
        or Invoice.objects.exclude(supply_contract=None).exists()
    )


class TestTheWayThere:
    def test_the_consolidation_names_the_contracts_that_fit(self, web, person, facility, contract):
        answer = web.get(reverse("history-detail", args=[consolidate(facility, person).pk]))

        for words in (
            "Contracts that fit now",
            "Luz Verde",
            "100\N{NO-BREAK SPACE}% renewable",
            "3 of 3 invoices fit this contract",
        ):
            assert words in answer.text
        assert f"contract={contract.pk}" in answer.text

    def test_where_none_fits_nothing_is_said(self, web, person, facility):
        answer = web.get(reverse("history-detail", args=[consolidate(facility, person).pk]))

        assert "Contracts that fit" not in answer.text

    def test_after_a_merge_a_message_leads_there(self, web, facility, contract):
        factories.invoices(2, facility=facility, cups=WRONG)
        form = {"group": f"{facility.pk}|{WRONG}", "target": RIGHT, "previewed": RIGHT}
        digest = web.post(reverse("cups-preview"), form).context["shown"].plan.digest

        answer = web.post(reverse("cups-consolidate"), {**form, "digest": digest}, follow=True)

        assert "2 invoices now fit a supply contract" in answer.text
        assert address(Consolidation.objects.get()) in answer.text

    def test_after_a_first_code_too(self, web, facility, contract):
        invoice = factories.invoice(facility=facility, cups="")
        form = {"invoice_id": str(invoice.pk), "target": RIGHT, "previewed": RIGHT}
        digest = web.post(reverse("cups-missing-preview"), form).context["plan"].digest

        answer = web.post(reverse("cups-missing-assign"), {**form, "digest": digest}, follow=True)

        assert "1 invoice now fits a supply contract" in answer.text

    def test_without_a_consolidation_there_is_nothing_to_hint_at(self, rf):
        assert fitting.hint(rf.get("/"), None) is None


class TestLooking:
    def test_shows_kg_before_and_after_with_the_invoices_and_changes_nothing(self, web, person, facility, contract):
        done = consolidate(facility, person)
        for invoice in Invoice.objects.all():
            factories.emission(invoice, co2e=Decimal("28.3"))

        answer = web.get(address(done))

        (pair,) = answer.context["pairs"]
        assert (pair.before, pair.after, pair.difference) == (Decimal("84.9"), 0, Decimal("-84.9"))
        for words in ("84.9", "Link 3 invoices and recalculate", "without evidence for their year", "01/01/2024"):
            assert words in answer.text
        assert nothing_changed()

    def test_says_what_has_no_figure(self, web, person, facility, contract):
        done = consolidate(facility, person)
        Invoice.objects.update(unit=factories.unit(name="liter_(l)", symbol="l", type="volume"))

        answer = web.get(address(done))

        assert "3 invoices have no figure yet" in answer.text
        assert "3 invoices can&#x27;t be calculated with the contract either" in answer.text or (
            "3 invoices can't be calculated with the contract either" in answer.text
        )

    @pytest.mark.parametrize(
        ("share", "guarantee", "said"),
        [
            ("0", "renewable", "no guarantee of origin"),
            ("0.5", "renewable", "50\N{NO-BREAK SPACE}% renewable"),
            ("0.125", "cogeneration", "12.5\N{NO-BREAK SPACE}% cogeneration"),
        ],
    )
    def test_says_what_is_guaranteed(self, web, person, facility, share, guarantee, said):
        factories.supply_contract(
            facility=facility, renewable_percentage=Decimal(share), guarantee_type=guarantee, end_date="2025-12-31"
        )

        answer = web.get(address(consolidate(facility, person)))

        for words in (said, "Contract without a supplier", "01/01/2020 – 31/12/2025"):
            assert words in answer.text

    def test_one_contract_is_chosen_of_several(self, web, person, facility, contract):
        later = factories.supply_contract(facility=facility, start_date="2024-03-01")
        done = consolidate(facility, person)

        first = web.get(address(done))
        chosen = web.get(address(done), {"contract": str(later.pk)})

        assert first.context["plan"].contract == contract
        assert [offer.is_chosen for offer in first.context["offers"]] == [True, False]
        assert (chosen.context["plan"].contract, len(chosen.context["plan"].invoices)) == (later, 1)

    def test_names_so_many_contracts_and_says_how_many_more(self, web, person, facility, contract, monkeypatch):
        monkeypatch.setattr(fitting, "SHOWN", 1)
        factories.supply_contract(facility=facility, start_date="2024-03-01")

        answer = web.get(address(consolidate(facility, person)))

        assert len(answer.context["offers"]) == 1
        assert "1 more contract fits" in answer.text

    def test_says_what_comes_later_and_what_stays(self, web, organization, person, facility, contract, monkeypatch):
        monkeypatch.setattr(relinking, "MAX_LINKED", 2)
        done = consolidate(facility, person, count=15)
        factories.year_closing(organization=organization, year=2024)

        answer = web.get(address(done))

        assert "1 more fits; it shows once these are linked." in answer.text
        assert "12 have a day in a closed year and stay as they are" in answer.text

    def test_says_that_all_are_of_a_closed_year(self, web, organization, person, facility, contract):
        done = consolidate(facility, person)
        factories.year_closing(organization=organization, year=2024)

        answer = web.get(address(done))

        assert "3 invoices fit the contract, but have a day in a closed year" in answer.text
        assert "Link" not in answer.text

    def test_says_that_nothing_is_left(self, web, person, facility, contract):
        done = consolidate(facility, person)
        Invoice.objects.update(supply_contract=contract)

        for answer in (web.get(address(done)), web.get(address(done), {"contract": str(contract.pk)})):
            assert "No invoice is left to be linked" in answer.text

    def test_says_that_no_factors_are_loaded(self, web, person, facility, contract, monkeypatch):
        def none_loaded():
            raise factoring.NoFactors

        monkeypatch.setattr(factoring, "current", none_loaded)

        assert "No emission factors are loaded" in web.get(address(consolidate(facility, person))).text

    def test_a_viewer_looks_and_is_not_offered_to_link(self, web, organization, person, facility, contract):
        done = consolidate(facility, person)
        web.force_login(factories.member(organization, Role.VIEWER))

        answer = web.get(address(done))

        assert "that needs the role of editor" in answer.text
        assert "Link 3 invoices" not in answer.text

    def test_others_consolidations_and_contracts_are_not_found(
        self, web, person, facility, contract, other_organization
    ):
        theirs = factories.facility(organization=other_organization)
        stranger = factories.member(other_organization)
        foreign = factories.supply_contract(facility=theirs)
        done = consolidate(facility, person)

        assert web.get(address(consolidate(theirs, stranger))).status_code == 404
        for unknown in (foreign.pk, uuid4(), "x"):
            assert web.get(address(done), {"contract": str(unknown)}).status_code == 404

    @pytest.mark.parametrize("count", [1, 60])
    def test_the_queries_do_not_grow(self, web, person, facility, contract, count, django_assert_num_queries):
        done = consolidate(facility, person, count=count)
        for number in range(count // 20):
            factories.supply_contract(facility=facility, start_date=f"2024-0{number + 2}-01")
        factoring.table_of(factoring.current())

        with django_assert_num_queries(16):
            web.get(address(done))


class TestLinking:
    def test_links_and_shows_the_job(self, web, person, facility, contract):
        done = consolidate(facility, person)

        answer = link(web, done, contract)

        job = ProcessingJob.objects.get()
        assert answer.headers["Location"] == reverse("job", args=[job.pk])
        assert Invoice.objects.filter(supply_contract=contract).count() == job.items_total == 3
        assert "3 invoices were linked to the contract and are calculated again" in web.get(answer["Location"]).text

    def test_refuses_what_has_changed_and_shows_how_it_is_now(self, web, person, facility, contract):
        done = consolidate(facility, person)

        answer = link(web, done, contract, digest="of something else")

        assert answer.status_code == 409
        assert "have changed since you looked" in answer.text
        assert len(answer.context["plan"].invoices) == 3
        assert nothing_changed()

    @pytest.mark.parametrize(
        ("refusal", "said"),
        [
            (closed_years.PeriodClosed({"Ours": [2024]}), "A year of these invoices was closed in between"),
            (grouping.GroupsKeptChanging(), "Others were changing the same groups"),
        ],
    )
    def test_says_why_it_was_refused(self, web, person, facility, contract, monkeypatch, refusal, said):
        done = consolidate(facility, person)

        def refused(**_asked):
            raise refusal

        monkeypatch.setattr(relinking, "link", refused)

        answer = link(web, done, contract)

        assert (answer.status_code, said in answer.text) == (409, True)

    def test_a_viewer_may_not(self, web, organization, person, facility, contract):
        done = consolidate(facility, person)
        digest = web.get(address(done)).context["plan"].digest
        web.force_login(factories.member(organization, Role.VIEWER))

        assert link(web, done, contract, digest).status_code == 403
        assert nothing_changed()

    def test_others_contracts_are_not_found(self, web, person, facility, contract, other_organization):
        done = consolidate(facility, person)
        foreign = factories.supply_contract(facility=factories.facility(organization=other_organization))

        assert link(web, done, foreign).status_code == 404
        assert web.post(address(done), {}).status_code == 404
        assert nothing_changed()
