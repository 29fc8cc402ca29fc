"""Which groups somebody asked to see, and in which order."""

from datetime import date

import pytest

from invoices import listing
from invoices.models import CupsGroup
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT = factories.VALID_CUPS
WITHOUT_LETTERS = RIGHT[:18]


@pytest.fixture
def elsewhere(organization):
    return factories.facility(organization=organization, name="Bilbao")


@pytest.fixture
def groups(facility, elsewhere):
    factories.invoices(2, facility=facility, cups=RIGHT)
    factories.invoice(facility=elsewhere, cups=RIGHT, start_date=date(2023, 1, 1), end_date=date(2025, 1, 31))
    contract = factories.datadis_contract(facility=facility, cups=WITHOUT_LETTERS)
    factories.invoices(3, facility=facility, cups=WITHOUT_LETTERS, supply_contract=contract)


def found(organization, **narrowed):
    return [(group.cups, group.facility.name) for group in listing.groups(organization=organization, **narrowed)]


def test_groups_come_by_code_and_then_by_facility(organization, groups):
    assert found(organization) == [(WITHOUT_LETTERS, "Madrid"), (RIGHT, "Bilbao"), (RIGHT, "Madrid")]


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("cups", (WITHOUT_LETTERS, "Madrid")),
        ("-cups", (RIGHT, "Bilbao")),
        ("facility_name", (RIGHT, "Bilbao")),
        ("invoice_count", (RIGHT, "Bilbao")),
        ("-invoice_count", (WITHOUT_LETTERS, "Madrid")),
        ("first_date", (RIGHT, "Bilbao")),
        ("-last_date", (RIGHT, "Bilbao")),
    ],
)
def test_groups_come_in_the_order_asked_for(organization, groups, sort, first):
    assert found(organization, sort=sort)[0] == first


def test_a_search_is_literal_and_takes_any_case(organization, facility, groups):
    factories.invoice(facility=facility, cups="100%_sure")

    assert found(organization, search="%_s") == [("100%_sure", "Madrid")]
    assert found(organization, search="012jy") == [(RIGHT, "Bilbao"), (RIGHT, "Madrid")]
    assert found(organization, search="_") == [("100%_sure", "Madrid")]


def test_filters_narrow(organization, elsewhere, groups):
    assert found(organization, facility_id=elsewhere.pk) == [(RIGHT, "Bilbao")]
    assert found(organization, is_locked=True) == [(WITHOUT_LETTERS, "Madrid")]
    assert found(organization, is_locked=False) == [(RIGHT, "Bilbao"), (RIGHT, "Madrid")]
    assert found(organization, check="invalid") == [(WITHOUT_LETTERS, "Madrid")]
    assert found(organization, check="valid") == [(RIGHT, "Bilbao"), (RIGHT, "Madrid")]


def test_another_organizations_groups_and_empty_ones_are_never_listed(organization, other_organization, facility):
    factories.invoice(facility=factories.facility(organization=other_organization))
    CupsGroup.objects.create(organization=organization, facility=facility, cups="ES empty", check_result="damaged")

    assert found(organization) == []
