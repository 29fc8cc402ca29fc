"""Factors of a cubic metre of water: what it takes to supply it, and to treat it afterwards."""

from datetime import date
from typing import Final

from invoices.emissions.applying import Applied, flags
from invoices.emissions.categories import Category
from invoices.emissions.factors import WATER, FactorTable, Kind, nearest
from invoices.emissions.refusals import MissingFactor
from invoices.emissions.trace import Flag

# Whose figures serve where a country has none.
PUBLISHED_BY: Final = "GB"


def both(table: FactorTable, country: str, day: date) -> tuple[Applied, ...]:
    """Return the factors of supply and of treatment, per m³; raise MissingFactor."""
    return table.remembered(("water", country, day), lambda: tuple(_part(kind, table, country, day) for kind in WATER))


def _part(kind: Kind, table: FactorTable, country: str, day: date) -> Applied:
    row = nearest(table.rows(kind, country) or table.rows(kind, PUBLISHED_BY), day)
    if row is None:
        raise MissingFactor(category=Category.WATER, country=country, year=day.year, unit="m³")
    return Applied(
        unit=row.unit,
        factor=row.figure,
        kind=str(row.kind),
        source_id=row.source_id,
        year=row.year_for(day),
        flags=flags(
            (not row.is_valid_on(day), Flag.YEAR_FALLBACK),
            (row.jurisdiction != country, Flag.COUNTRY_FALLBACK),
            (row.gas == "CO2", Flag.CO2_ONLY),
        ),
    )
