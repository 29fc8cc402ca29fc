"""
Factors of a fuel that is burnt: what it emits, what came before it, and how much energy is in it.

The row of the fuel's own jurisdiction, else the world's; inside it the row that has the invoice's unit, else one that
the unit converts to, by calorific value or density where it is of another kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from invoices.emissions import units
from invoices.emissions.activity import Activity
from invoices.emissions.applying import ONE, ZERO, Applied, flags, merged
from invoices.emissions.categories import DISTRICT_HEAT, Category
from invoices.emissions.factors import WORLD, Factor, FactorTable, Kind, nearest
from invoices.emissions.refusals import CannotCalculate, CustomFactorRequired, MissingFactor, UnitNotConvertible
from invoices.emissions.trace import Flag, Term
from invoices.emissions.units import Unit

# Where upstream figures were published; elsewhere they are borrowed.
_BRITAIN: Final = "GB"
_GROSS_UNIT: Final = "kWh GCV"
_GRAMS_A_KILOGRAM: Final = 1000


@dataclass(frozen=True, slots=True)
class Burnt:
    """The row that serves an invoice. A quantity of the invoice times `times`, over `per`, is one in the row's unit."""

    row: Factor
    year: int
    times: Decimal
    per: Decimal
    flags: tuple[Flag, ...]
    terms: tuple[Term, ...]


def stationary(activity: Activity, table: FactorTable, day: date) -> Applied:
    """Return what burning emits; raise MissingFactor, UnitNotConvertible or CustomFactorRequired (heat from afar)."""
    if activity.fuel == DISTRICT_HEAT and activity.country != _BRITAIN:
        raise CustomFactorRequired(
            category=Category.STATIONARY,
            country=activity.country,
            year=day.year,
            unit=units.symbol_of(activity.unit),
            of="District heat outside Great Britain",
        )
    return _remembered("stationary", activity, table, day)


def upstream(activity: Activity, table: FactorTable, day: date) -> Applied:
    """Return what the fuel emitted before it was burnt; 0, and flagged so, where nobody published it."""
    return _remembered("upstream", activity, table, day)


def energy(activity: Activity, table: FactorTable, day: date) -> Applied:
    """Return its kWh at net calorific value; flagged, with a factor of 0, where no calorific value is known."""
    return _remembered("energy", activity, table, day)


def is_gross(activity: Activity, table: FactorTable) -> bool:
    """Say whether a plain kWh of this fuel counts the gross calorific value: where its factors are published so."""
    return any(row.unit == _GROSS_UNIT for row in _rows(activity, table))


def _remembered(what: str, activity: Activity, table: FactorTable, day: date) -> Applied:
    key = (what, activity.fuel, activity.fuel_jurisdiction, activity.country, activity.unit, day)
    work = {"stationary": _stationary, "upstream": _upstream, "energy": _energy}[what]
    return table.remembered(key, lambda: work(activity, table, day))


def _stationary(activity: Activity, table: FactorTable, day: date) -> Applied:
    burnt = _burnt(activity, table, day)
    row = burnt.row
    is_derived = row.jurisdiction == WORLD and row.kgco2_fossil is not None
    factor, terms = _by_gases(row, burnt.year, table) if is_derived else (row.figure, ())
    flagged = flags((row.gas == "CO2", Flag.CO2_ONLY), (row.kgco2_biogenic is None, Flag.BIOGENIC_UNKNOWN))
    return Applied(
        unit=row.unit,
        factor=factor,
        kind=str(row.kind),
        source_id=row.source_id,
        year=burnt.year,
        biomass_factor=row.kgco2_biogenic or ZERO,
        gwp_set=row.gwp_set,
        flags=merged(burnt.flags, flagged),
        terms=(*burnt.terms, *terms),
        label=row.label,
        times=burnt.times,
        per=burnt.per,
    )


def _by_gases(row: Factor, year: int, table: FactorTable) -> tuple[Decimal, tuple[Term, ...]]:
    """Return kg CO2e a unit from what the row says of each gas, and what that was made from."""
    factor = row.kgco2_fossil or ZERO
    terms = [Term("CO2", factor, f"kg/{row.unit}", row.source_id, year)]
    for gas, grams in (("CH4", row.gch4), ("N2O", row.gn2o)):
        amount, potential = grams or ZERO, gwp(table, gas, row.gwp_set)
        factor += amount * potential.figure / _GRAMS_A_KILOGRAM
        terms.append(Term(gas, amount, f"g/{row.unit}", row.source_id, year))
        terms.append(Term(f"GWP {gas}", potential.figure, "", potential.source_id, None))
    return factor, tuple(terms)


def gwp(table: FactorTable, gas: str, gwp_set: str) -> Factor:
    """Return the warming potential of a gas over 100 years, of one report of the IPCC; raise CannotCalculate."""
    found = (row for row in table.rows(Kind.GWP, WORLD, gas) if row.gwp_set == gwp_set)
    potential = next(found, None)
    if potential is None:
        raise CannotCalculate(
            f"The tables hold no warming potential of {gas} by {gwp_set}. Load the whole set of factors."
        )
    return potential


