from dataclasses import replace
from decimal import Decimal

import pytest

from invoices.emissions import tables
from tests.plain.emissions.examples import EXAMPLES
from tests.plain.emissions.making import GJ, M3, NET, activity, calculate, heat, kg, kwh, year


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_gives_what_the_example_says(example):
    results = [calculate(part.of, part.category) for part in example.parts]

    figures = [result.energy_kwh if result.category == "energy" else result.co2e for result in results]
    biomass = [result.co2e_biomass or Decimal(0) for result in results]
    assert abs(sum(figures) - Decimal(example.expected)) <= Decimal(example.tolerance)
    assert abs(sum(biomass) - Decimal(example.biomass)) <= Decimal("0.001")


def test_names_a_source_that_the_project_knows():
    known = {source.id for source in tables.sources()}

    assert {part for example in EXAMPLES for part in example.source_id.split("+")} <= known


def test_e27_is_what_is_lost_without_what_came_before_the_power_station():
    of = activity(quantity=10, country="GB", **year(2025))

    at_the_power_station, before = calculate(of, "electricity_transmission_and_distribution").lines

    assert kg(
        of, "electricity_location_based"
    ) + at_the_power_station.quantity * at_the_power_station.factor == Decimal("1.9553")
    assert before.quantity * before.factor == Decimal("0.0397")


def test_d02_a_part_of_a_distributed_invoice_is_a_quantity_of_its_own():
    whole = heat("natural_gas", 5000, M3, of="GB")
    part = replace(whole, quantity=whole.quantity * Decimal("0.6"))

    (line,) = calculate(part, "stationary").lines

    assert line.quantity == 3000
    assert line.unit == "m³"


@pytest.mark.parametrize(
    ("fuel", "expected"),
    [
        ("natural_gas", "56266.5"),
        ("gas_oil", "74539"),
        ("kerosene", "72339"),
        ("petrol", "69739"),
        ("fuel_oil", "77839"),
        ("lpg", "63266.5"),
        ("hard_coal", "95277.5"),
        ("anthracite", "98977.5"),
    ],
)
def test_a_terajoule_emits_what_the_ipcc_says_of_it(fuel, expected):
    assert abs(kg(heat(fuel, 1000, GJ, of="ZZ", country="US"), "stationary") - Decimal(expected)) < Decimal("0.00001")


def test_spanish_gas_is_billed_gross_and_a_net_kwh_holds_more():
    gross = heat("natural_gas", 1000, "kilowatt_hour_(kwh)")

    assert kg(gross, "stationary") == 182
    assert round(kg(gross, "stationary", unit=NET), 2) == Decimal("202.00")
    assert kg(gross, "stationary_generation") == Decimal("30.21")
    assert kwh(gross, unit=NET) == 1000


def test_losses_of_spain_in_2024_are_those_of_2023_on_both_parts():
    of = activity(quantity=15000, **year(2024))

    result = calculate(of, "electricity_transmission_and_distribution")

    assert [line.factor for line in result.lines] == [
        Decimal("0.085571") * Decimal("0.125"),
        Decimal("0.085571") * (Decimal("0.125") * (Decimal("0.0459") / Decimal("0.177"))),
    ]
    assert abs(result.co2e - Decimal("202.05")) < Decimal("0.01")
