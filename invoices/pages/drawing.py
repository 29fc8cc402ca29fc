"""Charts as SVG: where each bar stands. The templates print it; nothing is styled but by its class."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from invoices.impacts import Figure, Scope

# In the units of the drawing; the page scales it.
WIDTH: Final = 600
HEIGHT: Final = 290
# Room for a long number in the great letters that a phone needs.
_LEFT: Final = 92
_TOP: Final = 12
_BOTTOM: Final = 34
_GAP: Final = 0.28
_TICKS: Final = 4
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
STACKED: Final = (Scope.ONE, Scope.TWO_MARKET, Scope.THREE)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of one scope in one month."""

    scope: Scope
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """A month with its bars from the ground up, and where its name stands."""

    month: date
    middle: float
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across, with its value in kg."""

    y: float
    value: Decimal


@dataclass(frozen=True, slots=True)
class Chart:
    """Months side by side, the scopes of the total on top of each other. What is negative is not drawn."""

    columns: Sequence[Column]
    ticks: Sequence[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    ground: int = HEIGHT - _BOTTOM
    names: int = HEIGHT - _BOTTOM + 22


def months_of(year: int) -> list[date]:
    return [date(year, month, 1) for month in range(1, 13)]


def chart(*, months: Sequence[date], figures: Mapping[tuple[date, Scope], Figure]) -> Chart:
    """Return the months as columns, in kg, each scope as high as what it emits."""
    drawn = {
        (month, scope): max(Decimal(0), figures[month, scope].co2e) if (month, scope) in figures else Decimal(0)
        for month in months
        for scope in STACKED
    }
    highest = max(sum(drawn[month, scope] for scope in STACKED) for month in months)
    step = _step(float(highest) / _TICKS)
    # The top line stands at or above the highest column.
    count = max(1, math.ceil(float(highest) / step))
    scale = (HEIGHT - _TOP - _BOTTOM) / (count * step)
    width = (WIDTH - _LEFT) / len(months)
    columns = [
        _column(month, [(scope, float(drawn[month, scope]) * scale) for scope in STACKED], _LEFT + width * place, width)
        for place, month in enumerate(months)
    ]
    ground = HEIGHT - _BOTTOM
    ticks = [Tick(round(ground - step * number * scale, 1), Decimal(str(step * number))) for number in range(count + 1)]
    return Chart(columns, ticks)


def share_of(value: Decimal, most: Decimal) -> float:
    """Return how long a bar is in percent of the longest; what is negative has none."""
    return round(float(max(Decimal(0), value) / most * 100), 2) if most > 0 else 0.0


def _column(month: date, heights: Sequence[tuple[Scope, float]], left: float, width: float) -> Column:
    ground = float(HEIGHT - _BOTTOM)
    bars = []
    for scope, height in heights:
        if height:
            ground -= height
            inner = width * (1 - _GAP)
            place = round(left + width * _GAP / 2, 1), round(ground, 1)
            bars.append(Bar(scope, *place, round(inner, 1), round(height, 1)))
    return Column(month, round(left + width / 2, 1), bars)


def _step(least: float) -> float:
    """Return the first round number that is as great: 1, 2, 2.5 or 5 times a power of ten."""
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * step for step in _STEPS if power * step >= least * (1 - 1e-9))
