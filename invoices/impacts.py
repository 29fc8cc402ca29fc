"""
How much an organization emits: sums of what was calculated, by scope, category, month and facility.

Active invoices count, singles and children, each by its days inside the window: both ends count. The total is Scope 1,
Scope 2 market-based and Scope 3; location-based stands beside it, and energy is no emission. Masses are in kg.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self, TypeVar
from uuid import UUID

from django.db.models import Case, Count, DateField, F, Max, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Abs

from facilities import access
from facilities.access import Author
from facilities.models import Facility, Organization
from invoices.models import HEADLINES, EmissionCategory, Invoice, InvoiceEmission, InvoiceStatus
from invoices.models.invoice import InvoiceQuerySet

MOST_DAYS: Final = 730
_DECIMALS: Final = Decimal("0.000001")
_ROWS_AT_ONCE: Final = 2_000
# A figure of one's own is as good as a published one.
_NOTHING_TO_SAY: Final = frozenset({"custom"})


class EndsBeforeItStarts(ValueError):
    """The window ends before it starts."""


class WindowTooLong(ValueError):
    """The window has more than 730 days."""


class Scope(StrEnum):
    """What a result is added to. The two of Scope 2 are the same electricity, counted in two ways."""

    ONE = "1"
    TWO_MARKET = "2_market"
    TWO_LOCATION = "2_location"
    THREE = "3"

    @property
    def is_in_total(self) -> bool:
        return self != Scope.TWO_LOCATION


@dataclass(frozen=True, slots=True)
class Figure:
    """
    A sum in kg, to six decimals.

    `flagged_share` is the part of it, 0 to 1, that rests on a fallback, a proxy or the like: on results with any flag
    but `custom`. Credit notes weigh in it as bills do. None where there is nothing to have a part of.
    """

    co2e: Decimal = Decimal(0)
    co2e_biomass: Decimal = Decimal(0)
    flagged_share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """
    What active invoices emit from one day to another.

    A scope, category or month is there only if anything was calculated for it; `total`, `months` and `flags` leave out
    what is location-based. `flags` says which part of the total carries each flag, the greatest first.
    `not_calculated` counts by status the other invoices with a day in the window: without a figure, or not active.
    """

    start: date
    end: date
    total: Figure
    scopes: Mapping[Scope, Figure]
    categories: Mapping[EmissionCategory, Figure]
    months: Mapping[date, Figure]
    scopes_by_month: Mapping[tuple[date, Scope], Figure]
    flags: Mapping[str, Decimal]
    invoices_counted: int
    not_calculated: Mapping[str, int]

    @property
    def co2e(self) -> Decimal:
        return self.total.co2e


class OfFacility(NamedTuple):
    """A facility, with its organization, and what it emits: in all, and by scope."""

    facility: Facility
    total: Figure
    scopes: Mapping[Scope, Figure]


class Emitted(NamedTuple):
    """A facility's own figures in kg, None where nothing is calculated."""

    co2e: Decimal | None = None
    co2e_biomass: Decimal | None = None


def totals(
    *,
    organization: Organization,
    start: date,
    end: date,
    by: Author,
    include_children: bool = False,
    facility_id: UUID | None = None,
) -> Totals:
    """
    Return what an organization's active invoices emit in a window of at most 730 days, or one of its facilities' do.

    With `include_children` also those of the organizations below, as far as the reader reaches.

    Raise EndsBeforeItStarts or WindowTooLong.
    """
    _check(start, end)
    asked = _Asked(_organizations(organization, by, include_children=include_children), start, end, facility_id)
    sums = _Sums()
    for part, category, scope, since, until in _grouped(
        asked.results(), "activity_category", "scope", "invoice__start_date", "invoice__end_date"
    ):
        for month, days in _months(max(since, start), min(until, end)):
            share = part.times(days, (until - since).days + 1)
            sums.add(share, bucket_of(category, scope), EmissionCategory(category), month)
    counted, others = _counts(asked)
    return sums.totals(start=start, end=end, invoices_counted=counted, not_calculated=others)


