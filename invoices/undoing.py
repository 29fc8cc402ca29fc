"""Take back what a consolidation did: all of it, or some invoices, and the rest later."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from facilities.access import Author
from facilities.keys import new_id
from facilities.models import Organization
from invoices import aliasing, grouping, rewriting
from invoices.grouping import GroupKey
from invoices.models import (
    BACKED_BY_DATADIS,
    ConsolidatedInvoice,
    Consolidation,
    ConsolidationUndo,
    Invoice,
    State,
    WithUndos,
)

SHOWN_CONFLICTS = 100


class Reason(StrEnum):
    """Why an invoice can't be put back."""

    DELETED = "deleted"
    MOVED = "moved"
    CHANGED = "changed"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One invoice that is no longer as the consolidation left it."""

    rewritten: ConsolidatedInvoice
    reason: Reason
    cups: str
    later_consolidation_id: UUID | None


class ConsolidationNotFound(Exception):
    """No such consolidation in this organization."""

    def __init__(self, consolidation_id: UUID) -> None:
        super().__init__(f"Consolidation with id={consolidation_id!r} not found")


class BatchNotFound(Exception):
    """Nothing was accepted under this batch in this organization."""

    def __init__(self, batch_id: UUID) -> None:
        super().__init__(f"Batch with id={batch_id!r} not found")


class ConflictsFound(Exception):
    """Some invoices can't be put back. Carries the first of them and how many there are."""

    def __init__(self, conflicts: Sequence[Conflict], total: int) -> None:
        self.conflicts, self.total = conflicts, total
        super().__init__(f"{total} of the invoices have changed since; skip them to undo the others")


class AlreadyUndone(Exception):
    """Nothing of the consolidation is left to undo."""


class MessageRequired(Exception):
    """Undoing another person's work needs a message."""


class NotOfTheConsolidation(Exception):
    """Some of the invoices named were not rewritten by this consolidation."""

    def __init__(self, invoice_ids: Collection[UUID]) -> None:
        self.invoice_ids = sorted(invoice_ids)
        super().__init__(f"Invoice {self.invoice_ids[0]} was not rewritten by this consolidation")


@transaction.atomic
def undo(
    *,
    organization: Organization,
    consolidation_id: UUID,
    by: Author,
    invoice_ids: Collection[UUID] | None = None,
    skip_conflicts: bool = False,
    message: str = "",
    remove_aliases: bool = False,
) -> ConsolidationUndo:
    """
    Give the invoices of a consolidation the codes that they had, and record it as an event of its own.

    `invoice_ids` undoes only those. With `skip_conflicts` the invoices that have changed since stay as they are, and
    can be undone later. With `remove_aliases` the codes that the consolidation made aliases stand for themselves again,
    or for what they stood for before.

    Raise ConsolidationNotFound, MessageRequired, NotOfTheConsolidation, AlreadyUndone or ConflictsFound, each with
    nothing changed.
    """
    done = find(organization=organization, consolidation_id=consolidation_id)
    if done.by_id != by.user.pk and not message.strip():
        raise MessageRequired("Undoing what another person did needs a message that says why")

    locked = grouping.lock(_keys(done, remove_aliases=remove_aliases))
    wanted = _wanted(done, invoice_ids)
    conflicting = conflicts_among(done, wanted)
    conflict_count = conflicting.count()
    restorable = wanted.filter(_is_as_left(done))
    if conflict_count and not (skip_conflicts and restorable.exists()):
        raise ConflictsFound(describe(done, conflicting), conflict_count)

    undo_id = new_id()
    restored = rewriting.restore(restorable, organization_id=organization.pk, consolidation=done, undo_id=undo_id)
    if remove_aliases:
        aliasing.remove_of(consolidation=done, by=by)
    grouping.refresh(grouping.key_of(group) for group in locked)
    return ConsolidationUndo.objects.create(
        id=undo_id,
        organization=organization,
        consolidation=done,
        restored_count=restored,
        conflict_count=conflict_count,
        message=message.strip(),
        **by.recorded(),
    )


@transaction.atomic
def undo_batch(
    *,
    organization: Organization,
    batch_id: UUID,
    by: Author,
    skip_conflicts: bool = False,
    message: str = "",
    remove_aliases: bool = False,
) -> list[ConsolidationUndo]:
    """
    Undo what is left of all consolidations that were accepted at once, and record each as `undo` does.

    With `skip_conflicts` what has changed since stays as it is.

    Raise BatchNotFound, MessageRequired, AlreadyUndone or ConflictsFound (of all), each with nothing changed.
    """
    batch = history(organization=organization).filter(batch_id=batch_id)
    if not batch:
        raise BatchNotFound(batch_id)

    grouping.lock(key for done in batch for key in _keys(done, remove_aliases=remove_aliases))
    # Read anew: some may have been undone while the groups were waited for.
    left = [done for done in batch.all() if state_of(done) != State.UNDONE]
    if not left:
        raise AlreadyUndone("Everything that was accepted at once is undone already")
    undone: list[ConsolidationUndo] = []
    conflicts, total = list[Conflict](), 0
    for done in left:
        try:
            undone.append(
                undo(
                    organization=organization,
                    consolidation_id=done.pk,
                    by=by,
                    skip_conflicts=skip_conflicts,
                    message=message,
                    remove_aliases=remove_aliases,
                )
            )
        except ConflictsFound as refusal:
            conflicts, total = [*conflicts, *refusal.conflicts], total + refusal.total
    if conflicts and not (skip_conflicts and undone):
        raise ConflictsFound(conflicts[:SHOWN_CONFLICTS], total)
    return undone


