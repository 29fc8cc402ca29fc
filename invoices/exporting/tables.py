"""
The rows of each file, read while they are written: memory holds a slice of them.

On PostgreSQL a cursor of the server keeps them as they were when it was opened, outside of any transaction; on SQLite
a reader stops no writer. What is looked up for a slice is as it is then.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from facilities.models import Facility, Organization
from invoices import suggesting, undoing
from invoices.exporting import columns
from invoices.exporting.columns import Column
from invoices.matching import Suggestion
from invoices.models import (
    HEADLINES,
    ConsolidatedInvoice,
    CupsAlias,
    CupsGroup,
    EmissionCategory,
    Invoice,
    InvoiceEmission,
    WithUndos,
)
from invoices.tabular import Row

_SLICE: Final = 1_000
# Their evidence is read for so many at once.
_SUGGESTIONS_AT_ONCE: Final = 200
_SHOWN: Final = (*HEADLINES, EmissionCategory.ENERGY)

Listed = TypeVar("Listed")


@dataclass(frozen=True, slots=True)
class Table:
    """
    What stands in a file: days, moments, numbers, codes. Its rows are read as they are iterated, once.

    `count` counts what is listed; of consolidations and suggestions each may be several rows.
    """

    title: str | Promise
    columns: Sequence[Column]
    rows: Iterator[Row]
    count: Callable[[], int]


def groups(found: QuerySet[CupsGroup]) -> Table:
    """Return the groups that `listing` gives, in its order."""
    locked = [column.name for column in columns.GROUPS].index("locked_count")
    rows = ((*row, row[locked] > 0) for row in _streamed(_values(found, columns.GROUPS)))
    return Table(_("groups"), columns.GROUPS, rows, found.count)


def invoices(found: QuerySet[Invoice], *, organization: Organization) -> Table:
    """Return the invoices that `listing` gives, in its order, with their figures in kg and kWh."""
    return Table(_("invoices"), columns.INVOICES, _with_figures(found, organization), found.count)


def consolidations(found: QuerySet[WithUndos, WithUndos], *, organization: Organization) -> Table:
    """Return the consolidations that `undoing.history` gives: a row for each code that was rewritten."""
    return Table(_("consolidations"), columns.CONSOLIDATIONS, _codes_of(found, organization), found.count)


def aliases(found: QuerySet[CupsAlias]) -> Table:
    """Return the aliases that `aliasing.listed` gives."""
    return Table(_("aliases"), columns.ALIASES, _streamed(_values(found, columns.ALIASES)), found.count)


def suggestions(found: Sequence[Suggestion], *, organization: Organization) -> Table:
    """Return the suggestions that `suggesting.listed` gives: a row for each code that would be joined."""
    return Table(_("suggestions"), columns.SUGGESTIONS, _sources_of(found, organization), partial(len, found))


def _values(found: QuerySet[Any], of: Sequence[Column]) -> QuerySet[Any, Any]:
    return found.values_list(*(column.field for column in of if column.field))


def _streamed(found: QuerySet[Any, Listed]) -> Iterator[Listed]:
    return found.iterator(chunk_size=_SLICE)


def _sliced(rows: Iterable[Listed], size: int) -> Iterator[list[Listed]]:
    rest = iter(rows)
    while part := list(islice(rest, size)):
        yield part


def _with_figures(found: QuerySet[Invoice], organization: Organization) -> Iterator[Row]:
    key = [column.name for column in columns.INVOICES].index("id")
    for part in _sliced(_streamed(_values(found, columns.INVOICES)), _SLICE):
        figures = _figures(organization, [row[key] for row in part])
        for row in part:
            yield (*row, *figures.get(row[key], (None, None, None)))


def _figures(organization: Organization, invoice_ids: Sequence[UUID]) -> dict[UUID, list[Decimal | None]]:
    """Return kg CO2e, kg of biogenic CO2 and kWh of each invoice; the list holds none but those that have their own."""
    results = InvoiceEmission.objects.filter(
        organization=organization, invoice__in=invoice_ids, activity_category__in=_SHOWN
    )
    found: dict[UUID, list[Decimal | None]] = {}
    for invoice_id, category, co2e, biogenic, energy in results.values_list(
        "invoice_id", "activity_category", "co2e", "co2e_biomass", "energy_kwh"
    ):
        figures = found.setdefault(invoice_id, [None, None, None])
        if category == EmissionCategory.ENERGY:
            figures[2] = energy
        else:
            figures[:2] = co2e, biogenic
    return found


def _codes_of(found: QuerySet[WithUndos, WithUndos], organization: Organization) -> Iterator[Row]:
    for part in _sliced(_streamed(found), _SLICE):
        names = _facility_names(organization, (source["facility_id"] for done in part for source in done.sources))
        counts = _counts(organization, part)
        for done in part:
            of_all = (
                *(done.pk, done.created_at, done.by_id, done.by.display_name, done.on_behalf_of_id),
                *(done.through, done.message, undoing.state_of(done).value),
            )
            for source in done.sources:
                facility_id = UUID(source["facility_id"])
                place = (source["cups"], facility_id, names.get(facility_id, ""))
                rewritten = counts.get((done.pk, facility_id, source["cups"]), (0, 0))
                yield (*of_all, *place, done.target_cups, *rewritten)


def _counts(organization: Organization, part: Sequence[WithUndos]) -> dict[Any, tuple[int, int]]:
    """Return how many invoices of each code were rewritten, and how many of them put back."""
    rewritten = ConsolidatedInvoice.objects.filter(
        organization=organization, consolidation__in=[done.pk for done in part], is_parent=False
    )
    by_code = rewritten.values_list("consolidation_id", "facility_id", "previous_cups")
    return {tuple(key): (count, back) for *key, count, back in by_code.annotate(Count("pk"), Count("undone"))}


def _sources_of(found: Sequence[Suggestion], organization: Organization) -> Iterator[Row]:
    for start in range(0, len(found), _SUGGESTIONS_AT_ONCE):
        part = suggesting.shown(organization=organization, suggestions=found[start : start + _SUGGESTIONS_AT_ONCE])
        names = _facility_names(
            organization, (member.code.facility_id for shown in part for member in shown.suggestion.sources)
        )
        for shown in part:
            weight = (shown.in_bulk, shown.evidence.missing, shown.evidence.filled, shown.evidence.overlaps)
            for member in shown.suggestion.sources:
                code = member.code
                yield (
                    *(shown.suggestion.id, shown.suggestion.tier, shown.suggestion.target, code.cups),
                    *(code.facility_id, names.get(code.facility_id, ""), code.invoice_count),
                    *(code.first_date, code.last_date, member.reasons, *weight),
                )


def _facility_names(organization: Organization, facility_ids: Iterable[object]) -> dict[UUID, str]:
    own = Facility.objects.filter(organization=organization, pk__in=set(facility_ids))
    return dict(own.values_list("pk", "name"))
