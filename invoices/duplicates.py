"""The one rule of "the same invoice", for every door that takes one in."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import UUIDField

from invoices import linking
from invoices.models import Invoice, InvoiceQuerySet

# Four parameters a row: far below what one statement takes on SQLite.
_AT_ONCE: Final = 1_000

Key = tuple[object, ...]
_Value = TypeVar("_Value")


def same_as(rows: Sequence[Invoice]) -> list[UUID]:
    """
    Return the ids of invoices that are in the books and are the same as one of these, sorted.

    The same are two with the same supplier and number; and two of the same type, facility, supply (the first 20
    characters of the code, or no code on either), period and quantity. `rows` is an invoice with its parts, which are
    not the same as each other. A distributed invoice is named by its parent.
    """
    counted = sorted((row for row in rows if not row.is_parent), key=_organization_id)
    found: set[UUID] = set()
    for organization_id, parts in groupby(counted, key=_organization_id):
        own = list(parts)
        for others in found_for(organization_id=organization_id, rows=own).values():
            found.update(others)
    return sorted(found - {row.pk for row in rows})


def found_for(*, organization_id: UUID, rows: Sequence[Invoice]) -> dict[UUID, list[UUID]]:
    """
    Return, by the key of a row, the invoices in the organization's books that are the same as it, in a few statements.

    `rows` are thousands of singles or parts of the organization, in the books or not; none is the same as itself.
    """
    by_key: dict[Key, list[UUID]] = {}
    for row in rows:
        for key in keys_of(row):
            by_key.setdefault(key, []).append(row.pk)
    found: dict[UUID, dict[UUID, None]] = {}
    for other in _near(organization_id, rows):
        for key in keys_of(other):
            for pk in by_key.get(key, ()):
                if pk != other.pk:
                    found.setdefault(pk, {})[other.source_invoice_id or other.pk] = None
    return {pk: list(others) for pk, others in found.items()}


def keys_of(row: Invoice) -> Iterator[Key]:
    """Yield what makes an invoice the same as another of its organization: two that share one of these are the same."""
    if row.invoice_number and row.supplier_id is not None:
        yield "number", row.supplier_id, row.invoice_number
    yield (
        *("billed", row.type, row.facility_id, linking.supply_of(row.cups)),
        *(row.start_date, row.end_date, row.unit_id, row.quantity),
    )


def _organization_id(row: Invoice) -> UUID:
    return row.organization_id


def _near(organization_id: UUID, rows: Sequence[Invoice]) -> Iterator[Invoice]:
    """Yield at least the invoices in the books that are the same as one of the rows, some of them twice."""
    counted = Invoice.objects.of(organization_id).counted()
    numbers = sorted({row.invoice_number for row in rows if row.invoice_number and row.supplier_id is not None})
    for part in _sliced(numbers):
        yield from _compared(counted.filter(invoice_number__in=part))
    billed = sorted({(row.facility_id, row.start_date, row.end_date, row.quantity) for row in rows})
    for keys in _sliced(billed):
        yield from _compared(counted.filter(pk__in=list(_billed(organization_id, keys))))


def _billed(organization_id: UUID, wanted: Sequence[Key]) -> Iterator[UUID]:
    """Yield the invoices of these facilities, periods and quantities, by their index: a lookup for each, not a scan."""
    values = ", ".join(["(%s, %s, %s, %s)"] * len(wanted))
    statement = f"""
        WITH wanted (facility_id, start_date, end_date, quantity) AS (VALUES {values})
        SELECT invoice.id FROM wanted JOIN invoices_invoice invoice
            ON invoice.facility_id = wanted.facility_id AND invoice.start_date = wanted.start_date
            AND invoice.end_date = wanted.end_date AND invoice.quantity = wanted.quantity
        WHERE invoice.organization_id = %s AND NOT invoice.is_parent
    """  # noqa: S608 (placeholders alone)
    key = UUIDField()
    with connection.cursor() as cursor:
        cursor.execute(statement, [*_adapted(wanted), key.get_db_prep_value(organization_id, connection)])
        for (pk,) in cursor.fetchall():
            yield key.to_python(pk)


def _adapted(wanted: Iterable[Key]) -> Iterator[Any]:
    names = ("facility", "start_date", "end_date", "quantity")
    fields: list[Any] = [Invoice._meta.get_field(name) for name in names]
    for row in wanted:
        for field, value in zip(fields, row, strict=True):
            yield field.get_db_prep_value(value, connection)


def _compared(found: InvoiceQuerySet) -> Iterator[Invoice]:
    """Yield invoices with what is compared, and no more."""
    yield from found.only(
        *("pk", "organization", "type", "invoice_number", "supplier", "facility", "cups", "start_date", "end_date"),
        *("unit", "quantity", "source_invoice", "is_parent"),
    ).iterator(chunk_size=_AT_ONCE)


def _sliced(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
