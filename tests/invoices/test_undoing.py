"""What can be taken back, and what stands in the way."""

from uuid import uuid4

import pytest

from facilities.models import Role
from invoices import consolidating, filing, grouping, undoing
from invoices.consolidating import Source
from invoices.models import ConsolidationUndo, CupsGroup, Invoice, State, UndoneInvoice
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT = "ES0021000000000000001AB"
SHORT = "ES0021000000000000001A"
SHORTER = "ES0021000000000000001"


@pytest.fixture
def invoices(facility):
    return [*factories.invoices(2, facility=facility, cups=SHORT), factories.invoice(facility=facility, cups=SHORTER)]


@pytest.fixture
def done(organization, facility, author, invoices):
    """Three invoices of two codes rewritten to one."""
    sources = [Source(SHORT, facility.pk), Source(SHORTER, facility.pk)]
    return consolidating.consolidate(organization=organization, sources=sources, target=RIGHT, by=author).consolidation


def undo(done, author, **options):
    return undoing.undo(organization=done.organization, consolidation_id=done.pk, by=author, **options)


def codes():
    return sorted(Invoice.objects.values_list("cups", flat=True))


def state(done):
    return undoing.state_of(undoing.find(organization=done.organization, consolidation_id=done.pk))


def test_gives_each_invoice_the_code_that_it_had(organization, done, author):
    event = undo(done, author)

    assert event.restored_count == 3
    assert codes() == [SHORTER, SHORT, SHORT]
    assert sorted(CupsGroup.objects.values_list("cups", "invoice_count")) == [(SHORTER, 1), (SHORT, 2)]
    assert list(grouping.differences(organization=organization)) == []
    assert state(done) == State.UNDONE


def test_is_recorded_as_an_event(done, author):
    undo(done, author, message="wrong meter")

    event = ConsolidationUndo.objects.get()
    assert (event.by, event.through, event.message) == (author.user, author.through, "wrong meter")
    found = undoing.find(organization=done.organization, consolidation_id=done.pk)
    assert (found.restored_count, found.undone_at, found.undone_by_id) == (3, event.created_at, author.user.pk)


def test_can_be_done_invoice_by_invoice(done, author, invoices):
    undo(done, author, invoice_ids=[invoices[0].pk])
    assert state(done) == State.PARTLY_UNDONE
    assert codes() == [SHORT, RIGHT, RIGHT]

    undo(done, author)
    assert state(done) == State.UNDONE
    assert codes() == [SHORTER, SHORT, SHORT]
    assert UndoneInvoice.objects.count() == 3


def test_is_refused_when_nothing_is_left(done, author):
    undo(done, author)

    with pytest.raises(undoing.AlreadyUndone):
        undo(done, author)
    assert ConsolidationUndo.objects.count() == 1


def test_another_persons_work_needs_a_message(organization, done):
    another = factories.author(organization)

    with pytest.raises(undoing.MessageRequired):
        undo(done, another, message="  ")
    assert state(done) == State.DONE

    undo(done, another, message="two different meters")
    assert state(done) == State.UNDONE


def test_another_organizations_consolidation_is_not_found(done, other_organization):
    theirs = factories.author(other_organization, Role.ADMIN)

    with pytest.raises(undoing.ConsolidationNotFound):
        undoing.undo(organization=other_organization, consolidation_id=done.pk, by=theirs)
    assert state(done) == State.DONE


@pytest.mark.parametrize("whose", [None, "foreign"])
def test_an_invoice_that_was_not_rewritten_is_refused(facility, done, author, whose):
    foreign = factories.invoice(facility=facility).pk if whose else uuid4()

    with pytest.raises(undoing.NotOfTheConsolidation):
        undo(done, author, invoice_ids=[foreign])
    assert state(done) == State.DONE


def change(invoice, author, **changes):
    filing.change(organization=invoice.organization, invoice_id=invoice.pk, by=author, changes=changes)


