"""Results of invoices, as tests state them: in kg, without a calculation."""

from decimal import Decimal

from tests import factories

# As the calculation has it; what is not named is of Scope 3, and energy of none.
SCOPES = {"stationary": 1, "process": 1, "electricity": 2, "electricity_location_based": 2, "energy": None}
LINE = {
    "start": "2024-01-01",
    "end": "2024-01-31",
    "share": "1",
    "quantity": "100",
    "unit": "kWh",
    "factor": "0.283",
    "biomass_factor": "0",
    "source_id": "MITECO",
    "factor_year": 2024,
    "gwp_set": "AR5",
    "flags": [],
    "terms": [],
    "kind": "residual_mix",
    "label": "",
}
TERM = {"name": "direct", "value": "0.2", "unit": "kg/kWh", "source_id": "EEA", "year": 2023}


def line(**fields):
    """Return a line of a trace."""
    return {**LINE, **fields}


def result(invoice, category="electricity", co2e=None, **fields):
    """Save a result: so many kg CO2e and none biogenic, or what else is said."""
    kg = {} if co2e is None else {"co2e": Decimal(co2e), "co2e_biomass": Decimal(0)}
    return factories.emission(
        invoice, **{"activity_category": category, "scope": SCOPES.get(category, 3), **kg, **fields}
    )


def results(invoice, **kg):
    """Save a result for each category that is named."""
    return [result(invoice, category, co2e) for category, co2e in kg.items()]
