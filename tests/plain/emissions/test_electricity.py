from datetime import date
from decimal import Decimal

import pytest

from invoices.emissions.calculating import CategoryDoesNotFit, CustomFactorRequired, MissingFactor, UnitNotConvertible
from invoices.emissions.electricity import UPSTREAM_PER_DIRECT
from invoices.emissions.factors import Factor, FactorTable, Kind
from tests.plain.emissions.making import (
    GROSS,
    KG,
    M3,
    MJ,
    MWH,
    TABLE,
    activity,
    calculate,
    contract,
    flags,
    is_near,
    kg,
    kwh,
    year,
)

LOST = "electricity_transmission_and_distribution"


def row(kind, country, of_year, value, *, subject="", source_id="TEST", gas="CO2e"):
    start, end = (date(of_year, 1, 1), date(of_year, 12, 31)) if isinstance(of_year, int) else of_year
    return Factor(kind, country, subject, "kWh", start, end, Decimal(value), gas, source_id=source_id)


class TestMarket:
    def test_uses_the_label_of_the_supplier_of_that_very_year(self):
        (line,) = calculate(activity(supplier="wekiwi"), "electricity").lines

        assert line.factor == Decimal("0.268")
        assert (line.kind, line.label, line.factor_year) == ("supplier", "WEKIWI, S.L.", 2024)
        assert line.flags == ()

    def test_keeps_a_label_of_zero(self):
        result = calculate(activity(supplier="zeta enerxia galega"), "electricity")

        assert result.co2e == 0
        assert result.lines[0].kind == "supplier"

    def test_of_a_supplier_without_a_label_that_year_is_the_residual_mix(self):
        assert kg(activity(supplier="acciona green energy developments unheard of"), "electricity") == 283

    def test_of_a_year_that_no_supplier_has_a_label_for_is_the_year_before_flagged(self):
        result = calculate(activity(supplier="wekiwi", **year(2025)), "electricity")

        assert result.co2e == 268
        assert flags(result) == {"year_fallback"}
        assert result.lines[0].factor_year == 2024

    def test_never_carries_a_zero_into_the_next_year(self):
        result = calculate(activity(supplier="zeta enerxia galega", **year(2025)), "electricity")

        assert result.co2e == 283
        assert result.lines[0].kind == "residual_mix"
        assert flags(result) == {"year_fallback"}

    def test_carries_no_label_further_than_a_year(self):
        (line,) = calculate(activity(supplier="wekiwi", **year(2026)), "electricity").lines

        assert line.kind == "residual_mix"

    def test_looks_for_last_years_label_only_while_nobody_has_one_this_year(self):
        table = FactorTable(
            [
                row(Kind.SUPPLIER, "ES", 2023, "0.2", subject="old"),
                row(Kind.SUPPLIER, "ES", 2024, "0.1", subject="new"),
                row(Kind.RESIDUAL_MIX, "ES", 2024, "0.3"),
            ]
        )

        assert kg(activity(supplier="old"), "electricity", table) == 300

    def test_says_that_a_label_of_co2_alone_counts_no_other_gas(self):
        result = calculate(activity(supplier="aldro energia y soluciones", **year(2015)), "electricity")

        assert result.co2e == 400
        assert flags(result) == {"co2_only"}

    def test_without_a_residual_mix_is_that_of_the_grid_flagged(self):
        result = calculate(activity(country="FR", **year(2023)), "electricity")

        assert result.co2e == kg(activity(country="FR", **year(2023)), "electricity_location_based")
        assert "market_fallback_to_location" in flags(result)

    def test_takes_no_residual_mix_of_a_later_year(self):
        table = FactorTable([row(Kind.RESIDUAL_MIX, "ES", 2024, "0.3"), row(Kind.GRID_DIRECT, "ES", 2014, "0.2")])

        assert kg(activity(**year(2014)), "electricity", table) == 200

    def test_of_another_country_knows_no_spanish_supplier(self):
        assert calculate(activity(country="FR", supplier="wekiwi"), "electricity").lines[0].kind != "supplier"


