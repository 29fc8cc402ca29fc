"""DELETE /v1/invoices/{id}"""

import pytest

from invoices.models import CupsGroup, Invoice, InvoiceChange
from tests import api, factories

pytestmark = pytest.mark.django_db


def delete(caller, invoice):
    return caller.delete(f"{api.INVOICES}/{invoice.pk}")


@pytest.fixture
def below(organization):
    return factories.organization(parent=organization)


def test_leaves_nothing_but_the_record(caller, facility):
    invoice = factories.invoice(facility=facility)

    response = delete(caller, invoice)

    assert (response.status_code, response.content) == (204, b"")
    assert not Invoice.objects.exists()
    assert not CupsGroup.objects.exists()
    assert InvoiceChange.objects.get().before["id"] == str(invoice.pk)
    assert api.is_refused(delete(caller, invoice), 404, "NOT_FOUND")


def test_of_a_distributed_invoice_takes_its_parts_along(organization, facility, below):
    parent, _children = factories.distributed(facility, factories.facility(organization=below))

    assert delete(api.client(organization, reach="tree"), parent).status_code == 204
    assert not Invoice.objects.exists()
    assert InvoiceChange.objects.filter(organization=below).count() == 1


def test_of_one_part_is_refused(caller, organization, facility):
    _parent, children = factories.distributed(facility, factories.facility(organization=organization))

    assert api.is_refused(delete(caller, children[0]), 409, "DISTRIBUTED_INVOICE")
    assert Invoice.objects.count() == 3


def test_needs_the_right_to_write_wherever_a_part_is(caller, facility, below):
    parent, _children = factories.distributed(facility, factories.facility(organization=below))

    assert api.is_refused(delete(caller, parent), 403, "FORBIDDEN")
    assert Invoice.objects.count() == 3
    assert not InvoiceChange.objects.exists()


def test_of_what_datadis_backs_is_refused(caller, facility):
    invoice = factories.invoice(facility=facility, supply_contract=factories.datadis_contract(facility=facility))

    assert api.is_refused(delete(caller, invoice), 409, "INVOICE_LOCKED_BY_DATADIS")
    assert Invoice.objects.exists()


def test_of_a_distributed_invoice_is_refused_where_datadis_backs_a_part(caller, organization, facility):
    parent, children = factories.distributed(facility, factories.facility(organization=organization))
    Invoice.objects.filter(pk=children[0].pk).update(supply_contract=factories.datadis_contract(facility=facility))

    assert api.is_refused(delete(caller, parent), 409, "INVOICE_LOCKED_BY_DATADIS")
    assert Invoice.objects.count() == 3


def test_another_organization_s_invoice_is_as_an_unknown_one(caller, other_organization):
    theirs = factories.invoice(organization=other_organization)

    response = delete(caller, theirs)

    assert api.is_refused(response, 404, "NOT_FOUND")
    assert response.json()["detail"] == f"Invoice with id={theirs.pk!r} not found"
    assert Invoice.objects.exists()


def test_a_viewer_deletes_nothing(organization, facility):
    invoice = factories.invoice(facility=facility)

    assert api.is_refused(delete(api.client(organization, "viewer"), invoice), 403, "FORBIDDEN")
    assert Invoice.objects.exists()
