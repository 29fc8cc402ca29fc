"""Units of the reference table: what each measures, and what it is of kWh, kg or litres."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from invoices.emissions import tables
from invoices.emissions.factors import WORLD

ENERGY: Final = "energy"
MASS: Final = "mass"
VOLUME: Final = "volume"
GROSS: Final = "gross"
NET: Final = "net"

ONE: Final = Decimal(1)
_BY: Final = {(row.subject, row.unit): row.figure for row in tables.conversions() if row.jurisdiction == WORLD}


@dataclass(frozen=True, slots=True)
class Unit:
    """
    One of it is `times` / `per` of the base of its kind: kWh, kg or l. Two figures, since 1 / 3.6 has no end.

    `basis` is gross or net where the unit itself says which calorific value it counts.
    """

    name: str
    symbol: str
    kind: str
    times: Decimal = ONE
    per: Decimal = ONE
    basis: str = ""


_UNITS: Final = (
    Unit("kilowatt_hour_(kwh)", "kWh", ENERGY),
    Unit("kilowatt_hour_gcv_(kwh)", "kWh GCV", ENERGY, basis=GROSS),
    Unit("kilowatt_hour_ncv_(kwh)", "kWh NCV", ENERGY, basis=NET),
    Unit("megawatt_hour_(mwh)", "MWh", ENERGY, _BY["MWh", "kWh"]),
    Unit("gigawatt_hour_(gwh)", "GWh", ENERGY, _BY["GWh", "kWh"]),
    Unit("megajoule_(mj)", "MJ", ENERGY, ONE, _BY["kWh", "MJ"]),
    Unit("gigajoule_(gj)", "GJ", ENERGY, _BY["GJ", "MJ"], _BY["kWh", "MJ"]),
    Unit("therm_(thm)", "thm", ENERGY, _BY["thm", "kWh"]),
    Unit("kilogram_(kg)", "kg", MASS),
    Unit("tonne_(t)", "t", MASS, _BY["t", "kg"]),
    Unit("pound_(lb)", "lb", MASS, _BY["lb", "kg"]),
    Unit("liter_(l)", "l", VOLUME),
    Unit("cubic_meter_(m³)", "m³", VOLUME, _BY["m³", "l"]),
    Unit("us_gallon_(gal)", "US gal", VOLUME, _BY["US gal", "l"]),
    Unit("cubic_foot_(ft³)", "ft³", VOLUME, _BY["ft³", "m³"] * _BY["m³", "l"]),
)
_BY_NAME: Final = {unit.name: unit for unit in _UNITS}
_BY_SYMBOL: Final = {unit.symbol: unit for unit in _UNITS}


def named(name: str) -> Unit | None:
    """Return the unit of that name, or None: money, and whatever else nothing is known of."""
    return _BY_NAME.get(name)


def of_symbol(symbol: str) -> Unit:
    """Return the unit that a row of a table is for; raise KeyError."""
    return _BY_SYMBOL[symbol]


def kind_of(name: str) -> str:
    """Return energy, mass or volume; "" for a unit that is not known."""
    unit = named(name)
    return unit.kind if unit else ""


def symbol_of(name: str) -> str:
    """Return what people write for a unit: its name, where that is all that is known."""
    unit = named(name)
    return unit.symbol if unit else name


def scale(of: Unit, to: Unit) -> tuple[Decimal, Decimal]:
    """Return two figures: a quantity times the first, over the second, is the same in another unit of its kind."""
    return of.times * to.per, of.per * to.times
