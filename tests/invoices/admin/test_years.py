"""Closed years and their evidence in the admin: to look at."""

import pytest
from django.urls import reverse

from facilities.models import Role
from invoices.models import Invoice
from tests import admin_door, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(organization):
    return admin_door.staff(organization, Role.ADMIN)


@pytest.mark.parametrize("name", ["yearclosing", "evidencearchive"])
def test_a_list_costs_the_same_however_long(name, client, organization, django_assert_max_num_queries):
    for _each in range(5):
        factories.year_closing(organization=organization)
        factories.evidence_archive(organization=organization)

    with django_assert_max_num_queries(9):
        answer = client.get(reverse(f"admin:invoices_{name}_changelist"))

    assert len(answer.context["cl"].result_list) == 5
    # A year, not a number.
    assert "2,024" not in answer.text
    assert "2024" in answer.text


@pytest.mark.parametrize("made", [factories.year_closing, factories.evidence_archive])
def test_one_is_told_in_full(made, client, organization):
    row = made(organization=organization)

    answer = client.get(reverse(f"admin:invoices_{row._meta.model_name}_change", args=[row.pk]))

    assert answer.status_code == 200
    assert str(row.pk) in answer.text
    assert "2,024" not in answer.text


def test_what_a_closed_year_refuses_is_told_in_words(client, organization, facility):
    invoice = factories.invoice(facility=facility)
    factories.year_closing(organization=organization)

    one = client.post(reverse("admin:invoices_invoice_delete", args=[invoice.pk]), {"post": "yes"})
    ticked = {"action": "delete_selected", "_selected_action": str(invoice.pk), "post": "yes"}
    many = client.post(reverse("admin:invoices_invoice_changelist"), ticked)

    for answer in (one, many):
        assert admin_door.messages(answer)[-1] == (
            "2024 is closed in Ours: what its invoices emit stays. An administrator can open it again."
        )
    assert Invoice.objects.get() == invoice