def find(*, organization: Organization, consolidation_id: UUID) -> WithUndos:
    """Return a consolidation with what was undone of it; raise ConsolidationNotFound."""
    found = history(organization=organization).filter(pk=consolidation_id).first()
    if found is None:
        raise ConsolidationNotFound(consolidation_id)
    return found


def history(*, organization: Organization) -> QuerySet[WithUndos, WithUndos]:
    """Return the organization's consolidations, newest first, each with what was undone of it."""
    done = Consolidation.objects.with_undos().filter(organization=organization).select_related("by", "on_behalf_of")
    return done.order_by("-created_at", "-pk")


def state_of(done: WithUndos) -> State:
    """Return how much of a consolidation (as `find` or `history` give it) still stands."""
    if not done.restored_count:
        return State.DONE
    return State.UNDONE if done.restored_count >= done.updated_count else State.PARTLY_UNDONE


def outstanding(done: Consolidation) -> QuerySet[ConsolidatedInvoice]:
    """Return the rewritten invoices that were not put back yet, parents of distributed ones left out."""
    return ConsolidatedInvoice.objects.filter(
        organization_id=done.organization_id, consolidation=done, is_parent=False, undone=None
    )


def conflicts_among(done: Consolidation, rewritten: QuerySet[ConsolidatedInvoice]) -> QuerySet[ConsolidatedInvoice]:
    """Keep the rewritten invoices that are no longer as the consolidation left them."""
    return rewritten.filter(~_is_as_left(done))


def describe(done: Consolidation, conflicting: QuerySet[ConsolidatedInvoice]) -> list[Conflict]:
    """Say of the first conflicts why each is one, and which later consolidation made it so, if one did."""
    rows = list(conflicting.order_by("pk")[:SHOWN_CONFLICTS])
    ids = [row.invoice_id for row in rows]
    present = {
        invoice.pk: invoice
        for invoice in Invoice.objects.of(done.organization_id).filter(pk__in=ids).select_related("supply_contract")
    }
    later = dict(
        ConsolidatedInvoice.objects.filter(organization_id=done.organization_id, invoice_id__in=ids, undone=None)
        .exclude(consolidation=done)
        .filter(consolidation__created_at__gte=done.created_at)
        .order_by("consolidation__created_at")
        .values_list("invoice_id", "consolidation_id")
    )
    return [_describe(done, row, present.get(row.invoice_id), later.get(row.invoice_id)) for row in rows]


def _is_as_left(done: Consolidation) -> Exists:
    as_left = Invoice.objects.of(done.organization_id).filter(
        ~Q(BACKED_BY_DATADIS),
        pk=OuterRef("invoice_id"),
        facility_id=OuterRef("facility_id"),
        cups=done.target_cups,
    )
    return Exists(as_left)


def _describe(done: Consolidation, row: ConsolidatedInvoice, invoice: Invoice | None, later: UUID | None) -> Conflict:
    if invoice is None:
        return Conflict(row, Reason.DELETED, "", None)
    if invoice.facility_id != row.facility_id:
        return Conflict(row, Reason.MOVED, invoice.cups, None)
    if invoice.cups != done.target_cups:
        return Conflict(row, Reason.CHANGED, invoice.cups, later)
    return Conflict(row, Reason.LOCKED, invoice.cups, None)


def _keys(done: Consolidation, *, remove_aliases: bool) -> set[GroupKey]:
    """Return every group that undoing may touch: where the invoices stand now, and where they would go back to."""
    aliased = aliasing.keys_of(done) if remove_aliases else set()
    places = outstanding(done).values_list("facility_id", "previous_cups").distinct()
    return aliased | {
        GroupKey(done.organization_id, facility_id, cups)
        for facility_id, previous_cups in places
        for cups in (previous_cups, done.target_cups)
        if cups and facility_id
    }


def _wanted(done: Consolidation, invoice_ids: Collection[UUID] | None) -> QuerySet[ConsolidatedInvoice]:
    left = outstanding(done)
    if invoice_ids is not None:
        ids = set(invoice_ids)
        rewritten = ConsolidatedInvoice.objects.filter(
            organization_id=done.organization_id, consolidation=done, is_parent=False, invoice_id__in=ids
        )
        if foreign := ids - set(rewritten.values_list("invoice_id", flat=True)):
            raise NotOfTheConsolidation(foreign)
        left = left.filter(invoice_id__in=ids)
    if not left.exists():
        raise AlreadyUndone("Everything that was asked for is undone already")
    return left
