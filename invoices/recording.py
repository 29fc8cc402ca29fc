"""The log of who filed, changed and deleted an invoice: what it was and what it became, as text."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import models

from facilities.access import Author
from invoices.models import ChangeAction, Invoice, InvoiceChange

_A_STATEMENT: Final = 1_000


def filed(rows: Iterable[Invoice], by: Author) -> None:
    """Write down that these invoices are new, with all that they say."""
    entries = [_entry(row, ChangeAction.CREATED, {}, _content(row), by) for row in rows]
    InvoiceChange.objects.bulk_create(entries, batch_size=_A_STATEMENT)


def changed(row: Invoice, changes: Mapping[str, Any], by: Author) -> None:
    """Write down what is about to become of some fields of an invoice."""
    _change(row, changes, by).save(force_insert=True)


def all_changed(changes_of: Iterable[tuple[Invoice, Mapping[str, Any]]], by: Author) -> None:
    """Write down the same of many invoices at once."""
    InvoiceChange.objects.bulk_create([_change(row, changes, by) for row, changes in changes_of], batch_size=500)


def deleted(rows: Iterable[Invoice], by: Author) -> None:
    """Write down all that these invoices said, which are about to go."""
    entries = [_entry(row, ChangeAction.DELETED, _content(row), {}, by) for row in rows]
    InvoiceChange.objects.bulk_create(entries, batch_size=_A_STATEMENT)


def _change(row: Invoice, changes: Mapping[str, Any], by: Author) -> InvoiceChange:
    before = {name: _text(getattr(row, name)) for name in changes}
    after = {name: _text(value) for name, value in changes.items()}
    return _entry(row, ChangeAction.CHANGED, before, after, by)


def _entry(
    row: Invoice, action: ChangeAction, before: Mapping[str, Any], after: Mapping[str, Any], by: Author
) -> InvoiceChange:
    return InvoiceChange(
        organization_id=row.organization_id,
        action=action,
        invoice_id=row.pk,
        invoice_number=row.invoice_number,
        before=before,
        after=after,
        **by.recorded(),
    )


def _content(row: Invoice) -> dict[str, Any]:
    return {field.attname: _text(field.value_from_object(row)) for field in row._meta.concrete_fields}


def _text(value: object) -> object:
    """Return a value as the log keeps it: text, a number of no decimals, a list, or null."""
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value
