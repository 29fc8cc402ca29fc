"""
Reads what an archive of a year holds: every invoice with a day in it, and all that was calculated of it and done to it.

The invoices come in slices by their ids, so that memory does not grow with them. Those that were deleted since come
after them, with what is left: their results, and the log, which has their whole content.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from facilities.models import Organization, StoredFile
from invoices.evidence import rows
from invoices.evidence.gaps import Gaps
from invoices.evidence.packing import Folder
from invoices.evidence.used import Used
from invoices.models import (
    ChangeAction,
    ConsolidatedInvoice,
    Invoice,
    InvoiceChange,
    InvoiceEmission,
    InvoiceEmissionHistory,
    UndoneInvoice,
    YearClosing,
)

_SLICE: Final = 500
_WITH_INVOICES: Final = (
    *("facility", "supplier", "unit", "original_unit", "facility_fuel", "custom_emission_factor", "supply_contract"),
    "uploaded_by",
)
_WHO: Final = ("by", "on_behalf_of", "api_key")


@dataclass
class Gathering:
    """The files of one archive while they are written. `gather` fills all of them."""

    folder: Folder
    organization: Organization
    year: int
    invoice_count: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.first, self.last = date(self.year, 1, 1), date(self.year, 12, 31)
        sheet = self.folder.sheet
        self._invoices = sheet("invoices.csv", rows.INVOICES)
        self._figures = sheet("figures.csv", rows.FIGURES)
        self._results = sheet("results.csv", rows.RESULTS)
        self._history = sheet("history.csv", rows.HISTORY)
        self._consolidations = sheet("consolidations.csv", rows.CONSOLIDATIONS)
        self._undos = sheet("undos.csv", rows.UNDOS)
        self._changes = sheet("changes.csv", rows.CHANGES)
        self._closings = sheet("closings.csv", rows.CLOSINGS)
        self.used = Used()
        self._gaps = Gaps(self.organization, self.first, self.last)

    def gather(self, *, go_on: Callable[[], None]) -> None:
        """Fill the files; call `go_on` before each slice."""
        for invoices in self._slices():
            go_on()
            self._add_invoices(invoices)
            self._add_what_was_done([invoice.pk for invoice in invoices])
        for invoice_ids in self._deleted():
            go_on()
            self._add_what_was_done(invoice_ids)
        own = YearClosing.objects.filter(organization=self.organization, year=self.year).select_related(*_WHO)
        for event in own.order_by("created_at", "pk"):
            self._closings.add(*rows.of_closing(event))
        self._gaps.write(self.folder.sheet("gaps.csv", rows.GAPS))
        self.used.write_sources(self.folder.sheet("sources.csv", rows.SOURCES))
        self.used.write_factors(self.folder.sheet("factors.csv", rows.FACTORS))

    def _slices(self) -> Iterator[list[Invoice]]:
        found = Invoice.objects.of(self.organization.pk).counted()
        found = found.filter(start_date__lte=self.last, end_date__gte=self.first).select_related(*_WITH_INVOICES)
        part = list(found.order_by("pk")[:_SLICE])
        while part:
            yield part
            part = list(found.filter(pk__gt=part[-1].pk).order_by("pk")[:_SLICE])

    def _deleted(self) -> Iterator[list[UUID]]:
        """Yield the ids of invoices that had a day in the year when they were deleted."""
        log = InvoiceChange.objects.filter(organization=self.organization, action=ChangeAction.DELETED).order_by("pk")
        # No cursor stays open: on SQLite its connection could not write while others do.
        part = list(log[:_SLICE])
        while part:
            yield [change.invoice_id for change in part if self._is_of_the_year(change)]
            part = list(log.filter(pk__gt=part[-1].pk)[:_SLICE])

    def _is_of_the_year(self, deleted: InvoiceChange) -> bool:
        # The log keeps days as text, which sorts as they do.
        is_inside = deleted.before["start_date"] <= str(self.last) and deleted.before["end_date"] >= str(self.first)
        return is_inside and not deleted.before["is_parent"]

    def _add_invoices(self, invoices: Sequence[Invoice]) -> None:
        digests = self._digests(invoices)
        for invoice in invoices:
            row = rows.of_invoice(invoice, first=self.first, last=self.last, digests=digests)
            self._invoices.add(*row)
            self._gaps.add(invoice)
        self.invoice_count += len(invoices)

    def _digests(self, invoices: Sequence[Invoice]) -> dict[UUID, str]:
        # The file of a bill that is distributed is kept by whoever filed it, which may be an organization above.
        line = Organization.objects.line_of(self.organization.pk)
        files = StoredFile.objects.filter(organization__in=line, pk__in={invoice.file_id for invoice in invoices})
        return dict(files.values_list("pk", "sha256"))

    def _add_what_was_done(self, invoice_ids: Sequence[UUID]) -> None:
        own: dict[str, Any] = {"organization": self.organization, "invoice_id__in": invoice_ids}
        for result in InvoiceEmission.objects.filter(**own).select_related("factor_set").order_by("invoice_id", "pk"):
            self._add_result(result)
        replaced = InvoiceEmissionHistory.objects.filter(**own).select_related("factor_set")
        for old in replaced.order_by("invoice_id", "replaced_at", "pk"):
            self._history.add(*rows.of_replaced(old))
            self.used.note(old.factor_set, old.trace)
        log = InvoiceChange.objects.filter(**own).select_related(*_WHO)
        for change in log.order_by("invoice_id", "created_at", "pk"):
            self._changes.add(*rows.of_change(change))
        self._add_codes(own)

    def _add_result(self, result: InvoiceEmission) -> None:
        self._figures.add(*rows.of_figure(result, result.invoice_id))
        for row in rows.of_lines(result):
            self._results.add(*row)
        self.used.note(result.factor_set, result.trace)

    def _add_codes(self, own: dict[str, Any]) -> None:
        who = [f"consolidation__{name}" for name in _WHO]
        rewritten = ConsolidatedInvoice.objects.filter(**own, is_parent=False).select_related(*who)
        for row in rewritten.order_by("pk"):
            self._consolidations.add(*rows.of_consolidated(row))
        undone = UndoneInvoice.objects.filter(
            organization=self.organization, consolidated_invoice__in=rewritten.values("pk")
        )
        for put_back in undone.select_related("consolidated_invoice", *(f"undo__{name}" for name in _WHO)).order_by(
            "pk"
        ):
            self._undos.add(*rows.of_undone(put_back))
