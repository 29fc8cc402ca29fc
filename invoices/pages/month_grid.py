"""The months of a facility: for each supply, when it was invoiced, what is missing, and what overlaps or corrects."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import combinations, groupby
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from facilities.models import Facility, Organization
from facilities.pages.current import PageRequest, for_organization
from invoices import suggesting, timeline
from invoices.models import CupsGroup, Invoice
from invoices.pages.suggestion_cards import month_name
from invoices.timeline import Month, Span

MONTHS: Final = 36
SUPPLIES_A_PAGE: Final = 20
# The months that one can go to.
EARLIEST: Final = date(1950, 1, 1)
LATEST: Final = date(2150, 1, 1)
# A bill may stand in a month without touching the part of it that is asked for.
MARGIN: Final = timedelta(days=45)


class State(StrEnum):
    """What a month of a code is; also the name of its class in the style sheet."""

    PRESENT = "present"
    MISSING = "missing"
    OVERLAP = "overlap"
    CORRECTION = "correction"
    OUTSIDE = "outside"  # before the first invoice, or after the last


NAMES: Final[Mapping[State, Any]] = {
    State.PRESENT: gettext_lazy("invoiced"),
    State.MISSING: gettext_lazy("missing"),
    State.OVERLAP: gettext_lazy("overlapping"),
    State.CORRECTION: gettext_lazy("corrected"),
}


class Extent(NamedTuple):
    """From the first day to the last for which a code has invoices."""

    first: date
    last: date


class Bill(NamedTuple):
    """What of an invoice the grid is drawn from."""

    cups: str
    span: Span
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Cell:
    """A month of a code, and what one reads when pointing at it."""

    state: State
    title: str

    @property
    def name(self) -> str:
        return str(NAMES.get(self.state, ""))


@dataclass(frozen=True, slots=True)
class Row:
    """A code; one that is suggested to become the supply's stands under it."""

    cups: str
    is_damaged: bool
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Supply:
    """A code that stands for itself, and those that are suggested to become it."""

    cups: str
    damaged: Sequence[str] = ()

    @property
    def codes(self) -> list[str]:
        return [self.cups, *self.damaged]


