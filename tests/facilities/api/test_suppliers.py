import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import api, factories

pytestmark = pytest.mark.django_db

SUPPLIERS = ["/v1/suppliers", "/api/v1/suppliers"]


@pytest.fixture
def caller(organization):
    return api.client(organization, role="viewer")


@pytest.mark.parametrize("path", SUPPLIERS)
class TestSuppliers:
    def test_all_come_at_once_by_name(self, caller, path):
        water = factories.supplier(name="Agua", type="water")
        power = factories.supplier(name="Voltio")

        answer = caller.get(path)

        assert answer.status_code == 200
        assert answer.json() == [
            {"id": str(water.pk), "name": "Agua", "country": "ES", "type": "water"},
            {"id": str(power.pk), "name": "Voltio", "country": "ES", "type": "electricity"},
        ]

    @pytest.mark.parametrize(("country", "count"), [("GB", 1), ("gb", 1), ("FR", 0), ("", 2)])
    def test_a_country_narrows_them(self, caller, path, country, count):
        factories.supplier(country="GB")
        factories.supplier()

        assert len(caller.get(path, {"country": country}).json()) == count

    def test_a_country_has_two_letters(self, caller, path):
        answer = caller.get(path, {"country": "Spain"})

        assert api.is_refused(answer, 422, "VALIDATION_ERROR")
        assert api.places(answer) == [["query", "country"]]

    def test_they_are_only_read(self, organization, path):
        admin = api.client(organization, role="admin")

        assert api.is_refused(api.post(admin, path, {"name": "Mine"}), 405, "METHOD_NOT_ALLOWED")

    def test_many_take_as_many_queries_as_one(self, caller, path):
        factories.supplier()
        caller.get(path)
        with CaptureQueriesContext(connection) as one:
            caller.get(path)
        for _number in range(5):
            factories.supplier()
        with CaptureQueriesContext(connection) as six:
            caller.get(path)

        assert len(one) == len(six)
