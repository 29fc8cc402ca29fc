"""
Which row of the fuels' table serves an invoice, and how the invoice's unit converts to the row's.

The row of the fuel's own jurisdiction, else the world's; inside it the row that has the invoice's unit, else one that
the unit converts to, by calorific value or density where it is of another kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from invoices.emissions import units
from invoices.emissions.activity import Activity
from invoices.emissions.applying import ONE, flags, merged
from invoices.emissions.categories import Category
from invoices.emissions.factors import WORLD, Factor, FactorTable, Kind, nearest
from invoices.emissions.refusals import MissingFactor, UnitNotConvertible
from invoices.emissions.trace import Flag, Term
from invoices.emissions.units import Unit

_GROSS_UNIT: Final = "kWh GCV"


@dataclass(frozen=True, slots=True)
class Burnt:
    """The row that serves an invoice. A quantity of the invoice times `times`, over `per`, is one in the row's unit."""

    row: Factor
    year: int
    times: Decimal
    per: Decimal
    flags: tuple[Flag, ...]
    terms: tuple[Term, ...]


def burnt(activity: Activity, table: FactorTable, day: date, category: Category) -> Burnt:
    """Return the row that serves an invoice on a day; raise MissingFactor or UnitNotConvertible."""
    unit = units.named(activity.unit)
    rows = _rows(activity, table)
    if unit and not rows:
        raise MissingFactor(
            category=category,
            country=activity.country,
            year=day.year,
            unit=unit.symbol,
            of=activity.fuel or "a fuel without a code",
            mend="Choose one of the fuels that have factors, or name a group of custom factors.",
        )
    found = unit and (_converted(activity, rows, unit, day) or _approximated(activity, table, rows, unit, day))
    if not found:
        raise UnitNotConvertible(
            category=category,
            country=activity.country,
            year=day.year,
            unit=units.symbol_of(activity.unit),
            to=f"the factors of {activity.fuel or 'this fuel'} are per {', '.join(_symbols(rows)) or 'kWh, kg or l'}",
        )
    return found


def plain_basis(activity: Activity, table: FactorTable) -> str:
    """Return which calorific value a plain kWh of this fuel counts: gross where its factors are published so."""
    return _plain_basis(_rows(activity, table))


def _rows(activity: Activity, table: FactorTable) -> tuple[Factor, ...]:
    first = activity.fuel_jurisdiction or activity.country
    return table.rows(Kind.FUEL, first, activity.fuel) or table.rows(Kind.FUEL, WORLD, activity.fuel)


def _plain_basis(rows: Sequence[Factor]) -> str:
    return units.GROSS if any(row.unit == _GROSS_UNIT for row in rows) else units.NET


def _symbols(rows: Sequence[Factor]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.unit for row in rows))


def _converted(activity: Activity, rows: Sequence[Factor], unit: Unit, day: date) -> Burnt | None:
    basis = unit.basis or _plain_basis(rows)
    # The row of the unit itself, then those of its kind, then as the table lists them.
    symbols = sorted(
        _symbols(rows), key=lambda symbol: (units.of_symbol(symbol).kind != unit.kind, symbol != unit.symbol)
    )
    for symbol in symbols:
        row = nearest((row for row in rows if row.unit == symbol), day)
        if row and (bridge := _bridge(row, unit, basis)):
            return _found(activity, row, day, bridge)
    return None


@dataclass(frozen=True, slots=True)
class _Bridge:
    """How to come from the invoice's unit to the row's, and the figure of the fuel that it takes, if it takes one."""

    times: Decimal
    per: Decimal
    name: str = ""
    figure: Decimal = ONE
    unit: str = ""


def _bridge(row: Factor, unit: Unit, basis: str) -> _Bridge | None:
    to = units.of_symbol(row.unit)
    if unit.kind == units.ENERGY:
        figure = row.gcv_kwh if basis == units.GROSS else row.ncv_kwh
        name = "gross calorific value" if basis == units.GROSS else "net calorific value"
        # Of a row per kWh this is 1, or how many net kWh are in a gross one.
        return _Bridge(unit.times, unit.per * figure, name, figure, f"kWh/{row.unit}") if figure else None
    times, per = units.scale(unit, to)
    if unit.kind == to.kind:
        return _Bridge(times, per)
    density = row.density_kg_per_l
    if to.kind == units.ENERGY or not density:
        return None
    if to.kind == units.MASS:
        return _Bridge(times * density, per, "density", density, "kg/l")
    return _Bridge(times, per * density, "density", density, "kg/l")


def _found(activity: Activity, row: Factor, day: date, bridge: _Bridge) -> Burnt:
    year = row.year_for(day)
    term = Term(bridge.name, bridge.figure, bridge.unit, row.source_id, year)
    return Burnt(
        row=row,
        year=year,
        times=bridge.times,
        per=bridge.per,
        flags=flags(
            (not row.is_valid_on(day), Flag.YEAR_FALLBACK),
            (row.jurisdiction != activity.country, Flag.COUNTRY_FALLBACK),
        ),
        terms=() if bridge.figure == ONE else (term,),
    )


def _approximated(
    activity: Activity, table: FactorTable, rows: Sequence[Factor], unit: Unit, day: date
) -> Burnt | None:
    """Return the row per gross kWh for a volume of gas, where the tables say how much is about in a cubic metre."""
    row = nearest((row for row in rows if row.unit == _GROSS_UNIT), day)
    if row is None or unit.kind != units.VOLUME:
        return None
    known = [each for each in table.rows(Kind.UNIT_CONVERSION, row.jurisdiction, "m³") if each.label == activity.fuel]
    conversion = nearest(known, day)
    if conversion is None:
        return None
    times, per = units.scale(unit, units.of_symbol("m³"))
    found = _found(activity, row, day, _Bridge(times * conversion.figure, per))
    term = Term("gross calorific value", conversion.figure, "kWh/m³", conversion.source_id, None)
    return replace(found, flags=merged(found.flags, [Flag.UNIT_APPROXIMATE]), terms=(term,))
