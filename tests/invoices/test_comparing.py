"""What a newer set of factors would change, and starting it."""

from datetime import date
from decimal import Decimal

import pytest

from invoices import calculating, comparing, factoring, working
from invoices.comparing import Change
from invoices.impacts import Scope
from invoices.models import (
    InvoiceEmission,
    InvoiceEmissionHistory,
    JobChunk,
    ProcessingJob,
)
from tests import factories, newer_set

pytestmark = pytest.mark.django_db


def calculate(*invoices):
    """Calculate invoices of one organization with the set in force."""
    worked = calculating.work_out(
        organization_id=invoices[0].organization_id, invoice_ids=[invoice.pk for invoice in invoices]
    )
    calculating.write(worked, job=None)


def in_year(year, facility, **fields):
    return factories.invoice(
        facility=facility, start_date=date(year, 3, 1), end_date=date(year, 3, 31), quantity=100, **fields
    )


def by_year(organization):
    return comparing.by_year(organization=organization, factor_set=factoring.current())


def of_year(organization, year=2024, part=1):
    return comparing.of_year(organization=organization, factor_set=factoring.current(), year=year, part=part)


def sums(comparison):
    return {each.scope: (each.before, each.after) for each in comparison.sums}


def everything():
    models = (InvoiceEmission, InvoiceEmissionHistory, ProcessingJob, JobChunk)
    return [list(model.objects.order_by("pk").values()) for model in models]


class TestYears:
    def test_nothing_rests_on_an_older_set_while_there_is_one(self, organization, facility):
        calculate(in_year(2024, facility))

        assert by_year(organization) == []

    def test_a_newer_set_names_the_years_newest_first_and_changes_nothing(self, organization, facility):
        calculate(in_year(2023, facility), in_year(2024, facility), in_year(2024, facility))
        newer_set.load()
        before = everything()

        assert by_year(organization) == [Change(2024, 2, 0), Change(2023, 1, 0)]
        assert everything() == before

    def test_what_has_a_day_in_a_closed_year_is_counted_apart(self, organization, facility):
        across = factories.invoice(facility=facility, start_date=date(2023, 12, 16), end_date=date(2024, 1, 15))
        calculate(across, in_year(2023, facility), in_year(2024, facility))
        newer_set.load()
        factories.year_closing(organization=organization, year=2024)

        assert by_year(organization) == [Change(2024, 0, 1), Change(2023, 1, 1)]

    def test_a_year_that_was_opened_again_is_open(self, organization, facility):
        calculate(in_year(2024, facility))
        newer_set.load()
        factories.year_closing(organization=organization, year=2024)
        factories.year_closing(organization=organization, year=2024, action="reopened")

        assert by_year(organization) == [Change(2024, 1, 0)]

    def test_another_organizations_invoices_are_not_counted(self, organization, other_organization):
        calculate(in_year(2024, factories.facility(organization=other_organization)))
        newer_set.load()

        assert by_year(organization) == []
        assert of_year(organization).invoice_count == 0


