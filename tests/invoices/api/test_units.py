import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from invoices import reference
from tests import api

pytestmark = pytest.mark.django_db

UNITS = ["/v1/units", "/api/v1/units"]


@pytest.mark.parametrize("path", UNITS)
class TestUnits:
    def test_all_come_at_once_with_the_documented_names_and_id(self, caller, path):
        reference.load()

        units = caller.get(path).json()

        assert all(list(unit) == ["id", "name", "type"] for unit in units)
        ids = {unit["name"]: unit["id"] for unit in units}
        assert ids["kilowatt_hour_(kwh)"] == "ba80e6cb-86a4-4bb1-a0c5-8104365d523c"
        assert {
            "cubic_meter_(m³)",
            "liter_(l)",
            "kilowatt_hour_gcv_(kwh)",
            "kilowatt_hour_ncv_(kwh)",
            "kilogram_(kg)",
            "gigajoule_(gj)",
            "tonne_(t)",
        } <= ids.keys()
        assert [(unit["type"], unit["name"]) for unit in units] == sorted(
            (unit["type"], unit["name"]) for unit in units
        )

    def test_a_type_narrows_them(self, caller, path):
        assert {unit["name"] for unit in caller.get(path, {"type": "mass"}).json()} == {"kilogram_(kg)"}
        assert {unit["type"] for unit in caller.get(path, {"type": "volume"}).json()} == {"volume"}

    def test_an_unknown_type_is_refused(self, caller, path):
        answer = caller.get(path, {"type": "money"})

        assert api.is_refused(answer, 422, "VALIDATION_ERROR")
        assert api.places(answer) == [["query", "type"]]

    def test_they_are_only_read(self, organization, path):
        assert api.is_refused(api.post(api.client(organization, "admin"), path, {}), 405, "METHOD_NOT_ALLOWED")

    def test_many_take_as_many_queries_as_few(self, caller, path):
        caller.get(path)
        with CaptureQueriesContext(connection) as few:
            caller.get(path)
        reference.load()
        with CaptureQueriesContext(connection) as many:
            caller.get(path)

        assert len(few) == len(many)