class TestContract:
    def test_of_renewable_supply_emits_nothing(self):
        result = calculate(activity(contract=contract()), "electricity")

        assert result.co2e == 0
        assert flags(result) == set()
        assert [line.kind for line in result.lines] == ["guarantee_renewable"]

    def test_leaves_the_rest_to_the_next_step(self):
        result = calculate(activity(contract=contract("0.6"), supplier="wekiwi"), "electricity")

        assert result.co2e == Decimal("0.4") * 268
        assert [(line.kind, line.share, line.quantity) for line in result.lines] == [
            ("guarantee_renewable", Decimal("0.6"), 600),
            ("supplier", Decimal("0.4"), 400),
        ]

    def test_of_no_renewable_share_changes_nothing(self):
        assert kg(activity(contract=contract("0")), "electricity") == 283

    @pytest.mark.parametrize("without", [{"number": ""}, {"of_year": None}, {"of_year": 2023}])
    def test_without_a_certificate_of_that_year_is_flagged(self, without):
        result = calculate(activity(contract=contract(**without)), "electricity")

        assert result.co2e == 0
        assert flags(result) == {"no_evidence"}

    def test_has_evidence_for_the_part_of_a_period_in_the_year_of_its_certificate(self):
        of = activity(contract=contract(), start=date(2023, 12, 16), end=date(2024, 1, 15))

        before, after = calculate(of, "electricity").lines

        assert before.flags == ("no_evidence",)
        assert after.flags == ()

    def test_of_cogeneration_emits_what_its_guarantee_says(self):
        result = calculate(activity(contract=contract("0.5", is_cogeneration=True)), "electricity")

        assert result.co2e == 500 * Decimal("0.302") + 500 * Decimal("0.283")
        assert result.lines[0].flags == ("co2_only",)

    def test_of_cogeneration_elsewhere_uses_the_figure_of_spain(self):
        result = calculate(activity(country="PT", contract=contract(is_cogeneration=True)), "electricity")

        assert result.co2e == 302
        assert flags(result) == {"co2_only", "country_fallback"}

    def test_of_cogeneration_needs_a_figure(self):
        with pytest.raises(MissingFactor, match="of cogeneration is known for a facility in ES in 2024, per kWh"):
            calculate(activity(contract=contract(is_cogeneration=True)), "electricity", FactorTable([]))

    def test_of_renewable_supply_needs_no_factor_at_all(self):
        assert kg(activity(country="XX", contract=contract()), "electricity", FactorTable([])) == 0


class TestLocation:
    def test_is_what_was_published_for_that_year(self):
        (line,) = calculate(activity(**year(2023)), "electricity_location_based").lines

        assert (line.factor, line.source_id, line.flags) == (Decimal("0.14"), "EEA_GHGI_2025", ())

    def test_is_worked_back_from_the_lifecycle_figure(self):
        result = calculate(activity(**year(2022)), "electricity_location_based")

        assert is_near(result.co2e, Decimal("217.13") / (1 + UPSTREAM_PER_DIRECT))
        assert flags(result) == {"estimated_direct"}
        assert [term.name for term in result.lines[0].terms] == ["grid_lifecycle", "upstream_per_direct"]

    def test_of_a_year_without_any_is_the_latest_earlier_one(self):
        result = calculate(activity(country="GB", **year(2030)), "electricity_location_based")

        assert result.co2e == Decimal("130.96")
        assert flags(result) == {"year_fallback"}
        assert result.lines[0].factor_year == 2026

    def test_of_a_year_without_any_is_worked_back_where_the_latest_earlier_year_has_no_other(self):
        result = calculate(activity(**year(2026)), "electricity_location_based")

        assert is_near(result.co2e, Decimal("153.60") / (1 + UPSTREAM_PER_DIRECT))
        assert flags(result) == {"estimated_direct", "year_fallback"}

    @pytest.mark.parametrize(("direct", "lifecycle", "expected"), [(2020, 2020, 100), (2020, 2019, 100)])
    def test_prefers_what_was_published_in_the_latest_earlier_year(self, direct, lifecycle, expected):
        table = FactorTable(
            [
                row(Kind.GRID_LIFECYCLE, "ES", lifecycle, "0.5"),
                row(Kind.GRID_DIRECT, "ES", direct, "0.1"),
            ]
        )

        assert kg(activity(**year(2021)), "electricity_location_based", table) == expected

    def test_prefers_the_countrys_own_figure_to_the_eea(self):
        table = FactorTable(
            [
                row(Kind.GRID_DIRECT, "ES", 2024, "0.2", source_id="EEA_GHGI_2025"),
                row(Kind.GRID_DIRECT, "ES", 2024, "0.1", source_id="NATIONAL"),
            ]
        )

        assert kg(activity(), "electricity_location_based", table) == 100

    def test_is_never_carried_back(self):
        with pytest.raises(MissingFactor) as refused:
            calculate(activity(country="FR", **year(2014)), "electricity_location_based")

        assert str(refused.value) == (
            "No electricity_location_based factor is known for a facility in FR in 2014, per kWh. "
            "Name a group of custom factors that has one."
        )
        error = refused.value
        assert (error.category, error.country, error.year, error.unit) == (
            "electricity_location_based",
            "FR",
            2014,
            "kWh",
        )

    def test_has_no_world_to_fall_back_to(self):
        with pytest.raises(MissingFactor, match="without a country"):
            calculate(activity(country=""), "electricity_location_based")


