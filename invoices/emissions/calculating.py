"""
Calculates one result of an invoice: kg CO2e and kg of biogenic CO2, or kWh at net calorific value, with its trace.

quantity × factor, summed over the intervals that one factor each applies to. Nothing is rounded.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from invoices.emissions import applying, categories, customs, electricity, factors, fuels, periods, units, water
from invoices.emissions.activity import Activity, CustomFactor
from invoices.emissions.applying import ONE, ZERO, Applied
from invoices.emissions.categories import Category
from invoices.emissions.factors import WORLD, FactorTable, Kind
from invoices.emissions.refusals import (
    CannotCalculate,
    CategoryDoesNotFit,
    CustomFactorRequired,
    GasWithoutPotential,
    MissingFactor,
    UnitNotConvertible,
)
from invoices.emissions.trace import Flag, Line

__all__ = [
    "CannotCalculate",
    "CategoryDoesNotFit",
    "CustomFactorRequired",
    "GasWithoutPotential",
    "MissingFactor",
    "Result",
    "UnitNotConvertible",
    "calculate",
    "categories_of",
]


@dataclass(frozen=True, slots=True)
class Result:
    """
    What was calculated. Of `energy`, only `energy_kwh`, which is None where no calorific value is known.

    `co2e` is the sum of quantity × factor over the lines, `co2e_biomass` that of quantity × biomass_factor.
    """

    category: Category
    scope: int | None
    co2e: Decimal | None
    co2e_biomass: Decimal | None
    energy_kwh: Decimal | None
    lines: tuple[Line, ...]


def categories_of(activity: Activity) -> tuple[Category, ...]:
    """Return what is calculated of an invoice, its own `co2e` first; raise ValueError for an unknown type."""
    return categories.categories_of(activity.type, unit_type=units.kind_of(activity.unit))


def calculate(activity: Activity, category: Category, table: FactorTable) -> Result:
    """
    Return one result of an invoice, in kg (kWh for `energy`), with a line for each interval and factor.

    Raise CannotCalculate: MissingFactor, UnitNotConvertible, CustomFactorRequired, GasWithoutPotential, and
    CategoryDoesNotFit for a category that this type of invoice has not. Raise ValueError for a period that ends before
    it starts.
    """
    category = Category(category)
    lines = _lines(activity, category, table)
    scope = categories.scope_of(category, fuel=activity.fuel)
    total = sum((line.quantity * line.factor for line in lines), ZERO)
    if category is Category.ENERGY:
        is_known = not any(Flag.MISSING_CALORIFIC_VALUE in line.flags for line in lines)
        return Result(category, scope, None, None, total if is_known else None, lines)
    biomass = sum((line.quantity * line.biomass_factor for line in lines), ZERO)
    return Result(category, scope, total, biomass, None, lines)


def _lines(activity: Activity, category: Category, table: FactorTable) -> tuple[Line, ...]:
    days = periods.days(activity.start, activity.end)
    own = customs.fitting(activity, category)
    intervals = periods.split(
        activity.start, activity.end, published=_cuts(activity, table), others=customs.bounds(own)
    )
    return tuple(
        applying.line(applied, interval=interval, quantity=activity.quantity, days=days)
        for interval in intervals
        for applied in _applied(own, activity=activity, category=category, table=table, interval=interval)
    )


def _cuts(activity: Activity, table: FactorTable) -> Collection[date]:
    """Return the days inside a year on which a published factor of such an invoice changes."""
    if activity.type == "heat":
        places = {activity.fuel_jurisdiction or activity.country, WORLD}
        return table.cuts((Kind.FUEL,), places)
    if activity.type == "water":
        return table.cuts(factors.WATER, {activity.country, water.PUBLISHED_BY})
    return table.cuts(factors.ELECTRICITY, {activity.country, WORLD})


def _applied(
    own: Sequence[CustomFactor],
    *,
    activity: Activity,
    category: Category,
    table: FactorTable,
    interval: periods.Interval,
) -> Sequence[Applied]:
    custom = own and customs.applied(own, activity=activity, category=category, table=table, day=interval.start)
    if custom:
        return (custom,)
    return _WAYS[category](activity, table, interval.since)


def _stationary(activity: Activity, table: FactorTable, day: date) -> Sequence[Applied]:
    _must_be(activity, Category.STATIONARY, "heat")
    return (fuels.stationary(activity, table, day),)


def _stationary_generation(activity: Activity, table: FactorTable, day: date) -> Sequence[Applied]:
    _must_be(activity, Category.STATIONARY_GENERATION, "heat")
    return (fuels.upstream(activity, table, day),)


def _market(activity: Activity, table: FactorTable, day: date) -> Sequence[Applied]:
    times, per = _in_kwh(activity, Category.ELECTRICITY, day)
    return _scaled(electricity.market(activity, table, day), times, per)


def _location(activity: Activity, table: FactorTable, day: date) -> Sequence[Applied]:
    category = Category.ELECTRICITY_LOCATION_BASED
    times, per = _in_kwh(activity, category, day)
    return _scaled((electricity.location(table, activity.country, day, category),), times, per)


def _generation(activity: Activity, table: FactorTable, day: date) -> Sequence[Applied]:
    category = Category.ELECTRICITY_GENERATION
    times, per = _in_kwh(activity, category, day)
    return _scaled((electricity.upstream(table, activity.country, day, category),), times, per)


def _transmission(activity: Activity, table: FactorTable, day: date) -> Sequence[Applied]:
    category = Category.ELECTRICITY_TRANSMISSION_AND_DISTRIBUTION
    times, per = _in_kwh(activity, category, day)
    return _scaled(electricity.lost(table, activity.country, day, category), times, per)


def _water(activity: Activity, table: FactorTable, day: date) -> Sequence[Applied]:
    _must_be(activity, Category.WATER, "water")
    unit = units.named(activity.unit)
    if unit is None or unit.kind != units.VOLUME:
        raise _not_convertible(activity, Category.WATER, day, "the factors of water are per m³")
    times, per = units.scale(unit, units.of_symbol("m³"))
    return _scaled(water.both(table, activity.country, day), times, per)


def _process(activity: Activity, table: FactorTable, day: date) -> Sequence[Applied]:
    _must_be(activity, Category.PROCESS, "process", "recharge")
    if units.named(activity.unit) is None:
        raise _not_convertible(activity, Category.PROCESS, day, "it is no unit of energy, mass or volume")
    raise _required(activity, Category.PROCESS, day)


def _energy(activity: Activity, table: FactorTable, day: date) -> Sequence[Applied]:
    if activity.type == "heat":
        return (fuels.energy(activity, table, day),)
    unit = units.named(activity.unit)
    if unit and unit.kind == units.ENERGY:
        return (Applied(unit="kWh", factor=ONE, kind="energy", source_id="", times=unit.times, per=unit.per),)
    if activity.type == "electricity":
        raise _not_convertible(activity, Category.ENERGY, day, "electricity is counted in kWh")
    return ()


_WAYS: Final[dict[Category, Callable[[Activity, FactorTable, date], Sequence[Applied]]]] = {
    Category.STATIONARY: _stationary,
    Category.STATIONARY_GENERATION: _stationary_generation,
    Category.ELECTRICITY: _market,
    Category.ELECTRICITY_LOCATION_BASED: _location,
    Category.ELECTRICITY_GENERATION: _generation,
    Category.ELECTRICITY_TRANSMISSION_AND_DISTRIBUTION: _transmission,
    Category.WATER: _water,
    Category.PROCESS: _process,
    Category.ENERGY: _energy,
}


def _in_kwh(activity: Activity, category: Category, day: date) -> tuple[Decimal, Decimal]:
    """Return how the invoice's unit converts to kWh. What is recharged by mass is refrigerant, never electricity."""
    _must_be(activity, category, "electricity", "recharge")
    unit = units.named(activity.unit)
    if unit and unit.kind == units.ENERGY:
        return unit.times, unit.per
    if unit and activity.type == "recharge":
        raise _required(activity, category, day)
    raise _not_convertible(activity, category, day, "electricity is counted in kWh")


def _scaled(several: Sequence[Applied], times: Decimal, per: Decimal) -> Sequence[Applied]:
    if times == per == ONE:
        return several
    return [replace(applied, times=times, per=per) for applied in several]


def _must_be(activity: Activity, category: Category, *types: str) -> None:
    if activity.type not in types:
        raise CategoryDoesNotFit(category=category, invoice_type=activity.type)


def _not_convertible(activity: Activity, category: Category, day: date, to: str) -> UnitNotConvertible:
    return UnitNotConvertible(
        category=category,
        country=activity.country,
        year=day.year,
        unit=units.symbol_of(activity.unit),
        to=to,
    )


def _required(activity: Activity, category: Category, day: date) -> CustomFactorRequired:
    return CustomFactorRequired(
        category=category,
        country=activity.country,
        year=day.year,
        unit=units.symbol_of(activity.unit),
        of="Refrigerant" if activity.type == "recharge" else "A process",
    )
