"""
Factors of a kWh of electricity: market-based, location-based, upstream, and for what is lost on the way.

Sources: GHG Protocol, Scope 2 Guidance (2015) and Technical Guidance for Scope 3, category 3 (2013).
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from invoices.emissions.activity import Activity, Contract
from invoices.emissions.applying import ONE, ZERO, Applied, flags, merged, sources
from invoices.emissions.categories import Category
from invoices.emissions.factors import WORLD, Factor, FactorTable, Kind, nearest
from invoices.emissions.refusals import MissingFactor
from invoices.emissions.trace import Flag, Term

# What comes before the power station for each kg that leaves it: both figures from DESNZ 2025, for Great Britain. With
# it, direct and upstream are together the lifecycle figure wherever that alone is known.
UPSTREAM_PER_DIRECT: Final = Decimal("0.0459") / Decimal("0.177")
_RATIO: Final = Term("upstream_per_direct", UPSTREAM_PER_DIRECT, "", "DESNZ_2025", 2025)

# What is promised of a renewable source emits nothing, in any country and year.
_GUIDANCE: Final = "GHGP_SCOPE2"
# The country whose figure for a guarantee of cogeneration serves where there is none.
_OF_COGENERATION: Final = "ES"
_UNIT: Final = "kWh"
_PER_KWH: Final = "kg CO2e/kWh"


def market(activity: Activity, table: FactorTable, day: date) -> tuple[Applied, ...]:
    """
    Return what the buyer's own choice of supply emits: what a contract guarantees first, then what the rest came from.

    The rest is the supplier's, else the residual mix, else the grid's average. Raise MissingFactor.
    """
    promised = activity.contract.renewable_share if activity.contract else ZERO
    if not activity.contract or not promised:
        return (_rest(activity, table, day),)
    guaranteed = _guaranteed(activity.contract, activity.country, table, day)
    if promised == ONE:
        return (guaranteed,)
    return guaranteed, replace(_rest(activity, table, day), part=ONE - promised)


def location(table: FactorTable, country: str, day: date, category: Category) -> Applied:
    """
    Return what the average kWh of a country's grid emits at the power stations; raise MissingFactor.

    Published for that year; else worked back from the year's lifecycle figure; else the latest earlier year's.
    """
    return table.remembered(
        ("location", country, day), lambda: _location(table, country=country, day=day, category=category)
    )


def upstream(table: FactorTable, country: str, day: date, category: Category) -> Applied:
    """Return what the fuels of that kWh emitted before the power station: published, else in proportion to it."""
    return table.remembered(
        ("upstream", country, day), lambda: _upstream(table, country=country, day=day, category=category)
    )


def lost(table: FactorTable, country: str, day: date, category: Category) -> tuple[Applied, Applied]:
    """Return what is emitted for the part that is lost on the way, at and before the power station."""
    return table.remembered(("lost", country, day), lambda: _lost(table, country=country, day=day, category=category))


def _guaranteed(contract: Contract, country: str, table: FactorTable, day: date) -> Applied:
    has_evidence = bool(contract.certificate_number) and contract.certificate_year == day.year
    applied = table.remembered(
        ("guaranteed", contract.is_cogeneration, country, day),
        lambda: _cogenerated(table, country, day) if contract.is_cogeneration else _renewable(table, country, day),
    )
    flagged = merged(applied.flags, flags((not has_evidence, Flag.NO_EVIDENCE)))
    return replace(applied, part=contract.renewable_share, flags=flagged)


def _renewable(table: FactorTable, country: str, day: date) -> Applied:
    row = table.on(Kind.GUARANTEE_RENEWABLE, country, day)
    source_id = row.source_id if row else _GUIDANCE
    return Applied(unit=_UNIT, factor=ZERO, kind=str(Kind.GUARANTEE_RENEWABLE), source_id=source_id, year=day.year)


def _cogenerated(table: FactorTable, country: str, day: date) -> Applied:
    own = table.rows(Kind.GUARANTEE_CHP, country)
    row = nearest(own or table.rows(Kind.GUARANTEE_CHP, _OF_COGENERATION), day)
    if row is None:
        raise MissingFactor(
            category=Category.ELECTRICITY, country=country, year=day.year, unit=_UNIT, of="cogeneration"
        )
    return _published(row, day, country=country)


def _rest(activity: Activity, table: FactorTable, day: date) -> Applied:
    country, supplier = activity.country, activity.supplier
    return table.remembered(
        ("rest", country, supplier, day),
        lambda: (
            _of_supplier(table, country=country, supplier=supplier, day=day)
            or _of_residual_mix(table, country, day)
            or _of_location(table, country, day)
        ),
    )


def _of_supplier(table: FactorTable, *, country: str, supplier: str, day: date) -> Applied | None:
    """Return the supplier's own factor of that year. While no supplier's is out, last year's serves, unless it is 0."""
    if not supplier:
        return None
    row = table.on(Kind.SUPPLIER, country, day, supplier)
    if row is None and not table.has_suppliers(country, day.year):
        row = _of_last_year(table.before(Kind.SUPPLIER, country, day, supplier), day)
    return _published(row, day) if row else None


def _of_last_year(row: Factor | None, day: date) -> Factor | None:
    return row if row and row.valid_to.year == day.year - 1 and row.figure else None


