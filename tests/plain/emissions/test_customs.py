from datetime import date
from decimal import Decimal

import pytest

from invoices.emissions.activity import CustomFactor
from invoices.emissions.calculating import CustomFactorRequired, GasWithoutPotential, UnitNotConvertible
from tests.plain.emissions.making import (
    GROSS,
    KG,
    KWH,
    LITRE,
    M3,
    MWH,
    NET,
    TONNE,
    activity,
    calculate,
    contract,
    custom,
    flags,
    heat,
    kg,
)

ELECTRICITY = [
    "electricity",
    "electricity_location_based",
    "electricity_generation",
    "electricity_transmission_and_distribution",
]


class TestCategory:
    @pytest.mark.parametrize("named", ["", "energy", "purchases", "wastes"])
    def test_that_is_none_overrides_the_headline_alone(self, named):
        of = activity()
        own = (custom(CO2e="1", category=named),)

        assert kg(of, "electricity", custom=own) == 1000
        for category in [*ELECTRICITY[1:], "energy"]:
            assert calculate(of, category, custom=own) == calculate(of, category)

    @pytest.mark.parametrize("named", ELECTRICITY)
    def test_that_is_named_is_the_one_that_is_overridden(self, named):
        of = activity()
        own = (custom(CO2e="1", category=named),)

        changed = [
            category for category in ELECTRICITY if calculate(of, category, custom=own) != calculate(of, category)
        ]

        assert changed == [named]

    def test_may_be_the_upstream_of_a_fuel(self):
        own = (custom(LITRE, CO2e="0.5", category="stationary_generation"),)

        assert kg(heat("gas_oil_c", 10, custom=own), "stationary_generation") == 5
        assert kg(heat("gas_oil_c", 10, custom=own), "stationary") == Decimal("28.98")

    def test_of_another_type_of_invoice_overrides_nothing(self):
        own = (custom(M3, CO2e="1", category="electricity"),)

        assert kg(activity("water", unit=M3, country="GB", custom=own), "water") == Decimal("338.85")


class TestOrder:
    def test_comes_before_a_contract(self):
        of = activity(contract=contract(), custom=(custom(CO2e="1"),))

        assert kg(of, "electricity") == 1000

    def test_of_zero_is_a_value(self):
        result = calculate(activity(custom=(custom(CO2e="0"),)), "electricity")

        assert result.co2e == 0
        assert flags(result) == {"custom"}

    def test_without_a_gas_states_nothing(self):
        assert kg(activity(custom=(custom(),)), "electricity") == 283

    def test_prefers_the_invoices_own_unit(self):
        own = (custom(MWH, CO2e="2000"), custom(KWH, CO2e="1"))

        assert kg(activity(custom=own), "electricity") == 1000

    def test_then_prefers_the_one_that_begins_last(self):
        own = (
            custom(CO2e="2"),
            custom(CO2e="3", since=date(2020, 1, 1)),
            custom(CO2e="1", since=date(2023, 1, 1)),
        )

        assert kg(activity(custom=own), "electricity") == 1000

    def test_then_the_first(self):
        assert kg(activity(custom=(custom(CO2e="1"), custom(CO2e="2"))), "electricity") == 1000


class TestDays:
    def test_that_it_does_not_cover_go_on_down_the_hierarchy(self):
        own = (custom(CO2e="1", since=date(2024, 1, 11), until=date(2024, 1, 20)),)

        result = calculate(activity(quantity=310, custom=own), "electricity")

        assert [(line.start.day, line.end.day, line.quantity, line.factor) for line in result.lines] == [
            (1, 10, 100, Decimal("0.283")),
            (11, 20, 100, 1),
            (21, 31, 110, Decimal("0.283")),
        ]

    def test_both_ends_count(self):
        own = (custom(CO2e="1", since=date(2024, 1, 1), until=date(2024, 1, 31)),)

        assert len(calculate(activity(custom=own), "electricity").lines) == 1

    def test_without_an_end_go_on_for_ever(self):
        own = (custom(CO2e="1", since=date(2024, 1, 1), until=date.max),)

        assert kg(activity(custom=own), "electricity") == 1000

    @pytest.mark.parametrize("of", [activity("process", unit=KG), activity("recharge", unit=KG)])
    def test_of_a_process_or_a_refrigerant_must_all_be_covered(self, of):
        own = (custom(KG, CO2e="1", until=date(2024, 1, 30)),)

        with pytest.raises(CustomFactorRequired) as refused:
            calculate(of, "process", custom=own)

        assert "is published for ES in 2024, per kg" in str(refused.value)
        assert "valid for these days and this unit" in str(refused.value)


