"""Consolidations are looked at, and undone through a page that says what conflicts."""

from uuid import uuid4

import pytest
from django.urls import reverse

from facilities.access import Author, Channel
from facilities.models import Role
from invoices import consolidating, filing, grouping
from invoices.consolidating import Source
from invoices.models import Consolidation, ConsolidationUndo, Invoice
from tests import admin_door, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(organization):
    return admin_door.staff(organization)


@pytest.fixture
def invoices(facility):
    return factories.invoices(2, facility=facility, cups="ES-OLD")


@pytest.fixture
def done(client, organization, facility, invoices):
    return consolidate(organization, facility, Author(client.user, Channel.ADMIN))


def consolidate(organization, facility, by, **kwargs):
    return consolidating.consolidate(
        organization=organization, sources=[Source("ES-OLD", facility.pk)], target="ES-NEW", by=by, **kwargs
    ).consolidation


def undo_address(done):
    return reverse("admin:invoices_consolidation_undo", args=[done.pk])


def test_it_says_what_was_done_and_leads_to_the_evidence(client, done):
    answer = client.get(reverse("admin:invoices_consolidation_change", args=[done.pk]))
    shown = answer.content.decode()

    assert "ES-OLD" in shown
    assert "Madrid" in shown
    assert undo_address(done) in shown
    evidence = reverse("admin:invoices_consolidatedinvoice_changelist")
    assert f"{evidence}?consolidation__id__exact={done.pk}" in shown
    assert len(client.get(evidence, {"consolidation__id__exact": done.pk}).context["cl"].result_list) == 2


def test_through_the_api_it_names_the_key(client, organization, facility, invoices):
    key, _secret = factories.api_key(organization=organization, created_by=client.user)
    done = consolidate(organization, facility, Author(client.user, Channel.API, api_key=key))

    shown = client.get(reverse("admin:invoices_consolidation_change", args=[done.pk])).content.decode()

    assert key.prefix in shown


def test_many_sources_are_cut_short(client, organization, facility, author):
    codes = [f"ES-{number}" for number in range(25)]
    for code in codes:
        factories.invoice(facility=facility, cups=code)
    done = consolidating.consolidate(
        organization=organization, sources=[Source(code, facility.pk) for code in codes], target="ES-NEW", by=author
    ).consolidation

    shown = client.get(reverse("admin:invoices_consolidation_change", args=[done.pk])).content.decode()

    assert "and 5 more" in shown


def test_undo_shows_what_it_would_do_and_does_nothing_on_get(client, done):
    shown = client.get(undo_address(done)).content.decode()

    assert "2 invoices get back the code that they had." in shown
    assert set(Invoice.objects.values_list("cups", flat=True)) == {"ES-NEW"}


def test_undo_gives_the_codes_back(client, done, organization):
    answer = client.post(undo_address(done), {"message": ""})

    undone = ConsolidationUndo.objects.get()
    assert (undone.by, undone.through, undone.restored_count) == (client.user, "ADMIN", 2)
    assert set(Invoice.objects.values_list("cups", flat=True)) == {"ES-OLD"}
    assert list(grouping.differences(organization=organization)) == []
    assert admin_door.messages(answer) == ["2 invoices have their code back."]
    shown = client.get(reverse("admin:invoices_consolidation_change", args=[done.pk])).content.decode()
    assert undo_address(done) not in shown


def test_undone_twice_is_refused_in_words(client, done):
    client.post(undo_address(done), {"message": ""})

    answer = client.post(undo_address(done), {"message": ""})

    assert "Everything of it is undone already." in admin_door.messages(answer)[-1]
    assert ConsolidationUndo.objects.count() == 1


def test_anothers_work_needs_a_message(client, organization, facility, invoices, author):
    done = consolidate(organization, facility, author)
    assert "say why it is undone" in client.get(undo_address(done)).content.decode()

    without = client.post(undo_address(done), {"message": " "})
    assert "undoing what another person did needs a message" in admin_door.messages(without)[0]
    assert not ConsolidationUndo.objects.exists()

    client.post(undo_address(done), {"message": "Two meters after all"})
    assert ConsolidationUndo.objects.get().message == "Two meters after all"