class TestUpstream:
    def test_is_what_britain_publishes(self):
        result = calculate(activity(country="GB", **year(2025)), "electricity_generation")

        assert result.co2e == Decimal("45.9")
        assert flags(result) == set()

    def test_after_the_last_edition_is_the_last_one(self):
        result = calculate(activity(country="GB", **year(2027)), "electricity_generation")

        assert result.co2e == Decimal("36.82")
        assert flags(result) == {"year_fallback"}

    def test_before_the_first_edition_is_in_proportion_to_the_direct_figure(self):
        result = calculate(activity(country="GB", **year(2022)), "electricity_generation")

        assert is_near(result.co2e, Decimal("193.38") * UPSTREAM_PER_DIRECT)
        assert flags(result) == {"proxy_ratio"}

    @pytest.mark.parametrize("of_year", [2015, 2019, 2021, 2022, 2025])
    def test_and_direct_are_together_the_lifecycle_figure_where_that_alone_is_known(self, of_year):
        of = activity(**year(of_year))
        published = TABLE.on(Kind.GRID_LIFECYCLE, "ES", date(of_year, 6, 1))

        together = kg(of, "electricity_location_based") + kg(of, "electricity_generation")

        assert is_near(together, 1000 * published.figure)


class TestLost:
    def test_is_what_britain_publishes(self):
        result = calculate(activity(country="GB", **year(2024)), LOST)

        assert [line.factor for line in result.lines] == [Decimal("0.0183"), Decimal("0.00397")]
        assert flags(result) == set()

    def test_of_britain_before_that_is_a_share_of_both(self):
        result = calculate(activity(country="GB", **year(2022)), LOST)

        share = result.lines[0].terms[0]
        assert share.name == "loss"
        assert is_near(result.co2e, share.value * Decimal("193.38") * (1 + UPSTREAM_PER_DIRECT))
        assert flags(result) == {"proxy_ratio"}

    def test_of_a_country_without_losses_takes_those_of_the_world(self):
        table = FactorTable([row(Kind.GRID_DIRECT, "ES", 2024, "0.1"), row(Kind.LOSS, "ZZ", 2024, "0.05")])

        result = calculate(activity(), LOST, table)

        assert is_near(result.co2e, 5 * (1 + UPSTREAM_PER_DIRECT))
        assert flags(result) == {"country_fallback", "proxy_ratio"}

    def test_of_a_year_before_the_first_takes_the_first(self):
        table = FactorTable([row(Kind.GRID_DIRECT, "ES", 2010, "0.1"), row(Kind.LOSS, "ES", 2015, "0.05")])

        assert flags(calculate(activity(**year(2010)), LOST, table)) == {"year_fallback", "proxy_ratio"}

    def test_needs_a_share(self):
        with pytest.raises(MissingFactor, match=LOST):
            calculate(activity(), LOST, FactorTable([row(Kind.GRID_DIRECT, "ES", 2024, "0.1")]))


class TestUnits:
    @pytest.mark.parametrize(("quantity", "unit"), [("1", MWH), ("3600", MJ), ("1000", GROSS)])
    def test_of_energy_are_all_the_same_electricity(self, quantity, unit):
        assert kg(activity(quantity=quantity, unit=unit), "electricity") == 283
        assert kwh(activity(quantity=quantity, unit=unit)) == 1000

    @pytest.mark.parametrize("category", ["electricity", "energy", "electricity_generation"])
    @pytest.mark.parametrize("unit", [M3, KG, "euro_(€)"])
    def test_of_anything_else_are_refused(self, category, unit):
        with pytest.raises(UnitNotConvertible, match="electricity is counted in kWh"):
            calculate(activity(unit=unit), category)

    def test_say_that_a_recharge_is_a_vehicles(self):
        assert kg(activity("recharge"), "electricity") == 283

    @pytest.mark.parametrize("category", ["process", "electricity"])
    def test_say_that_a_recharge_is_refrigerant_and_never_scope_2(self, category):
        with pytest.raises(CustomFactorRequired, match="Refrigerant needs a custom factor"):
            calculate(activity("recharge", unit=KG), category)


class TestPeriods:
    def test_are_cut_where_a_monthly_factor_ends(self):
        table = FactorTable(
            [
                row(Kind.RESIDUAL_MIX, "ES", 2024, "0.3"),
                row(Kind.RESIDUAL_MIX, "ES", (date(2024, 2, 1), date(2024, 2, 29)), "0.1"),
            ]
        )

        result = calculate(activity(quantity=60, start=date(2024, 1, 2), end=date(2024, 3, 1)), "electricity", table)

        assert [(line.start, line.end, line.quantity, line.factor) for line in result.lines] == [
            (date(2024, 1, 2), date(2024, 1, 31), 30, Decimal("0.3")),
            (date(2024, 2, 1), date(2024, 2, 29), 29, Decimal("0.1")),
            (date(2024, 3, 1), date(2024, 3, 1), 1, Decimal("0.3")),
        ]

    def test_end_after_they_start(self):
        with pytest.raises(ValueError, match="can't end on 2024-01-31 before it starts on 2024-02-01"):
            calculate(activity(start=date(2024, 2, 1)), "electricity")


def test_has_no_result_of_another_type():
    with pytest.raises(CategoryDoesNotFit, match="type water has no result electricity"):
        calculate(activity("water", unit=M3), "electricity")


def test_a_negative_quantity_is_taken_back():
    assert kg(activity(quantity=-1000), "electricity") == -283
