"""What months say for joining codes, and against it."""

from datetime import date

import pytest

from invoices import timeline
from invoices.timeline import Evidence, Month, Span, Star, State
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT, WRONG, OTHER = "ES1234123456789012JY", "ES1234123456789013JY", "ES123412345678901"


@pytest.fixture
def bill(facility):
    """File a bill of 2024 from the first of one month to the last of another (of 28 days)."""

    def bill(cups, first, last=None, **fields):
        period = {"start_date": date(2024, first, 1), "end_date": date(2024, last or first, 28)}
        return factories.invoice(**{"facility": facility, "cups": cups, **period, **fields})

    return bill


def weigh(facility, *sources, targets=(RIGHT,)):
    star = Star(facility.pk, frozenset(targets), frozenset(sources))
    [found] = timeline.evidence(organization_id=facility.organization_id, stars=[star])
    return found


def test_months_that_fill_a_gap_are_told_from_those_that_the_target_has(bill, facility):
    bill(RIGHT, 1)
    bill(RIGHT, 5)
    bill(WRONG, 2)
    bill(OTHER, 3)

    found = weigh(facility, WRONG, OTHER)

    assert found == Evidence(
        missing=3,
        filled=2,
        overlaps=0,
        overlap_days=0,
        months={
            Month(2024, 1): State.TARGET,
            Month(2024, 2): State.FILLED,
            Month(2024, 3): State.FILLED,
            Month(2024, 5): State.TARGET,
        },
    )


def test_a_target_that_no_invoice_carries_lacks_nothing(bill, facility):
    bill(WRONG, 2)

    found = weigh(facility, WRONG)

    assert (found.missing, found.filled, found.months) == (0, 0, {Month(2024, 2): State.FILLED})


def test_bills_that_would_be_counted_twice_are_counted(bill, facility):
    bill(RIGHT, 1, quantity=100)
    bill(WRONG, 1, quantity=70)
    bill(OTHER, 1, 2, quantity=50)
    factories.invoice(facility=facility, cups=WRONG, start_date=date(2024, 2, 10), end_date=date(2024, 2, 20))

    found = weigh(facility, WRONG, OTHER)

    assert (found.overlaps, found.overlap_days) == (3, 27 + 27 + 10)
    assert found.months == {Month(2024, 1): State.OVERLAP, Month(2024, 2): State.OVERLAP}


def test_one_number_of_one_supplier_twice_counts_whatever_its_period(bill, facility):
    supplier = factories.supplier()
    bill(RIGHT, 1, invoice_number="A-1", supplier=supplier)
    bill(RIGHT, 2, invoice_number="", supplier=supplier)
    bill(WRONG, 3, invoice_number="A-1", supplier=supplier)
    bill(WRONG, 4, invoice_number="")

    assert weigh(facility, WRONG).overlaps == 1
    assert weigh(facility, WRONG).overlap_days == 0


def test_spellings_of_the_target_count_nothing_twice_among_themselves(bill, facility):
    bill(RIGHT, 1)
    bill(f"{RIGHT}0F", 1)
    bill(WRONG, 2)

    assert weigh(facility, WRONG, targets=(RIGHT, f"{RIGHT}0F")).overlaps == 0


def test_only_invoices_of_the_organization_at_the_facility_are_read(bill, facility, other_organization):
    bill(RIGHT, 1)
    bill(WRONG, 2)
    bill(WRONG, 3, facility=factories.facility(organization=facility.organization))
    bill(WRONG, 4, facility=factories.facility(organization=other_organization))

    assert list(weigh(facility, WRONG).months) == [Month(2024, 1), Month(2024, 2)]


def test_stars_of_several_facilities_keep_to_their_own_codes(bill, facility):
    elsewhere = factories.facility(organization=facility.organization)
    bill(RIGHT, 1)
    bill(WRONG, 1, facility=elsewhere)
    bill(OTHER, 2, facility=elsewhere)
    bill(OTHER, 3)
    stars = [
        Star(facility.pk, frozenset({RIGHT}), frozenset({OTHER})),
        Star(elsewhere.pk, frozenset({RIGHT}), frozenset({WRONG})),
    ]

    one, other = timeline.evidence(organization_id=facility.organization_id, stars=stars)

    assert list(one.months) == [Month(2024, 1), Month(2024, 3)]
    assert list(other.months) == [Month(2024, 1)]


def test_bills_of_one_month_that_follow_each_other_do_not_overlap(facility):
    for cups, start, end in ((RIGHT, 1, 14), (WRONG, 14, 28)):
        factories.invoice(facility=facility, cups=cups, start_date=date(2024, 1, start), end_date=date(2024, 1, end))

    assert weigh(facility, WRONG).months == {Month(2024, 1): State.TARGET}


def test_many_stars_take_a_few_statements(bill, facility, django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(timeline, "_STARS", 2)
    bill(RIGHT, 1)
    bill(WRONG, 2)
    star = Star(facility.pk, frozenset({RIGHT}), frozenset({WRONG}))

    with django_assert_num_queries(2):
        found = timeline.evidence(organization_id=facility.organization_id, stars=[star] * 4)

    assert [each.filled for each in found] == [1] * 4
    assert timeline.evidence(organization_id=facility.organization_id, stars=[]) == []


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2024, 1, 20), date(2024, 2, 19), [(2024, 2)]),
        (date(2023, 11, 1), date(2024, 1, 31), [(2023, 11), (2023, 12), (2024, 1)]),
        (date(2024, 1, 16), date(2024, 3, 14), [(2024, 2)]),
    ],
)
def test_a_bill_stands_in_the_months_whose_middle_it_covers(start, end, months):
    assert list(timeline.months_of(Span(start, end))) == months


def test_the_last_month_that_there_is_can_be_billed():
    span = Span(date(9999, 10, 16), date(9999, 12, 31))

    assert list(timeline.months_of(span)) == [(9999, 11), (9999, 12)]