class AskedForm(forms.Form):
    """The parameters of the page; what makes no sense is passed over."""

    facility = forms.UUIDField(required=False)
    until = forms.DateField(
        required=False,
        input_formats=["%Y-%m"],
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
    )
    page = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which facility, and the months up to which."""

    facility_id: UUID | None
    until: date | None
    page: int

    @classmethod
    def of(cls, given: QueryDict) -> Self:
        form = AskedForm(given)
        form.is_valid()
        sane = form.cleaned_data
        return cls(sane.get("facility"), sane.get("until"), sane.get("page") or 1)


@require_safe
@for_organization
def months(request: PageRequest) -> HttpResponse:
    """Draw the supplies of one facility against three years of months."""
    asked = Asked.of(request.GET)
    facilities = _facilities(request.organization)
    facility = next((each for each in facilities if each.pk == asked.facility_id), None) or next(iter(facilities), None)
    context: dict[str, Any] = {"facilities": facilities, "facility": facility}
    if facility is not None:
        context |= _grid(request.organization, facility, asked)
    return render(request, "months/grid.html", context)


def _facilities(organization: Organization) -> list[Facility]:
    with_groups = CupsGroup.objects.of(organization.pk).listed().values("facility_id")
    return list(Facility.objects.filter(organization=organization, pk__in=with_groups).order_by("name", "pk"))


def _grid(organization: Organization, facility: Facility, asked: Asked) -> dict[str, Any]:
    extents = _extents(organization, facility)
    today = timezone.localdate()
    latest = asked.until or max(EARLIEST, min(max(extent.last for extent in extents.values()), today))
    drawn = _last_months(latest)
    page = Paginator(_supplies(organization, facility, extents), SUPPLIES_A_PAGE).get_page(asked.page)
    bills = _bills(organization, facility, [cups for supply in page for cups in supply.codes], drawn)
    query = QueryDict(mutable=True)
    query.update({"facility": str(facility.pk), **({"until": f"{latest:%Y-%m}"} if asked.until else {})})
    return {
        "page": page,
        "query": query,
        "supplies": [_rows(supply, bills, extents, drawn) for supply in page],
        "years": [(year, len(list(found))) for year, found in groupby(year for year, _month in drawn)],
        "months": [(month_name(*month), date_format(date(*month, 1), "b")[:1].upper()) for month in drawn],
        "earlier": _shifted(drawn[-1], -12),
        "later": _shifted(drawn[-1], 12) if latest < today else "",
        "legend": NAMES.items(),
    }


def _extents(organization: Organization, facility: Facility) -> dict[str, Extent]:
    groups = CupsGroup.objects.of(organization.pk).listed().filter(facility=facility)
    found = groups.values_list("cups", "first_date", "last_date")
    # Only a group without invoices, which is not listed, has no dates.
    return {cups: Extent(first, last) for cups, first, last in found if first and last}


def _last_months(latest: date) -> list[Month]:
    end = latest.year * 12 + latest.month
    return [Month(each // 12, each % 12 + 1) for each in range(end - MONTHS, end)]


def _shifted(month: Month, by: int) -> str:
    year, index = divmod(month[0] * 12 + month[1] - 1 + by, 12)
    return f"{year}-{index + 1:02}"


def _supplies(organization: Organization, facility: Facility, codes: Iterable[str]) -> list[Supply]:
    """Return the supplies of a facility by code, each with the codes that are suggested to become it."""
    damaged: dict[str, list[str]] = {}
    for suggestion in suggesting.listed(organization=organization, facility_id=facility.pk):
        here = [member.code.cups for member in suggestion.sources if member.code.facility_id == facility.pk]
        damaged.setdefault(suggestion.target, []).extend(here)
    under = {cups for members in damaged.values() for cups in members}
    return [
        Supply(cups, tuple(damaged.get(cups, ()))) for cups in sorted({*codes, *damaged} - (under - damaged.keys()))
    ]


def _bills(organization: Organization, facility: Facility, codes: Sequence[str], drawn: Sequence[Month]) -> list[Bill]:
    """Return the bills of these codes that may touch the months, in order of time."""
    since, until = date(*drawn[0], 1), date(*drawn[-1], 28)
    rows = (
        Invoice.objects.of(organization.pk)
        .grouped()
        .filter(facility=facility, cups__in=codes, end_date__gte=since - MARGIN, start_date__lte=until + MARGIN)
        .order_by("start_date", "end_date", "pk")
        .values_list("cups", "start_date", "end_date", "quantity")
    )
    return [Bill(cups, Span(start, end), quantity) for cups, start, end, quantity in rows]


def _rows(supply: Supply, bills: Sequence[Bill], extents: Mapping[str, Extent], drawn: Sequence[Month]) -> list[Row]:
    states = dict(_states([bill for bill in bills if bill.cups in supply.codes]))
    present = [extents[cups] for cups in supply.codes if cups in extents]
    first = min((extent.first for extent in present), default=date.max)
    last = max((extent.last for extent in present), default=date.min)

    def cell(cups: str, month: Month) -> Cell:
        state = states.get((cups, month))
        if state is None:
            is_between = (first.year, first.month) <= month <= (last.year, last.month)
            state = State.MISSING if cups == supply.cups and is_between else State.OUTSIDE
        return Cell(state, f"{month_name(*month)}: {NAMES[state]}" if state in NAMES else "")

    return [Row(cups, cups != supply.cups, [cell(cups, month) for month in drawn]) for cups in supply.codes]


def _states(bills: Sequence[Bill]) -> Iterator[tuple[tuple[str, Month], State]]:
    """Yield what each month with bills is: of one with several, what most needs a look comes last."""
    by_month: dict[Month, list[Bill]] = {}
    for bill in bills:
        for month in timeline.months_of(bill.span):
            by_month.setdefault(month, []).append(bill)
    for month, found in by_month.items():
        yield from (((bill.cups, month), State.PRESENT) for bill in found)
        pairs = [pair for pair in combinations(found, 2) if timeline.overlap(pair[0].span, pair[1].span)]
        for state, found_here in ((State.CORRECTION, True), (State.OVERLAP, False)):
            for one, other in pairs:
                if _corrects(one, other) is found_here:
                    yield (one.cups, month), state
                    yield (other.cups, month), state


def _corrects(one: Bill, other: Bill) -> bool:
    """Tell whether one of two overlapping bills is there to put the other right."""
    return min(one.quantity, other.quantity) < 0 or (one.span == other.span and one.quantity != other.quantity)
