"""
Worked examples of others, and some of our own, as acceptance tests: id, source, what is reported, kg (or kWh) expected.

Where the example brings its own factor, it stands as a custom one; else the tables give it. Several parts are summed.
"""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from invoices.emissions.activity import Activity
from tests.plain.emissions.making import (
    GJ,
    GROSS,
    KG,
    KWH,
    LITRE,
    M3,
    NET,
    THERM,
    activity,
    contract,
    custom,
    heat,
    year,
)

GUIDE = "MITECO_GUIA_2019"
MITECO = "MITECO_V31"
IPCC = "IPCC2006_V2+GHGP_XSECTOR_2017"
SCOPE3 = "GHGP_SCOPE3_TG"


class Part(NamedTuple):
    of: Activity
    category: str


class Example(NamedTuple):
    id: str
    source_id: str
    parts: list[Part]
    expected: str
    tolerance: str
    biomass: str = "0"


def _burnt(litres, factor, unit=LITRE):
    return Part(heat("gas_oil_c", litres, unit, custom=(custom(unit, CO2e=factor),)), "stationary")


def _bought(kwh, factor):
    return Part(activity(quantity=kwh, custom=(custom(CO2e=factor),)), "electricity")


def _renewable(kwh):
    return Part(activity(quantity=kwh, contract=contract()), "electricity")


def _delivered(kwh, factor, share):
    made_of = Decimal(factor) * Decimal(share)
    category = "electricity_transmission_and_distribution"
    return Part(activity(quantity=kwh, custom=(custom(CO2e=made_of, category=category),)), category)


def _spanish(fuel, unit, co2, ch4, n2o, biogenic="0"):
    """Return one unit by its printed gases, and by the factor that is printed for it."""
    own = custom(
        unit, CO2=co2, CH4=Decimal(ch4) / 1000, N2O=Decimal(n2o) / 1000, CO2_biogenic=biogenic, category="stationary"
    )
    return (
        [Part(heat(fuel, 1, unit, custom=(own,)), "stationary")],
        [Part(heat(fuel, 1, unit), "stationary")],
    )


def _printed(id, fuel, unit, co2, ch4, n2o, expected, biogenic="0"):  # noqa: A002 (the example's own name)
    by_gas, by_table = _spanish(fuel, unit, co2, ch4, n2o, biogenic)
    return [
        Example(f"{id} by gas", MITECO, by_gas, expected, "0.001", biogenic),
        Example(f"{id} by table", MITECO, by_table, expected, "0.001", biogenic),
    ]


def _world(fuel, quantity, unit):
    return [Part(heat(fuel, quantity, unit, of="ZZ", country="US"), "stationary")]


def _british(category, kwh=10):
    return Part(activity(quantity=kwh, country="GB", **year(2025)), category)


_LOSSES_ELSEWHERE = [
    _delivered(50000, "0.8", "0.10"),
    _delivered(60000, "0.4", "0.13"),
    _delivered(50000, "0.15", "0.05"),
    _delivered(40000, "0.8", "0.15"),
    _delivered(550000, "0.5", "0.10"),
    _delivered(200000, "0.4", "0.12"),
]
_GENERATION_ELSEWHERE = Part(
    activity(quantity=85500, custom=(custom(CO2e="1", category="electricity_generation"),)), "electricity_generation"
)
_TURN_OF_THE_YEAR = activity(quantity=3100, start=date(2023, 12, 16), end=date(2024, 1, 15))
_OF_2024 = activity(quantity=15000, **year(2024))

