"""The three years that the demo bills, month by month."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

FIRST_YEAR: Final = 2023
MONTHS: Final = 36


class Period(NamedTuple):
    """What a bill covers, both days included."""

    start: date
    end: date


def of_month(index: int, *, day: int = 1) -> Period:
    """
    Return the period billed in a month, counted from 0.

    From the first to the last day; or, read on another day, from that day to the same one of the next month, which
    the next bill starts on again, as is ordinary in Spain.
    """
    start = _first(index).replace(day=day)
    return Period(start, _last(start) if day == 1 else _first(index + 1).replace(day=day))


def parts_of_year(year: int, *, per_month: int) -> list[Period]:
    """Return a year's periods where each month is billed in parts of 10 days or more; the last takes what is left."""
    length = 30 // per_month
    found = []
    for month in range(1, 13):
        starts = [date(year, month, 1 + length * part) for part in range(per_month)]
        ends = [start - timedelta(days=1) for start in starts[1:]]
        found += [Period(*days) for days in zip(starts, [*ends, _last(starts[0])], strict=True)]
    return found


def index_of(year: int, month: int) -> int:
    """Return the number of a month, counted from 0."""
    return (year - FIRST_YEAR) * 12 + month - 1


def filed_at(period: Period, invoice_id: UUID) -> datetime:
    """Return when a bill was filed: 2 to 17 days after its end, at an hour when people work."""
    morning = datetime(period.end.year, period.end.month, period.end.day, 7, tzinfo=UTC)
    return morning + timedelta(days=2 + invoice_id.int % 16, minutes=invoice_id.int % 601)


def _first(index: int) -> date:
    return date(FIRST_YEAR + index // 12, index % 12 + 1, 1)


def _last(start: date) -> date:
    return start.replace(day=monthrange(start.year, start.month)[1])
