import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest

from invoices.emissions import tables, units
from invoices.emissions.factors import Factor, FactorTable, Kind, nearest
from tests.plain.emissions.making import REFERENCE, TABLE, activity, kg, rows


def factor(since, until, value="1", **others):
    return Factor(Kind.LOSS, "ES", "", "", since, until, Decimal(value), **others)


class TestTables:
    def test_hold_every_row(self):
        counted = {kind: sum(row.kind == kind for row in TABLE.all()) for kind in Kind}

        assert counted[Kind.GRID_DIRECT] + counted[Kind.GRID_LIFECYCLE] == 2291
        assert counted[Kind.SUPPLIER] == 1783
        assert sum(row.value == 0 for row in TABLE.all() if row.kind == Kind.SUPPLIER) == 962
        assert counted[Kind.LOSS] == 1278
        assert counted[Kind.FUEL] == 177
        assert counted[Kind.RESIDUAL_MIX] == counted[Kind.GUARANTEE_CHP] == counted[Kind.GUARANTEE_RENEWABLE] == 10
        assert counted[Kind.UPSTREAM_GENERATION] == counted[Kind.TD_LOSS] == counted[Kind.WTT_TD_LOSS] == 4
        assert counted[Kind.WATER_SUPPLY] == counted[Kind.WATER_TREATMENT] == 4
        assert counted[Kind.GWP] == 6
        assert counted[Kind.UNIT_CONVERSION] == 17

    def test_name_a_known_source_for_each_row(self):
        known = {source.id for source in tables.sources()}

        named = {part for row in TABLE.all() for part in f"{row.source_id}+{row.wtt_source_id}".split("+")} - {""}

        assert named <= known
        assert all(row.source_id for row in TABLE.all())
        assert all(bool(row.wtt_source_id) == (row.wtt is not None) for row in TABLE.all())

    def test_say_of_each_source_who_published_it(self):
        assert all(source.title and source.publisher and source.code == source.id for source in tables.sources())

    def test_hold_no_factor_twice(self):
        keys = [
            (row.kind, row.jurisdiction, row.subject, row.unit, row.valid_from, row.gwp_set, row.source_id)
            for row in TABLE.all()
        ]

        assert len(keys) == len(set(keys))

    def test_are_known_by_their_checksum(self):
        assert len(tables.checksum()) == len(hashlib.sha256().hexdigest())
        assert tables.checksum() == tables.checksum()
        assert tables.VERSION

    def test_know_every_fuel_of_the_reference_table_by_its_name(self):
        named = {(row.jurisdiction, row.subject, row.label) for row in TABLE.all() if row.kind == Kind.FUEL}

        assert {(fuel["country"], fuel["code"], fuel["name"]) for fuel in rows("fuels")} == named

    def test_know_every_supplier_of_the_reference_table(self):
        labels = {row.label for row in TABLE.all() if row.kind == Kind.SUPPLIER}

        assert {supplier["name"] for supplier in rows("suppliers")} <= labels

    def test_fit_the_columns_of_the_database(self):
        figures = [
            value
            for row in TABLE.all()
            for field in fields(row)
            if isinstance(value := getattr(row, field.name), Decimal)
        ]

        assert all(-value.as_tuple().exponent <= 10 and abs(value) < 10**8 for value in figures)


class TestUnits:
    def test_are_those_of_the_reference_table(self):
        assert REFERENCE.is_dir()
        for row in rows("units"):
            unit = units.named(row["name"])
            assert (unit.symbol, unit.kind) == (row["symbol"], row["type"])
            assert units.of_symbol(row["symbol"]) is unit
            assert units.kind_of(row["name"]) == row["type"]
            assert units.symbol_of(row["name"]) == row["symbol"]

    def test_that_nobody_knows_are_what_they_are_called(self):
        assert units.named("euro_(€)") is None
        assert units.kind_of("euro_(€)") == ""
        assert units.symbol_of("euro_(€)") == "euro_(€)"

    def test_convert_as_the_table_says(self):
        for row in tables.conversions():
            if row.jurisdiction == "ZZ" and row.subject not in {"TJ", "Ml"}:
                times, per = units.scale(units.of_symbol(row.subject), units.of_symbol(row.unit))
                assert times == row.value * per


class TestLookingUp:
    def test_prefers_the_row_of_the_fewest_days(self):
        monthly = factor(date(2024, 2, 1), date(2024, 2, 29))
        table = FactorTable([factor(date(2024, 1, 1), date(2024, 12, 31), "2"), monthly])

        assert table.on(Kind.LOSS, "ES", date(2024, 2, 15)) is monthly
        assert table.before(Kind.LOSS, "ES", date(2024, 3, 1)) is monthly
        assert table.cuts([Kind.LOSS], ["ES", "PT"]) == {date(2024, 2, 1), date(2024, 3, 1)}
        assert table.cuts([Kind.LOSS], ["PT"]) == set()

    def test_finds_nothing_where_there_is_nothing(self):
        assert nearest([], date(2024, 1, 1)) is None
        assert TABLE.on(Kind.LOSS, "XX", date(2024, 1, 1)) is None

    def test_finds_the_earliest_later_row_last(self):
        later = [factor(date(2025, 1, 1), date(2025, 12, 31)), factor(date(2026, 1, 1), date(2026, 12, 31))]

        assert nearest(later, date(2024, 1, 1)) is later[0]

    def test_does_not_remember_what_failed(self):
        table = FactorTable([])
        with pytest.raises(ZeroDivisionError):
            table.remembered(("key",), lambda: 1 / 0)

        assert table.remembered(("key",), lambda: 7) == 7
        assert table.remembered(("key",), lambda: 8) == 7

    def test_gives_the_same_from_rows_with_all_their_decimals(self):
        padded = FactorTable(
            replace(row, value=row.value and row.value.quantize(Decimal("1e-10"))) for row in TABLE.all()
        )

        assert kg(activity(), "electricity", padded) == kg(activity(), "electricity")

    def test_may_be_done_by_threads_at_once(self):
        table = FactorTable(TABLE.all())
        with ThreadPoolExecutor(8) as threads:
            figures = set(threads.map(lambda _: kg(activity(), "electricity", table), range(64)))

        assert figures == {Decimal(283)}
