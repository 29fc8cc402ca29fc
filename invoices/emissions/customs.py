"""Factors that the organization brings itself: which one is for an invoice, and what it comes to."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from invoices.emissions import burning, categories, fuels, units
from invoices.emissions.activity import Activity, CustomFactor
from invoices.emissions.applying import ONE, ZERO, Applied
from invoices.emissions.categories import Category
from invoices.emissions.factors import FactorTable
from invoices.emissions.refusals import GasWithoutPotential
from invoices.emissions.trace import Flag, Term
from invoices.emissions.units import Unit

# What the documented API calls a category and is none that is calculated.
_NAMES_NONE: Final = frozenset({"", "energy", "purchases", "wastes"})
_BIOGENIC: Final = 2
_GWP_SET: Final = "AR6"
_DAY: Final = timedelta(days=1)


def fitting(activity: Activity, category: Category) -> tuple[CustomFactor, ...]:
    """Return those of an invoice's custom factors that are for this category, whatever their days and units."""
    if not activity.custom or category is Category.ENERGY:
        return ()
    headline = categories.headline_of(activity.type, unit_type=units.kind_of(activity.unit))
    return tuple(
        custom
        for custom in activity.custom
        # Without a gas it states nothing: not 0.
        if custom.gases and (custom.category == category or (category is headline and custom.category in _NAMES_NONE))
    )


def bounds(customs: Sequence[CustomFactor]) -> frozenset[date]:
    """Return the days on which one of them begins or has just ended."""
    return frozenset(day for custom in customs for day in _bounds(custom))


def applied(
    customs: Sequence[CustomFactor], *, activity: Activity, category: Category, table: FactorTable, day: date
) -> Applied | None:
    """
    Return the one that is valid on a day for the invoice's unit, or None.

    Of several: the one of the unit itself, then the one that begins last, then the first. Raise GasWithoutPotential.
    """
    valid = [custom for custom in customs if _is_valid(custom, day)]
    converting = [(custom, found) for custom in valid if (found := _scale(activity, custom, table))]
    if not converting:
        return None
    custom, (times, per) = min(converting, key=lambda each: _rank(each[0], activity))
    counted = _counted(custom, activity=activity, category=category, table=table, day=day)
    return replace(counted, times=times, per=per)


def _bounds(custom: CustomFactor) -> Iterator[date]:
    if custom.valid_from:
        yield custom.valid_from
    if custom.valid_to and custom.valid_to < date.max:
        yield custom.valid_to + _DAY


def _is_valid(custom: CustomFactor, day: date) -> bool:
    return (custom.valid_from or date.min) <= day <= (custom.valid_to or date.max)


def _rank(custom: CustomFactor, activity: Activity) -> tuple[bool, int]:
    return custom.unit != activity.unit, -(custom.valid_from or date.min).toordinal()


def _scale(activity: Activity, custom: CustomFactor, table: FactorTable) -> tuple[Decimal, Decimal] | None:
    """Return how the invoice's unit converts to the factor's, exactly and inside one kind; None where it does not."""
    if custom.unit == activity.unit:
        return ONE, ONE
    own, wanted = units.named(activity.unit), units.named(custom.unit)
    if own is None or wanted is None or own.kind != wanted.kind or not _is_alike(activity, own, wanted, table):
        return None
    return units.scale(own, wanted)


def _is_alike(activity: Activity, own: Unit, wanted: Unit, table: FactorTable) -> bool:
    """Say whether two units of energy count the same calorific value, which only what is burnt has two of."""
    if activity.type != "heat" or own.basis == wanted.basis:
        return True
    plain = burning.plain_basis(activity, table)
    return (own.basis or plain) == (wanted.basis or plain)


def _counted(custom: CustomFactor, *, activity: Activity, category: Category, table: FactorTable, day: date) -> Applied:
    """Return kg CO2e and kg of biogenic CO2 for one unit."""
    gases = custom.gases
    biomass = gases.get("CO2_biogenic", ZERO)
    if "CO2e" in gases:
        return _made(custom, gases["CO2e"], biomass, gwp_set=None, terms=())
    for gas, amount in gases.items():
        if amount and gas not in {"CO2", "CO2_biogenic", "CH4", "N2O"}:
            raise GasWithoutPotential(
                category=category,
                name=custom.name,
                gas=gas,
                unit=units.symbol_of(custom.unit),
                country=activity.country,
                year=day.year,
            )
    is_biogenic = custom.ghg_type == _BIOGENIC
    carbon = gases.get("CO2", ZERO)
    factor, terms = _weighted(custom, ZERO if is_biogenic else carbon, table)
    return _made(custom, factor, biomass + carbon if is_biogenic else biomass, gwp_set=_GWP_SET, terms=terms)


def _weighted(custom: CustomFactor, carbon: Decimal, table: FactorTable) -> tuple[Decimal, tuple[Term, ...]]:
    symbol = units.symbol_of(custom.unit)
    terms = [Term(gas, amount, f"kg/{symbol}", custom.source_id, None) for gas, amount in custom.gases.items()]
    factor = carbon
    for gas in ("CH4", "N2O"):
        if gas in custom.gases:
            potential = fuels.gwp(table, gas, _GWP_SET)
            factor += custom.gases[gas] * potential.figure
            terms.append(Term(f"GWP {gas}", potential.figure, "", potential.source_id, None))
    return factor, tuple(terms)


def _made(
    custom: CustomFactor, factor: Decimal, biomass: Decimal, *, gwp_set: str | None, terms: tuple[Term, ...]
) -> Applied:
    return Applied(
        unit=units.symbol_of(custom.unit),
        factor=factor,
        kind="custom",
        source_id=custom.source_id,
        biomass_factor=biomass,
        gwp_set=gwp_set,
        flags=(Flag.CUSTOM,),
        terms=terms,
        label=custom.name,
    )