def _of_residual_mix(table: FactorTable, country: str, day: date) -> Applied | None:
    row = table.on(Kind.RESIDUAL_MIX, country, day) or table.before(Kind.RESIDUAL_MIX, country, day)
    return _published(row, day) if row else None


def _of_location(table: FactorTable, country: str, day: date) -> Applied:
    average = location(table, country, day, Category.ELECTRICITY)
    return replace(average, flags=merged(average.flags, [Flag.MARKET_FALLBACK_TO_LOCATION]))


def _location(table: FactorTable, *, country: str, day: date, category: Category) -> Applied:
    row = (
        table.on(Kind.GRID_DIRECT, country, day)
        or table.on(Kind.GRID_LIFECYCLE, country, day)
        or _later(
            table.before(Kind.GRID_DIRECT, country, day),
            table.before(Kind.GRID_LIFECYCLE, country, day),
        )
    )
    if row is None:
        raise MissingFactor(category=category, country=country, year=day.year, unit=_UNIT)
    return _published(row, day) if row.kind == Kind.GRID_DIRECT else _estimated(row, day)


def _later(direct: Factor | None, lifecycle: Factor | None) -> Factor | None:
    """Return which of the two is of the later year; of the same, the one that was published as it is needed."""
    if direct is None or lifecycle is None:
        return direct or lifecycle
    return direct if direct.valid_to.year >= lifecycle.valid_to.year else lifecycle


def _estimated(row: Factor, day: date) -> Applied:
    return Applied(
        unit=_UNIT,
        factor=row.figure / (1 + UPSTREAM_PER_DIRECT),
        kind=str(row.kind),
        source_id=sources(row.source_id, _RATIO.source_id),
        year=row.year_for(day),
        flags=merged(_flags(row, day), [Flag.ESTIMATED_DIRECT]),
        terms=(_term(row, day), _RATIO),
    )


def _upstream(table: FactorTable, *, country: str, day: date, category: Category) -> Applied:
    row = _on_or_before(table, Kind.UPSTREAM_GENERATION, country, day)
    if row:
        return _published(row, day)
    direct = location(table, country, day, category)
    return Applied(
        unit=_UNIT,
        factor=direct.factor * UPSTREAM_PER_DIRECT,
        kind=str(Kind.UPSTREAM_GENERATION),
        source_id=sources(direct.source_id, _RATIO.source_id),
        year=direct.year,
        flags=merged(direct.flags, [Flag.PROXY_RATIO]),
        terms=(*(term for term in _terms(direct) if term != _RATIO), _RATIO),
    )


def _lost(table: FactorTable, *, country: str, day: date, category: Category) -> tuple[Applied, Applied]:
    at = _on_or_before(table, Kind.TD_LOSS, country, day)
    before = _on_or_before(table, Kind.WTT_TD_LOSS, country, day)
    if at and before:
        return _published(at, day), _published(before, day)
    share = _loss(table, country=country, day=day, category=category)
    return (
        _times(location(table, country, day, category), share, day=day, country=country, kind=Kind.TD_LOSS),
        _times(upstream(table, country, day, category), share, day=day, country=country, kind=Kind.WTT_TD_LOSS),
    )


def _loss(table: FactorTable, *, country: str, day: date, category: Category) -> Factor:
    own = table.rows(Kind.LOSS, country)
    row = nearest(own or table.rows(Kind.LOSS, WORLD), day)
    if row is None:
        raise MissingFactor(category=category, country=country, year=day.year, unit=_UNIT)
    return row


def _times(applied: Applied, loss: Factor, *, day: date, country: str, kind: Kind) -> Applied:
    return Applied(
        unit=_UNIT,
        factor=loss.figure * applied.factor,
        kind=str(kind),
        source_id=sources(applied.source_id, loss.source_id),
        year=applied.year,
        flags=merged(applied.flags, _flags(loss, day), _abroad(loss, country)),
        terms=(_term(loss, day, "share of output"), *_terms(applied)),
    )


def _on_or_before(table: FactorTable, kind: Kind, country: str, day: date) -> Factor | None:
    return table.on(kind, country, day) or table.before(kind, country, day)


def _published(row: Factor, day: date, *, country: str = "") -> Applied:
    return Applied(
        unit=_UNIT,
        factor=row.figure,
        kind=str(row.kind),
        source_id=row.source_id,
        year=row.year_for(day),
        flags=merged(_flags(row, day), _abroad(row, country)),
        label=row.label,
    )


def _flags(row: Factor, day: date) -> tuple[Flag, ...]:
    return flags((not row.is_valid_on(day), Flag.YEAR_FALLBACK), (row.gas == "CO2", Flag.CO2_ONLY))


def _abroad(row: Factor, country: str) -> tuple[Flag, ...]:
    return flags((bool(country) and row.jurisdiction != country, Flag.COUNTRY_FALLBACK))


def _term(row: Factor, day: date, unit: str = _PER_KWH) -> Term:
    return Term(str(row.kind), row.figure, unit, row.source_id, row.year_for(day))


def _terms(applied: Applied) -> tuple[Term, ...]:
    """Return what a factor was made from; of a published one, the factor."""
    return applied.terms or (Term(applied.kind, applied.factor, _PER_KWH, applied.source_id, applied.year),)
