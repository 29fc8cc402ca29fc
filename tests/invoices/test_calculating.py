"""What calculating writes: results, their history, statuses. The figures themselves are tested in tests/plain."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from invoices import calculating, factoring, filing, replacing
from invoices.emissions.activity import Activity
from invoices.emissions.factors import FactorTable
from invoices.models import (
    EmissionFactor,
    FactorSet,
    Invoice,
    InvoiceEmission,
    InvoiceEmissionHistory,
    ProcessingJob,
)
from tests import factories, newer_set

pytestmark = pytest.mark.django_db

# Spain 2024, kWh without a known supplier: the residual mix.
RESIDUAL_MIX = Decimal("0.283")
OF_ELECTRICITY = {
    "electricity",
    "electricity_location_based",
    "electricity_generation",
    "electricity_transmission_and_distribution",
    "energy",
}


def calculate(*invoices, category="", job=None):
    """Calculate invoices of one organization, as a worker does."""
    worked = calculating.work_out(
        organization_id=invoices[0].organization_id, invoice_ids=[row.pk for row in invoices], category=category
    )
    return calculating.write(worked, job=job)


def results(invoice):
    return {result.activity_category: result for result in InvoiceEmission.objects.filter(invoice=invoice)}


def history(invoice):
    rows = InvoiceEmissionHistory.objects.filter(invoice_id=invoice.pk)
    return {replaced.activity_category: replaced for replaced in rows}


def change(invoice, **fields):
    """Change an invoice past the domain, as somebody else would in between."""
    Invoice.objects.filter(pk=invoice.pk).update(updated_at=timezone.now(), **fields)


def everything():
    return [list(model.objects.order_by("pk").values()) for model in (Invoice, InvoiceEmission, InvoiceEmissionHistory)]


def written(queries):
    return [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


@pytest.fixture
def invoice(facility):
    """100 kWh of January 2024 in Spain."""
    return factories.invoice(facility=facility, status="loading")


@pytest.fixture
def job(organization):
    return ProcessingJob.objects.create(
        organization=organization, action="RECALCULATE", trigger_type="WEB", created_by=factories.user()
    )


class TestWhatIsWritten:
    def test_an_invoice_gets_a_result_for_each_category_of_its_type(self, invoice):
        outcome = calculate(invoice)

        found = results(invoice)
        assert outcome == ([invoice.pk], {})
        assert found.keys() == OF_ELECTRICITY
        assert (found["electricity"].co2e, found["electricity"].scope) == (100 * RESIDUAL_MIX, 2)
        assert (found["energy"].energy_kwh, found["energy"].co2e) == (100, None)
        assert {result.factor_set for result in found.values()} == {factoring.current()}
        assert {result.organization_id for result in found.values()} == {invoice.organization_id}
        assert found["electricity"].trace[0]["source_id"]

    def test_one_category_alone_leaves_the_others(self, invoice):
        calculate(invoice, category="energy")

        assert results(invoice).keys() == {"energy"}

    def test_calculating_again_writes_nothing(self, invoice):
        calculate(invoice)
        before = everything()

        with CaptureQueriesContext(
            connection,
        ) as queries:
            calculate(invoice)

        assert written(queries) == []
        assert everything() == before

    def test_what_changed_is_replaced_and_goes_to_the_history_once(self, invoice, job):
        calculate(invoice)
        before = results(invoice)
        change(invoice, quantity=200)

        calculate(invoice, job=job)
        calculate(invoice, job=job)

        assert results(invoice)["electricity"].co2e == 200 * RESIDUAL_MIX
        assert InvoiceEmissionHistory.objects.count() == len(OF_ELECTRICITY)
        replaced = history(invoice)["electricity"]
        assert (replaced.co2e, replaced.job, replaced.factor_set) == (100 * RESIDUAL_MIX, job, factoring.current())
        assert replaced.calculated_at == before["electricity"].calculated_at
        assert replaced.trace == before["electricity"].trace
        assert replaced.replaced_at == results(invoice)["electricity"].calculated_at

    def test_a_newer_set_of_factors_replaces_even_the_same_figures(self, invoice):
        calculate(invoice)
        older = factoring.current()
        newer = newer_set.load(residual_mix=RESIDUAL_MIX)

        calculate(invoice)

        assert {result.factor_set for result in results(invoice).values()} == {newer}
        assert {replaced.factor_set for replaced in history(invoice).values()} == {older}
        assert history(invoice)["electricity"].co2e == results(invoice)["electricity"].co2e

    def test_a_type_that_changed_takes_the_results_that_no_longer_fit_away(self, invoice):
        calculate(invoice)
        change(invoice, type="water", unit=factories.unit(name="cubic_meter_(m³)", symbol="m³", type="volume"))

        calculate(invoice)

        assert results(invoice).keys() == {"water", "energy"}
        assert history(invoice).keys() == OF_ELECTRICITY

    def test_a_category_that_does_not_fit_the_type_is_no_failure(self, invoice):
        assert calculate(invoice, category="stationary") == ([invoice.pk], {})
        assert results(invoice) == {}

    def test_zero_is_a_value(self, invoice):
        change(invoice, quantity=0)

        calculate(invoice)

        assert results(invoice)["electricity"].co2e == Decimal(0)
        assert Invoice.objects.calculated().get() == invoice
        assert not Invoice.objects.not_calculated().exists()

    def test_an_invoice_without_its_own_figure_is_not_calculated(self, invoice):
        calculate(invoice, category="energy")

        assert not Invoice.objects.calculated().exists()
        assert Invoice.objects.not_calculated().get() == invoice

    def test_figures_have_six_decimals_and_no_more_digits_than_sqlite_keeps(self, invoice):
        change(invoice, quantity=Decimal("123456789.123457"))

        calculate(invoice)
        before = everything()
        calculate(invoice)

        assert results(invoice)["electricity"].co2e == Decimal("34938271.321938")
        assert everything() == before

    def test_a_figure_that_no_column_holds_is_an_error(self, organization, facility):
        gas = factories.custom_group(organization=organization, category="process")
        factories.custom_factor(
            group=gas, unit=kilogram(), emission_factor_values=[{"gas_type": "CO2e", "value": "99999"}]
        )
        invoice = factories.invoice(
            facility=facility,
            type="process",
            cups="",
            unit=kilogram(),
            quantity=999_999_999,
            custom_emission_factor=gas,
        )

        outcome = calculate(invoice)

        assert "too large" in outcome.failed[invoice.pk][0]
        assert results(invoice)["process"].co2e is None

    def test_what_only_rounding_makes_too_large_is_an_error(self, monkeypatch):
        too_large = SimpleNamespace(
            scope=1, co2e=Decimal("999999999999.9999999"), co2e_biomass=None, energy_kwh=None, lines=[]
        )
        monkeypatch.setattr(calculating.calculating, "calculate", lambda *_asked: too_large)

        water = Activity("water", Decimal(1), "cubic_meter_(m³)", date(2024, 1, 1), date(2024, 1, 31), "ES")
        figures = calculating.computed(water, FactorTable([]))["water"]

        assert "too large" in figures.error

    def test_a_period_of_centuries_is_an_error(self, facility):
        cubic_metre = factories.unit(name="cubic_meter_(m³)", symbol="m³", type="volume")
        invoice = factories.invoice(
            facility=facility,
            type="water",
            cups="",
            unit=cubic_metre,
            start_date=date(1, 1, 1),
            end_date=date(9999, 1, 1),
        )

        outcome = calculate(invoice)

        assert "check the dates" in outcome.failed[invoice.pk][0]
        assert results(invoice)["water"].trace == []


def give_evidence(contract):
    """Say of a contract that all it supplies is renewable, past the domain."""
    type(contract).objects.filter(pk=contract.pk).update(
        renewable_percentage=1, certificate_number="G1", certificate_year=2024
    )


def kilogram():
    return factories.unit(name="kilogram_(kg)", symbol="kg", type="mass")


class TestWhatItFollowsFrom:
    @pytest.fixture
    def supplier(self):
        """A supplier whose label of 2024 is exactly 0."""
        return factories.supplier(name="Acciona Green Energy Developments SL")

    def test_the_label_of_a_supplier_counts_once_it_is_linked(self, invoice, supplier):
        change(invoice, supplier=supplier)
        calculate(invoice)
        assert results(invoice)["electricity"].co2e == 100 * RESIDUAL_MIX

        factories.supplier_link(supplier=supplier, register_name="acciona green energy developments")
        calculate(invoice)

        assert results(invoice)["electricity"].co2e == 0
        assert results(invoice)["electricity_location_based"].co2e > 0

    def test_where_the_bill_names_no_supplier_its_contracts_does(self, invoice, facility, supplier):
        factories.supplier_link(supplier=supplier, register_name="acciona green energy developments")
        change(invoice, supply_contract=factories.supply_contract(facility=facility, supplier=supplier))

        calculate(invoice)

        assert results(invoice)["electricity"].co2e == 0

    @pytest.mark.parametrize(
        ("evidence", "flag"),
        [({"certificate_number": "GDO-1", "certificate_year": 2024}, ""), ({}, "no_evidence")],
    )
    def test_a_renewable_share_counts_and_says_where_its_evidence_lacks(self, invoice, facility, evidence, flag):
        contract = factories.supply_contract(facility=facility, renewable_percentage=Decimal("0.75"), **evidence)
        change(invoice, supply_contract=contract)

        calculate(invoice)

        assert results(invoice)["electricity"].co2e == Decimal("7.075")
        assert results(invoice)["electricity"].flags == flag

    def test_guarantees_of_cogeneration_are_not_zero(self, invoice, facility):
        contract = factories.supply_contract(
            facility=facility,
            renewable_percentage=1,
            guarantee_type="cogeneration",
            certificate_number="GDO-1",
            certificate_year=2024,
        )
        change(invoice, supply_contract=contract)

        calculate(invoice)

        assert results(invoice)["electricity"].co2e == Decimal("30.2")

    def test_a_custom_factor_of_an_organization_above_counts(self, organization):
        below = factories.organization(parent=organization)
        invoice = factories.invoice(organization=below)
        group = factories.custom_group(organization=organization)
        factories.custom_factor(group=group)
        factories.custom_factor(group=group, factor_end_date=date(2023, 12, 31))
        change(invoice, custom_emission_factor=group)

        calculate(invoice)

        assert results(invoice)["electricity"].co2e == 10
        assert results(invoice)["electricity"].flags == "custom"

    def test_a_custom_factor_of_somebody_else_does_not(self, invoice, other_organization):
        theirs = factories.custom_factor(group=factories.custom_group(organization=other_organization))
        change(invoice, custom_emission_factor=theirs.group)

        calculate(invoice)

        assert results(invoice)["electricity"].co2e == 100 * RESIDUAL_MIX

    def test_what_would_be_is_told_without_writing(self, invoice):
        (prepared,) = calculating.activities_of(
            organization_id=invoice.organization_id, invoice_ids=[invoice.pk]
        ).values()
        table = factoring.table_of(factoring.current())

        whole = calculating.computed(prepared, table)
        one = calculating.computed(prepared.activity, table, "electricity")

        assert whole.keys() == OF_ELECTRICITY
        assert one == {"electricity": whole["electricity"]}
        assert one["electricity"].co2e == 100 * RESIDUAL_MIX
        assert not InvoiceEmission.objects.exists()


class TestWhoseInvoices:
    def test_those_of_others_and_parents_are_passed_over(self, invoice, organization, other_organization):
        theirs = factories.invoice(facility=factories.facility(organization=other_organization))
        parent, _children = factories.distributed(*(factories.facility(organization=organization) for _ in range(2)))

        outcome = calculate(invoice, theirs, parent)

        assert outcome.succeeded == [invoice.pk]
        assert not InvoiceEmission.objects.exclude(invoice=invoice).exists()

    def test_one_that_is_gone_is_passed_over(self, invoice, organization, author):
        worked = calculating.work_out(organization_id=organization.pk, invoice_ids=[invoice.pk, uuid4()])
        filing.delete(organization=organization, invoice_id=invoice.pk, by=author)

        assert calculating.write(worked, job=None) == ([], {})
        assert not InvoiceEmission.objects.exists()

    def test_it_takes_as_many_queries_for_many_as_for_one(self, facility):
        one, *others = factories.invoices(9, facility=facility, status="loading")

        with CaptureQueriesContext(connection) as for_one:
            calculate(one)
        with CaptureQueriesContext(connection) as for_many:
            calculate(*others)

        assert len(for_many) == len(for_one)

    def test_one_of_a_closed_year_is_left_as_it_is(self, invoice, organization):
        calculate(invoice)
        change(invoice, quantity=200)
        factories.year_closing(organization=organization)
        later = factories.invoice(facility=invoice.facility, start_date=date(2025, 1, 1), end_date=date(2025, 1, 31))
        before = results(invoice)["electricity"].co2e

        outcome = calculate(invoice, later)

        assert outcome.succeeded == [later.pk]
        assert "closed" in outcome.failed[invoice.pk][0]
        assert results(invoice)["electricity"].co2e == before
        assert history(invoice) == {}


class TestStatus:
    def test_an_invoice_turns_active_once_all_is_calculated(self, invoice):
        calculate(invoice, category="energy")
        invoice.refresh_from_db()
        assert invoice.status == "loading"

        calculate(invoice)

        invoice.refresh_from_db()
        assert (invoice.status, invoice.error_messages) == ("active", [])

    def test_what_cannot_be_calculated_is_an_error_with_its_reason(self, facility):
        invoice = factories.invoice(facility=facility, type="process", cups="", unit=kilogram(), status="loading")
        before = invoice.updated_at

        outcome = calculate(invoice)

        invoice.refresh_from_db()
        reason = results(invoice)["process"].error
        assert outcome.succeeded == []
        assert outcome.failed == {invoice.pk: [reason]}
        assert (invoice.status, invoice.error_messages) == ("error", [reason])
        assert invoice.updated_at == before

    def test_a_mended_invoice_turns_active_again(self, organization, facility):
        invoice = factories.invoice(facility=facility, type="process", cups="", unit=kilogram(), status="loading")
        calculate(invoice)
        group = factories.custom_group(organization=organization, category="process")
        factories.custom_factor(group=group, unit=kilogram())
        change(invoice, custom_emission_factor=group)

        calculate(invoice)

        invoice.refresh_from_db()
        assert (invoice.status, invoice.error_messages) == ("active", [])
        assert results(invoice)["process"].co2e == 10
        assert history(invoice)["process"].error

    def test_an_error_that_stays_writes_nothing(self, facility):
        invoice = factories.invoice(facility=facility, type="process", cups="", unit=kilogram(), status="loading")
        calculate(invoice)

        with CaptureQueriesContext(connection) as queries:
            calculate(invoice)

        assert written(queries) == []

    @pytest.mark.parametrize("status", ["uploaded", "active", "inactive", "review"])
    def test_a_status_that_a_person_set_stays(self, facility, status):
        invoice = factories.invoice(facility=facility, type="process", cups="", unit=kilogram(), status=status)

        calculate(invoice)

        invoice.refresh_from_db()
        assert (invoice.status, invoice.error_messages) == (status, [])

    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_a_parent_follows_its_parts_in_whatever_organization(self, organization, order):
        below = factories.organization(parent=organization)
        places = [factories.facility(organization=organization), factories.facility(organization=below)]
        parent, children = factories.distributed(*places, organization=organization, status="loading")
        first, last = (children[place] for place in order)

        calculate(first)
        parent.refresh_from_db()
        assert parent.status == "loading"
        calculate(last)

        parent.refresh_from_db()
        assert (parent.status, parent.error_messages) == ("active", [])

    def test_a_parent_has_the_error_of_a_part(self, organization):
        places = [factories.facility(organization=organization) for _ in range(2)]
        more = {"type": "process", "unit": kilogram(), "status": "loading", "organization": organization}
        parent, children = factories.distributed(*places, cups="", **more)

        outcome = calculate(*children)

        parent.refresh_from_db()
        (reason,) = outcome.failed[children[0].pk]
        assert (parent.status, parent.error_messages) == ("error", [reason])

    def test_a_parent_that_a_person_took_out_stays(self, organization):
        places = [factories.facility(organization=organization) for _ in range(2)]
        parent, children = factories.distributed(*places, organization=organization, status="loading")
        change(parent, status="inactive")

        calculate(*children)

        parent.refresh_from_db()
        assert parent.status == "inactive"


class TestMeanwhile:
    def test_what_changed_since_it_was_read_is_worked_out_again(self, invoice):
        other = factories.invoice(facility=invoice.facility)
        worked = calculating.work_out(organization_id=invoice.organization_id, invoice_ids=[invoice.pk, other.pk])
        change(invoice, quantity=200)

        calculating.write(worked, job=None)

        assert results(invoice)["electricity"].co2e == 200 * RESIDUAL_MIX
        assert results(other)["electricity"].co2e == 100 * RESIDUAL_MIX
        assert history(invoice) == {}

    def test_what_changed_while_its_first_result_was_written_is_written_again(self, invoice, monkeypatch):
        replace = replacing.replace

        def replace_while_somebody_writes(*args, **kwargs):
            monkeypatch.setattr(replacing, "replace", replace)
            overtaken = replace(*args, **kwargs)
            change(invoice, quantity=200)
            return overtaken

        monkeypatch.setattr(replacing, "replace", replace_while_somebody_writes)

        calculate(invoice)

        assert results(invoice)["electricity"].co2e == 200 * RESIDUAL_MIX
        # Nobody ever saw what was written in between.
        assert history(invoice) == {}

    def test_a_result_that_another_job_wrote_first_is_replaced_with_its_history(self, invoice, monkeypatch):
        calculate(invoice, category="electricity")
        change(invoice, quantity=200)
        worked = calculating.work_out(organization_id=invoice.organization_id, invoice_ids=[invoice.pk])
        held = replacing.held

        def held_before_it_was_there(**_of):
            monkeypatch.setattr(replacing, "held", held)
            return {}

        monkeypatch.setattr(replacing, "held", held_before_it_was_there)

        calculating.write(worked, job=None)

        assert results(invoice)["electricity"].co2e == 200 * RESIDUAL_MIX
        assert history(invoice).keys() == {"electricity"}

    def test_a_result_by_an_older_contract_does_not_replace_a_newer_one(self, facility):
        contract = factories.supply_contract(facility=facility)
        invoice = factories.invoice(facility=facility, supply_contract=contract, status="loading")
        worked = calculating.work_out(organization_id=invoice.organization_id, invoice_ids=[invoice.pk])
        give_evidence(contract)
        calculate(invoice)

        calculating.write(worked, job=None)

        assert results(invoice)["electricity"].co2e == 0
        assert history(invoice) == {}

    def test_a_result_with_older_factors_does_not_replace_a_newer_one(self, invoice):
        worked = calculating.work_out(organization_id=invoice.organization_id, invoice_ids=[invoice.pk])
        newer = newer_set.load()
        calculate(invoice)

        calculating.write(worked, job=None)

        assert {result.factor_set for result in results(invoice).values()} == {newer}
        assert results(invoice)["electricity"].co2e == 100 * newer_set.CHANGED
        assert history(invoice) == {}


class TestForgetting:
    def test_the_results_of_a_deleted_invoice_are_in_the_history(self, organization, author):
        below = factories.organization(parent=organization)
        places = [factories.facility(organization=organization), factories.facility(organization=below)]
        factories.membership(user=author.user, organization=below)
        parent, children = factories.distributed(*places, organization=organization, status="loading")
        for child in children:
            calculate(child)

        filing.delete(organization=organization, invoice_id=parent.pk, by=author)

        assert not InvoiceEmission.objects.exists()
        for child in children:
            assert history(child).keys() == OF_ELECTRICITY
            assert history(child)["electricity"].organization_id == child.organization_id
            assert history(child)["electricity"].job is None


class TestFactors:
    def test_the_set_that_was_loaded_last_is_in_force(self):
        newer = factories.factor_set(version="newer")

        assert factoring.current() == newer

    def test_without_factors_nothing_is_calculated(self, invoice):
        EmissionFactor.objects.all().delete()
        InvoiceEmission.objects.all().delete()
        FactorSet.objects.all().delete()

        with pytest.raises(factoring.NoFactors, match="load_reference_data"):
            calculate(invoice)

    def test_a_table_is_read_once(self, django_assert_num_queries):
        current = factoring.current()
        table = factoring.table_of(current)

        with django_assert_num_queries(0):
            assert factoring.table_of(current) is table
        assert isinstance(table, FactorTable)


def test_a_result_is_called_by_its_category_and_figure_or_its_reason(facility):
    invoice = factories.invoice(facility=facility)

    figure = factories.emission(invoice, co2e=Decimal("10.5"))
    reason = factories.emission(invoice, activity_category="water", co2e=None, co2e_biomass=None, error="No factor")

    assert str(figure) == "electricity: 10.5"
    assert str(reason) == "water: No factor"
