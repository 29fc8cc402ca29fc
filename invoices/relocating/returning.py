"""The moves that were made, and taking one back."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from facilities.access import Author
from facilities.models import Organization, SupplyContract
from invoices import closed_years, grouping, undoing
from invoices.closed_years import Period
from invoices.grouping import GroupKey
from invoices.models import Invoice, ProcessingJob, RelocatedInvoice, Relocation, RelocationUndo
from invoices.relocating import placing
from invoices.relocating.placing import Wish

SHOWN_CONFLICTS: Final = 100


class Reason(StrEnum):
    """Why an invoice stays where it is when a move is taken back."""

    DELETED = "deleted"
    MOVED = "moved"
    CHANGED = "changed"
    LOCKED = "locked"


class Conflict(NamedTuple):
    """One moved invoice that is no longer as the move left it."""

    moved: RelocatedInvoice
    reason: Reason


class Undone(NamedTuple):
    """What was moved back, and the job that calculates it anew."""

    undo: RelocationUndo
    job: ProcessingJob


class RelocationNotFound(Exception):
    """No such move in this organization."""

    def __init__(self, relocation_id: UUID) -> None:
        super().__init__(f"Relocation with id={relocation_id!r} not found")


class AlreadyUndone(Exception):
    """The move was taken back already."""


class NothingToMoveBack(Exception):
    """Every invoice of the move has changed since."""


def history(*, organization: Organization) -> QuerySet[Relocation]:
    """Return the organization's moves, newest first, each with its undo."""
    moves = Relocation.objects.filter(organization=organization)
    everybody = ("by", "on_behalf_of", "api_key", "undo__by", "undo__on_behalf_of", "undo__api_key")
    return moves.select_related("from_facility", "to_facility", *everybody).order_by("-created_at", "-pk")


def find(*, organization: Organization, relocation_id: UUID) -> Relocation:
    """Return a move; raise RelocationNotFound."""
    found = history(organization=organization).filter(pk=relocation_id).first()
    if found is None:
        raise RelocationNotFound(relocation_id)
    return found


def is_undone(relocation: Relocation) -> bool:
    """Tell whether a move, as `find` and `history` give it, was taken back."""
    return hasattr(relocation, "undo")


def conflicts_of(relocation: Relocation) -> list[Conflict]:
    """Say of the first invoices that would stay, if the move were taken back, why."""
    rows = list(_staying(relocation).order_by("start_date", "pk")[:SHOWN_CONFLICTS])
    present = {
        invoice.pk: invoice
        for invoice in Invoice.objects.of(relocation.organization_id).filter(pk__in=[row.invoice_id for row in rows])
    }
    return [Conflict(row, _reason(relocation, present.get(row.invoice_id))) for row in rows]


def conflict_count(relocation: Relocation) -> int:
    """Return how many invoices would stay, if the move were taken back."""
    return _staying(relocation).count()


@transaction.atomic
def undo(*, organization: Organization, relocation_id: UUID, by: Author, message: str = "") -> Undone:
    """
    Move the invoices back to where they were and to the contracts that they had, and record it.

    What has changed since stays where it is: deleted, moved on, given another code, or backed by Datadis. A contract
    that is gone is replaced by the one that fits.

    Raise RelocationNotFound, undoing.MessageRequired, AlreadyUndone, NothingToMoveBack or closed_years.PeriodClosed,
    each with nothing changed.
    """
    relocation = find(organization=organization, relocation_id=relocation_id)
    if relocation.by_id != by.user.pk and not message.strip():
        raise undoing.MessageRequired("Undoing what another person did needs a message that says why")
    keys = placing.keys(organization, Wish(relocation.cups, relocation.from_facility_id, relocation.to_facility_id))
    grouping.lock(keys)
    if RelocationUndo.objects.filter(organization=organization, relocation=relocation).exists():
        raise AlreadyUndone("This move was taken back already")
    invoices = list(_as_left(relocation).order_by("start_date", "pk").select_for_update(of=("self",)))
    if not invoices:
        raise NothingToMoveBack("Every invoice of this move was changed, moved or deleted since")
    closed_years.check(map(Period.of, invoices))

    placing.write(invoices, relocation.from_facility, _previous(relocation, invoices), by)
    grouping.refresh(keys)
    done = RelocationUndo.objects.create(
        organization=organization,
        relocation=relocation,
        restored_count=len(invoices),
        conflict_count=relocation.moved_count - len(invoices),
        message=message.strip(),
        **by.recorded(),
    )
    return Undone(done, placing.recalculate(organization, invoices, by))


def _previous(relocation: Relocation, invoices: Sequence[Invoice]) -> dict[UUID, SupplyContract]:
    """Return by invoice the contract that it had before the move; where that one is gone, the one that it fits."""
    had = dict(_moved(relocation).exclude(previous_contract_id=None).values_list("invoice_id", "previous_contract_id"))
    own = SupplyContract.objects.filter(organization=relocation.organization_id, facility=relocation.from_facility_id)
    present = {contract.pk: contract for contract in own}
    linked = [(row, contract_id) for row in invoices if (contract_id := had.get(row.pk)) is not None]
    orphaned = [row for row, contract_id in linked if contract_id not in present]
    still = {row.pk: present[contract_id] for row, contract_id in linked if contract_id in present}
    return still | placing.fitting(orphaned, relocation.from_facility)


def _moved(relocation: Relocation) -> QuerySet[RelocatedInvoice]:
    return RelocatedInvoice.objects.filter(organization=relocation.organization_id, relocation=relocation)


def _as_left(relocation: Relocation) -> QuerySet[Invoice]:
    """Return the moved invoices that stand as the move left them, and were not moved again since for good."""
    later = RelocatedInvoice.objects.filter(
        organization=relocation.organization_id,
        invoice_id=OuterRef("pk"),
        relocation__created_at__gt=relocation.created_at,
        relocation__undo=None,
    )
    standing = Invoice.objects.of(relocation.organization_id).grouped().rewritable()
    return standing.filter(
        ~Exists(later),
        pk__in=_moved(relocation).values("invoice_id"),
        facility=relocation.to_facility_id,
        cups=relocation.cups,
    ).select_related("facility", "supply_contract")


def _staying(relocation: Relocation) -> QuerySet[RelocatedInvoice]:
    return _moved(relocation).filter(~Exists(_as_left(relocation).filter(pk=OuterRef("invoice_id"))))


def _reason(relocation: Relocation, invoice: Invoice | None) -> Reason:
    if invoice is None:
        return Reason.DELETED
    if invoice.facility_id != relocation.to_facility_id:
        return Reason.MOVED
    if invoice.cups != relocation.cups or not GroupKey.of(invoice):
        return Reason.CHANGED
    backed = Invoice.objects.of(relocation.organization_id).filter(pk=invoice.pk).rewritable()
    return Reason.MOVED if backed.exists() else Reason.LOCKED
