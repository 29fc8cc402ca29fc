"""Which results an invoice has, and which of them is the invoice's own `co2e`."""

from enum import StrEnum
from typing import Final


class Category(StrEnum):
    """What is calculated of an invoice: kg CO2e, or kWh at net calorific value for `energy`."""

    STATIONARY = "stationary"
    STATIONARY_GENERATION = "stationary_generation"
    ELECTRICITY = "electricity"
    ELECTRICITY_LOCATION_BASED = "electricity_location_based"
    ELECTRICITY_GENERATION = "electricity_generation"
    ELECTRICITY_TRANSMISSION_AND_DISTRIBUTION = "electricity_transmission_and_distribution"
    WATER = "water"
    PROCESS = "process"
    ENERGY = "energy"


# The one fuel that is bought as heat, not burnt: its emissions are Scope 2.
DISTRICT_HEAT: Final = "district_heat"

_SCOPES: Final = {
    Category.STATIONARY: 1,
    Category.STATIONARY_GENERATION: 3,
    Category.ELECTRICITY: 2,
    Category.ELECTRICITY_LOCATION_BASED: 2,
    Category.ELECTRICITY_GENERATION: 3,
    Category.ELECTRICITY_TRANSMISSION_AND_DISTRIBUTION: 3,
    Category.WATER: 3,
    Category.PROCESS: 1,
    Category.ENERGY: None,
}
_ELECTRICITY: Final = (
    Category.ELECTRICITY,
    Category.ELECTRICITY_LOCATION_BASED,
    Category.ELECTRICITY_GENERATION,
    Category.ELECTRICITY_TRANSMISSION_AND_DISTRIBUTION,
    Category.ENERGY,
)
_PROCESS: Final = (Category.PROCESS, Category.ENERGY)
_BY_TYPE: Final = {
    "heat": (Category.STATIONARY, Category.STATIONARY_GENERATION, Category.ENERGY),
    "electricity": _ELECTRICITY,
    "water": (Category.WATER, Category.ENERGY),
    "process": _PROCESS,
}


def categories_of(invoice_type: str, *, unit_type: str) -> tuple[Category, ...]:
    """
    Return what is calculated of an invoice, its own `co2e` first.

    `unit_type` is energy, mass or volume. A recharge in a unit of energy is a vehicle's; in any other it is
    refrigerant, and never Scope 2. Raise ValueError for a type that is not known.
    """
    if invoice_type == "recharge":
        return _ELECTRICITY if unit_type == "energy" else _PROCESS
    if invoice_type not in _BY_TYPE:
        raise ValueError(f"“{invoice_type}” is no type of invoice")
    return _BY_TYPE[invoice_type]


def headline_of(invoice_type: str, *, unit_type: str) -> Category:
    """Return the category whose result is the invoice's `co2e`; raise ValueError as `categories_of` does."""
    return categories_of(invoice_type, unit_type=unit_type)[0]


def scope_of(category: Category, *, fuel: str = "") -> int | None:
    """Return the scope of the GHG Protocol, 1 to 3; None for energy, which is no emission."""
    if category is Category.STATIONARY and fuel == DISTRICT_HEAT:
        return 2
    return _SCOPES[category]
