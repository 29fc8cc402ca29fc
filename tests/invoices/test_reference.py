import csv
import secrets
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from facilities.demo import DEMO_SUPPLIER_ID
from facilities.models import Supplier
from invoices import factoring, reference
from invoices.emissions import names, tables
from invoices.emissions.factors import Factor, Kind
from invoices.models import (
    EmissionFactor,
    EmissionSource,
    FacilityFuel,
    FactorSet,
    FuelUnit,
    ProcessingJob,
    SupplierLink,
    Unit,
)
from tests import factories

FOLDER = Path(reference.__file__).parent


def rows(table):
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.django_db
class TestLoading:
    def test_the_tables_are_in_the_database(self):
        loaded = reference.load()

        assert loaded[:3] == (len(rows("units")), len(rows("fuels")), len(rows("suppliers")))
        assert loaded[3:] == (tables.VERSION, len(tables.read()))
        iberdrola = Supplier.objects.get(name="IBERDROLA CLIENTES, S.A.U.")
        assert (iberdrola.pk, iberdrola.country, iberdrola.type) == (DEMO_SUPPLIER_ID, "ES", "electricity")

    def test_doing_it_again_changes_nothing(self):
        def everything():
            models = (Unit, FacilityFuel, FuelUnit, Supplier, FactorSet, EmissionSource, EmissionFactor, SupplierLink)
            return [list(model.objects.order_by("pk").values()) for model in models]

        reference.load()
        before = everything()

        reference.load()

        assert everything() == before

    def test_a_row_that_is_there_keeps_its_id(self):
        gas = FacilityFuel.objects.create(country="ES", name="Gas natural", type="?")
        supplier = Supplier.objects.create(country="ES", name="EDP CLIENTES SAU", type="electricity")

        reference.load()

        assert FacilityFuel.objects.get(country="ES", code="natural_gas") == gas
        assert Supplier.objects.get(country="ES", name="EDP CLIENTES SAU") == supplier

    def test_what_staff_corrected_of_a_supplier_stays(self):
        Supplier.objects.create(id=DEMO_SUPPLIER_ID, country="ES", name="Iberdrola", type="electricity")

        reference.load()

        assert Supplier.objects.get(pk=DEMO_SUPPLIER_ID).name == "Iberdrola"
        assert not Supplier.objects.filter(name="IBERDROLA CLIENTES, S.A.U.").exists()

    def test_a_fuel_gets_its_units_back_in_their_order(self):
        reference.load()
        gas = FacilityFuel.objects.get(country="ES", code="natural_gas")
        before = list(gas.fuel_units.order_by("position").values_list("unit__name", flat=True))
        gas.fuel_units.filter(position=0).delete()

        reference.load()

        assert list(gas.fuel_units.order_by("position").values_list("unit__name", flat=True)) == before
        assert str(gas.fuel_units.get(position=0)) == "Gas natural (ES): kWh GCV"

    @pytest.mark.parametrize(("verbosity", "says"), [(1, "units, 64 fuels"), (0, "")])
    def test_a_command_loads_it(self, verbosity, says):
        said = StringIO()

        call_command("load_reference_data", verbosity=verbosity, stdout=said)

        assert says in said.getvalue()
        assert bool(said.getvalue()) == bool(verbosity)
        assert FacilityFuel.objects.filter(country="ZZ").exists()


