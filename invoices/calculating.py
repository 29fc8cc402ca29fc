"""
Calculates invoices: reads what they report, works their results out, and writes those that differ from what stands.

A result that is replaced goes to the history, with what replaced it. `work_out` reads and writes nothing: it may take
its time outside the transaction that `write` belongs into.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from dataclasses import replace as with_changes
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from invoices import closed_years, factoring, grouping, replacing, settling
from invoices.closed_years import Period
from invoices.emissions import calculating, categories, units
from invoices.emissions.activity import Activity
from invoices.emissions.calculating import Result
from invoices.emissions.categories import Category
from invoices.emissions.factors import FactorTable
from invoices.emissions.refusals import CannotCalculate
from invoices.models import EmissionCategory, FactorSet, Invoice, ProcessingJob
from invoices.preparing import Prepared, activities_of
from invoices.replacing import Figures, Writing

__all__ = [
    "Figures",
    "Outcome",
    "Prepared",
    "Worked",
    "activities_of",
    "computed",
    "forget",
    "give_up",
    "work_out",
    "write",
]

# What SQLite keeps of a figure, and what its column has room for.
_KEPT: Final = Context(prec=15, rounding=ROUND_HALF_EVEN)
_STEP: Final = Decimal("0.000001")
_LIMIT: Final = Decimal(10) ** 12
_ERROR_LENGTH: Final = 500
# A line a year and factor. Nobody is billed for centuries: it is a slip of the date, and megabytes of trace.
_MOST_LINES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Worked:
    """What was worked out of some invoices of one organization: of one category, or of all that fit each ("")."""

    organization_id: UUID
    category: str
    factor_set: FactorSet
    invoices: Mapping[UUID, Prepared]
    figures: Mapping[UUID, Mapping[EmissionCategory, Figures]]
    read_at: datetime

    def only(self, invoice_ids: AbstractSet[UUID]) -> "Worked":
        """Return the same of fewer invoices."""
        if invoice_ids >= self.invoices.keys():
            return self
        return with_changes(
            self,
            invoices={pk: invoice for pk, invoice in self.invoices.items() if pk in invoice_ids},
            figures={pk: figures for pk, figures in self.figures.items() if pk in invoice_ids},
        )


class Outcome(NamedTuple):
    """Which invoices have a figure for all that was calculated, and why the others have not, in sentences."""

    succeeded: list[UUID]
    failed: dict[UUID, list[str]]


def computed(of: Prepared | Activity, table: FactorTable, category: str = "") -> dict[EmissionCategory, Figures]:
    """Return the results of an invoice with these factors, for all categories that fit it or for one of them."""
    activity = of.activity if isinstance(of, Prepared) else of
    fitting = categories.categories_of(activity.type, unit_type=units.kind_of(activity.unit))
    return {EmissionCategory(each): _figures(activity, each, table) for each in fitting if category in {"", each}}


def work_out(*, organization_id: UUID, invoice_ids: Sequence[UUID], category: str = "") -> Worked:
    """
    Calculate these invoices of an organization with the factors in force; write nothing.

    Raise factoring.NoFactors.
    """
    return _work_out(organization_id, invoice_ids, category, factoring.current())


@transaction.atomic
def write(worked: Worked, *, job: ProcessingJob | None) -> Outcome:
    """
    Write the results that differ from those that stand, and the statuses that follow. Belongs into a transaction.

    What an invoice reports otherwise since it was read is worked out again, here; so is what somebody else calculated
    since then, who may have read a newer contract or newer factors. One that is gone is passed over; one of a closed
    year is left as it is, and told as failed.
    """
    moment = timezone.now()
    settling.hold(worked.invoices.values(), {pk: _errors(figures) for pk, figures in worked.figures.items()})
    standing = _standing(worked)
    worked = _with_factors_in_force(worked)
    writing = Writing(worked.organization_id, worked.factor_set, job, moment)
    worked = _as_it_is_now(worked, overtaken=_overtaken(worked, standing))
    refused = closed_years.closed_among(_periods(worked))
    worked = worked.only(worked.invoices.keys() - refused.keys())
    overtaken = replacing.replace(_wanted(worked), standing=_among(standing, worked), writing=writing)
    # Others wait for a result that stood, but not for one that is new: its invoice may have changed until now.
    written, worked = worked, _as_it_is_now(worked, overtaken=overtaken)
    if changed := {pk for pk, invoice in worked.invoices.items() if invoice is not written.invoices[pk]}:
        again = worked.only(changed)
        replacing.replace(_wanted(again), standing=_standing(again), writing=writing)
    settling.settle(organization_id=worked.organization_id, invoice_ids=list(worked.invoices))
    return _outcome(worked, refused)


@transaction.atomic
def forget(rows: Sequence[Invoice]) -> None:
    """Move the results of invoices that are about to be deleted to the history."""
    moment = timezone.now()
    for organization_id in sorted({row.organization_id for row in rows}):
        own = [row.pk for row in rows if row.organization_id == organization_id]
        standing = replacing.held(organization_id=organization_id, invoice_ids=own)
        replacing.remove(standing.values(), organization_id=organization_id, job=None, moment=moment)


@transaction.atomic
def give_up(*, organization_id: UUID, invoice_ids: Sequence[UUID], sentence: str) -> None:
    """Say of those that still wait for their figures why none come. One of a closed year is left as it is."""
    waiting = settling.hold_loading(organization_id=organization_id, invoice_ids=invoice_ids)
    closed = closed_years.closed_among({invoice.pk: Period.of(invoice) for invoice in waiting})
    left = [invoice for invoice in waiting if invoice.pk not in closed]
    settling.refuse(left, organization_id=organization_id, sentence=sentence)


def _work_out(organization_id: UUID, invoice_ids: Sequence[UUID], category: str, factor_set: FactorSet) -> Worked:
    read_at = timezone.now()
    table = factoring.table_of(factor_set)
    invoices = activities_of(organization_id=organization_id, invoice_ids=invoice_ids)
    figures = {pk: computed(invoice, table, category) for pk, invoice in invoices.items()}
    return Worked(organization_id, category, factor_set, invoices, figures, read_at)


def _figures(activity: Activity, category: Category, table: FactorTable) -> Figures:
    try:
        result = _result(activity, category, table)
        co2e, co2e_biomass, energy_kwh = map(_kept, (result.co2e, result.co2e_biomass, result.energy_kwh))
    except CannotCalculate as reason:
        return Figures(error=str(reason)[:_ERROR_LENGTH])
    flags = sorted({str(flag) for line in result.lines for flag in line.flags})
    trace = [line.as_json() for line in result.lines]
    return Figures(result.scope, co2e, co2e_biomass, energy_kwh, " ".join(flags), trace=trace)


def _result(activity: Activity, category: Category, table: FactorTable) -> Result:
    result = calculating.calculate(activity, category, table)
    if len(result.lines) > _MOST_LINES:
        raise CannotCalculate("The period is too long to be one invoice's: check the dates.")
    return result


def _kept(value: Decimal | None) -> Decimal | None:
    """Return a figure as it is stored: 6 decimals, half even, and no more digits than SQLite keeps."""
    if value is None:
        return None
    kept = _KEPT.plus(value)
    if abs(kept) >= _LIMIT:
        raise CannotCalculate("The result is too large to be stored: check the quantity, its unit and the factor.")
    return kept.quantize(_STEP, rounding=ROUND_HALF_EVEN)


def _with_factors_in_force(worked: Worked) -> Worked:
    """Work all of it out again if newer factors were loaded since. Others may have calculated with them by now."""
    newest = factoring.current()
    if newest == worked.factor_set:
        return worked
    return _work_out(worked.organization_id, list(worked.invoices), worked.category, newest)


def _overtaken(worked: Worked, standing: Mapping[replacing.Key, replacing.Row]) -> set[UUID]:
    """Return the invoices that somebody else calculated since they were read."""
    return {pk for (pk, _category), row in standing.items() if row["calculated_at"] >= worked.read_at}


def _as_it_is_now(worked: Worked, *, overtaken: AbstractSet[UUID]) -> Worked:
    """Pass over what is gone, and work out again what was overtaken, or changed since it was read."""
    own = Invoice.objects.of(worked.organization_id)
    now = {
        pk: updated_at
        for part in grouping.sliced(list(worked.invoices))
        for pk, updated_at in own.filter(pk__in=part).values_list("pk", "updated_at")
    }
    here = worked.only(now.keys())
    changed = [pk for pk, invoice in here.invoices.items() if now[pk] != invoice.updated_at or pk in overtaken]
    if not changed:
        return here
    again = _work_out(worked.organization_id, changed, worked.category, worked.factor_set)
    return with_changes(here, invoices={**here.invoices, **again.invoices}, figures={**here.figures, **again.figures})


def _standing(worked: Worked) -> dict[replacing.Key, replacing.Row]:
    return replacing.held(
        organization_id=worked.organization_id, invoice_ids=list(worked.invoices), category=worked.category
    )


def _among(standing: Mapping[replacing.Key, replacing.Row], worked: Worked) -> dict[replacing.Key, replacing.Row]:
    return {key: row for key, row in standing.items() if key[0] in worked.invoices}


def _wanted(worked: Worked) -> dict[replacing.Key, Figures]:
    return {(pk, category.value): one for pk, figures in worked.figures.items() for category, one in figures.items()}


def _periods(worked: Worked) -> dict[UUID, Period]:
    return {
        pk: Period(worked.organization_id, invoice.start_date, invoice.end_date)
        for pk, invoice in worked.invoices.items()
    }


def _errors(figures: Mapping[EmissionCategory, Figures]) -> settling.Errors:
    return {category.value: one.error for category, one in figures.items()}


def _outcome(worked: Worked, refused: Mapping[UUID, str]) -> Outcome:
    failed = {pk: [sentence] for pk, sentence in refused.items()}
    succeeded = []
    for pk, figures in worked.figures.items():
        sentences = [error for error in _errors(figures).values() if error]
        if sentences:
            failed[pk] = list(dict.fromkeys(sentences))
        else:
            succeeded.append(pk)
    return Outcome(succeeded, failed)
