"""What an organization emits, added up by scope, category, month and facility."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from facilities.access import Author, Channel
from facilities.models import Organization
from invoices import impacts
from invoices.impacts import Emitted, Figure, Scope
from invoices.models import Invoice
from tests import factories, figures

pytestmark = pytest.mark.django_db

YEAR = {"start": date(2024, 1, 1), "end": date(2024, 12, 31)}


@pytest.fixture
def below(organization):
    """A facility of a company below ours."""
    return factories.facility(organization=factories.organization(parent=organization, name="Below"), name="Far")


@pytest.fixture
def totals(organization, author):
    """Return what adds up our invoices of 2024, unless other days are named."""
    return lambda **asked: impacts.totals(**{"organization": organization, "by": author, **YEAR, **asked})


@pytest.fixture
def ranked(organization, author):
    return lambda **asked: impacts.by_facility(**{"organization": organization, "by": author, **YEAR, **asked})


def bill(place, first="2024-01-01", last="2024-01-31", *, status="active", **kg):
    """Save an invoice with so many kg of each category."""
    dates = {"start_date": date.fromisoformat(first), "end_date": date.fromisoformat(last)}
    invoice = factories.invoice(facility=place, status=status, **dates)
    figures.results(invoice, **kg)
    return invoice


def kg(found):
    """Return the kg of each figure as numbers."""
    return {key: float(figure.co2e) for key, figure in found.items()}


def same_day(window_start, days):
    return {"start": window_start, "end": window_start + timedelta(days=days - 1)}


class TestTotals:
    def test_adds_up_scope_one_market_based_and_scope_three(self, facility, totals):
        bill(facility, electricity="10", electricity_location_based="30", electricity_generation="2", energy="7")
        bill(facility, stationary="100", stationary_generation="5")

        found = totals()

        assert (found.co2e, found.invoices_counted, found.not_calculated) == (Decimal(117), 2, {})
        assert kg(found.scopes) == {Scope.ONE: 100, Scope.TWO_LOCATION: 30, Scope.TWO_MARKET: 10, Scope.THREE: 7}
        assert kg(found.categories) == {
            "stationary": 100,
            "stationary_generation": 5,
            "electricity": 10,
            "electricity_location_based": 30,
            "electricity_generation": 2,
        }
        assert kg(found.months) == {date(2024, 1, 1): 117}
        assert kg(found.scopes_by_month) == {
            (date(2024, 1, 1), scope): co2e for scope, co2e in kg(found.scopes).items()
        }

    def test_nothing_is_a_sum_of_no_invoices(self, facility, totals):
        assert totals().total == Figure(Decimal(0), Decimal(0), None)
        assert (totals().scopes, totals().invoices_counted, totals().not_calculated) == ({}, 0, {})

    def test_a_zero_is_a_figure(self, facility, totals):
        bill(facility, electricity="0")

        assert totals().scopes == {Scope.TWO_MARKET: Figure(Decimal(0), Decimal(0), None)}
        assert totals().invoices_counted == 1

    def test_biogenic_carbon_stands_beside(self, facility, totals):
        figures.result(factories.invoice(facility=facility), "stationary", "1", co2e_biomass=Decimal(40))

        assert totals().total == Figure(Decimal(1), Decimal(40), Decimal(0))

    def test_a_bill_that_crosses_years_counts_by_its_days(self, facility, totals):
        bill(facility, "2023-12-16", "2024-01-15", electricity="310")

        assert totals().co2e == Decimal(150)
        assert totals(start=date(2023, 1, 1), end=date(2023, 12, 31)).co2e == Decimal(160)
        assert totals(start=date(2023, 12, 31), end=date(2024, 1, 1)).co2e == Decimal(20)
        assert totals(start=date(2024, 1, 16)).invoices_counted == 0

    def test_a_bill_that_crosses_months_is_divided_among_them(self, facility, totals):
        bill(facility, "2024-01-16", "2024-03-15", electricity="600")

        assert kg(totals().months) == {date(2024, 1, 1): 160, date(2024, 2, 1): 290, date(2024, 3, 1): 150}

    def test_the_last_day_there_is_has_a_month(self, facility, totals):
        bill(facility, "9999-12-01", "9999-12-31", electricity="31")

        assert totals(start=date(9999, 12, 30), end=date.max).co2e == Decimal(2)

    def test_agrees_with_plain_sums_over_every_bill(self, organization, totals, ranked):
        places = [factories.facility(organization=organization) for _ in range(3)]
        for number in range(40):
            first = date(2023, 11, 3) + timedelta(days=11 * number)
            last = first + timedelta(days=number * 7 % 63)
            bill(places[number % 3], str(first), str(last), electricity=str(number * 3 + 1), stationary=str(number))

        found = totals()

        by_month, by_place = {}, {}
        for invoice in Invoice.objects.all():
            days = [invoice.start_date + timedelta(n) for n in range((invoice.end_date - invoice.start_date).days + 1)]
            a_day = sum(row.co2e for row in invoice.emissions.all()) / len(days)
            for day in days:
                if day.year == 2024:
                    month = day.replace(day=1)
                    by_month[month] = by_month.get(month, 0) + a_day
                    by_place[invoice.facility_id] = by_place.get(invoice.facility_id, 0) + a_day
        assert kg(found.months) == pytest.approx({month: float(co2e) for month, co2e in by_month.items()})
        assert float(found.co2e) == pytest.approx(float(sum(by_month.values())))
        assert {row.facility.pk: float(row.total.co2e) for row in ranked()} == pytest.approx(
            {place: float(co2e) for place, co2e in by_place.items()}
        )

    def test_only_active_invoices_count_and_the_others_are_told_by_status(self, facility, totals):
        bill(facility, electricity="10")
        bill(facility)
        for status in ("error", "error", "review", "loading"):
            bill(facility, status=status, electricity="1000")
        bill(facility, "2023-01-01", "2023-01-31", status="error")

        found = totals()

        assert (found.co2e, found.invoices_counted) == (Decimal(10), 1)
        assert found.not_calculated == {"active": 1, "error": 2, "loading": 1, "review": 1}

    def test_a_distributed_bill_counts_once_by_its_parts(self, organization, facility, below, totals):
        _parent, (here, there) = factories.distributed(facility, below)
        figures.result(here, co2e="6")
        figures.result(there, co2e="4")

        assert (totals().co2e, totals().invoices_counted) == (Decimal(6), 1)
        with_those_below = totals(include_children=True)
        assert (with_those_below.co2e, with_those_below.invoices_counted) == (Decimal(10), 2)

    def test_one_facility_alone(self, organization, facility, totals):
        bill(facility, electricity="1")
        bill(factories.facility(organization=organization), electricity="2")
        bill(facility)

        found = totals(facility_id=facility.pk)

        assert (found.co2e, found.invoices_counted, found.not_calculated) == (Decimal(1), 1, {"active": 1})

    def test_six_decimals_are_kept(self, facility, totals):
        bill(facility, "2024-01-30", "2024-02-01", electricity="1")

        assert [figure.co2e for figure in totals().months.values()] == [Decimal("0.666667"), Decimal("0.333333")]
        assert totals().co2e == Decimal(1)


class TestFlags:
    @pytest.mark.parametrize(
        ("flags", "share"), [("", 0), ("custom", 0), ("custom year_fallback", 1), ("proxy_ratio", 1)]
    )
    def test_what_rests_on_a_fallback_is_told(self, facility, totals, flags, share):
        figures.result(factories.invoice(facility=facility), co2e="10", flags=flags)

        assert totals().total.flagged_share == share

    def test_the_share_is_of_the_kilograms(self, facility, totals, ranked):
        bill(facility, electricity="30", electricity_location_based="1000")
        figures.result(factories.invoice(facility=facility), co2e="10", flags="year_fallback")

        assert totals().total.flagged_share == Decimal("0.25")
        assert ranked()[0].total.flagged_share == Decimal("0.25")

    def test_a_credit_note_does_not_make_it_more_than_all(self, facility, totals):
        bill(facility, electricity="-50")
        figures.result(factories.invoice(facility=facility), co2e="50", flags="year_fallback")

        assert (totals().co2e, totals().total.flagged_share) == (Decimal(0), Decimal("0.5"))

    def test_each_is_told_with_its_part_of_the_total(self, facility, totals):
        for flags, co2e in (("", "10"), ("custom", "20"), ("co2_only year_fallback", "30"), ("co2_only", "40")):
            figures.result(factories.invoice(facility=facility), co2e=co2e, flags=flags)
        figures.result(factories.invoice(facility=facility), co2e="0", flags="no_evidence")
        figures.result(
            factories.invoice(facility=facility), "electricity_location_based", "99", flags="estimated_direct"
        )

        assert list(totals().flags.items()) == [
            ("co2_only", Decimal("0.7")),
            ("year_fallback", Decimal("0.3")),
            ("custom", Decimal("0.2")),
        ]
        assert totals().total.flagged_share == Decimal("0.7")


class TestWindow:
    def test_ends_on_the_day_that_it_starts_on(self, facility, totals):
        bill(facility, electricity="31")

        assert totals(**same_day(date(2024, 1, 5), 1)).co2e == Decimal(1)

    @pytest.mark.parametrize("name", ["totals", "ranked"])
    def test_has_at_most_730_days(self, request, name):
        ask = request.getfixturevalue(name)

        assert ask(**same_day(date(2023, 1, 1), 730)) is not None
        with pytest.raises(impacts.WindowTooLong, match="731 days"):
            ask(**same_day(date(2023, 1, 1), 731))

    @pytest.mark.parametrize("name", ["totals", "ranked"])
    def test_does_not_end_before_it_starts(self, request, name):
        with pytest.raises(impacts.EndsBeforeItStarts):
            request.getfixturevalue(name)(start=date(2024, 1, 2), end=date(2024, 1, 1))


class TestReach:
    def test_another_organization_s_invoices_are_in_no_sum(self, other_organization, totals, ranked):
        bill(factories.facility(organization=other_organization), electricity="1")

        assert (totals(include_children=True).co2e, ranked(include_children=True)) == (0, [])

    def test_a_key_of_its_own_organization_adds_up_no_other(self, organization, facility, below, totals):
        bill(facility, electricity="1")
        bill(below, electricity="2")
        person = factories.member(organization)

        sums = {}
        for reach in ("own", "tree"):
            key, _secret = factories.api_key(organization=organization, created_by=person, reach=reach)
            by = Author(person, Channel.API, api_key=key)
            sums[reach] = totals(by=by, include_children=True).co2e

        assert sums == {"own": 1, "tree": 3}

    def test_a_superuser_who_is_no_member_adds_up_the_organization_itself(self, facility, totals):
        bill(facility, electricity="1")

        by = Author(factories.user(is_superuser=True), Channel.ADMIN)

        assert totals(by=by, include_children=True).co2e == 1

    def test_what_has_left_the_tree_is_out_of_it(self, below, totals):
        bill(below, electricity="2")
        Organization.objects.filter(pk=below.organization_id).update(parent=None)

        assert totals(include_children=True).co2e == 0


class TestFacilities:
    def test_are_ranked_with_their_scopes(self, organization, facility, below, ranked):
        bill(facility, electricity="3", electricity_location_based="9")
        bill(below, stationary="8")
        factories.facility(organization=organization, name="Idle")

        assert [(row.facility.name, kg(row.scopes)) for row in ranked(include_children=True)] == [
            ("Far", {Scope.ONE: 8}),
            ("Madrid", {Scope.TWO_LOCATION: 9, Scope.TWO_MARKET: 3}),
        ]
        assert [(row.facility.name, row.total.co2e) for row in ranked()] == [("Madrid", 3)]

    def test_what_crosses_an_edge_counts_by_its_days(self, facility, ranked):
        bill(facility, "2023-12-16", "2024-01-15", electricity="310")
        bill(facility, "2024-12-22", "2025-01-10", electricity="200")
        bill(facility, "2024-03-01", "2024-03-31", electricity="7")

        assert [row.total.co2e for row in ranked()] == [Decimal(257)]

    def test_show_the_sums_of_their_own_figures(self, organization, facility):
        bill(facility, electricity="3", electricity_location_based="9", electricity_generation="2")
        bill(facility, "1999-01-01", "1999-01-31", stationary="4", stationary_generation="2")
        bill(facility, status="inactive", electricity="50")
        idle = factories.facility(organization=organization)
        bill(idle)

        found = impacts.of_facilities(organization=organization, facilities=[facility, idle])

        assert found == {facility.pk: Emitted(Decimal(7), Decimal(0))}


class TestYears:
    def test_reach_from_the_first_bill_to_the_last(self, organization, facility, below, author):
        assert list(impacts.years(organization=organization, by=author)) == []
        bill(facility, "2022-05-01", "2022-05-31")
        bill(facility, "2023-12-16", "2024-01-15")
        bill(below, "2020-05-01", "2020-05-31")

        assert list(impacts.years(organization=organization, by=author)) == [2022, 2023, 2024]
        assert impacts.years(organization=organization, by=author, include_children=True)[0] == 2020


def test_sums_take_as_many_queries_for_many(organization, facility, totals, ranked, django_assert_num_queries):
    for _ in range(5):
        bill(factories.facility(organization=organization), electricity="1", electricity_location_based="2")

    with django_assert_num_queries(3):
        totals()
    with django_assert_num_queries(4):
        totals(include_children=True)
    with django_assert_num_queries(2):
        assert len(ranked()) == 5
