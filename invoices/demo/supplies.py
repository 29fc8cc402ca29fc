"""Supply points, with what is wrong on the bills of each: the truth behind the written codes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Final, NamedTuple

from stdnum.es import cups as stdnum_cups

from facilities.models import ContractSource
from invoices.demo.damage import KINDS
from invoices.demo.drawing import chance
from invoices.demo.periods import MONTHS, index_of
from invoices.demo.places import PLACES, Place
from invoices.demo.reference import SPANISH_ELECTRICITY

NO_CODE: Final = "no_code"
_WHOLE_LIFE: Final = 0.62
_READ_ON_OTHER_DAYS: Final = 0.3
_SUFFIXES: Final = ("", "", "", "", "", "0F", "0F", "0F", "0F", "1P")
_NEIGHBOURING: Final = 0.25
_CHANGED_SELLER: Final = 0.3


class Beside(Enum):
    """What stands beside a bill with a planted code: nothing, or the same month's bill under the right one."""

    NOTHING = "the months complete each other"
    SAME_INVOICE = "the bill was filed twice"
    CORRECTION = "it takes the other bill back"
    OVERLAP = "it covers half of the other bill's days"


class Planted(NamedTuple):
    """A code written on one month's bill in place of the supply's own."""

    kind: str
    written: str
    beside: Beside = Beside.NOTHING


@dataclass(slots=True)
class Supply:
    """
    A supply point, and what is told of it month by month, counted from 0.

    `cups` is its code as the distributor writes it, `day` the day of the month that its meter is read on, `sellers`
    who bills it in each year. `moved` are the months whose bills stand at another facility.
    """

    place: Place
    cups: str
    months: range
    day: int
    yearly_kwh: int
    sellers: Sequence[str]
    planted: dict[int, Planted] = field(default_factory=dict)
    moved: dict[int, Place] = field(default_factory=dict)
    corrected: set[int] = field(default_factory=set)
    contract: ContractSource | None = None

    def sound_months(self) -> list[int]:
        """Return the months with nothing wrong so far."""
        wrong = self.planted.keys() | self.moved.keys() | self.corrected
        return [month for month in self.months if month not in wrong]

    def kinds(self) -> set[str]:
        """Return the kinds of damage done so far."""
        return {planted.kind for planted in self.planted.values()}


def sound_code(distributor: str, own_number: int, suffix: str = "") -> str:
    """Return a code with the letters that fit, from a distributor's 4 digits and the 12 that it chose."""
    digits = f"{distributor}{own_number:012}"
    return f"ES{digits}{stdnum_cups.calc_check_digits(f'ES{digits}')}{suffix}"


def drawn(place: Place, *, count: int) -> Iterator[Supply]:
    """Yield supply points of a facility; one in four has a neighbour's number, one digit apart."""
    draw = chance(f"supplies of {place.name}")
    number = 0
    for _ in range(count):
        is_neighbour = number and draw.random() < _NEIGHBOURING
        number = number + 1 if is_neighbour else draw.randrange(10**6, 10**10)
        code = sound_code(draw.choice(place.distributors), number, draw.choice(_SUFFIXES))
        yield Supply(
            place=place,
            cups=code,
            months=_life(place, draw),
            day=draw.randint(4, 27) if draw.random() < _READ_ON_OTHER_DAYS else 1,
            yearly_kwh=draw.randint(*place.kwh),
            sellers=_sellers(draw),
        )


def plant(supply: Supply, kind: str, draw: Random, *, most: int, beside: Beside = Beside.NOTHING) -> bool:
    """Write a damaged code on 2 to `most` of a supply's sound months; return whether this damage can strike it."""
    written = KINDS[kind](supply.cups, draw)
    months = supply.sound_months()
    if written == supply.cups or kind in supply.kinds() or len(months) < most + 6:
        return False
    start = draw.randrange(len(months) - most)
    for month in months[start : start + draw.randint(2, most)]:
        supply.planted[month] = Planted(kind, written, beside)
    return True


def move(supply: Supply, place: Place, *, months: int) -> None:
    """Let the bills of a supply's last sound months stand at another facility."""
    for month in supply.sound_months()[-months:]:
        supply.moved[month] = place


def _life(place: Place, draw: Random) -> range:
    last = index_of(2024, 12) if place.is_archived else MONTHS - 1
    if draw.random() < _WHOLE_LIFE:
        return range(last + 1)
    start = draw.randrange(18)
    return range(start, min(last, start + draw.randint(8, 24)) + 1)


def _sellers(draw: Random) -> tuple[str, ...]:
    before, after = draw.sample(SPANISH_ELECTRICITY, 2)
    if draw.random() >= _CHANGED_SELLER:
        return (before,) * 3
    return draw.choice([(before, after, after), (before, before, after)])


def of_group() -> list[Supply]:
    """Return the group's supply points of electricity, nothing wrong with any yet."""
    return [supply for place in PLACES for supply in drawn(place, count=place.supplies)]
