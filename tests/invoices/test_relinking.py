"""Linking rewritten invoices to the contracts that they now fit."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from facilities import access, contracting, locating
from invoices import (
    assigning,
    calculating,
    closed_years,
    consolidating,
    factoring,
    filing,
    grouping,
    linking,
    relinking,
    undoing,
    working,
)
from invoices.consolidating import Source
from invoices.models import (
    CupsGroup,
    Invoice,
    InvoiceChange,
    InvoiceEmission,
    JobChunk,
    ProcessingJob,
)
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT = factories.VALID_CUPS
WRONG = f"{RIGHT}0"
RESIDUAL_MIX = Decimal("0.283")
PROVED = {"certificate_number": "GDO-1", "certificate_year": 2024}


@pytest.fixture
def contract(facility):
    return factories.supply_contract(facility=facility, cups=RIGHT, renewable_percentage=1, **PROVED)


def consolidate(facility, author, count=3, **fields):
    """Give so many invoices of 2024, month after month, the right code; return the record of it."""
    factories.invoices(count, **{"facility": facility, "cups": WRONG, "quantity": 100, **fields})
    return consolidating.consolidate(
        organization=facility.organization, sources=[Source(WRONG, facility.pk)], target=RIGHT, by=author
    ).consolidation


def matches(done):
    found = relinking.matches(organization=done.organization, consolidation=done)
    return [(match.contract, match.invoice_count, match.closed_count) for match in found]


def plan(done, contract):
    return relinking.plan(organization=done.organization, consolidation=done, contract_id=contract.pk)


def link(done, contract, by, agreed=None):
    return relinking.link(
        organization=done.organization,
        consolidation_id=done.pk,
        contract_id=contract.pk,
        by=by,
        agreed=plan(done, contract).digest if agreed is None else agreed,
    )


def calculate(*invoices):
    worked = calculating.work_out(
        organization_id=invoices[0].organization_id, invoice_ids=[invoice.pk for invoice in invoices]
    )
    calculating.write(worked, job=None)


def everything():
    models = (Invoice, InvoiceChange, InvoiceEmission, ProcessingJob, JobChunk, CupsGroup)
    return [list(model.objects.order_by("pk").values()) for model in models]


class TestMatches:
    def test_invoices_that_fit_a_contract_since_the_merge_are_counted(self, facility, author, contract):
        done = consolidate(facility, author)

        assert matches(done) == [(contract, 3, 0)]

    def test_those_are_counted_that_got_their_first_code(self, organization, facility, author, contract):
        invoices = factories.invoices(2, facility=facility, cups="")
        ids = [invoice.pk for invoice in invoices]
        agreed = assigning.plan(organization=organization, invoice_ids=ids, target=RIGHT).digest
        done = assigning.assign(
            organization=organization, invoice_ids=ids, target=RIGHT, by=author, agreed=agreed
        ).consolidation

        assert matches(done) == [(contract, 2, 0)]

    def test_those_that_are_linked_or_have_moved_on_are_not(self, facility, author, contract):
        done = consolidate(facility, author)
        linked, moved, left = Invoice.objects.order_by("start_date")
        Invoice.objects.filter(pk=linked.pk).update(supply_contract=contract)
        Invoice.objects.filter(pk=moved.pk).update(cups="ES-OTHER")

        assert matches(done) == [(contract, 1, 0)]
        undoing.undo(organization=done.organization, consolidation_id=done.pk, by=author, invoice_ids=[left.pk])
        assert matches(done) == []

    def test_the_supply_is_compared_as_it_is_when_an_invoice_is_filed(self, facility, author):
        spelt = factories.supply_contract(facility=facility, cups=f"{RIGHT[:4]} {RIGHT[4:].lower()} 1P")
        factories.supply_contract(facility=facility, cups=factories.OTHER_VALID_CUPS)
        factories.supply_contract(
            organization=facility.organization,
            cups=RIGHT,
            facility=factories.facility(organization=facility.organization),
        )
        done = consolidate(facility, author)

        assert matches(done) == [(spelt, 3, 0)]

    def test_contracts_of_datadis_are_the_connectors_to_link(self, facility, author):
        factories.datadis_contract(facility=facility, cups=RIGHT)

        assert matches(consolidate(facility, author)) == []

    def test_another_organizations_contract_fits_nothing(self, facility, author, other_organization):
        factories.supply_contract(facility=factories.facility(organization=other_organization), cups=RIGHT)

        assert matches(consolidate(facility, author)) == []

    def test_the_rule_is_that_of_filing(self, facility, author):
        for start, end in (
            (date(2023, 1, 1), date(2024, 2, 15)),
            (date(2024, 3, 1), None),
            (date(2024, 5, 1), date(2024, 6, 30)),
            (date(2024, 5, 1), date(2024, 5, 31)),
        ):
            factories.supply_contract(facility=facility, cups=RIGHT, start_date=start, end_date=end)
        done = consolidate(facility, author, count=9)

        by_filing = [contract.pk for contract in linking.contracts_of(list(Invoice.objects.all())).values()]
        assert {contract.pk: count for contract, count, _closed in matches(done)} == {
            pk: by_filing.count(pk) for pk in by_filing
        }

    def test_a_linked_invoice_is_offered_the_contract_that_fits_better(self, facility, author, contract):
        older = factories.supply_contract(facility=facility, cups=RIGHT, start_date=date(2019, 1, 1))

        assert matches(consolidate(facility, author, supply_contract=older)) == [(contract, 3, 0)]

    def test_what_has_a_day_in_a_closed_year_is_counted_apart(self, organization, facility, author, contract):
        done = consolidate(facility, author, count=14)
        factories.year_closing(organization=organization, year=2024)

        assert matches(done) == [(contract, 2, 12)]

    def test_a_year_that_was_opened_again_is_open(self, organization, facility, author, contract):
        done = consolidate(facility, author)
        factories.year_closing(organization=organization, year=2024)
        factories.year_closing(organization=organization, year=2024, action="reopened")

        assert matches(done) == [(contract, 3, 0)]


class TestPlanning:
    def test_kg_before_are_stored_and_after_with_the_contract(self, facility, author):
        half = factories.supply_contract(facility=facility, cups=RIGHT, renewable_percentage=Decimal("0.5"), **PROVED)
        done = consolidate(facility, author)
        calculate(*Invoice.objects.all())
        before = everything()

        planned = plan(done, half)

        assert (planned.before, planned.after) == (300 * RESIDUAL_MIX, 150 * RESIDUAL_MIX)
        assert (planned.missing_before, planned.missing_after, planned.unproved) == (0, 0, 0)
        assert everything() == before

    @pytest.mark.parametrize("guarantee", ["renewable", "cogeneration"])
    @pytest.mark.parametrize("billed_by", ["nobody", "a supplier without a link", "a linked supplier"])
    @pytest.mark.parametrize("agreed_with", ["nobody", "a supplier without a link", "a linked supplier"])
    def test_after_is_what_a_calculation_gives_once_linked(self, facility, author, guarantee, billed_by, agreed_with):
        suppliers = {"nobody": None, "a supplier without a link": factories.supplier()}
        suppliers["a linked supplier"] = factories.supplier()
        factories.supplier_link(supplier=suppliers["a linked supplier"])
        share = {"renewable_percentage": Decimal("0.25"), "guarantee_type": guarantee}
        contract = factories.supply_contract(
            facility=facility, cups=RIGHT, supplier=suppliers[agreed_with], **share, **PROVED
        )
        done = consolidate(facility, author, count=1, supplier=suppliers[billed_by])

        planned = plan(done, contract)

        link(done, contract, author)
        (invoice,) = Invoice.objects.all()
        calculate(invoice)
        assert planned.before is None
        assert planned.after == InvoiceEmission.objects.get(activity_category="electricity").co2e

    def test_a_share_without_evidence_is_told(self, facility, author):
        contract = factories.supply_contract(facility=facility, cups=RIGHT, renewable_percentage=1)

        planned = plan(consolidate(facility, author), contract)

        assert (planned.after, planned.unproved) == (0, 3)

    def test_what_has_no_figure_is_counted(self, facility, author, contract):
        done = consolidate(facility, author, unit=factories.unit(name="liter_(l)", symbol="l", type="volume"))

        planned = plan(done, contract)

        assert (planned.before, planned.after) == (None, None)
        assert (planned.missing_before, planned.missing_after) == (3, 3)

    def test_the_oldest_come_first_and_no_more_than_can_be_waited_for(self, facility, author, contract, monkeypatch):
        monkeypatch.setattr(relinking, "MAX_LINKED", 2)
        done = consolidate(facility, author)

        assert [invoice.start_date.month for invoice in plan(done, contract).invoices] == [1, 2]
        link(done, contract, author)
        assert [invoice.start_date.month for invoice in plan(done, contract).invoices] == [3]

    def test_a_contract_that_fits_nothing_here_is_not_found(self, facility, author, contract, other_organization):
        done = consolidate(facility, author)
        theirs = factories.supply_contract(facility=factories.facility(organization=other_organization), cups=RIGHT)
        elsewhere = factories.supply_contract(facility=facility, cups=factories.OTHER_VALID_CUPS)

        for other in (theirs, elsewhere, factories.datadis_contract(facility=facility, cups=RIGHT)):
            with pytest.raises(locating.ContractNotFound):
                plan(done, other)

    def test_without_factors_there_is_nothing_to_compare(self, facility, author, contract, monkeypatch):
        def none_loaded():
            raise factoring.NoFactors

        monkeypatch.setattr(factoring, "current", none_loaded)

        with pytest.raises(factoring.NoFactors):
            plan(consolidate(facility, author), contract)


class TestLinking:
    def test_links_logs_and_recalculates_exactly_those(self, organization, facility, author, contract):
        done = consolidate(facility, author)
        before = factories.invoice(facility=facility, cups=RIGHT, supply_contract=None)
        calculate(*Invoice.objects.all())

        linked = link(done, contract, author)

        assert linked.invoice_count == linked.job.items_total == 3
        assert Invoice.objects.filter(supply_contract=contract).count() == 3
        before.refresh_from_db()
        assert before.supply_contract_id is None
        changes = InvoiceChange.objects.filter(action="changed")
        assert {(change.before["supply_contract"], change.after["supply_contract"]) for change in changes} == {
            (None, str(contract.pk))
        }
        assert {change.by for change in changes} == {author.user}
        assert (linked.job.action, linked.job.activity_category) == ("RECALCULATE", "")
        assert list(grouping.differences(organization=organization)) == []
        for chunk in JobChunk.objects.filter(job=linked.job):
            working.work(chunk.pk)
        figures = InvoiceEmission.objects.filter(activity_category="electricity", invoice__supply_contract=contract)
        assert set(figures.values_list("co2e", flat=True)) == {0}

    def test_the_links_can_be_seen_in_a_new_preview_of_the_groups(self, organization, facility, author, contract):
        done = consolidate(facility, author)
        source = [Source(RIGHT, facility.pk)]
        seen = consolidating.plan(organization=organization, sources=source, target="ES-1")

        link(done, contract, author)

        with pytest.raises(consolidating.PlanChanged):
            consolidating.consolidate(
                organization=organization, sources=source, target="ES-1", by=author, agreed=seen.digest
            )

    @pytest.mark.parametrize("changed", ["an invoice", "the contract", "their number", "nothing was seen"])
    def test_what_differs_from_the_preview_is_refused(self, organization, facility, author, contract, changed):
        done = consolidate(facility, author)
        agreed = plan(done, contract).digest
        some = Invoice.objects.earliest("start_date")
        match changed:
            case "an invoice":
                changes = {"base_quantity": Decimal(7)}
                filing.change(organization=organization, invoice_id=some.pk, by=author, changes=changes)
            case "the contract":
                contracting.change_contract(contract=contract, by=author, renewable_percentage=Decimal(0))
            case "their number":
                filing.delete(organization=organization, invoice_id=some.pk, by=author)
            case "nothing was seen":
                agreed = ""
        before = everything()

        with pytest.raises(relinking.MatchChanged):
            link(done, contract, author, agreed)

        assert everything() == before

    def test_a_second_time_there_is_nothing_left(self, facility, author, contract):
        done = consolidate(facility, author)
        agreed = plan(done, contract).digest
        link(done, contract, author, agreed)
        before = everything()

        for again in (agreed, plan(done, contract).digest):
            with pytest.raises(relinking.MatchChanged):
                link(done, contract, author, again)

        assert everything() == before

    def test_what_is_of_a_closed_year_stays(self, organization, facility, author, contract):
        done = consolidate(facility, author, count=13)
        factories.year_closing(organization=organization, year=2024)

        assert link(done, contract, author).invoice_count == 1

        assert [row.start_date.year for row in Invoice.objects.filter(supply_contract=contract)] == [2025]

    def test_a_year_that_closes_at_the_last_moment_refuses_all(self, facility, author, contract, monkeypatch):
        done = consolidate(facility, author)
        factories.year_closing(organization=facility.organization, year=2024)
        # As it was when the invoices were read.
        monkeypatch.setattr(relinking, "_closed", lambda _organization: set())
        before = everything()

        with pytest.raises(closed_years.PeriodClosed):
            link(done, contract, author)

        assert everything() == before

    def test_a_contract_that_stopped_fitting_meanwhile_is_not_found(self, facility, author, contract, monkeypatch):
        done = consolidate(facility, author)
        agreed = plan(done, contract).digest
        lock = grouping.lock

        def locked_late(keys, **options):
            contracting.change_contract(contract=contract, by=author, cups="ES-OTHER")
            return lock(keys, **options)

        monkeypatch.setattr(grouping, "lock", locked_late)

        with pytest.raises(locating.ContractNotFound):
            link(done, contract, author, agreed)

        assert not Invoice.objects.exclude(supply_contract=None).exists()

    def test_others_consolidations_and_contracts_are_not_found(self, facility, author, contract, other_organization):
        done = consolidate(facility, author)
        agreed = plan(done, contract).digest
        theirs = factories.facility(organization=other_organization)
        stranger = access.Author(factories.member(other_organization), access.Channel.WEB)
        before = everything()

        with pytest.raises(undoing.ConsolidationNotFound):
            relinking.link(
                organization=other_organization,
                consolidation_id=done.pk,
                contract_id=contract.pk,
                by=stranger,
                agreed=agreed,
            )
        for unknown in (factories.supply_contract(facility=theirs, cups=RIGHT).pk, uuid4()):
            with pytest.raises(locating.ContractNotFound):
                relinking.link(
                    organization=done.organization,
                    consolidation_id=done.pk,
                    contract_id=unknown,
                    by=author,
                    agreed=agreed,
                )

        assert everything() == before
