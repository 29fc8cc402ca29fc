from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from invoices.emissions.calculating import CannotCalculate, CustomFactorRequired, MissingFactor, UnitNotConvertible
from invoices.emissions.factors import FactorTable, Kind
from tests.plain.emissions.making import (
    FT3,
    GROSS,
    KG,
    KWH,
    LITRE,
    M3,
    MWH,
    NET,
    POUND,
    TABLE,
    TONNE,
    calculate,
    custom,
    flags,
    heat,
    is_near,
    kg,
    kwh,
    rows,
    year,
)

FUELS = rows("fuels")
UNITS = [(fuel, unit) for fuel in FUELS for unit in fuel["units"].split()]


@pytest.mark.parametrize(("fuel", "unit"), UNITS, ids=[f"{f['country']} {f['code']} {u}" for f, u in UNITS])
def test_every_unit_of_every_fuel_can_be_calculated(fuel, unit):
    of = heat(fuel["code"], 1000, unit, of=fuel["country"], start=date(2023, 3, 1), end=date(2024, 2, 29))

    stationary = calculate(of, "stationary")
    upstream = calculate(of, "stationary_generation")

    assert stationary.co2e > 0
    assert upstream.co2e > 0 or "missing_wtt" in flags(upstream)
    assert kwh(of) is None or kwh(of) > 0
    assert [line.quantity for line in upstream.lines] == [line.quantity for line in stationary.lines]


class TestUnits:
    @pytest.mark.parametrize("of", ["ES", "GB"])
    def test_plain_kwh_of_gas_are_gross(self, of):
        gross = heat("natural_gas", 1000, GROSS, of=of)

        assert kg(gross, "stationary") == kg(gross, "stationary", unit=KWH) == kg(gross, "stationary", unit=MWH) / 1000
        assert kg(gross, "stationary", unit=NET) > kg(gross, "stationary")

    @pytest.mark.parametrize(
        ("fuel", "of"), [("natural_gas", "ZZ"), ("gas_oil_c", "ES"), ("lpg", "GB"), ("wood", "GB")]
    )
    def test_plain_kwh_of_anything_else_are_net(self, fuel, of):
        net = heat(fuel, 1000, NET, of=of)

        assert kg(net, "stationary") == kg(net, "stationary", unit=KWH)
        assert kwh(net) == kwh(net, unit=KWH) == 1000

    def test_the_row_that_has_the_unit_comes_first(self):
        assert kg(heat("natural_gas", 1, M3, of="GB"), "stationary") == Decimal("2.04542")
        assert kg(heat("natural_gas", 1, KG, of="GB"), "stationary") == Decimal("2.56816441")
        assert kg(heat("wood", 1, NET, of="GB"), "stationary") == Decimal("0.01132")

    def test_a_unit_of_the_same_kind_comes_next(self):
        assert kg(heat("natural_gas", 1, FT3, of="GB"), "stationary") == Decimal("0.0283168464") * Decimal("2.04542")
        assert kg(heat("wood", 1, TONNE, of="GB"), "stationary") == Decimal("46.25524")
        assert kg(heat("gas_oil_c", 1, M3), "stationary") == 2898

    def test_density_leads_from_mass_to_volume_and_back(self):
        (by_mass,) = calculate(heat("gas_oil_c", 9, KG), "stationary").lines
        (by_volume,) = calculate(heat("propane", 10, LITRE), "stationary").lines

        assert (by_mass.quantity, by_mass.unit) == (10, "l")
        assert (by_volume.quantity, by_volume.unit) == (Decimal("5.185"), "kg")
        assert by_mass.terms[0].name == by_volume.terms[0].name == "density"

    def test_calorific_value_leads_from_energy_to_what_is_burnt(self):
        (net,) = calculate(heat("gas_oil_c", 108, NET), "stationary").lines
        (gross,) = calculate(heat("gas_oil", "10.7428", GROSS, of="GB"), "stationary").lines

        assert (net.quantity, net.terms[0].name, net.terms[0].value) == (10, "net calorific value", Decimal("10.8"))
        assert (gross.quantity, gross.terms[0].name) == (1, "gross calorific value")

    def test_a_cubic_metre_of_spanish_gas_is_about_so_many_kwh(self):
        of = heat("natural_gas", 100, M3)

        result = calculate(of, "stationary")

        assert result.co2e == 100 * Decimal("11.70") * Decimal("0.182")
        assert flags(result) == {"unit_approximate"}
        assert result.lines[0].terms[0].source_id == "ES_PCS_APPROX"
        assert kwh(of) == 1170 * Decimal("0.901")
        assert kg(of, "stationary_generation") == 1170 * Decimal("0.03021")

    def test_volume_is_refused_where_nothing_says_what_is_in_it(self):
        table = FactorTable(row for row in TABLE.all() if row.kind != Kind.UNIT_CONVERSION)

        with pytest.raises(UnitNotConvertible, match="the factors of natural_gas are per kWh GCV"):
            calculate(heat("natural_gas", 100, M3), "stationary", table)

    @pytest.mark.parametrize(
        ("fuel", "of", "unit"),
        [
            ("natural_gas", "ES", POUND),  # no density
            ("fuel_oil", "ES", KG),
            ("wood", "ES", M3),
            ("wood", "ES", GROSS),  # no gross calorific value
            ("biodiesel", "GB", KWH),  # none at all
            ("gas_oil_c", "ES", "euro_(€)"),
        ],
    )
    def test_that_do_not_convert_are_refused(self, fuel, of, unit):
        with pytest.raises(UnitNotConvertible) as refused:
            calculate(heat(fuel, 1, unit, of=of), "stationary")

        sentence = str(refused.value)
        assert f"for stationary in {of} in 2024: the factors of {fuel} are per" in sentence
        assert "Give the quantity in such a unit, or name a group of custom factors for this one." in sentence
        assert refused.value.country == of

    def test_money_without_any_factor_is_refused(self):
        with pytest.raises(UnitNotConvertible, match=r"euro_\(€\) can't be converted .* are per kWh, kg or l"):
            calculate(heat("", 1, "euro_(€)"), "stationary")

    @pytest.mark.parametrize("category", ["stationary_generation", "energy"])
    def test_nothing_is_known_of_are_refused_for_every_category(self, category):
        of = heat("gas_oil_c", 1, "euro_(€)")

        with pytest.raises(UnitNotConvertible, match=f"for {category} in ES"):
            calculate(of, category)
        assert flags(calculate(replace(of, custom=(custom("euro_(€)", CO2e="1"),)), category)) in (
            {"missing_wtt"},
            {"missing_calorific_value"},
        )


