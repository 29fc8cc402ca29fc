from datetime import date
from decimal import Decimal

import pytest

from invoices.emissions import calculating
from invoices.emissions.calculating import MissingFactor, UnitNotConvertible
from invoices.emissions.categories import Category, categories_of, headline_of
from invoices.emissions.factors import FactorTable
from tests.plain.emissions.making import (
    FT3,
    KG,
    KWH,
    LITRE,
    M3,
    MWH,
    activity,
    calculate,
    custom,
    flags,
    heat,
    kg,
    kwh,
    year,
)


def water(**others):
    return activity("water", 100, **({"unit": M3, "country": "GB"} | others))


class TestWater:
    def test_is_supplied_and_treated(self):
        result = calculate(water(), "water")

        assert [(line.kind, line.factor) for line in result.lines] == [
            ("water_supply", Decimal("0.15311")),
            ("water_treatment", Decimal("0.18574")),
        ]
        assert (result.co2e, result.co2e_biomass, result.scope) == (Decimal("33.885"), 0, 3)

    def test_elsewhere_is_as_in_britain(self):
        result = calculate(water(country="ES"), "water")

        assert result.co2e == Decimal("33.885")
        assert flags(result) == {"country_fallback"}

    @pytest.mark.parametrize(("of_year", "factor_year"), [(2026, 2025), (2020, 2023)])
    def test_of_another_year_is_of_the_latest_earlier_else_the_earliest_later(self, of_year, factor_year):
        result = calculate(water(**year(of_year)), "water")

        assert flags(result) == {"year_fallback"}
        assert {line.factor_year for line in result.lines} == {factor_year}

    @pytest.mark.parametrize(("quantity", "unit"), [(1000, LITRE), ("35.31466672148859", FT3)])
    def test_is_measured_in_any_unit_of_volume(self, quantity, unit):
        assert abs(kg(activity("water", quantity, unit, country="GB"), "water") - Decimal("0.33885")) < Decimal("1e-8")

    @pytest.mark.parametrize("unit", [KG, KWH, "euro_(€)"])
    def test_is_measured_in_nothing_else(self, unit):
        with pytest.raises(UnitNotConvertible, match="the factors of water are per m³"):
            calculate(water(unit=unit), "water")

    def test_needs_a_factor(self):
        with pytest.raises(MissingFactor, match="No water factor is known for a facility in ES in 2024, per m³"):
            calculate(water(country="ES"), "water", FactorTable([]))

    def test_of_one_region_is_not_a_whole_countrys(self):
        assert all(
            line.source_id != "ACA_OCCC_2013" for line in calculate(water(country="ES", **year(2013)), "water").lines
        )

    def test_says_of_a_region_by_its_own_code_that_it_counts_co2_alone(self):
        assert flags(calculate(water(country="ES-CT", **year(2013)), "water")) == {"co2_only"}

    def test_may_have_a_factor_of_its_own(self):
        assert kg(water(custom=(custom(M3, CO2e="1"),)), "water") == 100


class TestEnergy:
    def test_is_no_emission(self):
        result = calculate(activity(), "energy")

        assert (result.co2e, result.co2e_biomass, result.energy_kwh, result.scope) == (None, None, 1000, None)

    @pytest.mark.parametrize("of", [water(), activity("process", unit=KG), activity("recharge", unit=KG)])
    def test_of_what_is_not_measured_in_it_is_none(self, of):
        assert kwh(of) == 0

    @pytest.mark.parametrize("type", ["water", "process", "recharge"])
    def test_of_what_is_measured_in_it_is_that(self, type):  # noqa: A002 (the field's own name)
        assert kwh(activity(type, 2, MWH)) == 2000

    def test_of_a_custom_fuel_is_still_that_of_the_fuel(self):
        assert kwh(heat("gas_oil_c", 100, custom=(custom(LITRE, CO2e="1"),))) == 1080

    def test_of_british_gas_is_by_its_own_ratio(self):
        assert kwh(heat("natural_gas", 1000, KWH, of="GB")) == Decimal("902.6")

    def test_is_known_only_when_all_of_it_is(self):
        of = heat("biodiesel", 1, of="GB", start=date(2023, 12, 1), end=date(2024, 1, 31))

        assert kwh(of) is None


class TestCategories:
    @pytest.mark.parametrize(
        ("type", "unit_type", "categories"),
        [
            ("heat", "volume", ["stationary", "stationary_generation", "energy"]),
            ("water", "volume", ["water", "energy"]),
            ("process", "mass", ["process", "energy"]),
            ("recharge", "mass", ["process", "energy"]),
            ("recharge", "", ["process", "energy"]),
        ],
    )
    def test_of_a_type(self, type, unit_type, categories):  # noqa: A002 (the field's own name)
        assert categories_of(type, unit_type=unit_type) == tuple(categories)
        assert headline_of(type, unit_type=unit_type) == categories[0]

    @pytest.mark.parametrize("type", ["electricity", "recharge"])
    def test_of_electricity(self, type):  # noqa: A002 (the field's own name)
        assert set(categories_of(type, unit_type="energy")) == {
            *(category for category in Category if category.startswith("electricity")),
            Category.ENERGY,
        }
        assert headline_of(type, unit_type="energy") == "electricity"

    def test_of_an_activity(self):
        assert calculating.categories_of(activity("recharge", unit=KG)) == ("process", "energy")
        assert calculating.categories_of(activity("recharge", unit="euro_(€)")) == ("process", "energy")

    def test_of_an_unknown_type_are_refused(self):
        with pytest.raises(ValueError, match="“travel” is no type of invoice"):
            categories_of("travel", unit_type="mass")
