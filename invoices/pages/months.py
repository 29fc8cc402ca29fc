"""The months that each code has invoices for: what fills a gap, and what would be counted twice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import Final, NamedTuple
from uuid import UUID

from django.utils.formats import date_format

from facilities.models import Organization
from invoices import rewriting
from invoices.consolidating import Plan

LINES: Final = 12
YEARS: Final = 3
# A longer bill stands in every month whose middle it covers; any other in the month of its own middle.
ONE_MONTH: Final = timedelta(days=45)

Month = tuple[int, int]


class Line(NamedTuple):
    """One code at one facility."""

    facility_id: UUID
    cups: str


class Span(NamedTuple):
    """The period of one invoice."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Strip:
    """One line of a year: its code, where it is, and the twelve cells (a: the target's, b: moving, x: overlapping)."""

    cups: str
    facility_name: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Picture:
    """The strips of each year, and how many months the target lacks and gets."""

    years: Sequence[tuple[int, Sequence[Strip]]]
    names: Sequence[str]
    lacking: int
    filled: int
    lines_left_out: int
    has_target: bool
    has_overlap: bool


def of(plan: Plan, *, organization: Organization, facility_names: Mapping[UUID, str]) -> Picture | None:
    """Draw the years that have moving invoices, the newest first; None where nothing moves."""
    spans = _spans(plan, organization)
    moving = {line: found for line, found in spans.items() if line.cups != plan.target}
    years = sorted({span.start.year for found in moving.values() for span in found}, reverse=True)[:YEARS]
    if not years:
        return None
    covered = {line: _covered(found) for line, found in spans.items()}
    overlapping = set(_overlapping(covered))
    lines = sorted(
        spans, key=lambda line: (facility_names.get(line.facility_id, ""), line.cups != plan.target, line.cups)
    )

    def strip(line: Line, year: int) -> Strip:
        cells = [_cell(line, (year, month), plan.target, covered, overlapping) for month in range(1, 13)]
        return Strip(line.cups, facility_names.get(line.facility_id, ""), cells)

    lacking, filled = _gaps(plan.target, covered)
    drawn = [(year, [strip(line, year) for line in lines[:LINES]]) for year in years]
    cells = {cell for _year, strips in drawn for each in strips for cell in each.cells}
    return Picture(
        years=drawn,
        names=[date_format(date(2024, month, 1), "b") for month in range(1, 13)],
        lacking=lacking,
        filled=filled,
        lines_left_out=max(0, len(lines) - LINES),
        has_target="a" in cells,
        has_overlap="x" in cells,
    )


def _spans(plan: Plan, organization: Organization) -> dict[Line, list[Span]]:
    groups = {(group.facility_id, group.cups): group for group in (*plan.receiving, *plan.groups)}
    rows = rewriting.of_groups(list(groups.values()), organization_id=organization.pk).values_list(
        "facility_id", "cups", "start_date", "end_date"
    )
    found: dict[Line, list[Span]] = {}
    for facility_id, cups, start, end in rows:
        found.setdefault(Line(facility_id, cups), []).append(Span(start, end))
    return found


def _covered(spans: Sequence[Span]) -> dict[Month, list[Span]]:
    covered: dict[Month, list[Span]] = {}
    for span in spans:
        for month in _months(span):
            covered.setdefault(month, []).append(span)
    return covered


def _months(span: Span) -> Iterator[Month]:
    middle = span.start + (span.end - span.start) / 2
    if span.end - span.start <= ONE_MONTH:
        yield middle.year, middle.month
        return
    year, month = span.start.year, span.start.month
    while date(year, month, 15) <= span.end:
        if date(year, month, 15) >= span.start:
            yield year, month
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)  # noqa: PLR2004 (December)


def _overlapping(covered: Mapping[Line, Mapping[Month, Sequence[Span]]]) -> Iterator[tuple[Line, Month]]:
    """Yield the months of lines whose invoices overlap another line's of the same facility."""
    for one, other in combinations(covered, 2):
        if one.facility_id != other.facility_id:
            continue
        for month in covered[one].keys() & covered[other].keys():
            if any(_overlap(a, b) for a in covered[one][month] for b in covered[other][month]):
                yield one, month
                yield other, month


def _overlap(one: Span, other: Span) -> bool:
    return (min(one.end, other.end) - max(one.start, other.start)).days >= 1


def _cell(
    line: Line,
    month: Month,
    target: str,
    covered: Mapping[Line, Mapping[Month, Sequence[Span]]],
    overlapping: set[tuple[Line, Month]],
) -> str:
    if month not in covered[line]:
        return ""
    if (line, month) in overlapping:
        return "x"
    return "a" if line.cups == target else "b"


def _gaps(target: str, covered: Mapping[Line, Mapping[Month, Sequence[Span]]]) -> tuple[int, int]:
    """Return how many months the target lacks between the first and the last of all, and how many of them it gets."""
    lacking = filled = 0
    for facility_id in {line.facility_id for line in covered if line.cups == target}:
        here = {line: months for line, months in covered.items() if line.facility_id == facility_id}
        own = set(here[Line(facility_id, target)])
        others = {month for line, months in here.items() if line.cups != target for month in months}
        ordinals = [year * 12 + month for year, month in own | others]
        lacking += max(ordinals) - min(ordinals) + 1 - len(own)
        filled += len(others - own)
    return lacking, filled
