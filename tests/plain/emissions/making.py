"""What tests of the calculation are made with: the real tables, and activities that state only what matters."""

import csv
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from invoices.emissions import calculating, tables
from invoices.emissions.activity import Activity, Contract, CustomFactor
from invoices.emissions.categories import Category
from invoices.emissions.factors import FactorTable

TABLE = FactorTable(tables.read())
REFERENCE = Path(calculating.__file__).parents[1] / "reference"

KWH = "kilowatt_hour_(kwh)"
GROSS = "kilowatt_hour_gcv_(kwh)"
NET = "kilowatt_hour_ncv_(kwh)"
MWH = "megawatt_hour_(mwh)"
GJ = "gigajoule_(gj)"
MJ = "megajoule_(mj)"
THERM = "therm_(thm)"
LITRE = "liter_(l)"
M3 = "cubic_meter_(m³)"
FT3 = "cubic_foot_(ft³)"
GALLON = "us_gallon_(gal)"
KG = "kilogram_(kg)"
TONNE = "tonne_(t)"
POUND = "pound_(lb)"


def rows(table):
    with (REFERENCE / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def year(number):
    return {"start": date(number, 1, 1), "end": date(number, 12, 31)}


def activity(type="electricity", quantity=1000, unit=KWH, country="ES", **others):  # noqa: A002 (the field's own name)
    """Return what an invoice of January 2024 reports."""
    period = {"start": date(2024, 1, 1), "end": date(2024, 1, 31)}
    return Activity(type=type, quantity=Decimal(quantity), unit=unit, country=country, **(period | others))


def heat(fuel, quantity=1, unit=LITRE, *, of="ES", **others):
    """Return what an invoice of a fuel reports; `of` is whose fuel it is."""
    return activity("heat", quantity, unit, **({"country": of} | others), fuel=fuel, fuel_jurisdiction=of)


def custom(unit=KWH, *, category="", ghg_type=1, since=None, until=None, name="ours", **gases):
    """Return an own factor: kg a unit of each gas."""
    values = {gas: Decimal(value) for gas, value in gases.items()}
    return CustomFactor(name, unit, category, values, ghg_type, since, until, "own-1")


def contract(share="1", *, number="ES-1", of_year=2024, is_cogeneration=False):
    return Contract(Decimal(share), number, of_year, is_cogeneration)


def calculate(of, category, table=TABLE, **changes):
    return calculating.calculate(replace(of, **changes), Category(category), table)


def kg(of, category, table=TABLE, **changes):
    return calculate(of, category, table, **changes).co2e


def kwh(of, table=TABLE, **changes):
    return calculate(of, Category.ENERGY, table, **changes).energy_kwh


def flags(result):
    return {str(flag) for line in result.lines for flag in line.flags}


def is_near(one, other, tolerance="1e-18"):
    """Say whether two figures are the same to so many parts of their own size."""
    return abs(one - other) <= Decimal(tolerance) * max(abs(one), abs(other), Decimal(1))