class TestComparing:
    def test_kg_before_are_stored_and_after_as_a_calculation_gives_them(self, organization, facility):
        invoice = in_year(2024, facility)
        calculate(invoice)
        newer = newer_set.load()
        before = everything()

        comparison = of_year(organization)

        prepared = calculating.activities_of(organization_id=organization.pk, invoice_ids=[invoice.pk])[invoice.pk]
        direct = calculating.computed(prepared, factoring.table_of(newer))
        stored = {row.activity_category: row.co2e for row in InvoiceEmission.objects.filter(invoice=invoice)}
        assert sums(comparison)[Scope.TWO_MARKET] == (Decimal("28.3"), Decimal(30))
        assert sums(comparison)[Scope.TWO_LOCATION] == (
            stored["electricity_location_based"],
            direct["electricity_location_based"].co2e,
        )
        assert sums(comparison)[Scope.THREE][1] == sum(one.co2e for one in direct.values() if one.scope == 3)
        assert (comparison.invoice_count, comparison.compared_count, comparison.changed_count) == (1, 1, 1)
        assert everything() == before

    def test_what_would_come_out_alike_is_not_counted_as_changed(self, organization, facility):
        calculate(in_year(2023, facility), in_year(2024, facility))
        newer_set.load()

        assert (of_year(organization, 2023).changed_count, of_year(organization, 2024).changed_count) == (0, 1)

    def test_a_figure_that_can_no_longer_be_had_is_told(self, organization, facility):
        calculate(in_year(2024, facility))
        newer_set.load(without=["loss"])

        comparison = of_year(organization)

        assert (comparison.impossible_count, comparison.possible_count) == (1, 0)

    def test_an_error_that_would_go_is_told(self, organization, facility):
        factories.emission(in_year(2024, facility), error="No factor")
        newer_set.load()

        comparison = of_year(organization)

        assert (comparison.impossible_count, comparison.possible_count) == (0, 1)

    def test_fuels_are_scope_1_and_3(self, organization, facility):
        fuel = factories.fuel(code="natural_gas", country="ES")
        gas = in_year(2024, facility, type="heat", facility_fuel=fuel, cups="")
        factories.emission(gas, activity_category="stationary", scope=1, co2e=Decimal(10))
        newer_set.load()

        comparison = of_year(organization)

        assert list(sums(comparison)) == [Scope.ONE, Scope.THREE]
        assert sums(comparison)[Scope.ONE][0] == 10

    def test_a_year_is_worked_out_in_parts(self, organization, facility, monkeypatch):
        monkeypatch.setattr(comparing, "PART_SIZE", 2)
        calculate(*[in_year(2024, facility) for _ in range(3)])
        newer_set.load()

        parts = [of_year(organization, part=part) for part in (0, 1, 2, 9)]

        assert [(part.skipped_count, part.compared_count) for part in parts] == [(0, 2), (0, 2), (2, 1), (2, 1)]
        assert {part.invoice_count for part in parts} == {3}


class TestStarting:
    def test_one_job_recalculates_the_years_invoices_and_keeps_what_was(self, organization, facility, author):
        older = factoring.current()
        invoice, left = in_year(2024, facility), in_year(2023, facility)
        calculate(invoice, left)
        newer = newer_set.load()

        job = comparing.start(organization=organization, year=2024, by=author)
        for chunk in JobChunk.objects.filter(job=job):
            working.work(chunk.pk)

        job.refresh_from_db()
        assert (job.status, job.action, job.activity_category, job.items_success) == ("COMPLETED", "RECALCULATE", "", 1)
        result = InvoiceEmission.objects.get(invoice=invoice, activity_category="electricity")
        replaced = InvoiceEmissionHistory.objects.get(invoice_id=invoice.pk, activity_category="electricity")
        assert (result.co2e, result.factor_set) == (Decimal(30), newer)
        assert (replaced.co2e, replaced.factor_set, replaced.job) == (Decimal("28.3"), older, job)
        assert set(InvoiceEmission.objects.filter(invoice=left).values_list("factor_set", flat=True)) == {older.pk}
        assert by_year(organization) == [Change(2023, 1, 0)]

    def test_it_shows_as_under_way_until_it_is_done(self, organization, facility, author):
        calculate(in_year(2024, facility))
        newer = newer_set.load()

        job = comparing.start(organization=organization, year=2024, by=author)

        assert list(comparing.under_way(organization=organization, factor_set=newer)) == [job]
        ProcessingJob.objects.update(status="COMPLETED")
        assert list(comparing.under_way(organization=organization, factor_set=newer)) == []

    def test_closed_years_are_left(self, organization, facility, author):
        across = factories.invoice(facility=facility, start_date=date(2023, 12, 16), end_date=date(2024, 1, 15))
        free = in_year(2023, facility)
        calculate(across, free, in_year(2024, facility))
        newer_set.load()
        factories.year_closing(organization=organization, year=2024)

        job = comparing.start(organization=organization, year=2023, by=author)

        assert [chunk.invoice_ids for chunk in JobChunk.objects.filter(job=job)] == [[str(free.pk)]]

    def test_a_year_with_nothing_to_do_is_refused(self, organization, facility, author):
        calculate(in_year(2024, facility))
        newer_set.load()
        factories.year_closing(organization=organization, year=2024)
        before = everything()

        for year in (2024, 2022):
            with pytest.raises(comparing.NothingToRecalculate):
                comparing.start(organization=organization, year=year, by=author)

        assert everything() == before