class TestUnits:
    def test_convert_inside_one_kind(self):
        assert kg(activity(quantity=1, unit=MWH, custom=(custom(CO2e="1"),)), "electricity") == 1000
        assert kg(activity("process", 1, TONNE, custom=(custom(KG, CO2e="2"),)), "process") == 2000
        assert kg(heat("gas_oil_c", 1, M3, custom=(custom(LITRE, CO2e="3"),)), "stationary") == 3000

    def test_do_not_convert_from_one_kind_to_another(self):
        assert kg(heat("gas_oil_c", 100, custom=(custom(KWH, CO2e="1"),)), "stationary") == Decimal("289.8")

    @pytest.mark.parametrize(
        ("invoiced", "given", "is_used"),
        [(KWH, GROSS, True), (MWH, GROSS, True), (NET, KWH, False), (KWH, NET, False), (GROSS, KWH, True)],
    )
    def test_of_gas_do_not_convert_from_gross_to_net(self, invoiced, given, is_used):
        of = heat("natural_gas", 1, invoiced, custom=(custom(given, CO2e="1"),))

        assert (flags(calculate(of, "stationary")) == {"custom"}) is is_used

    def test_of_oil_are_net_where_they_do_not_say(self):
        of = heat("gas_oil_c", 1, KWH, custom=(custom(NET, CO2e="1"),))

        assert kg(of, "stationary") == 1

    def test_of_electricity_are_all_the_same(self):
        assert kg(activity(custom=(custom(NET, CO2e="1"),)), "electricity") == 1000

    def test_that_nobody_knows_serve_when_they_are_the_same(self):
        of = activity("process", 7, "pieces", custom=(custom("pieces", CO2e="2"),))

        (line,) = calculate(of, "process").lines

        assert (line.quantity, line.unit, line.factor) == (7, "pieces", 2)

    @pytest.mark.parametrize("given", [KG, "boxes"])
    def test_that_nobody_knows_convert_to_nothing(self, given):
        with pytest.raises(UnitNotConvertible, match="pieces can't be converted for process in ES in 2024"):
            calculate(activity("process", 7, "pieces", custom=(custom(given, CO2e="2"),)), "process")


class TestGases:
    def test_are_weighted_by_the_sixth_report(self):
        result = calculate(activity(quantity=1, custom=(custom(CO2="1", CH4="0.1", N2O="0.01"),)), "electricity")

        assert result.co2e == 1 + Decimal("2.79") + Decimal("2.73")
        assert result.lines[0].gwp_set == "AR6"
        assert [term.name for term in result.lines[0].terms] == ["CO2", "CH4", "N2O", "GWP CH4", "GWP N2O"]

    def test_that_are_weighted_already_stay(self):
        result = calculate(activity(quantity=1, custom=(custom(CO2e="5", CO2_biogenic="2"),)), "electricity")

        assert (result.co2e, result.co2e_biomass) == (5, 2)
        assert result.lines[0].gwp_set is None

    def test_of_biomass_are_biogenic_as_far_as_they_are_co2(self):
        own = custom(KG, CO2="1.5", CH4="0.1", CO2_biogenic="0.5", ghg_type=2)

        result = calculate(heat("wood", 1, KG, custom=(own,)), "stationary")

        assert (result.co2e, result.co2e_biomass) == (Decimal("2.79"), 2)

    def test_of_a_mixed_fuel_say_themselves_what_is_biogenic(self):
        own = custom(KG, CO2="1.5", CO2_biogenic="0.5", ghg_type=3)

        result = calculate(heat("wood", 1, KG, custom=(own,)), "stationary")

        assert (result.co2e, result.co2e_biomass) == (Decimal("1.5"), Decimal("0.5"))

    @pytest.mark.parametrize("gas", ["HFC", "PFC", "SF6", "NF3"])
    def test_whose_potential_depends_on_the_substance_are_refused(self, gas):
        own = CustomFactor("R-410A", KG, "", {gas: Decimal("0.5")}, 1, None, None, "own-1")

        with pytest.raises(GasWithoutPotential) as refused:
            calculate(activity("recharge", 1, KG, custom=(own,)), "process")

        assert str(refused.value) == (
            f"The custom factor “R-410A” counts {gas}, whose warming potential differs by substance, so process "
            "in ES in 2024 can't be calculated per kg. Give its value in kg of CO2e."
        )

    def test_of_which_there_is_nothing_are_not_in_the_way(self):
        assert kg(activity("recharge", 1, KG, custom=(custom(KG, CO2="1", HFC="0"),)), "process") == 1


def test_a_process_emits_what_its_factor_says():
    result = calculate(activity("process", 10, KG, custom=(custom(KG, CO2e="2", CO2_biogenic="3"),)), "process")

    assert (result.co2e, result.co2e_biomass, result.scope) == (20, 30, 1)
    assert result.lines[0].source_id == "own-1"
    assert result.lines[0].label == "ours"


def test_a_process_without_a_factor_asks_for_one():
    with pytest.raises(CustomFactorRequired) as refused:
        calculate(activity("process", unit=KG), "process")

    assert str(refused.value) == (
        "A process needs a custom factor: no process factor is published for ES in 2024, per kg. "
        "Name a group of custom factors that is valid for these days and this unit."
    )
