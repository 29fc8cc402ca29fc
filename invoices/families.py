"""An invoice with the parts that it was divided into: as it is, as changes would leave it, held with its groups."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from facilities.models import Organization
from invoices import grouping, resolving
from invoices.grouping import GroupKey
from invoices.models import Invoice

_ATTEMPTS: Final = 10

# What a parent and its children always share.
PASSED_ON: Final = frozenset(
    {
        *("cups", "supplier", "status", "invoice_number", "start_date", "end_date", "unit", "facility_fuel"),
        *("custom_emission_factor", "file_url", "uploaded_by"),
    }
)


class InvoiceNotFound(Exception):
    """No such invoice in this organization."""

    def __init__(self, invoice_id: UUID) -> None:
        super().__init__(f"Invoice with id={invoice_id!r} not found")


def hold(
    organization: Organization, invoice_id: UUID, also: Mapping[str, Any] | None = None
) -> tuple[list[Invoice], set[GroupKey]]:
    """
    Lock an invoice with its children, and every group that they stand in or would stand in after the changes.

    Groups come first, as everywhere; the invoices, and the aliases of a code that is said, are read again once they are
    held, since another writer may have changed them in between. Return them with the keys of all groups that were
    locked on the way, which the caller refreshes: one that was only inserted for that goes again.

    Raise InvoiceNotFound, or grouping.GroupsKeptChanging.
    """
    locked: set[GroupKey] = set()
    for _attempt in range(_ATTEMPTS):
        seen = _family(organization, invoice_id)
        wanted = keys(seen) | keys(filed(seen, also or {}))
        locked |= wanted
        grouping.lock(wanted)
        if "status" in (also or {}) and seen[0].source_invoice_id is not None:
            _hold_whole(seen[0])
        held = _family(organization, invoice_id, held=True)
        if keys(held) == keys(seen) and keys(filed(held, also or {})) <= wanted:
            return held, locked
    raise grouping.GroupsKeptChanging(f"Invoice {invoice_id} kept moving; try again.")


def filed(family: Sequence[Invoice], changes: Mapping[str, Any]) -> list[Invoice]:
    """
    Return copies of the rows as the changes would file them: a code that is said is resolved where it arrives.

    A row that carries the code already keeps it, whatever it stands for by now: that is no change.
    """
    copies = imagined(family, changes)
    if "cups" in changes:
        codes = resolving.codes_of(copies)
        for row, copy, code in zip(family, copies, codes, strict=True):
            copy.cups = row.cups if copy.cups == row.cups else code
    return copies


def imagined(family: Sequence[Invoice], changes: Mapping[str, Any]) -> list[Invoice]:
    """Return copies of the rows as the changes would leave them, to learn which groups they would stand in."""
    copies = []
    for row in family:
        copy = Invoice(
            pk=row.pk,
            organization_id=row.organization_id,
            source_invoice_id=row.source_invoice_id,
            type=row.type,
            is_parent=row.is_parent,
            facility_id=row.facility_id,
            cups=row.cups,
            start_date=row.start_date,
        )
        for name, value in changes.items():
            if row is family[0] or name in PASSED_ON:
                setattr(copy, name, value)
        copies.append(copy)
    return copies


def keys(rows: Sequence[Invoice]) -> set[GroupKey]:
    """Return the groups that these rows stand in."""
    return {key for row in rows if (key := GroupKey.of(row)) is not None}


def _hold_whole(part: Invoice) -> None:
    """Lock the whole that follows its part's status: it is locked before its parts, as by who calculates them."""
    above = Organization.objects.line_of(part.organization_id)
    whole = Invoice.objects.filter(organization__in=above, pk=part.source_invoice_id)
    list(whole.select_for_update(of=("self",), no_key=True).values_list("pk"))


def _family(organization: Organization, invoice_id: UUID, *, held: bool = False) -> list[Invoice]:
    """Return the invoice, then its children in any organization of the tree."""
    rows = Invoice.objects.select_related("supply_contract", "facility")
    rows = rows.select_for_update(of=("self",)) if held else rows
    invoice = rows.filter(organization=organization, pk=invoice_id).first()
    if invoice is None:
        raise InvoiceNotFound(invoice_id)
    if not invoice.is_parent:
        return [invoice]
    below = Organization.objects.tree_of(organization.pk)
    return [invoice, *rows.filter(source_invoice=invoice, organization__in=below).order_by("pk")]
