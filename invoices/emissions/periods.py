"""A period in the intervals that one factor each applies to. Both ends count."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """
    From `start` to `end`, both counted, inside one year: `days` of them.

    `since` is the first day from which on the published factors are those of this interval.
    """

    start: date
    end: date
    days: int
    since: date


def days(start: date, end: date) -> int:
    """Return how many days a period has; raise ValueError when it ends before it starts."""
    if end < start:
        raise ValueError(f"A period can't end on {end} before it starts on {start}")
    return (end - start).days + 1


def split(
    start: date, end: date, *, published: Collection[date] = (), others: Collection[date] = ()
) -> tuple[Interval, ...]:
    """
    Return the intervals of a period, cut at each 1 January and at each of the given days, which begin an interval.

    `published` are the days inside a year on which published factors change; `others` change none of them.
    """
    if start.year == end.year and not published and not others:
        return (Interval(start, end, days(start, end), date(start.year, 1, 1)),)
    new_years = {date(year, 1, 1) for year in range(start.year, end.year + 1)}
    firsts = sorted({start, *(day for day in (*new_years, *published, *others) if start < day <= end)})
    lasts = [*(first - _DAY for first in firsts[1:]), end]
    return tuple(
        Interval(first, last, days(first, last), _since(first, published))
        for first, last in zip(firsts, lasts, strict=True)
    )


def _since(day: date, published: Collection[date]) -> date:
    new_year = date(day.year, 1, 1)
    return max((cut for cut in published if new_year < cut <= day), default=new_year)
