"""Closing a year and opening it again: who may, what is written down, what is refused."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from facilities import access
from facilities.models import Role
from invoices import closing
from invoices.models import InvoiceEmission, YearClosing
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(organization):
    return factories.author(organization, Role.ADMIN)


def calculated(facility, category="electricity", scope=2, kg="10.5", **fields):
    """Save an active invoice of January 2024 with a result."""
    invoice = factories.invoice(facility=facility, **fields)
    factories.emission(invoice, activity_category=category, scope=scope, co2e=Decimal(kg), co2e_biomass=Decimal(0))
    return invoice


def close(organization, by, year=2024, **fields):
    return closing.close(organization=organization, year=year, by=by, **fields)


def reopen(organization, by, year=2024, message="The supplier corrected a bill"):
    return closing.reopen(organization=organization, year=year, by=by, message=message)


def state(organization, by, year=2024):
    return closing.of_year(organization=organization, year=year, by=by)


class TestClosing:
    def test_writes_down_what_is_reported(self, organization, facility, admin):
        invoice = calculated(facility)
        factories.emission(invoice, activity_category="electricity_location_based", scope=2, co2e=Decimal(8))
        factories.emission(invoice, activity_category="electricity_generation", scope=3, co2e=Decimal(2))
        burnt = calculated(facility, "stationary", scope=1, kg="100", type="heat")
        InvoiceEmission.objects.filter(invoice=burnt).update(co2e_biomass=Decimal("0.25"))

        event = close(organization, admin, message="  Audited  ")

        assert event.totals == {
            "1": "100.000000",
            "2_market": "10.500000",
            "2_location": "8.000000",
            "3": "2.000000",
            "biomass": "0.250000",
        }
        assert (event.year, event.action, event.message) == (2024, "closed", "Audited")
        assert (event.by, event.through, event.organization) == (admin.user, "WEB", organization)

    def test_an_invoice_over_new_year_counts_by_its_days(self, organization, facility, admin):
        calculated(facility, kg="31", start_date=date(2023, 12, 16), end_date=date(2024, 1, 15))

        assert close(organization, admin).totals["2_market"] == "15.000000"
        assert close(organization, admin, year=2023).totals["2_market"] == "16.000000"

    def test_counts_what_is_in_no_total_and_closes_all_the_same(self, organization, facility, admin):
        calculated(facility)
        factories.invoice(facility=facility, status="loading")
        factories.invoice(facility=facility, status="inactive")
        factories.invoice(facility=facility, status="error")

        seen = state(organization, admin)
        close(organization, admin)

        assert (seen.invoice_count, seen.left_out_count, seen.error_count) == (4, 2, 1)

    def test_what_changed_since_one_looked_is_refused_with_the_new_figures(self, organization, facility, admin):
        calculated(facility)
        agreed = state(organization, admin).digest
        calculated(facility, kg="1")

        with pytest.raises(closing.FiguresChanged) as refused:
            close(organization, admin, agreed=agreed)
        assert refused.value.year.figures["2_market"] == Decimal("11.5")
        assert not YearClosing.objects.exists()

        close(organization, admin, agreed=refused.value.year.digest)
        assert YearClosing.objects.count() == 1

    def test_twice_is_refused(self, organization, facility, admin):
        factories.invoice(facility=facility)
        close(organization, admin)

        with pytest.raises(closing.AlreadyClosed):
            close(organization, admin)
        assert YearClosing.objects.count() == 1

    def test_of_a_year_without_invoices_is_refused(self, organization, facility, admin):
        factories.invoice(facility=facility)

        with pytest.raises(closing.NothingToClose):
            close(organization, admin, year=2022)
        assert not YearClosing.objects.exists()

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
    def test_is_for_administrators(self, organization, facility, role):
        factories.invoice(facility=facility)

        with pytest.raises(access.NotAllowed):
            close(organization, factories.author(organization, role))
        assert not YearClosing.objects.exists()

    def test_another_organizations_invoices_and_events_do_not_count(self, organization, other_organization, admin):
        factories.invoice(facility=factories.facility(organization=other_organization))
        theirs = factories.author(other_organization, Role.ADMIN)
        close(other_organization, theirs)

        assert closing.years(organization=organization, by=admin) == []
        assert state(organization, admin).last_word is None
        with pytest.raises(access.NotAllowed):
            reopen(other_organization, admin)

    def test_events_are_never_rewritten(self, organization, facility, admin):
        factories.invoice(facility=facility)
        event = close(organization, admin)

        for rewrite in (lambda: YearClosing.objects.update(year=2023), event.delete):
            with pytest.raises(DatabaseError), transaction.atomic():
                rewrite()
        assert YearClosing.objects.get().year == 2024


class TestReopening:
    def test_keeps_what_was_reported(self, organization, facility, admin):
        calculated(facility)
        close(organization, admin)

        event = reopen(organization, admin)

        calculated(facility, kg="2")
        now = state(organization, admin)
        assert (event.action, event.message) == ("reopened", "The supplier corrected a bill")
        assert not now.is_closed
        assert now.reported["2_market"] == Decimal("10.5")
        assert now.figures["2_market"] == Decimal("12.5")
        assert not now.is_as_reported

    def test_and_closing_once_more_holds(self, organization, facility, admin):
        calculated(facility)
        close(organization, admin)
        reopen(organization, admin)
        close(organization, admin)

        now = state(organization, admin)
        assert now.is_closed
        assert now.is_as_reported
        assert YearClosing.objects.count() == 3

    @pytest.mark.parametrize("message", ["", "   "])
    def test_needs_a_reason(self, organization, facility, admin, message):
        factories.invoice(facility=facility)
        close(organization, admin)

        with pytest.raises(closing.MessageRequired):
            reopen(organization, admin, message=message)
        assert state(organization, admin).is_closed

    def test_of_what_is_open_is_refused(self, organization, facility, admin):
        factories.invoice(facility=facility)

        with pytest.raises(closing.NotClosed):
            reopen(organization, admin)
        close(organization, admin)
        reopen(organization, admin)
        with pytest.raises(closing.NotClosed):
            reopen(organization, admin)
        assert YearClosing.objects.count() == 2

    def test_is_for_administrators(self, organization, facility, admin, author):
        factories.invoice(facility=facility)
        close(organization, admin)

        with pytest.raises(access.NotAllowed):
            reopen(organization, author)
        assert state(organization, admin).is_closed


def test_the_last_word_holds_though_a_clock_went_back(organization, facility, admin):
    factories.invoice(facility=facility)
    ahead = datetime.now(UTC) + timedelta(hours=1)
    factories.year_closing(organization=organization, year=2024, created_at=ahead)

    event = reopen(organization, admin)

    assert event.created_at > ahead
    assert not state(organization, admin).is_closed


def test_the_years_are_those_with_invoices_and_those_ever_closed(organization, facility, admin):
    factories.invoice(facility=facility, start_date=date(2022, 12, 20), end_date=date(2023, 1, 19))
    factories.year_closing(organization=organization, year=2019)

    assert closing.years(organization=organization, by=admin) == [2023, 2022, 2019]
    assert state(organization, admin, year=2023).is_over
    assert not state(organization, admin, year=2099).is_over
