"""Kilograms before and after, as the pages draw them: two bars to one measure, with the table beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

# The length of the longest bar, in the units of the drawing.
LENGTH: Final = 100


@dataclass(frozen=True, slots=True)
class Pair:
    """Kg CO2e of one thing before and after, None where there is none; lengths are for the drawing."""

    label: str
    before: Decimal | None
    after: Decimal | None
    before_length: int
    after_length: int

    @property
    def difference(self) -> Decimal | None:
        return None if self.before is None or self.after is None else self.after - self.before


def pairs(rows: Sequence[tuple[str, Decimal | None, Decimal | None]]) -> list[Pair]:
    """Return what to draw for (label, kg before, kg after), all to one measure. A credit is as long as a charge."""
    longest = max((abs(kg) for _label, *both in rows for kg in both if kg is not None), default=Decimal(0))
    return [
        Pair(label, before, after, _length(before, longest), _length(after, longest)) for label, before, after in rows
    ]


def _length(kg: Decimal | None, longest: Decimal) -> int:
    if not kg:
        return 0
    # What is there is seen, however little it is.
    return max(1, round(abs(kg) / longest * LENGTH))