def _upstream(activity: Activity, table: FactorTable, day: date) -> Applied:
    burnt = _burnt_or_none(activity, table, day)
    if burnt is None or burnt.row.wtt is None:
        return _without_upstream(activity, burnt, day)
    row = burnt.row
    is_proxy = row.jurisdiction != _BRITAIN
    return Applied(
        unit=row.unit,
        factor=row.wtt or ZERO,
        kind="wtt",
        source_id=row.wtt_source_id,
        year=_edition(row.wtt_source_id) if is_proxy else burnt.year,
        flags=merged(burnt.flags, flags((is_proxy, Flag.PROXY_WTT))),
        terms=burnt.terms,
        label=row.label,
        times=burnt.times,
        per=burnt.per,
    )


def _edition(source_id: str) -> int | None:
    """Return the year in the id of an edition."""
    year = source_id.rpartition("_")[2]
    return int(year) if year.isdecimal() else None


def _without_upstream(activity: Activity, burnt: Burnt | None, day: date) -> Applied:
    return Applied(
        unit=burnt.row.unit if burnt else units.symbol_of(activity.unit),
        factor=ZERO,
        kind="wtt",
        source_id=burnt.row.source_id if burnt else "",
        year=burnt.year if burnt else None,
        flags=merged(burnt.flags if burnt else (), [Flag.MISSING_WTT]),
        label=burnt.row.label if burnt else "",
        times=burnt.times if burnt else ONE,
        per=burnt.per if burnt else ONE,
    )


def _energy(activity: Activity, table: FactorTable, day: date) -> Applied:
    unit = units.named(activity.unit)
    if unit and unit.kind == units.ENERGY and _basis(unit, is_gross=is_gross(activity, table)) == units.NET:
        # It is what is asked for.
        return Applied(unit="kWh", factor=ONE, kind="energy", source_id="", times=unit.times, per=unit.per)
    burnt = _burnt_or_none(activity, table, day)
    if burnt is None or burnt.row.ncv_kwh is None:
        return Applied(
            unit=units.symbol_of(activity.unit),
            factor=ZERO,
            kind="energy",
            source_id=burnt.row.source_id if burnt else "",
            flags=(Flag.MISSING_CALORIFIC_VALUE,),
        )
    return Applied(
        unit=burnt.row.unit,
        factor=burnt.row.ncv_kwh,
        kind="energy",
        source_id=burnt.row.source_id,
        year=burnt.year,
        flags=burnt.flags,
        terms=burnt.terms,
        label=burnt.row.label,
        times=burnt.times,
        per=burnt.per,
    )


def _burnt_or_none(activity: Activity, table: FactorTable, day: date) -> Burnt | None:
    """Return the row that serves, or None: what burning emits is then refused, or the organization's own factor."""
    try:
        return _burnt(activity, table, day)
    except CannotCalculate:
        if units.named(activity.unit) is None and not activity.custom:
            raise
        return None


def _burnt(activity: Activity, table: FactorTable, day: date) -> Burnt:
    unit = units.named(activity.unit)
    rows = _rows(activity, table)
    if unit and not rows:
        raise MissingFactor(
            category=Category.STATIONARY,
            country=activity.country,
            year=day.year,
            unit=unit.symbol,
            of=activity.fuel or "a fuel without a code",
            mend="Choose one of the fuels that have factors, or name a group of custom factors.",
        )
    found = unit and (_converted(activity, rows, unit, day) or _approximated(activity, table, rows, unit, day))
    if not found:
        raise UnitNotConvertible(
            category=Category.STATIONARY,
            country=activity.country,
            year=day.year,
            unit=units.symbol_of(activity.unit),
            to=f"the factors of {activity.fuel or 'this fuel'} are per {', '.join(_symbols(rows)) or 'kWh, kg or l'}",
        )
    return found


def _rows(activity: Activity, table: FactorTable) -> tuple[Factor, ...]:
    first = activity.fuel_jurisdiction or activity.country
    return table.rows(Kind.FUEL, first, activity.fuel) or table.rows(Kind.FUEL, WORLD, activity.fuel)


def _symbols(rows: Sequence[Factor]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.unit for row in rows))


def _basis(unit: Unit, *, is_gross: bool) -> str:
    """Return which calorific value a unit of energy counts: what it says, else what a plain kWh of the fuel means."""
    return unit.basis or (units.GROSS if is_gross else units.NET)


def _converted(activity: Activity, rows: Sequence[Factor], unit: Unit, day: date) -> Burnt | None:
    basis = _basis(unit, is_gross=_GROSS_UNIT in _symbols(rows))
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
    return Burnt(
        row=row,
        year=found.year,
        times=found.times,
        per=found.per,
        flags=merged(found.flags, [Flag.UNIT_APPROXIMATE]),
        terms=(term,),
    )
