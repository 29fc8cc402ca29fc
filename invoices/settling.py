"""
Gives invoices the status that follows from their calculation, and a distributed one that of its parts.

Only `loading` and `error` move by it: a status that a person set stays. Rows are locked before they are written, a
parent before its parts and each kind by key, as `filing` locks them; an invoice whose status stays is not locked, so
that jobs of different categories of the same invoices don't wait for each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from facilities.models import Organization
from invoices import grouping
from invoices.emissions import categories, units
from invoices.models import EmissionCategory, Invoice, InvoiceEmission, InvoiceStatus
from invoices.preparing import Prepared

_MOVED: Final = (InvoiceStatus.LOADING, InvoiceStatus.ERROR)
# What follows the parts: all but what a person took out of the books.
_FOLLOWS: Final = (*_MOVED, InvoiceStatus.ACTIVE)
_ORDER: Final = {category.value: place for place, category in enumerate(EmissionCategory)}

# Why each category of an invoice has no figure; nothing where it has one. No entry where it was never calculated.
Errors = Mapping[str, str]


class _Standing(NamedTuple):
    """A status with the sentences that explain it."""

    status: str
    messages: tuple[str, ...]


def status_of_whole(parts: Collection[str]) -> InvoiceStatus | None:
    """Return what its parts make of a distributed invoice: error if any has it, active once all are, else nothing."""
    if InvoiceStatus.ERROR in parts:
        return InvoiceStatus.ERROR
    return InvoiceStatus.ACTIVE if set(parts) == {InvoiceStatus.ACTIVE} else None


def hold(invoices: Collection[Prepared], expected: Mapping[UUID, Errors]) -> None:
    """
    Lock the invoices whose status may move, and their parents, until the transaction ends.

    `expected` is what is about to be written. Call it before any result is locked, which deleting an invoice does last.
    """
    candidates = {invoice.invoice_id: invoice for invoice in invoices if invoice.status in _MOVED}
    if not candidates:
        return
    organization_id = next(iter(candidates.values())).organization_id
    stored = _errors(organization_id, sorted(candidates))
    moving = [
        invoice
        for invoice_id, invoice in candidates.items()
        if invoice.status == InvoiceStatus.LOADING or _may_move(stored[invoice_id], expected[invoice_id])
    ]
    _lock_parents(organization_id, {invoice.parent_id for invoice in moving if invoice.parent_id})
    _lock(organization_id, [invoice.invoice_id for invoice in moving])


def settle(*, organization_id: UUID, invoice_ids: Sequence[UUID]) -> None:
    """Bring the statuses and messages of these invoices, and of their parents, in line with the results that stand."""
    current = _standings(organization_id, invoice_ids)
    errors = _errors(organization_id, sorted(current))
    wanted = {}
    for invoice_id, (needed, parent_id, standing) in current.items():
        settled = _settled(standing, needed, errors[invoice_id])
        if settled != standing:
            wanted[invoice_id] = (settled, parent_id)
    if not wanted:
        return
    _lock(organization_id, sorted(wanted))
    _write(organization_id, {invoice_id: settled for invoice_id, (settled, _parent) in wanted.items()})
    _settle_parents(organization_id, {parent_id for _settled, parent_id in wanted.values() if parent_id})


def hold_loading(*, organization_id: UUID, invoice_ids: Sequence[UUID]) -> list[Invoice]:
    """Lock those of these invoices that wait for their first figures, with their parents, and return them."""
    seen = _loading(organization_id, invoice_ids)
    _lock_parents(organization_id, {invoice.source_invoice_id for invoice in seen if invoice.source_invoice_id})
    _lock(organization_id, [invoice.pk for invoice in seen])
    return _loading(organization_id, [invoice.pk for invoice in seen])


def refuse(invoices: Collection[Invoice], *, organization_id: UUID, sentence: str) -> None:
    """Say of invoices that are held that they have an error, whatever their results say; their parents follow."""
    _write(organization_id, {invoice.pk: _Standing(InvoiceStatus.ERROR, (sentence,)) for invoice in invoices})
    _settle_parents(organization_id, {invoice.source_invoice_id for invoice in invoices if invoice.source_invoice_id})


def _loading(organization_id: UUID, invoice_ids: Sequence[UUID]) -> list[Invoice]:
    own = Invoice.objects.of(organization_id).filter(status=InvoiceStatus.LOADING)
    needed = ("pk", "organization", "source_invoice", "start_date", "end_date")
    return [
        invoice
        for part in grouping.sliced(invoice_ids)
        for invoice in own.filter(pk__in=part).order_by("pk").only(*needed)
    ]


def _may_move(stored: Errors, expected: Errors) -> bool:
    """Tell whether an error comes or goes, or nothing is wrong any more."""
    after = {**stored, **expected}
    return after != stored or not any(after.values())


def _settled(standing: _Standing, needed: Collection[str], errors: Errors) -> _Standing:
    sentences = [errors[category] for category in sorted(errors, key=_ORDER.__getitem__) if errors[category]]
    if sentences:
        return _Standing(InvoiceStatus.ERROR, tuple(dict.fromkeys(sentences)))
    is_complete = errors.keys() >= set(needed)
    return _Standing(InvoiceStatus.ACTIVE, ()) if is_complete else standing


def _standings(
    organization_id: UUID, invoice_ids: Sequence[UUID]
) -> dict[UUID, tuple[Collection[str], UUID | None, _Standing]]:
    """Return the categories that fit, the parent and the status of those whose status a calculation moves."""
    found: dict[UUID, tuple[Collection[str], UUID | None, _Standing]] = {}
    for part in grouping.sliced(invoice_ids):
        rows = Invoice.objects.of(organization_id).filter(pk__in=part, status__in=_MOVED).order_by("pk")
        asked = ("pk", "type", "unit__name", "source_invoice", "status", "error_messages")
        for pk, type_, unit, parent_id, status, messages in rows.values_list(*asked):
            needed = categories.categories_of(type_, unit_type=units.kind_of(unit))
            found[pk] = (needed, parent_id, _Standing(status, tuple(messages)))
    return found


def _errors(organization_id: UUID, invoice_ids: Sequence[UUID]) -> dict[UUID, Errors]:
    found: dict[UUID, dict[str, str]] = {invoice_id: {} for invoice_id in invoice_ids}
    for part in grouping.sliced(invoice_ids):
        rows = InvoiceEmission.objects.filter(organization=organization_id, invoice__in=part)
        for invoice_id, category, error in rows.values_list("invoice", "activity_category", "error"):
            found[invoice_id][category] = error
    return {**found}


def _write(organization_id: UUID, standings: Mapping[UUID, _Standing]) -> None:
    alike: dict[_Standing, list[UUID]] = {}
    for invoice_id, standing in standings.items():
        alike.setdefault(standing, []).append(invoice_id)
    for standing, invoice_ids in alike.items():
        for part in grouping.sliced(invoice_ids):
            # Asked again: a person may have said another status before the lock.
            rows = Invoice.objects.of(organization_id).filter(pk__in=part, status__in=_FOLLOWS)
            rows.update(status=standing.status, error_messages=list(standing.messages))


def _settle_parents(organization_id: UUID, parent_ids: Collection[UUID]) -> None:
    """Give distributed invoices what their parts say: error if any has it, active once all are."""
    by_organization: dict[UUID, dict[UUID, _Standing]] = {}
    for parent in _lock_parents(organization_id, parent_ids):
        standing = _Standing(parent.status, tuple(parent.error_messages))
        by_organization.setdefault(parent.organization_id, {})[parent.pk] = standing
    for owner_id, parents in by_organization.items():
        # Asked once they are held: whoever settled another part before has committed by now.
        parts = _parts(owner_id, parents)
        settled = {pk: _together(standing, parts[pk]) for pk, standing in parents.items()}
        _write(owner_id, {pk: standing for pk, standing in settled.items() if standing != parents[pk]})


def _parts(owner_id: UUID, parent_ids: Iterable[UUID]) -> dict[UUID | None, list[_Standing]]:
    found: dict[UUID | None, list[_Standing]] = {parent_id: [] for parent_id in parent_ids}
    below = Organization.objects.tree_of(owner_id)
    for part in grouping.sliced(list(found)):
        children = Invoice.objects.filter(organization__in=below, source_invoice__in=part).order_by("pk")
        for parent_id, status, messages in children.values_list("source_invoice", "status", "error_messages"):
            found[parent_id].append(_Standing(status, tuple(messages)))
    return found


def _together(own: _Standing, parts: Sequence[_Standing]) -> _Standing:
    status = status_of_whole({part.status for part in parts})
    if status is None:
        return own
    sentences = [message for part in parts for message in part.messages] if status == InvoiceStatus.ERROR else []
    return _Standing(status, tuple(dict.fromkeys(sentences)))


def _lock(organization_id: UUID, invoice_ids: Sequence[UUID]) -> None:
    for part in grouping.sliced(sorted(invoice_ids)):
        rows = Invoice.objects.of(organization_id).filter(pk__in=part).order_by("pk")
        # Its key stays: writers of other rows that point at it need not wait.
        list(rows.select_for_update(of=("self",), no_key=True).values_list("pk"))


def _lock_parents(organization_id: UUID, parent_ids: Collection[UUID]) -> list[Invoice]:
    """Lock and return these parents, of the organization or of those above it, that follow their parts."""
    above = Organization.objects.line_of(organization_id)
    found: list[Invoice] = []
    for part in grouping.sliced(sorted(parent_ids)):
        rows = Invoice.objects.filter(organization__in=above, pk__in=part, status__in=_FOLLOWS).order_by("pk")
        found += rows.select_for_update(of=("self",), no_key=True)
    return found
