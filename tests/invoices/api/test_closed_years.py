"""PERIOD_CLOSED, as each route that may refuse so says it."""

from decimal import Decimal

import pytest

from invoices.models import Invoice, ProcessingJob
from tests import api, factories

pytestmark = pytest.mark.django_db

SENTENCE = "Closed years can't change (Ours: 2024). An administrator can open a year again"


@pytest.fixture
def invoice(organization, facility):
    factories.year_closing(organization=organization, year=2024)
    return factories.invoice(facility=facility, quantity=100)


def body(invoice):
    return {
        "type": "electricity",
        "base_quantity": 100,
        "unit_id": str(invoice.unit_id),
        "start_date": "2024-01-01",
        "end_date": "2024-01-31",
        "facility_percentages": [
            {
                "organization_id": str(invoice.organization_id),
                "facility_id": str(invoice.facility_id),
                "percentage": 1,
                "facility_name": "Madrid",
                "company_name": "Ours",
            }
        ],
        "uploaded_by": str(factories.member(invoice.organization).pk),
    }


def test_the_legacy_route_prints_the_name_where_it_prints_names(caller, invoice):
    answer = api.post(caller, api.LEGACY_INVOICES, body(invoice))

    assert (answer.status_code, answer.json()) == (409, {"detail": "PERIOD_CLOSED", "code": "CONFLICT"})
    assert Invoice.objects.count() == 1


def test_the_new_route_prints_the_sentence_beside_it(caller, invoice):
    answer = api.post(caller, api.INVOICES, body(invoice))

    assert (answer.status_code, answer.json()) == (409, {"detail": SENTENCE, "code": "PERIOD_CLOSED"})
    assert Invoice.objects.count() == 1


def test_changing_deleting_and_recalculating_are_refused_so_too(caller, invoice):
    one = f"{api.INVOICES}/{invoice.pk}"
    again = {"invoice_ids": [str(invoice.pk)], "activity_categories": ["energy"]}

    api.is_refused(api.patch(caller, one, {"status": "inactive"}), 409, "PERIOD_CLOSED")
    api.is_refused(caller.delete(one), 409, "PERIOD_CLOSED")
    api.is_refused(api.post(caller, f"{api.INVOICES}/recalculate", again), 409, "PERIOD_CLOSED")

    invoice.refresh_from_db()
    assert (invoice.status, invoice.quantity) == ("active", Decimal(100))
    assert not ProcessingJob.objects.exists()


def test_a_number_is_corrected(caller, invoice):
    answer = api.patch(caller, f"{api.INVOICES}/{invoice.pk}", {"invoice_id": "E-9", "status": "active"})

    assert (answer.status_code, answer.json()["invoice_id"]) == (200, "E-9")