@pytest.mark.parametrize("how", ["changed", "no code", "deleted", "moved", "locked", "consolidated again"])
def test_conflicts_are_named_and_can_be_skipped(how, client, done, invoices, organization, facility):
    by, first = Author(client.user, Channel.ADMIN), invoices[0]
    changes = {
        "changed": {"cups": "ES-OTHER"},
        "no code": {"cups": ""},
        "moved": {"facility": factories.facility(organization=organization)},
        "locked": {"supply_contract": factories.datadis_contract(facility=facility)},
    }
    if how == "deleted":
        filing.delete(organization=organization, invoice_id=first.pk, by=by)
    elif how == "consolidated again":
        filing.change(organization=organization, invoice_id=invoices[1].pk, by=by, changes={"cups": "ES-LAST"})
        filing.change(organization=organization, invoice_id=invoices[1].pk, by=by, changes={"cups": "ES-NEW"})
        again = factories.facility(organization=organization)
        factories.invoice(facility=again, cups="ES-NEW")
        filing.change(organization=organization, invoice_id=first.pk, by=by, changes={"facility": again})
        filing.change(organization=organization, invoice_id=first.pk, by=by, changes={"facility": facility})
        filing.change(organization=organization, invoice_id=first.pk, by=by, changes={"cups": "ES-OTHER"})
    else:
        filing.change(organization=organization, invoice_id=first.pk, by=by, changes=changes[how])

    shown = client.get(undo_address(done)).content.decode()
    refused = client.post(undo_address(done), {"message": ""})
    assert not ConsolidationUndo.objects.exists()
    client.post(undo_address(done), {"message": "", "skip_conflicts": "on"})

    assert "1 invoice has changed since:" in shown
    assert "1 of the invoices have changed since" in admin_door.messages(refused)[0]
    assert (ConsolidationUndo.objects.get().restored_count, ConsolidationUndo.objects.get().conflict_count) == (1, 1)


def test_a_later_consolidation_is_linked_from_the_conflict(client, done, organization, facility):
    later = consolidating.consolidate(
        organization=organization,
        sources=[Source("ES-NEW", facility.pk)],
        target="ES-LATER",
        by=Author(client.user, Channel.ADMIN),
    ).consolidation

    shown = client.get(undo_address(done)).content.decode()

    assert reverse("admin:invoices_consolidation_change", args=[later.pk]) in shown
    assert "there is nothing to put back" in shown


def test_a_viewer_sees_no_undo_and_gets_none(organization, done):
    client = admin_door.staff(organization, Role.VIEWER)

    shown = client.get(reverse("admin:invoices_consolidation_change", args=[done.pk])).content.decode()

    assert undo_address(done) not in shown
    assert client.post(undo_address(done), {"message": "x"}).status_code == 403
    assert not ConsolidationUndo.objects.exists()


def test_another_organizations_is_not_there(done, other_organization):
    client = admin_door.staff(other_organization)

    assert client.post(undo_address(done), {"message": "x"}).status_code == 404
    assert client.get(reverse("admin:invoices_consolidation_change", args=[done.pk])).status_code == 302
    assert not ConsolidationUndo.objects.exists()


def test_an_unknown_one_is_not_there(client):
    for object_id in (uuid4(), "nonsense"):
        assert client.get(reverse("admin:invoices_consolidation_undo", args=[object_id])).status_code == 404


def test_too_long_a_message_is_refused(client, done):
    answer = client.post(undo_address(done), {"message": "x" * 501})

    assert answer.context["form"].errors
    assert not ConsolidationUndo.objects.exists()


def test_they_are_listed_with_how_much_still_stands(client, done):
    client.post(undo_address(done), {"message": ""})

    answer = client.get(reverse("admin:invoices_consolidation_changelist"))

    assert [row.pk for row in answer.context["cl"].result_list] == [done.pk]
    assert "undone" in answer.content.decode()
    assert Consolidation.objects.count() == 1