@pytest.mark.django_db
class TestFactors:
    def test_they_are_those_of_the_tables_figure_by_figure(self):
        table = factoring.table_of(factoring.current())

        assert list(table.all()) == tables.read()
        assert max(len(str(factor.value)) for factor in table.all()) == max(
            len(str(factor.value)) for factor in tables.read()
        )

    def test_each_says_where_it_was_found(self):
        named = {
            source for factor in tables.read() for source in f"{factor.source_id}+{factor.wtt_source_id}".split("+")
        }

        assert named - {""} <= set(EmissionSource.objects.values_list("code", flat=True))

    def test_what_was_corrected_of_a_source_is_told(self):
        EmissionSource.objects.update(title="?")

        reference.load()

        assert not EmissionSource.objects.filter(title="?").exists()

    def test_a_new_version_becomes_a_set_of_its_own_and_starts_nothing(self, monkeypatch):
        before = factoring.current()
        monkeypatch.setattr(tables, "VERSION", "2027.1")
        # Of its own, since a process keeps the tables that it read by it.
        monkeypatch.setattr(tables, "checksum", lambda: secrets.token_hex(32))
        monkeypatch.setattr(tables, "read", lambda: [grid(Decimal("0.1"))])

        loaded = reference.load()

        assert (loaded.version, loaded.factors) == ("2027.1", 1)
        assert factoring.current().version == "2027.1"
        assert list(factoring.table_of(factoring.current()).all()) == [grid(Decimal("0.1"))]
        assert before.factors.exists()
        assert not ProcessingJob.objects.exists()

    def test_other_factors_under_the_same_version_are_refused_with_nothing_written(self, monkeypatch):
        monkeypatch.setattr(tables, "checksum", lambda: "f" * 64)
        before = EmissionFactor.objects.count()

        with pytest.raises(CommandError, match=f"version {tables.VERSION}.*a version of their own"):
            call_command("load_reference_data")

        assert EmissionFactor.objects.count() == before
        assert not Supplier.objects.exists()


def grid(value):
    return Factor(
        kind=Kind.GRID_DIRECT,
        jurisdiction="ES",
        subject="",
        unit="kWh",
        valid_from=date(2024, 1, 1),
        valid_to=date(2024, 12, 31),
        value=value,
    )


@pytest.mark.django_db
class TestLinks:
    def test_the_suppliers_of_our_table_are_linked_to_their_label_by_nobody(self):
        reference.load()

        linked = SupplierLink.objects.get(supplier=DEMO_SUPPLIER_ID)
        assert (linked.register_name, linked.confirmed_by) == ("iberdrola clientes", None)
        unlinked = Supplier.objects.filter(register_link=None)
        assert [supplier.name for supplier in unlinked] == []

    def test_a_supplier_of_other_origin_is_not(self):
        other = Supplier.objects.create(country="ES", name="Iberdrola Clientes", type="electricity")

        reference.load()

        assert not SupplierLink.objects.filter(supplier=other).exists()

    def test_a_supplier_that_staff_renamed_is_not(self):
        Supplier.objects.create(id=DEMO_SUPPLIER_ID, country="ES", name="Iberdrola", type="electricity")

        reference.load()

        assert not SupplierLink.objects.filter(supplier=DEMO_SUPPLIER_ID).exists()

    def test_the_first_factors_link_the_suppliers_that_were_there_before(self):
        reference.load()
        SupplierLink.objects.all().delete()
        EmissionFactor.objects.all().delete()
        FactorSet.objects.all().delete()

        reference.load()

        assert SupplierLink.objects.filter(supplier=DEMO_SUPPLIER_ID).exists()

    def test_a_link_of_a_person_stays(self):
        reference.load()
        person = factories.user()
        SupplierLink.objects.filter(supplier=DEMO_SUPPLIER_ID).update(
            register_name="endesa energia", confirmed_by=person
        )

        reference.load()

        linked = SupplierLink.objects.get(supplier=DEMO_SUPPLIER_ID)
        assert (linked.register_name, linked.confirmed_by) == ("endesa energia", person)

    def test_a_link_that_a_person_withdrew_stays_away(self):
        reference.load()
        SupplierLink.objects.filter(supplier=DEMO_SUPPLIER_ID).delete()

        reference.load()

        assert not SupplierLink.objects.filter(supplier=DEMO_SUPPLIER_ID).exists()


class TestTables:
    @pytest.mark.parametrize("table", ["units", "fuels", "suppliers"])
    def test_ids_are_ids_and_no_two_are_the_same(self, table):
        ids = [UUID(row["id"]) for row in rows(table)]

        assert len(set(ids)) == len(ids)

    def test_fuels_are_billed_in_units_of_the_table(self):
        known = {row["name"] for row in rows("units")}

        assert {unit for row in rows("fuels") for unit in row["units"].split()} <= known

    @pytest.mark.parametrize("table", ["fuels", "suppliers"])
    def test_each_fact_says_where_it_was_found(self, table):
        assert [row for row in rows(table) if not (row.get("sources") or row.get("source"))] == []

    def test_no_supplier_stands_there_twice_under_two_spellings(self):
        spelt = [names.normalised(row["name"]) for row in rows("suppliers")]

        assert sorted(name for name in set(spelt) if spelt.count(name) > 1) == []
