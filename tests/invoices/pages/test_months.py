"""The picture of months: what fills a gap, and what would be counted twice."""

from datetime import date

import pytest

from invoices import consolidating
from invoices.consolidating import Source
from invoices.pages import months
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT, WRONG = "ES0021000000000000001AB", "ES0021000000000000001A"


def drawn(facility):
    plan = consolidating.plan(organization=facility.organization, sources=[Source(WRONG, facility.pk)], target=RIGHT)
    return months.of(plan, organization=facility.organization, facility_names={facility.pk: facility.name})


def bill(facility, cups, start, end):
    return factories.invoice(facility=facility, cups=cups, start_date=start, end_date=end)


def test_a_bill_stands_in_the_month_of_its_middle(facility):
    bill(facility, WRONG, date(2024, 1, 20), date(2024, 2, 19))

    [(year, [strip])] = drawn(facility).years

    assert (year, strip.cells.index("b")) == (2024, 1)


def test_a_long_bill_stands_in_every_month_whose_middle_it_covers(facility):
    bill(facility, WRONG, date(2024, 1, 20), date(2024, 4, 20))

    [(_year, [strip])] = drawn(facility).years

    assert [month for month, cell in enumerate(strip.cells, 1) if cell] == [2, 3, 4]


def test_a_long_bill_over_the_turn_of_the_year_stands_in_both(facility):
    bill(facility, WRONG, date(2023, 11, 1), date(2024, 2, 29))
    bill(facility, WRONG, date(2024, 5, 1), date(2024, 5, 31))

    years = {
        year: [month for month, cell in enumerate(strip.cells, 1) if cell] for year, [strip] in drawn(facility).years
    }

    assert years == {2024: [1, 2, 5], 2023: [11, 12]}


def test_what_fills_a_gap_and_what_overlaps_are_told(facility):
    bill(facility, RIGHT, date(2024, 1, 1), date(2024, 1, 31))
    bill(facility, RIGHT, date(2024, 3, 1), date(2024, 3, 31))
    bill(facility, WRONG, date(2024, 2, 1), date(2024, 2, 29))
    bill(facility, WRONG, date(2024, 3, 1), date(2024, 3, 31))

    picture = drawn(facility)

    [(_year, [target, source])] = picture.years
    assert [target.cells[:3], source.cells[:3]] == [["a", "", "x"], ["", "b", "x"]]
    assert (picture.lacking, picture.filled, picture.has_overlap) == (1, 1, True)


def test_two_bills_of_one_month_that_follow_each_other_do_not_overlap(facility):
    bill(facility, RIGHT, date(2024, 1, 1), date(2024, 1, 16))
    bill(facility, WRONG, date(2024, 1, 16), date(2024, 1, 31))

    picture = drawn(facility)

    [(_year, [target, source])] = picture.years
    assert (target.cells[0], source.cells[0], picture.has_overlap) == ("a", "b", False)


def test_where_nothing_moves_nothing_is_drawn(facility):
    assert drawn(facility) is None
