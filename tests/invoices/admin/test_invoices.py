"""Invoices are filed, corrected and deleted through the domain; what it refuses is said in words."""

import pytest
from django.urls import reverse

from invoices import consolidating, families, filing, grouping
from invoices.consolidating import Source
from invoices.models import CupsGroup, Invoice, InvoiceChange, ProcessingJob
from tests import admin_door, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(organization):
    return admin_door.staff(organization)


def form_of(invoice, **changes):
    fields = {
        "type": invoice.type,
        "status": invoice.status,
        "invoice_number": invoice.invoice_number,
        "cups": invoice.cups,
        "facility": str(invoice.facility_id or ""),
        "supply_contract": str(invoice.supply_contract_id or ""),
        "start_date": str(invoice.start_date),
        "end_date": str(invoice.end_date),
        "base_quantity": str(invoice.base_quantity),
        "unit": str(invoice.unit_id),
        "seen": invoice.updated_at.isoformat(),
    }
    return {**fields, **changes}


def save(client, invoice, **changes):
    stored = Invoice.objects.get(pk=invoice.pk)
    address = reverse("admin:invoices_invoice_change", args=[invoice.pk])
    return client.post(address, form_of(stored, **changes))


def test_a_corrected_code_moves_the_invoice_to_its_group(client, facility, organization):
    invoice = factories.invoice(facility=facility)

    answer = save(client, invoice, cups=factories.OTHER_VALID_CUPS)

    assert answer.status_code == 302
    assert CupsGroup.objects.get().cups == factories.OTHER_VALID_CUPS
    change = InvoiceChange.objects.get()
    assert (change.by, change.through) == (client.user, "ADMIN")
    assert change.before == {"cups": factories.VALID_CUPS}
    assert list(grouping.differences(organization=organization)) == []


def test_a_new_one_is_the_organizations_of_its_facility(client, facility, organization):
    new = form_of(factories.build_invoice(facility=facility))
    new.pop("seen")

    client.post(reverse("admin:invoices_invoice_add"), new)

    invoice = Invoice.objects.get()
    assert (invoice.organization, invoice.source, invoice.uploaded_by) == (organization, "manual", client.user)
    assert invoice.printed_cups == invoice.cups
    assert CupsGroup.objects.get().invoice_count == 1


def test_a_foreign_facility_contract_or_invoice_is_refused(client, facility):
    invoice = factories.invoice(facility=facility)
    foreign = factories.supply_contract()
    theirs = factories.invoice()

    by_place = save(client, invoice, facility=str(foreign.facility_id))
    by_contract = save(client, invoice, supply_contract=str(foreign.pk))
    reached = save(client, theirs, cups="ES-TAKEN")
    client.post(
        reverse("admin:invoices_invoice_changelist"),
        {"action": "delete_selected", "_selected_action": str(theirs.pk), "post": "yes"},
    )

    assert "facility" in by_place.context["adminform"].form.errors
    assert "supply_contract" in by_contract.context["adminform"].form.errors
    assert reached.status_code == 302
    theirs.refresh_from_db()
    assert theirs.cups == factories.VALID_CUPS
    assert not InvoiceChange.objects.exists()


def test_what_was_consolidated_since_is_not_put_back_unseen(client, facility, organization, author):
    invoice = factories.invoice(facility=facility, cups="ES-OLD")
    opened = form_of(invoice, invoice_number="Corrected")
    consolidating.consolidate(
        organization=organization,
        sources=[Source("ES-OLD", facility.pk)],
        target=factories.VALID_CUPS,
        by=author,
    )

    answer = client.post(reverse("admin:invoices_invoice_change", args=[invoice.pk]), opened)

    assert "Somebody changed the invoice since you opened it. Look at it again." in admin_door.errors(answer)
    invoice.refresh_from_db()
    assert invoice.cups == factories.VALID_CUPS


@pytest.fixture
def locked(facility):
    contract = factories.datadis_contract(facility=facility)
    return factories.invoice(facility=facility, supply_contract=contract)


def test_a_datadis_invoice_keeps_its_code(client, locked):
    answer = save(client, locked, cups=factories.OTHER_VALID_CUPS)

    assert "backed by a Datadis contract" in admin_door.errors(answer)[0]
    assert factories.OTHER_VALID_CUPS in answer.content.decode()
    locked.refresh_from_db()
    assert locked.cups == factories.VALID_CUPS
    assert not InvoiceChange.objects.exists()


def test_a_datadis_invoice_is_not_deleted(client, locked):
    one = client.post(reverse("admin:invoices_invoice_delete", args=[locked.pk]), {"post": "yes"})
    ticked = {"action": "delete_selected", "_selected_action": str(locked.pk), "post": "yes"}
    many = client.post(reverse("admin:invoices_invoice_changelist"), ticked)

    for answer in (one, many):
        assert "backed by a Datadis contract" in admin_door.messages(answer)[-1]
    assert Invoice.objects.count() == 1
    assert not InvoiceChange.objects.exists()


