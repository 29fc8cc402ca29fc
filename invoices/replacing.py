"""
Writes results where they differ from those that stand, and moves what they replace to the history.

A job writes several results of each of thousands of invoices. They travel to the database as one JSON document, and
from there to the history without coming back, both in SQL of our own: `bulk_create` takes three times as long.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.db import connection

from invoices import grouping
from invoices.models import FactorSet, InvoiceEmission, InvoiceEmissionHistory, ProcessingJob

# Each with its type on PostgreSQL; SQLite goes by the column.
_FIGURES: Final = MappingProxyType(
    {
        "scope": "smallint",
        "co2e": "numeric",
        "co2e_biomass": "numeric",
        "energy_kwh": "numeric",
        "flags": "text",
        "error": "text",
        "trace": "jsonb",
    }
)
_KEY: Final = MappingProxyType({"invoice_id": "uuid", "activity_category": "text"})
_WRITTEN: Final = (*_FIGURES, "factor_set_id", "calculated_at")
_READ: Final = ("pk", "organization_id", "invoice_id", "activity_category", *_WRITTEN)
_RESULTS: Final = InvoiceEmission._meta.db_table
_HISTORY: Final = InvoiceEmissionHistory._meta.db_table

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


def replace(wanted: Mapping[Key, Figures], *, standing: Mapping[Key, Row], writing: Writing) -> set[UUID]:
    """
    Make the results that are held say what is wanted, by as few rows as that takes.

    What stands and is not wanted goes. Nothing is written where nothing differs. Return the invoices of which somebody
    else wrote a first result in between: that is left as it is.
    """
    theirs = _insert([key for key in wanted if key not in standing], wanted, writing)
    differing = [key for key, row in standing.items() if key in wanted and _differs(row, wanted[key], writing)]
    _remember([standing[key] for key in differing], writing.organization_id, writing.job, writing.moment)
    _write(
        differing,
        wanted,
        writing,
        where_there="UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in _WRITTEN),
    )
    unwanted = [row for key, row in standing.items() if key not in wanted]
    remove(unwanted, organization_id=writing.organization_id, job=writing.job, moment=writing.moment)
    return {invoice_id for invoice_id, _category in theirs}


def remove(rows: Collection[Row], *, organization_id: UUID, job: ProcessingJob | None, moment: datetime) -> None:
    """Move results of an organization that are held to the history, with nothing in their place."""
    _remember(rows, organization_id, job, moment)
    for part in grouping.sliced([row["pk"] for row in rows]):
        InvoiceEmission.objects.filter(organization=organization_id, pk__in=part).delete()


def _locked(organization_id: UUID, invoice_ids: Sequence[UUID], category: str) -> Iterator[Row]:
    rows = InvoiceEmission.objects.filter(organization=organization_id, invoice__in=invoice_ids)
    rows = rows.filter(activity_category=category) if category else rows
    yield from rows.order_by("invoice", "activity_category").select_for_update(of=("self",)).values(*_READ)


def _insert(new: Sequence[Key], wanted: Mapping[Key, Figures], writing: Writing) -> set[Key]:
    """Write results that are new; return those that another job wrote first, after all."""
    if not new:
        return set()
    _write(new, wanted, writing, where_there="NOTHING")
    theirs: set[Key] = set()
    for part in grouping.sliced(sorted({invoice_id for invoice_id, _category in new})):
        others = InvoiceEmission.objects.filter(organization=writing.organization_id, invoice__in=part)
        theirs |= set(others.exclude(calculated_at=writing.moment).values_list("invoice_id", "activity_category"))
    return theirs.intersection(new)


def _differs(row: Row, figures: Figures, writing: Writing) -> bool:
    if row["factor_set_id"] != writing.factor_set.pk:
        return True
    return any(row[name] != getattr(figures, name) for name in _FIGURES)


def _write(keys: Sequence[Key], wanted: Mapping[Key, Figures], writing: Writing, *, where_there: str) -> None:
    """Insert results, and do this where there are some already."""
    told = [writing.organization_id, writing.factor_set.pk, writing.moment]
    columns = ", ".join(("organization_id", "factor_set_id", "calculated_at", *_KEY, *_FIGURES))
    sql = (
        f"INSERT INTO {_RESULTS} ({columns}) {_selected()} ON CONFLICT (invoice_id, activity_category) DO {where_there}"
    )
    for part in grouping.sliced(keys):
        document = json.dumps([_told(key, wanted[key]) for key in part])
        with connection.cursor() as cursor:
            cursor.execute(sql, [*(_bound(value) for value in told), document])


def _selected() -> str:
    """Return the part of a statement that makes rows of a JSON document, after the three columns that all share."""
    columns = {**_KEY, **_FIGURES}
    if connection.vendor == "postgresql":
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        rows = f"json_to_recordset(%s::json) AS told({typed})"
        return f"SELECT %s, %s, %s, {', '.join(columns)} FROM {rows}"  # noqa: S608 (names of ours; values are bound)
    extracted = ", ".join(f"json_extract(value, '$.{name}')" for name in columns)
    # Without a condition SQLite takes ON CONFLICT for that of a join.
    return f"SELECT %s, %s, %s, {extracted} FROM json_each(%s) WHERE TRUE"  # noqa: S608 (as above)


def _told(key: Key, figures: Figures) -> dict[str, Any]:
    invoice_id, category = key
    own = {name: getattr(figures, name) for name in _FIGURES}
    as_text = {name: None if own[name] is None else f"{own[name]:f}" for name in ("co2e", "co2e_biomass", "energy_kwh")}
    return {"invoice_id": invoice_id.hex, "activity_category": category, **own, **as_text}


def _remember(rows: Collection[Row], organization_id: UUID, job: ProcessingJob | None, moment: datetime) -> None:
    """Append results to the history, but for those that this very transaction wrote: nobody has seen them."""
    replaced = [row["pk"] for row in rows if row["calculated_at"] != moment]
    columns = ", ".join(("organization_id", *_KEY, *_WRITTEN))
    is_postgresql = connection.vendor == "postgresql"
    new_id = "gen_random_uuid()" if is_postgresql else "lower(hex(randomblob(16)))"
    ids = (
        "SELECT value::bigint FROM json_array_elements_text(%s::json)"
        if is_postgresql
        else "SELECT value FROM json_each(%s)"
    )
    sql = (
        f"INSERT INTO {_HISTORY} (id, job_id, replaced_at, {columns}) "  # noqa: S608 (names of ours; values are bound)
        f"SELECT {new_id}, %s, %s, {columns} FROM {_RESULTS} WHERE organization_id = %s AND id IN ({ids})"
    )
    told = [job.pk if job else None, moment, organization_id]
    for part in grouping.sliced(replaced):
        with connection.cursor() as cursor:
            cursor.execute(sql, [*(_bound(value) for value in told), json.dumps(part)])


def _bound(value: Any) -> Any:
    """Return a value as the database at hand takes it past Django."""
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
