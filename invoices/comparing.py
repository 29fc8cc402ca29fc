"""
What a newer set of factors would change, in kg before and after. Nothing is recalculated by itself: a person starts it.

An invoice is compared in the year that it starts in. What has a day in a closed year was reported, and stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet

from facilities.access import Author
from facilities.models import Organization
from invoices import calculating, closed_years, factoring, grouping, impacts, recalculating
from invoices.calculating import Figures
from invoices.emissions.factors import FactorTable
from invoices.impacts import Scope
from invoices.models import (
    ClosingAction,
    EmissionCategory,
    FactorSet,
    Invoice,
    InvoiceEmission,
    JobAction,
    JobStatus,
    ProcessingJob,
)

# How many invoices of a year are worked out while somebody waits for the page. The next ones are another page.
PART_SIZE: Final = 5_000
# What queueing needs to know of an invoice: there may be very many.
_QUEUED_BY: Final = ("pk", "organization", "type", "is_parent", "start_date", "end_date")


@dataclass(frozen=True, slots=True)
class Change:
    """How many invoices of a year rest on an older set: those that can be recalculated, and those of closed years."""

    year: int
    invoice_count: int
    closed_count: int


@dataclass(frozen=True, slots=True)
class Sum:
    """Kg CO2e of one scope, as stored and as it would be."""

    scope: Scope
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    A part of the invoices of a year that rest on an older set, before and after.

    `compared_count` of `invoice_count` were worked out, from the one after the first `skipped_count`. `changed_count`
    of them would get another figure; `impossible_count` would lose one, and `possible_count` get one for an error.
    """

    year: int
    invoice_count: int
    skipped_count: int
    compared_count: int
    changed_count: int
    impossible_count: int
    possible_count: int
    sums: Sequence[Sum]


class NothingToRecalculate(Exception):
    """No invoice of the year rests on an older set of factors, or all that do are of closed years."""


def by_year(*, organization: Organization, factor_set: FactorSet) -> list[Change]:
    """Return the years in which results of the organization rest on an older set than this one, newest first."""
    if not FactorSet.objects.exclude(pk=factor_set.pk).exists():
        return []
    closed = _closed(organization)
    counts: dict[int, list[int]] = {}
    rows = _resting(organization, factor_set).values_list("start_date__year", "end_date__year")
    for first, last, count in rows.annotate(count=Count("pk")).order_by():
        is_closed = not closed.isdisjoint(range(first, last + 1))
        counts.setdefault(first, [0, 0])[is_closed] += count
    return [Change(year, *counts[year]) for year in sorted(counts, reverse=True)]


