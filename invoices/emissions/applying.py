"""A factor as it is applied to a quantity, before anybody knows how much that is."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from invoices.emissions.periods import Interval
from invoices.emissions.trace import Flag, Line, Term

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Applied:
    """
    A factor in kg (kWh for energy) for one `unit`, and the `part` of an interval's quantity that it applies to.

    A quantity of the invoice times `times`, over `per`, is the same in `unit`.
    """

    unit: str
    factor: Decimal
    kind: str
    source_id: str
    year: int | None = None
    biomass_factor: Decimal = ZERO
    gwp_set: str | None = None
    flags: tuple[Flag, ...] = ()
    terms: tuple[Term, ...] = ()
    label: str = ""
    times: Decimal = ONE
    per: Decimal = ONE
    part: Decimal = ONE


def line(applied: Applied, *, interval: Interval, quantity: Decimal, days: int) -> Line:
    """Return the line of a factor in an interval; `quantity` and `days` are those of the whole period."""
    # Divided last: 3,100 × 16 / 31 is 1,600, and 16 / 31 has no end.
    part = applied.part * interval.days
    return Line(
        start=interval.start,
        end=interval.end,
        share=part / days,
        quantity=quantity * part * applied.times / (applied.per * days),
        unit=applied.unit,
        factor=applied.factor,
        biomass_factor=applied.biomass_factor,
        source_id=applied.source_id,
        factor_year=applied.year,
        gwp_set=applied.gwp_set,
        flags=applied.flags,
        terms=applied.terms,
        kind=applied.kind,
        label=applied.label,
    )


def flags(*flagged: tuple[bool, Flag]) -> tuple[Flag, ...]:
    """Return the flags whose condition holds."""
    return tuple(flag for holds, flag in flagged if holds)


def merged(*several: Iterable[Flag]) -> tuple[Flag, ...]:
    """Return the flags of several factors, each once, in their order."""
    return tuple(dict.fromkeys(flag for some in several for flag in some))


def sources(*ids: str) -> str:
    """Return the ids of several sources as one, each once."""
    return "+".join(dict.fromkeys(part for joined in ids for part in joined.split("+")))
