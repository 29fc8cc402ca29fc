"""The months that each code has invoices for: what fills a gap, and what would be counted twice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from django.utils.formats import date_format

from facilities.models import Organization
from invoices import rewriting, timeline
from invoices.consolidating import Plan
from invoices.timeline import Month, Months, Span

LINES: Final = 12
YEARS: Final = 3


class Line(NamedTuple):
    """One code at one facility."""

    facility_id: UUID
    cups: str


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
    covered = {line: timeline.covered(found) for line, found in spans.items()}
    overlapping = set(_overlapping(covered))
    lines = sorted(
        spans, key=lambda line: (facility_names.get(line.facility_id, ""), line.cups != plan.target, line.cups)
    )

    def strip(line: Line, year: int) -> Strip:
        cells = [_cell(line, Month(year, month), plan.target, covered, overlapping) for month in range(1, 13)]
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


def _overlapping(covered: Mapping[Line, Months]) -> Iterator[tuple[Line, Month]]:
    """Yield the months of lines whose invoices overlap another line's of the same facility."""
    for facility_id in {line.facility_id for line in covered}:
        yield from timeline.overlapping({line: covered[line] for line in covered if line.facility_id == facility_id})


def _cell(
    line: Line,
    month: Month,
    target: str,
    covered: Mapping[Line, Months],
    overlapping: set[tuple[Line, Month]],
) -> str:
    if month not in covered[line]:
        return ""
    if (line, month) in overlapping:
        return "x"
    return "a" if line.cups == target else "b"


def _gaps(target: str, covered: Mapping[Line, Months]) -> tuple[int, int]:
    """Return how many months the target lacks at its facilities, and how many of them it gets there."""
    lacking = filled = 0
    for own in [line for line in covered if line.cups == target]:
        others = [line for line in covered if line.facility_id == own.facility_id and line != own]
        lacks, gets = timeline.gaps(covered[own], {month for line in others for month in covered[line]})
        lacking, filled = lacking + lacks, filled + gets
    return lacking, filled
