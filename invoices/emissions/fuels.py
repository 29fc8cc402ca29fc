"""
Factors of a fuel that is burnt: what it emits, what came before it, and how much energy is in it.

What a combustion emits is the published total, or what its gases come to where that is all that is published.
"""

from datetime import date
from decimal import Decimal
from typing import Final

from invoices.emissions import burning, units
from invoices.emissions.activity import Activity
from invoices.emissions.applying import ONE, ZERO, Applied, flags, merged
from invoices.emissions.burning import Burnt
from invoices.emissions.categories import DISTRICT_HEAT, Category
from invoices.emissions.factors import WORLD, Factor, FactorTable, Kind
from invoices.emissions.refusals import CannotCalculate, CustomFactorRequired
from invoices.emissions.trace import Flag, Term

# Where upstream figures were published; elsewhere they are borrowed.
_BRITAIN: Final = "GB"
_GRAMS_A_KILOGRAM: Final = 1000


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


def _remembered(what: str, activity: Activity, table: FactorTable, day: date) -> Applied:
    fuel = (activity.fuel, activity.fuel_jurisdiction, activity.country)
    # Of a unit that nothing is known of, custom factors decide whether it is refused.
    key = (what, *fuel, activity.unit, bool(activity.custom), day)
    work = {"stationary": _stationary, "upstream": _upstream, "energy": _energy}[what]
    return table.remembered(key, lambda: work(activity, table, day))


def _stationary(activity: Activity, table: FactorTable, day: date) -> Applied:
    burnt = burning.burnt(activity, table, day, Category.STATIONARY)
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
    burnt = _burnt_or_none(activity, table, day, Category.STATIONARY_GENERATION)
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
    if unit and unit.kind == units.ENERGY and (unit.basis or burning.plain_basis(activity, table)) == units.NET:
        # It is what is asked for.
        return Applied(unit="kWh", factor=ONE, kind="energy", source_id="", times=unit.times, per=unit.per)
    burnt = _burnt_or_none(activity, table, day, Category.ENERGY)
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


def _burnt_or_none(activity: Activity, table: FactorTable, day: date, category: Category) -> Burnt | None:
    """Return the row that serves, or None: what burning emits is then refused, or the organization's own factor."""
    try:
        return burning.burnt(activity, table, day, category)
    except CannotCalculate:
        if units.named(activity.unit) is None and not activity.custom:
            raise
        return None