EXAMPLES = [
    Example("E01", GUIDE, [_burnt(12800, "2.868")], "36710.4", "0.05"),
    Example("E02", GUIDE, [_burnt(4800, "2.180")], "10464", "0.05"),
    Example("E03", GUIDE, [_burnt(8500, "2.520")], "21420", "0.05"),
    Example("E04", GUIDE, [_bought(20000, "0.390")], "7800", "0.05"),
    Example("E06", GUIDE, [_renewable(10000)], "0", "0"),
    Example("E07", GUIDE, [_bought(20000, "0.390"), _bought(18000, "0.310"), _renewable(10000)], "13380", "0.05"),
    Example("E08", GUIDE, [_delivered(20000, "0.390", "0.096")], "748.8", "0.5"),
    Example(
        "E10",
        GUIDE,
        [Part(heat("natural_gas", 700, NET, custom=(custom(NET, CO2e="0.203"),)), "stationary")],
        "142.1",
        "0.05",
    ),
    Example(
        "E12",
        GUIDE,
        [
            Part(heat("natural_gas", 700, NET, custom=(custom(NET, CO2e="0.203"),)), "stationary"),
            Part(activity("recharge", "0.5", KG, custom=(custom(KG, CO2e="2107"),)), "process"),
            _burnt(300, "2.180"),
            _burnt("82.5", "2.520"),
            _bought(2700, "0.43"),
        ],
        "3218.5",
        "0.05",
    ),
    *_printed("E13", "gas_oil_c", LITRE, "2.881", "0.389", "0.023", "2.898"),
    *_printed("E14", "fuel_oil", LITRE, "3.017", "0.39", "0.012", "3.031"),
    *_printed("E15", "kerosene", LITRE, "2.485", "0.346", "0.021", "2.5"),
    *_printed("E16", "wood", KG, "0", "4.332", "0.058", "0.137", "1.617"),
    *_printed("E18", "hard_coal", KG, "3.117", "0.303", "0.046", "3.138"),
    *_printed("E19", "petroleum_coke", KG, "3.169", "0.325", "0.02", "3.184"),
    Example("E20", IPCC, _world("natural_gas", 1, M3), "1.8905544", "0.00001"),
    Example("E21", IPCC, _world("gas_oil", 1, LITRE), "2.69234868", "0.00001"),
    Example("E23", IPCC, _world("lpg", 1, LITRE), "1.615952943", "0.00001"),
    Example("E24", IPCC, _world("natural_gas", 1000, GJ), "56266.5", "0.00001"),
    Example(
        "E26",
        "CARBONR_027",
        [_british("electricity_location_based"), _british("electricity_generation")],
        "2.229",
        "0.001",
    ),
    Example("E28", "CARBONR_027", [Part(activity("water", 1, M3, country="GB"), "water")], "0.33885", "0.0001"),
    Example("E30", "EPA_CALC_REV", [_burnt(1, Decimal("0.1") * Decimal("53.06"), THERM)], "5.306", "0.0005"),
    Example("E31", "ATOMIC6GHG_111", [_burnt(1000, "5.3060429", THERM)], "5306.0429", "0.1"),
    Example("E32", "ATOMIC6GHG_111", [_bought(10000, "0")], "0", "0"),
    Example("E34", SCOPE3, _LOSSES_ELSEWHERE, "49395", "0.05"),
    Example("E35", SCOPE3, [_GENERATION_ELSEWHERE, *_LOSSES_ELSEWHERE], "134895", "0.05"),
    Example("D01", MITECO, [Part(_TURN_OF_THE_YEAR, "electricity")], "840.5", "0.01"),
    Example("D03", "EEA_GHGI_2025", [Part(_OF_2024, "electricity_location_based")], "1875", "0.01"),
    Example("D04", "EEA_GHGI_2025+DESNZ_2025", [Part(_OF_2024, "electricity_generation")], "486.2288", "0.001"),
    Example("D06", MITECO, [Part(_OF_2024, "electricity")], "4245", "0.01"),
    Example("D07", MITECO, [Part(heat("natural_gas", 1000, GROSS), "stationary")], "182", "0.01"),
    Example("D09", MITECO, [Part(heat("gas_oil_c", 100), "energy")], "1080", "0.01"),
    Example(
        "D10",
        "EMBER_OWID_2026+DESNZ_2025",
        [
            Part(activity(**year(2021)), "electricity_location_based"),
            Part(activity(**year(2021)), "electricity_generation"),
        ],
        "193.54",
        "0.001",
    ),
    Example("D11", "MITECO_V31+ESRS_E1", [Part(heat("natural_gas", 1000, KWH), "energy")], "901", "0.01"),
]
