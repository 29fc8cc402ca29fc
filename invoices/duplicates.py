"""The one rule of "the same invoice", for every door that takes one in."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from uuid import UUID

from invoices import linking
from invoices.models import Invoice, InvoiceQuerySet


def same_as(rows: Sequence[Invoice]) -> list[UUID]:
    """
    Return the ids of invoices that are in the books and are the same as one of these, sorted.

    The same are two with the same supplier and number; and two of the same type, facility, supply (the first 20
    characters of the code, or no code on either), period and quantity. `rows` is an invoice with its parts, which are
    not the same as each other. A distributed invoice is named by its parent.
    """
    family = {row.pk for row in rows}
    found: set[UUID] = set()
    counted = sorted((row for row in rows if not row.is_parent), key=_organization_id)
    for organization_id, parts in groupby(counted, key=_organization_id):
        others = Invoice.objects.of(organization_id).counted().exclude(pk__in=family)
        found.update(other.source_invoice_id or other.pk for other in _same(list(parts), others))
    return sorted(found)


def _organization_id(row: Invoice) -> UUID:
    return row.organization_id


def _same(parts: Sequence[Invoice], others: InvoiceQuerySet) -> Iterator[Invoice]:
    """Yield the others that are the same as one of the parts, which share all but place, quantity and code."""
    one = parts[0]
    if one.invoice_number and one.supplier_id is not None:
        yield from others.filter(invoice_number=one.invoice_number, supplier=one.supplier_id)
    alike = others.filter(
        facility__in={part.facility_id for part in parts},
        type=one.type,
        start_date=one.start_date,
        end_date=one.end_date,
        unit=one.unit_id,
    )
    billed = {_billed(part) for part in parts}
    yield from (other for other in alike if _billed(other) in billed)


def _billed(row: Invoice) -> tuple[object, ...]:
    return row.facility_id, linking.supply_of(row.cups), row.quantity
