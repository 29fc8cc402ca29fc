"""What an import filed goes again, unless somebody touched it since."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Case, CharField, Exists, OuterRef, QuerySet, Value, When

from facilities.access import Author
from facilities.models import Organization
from invoices import closed_years, families, filing, grouping
from invoices.closed_years import Period
from invoices.importing import content
from invoices.importing.uploading import find
from invoices.models import (
    BACKED_BY_DATADIS,
    ChangeAction,
    ClosingAction,
    ConsolidatedInvoice,
    ImportedInvoice,
    Invoice,
    InvoiceChange,
    InvoiceImport,
    RelocatedInvoice,
)

_LOCKED: Final = "stays_locked"
_CHANGED: Final = "stays_changed"
_CONSOLIDATED: Final = "stays_consolidated"
_MOVED: Final = "stays_moved"
_CLOSED: Final = "stays_closed"
_GONE: Final = "gone"
# Why an invoice stays, as codes of problems.
REASONS: Final = (_LOCKED, _CHANGED, _CONSOLIDATED, _MOVED, _CLOSED)
SHOWN: Final = 100


class Stays(NamedTuple):
    """An invoice that stays, and why."""

    line: int
    invoice_id: UUID
    invoice_number: str
    reason: str


class UndoPlan(NamedTuple):
    """How many invoices would go, how many stay, and the first of those."""

    removed: int
    stays: Sequence[Stays]
    stays_total: int


class Undone(NamedTuple):
    """What became of some lines: how many they were, how many invoices went, and what stays."""

    lines: int
    removed: int
    stays: Sequence[Stays]


def undo_plan(*, organization: Organization, import_id: UUID) -> UndoPlan:
    """Work out what `undo` would remove now, and what would stay. Raise ImportNotFound."""
    row = find(organization=organization, import_id=import_id)
    filed = _with_reasons(row)
    staying = filed.filter(reason__in=REASONS).order_by("line")
    numbers = _numbers(row, list(staying.values_list("invoice_id", flat=True)[:SHOWN]))
    first = [
        Stays(line, pk, numbers.get(pk, ""), reason)
        for line, pk, reason in staying.values_list("line", "invoice_id", "reason")[:SHOWN]
    ]
    return UndoPlan(filed.filter(reason="").count(), first, staying.count())


def check_years(row: InvoiceImport) -> None:
    """Raise closed_years.PeriodClosed if an invoice that would go has days in a closed year."""
    going = _with_reasons(row).filter(reason="").values("invoice_id")
    words = closed_years.last_words(organization_id=row.organization_id)
    own = Invoice.objects.of(row.organization_id).filter(pk__in=going)
    for year in sorted(year for year, word in words.items() if word.action == ClosingAction.CLOSED):
        days = own.filter(start_date__year__lte=year, end_date__year__gte=year).first()
        if days is not None:
            closed_years.check([Period.of(days)])


def filed_count(row: InvoiceImport) -> int:
    """Return how many rows of an import are written down as filed."""
    return _filed(row).count()


def count_in(row: InvoiceImport, first: int, last: int) -> int:
    return _filed(row).filter(line__range=(first, last)).count()


def lines_of(row: InvoiceImport) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line of every 5,000 rows that were filed."""
    last = 0
    while lines := list(
        _filed(row).filter(line__gt=last).order_by("line").values_list("line", flat=True)[: content.BATCH]
    ):
        last = lines[-1]
        yield lines[0], last


def remove(row: InvoiceImport, first: int, last: int, *, by: Author) -> Undone:
    """
    Delete what was filed of these lines and nobody touched, in the caller's transaction; its content stays in the log.

    Raise grouping.GroupsKeptChanging where an invoice moved while its group was being locked.
    """
    organization_id = row.organization_id
    own = Invoice.objects.of(organization_id).select_related("supply_contract", "facility")
    lines = list(_filed(row).filter(line__range=(first, last)).order_by("line"))
    ids = [line.invoice_id for line in lines]
    keys = families.keys([each for part in grouping.sliced(ids) for each in own.filter(pk__in=part)])
    grouping.lock(keys)
    held = {
        each.pk: each
        for part in grouping.sliced(ids)
        for each in own.filter(pk__in=part).order_by("pk").select_for_update(of=("self",))
    }
    if not families.keys(list(held.values())) <= keys:
        raise grouping.GroupsKeptChanging("An invoice moved at this moment; try again.")
    reasons = dict(
        _with_reasons(row).filter(line__range=(first, last)).exclude(reason="").values_list("invoice_id", "reason")
    )
    closed = closed_years.closed_among({pk: Period.of(each) for pk, each in held.items() if pk not in reasons})
    reasons |= dict.fromkeys(closed, _CLOSED)
    going = [each for pk, each in held.items() if pk not in reasons]
    filing.delete_rows(going, held=keys, by=by)
    gone = [line.pk for line in lines if reasons.get(line.invoice_id, _GONE) == _GONE]
    for part in grouping.sliced(gone):
        ImportedInvoice.objects.filter(organization=organization_id, pk__in=part).delete()
    stays = [
        Stays(line.line, line.invoice_id, held[line.invoice_id].invoice_number, reasons[line.invoice_id])
        for line in lines
        if reasons.get(line.invoice_id, _GONE) != _GONE
    ]
    return Undone(len(lines), len(going), stays)


def _filed(row: InvoiceImport) -> QuerySet[ImportedInvoice]:
    return ImportedInvoice.objects.filter(organization=row.organization_id, invoice_import=row)


def _with_reasons(row: InvoiceImport) -> QuerySet[Any]:
    """Return what an import filed with `reason`: why it stays, "gone" where there is no invoice any more, or ""."""
    named = {"organization": row.organization_id, "invoice_id": OuterRef("invoice_id")}
    invoice = Invoice.objects.of(row.organization_id).filter(pk=OuterRef("invoice_id"))
    return _filed(row).annotate(
        reason=Case(
            When(~Exists(invoice), then=Value(_GONE)),
            When(Exists(invoice.filter(BACKED_BY_DATADIS)), then=Value(_LOCKED)),
            When(Exists(InvoiceChange.objects.filter(**named, action=ChangeAction.CHANGED)), then=Value(_CHANGED)),
            When(Exists(ConsolidatedInvoice.objects.filter(**named, undone=None)), then=Value(_CONSOLIDATED)),
            When(Exists(RelocatedInvoice.objects.filter(**named, relocation__undo=None)), then=Value(_MOVED)),
            default=Value(""),
            output_field=CharField(),
        )
    )


def _numbers(row: InvoiceImport, ids: Sequence[UUID]) -> dict[UUID, str]:
    own = Invoice.objects.of(row.organization_id).filter(pk__in=ids)
    return dict(own.values_list("pk", "invoice_number"))
