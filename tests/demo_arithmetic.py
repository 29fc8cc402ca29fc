"""
The figures of the demo's company worked out a second time, by plain arithmetic: quantity × what the tables print.

It stands on the tables and on the invoices alone, not on the calculator that it checks, and knows no more than the
demo's company needs: Spain, 2023 to 2025, and the fuels and units of its bills.
"""

import csv
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings

from invoices.emissions import names

FOLDER = settings.BASE_DIR / "invoices" / "emissions" / "data"
# Upstream over direct, of Great Britain in 2025.
RATIO = Decimal("0.0459") / Decimal("0.177")
YEARS = (2023, 2024, 2025)
NEEDED = (
    *("type", "quantity", "start_date", "end_date", "unit__symbol", "facility__country", "facility_fuel__code"),
    *("supplier__name", "supplier__type", "supply_contract__renewable_percentage"),
)


def totals(invoices):
    """Return kg CO2e by category of these invoices, singles and children."""
    found = defaultdict(Decimal)
    factors = {year: _factors(year) for year in YEARS}
    for row in invoices.values(*NEEDED):
        assert row["facility__country"] == "ES"
        for year, quantity in _by_year(row):
            for category, factor in _of(row, factors[year]).items():
                found[category] += quantity * factor
    return dict(found)


def _by_year(row):
    days = (row["end_date"] - row["start_date"]).days + 1
    for year in range(row["start_date"].year, row["end_date"].year + 1):
        first, last = max(row["start_date"], date(year, 1, 1)), min(row["end_date"], date(year, 12, 31))
        yield year, row["quantity"] * ((last - first + timedelta(days=1)).days) / days


def _of(row, factors):
    match row["type"], row["unit__symbol"]:
        case ("electricity" | "recharge", "kWh"):
            return factors["electricity"] | {"electricity": _market(row, factors)}
        case "heat", "kWh GCV" | "l":
            return factors[row["facility_fuel__code"], row["unit__symbol"]]
        case "water", "m³":
            return {"water": factors["water"]}
        case "process", "kg":
            return {"process": Decimal(1)}
    raise AssertionError(row)


def _market(row, factors):
    label = (
        factors["labels"].get(names.normalised(row["supplier__name"]))
        if row["supplier__type"] == "electricity"
        else None
    )
    rest = factors["residual"] if label is None else label
    return rest * (1 - (row["supply_contract__renewable_percentage"] or 0))


def _factors(year):
    direct = _direct(year)
    upstream = direct * RATIO
    loss = _latest("losses", year, "share_of_output", country="ES")
    return {
        "electricity": {
            "electricity_location_based": direct,
            "electricity_generation": upstream,
            "electricity_transmission_and_distribution": loss * (direct + upstream),
        },
        "residual": _latest("residual_mix", year, "kg_per_kwh", country="ES", kind="residual_mix"),
        "labels": _labels(year),
        # Water is Great Britain's.
        "water": sum(_latest("water", year, "kg_per_m3", country="GB", part=part) for part in ("supply", "treatment")),
        ("natural_gas", "kWh GCV"): _fuel("natural_gas", "kWh GCV"),
        ("gas_oil_c", "l"): _fuel("gas_oil_c", "l"),
    }


def _direct(year):
    """Return what was published for that very year, else the lifecycle figure without its upstream part."""
    for basis, divisor in (("direct", 1), ("lifecycle", 1 + RATIO)):
        for row in _rows("grid", country="ES", basis=basis, year=str(year)):
            return Decimal(row["kg_per_kwh"]) / divisor
    raise AssertionError(year)


def _labels(year):
    """Return each supplier's label of that year; of 2025 none is out, so that of 2024 where it is not 0."""
    printed = {
        names.normalised(row["supplier"]): Decimal(row["kg_per_kwh"])
        for row in _rows("suppliers", country="ES", year=str(min(year, 2024)))
    }
    return printed if year <= 2024 else {name: label for name, label in printed.items() if label}


def _fuel(fuel, unit):
    (row,) = _rows("fuels", fuel=fuel, jurisdiction="ES", unit=unit, year_to="2024")
    return {"stationary": Decimal(row["kgco2e"]), "stationary_generation": Decimal(row["wtt"])}


def _latest(table, year, column, **where):
    rows = [row for row in _rows(table, **where) if int(row["year"]) <= year]
    return Decimal(max(rows, key=lambda row: int(row["year"]))[column])


def _rows(table, **where):
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if all(row[name] == value for name, value in where.items())]
