"""Writes results where they differ from those that stand, and moves what they replace to the history."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from invoices import grouping
from invoices.models import FactorSet, InvoiceEmission, InvoiceEmissionHistory, ProcessingJob

_ROWS_A_STATEMENT: Final = 1_000
_FIGURES: Final = ("scope", "co2e", "co2e_biomass", "energy_kwh", "flags", "error", "trace")
_WRITTEN: Final = (*_FIGURES, "factor_set_id", "calculated_at")
_READ: Final = ("pk", "organization_id", "invoice_id", "activity_category", *_WRITTEN)

# An invoice and a category of its results; and a result as it stands, by the names of its columns.
Key = tuple[UUID, str]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """A result as it is stored: kg CO2e and of biogenic CO2, or kWh at net calorific value; or why there is none."""

    scope: int | None = None
    co2e: Decimal | None = None
    co2e_biomass: Decimal | None = None
    energy_kwh: Decimal | None = None
    flags: str = ""
    error: str = ""
    trace: Sequence[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Writing:
    """For whom results are written, with which factors, by which job and when."""

    organization_id: UUID
    factor_set: FactorSet
    job: ProcessingJob | None
    moment: datetime


def held(*, organization_id: UUID, invoice_ids: Sequence[UUID], category: str = "") -> dict[Key, Row]:
    """Lock the results of these invoices, of one category or of all, and return them as they stand."""
    return {
        (row["invoice_id"], row["activity_category"]): row
        for part in grouping.sliced(sorted(invoice_ids))
        for row in _locked(organization_id, part, category)
    }


def replace(wanted: Mapping[Key, Figures], *, standing: Mapping[Key, Row], writing: Writing) -> None:
    """
    Make the results that are held say what is wanted, by as few rows as that takes.

    What stands and is not wanted goes. Nothing is written where nothing differs.
    """
    new = [key for key in wanted if key not in standing]
    standing = {**standing, **_insert(new, wanted, writing)}
    differing = [key for key, row in standing.items() if key in wanted and _differs(row, wanted[key], writing)]
    _remember([standing[key] for key in differing], job=writing.job, moment=writing.moment)
    _upsert([_row(key, wanted[key], writing) for key in differing])
    unwanted = [row for key, row in standing.items() if key not in wanted]
    remove(unwanted, organization_id=writing.organization_id, job=writing.job, moment=writing.moment)


def remove(rows: Collection[Row], *, organization_id: UUID, job: ProcessingJob | None, moment: datetime) -> None:
    """Move results of an organization that are held to the history, with nothing in their place."""
    _remember(rows, job=job, moment=moment)
    for part in grouping.sliced([row["pk"] for row in rows]):
        InvoiceEmission.objects.filter(organization=organization_id, pk__in=part).delete()


def _locked(organization_id: UUID, invoice_ids: Sequence[UUID], category: str) -> Iterator[Row]:
    rows = InvoiceEmission.objects.filter(organization=organization_id, invoice__in=invoice_ids)
    rows = rows.filter(activity_category=category) if category else rows
    yield from rows.order_by("invoice", "activity_category").select_for_update(of=("self",)).values(*_READ)


def _insert(new: Sequence[Key], wanted: Mapping[Key, Figures], writing: Writing) -> dict[Key, Row]:
    """Write results that are new; return those that another job wrote first, after all."""
    if not new:
        return {}
    rows = [_row(key, wanted[key], writing) for key in new]
    InvoiceEmission.objects.bulk_create(rows, batch_size=_ROWS_A_STATEMENT, ignore_conflicts=True)
    invoice_ids = sorted({invoice_id for invoice_id, _category in new})
    theirs = {}
    for part in grouping.sliced(invoice_ids):
        others = InvoiceEmission.objects.filter(organization=writing.organization_id, invoice__in=part)
        for row in others.exclude(calculated_at=writing.moment).select_for_update(of=("self",)).values(*_READ):
            theirs[row["invoice_id"], row["activity_category"]] = row
    return {key: theirs[key] for key in new if key in theirs}


def _differs(row: Row, figures: Figures, writing: Writing) -> bool:
    if row["factor_set_id"] != writing.factor_set.pk:
        return True
    return any(row[name] != getattr(figures, name) for name in _FIGURES)


def _row(key: Key, figures: Figures, writing: Writing) -> InvoiceEmission:
    invoice_id, category = key
    return InvoiceEmission(
        organization_id=writing.organization_id,
        invoice_id=invoice_id,
        activity_category=category,
        factor_set=writing.factor_set,
        calculated_at=writing.moment,
        **{name: getattr(figures, name) for name in _FIGURES},
    )


def _upsert(rows: Sequence[InvoiceEmission]) -> None:
    InvoiceEmission.objects.bulk_create(
        rows,
        batch_size=_ROWS_A_STATEMENT,
        update_conflicts=True,
        unique_fields=["invoice", "activity_category"],
        update_fields=[*_FIGURES, "factor_set", "calculated_at"],
    )


def _remember(rows: Iterable[Row], *, job: ProcessingJob | None, moment: datetime) -> None:
    """Append results to the history, but for those that this very transaction wrote: nobody has seen them."""
    replaced = [
        InvoiceEmissionHistory(
            organization_id=row["organization_id"],
            invoice_id=row["invoice_id"],
            activity_category=row["activity_category"],
            job=job,
            replaced_at=moment,
            **{name: row[name] for name in _WRITTEN},
        )
        for row in rows
        if row["calculated_at"] != moment
    ]
    InvoiceEmissionHistory.objects.bulk_create(replaced, batch_size=_ROWS_A_STATEMENT)