class TestPlace:
    def test_a_country_without_a_table_burns_the_worlds(self):
        result = calculate(heat("gas_oil", 1, of="FR"), "stationary")

        assert flags(result) == {"country_fallback"}
        assert result.lines[0].gwp_set == "AR5"

    def test_a_fuel_of_another_country_is_flagged(self):
        assert flags(calculate(heat("gas_oil_c", 1, of="ES", country="PT"), "stationary")) == {"country_fallback"}

    def test_without_saying_whose_fuel_it_is_the_facilitys_country_is_asked(self):
        assert kg(replace(heat("gas_oil_c", 1), fuel_jurisdiction=""), "stationary") == Decimal("2.898")

    def test_the_unit_decides_only_inside_one_jurisdiction(self):
        with pytest.raises(UnitNotConvertible):
            calculate(heat("natural_gas", 1, KG), "stationary")  # the world's table has it per kg

    def test_an_unknown_fuel_is_missing(self):
        with pytest.raises(MissingFactor) as refused:
            calculate(heat("peat", 1, KG), "stationary")

        assert str(refused.value) == (
            "No stationary factor of peat is known for a facility in ES in 2024, per kg. "
            "Choose one of the fuels that have factors, or name a group of custom factors."
        )

    def test_a_fuel_without_a_code_is_missing(self):
        with pytest.raises(MissingFactor, match="a fuel without a code"):
            calculate(heat("", 1, KG), "stationary")

    def test_an_unknown_fuel_has_no_upstream_and_no_energy_that_anybody_knows(self):
        assert flags(calculate(heat("peat", 1, KG), "stationary_generation")) == {"missing_wtt"}
        assert kwh(heat("peat", 1, KG)) is None
        assert kwh(heat("peat", 1, MWH)) == 1000


class TestYear:
    @pytest.mark.parametrize(
        ("of_year", "expected", "factor_year", "flagged"),
        [
            (2014, "0.184", 2015, {"year_fallback"}),
            (2015, "0.184", 2015, set()),
            (2017, "0.183", 2017, set()),
            (2020, "0.182", 2020, set()),
            (2026, "0.182", 2024, {"year_fallback"}),
        ],
    )
    def test_is_its_own_else_the_latest_earlier_else_the_earliest_later(self, of_year, expected, factor_year, flagged):
        result = calculate(heat("natural_gas", 1, GROSS, **year(of_year)), "stationary")

        assert result.co2e == Decimal(expected)
        assert result.lines[0].factor_year == factor_year
        assert flags(result) == flagged

    def test_of_a_british_factor_is_the_edition_of_the_same_year(self):
        of = heat("natural_gas", 366, GROSS, of="GB", start=date(2023, 7, 1), end=date(2024, 6, 30))

        assert [line.factor for line in calculate(of, "stationary").lines] == [Decimal("0.18292893"), Decimal("0.1829")]


