"""Giving a code to invoices that came without one."""

from uuid import uuid4

import pytest

from invoices import assigning, cups, filing, grouping, undoing
from invoices.models import Consolidation, CupsGroup, Invoice
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT = factories.VALID_CUPS


@pytest.fixture
def nameless(facility):
    return factories.invoices(3, facility=facility, cups="")


@pytest.fixture
def ids(nameless):
    return [invoice.pk for invoice in nameless]


def plan(organization, ids, target=RIGHT):
    return assigning.plan(organization=organization, invoice_ids=ids, target=target)


def assign(organization, ids, author, target=RIGHT):
    agreed = plan(organization, ids, target).digest
    return assigning.assign(organization=organization, invoice_ids=ids, target=target, by=author, agreed=agreed)


def test_gives_the_code_to_the_invoices_chosen(organization, facility, ids, author):
    outcome = assign(organization, ids[:2], author)

    assert (outcome.updated_count, outcome.affected_facilities) == (2, [facility.pk])
    assert sorted(Invoice.objects.values_list("cups", flat=True)) == ["", RIGHT, RIGHT]
    assert CupsGroup.objects.get().invoice_count == 2


def test_is_recorded_as_a_consolidation_of_no_code(organization, facility, ids, author):
    assign(organization, ids, author)

    assert Consolidation.objects.get().sources == [{"cups": "", "facility_id": str(facility.pk)}]


def test_can_be_undone(organization, ids, author):
    done = assign(organization, ids, author).consolidation

    undoing.undo(organization=organization, consolidation_id=done.pk, by=author)

    assert set(Invoice.objects.values_list("cups", flat=True)) == {""}
    assert list(grouping.differences(organization=organization)) == []


def test_a_plan_writes_nothing(organization, facility, ids):
    planned = plan(organization, ids)

    assert (planned.updated_count, planned.affected_facilities) == (3, [facility.pk])
    assert not CupsGroup.objects.exists()


def test_a_plan_warns_of_overlaps_with_what_carries_the_code(organization, facility, ids):
    factories.invoice(facility=facility, cups=RIGHT)

    assert [warning.code.value for warning in plan(organization, ids).warnings] != []


def test_is_refused_when_an_invoice_got_a_code_in_between(organization, ids, author):
    planned = plan(organization, ids)
    filing.change(organization=organization, invoice_id=ids[0], by=author, changes={"cups": "ES1"})

    with pytest.raises(assigning.AssignmentChanged) as refused:
        assigning.assign(organization=organization, invoice_ids=ids, target=RIGHT, by=author, agreed=planned.digest)

    assert refused.value.plan.updated_count == 2
    assert sorted(Invoice.objects.values_list("cups", flat=True)) == ["", "", "ES1"]


def test_leaves_invoices_with_a_code_and_other_types_alone(organization, facility):
    others = [
        factories.invoice(facility=facility, cups="ES1"),
        factories.invoice(facility=facility, cups="", type="heat"),
    ]

    assert plan(organization, [invoice.pk for invoice in others]).updated_count == 0


def test_another_organizations_invoices_are_not_reached(ids, other_organization):
    theirs = factories.author(other_organization)

    assert plan(other_organization, ids).updated_count == 0
    assert assign(other_organization, ids, theirs).consolidation is None


@pytest.mark.parametrize("count", [0, assigning.MAX_INVOICES + 1])
def test_refuses_no_invoice_and_too_many(organization, count):
    with pytest.raises(assigning.MalformedSelection):
        plan(organization, [uuid4() for _ in range(count)])


def test_refuses_a_code_that_can_not_be_stored(organization, ids):
    with pytest.raises(cups.NotAcceptable):
        plan(organization, ids, target=" ")
