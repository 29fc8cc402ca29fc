import pytest

from facilities import archiving
from facilities.models import Facility
from invoices import grouping
from invoices.models import CupsGroup, Invoice
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def contract(facility):
    return factories.supply_contract(facility=facility)


def test_archiving_deactivates_the_contracts_of_that_facility_alone(facility, contract, author):
    another = factories.supply_contract(facility=factories.facility(organization=facility.organization))

    archived = archiving.archive(facility=facility, by=author)

    contract.refresh_from_db()
    another.refresh_from_db()
    assert (archived.status, contract.is_active, another.is_active) == ("archived", False, True)


def test_reopening_leaves_the_contracts_inactive(facility, contract, author):
    archiving.archive(facility=facility, by=author)

    reopened = archiving.reopen(facility=facility, by=author)

    contract.refresh_from_db()
    facility.refresh_from_db()
    assert reopened.status == facility.status == "active"
    assert not contract.is_active


def test_deleting_keeps_the_row_its_invoices_and_groups(facility, contract, author):
    factories.invoice(facility=facility)

    archiving.delete(facility=facility, by=author)

    contract.refresh_from_db()
    assert not contract.is_active
    assert not Facility.objects.present().filter(pk=facility.pk).exists()
    assert Invoice.objects.count() == CupsGroup.objects.count() == 1
    assert list(grouping.differences(organization=facility.organization)) == []


@pytest.mark.parametrize("change", [archiving.archive, archiving.reopen, archiving.delete])
def test_a_deleted_facility_is_not_there(change, facility, author):
    archiving.delete(facility=facility, by=author)
    before = Facility.objects.values().get(pk=facility.pk)

    with pytest.raises(archiving.FacilityNotFound):
        change(facility=facility, by=author)

    assert Facility.objects.values().get(pk=facility.pk) == before