def of_year(*, organization: Organization, factor_set: FactorSet, year: int, part: int = 1) -> Comparison:
    """
    Work out a part of a year anew with these factors and compare it with what is stored; write nothing.

    Parts hold `PART_SIZE` invoices each, the oldest first, and are counted from one; the last one stands for those
    after it.
    """
    resting = _open(organization, factor_set, year)
    total = resting.count()
    skipped = min(max(part, 1) - 1, max(total - 1, 0) // PART_SIZE) * PART_SIZE
    ids = list(resting.order_by("start_date", "pk").values_list("pk", flat=True)[skipped : skipped + PART_SIZE])
    before = _stored(organization, ids)
    after = _computed(organization, ids, factoring.table_of(factor_set))
    pairs = [(before.get(pk, {}), figures) for pk, figures in after.items()]
    return Comparison(
        year=year,
        invoice_count=total,
        skipped_count=skipped,
        compared_count=len(pairs),
        changed_count=sum(_is_changed(*pair) for pair in pairs),
        impossible_count=sum(bool(_missing(new) - _missing(old)) for old, new in pairs),
        possible_count=sum(bool(_missing(old) - _missing(new)) for old, new in pairs),
        sums=_sums(before.values(), after.values()),
    )


@transaction.atomic
def start(*, organization: Organization, year: int, by: Author) -> ProcessingJob:
    """
    Queue the recalculation, as one job, of the invoices of a year that rest on an older set than the one in force.

    Those with a day in a closed year are left. No more than `recalculating.MAX_INVOICES` at once, the oldest first.
    Raise NothingToRecalculate or factoring.NoFactors, with nothing queued.
    """
    resting = _open(organization, factoring.current(), year).only(*_QUEUED_BY)
    invoices = list(resting.order_by("start_date", "pk")[: recalculating.MAX_INVOICES])
    if not invoices:
        raise NothingToRecalculate(f"No invoice of {year} that can be recalculated rests on an older set of factors")
    return recalculating.queue_calculation(
        organization=organization, invoices=invoices, by=by, action=JobAction.RECALCULATE
    )


def under_way(*, organization: Organization, factor_set: FactorSet) -> QuerySet[ProcessingJob]:
    """Return the recalculations that were asked for since the set was loaded and are not done yet, newest first."""
    return ProcessingJob.objects.filter(
        organization=organization,
        action=JobAction.RECALCULATE,
        status__in=(JobStatus.PENDING, JobStatus.PROCESSING),
        created_at__gte=factor_set.loaded_at,
    ).order_by("-created_at", "-pk")


def _resting(organization: Organization, factor_set: FactorSet) -> QuerySet[Invoice]:
    """Return the invoices that have any result of another set than this one."""
    older = InvoiceEmission.objects.filter(organization=organization, invoice=OuterRef("pk"))
    return Invoice.objects.of(organization.pk).counted().filter(Exists(older.exclude(factor_set=factor_set)))


def _open(organization: Organization, factor_set: FactorSet, year: int) -> QuerySet[Invoice]:
    """Return the invoices of a year that rest on another set and have no day in a closed year."""
    found = _resting(organization, factor_set).filter(
        start_date__gte=date(year, 1, 1), start_date__lte=date(year, 12, 31)
    )
    for closed in sorted(_closed(organization)):
        found = found.exclude(start_date__lte=date(closed, 12, 31), end_date__gte=date(closed, 1, 1))
    return found


def _closed(organization: Organization) -> set[int]:
    words = closed_years.last_words(organization_id=organization.pk)
    return {year for year, event in words.items() if event.action == ClosingAction.CLOSED}


_Results = Mapping[EmissionCategory, Figures]


def _stored(organization: Organization, invoice_ids: Sequence[UUID]) -> dict[UUID, dict[EmissionCategory, Figures]]:
    """Return the results that stand, by invoice and category."""
    found: dict[UUID, dict[EmissionCategory, Figures]] = {}
    fields = ("invoice", "activity_category", "scope", "co2e", "co2e_biomass", "energy_kwh", "error")
    for part in grouping.sliced(invoice_ids):
        rows = InvoiceEmission.objects.filter(organization=organization, invoice__in=part)
        for pk, category, scope, co2e, co2e_biomass, energy_kwh, error in rows.values_list(*fields):
            figures = Figures(scope, co2e, co2e_biomass, energy_kwh, error=error)
            found.setdefault(pk, {})[EmissionCategory(category)] = figures
    return found


def _computed(organization: Organization, invoice_ids: Sequence[UUID], table: FactorTable) -> dict[UUID, _Results]:
    reported = calculating.activities_of(organization_id=organization.pk, invoice_ids=invoice_ids)
    return {pk: calculating.computed(prepared, table) for pk, prepared in reported.items()}


def _is_changed(before: _Results, after: _Results) -> bool:
    """Tell whether any figure differs, or is there on one side alone."""
    return {category: _figures(one) for category, one in before.items()} != {
        category: _figures(one) for category, one in after.items()
    }


def _figures(one: Figures) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    return (one.co2e, one.co2e_biomass, one.energy_kwh)


def _missing(results: _Results) -> set[EmissionCategory]:
    return {category for category, one in results.items() if one.error}


def _sums(before: Iterable[_Results], after: Iterable[_Results]) -> list[Sum]:
    """Return kg by scope, for the scopes that either side has."""
    old, new = _by_scope(before), _by_scope(after)
    scopes = [scope for scope in Scope if scope in old or scope in new]
    return [Sum(scope, old.get(scope, Decimal(0)), new.get(scope, Decimal(0))) for scope in scopes]


def _by_scope(results: Iterable[_Results]) -> dict[Scope, Decimal]:
    found: dict[Scope, Decimal] = {}
    for figures in results:
        for category, one in figures.items():
            if one.co2e is not None and one.scope is not None:
                scope = impacts.bucket_of(category, one.scope)
                found[scope] = found.get(scope, Decimal(0)) + one.co2e
    return found
