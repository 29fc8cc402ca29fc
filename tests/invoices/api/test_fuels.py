import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from invoices import reference
from tests import api, factories

pytestmark = pytest.mark.django_db

FUELS = ["/v1/facility_fuels", "/api/v1/facility_fuels"]


@pytest.fixture
def _loaded():
    reference.load()


def named(fuels, name):
    (fuel,) = [fuel for fuel in fuels if fuel["name"] == name]
    return fuel


@pytest.mark.parametrize("path", FUELS)
@pytest.mark.usefixtures("_loaded")
class TestFuels:
    def test_a_fuel_has_the_documented_fields_and_its_units_are_objects(self, caller, path):
        fuels = caller.get(path, {"country": "ES"}).json()

        assert all(list(fuel) == ["id", "name", "country", "type", "ghg_type", "units"] for fuel in fuels)
        gas = named(fuels, "Gas natural")
        assert (gas["country"], gas["type"], gas["ghg_type"]) == ("ES", "gas", 1)
        assert all(list(unit) == ["id", "name", "type"] for unit in gas["units"])

    def test_the_unit_of_the_factor_comes_first(self, caller, path):
        fuels = caller.get(path).json()
        units = {(fuel["country"], fuel["name"]): [unit["name"] for unit in fuel["units"]] for fuel in fuels}

        assert all(units.values())
        spanish = units["ES", "Gas natural"]
        assert spanish[0] == "kilowatt_hour_gcv_(kwh)"
        assert {"kilowatt_hour_(kwh)", "cubic_meter_(m³)"} <= set(spanish)
        assert units["ES", "Gasóleo C"][0] == "liter_(l)"
        assert units["ES", "Biomasa pellets"][0] == "kilogram_(kg)"
        assert units["GB", "Natural gas"][:3] == ["kilowatt_hour_gcv_(kwh)", "cubic_meter_(m³)", "kilogram_(kg)"]
        assert units["ZZ", "Natural gas"][0] == "kilowatt_hour_ncv_(kwh)"
        assert units["GB", "District heat and steam"][0] == "kilowatt_hour_(kwh)"

    def test_where_the_carbon_comes_from_is_a_number(self, caller, path):
        fuels = caller.get(path, {"country": "ES"}).json()

        assert [named(fuels, name)["ghg_type"] for name in ("Gasóleo C", "Biomasa pellets", "B7")] == [1, 2, 3]

    @pytest.mark.parametrize(("asked", "given"), [("ES", "ES"), ("gb", "GB"), ("DE", "ZZ"), ("ZZ", "ZZ")])
    def test_a_country_without_a_table_burns_the_worlds(self, caller, path, asked, given):
        factories.fuel(country="DE", name="Erdgas", code="")

        fuels = caller.get(path, {"country": asked}).json()

        assert {fuel["country"] for fuel in fuels} == {given}

    def test_without_a_country_all_come_at_once(self, caller, path):
        fuels = caller.get(path).json()

        assert {fuel["country"] for fuel in fuels} == {"ES", "GB", "ZZ"}
        assert len(fuels) == 64

    def test_a_country_has_two_letters(self, caller, path):
        for wrong in ("x", "12"):
            assert api.is_refused(caller.get(path, {"country": wrong}), 422, "VALIDATION_ERROR")

    def test_they_are_only_read(self, organization, path):
        assert api.is_refused(api.post(api.client(organization, "admin"), path, {}), 405, "METHOD_NOT_ALLOWED")

    def test_many_take_as_many_queries_as_few(self, caller, path):
        caller.get(path)
        with CaptureQueriesContext(connection) as all_of_them:
            caller.get(path)
        with CaptureQueriesContext(connection) as those_of_spain:
            caller.get(path, {"country": "ES"})

        assert len(those_of_spain) == len(all_of_them) + 1  # whether the country has a table of its own
        assert len([query for query in all_of_them if "fuel" in query["sql"]]) == 2