def by_facility(
    *, organization: Organization, start: date, end: date, by: Author, include_children: bool = False
) -> list[OfFacility]:
    """
    Return the facilities where anything was calculated in the same window, those that emit most first.

    Raise EndsBeforeItStarts or WindowTooLong.
    """
    _check(start, end)
    asked = _Asked(_organizations(organization, by, include_children=include_children), start, end)
    # Only what crosses an edge of the window needs its dates: all else of a facility is one row a category.
    is_inside = Q(invoice__start_date__gte=start, invoice__end_date__lte=end)
    results = asked.results().annotate(
        since=Case(When(is_inside, then=Value(start)), default=F("invoice__start_date"), output_field=DateField()),
        until=Case(When(is_inside, then=Value(start)), default=F("invoice__end_date"), output_field=DateField()),
    )
    sums: dict[UUID, _Sums] = defaultdict(_Sums)
    for part, facility_id, category, scope, since, until in _grouped(
        results, "invoice__facility", "activity_category", "scope", "since", "until"
    ):
        days_inside = (min(until, end) - max(since, start)).days + 1
        share = part.times(days_inside, (until - since).days + 1)
        sums[facility_id].add(share, bucket_of(category, scope), EmissionCategory(category), start)
    places = Facility.objects.filter(organization__in=asked.organizations, pk__in=list(sums))
    found = [
        OfFacility(place, sums[place.pk].total.figure(), _figures(sums[place.pk].scopes))
        for place in places.select_related("organization")
    ]
    return sorted(found, key=lambda row: (-row.total.co2e, row.facility.name, row.facility.pk))


def of_facilities(*, organization: Organization, facilities: Sequence[Facility]) -> dict[UUID, Emitted]:
    """Return the sums of the active invoices' own figures, of all time, by facility; those without any are left out."""
    rows = (
        InvoiceEmission.objects.filter(
            organization=organization,
            activity_category__in=HEADLINES,
            invoice__organization=organization,
            invoice__facility__in=facilities,
            invoice__status=InvoiceStatus.ACTIVE,
        )
        .values_list("invoice__facility")
        .annotate(kg=Sum("co2e"), kg_biomass=Sum("co2e_biomass"))
        .order_by()
    )
    return {facility_id: Emitted(kg, kg_biomass) for facility_id, kg, kg_biomass in rows}


def years(*, organization: Organization, by: Author, include_children: bool = False) -> range:
    """Return the years from the first day that is billed to the last; none where there is no invoice."""
    organizations = _organizations(organization, by, include_children=include_children)
    billed = Invoice.objects.filter(organization__in=organizations).counted()
    first, last = billed.aggregate(first=Min("start_date"), last=Max("end_date")).values()
    return range(first.year, last.year + 1) if first and last else range(0)


class _Part(NamedTuple):
    """Kg of a few results with the same flags: CO2e, biogenic, and CO2e without its signs."""

    co2e: Decimal
    co2e_biomass: Decimal
    weight: Decimal
    flags: frozenset[str]

    def times(self, days: int, all_days: int) -> Self:
        """Return what a few of all days have of it."""
        return self._replace(
            co2e=self.co2e * days / all_days,
            co2e_biomass=self.co2e_biomass * days / all_days,
            weight=self.weight * days / all_days,
        )


@dataclass(slots=True)
class _Sum:
    co2e: Decimal = Decimal(0)
    co2e_biomass: Decimal = Decimal(0)
    weight: Decimal = Decimal(0)
    flagged: Decimal = Decimal(0)

    def add(self, part: _Part) -> None:
        self.co2e += part.co2e
        self.co2e_biomass += part.co2e_biomass
        self.weight += part.weight
        if part.flags - _NOTHING_TO_SAY:
            self.flagged += part.weight

    def figure(self) -> Figure:
        share = self.flagged / self.weight if self.weight else None
        return Figure(
            co2e=self.co2e.quantize(_DECIMALS),
            co2e_biomass=self.co2e_biomass.quantize(_DECIMALS),
            flagged_share=None if share is None else share.quantize(_DECIMALS),
        )


class _Sums:
    """The sums of one pass over the results, whatever they are asked for by: a few hundred at most."""

    def __init__(self) -> None:
        self.total = _Sum()
        self.scopes: dict[Scope, _Sum] = defaultdict(_Sum)
        self.categories: dict[EmissionCategory, _Sum] = defaultdict(_Sum)
        self.months: dict[date, _Sum] = defaultdict(_Sum)
        self.scopes_by_month: dict[tuple[date, Scope], _Sum] = defaultdict(_Sum)
        self.flags: dict[str, Decimal] = defaultdict(Decimal)

    def add(self, part: _Part, scope: Scope, category: EmissionCategory, month: date) -> None:
        for kept in (self.scopes[scope], self.categories[category], self.scopes_by_month[month, scope]):
            kept.add(part)
        if scope.is_in_total:
            self.total.add(part)
            self.months[month].add(part)
            for flag in part.flags:
                self.flags[flag] += part.weight

    def totals(self, **more: Any) -> Totals:
        return Totals(
            total=self.total.figure(),
            scopes=_figures(self.scopes),
            categories={
                category: self.categories[category].figure()
                for category in EmissionCategory
                if category in self.categories
            },
            months=_figures(self.months),
            scopes_by_month=_figures(self.scopes_by_month),
            flags={flag: (self.flags[flag] / self.total.weight).quantize(_DECIMALS) for flag in self._heaviest_flags()},
            **more,
        )

    def _heaviest_flags(self) -> list[str]:
        there = [flag for flag in self.flags if self.flags[flag]]
        return sorted(there, key=lambda flag: (-self.flags[flag], flag))


