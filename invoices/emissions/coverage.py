"""Which published factors would be used for a country and a year, as a page shows them."""

from datetime import date
from decimal import Decimal

from invoices.emissions import calculating
from invoices.emissions.activity import Activity
from invoices.emissions.categories import Category
from invoices.emissions.factors import FactorTable
from invoices.emissions.trace import Line

KWH = "kilowatt_hour_(kwh)"
CUBIC_METRE = "cubic_meter_(m³)"


def used(
    *,
    category: Category,
    country: str,
    year: int,
    table: FactorTable,
    unit: str = KWH,
    fuel: str = "",
    fuel_jurisdiction: str = "",
    supplier: str = "",
) -> tuple[Line, ...]:
    """
    Return the lines that one unit used over that whole year gives: factors, sources, years and flags.

    `unit` is a name of the reference table of units. Raise CannotCalculate, whose text says what is missing.
    """
    activity = Activity(
        type=_type_of(category),
        quantity=Decimal(1),
        unit=CUBIC_METRE if category is Category.WATER else unit,
        start=date(year, 1, 1),
        end=date(year, 12, 31),
        country=country,
        fuel=fuel,
        fuel_jurisdiction=fuel_jurisdiction,
        supplier=supplier,
    )
    return calculating.calculate(activity, category, table).lines


def _type_of(category: Category) -> str:
    if category in {Category.STATIONARY, Category.STATIONARY_GENERATION}:
        return "heat"
    if category in {Category.WATER, Category.PROCESS}:
        return category.value
    return "electricity"
