"""Codes at several facilities, and on bills of electricity and gas."""

from datetime import date

import pytest

from invoices import elsewhere
from invoices.double_counting import Clash
from invoices.elsewhere import Why
from tests import factories

pytestmark = pytest.mark.django_db

CODE, OTHER = factories.VALID_CUPS, factories.OTHER_VALID_CUPS
SUPPLY = f"={CODE[2:18]}"
JANUARY = {"start_date": date(2024, 1, 1), "end_date": date(2024, 1, 31)}
FEBRUARY = {"start_date": date(2024, 2, 1), "end_date": date(2024, 2, 29)}


@pytest.fixture
def lugo(organization):
    return factories.facility(organization=organization, name="Lugo")


def listed(organization, **options):
    return elsewhere.listed(organization=organization, **options)


def named(found):
    return [(each.why, each.supply, [(place.facility_name, place.cups) for place in each.places]) for each in found]


def clashes(organization):
    (shown,) = elsewhere.shown(organization=organization, found=listed(organization))
    return {clash: found.count for clash, found in shown.clashes.items()}


class TestAtSeveralFacilities:
    def test_one_supply_at_two_is_found_however_it_is_written(self, organization, facility, lugo):
        factories.invoices(3, facility=facility)
        factories.invoice(facility=lugo, cups=f"{CODE[:10].lower()} {CODE[10:]}0F")
        factories.invoice(facility=lugo, cups=OTHER)

        (found,) = listed(organization)

        assert (found.why, found.supply, found.cups, found.invoice_count) == (
            Why.SAME_SUPPLY_TWO_FACILITIES,
            SUPPLY,
            CODE,
            4,
        )
        assert [(place.facility_name, place.invoice_count, place.is_locked) for place in found.places] == [
            ("Madrid", 3, False),
            ("Lugo", 1, False),
        ]

    def test_unsound_codes_are_one_only_as_they_are_written(self, organization, facility, lugo):
        for place in (facility, lugo):
            factories.invoice(facility=place, cups="ES-1234")
        factories.invoice(facility=facility, cups=CODE)
        # What names no supply for sure: the digits alone, and nothing that could be read at all.
        for place, code in ((lugo, CODE[:18]), (lugo, CODE[2:18]), (facility, "---"), (lugo, "---")):
            factories.invoice(facility=place, cups=code)

        assert [each.supply for each in listed(organization)] == ["ES1234"]

    def test_what_a_distributed_invoice_divides_is_not(self, organization, facility, lugo):
        factories.distributed(facility, lugo)
        factories.invoice(facility=lugo)

        assert listed(organization) == []

    def test_a_third_place_that_shares_none_is(self, organization, facility, lugo):
        vigo = factories.facility(organization=organization, name="Vigo")
        factories.distributed(facility, lugo)
        factories.distributed(lugo, vigo, cups=OTHER)
        factories.invoice(facility=vigo, **FEBRUARY)

        (found,) = listed(organization)

        circles = {place.facility_name: place.circle for place in found.places}
        assert circles["Madrid"] == circles["Lugo"] != circles["Vigo"]

    def test_places_that_are_joined_in_a_row_are_one(self, organization, facility, lugo):
        vigo = factories.facility(organization=organization)
        factories.distributed(facility, lugo)
        factories.distributed(lugo, vigo, **FEBRUARY)

        assert listed(organization) == []

    def test_parts_that_carry_other_codes_join_nothing(self, organization, facility, lugo):
        _parent, (_here, there) = factories.distributed(facility, lugo)
        type(there).objects.filter(pk=there.pk).update(cups=OTHER)
        factories.invoice(facility=lugo)

        assert [each.supply for each in listed(organization)] == [SUPPLY]

    def test_the_code_of_a_collective_is_at_each_of_its_consumers(self, organization, facility, lugo):
        for place in (facility, lugo):
            factories.invoice(facility=place, cups=f"{CODE}0FA001")

        assert listed(organization) == []

    def test_the_most_invoices_come_first_and_a_facility_narrows(self, organization, facility, lugo):
        vigo = factories.facility(organization=organization)
        for place in (facility, lugo):
            factories.invoice(facility=place, cups=OTHER)
        for place in (lugo, vigo):
            factories.invoices(2, facility=place)

        assert [each.supply for each in listed(organization)] == [SUPPLY, f"={OTHER[2:18]}"]
        assert [each.supply for each in listed(organization, facility_id=vigo.pk)] == [SUPPLY]
        assert len(listed(organization, why=Why.SAME_SUPPLY_TWO_FACILITIES)) == 2
        assert listed(organization, why=Why.ELECTRICITY_AND_HEAT) == []


class TestCountedTwice:
    def test_bills_of_one_period_and_quantity_are_the_same(self, organization, facility, lugo):
        for place in (facility, lugo):
            factories.invoice(facility=place, **JANUARY)
        factories.invoice(facility=lugo, **FEBRUARY)

        assert clashes(organization) == {Clash.SAME_INVOICE: 1}

    def test_periods_overlap(self, organization, facility, lugo):
        factories.invoice(facility=facility, start_date=date(2024, 1, 1), end_date=date(2024, 2, 15))
        factories.invoice(facility=lugo, **FEBRUARY)

        assert clashes(organization) == {Clash.OVERLAPPING_PERIODS: 1}

    def test_bills_of_one_place_never_clash(self, organization, facility, lugo):
        factories.invoice(facility=facility, **JANUARY)
        factories.invoice(facility=facility, cups=f"{CODE}0F", **JANUARY)
        # Of a code that was not found, at the same places.
        factories.invoice(facility=facility, cups=OTHER, **FEBRUARY)
        factories.invoice(facility=lugo, **FEBRUARY)

        assert clashes(organization) == {}


class TestOfTwoTypes:
    def test_a_code_on_bills_of_gas_too_is_found(self, organization, facility, lugo):
        factories.invoices(2, facility=facility)
        factories.invoice(facility=lugo, cups=f"{CODE}0F", type="heat")
        factories.invoice(facility=lugo, cups="ES0021", type="heat")

        assert named(listed(organization)) == [
            (Why.ELECTRICITY_AND_HEAT, SUPPLY, [("Madrid", CODE), ("Lugo", f"{CODE}0F")])
        ]
        assert [place.type for place in listed(organization)[0].places] == ["electricity", "heat"]
        assert clashes(organization) == {}

    def test_unsound_ones_are_found_as_they_are_written(self, organization, facility):
        factories.invoice(facility=facility, cups="ES 0021")
        factories.invoice(facility=facility, cups="ES0021", type="heat")
        factories.invoice(facility=facility, cups="--", type="heat")

        assert [each.supply for each in listed(organization)] == ["ES0021"]


def test_nothing_of_another_organization_is_found(organization, facility, other_organization):
    theirs = factories.facility(organization=other_organization)
    factories.invoice(facility=facility)
    factories.invoice(facility=theirs)
    factories.invoice(facility=theirs, type="heat")

    assert listed(organization) == []


def test_statements_are_few_however_many_codes_there_are(organization, facility, lugo, django_assert_num_queries):
    for code in (CODE, OTHER, "ES-1", "ES-2"):
        for place in (facility, lugo):
            factories.invoice(facility=place, cups=code)
        factories.invoice(facility=lugo, cups=code, type="heat")

    # Which supplies, their groups (sound, unsound), shared bills; codes of gas, their groups.
    with django_assert_num_queries(7):
        found = listed(organization)
    with django_assert_num_queries(1):
        elsewhere.shown(organization=organization, found=found)
    assert len(found) == 8
