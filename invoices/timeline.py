"""The months that codes have invoices for, as evidence: what would fill a gap, and what would be counted twice."""

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import combinations
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from invoices import double_counting, grouping
from invoices.double_counting import Bill
from invoices.models import Invoice

# A longer bill stands in every month whose middle it covers; any other in the month of its own middle.
ONE_MONTH: Final = timedelta(days=45)
# So many stars are read at once.
_STARS: Final = 500

_Line = TypeVar("_Line", bound=Hashable)


class Month(NamedTuple):
    """A month of a year."""

    year: int
    month: int


class Span(NamedTuple):
    """The period of one invoice."""

    start: date
    end: date


Months = Mapping[Month, Sequence[Span]]


class State(StrEnum):
    """What a month would be once codes were joined; one without an invoice has none."""

    TARGET = "target"  # the target has it
    FILLED = "filled"  # it gets it
    OVERLAP = "overlap"  # something would be counted twice


class Star(NamedTuple):
    """Codes at one facility that may be one supply: those that are it, and those that would become it."""

    facility_id: UUID
    targets: frozenset[str]
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What the months say for joining codes, and against it.

    `missing` months lie between the first and the last of all and the target lacks them; `filled` of them it gets. Both
    are 0 where the target has no invoice. `overlaps` bills would be counted twice, `overlap_days` days of them.
    """

    missing: int
    filled: int
    overlaps: int
    overlap_days: int
    months: Mapping[Month, State]


def evidence(*, organization_id: UUID, stars: Sequence[Star]) -> list[Evidence]:
    """Return what the months of each star say, in their order; one statement for some hundred stars."""
    found: list[Evidence] = []
    for start in range(0, len(stars), _STARS):
        part = stars[start : start + _STARS]
        bills = _bills(organization_id, part)
        found += [_weighed(star, bills) for star in part]
    return found


def months_of(span: Span) -> Iterator[Month]:
    """Yield the months that a bill of this period stands in."""
    middle = span.start + (span.end - span.start) / 2
    if span.end - span.start <= ONE_MONTH:
        yield Month(middle.year, middle.month)
        return
    first, last = (12 * day.year + day.month - 1 for day in span)
    for ordinal in range(first, last + 1):
        year, month = divmod(ordinal, 12)
        if span.start <= date(year, month + 1, 15) <= span.end:
            yield Month(year, month + 1)


def covered(spans: Collection[Span]) -> dict[Month, list[Span]]:
    """Return these periods by the months that they stand in."""
    found: dict[Month, list[Span]] = {}
    for span in spans:
        for month in months_of(span):
            found.setdefault(month, []).append(span)
    return found


def overlap(one: Span, other: Span) -> bool:
    """Say whether two periods share a day; one that ends when the other starts, as is ordinary in Spain, does not."""
    return (min(one.end, other.end) - max(one.start, other.start)).days >= 1


def overlapping(lines: Mapping[_Line, Months]) -> Iterator[tuple[_Line, Month]]:
    """Yield the months of each of these lines, all of one facility, in which a period overlaps another line's."""
    for one, other in combinations(lines, 2):
        for month in lines[one].keys() & lines[other].keys():
            if any(overlap(a, b) for a in lines[one][month] for b in lines[other][month]):
                yield one, month
                yield other, month


def gaps(own: Collection[Month], others: Collection[Month]) -> tuple[int, int]:
    """Return how many months a line lacks between the first and the last of all, and how many it gets from others."""
    ordinals = [year * 12 + month for year, month in {*own, *others}]
    return max(ordinals) - min(ordinals) + 1 - len(set(own)), len(set(others) - set(own))


def _bills(organization_id: UUID, stars: Sequence[Star]) -> dict[tuple[UUID, str], list[Bill]]:
    found: dict[tuple[UUID, str], list[Bill]] = {
        (star.facility_id, cups): [] for star in stars for cups in star.targets | star.sources
    }
    facility_ids = {star.facility_id for star in stars}
    for codes in grouping.sliced(sorted({cups for _facility_id, cups in found})):
        invoices = Invoice.objects.of(organization_id).grouped()
        # A code at a facility that nobody asked for costs a row and is passed over.
        for bill in double_counting.bills_of(invoices.filter(facility_id__in=facility_ids, cups__in=codes)):
            if (bill.facility_id, bill.cups) in found:
                found[bill.facility_id, bill.cups].append(bill)
    return found


def _weighed(star: Star, bills: Mapping[tuple[UUID, str], Sequence[Bill]]) -> Evidence:
    # What is the supply already is one line: what its own codes count twice, joining others does not add.
    lines = {"": [bill._replace(cups="") for cups in star.targets for bill in bills[star.facility_id, cups]]}
    lines |= {cups: list(bills[star.facility_id, cups]) for cups in star.sources}
    months = {line: covered([Span(bill.start, bill.end) for bill in found]) for line, found in lines.items()}
    own, others = months[""], {month for line in star.sources for month in months[line]}
    missing, filled = gaps(own, others) if own else (0, 0)
    clashes = double_counting.among(bill for found in lines.values() for bill in found).values()
    twice = {month for _line, month in overlapping(months)}
    states = {month: State.TARGET if month in own else State.FILLED for month in sorted({*own, *others})}
    return Evidence(
        missing=missing,
        filled=filled,
        overlaps=sum(figures.count for figures in clashes),
        overlap_days=sum(figures.days for figures in clashes),
        months=states | dict.fromkeys(sorted(twice), State.OVERLAP),
    )