class TestConflicts:
    """An invoice that is no longer as it was left stands in the way, unless the others are undone without it."""

    def expect(self, done, author, reason, *, then_left):
        before = codes()
        with pytest.raises(undoing.ConflictsFound) as refused:
            undo(done, author)
        assert refused.value.total == 1
        conflict = refused.value.conflicts[0]
        assert conflict.reason == reason
        assert codes() == before

        event = undo(done, author, skip_conflicts=True)
        assert (event.restored_count, event.conflict_count) == (2, 1)
        assert codes() == sorted(then_left)
        assert state(done) == State.PARTLY_UNDONE
        assert list(grouping.differences(organization=done.organization)) == []
        return conflict

    def test_a_code_that_somebody_changed(self, done, author, invoices):
        change(invoices[0], author, cups="ES1")
        self.expect(done, author, undoing.Reason.CHANGED, then_left=["ES1", SHORT, SHORTER])

    def test_a_later_consolidation_which_is_named(self, organization, facility, done, author, invoices):
        factories.invoice(facility=facility, cups="ES2")
        change(invoices[0], author, cups="ES2")
        later = consolidating.consolidate(
            organization=organization, sources=[Source("ES2", facility.pk)], target="ES3", by=author
        )
        conflict = self.expect(done, author, undoing.Reason.CHANGED, then_left=["ES3", "ES3", SHORT, SHORTER])
        assert conflict.later_consolidation_id == later.consolidation.pk

    def test_an_invoice_that_was_deleted(self, organization, done, author, invoices):
        filing.delete(organization=organization, invoice_id=invoices[0].pk, by=author)
        self.expect(done, author, undoing.Reason.DELETED, then_left=[SHORT, SHORTER])

    def test_an_invoice_that_was_moved(self, organization, done, author, invoices):
        change(invoices[0], author, facility=factories.facility(organization=organization))
        self.expect(done, author, undoing.Reason.MOVED, then_left=[RIGHT, SHORT, SHORTER])

    def test_an_invoice_that_datadis_backs_now(self, facility, done, author, invoices):
        change(invoices[0], author, supply_contract=factories.datadis_contract(facility=facility, cups=RIGHT))
        self.expect(done, author, undoing.Reason.LOCKED, then_left=[RIGHT, SHORT, SHORTER])

    def test_what_conflicted_can_be_undone_once_it_no_longer_does(self, facility, done, author, invoices):
        change(invoices[0], author, supply_contract=factories.datadis_contract(facility=facility, cups=RIGHT))
        undo(done, author, skip_conflicts=True)
        change(invoices[0], author, supply_contract=None)

        undo(done, author)

        assert state(done) == State.UNDONE

    def test_nothing_but_conflicts_is_refused_even_when_they_are_to_be_skipped(self, done, author, invoices):
        for invoice in invoices:
            change(invoice, author, cups="ES1")

        with pytest.raises(undoing.ConflictsFound):
            undo(done, author, skip_conflicts=True)
        assert not ConsolidationUndo.objects.exists()

    def test_status_supplier_and_a_locked_target_are_none(self, facility, done, author, invoices):
        change(invoices[0], author, status="review", supplier=factories.supplier())
        contract = factories.datadis_contract(facility=facility, cups=RIGHT)
        factories.invoice(facility=facility, cups=RIGHT, supply_contract=contract)

        assert undo(done, author).restored_count == 3


def test_the_parent_of_a_distributed_invoice_goes_back_with_its_children(organization, facility, author):
    elsewhere = factories.facility(organization=organization)
    parent, _children = factories.distributed(facility, elsewhere, cups=SHORT)
    sources = [Source(SHORT, facility.pk), Source(SHORT, elsewhere.pk)]
    done = consolidating.consolidate(organization=organization, sources=sources, target=RIGHT, by=author)

    event = undo(done.consolidation, author)

    parent.refresh_from_db()
    assert (event.restored_count, parent.cups) == (2, SHORT)
    assert state(done.consolidation) == State.UNDONE


def test_history_is_newest_first_and_the_organizations_own(organization, facility, author, done, other_organization):
    factories.invoice(facility=facility, cups="ES1")
    later = consolidating.consolidate(
        organization=organization, sources=[Source("ES1", facility.pk)], target="ES2", by=author
    )

    assert list(undoing.history(organization=organization)) == [later.consolidation, done]
    assert not undoing.history(organization=other_organization).exists()