def test_of_several_all_are_deleted_or_none(client, facility, locked):
    free = factories.invoice(facility=facility)
    ticked = {"action": "delete_selected", "_selected_action": [str(free.pk), str(locked.pk)], "post": "yes"}

    client.post(reverse("admin:invoices_invoice_changelist"), ticked)

    assert Invoice.objects.count() == 2


def test_a_deleted_one_stays_in_the_log(client, facility):
    invoice = factories.invoice(facility=facility)

    client.post(reverse("admin:invoices_invoice_delete", args=[invoice.pk]), {"post": "yes"})

    assert not Invoice.objects.exists()
    assert not CupsGroup.objects.exists()
    assert InvoiceChange.objects.get().before["id"] == str(invoice.pk)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start_date": "2024-05-01"}, "The period ends before it starts."),
        ({"cups": "ES\u200b1"}, "The code contains a character that can't be seen (U+200B)."),
        ({"file_url": "http://example.com/1.pdf"}, "Only an address that begins with https:// is kept."),
        ({"facility": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_is_said_in_words(changes, said, client, facility):
    invoice = factories.invoice(facility=facility)
    before = Invoice.objects.values().get()

    answer = save(client, invoice, **changes)

    assert said in " ".join(admin_door.errors(answer))
    assert Invoice.objects.values().get() == before


def test_a_contract_of_another_facility_is_refused_in_words(client, facility, organization):
    invoice = factories.invoice(facility=facility)
    contract = factories.supply_contract(facility=factories.facility(organization=organization))

    answer = save(client, invoice, supply_contract=str(contract.pk))

    assert admin_door.errors(answer) == ["The supply contract is not one of the invoice's facility."]


def test_an_address_of_a_file_is_kept(client, facility):
    invoice = factories.invoice(facility=facility)

    save(client, invoice, file_url="https://example.com/1.pdf")

    assert Invoice.objects.get().file_url == "https://example.com/1.pdf"


class TestDistributed:
    @pytest.fixture
    def family(self, facility, organization):
        return factories.distributed(facility, factories.facility(organization=organization))

    def test_the_whole_passes_its_code_on(self, client, family, organization):
        parent, _children = family
        posted = {"facility": "", "supply_contract": "", "base_quantity": "", "type": ""}

        answer = save(client, parent, cups=factories.OTHER_VALID_CUPS, **posted)

        assert answer.status_code == 302, admin_door.errors(answer)
        assert set(Invoice.objects.values_list("cups", flat=True)) == {factories.OTHER_VALID_CUPS}
        assert list(grouping.differences(organization=organization)) == []

    def test_a_part_is_not_deleted_alone(self, client, family):
        _parent, children = family

        answer = client.post(reverse("admin:invoices_invoice_delete", args=[children[0].pk]), {"post": "yes"})

        assert "only the whole can be deleted" in admin_door.messages(answer)[0]
        assert Invoice.objects.count() == 3

    def test_the_whole_is_shown_with_its_parts_own_fields_read_only(self, client, family):
        parent, _children = family

        shown = client.get(reverse("admin:invoices_invoice_change", args=[parent.pk])).content.decode()

        assert 'name="facility"' not in shown
        assert 'name="cups"' in shown


def test_an_invoice_at_a_deleted_facility_can_still_be_corrected(client, facility, author):
    from facilities import archiving

    invoice = factories.invoice(facility=facility)
    archiving.delete(facility=facility, by=author)

    answer = save(client, invoice, invoice_number="Corrected")

    assert answer.status_code == 302, admin_door.errors(answer)
    assert Invoice.objects.get().invoice_number == "Corrected"


@pytest.mark.parametrize(
    ("type_", "said"),
    [
        ("water", "Invoices of this type, or of this fuel, are not measured in this unit."),
        ("heat", "Heat needs the fuel that was burnt."),
    ],
)
def test_what_no_invoice_may_be_is_said(client, facility, type_, said):
    new = form_of(factories.build_invoice(facility=facility, type=type_))
    new.pop("seen")

    answer = client.post(reverse("admin:invoices_invoice_add"), new)

    assert said in admin_door.errors(answer)
    assert not Invoice.objects.exists()


def test_saving_an_unchanged_one_logs_nothing(client, facility):
    assert save(client, factories.invoice(facility=facility)).status_code == 302
    assert not InvoiceChange.objects.exists()


def test_somebody_deleting_it_in_between_is_said(client, facility, monkeypatch):
    invoice = factories.invoice(facility=facility)

    def gone(**kwargs):
        raise families.InvoiceNotFound(kwargs["invoice_id"])

    monkeypatch.setattr(filing, "change", gone)

    assert "Somebody deleted the invoice in between." in admin_door.errors(save(client, invoice, cups="ES-1"))


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [({"base_quantity": "250"}, True), ({"status": "loading"}, True), ({"invoice_number": "E-1"}, False)],
)
def test_a_change_that_figures_follow_from_says_that_they_are_calculated_again(client, facility, changes, is_told):
    invoice = factories.invoice(facility=facility)

    answer = save(client, invoice, **changes)

    assert any("calculated again" in message for message in admin_door.messages(answer)) is is_told
    assert ProcessingJob.objects.exists() is is_told
