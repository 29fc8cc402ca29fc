"""What the lists show, find and cost."""

from uuid import uuid4

import pytest
from django.urls import reverse

from facilities.access import Author, Channel
from invoices import consolidating, filing, undoing
from invoices.consolidating import Source
from invoices.models import CupsGroup
from tests import admin_door, factories

pytestmark = pytest.mark.django_db
WRONG = factories.VALID_CUPS[:-1] + "X"


@pytest.fixture
def client(organization):
    return admin_door.staff(organization)


def listed(client, name, **query):
    answer = client.get(reverse(f"admin:invoices_{name}_changelist"), query)
    assert answer.status_code == 200, answer
    return list(answer.context["cl"].result_list)


class TestGroups:
    @pytest.fixture(autouse=True)
    def _groups(self, facility):
        contract = factories.datadis_contract(facility=facility)
        factories.invoice(facility=facility, cups=factories.VALID_CUPS, supply_contract=contract)
        factories.invoice(facility=facility, cups=WRONG)

    @pytest.mark.parametrize(
        ("query", "codes"),
        [
            ({}, {factories.VALID_CUPS, WRONG}),
            ({"q": WRONG.lower()}, {WRONG}),
            ({"q": "madrid"}, {factories.VALID_CUPS, WRONG}),
            ({"q": "lisbon"}, set()),
            ({"is_locked": "1"}, {factories.VALID_CUPS}),
            ({"is_locked": "0"}, {WRONG}),
            ({"check": "valid"}, {factories.VALID_CUPS}),
            ({"check": "invalid"}, {WRONG}),
        ],
    )
    def test_they_are_found(self, query, codes, client):
        assert {group.cups for group in listed(client, "cupsgroup", **query)} == codes

    def test_they_say_what_there_is_to_say(self, client):
        shown = client.get(reverse("admin:invoices_cupsgroup_changelist")).content.decode()

        assert "letters do not fit" in shown
        assert "Madrid" in shown
        assert "Ours" in shown
        assert '<span class="lock">Datadis</span>' in shown

    def test_the_count_leads_to_the_invoices(self, client):
        shown = client.get(reverse("admin:invoices_cupsgroup_changelist")).content.decode()
        address = shown.split('class="field-invoices"><a href="')[1].split('"')[0].replace("&amp;", "&")

        invoices = client.get(address)

        assert invoices.status_code == 200
        assert len(invoices.context["cl"].result_list) == 1

    def test_a_facility_is_filtered_by(self, client, facility, organization):
        another = factories.invoice(organization=organization)

        found = listed(client, "cupsgroup", facility__id__exact=str(another.facility_id))

        assert [group.facility for group in found] == [another.facility]

    def test_all_on_every_page_is_not_offered(self, client):
        shown = client.get(reverse("admin:invoices_cupsgroup_changelist")).content.decode()

        assert "action-counter" in shown
        assert "across all pages" not in shown


class TestInvoices:
    @pytest.mark.parametrize("field", ["invoice_number", "cups", "printed_cups", "pk"])
    def test_they_are_found_by_what_is_on_them(self, field, client, facility):
        factories.invoice(facility=facility)
        sought = factories.invoice(
            facility=facility, invoice_number="FE-2024/77", cups=WRONG, printed_cups="ES 1234 AB"
        )

        assert listed(client, "invoice", q=str(getattr(sought, field))) == [sought]

    def test_an_unknown_id_finds_nothing(self, client, facility):
        factories.invoice(facility=facility)

        assert listed(client, "invoice", q=str(uuid4())) == []


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("cupsgroup", 8),
        ("invoice", 10),
        ("consolidation", 8),
        ("consolidatedinvoice", 7),
        ("consolidationundo", 9),
        ("undoneinvoice", 7),
        ("invoicechange", 9),
        ("processingjob", 9),
        ("unit", 6),
        ("facilityfuel", 7),
    ],
)
def test_a_list_costs_the_same_however_long(name, most, client, organization, django_assert_max_num_queries):
    by = Author(client.user, Channel.ADMIN)
    for _each in range(5):
        place = factories.facility(organization=organization)
        invoice = factories.invoice(facility=place, cups=WRONG)
        done = consolidating.consolidate(
            organization=organization, sources=[Source(WRONG, place.pk)], target=factories.VALID_CUPS, by=by
        ).consolidation
        undoing.undo(organization=organization, consolidation_id=done.pk, by=by)
        filing.change(organization=organization, invoice_id=invoice.pk, by=by, changes={"status": "review"})

    with django_assert_max_num_queries(most):
        listed(client, name)


def test_evidence_is_told_in_full(client, organization, facility):
    by = Author(client.user, Channel.ADMIN)
    invoice = factories.invoice(facility=facility)
    filing.change(organization=organization, invoice_id=invoice.pk, by=by, changes={"status": "review"})
    (change,) = listed(client, "invoicechange")

    shown = client.get(reverse("admin:invoices_invoicechange_change", args=[change.pk])).content.decode()

    assert "&quot;status&quot;: &quot;review&quot;" in shown
    assert CupsGroup.objects.count() == 1