_Key = TypeVar("_Key", Scope, date, tuple[date, Scope])


def _figures(sums: Mapping[_Key, _Sum]) -> dict[_Key, Figure]:
    return {key: sums[key].figure() for key in sorted(sums)}


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose invoices are added up, of which days, and of which facility if of one."""

    organizations: Sequence[UUID]
    start: date
    end: date
    facility_id: UUID | None = None

    def invoices(self) -> InvoiceQuerySet:
        found = Invoice.objects.filter(
            organization__in=self.organizations, start_date__lte=self.end, end_date__gte=self.start
        ).counted()
        return found.filter(facility=self.facility_id) if self.facility_id else found

    def results(self) -> QuerySet[InvoiceEmission]:
        """Return what is added up. A parent has no results, and energy no scope."""
        found = InvoiceEmission.objects.filter(
            organization__in=self.organizations,
            co2e__isnull=False,
            scope__isnull=False,
            invoice__organization__in=self.organizations,
            invoice__status=InvoiceStatus.ACTIVE,
            invoice__start_date__lte=self.end,
            invoice__end_date__gte=self.start,
        )
        return found.filter(invoice__facility=self.facility_id) if self.facility_id else found


def _check(start: date, end: date) -> None:
    if end < start:
        raise EndsBeforeItStarts(f"The window ends ({end}) before it starts ({start}).")
    days = (end - start).days + 1
    if days > MOST_DAYS:
        raise WindowTooLong(f"The window has {days} days, and at most {MOST_DAYS} are added up.")


def _organizations(organization: Organization, by: Author, *, include_children: bool) -> list[UUID]:
    if not include_children:
        return [organization.pk]
    below = access.organizations_in_reach(by) & Organization.objects.tree_of(organization.pk)
    return list({organization.pk, *below.values_list("pk", flat=True)})


def _grouped(results: QuerySet[InvoiceEmission], *keys: str) -> Iterator[tuple[Any, ...]]:
    """Yield the sums and the keys of each group; the database adds up, and no invoice becomes an object."""
    groups = results.values_list(*keys, "flags").annotate(
        kg=Sum("co2e"), kg_biomass=Sum("co2e_biomass", default=Decimal(0)), weight=Sum(Abs("co2e"))
    )
    for *found, flags, co2e, co2e_biomass, weight in groups.order_by().iterator(chunk_size=_ROWS_AT_ONCE):
        yield _Part(co2e, co2e_biomass, weight, frozenset(flags.split())), *found


def bucket_of(category: str, scope: int) -> Scope:
    """Return what a result of a category and scope is added to."""
    if category == EmissionCategory.ELECTRICITY_LOCATION_BASED:
        return Scope.TWO_LOCATION
    return {1: Scope.ONE, 2: Scope.TWO_MARKET}.get(scope, Scope.THREE)


def _months(first: date, last: date) -> Iterator[tuple[date, int]]:
    """Yield the first day of each month between two days, and how many of its days are."""
    while True:
        until = min(last, first.replace(day=monthrange(first.year, first.month)[1]))
        yield first.replace(day=1), (until - first).days + 1
        if until == last:
            return
        first = until + timedelta(days=1)


def _counts(asked: _Asked) -> tuple[int, dict[str, int]]:
    """Return how many invoices are in the sums, and how many others there are by status."""
    by_status = dict(asked.invoices().values_list("status").annotate(count=Count("pk")).order_by("status"))
    counted = asked.invoices().filter(status=InvoiceStatus.ACTIVE).calculated().count()
    by_status[InvoiceStatus.ACTIVE] = by_status.get(InvoiceStatus.ACTIVE, 0) - counted
    return counted, {status: count for status, count in by_status.items() if count}