class TestFlags:
    def test_co2_alone(self):
        assert flags(calculate(heat("propane", 1, KG), "stationary")) == {"co2_only"}

    def test_biogenic_part_of_a_blend_that_nobody_published(self):
        result = calculate(heat("petrol_e5", 100), "stationary")

        assert result.co2e_biomass == 0
        assert flags(result) == {"biogenic_unknown"}

    def test_biogenic_part_of_a_blend_that_somebody_did(self):
        result = calculate(heat("diesel_b7", 100, of="GB"), "stationary")

        assert result.co2e_biomass == 14
        assert flags(result) == set()

    def test_upstream_borrowed_from_britain(self):
        result = calculate(heat("gas_oil_c", 1), "stationary_generation")

        assert flags(result) == {"proxy_wtt"}
        assert (result.lines[0].source_id, result.lines[0].factor_year) == ("DESNZ_2025", 2025)

    def test_upstream_of_britain_is_its_own(self):
        result = calculate(heat("biodiesel_hvo", 1, of="GB"), "stationary_generation")

        assert result.co2e == Decimal("0.559")
        assert flags(result) == set()
        assert result.lines[0].factor_year == 2024

    def test_upstream_from_a_source_without_an_edition_has_no_year(self):
        rows = [replace(row, wtt_source_id="SI") for row in TABLE.rows(Kind.FUEL, "ES", "gas_oil_c")]

        assert calculate(heat("gas_oil_c", 1), "stationary_generation", FactorTable(rows)).lines[0].factor_year is None

    def test_upstream_that_nobody_published_is_zero_and_says_so(self):
        result = calculate(heat("olive_stones", 1, KG), "stationary_generation")

        assert result.co2e == result.co2e_biomass == 0
        assert flags(result) == {"missing_wtt"}

    def test_energy_without_a_calorific_value_is_unknown(self):
        result = calculate(heat("biodiesel", 1, of="GB"), "energy")

        assert result.energy_kwh is None
        assert result.co2e is None
        assert flags(result) == {"missing_calorific_value"}

    def test_upstream_emits_no_biogenic_carbon(self):
        assert calculate(heat("wood", 1, KG), "stationary_generation").co2e_biomass == 0


class TestGases:
    def test_of_the_worlds_fuels_are_weighted_and_shown(self):
        (line,) = calculate(heat("wood", 1, KG, of="ZZ"), "stationary").lines

        assert line.factor == (Decimal("4.68") * 28 + Decimal("0.0624") * 265) / 1000
        assert line.biomass_factor == Decimal("1.7472")
        assert [term.name for term in line.terms] == ["CO2", "CH4", "GWP CH4", "N2O", "GWP N2O"]

    def test_need_their_potentials(self):
        table = FactorTable(TABLE.rows(Kind.FUEL, "ZZ", "wood"))

        with pytest.raises(CannotCalculate, match="no warming potential of CH4 by AR5"):
            calculate(heat("wood", 1, KG, of="ZZ"), "stationary", table)


class TestDistrictHeat:
    def test_of_britain_is_scope_2(self):
        result = calculate(heat("district_heat", 1000, KWH, of="GB"), "stationary")

        assert result.co2e == Decimal("179.65")
        assert result.scope == 2
        assert kwh(heat("district_heat", 1, MWH, of="GB")) == 1000

    @pytest.mark.parametrize("of", ["GB", "ES"])
    def test_elsewhere_needs_a_custom_factor(self, of):
        abroad = heat("district_heat", 1000, KWH, of=of, country="ES")

        with pytest.raises(CustomFactorRequired, match="District heat outside Great Britain needs a custom factor"):
            calculate(abroad, "stationary")
        assert calculate(abroad, "stationary", custom=(custom(CO2e="0.1"),)).co2e == 100
        assert calculate(abroad, "stationary", custom=(custom(CO2e="0.1"),)).scope == 2
        assert kwh(abroad) == 1000

    def test_of_any_other_fuel_is_scope_1(self):
        assert calculate(heat("wood", 1, KG), "stationary").scope == 1


def test_two_units_of_the_same_oil_say_about_the_same_of_it():
    litre = heat("gas_oil", 1, LITRE, of="GB")

    assert is_near(kg(litre, "stationary", unit=NET), kg(litre, "stationary") / kwh(litre), "1e-6")
