import csv
import re
import unicodedata
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command

from facilities.demo import DEMO_SUPPLIER_ID
from facilities.models import Supplier
from invoices import reference
from invoices.models import FacilityFuel, FuelUnit, Unit

FOLDER = Path(reference.__file__).parent
# The forms of companies, longest first, once everything but letters and digits is a blank.
FORMS = re.compile(r" (s l l|s l u|s l|s a u|s a|sll|slu|sl|sau|sa)$")


def rows(table):
    with (FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def normalised(name):
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return FORMS.sub("", re.sub(r"[^a-z0-9]+", " ", plain).strip())


@pytest.mark.django_db
class TestLoading:
    def test_the_tables_are_in_the_database(self):
        loaded = reference.load()

        assert loaded == (len(rows("units")), len(rows("fuels")), len(rows("suppliers")))
        iberdrola = Supplier.objects.get(name="IBERDROLA CLIENTES, S.A.U.")
        assert (iberdrola.pk, iberdrola.country, iberdrola.type) == (DEMO_SUPPLIER_ID, "ES", "electricity")

    def test_doing_it_again_changes_nothing(self):
        def everything():
            return [list(model.objects.order_by("pk").values()) for model in (Unit, FacilityFuel, FuelUnit, Supplier)]

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
        names = [normalised(row["name"]) for row in rows("suppliers")]

        assert sorted(name for name in set(names) if names.count(name) > 1) == []
