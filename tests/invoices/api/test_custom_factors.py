import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from invoices.models import CustomEmissionFactor, CustomEmissionGroup
from tests import api, factories

pytestmark = pytest.mark.django_db

GROUPS = "/api/v1/custom_emission_groups"
FACTORS = "/api/v1/custom_emission_factors"
WIND = {"name": "Wind farm", "description": "A contract of ten years", "category": "energy", "ghg_type": 2}


@pytest.fixture
def group(organization):
    return factories.custom_group(organization=organization, name="Ours")


@pytest.fixture
def factor():
    """What a client sends of a factor."""
    return {
        "ef_name": "Wind 2024",
        "unit_id": str(factories.unit().pk),
        "tag": "advanced",
        "emission_factor_values": [{"gas_type": "CO2", "value": 2.15}, {"gas_type": "CH4", "value": 0.008}],
        "factor_start_date": "2024-01-01",
        "factor_end_date": "2024-12-31",
        "renewable_percentage": 99.5,
    }


def is_refused_as_legacy(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()
    return True


def names(answer, field="name"):
    return [item[field] for item in answer.json()["items"]]


class TestGroups:
    def test_a_group_is_made(self, caller, organization):
        answer = api.post(caller, GROUPS, WIND)

        made = CustomEmissionGroup.objects.get()
        assert answer.status_code == 201
        assert answer.json() == {
            "id": str(made.pk),
            "name": "Wind farm",
            "category": "energy",
            "description": "A contract of ten years",
            "ghg_type": 2,
            "organization_id": str(organization.pk),
        }
        assert made.organization == organization
        assert made.created_by is not None

    def test_only_name_and_origin_are_needed(self, caller):
        made = api.post(caller, GROUPS, {"name": "Mine", "ghg_type": 1}).json()

        assert made["category"] is made["description"] is None

    @pytest.mark.parametrize("category", ["purchases", "wastes", "electricity", "stationary", "process", None, ""])
    def test_a_category_is_documented_or_one_that_is_calculated(self, caller, category):
        made = api.post(caller, GROUPS, WIND | {"category": category}).json()

        assert made["category"] == (category or None)

    @pytest.mark.parametrize(
        ("changes", "place"),
        [
            ({"name": ""}, "name"),
            ({"name": 5}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"description": "x" * 2001}, "description"),
            ({"category": "flights"}, "category"),
            ({"ghg_type": 0}, "ghg_type"),
            ({"ghg_type": 4}, "ghg_type"),
            ({"ghg_type": "1"}, "ghg_type"),
            ({"ghg_type": True}, "ghg_type"),
            ({"ghg_type": None}, "ghg_type"),
        ],
    )
    def test_what_makes_no_sense_is_refused_with_its_place(self, caller, changes, place):
        answer = api.post(caller, GROUPS, WIND | changes)

        assert api.is_refused(answer, 422, "VALIDATION_ERROR")
        assert api.places(answer) == [["body", place]]
        assert not CustomEmissionGroup.objects.exists()

    def test_groups_come_by_name_in_an_envelope(self, caller, organization):
        factories.custom_group(organization=organization, name="B")
        factories.custom_group(organization=organization, name="A")

        answer = caller.get(GROUPS)

        assert names(answer) == ["A", "B"]
        assert {**answer.json(), "items": []} == {"items": [], "total": 2, "page": 1, "size": 50, "pages": 1}

    def test_those_above_are_used_and_those_below_or_beside_are_not(self, organization):
        below = factories.organization(parent=organization)
        for owner, name in ((organization, "Above"), (below, "Own")):
            factories.custom_group(organization=owner, name=name)
        beside = factories.custom_group(organization=factories.organization(parent=organization), name="Beside")

        caller = api.client(below)

        assert names(caller.get(GROUPS)) == ["Above", "Own"]
        assert names(api.client(organization).get(GROUPS)) == ["Above"]
        assert is_refused_as_legacy(caller.get(f"{GROUPS}/{beside.pk}"), 404, "NOT_FOUND")

    def test_one_is_shown(self, caller, group):
        assert caller.get(f"{GROUPS}/{group.pk}").json()["name"] == "Ours"
        for missing in (api.NOBODYS, "x"):
            assert is_refused_as_legacy(caller.get(f"{GROUPS}/{missing}"), 404, "NOT_FOUND")

    def test_the_list_takes_as_many_queries_for_many(self, caller, group):
        caller.get(GROUPS)
        with CaptureQueriesContext(connection) as one:
            caller.get(GROUPS)
        for _number in range(5):
            factories.custom_group(organization=group.organization)
        with CaptureQueriesContext(connection) as six:
            caller.get(GROUPS)

        assert len(one) == len(six)


class TestFactors:
    def test_a_factor_is_added_with_its_documented_fields(self, caller, group, factor):
        answer = api.post(caller, f"{FACTORS}/{group.pk}", factor)

        made = CustomEmissionFactor.objects.get()
        unit = {"id": factor["unit_id"], "name": "kilowatt_hour_(kwh)", "type": "energy"}
        assert answer.status_code == 201
        assert answer.json() == {"id": str(made.pk), "group_id": str(group.pk), **factor, "unit": unit}
        assert (made.organization, made.group) == (group.organization, group)
        assert made.emission_factor_values[0]["value"] == "2.150000000000"

    def test_only_name_unit_and_values_are_needed(self, caller, group, factor):
        least = {name: factor[name] for name in ("ef_name", "unit_id")}
        values = [{"gas_type": "co2e", "value": 0}]

        made = api.post(caller, f"{FACTORS}/{group.pk}", least | {"emission_factor_values": values}).json()

        assert made["emission_factor_values"] == [{"gas_type": "CO2e", "value": 0}]
        assert (
            made["tag"] is made["factor_start_date"] is made["factor_end_date"] is made["renewable_percentage"] is None
        )

    @pytest.mark.parametrize(
        ("changes", "place"),
        [
            ({"ef_name": None}, ["ef_name"]),
            ({"unit_id": "kWh"}, ["unit_id"]),
            ({"tag": "other"}, ["tag"]),
            ({"emission_factor_values": []}, ["emission_factor_values"]),
            ({"emission_factor_values": {}}, ["emission_factor_values"]),
            ({"emission_factor_values": [{"gas_type": "CO2"}]}, ["emission_factor_values", 0, "value"]),
            (
                {"emission_factor_values": [{"gas_type": "CO2", "value": "2"}]},
                ["emission_factor_values", 0, "value"],
            ),
            ({"emission_factor_values": [{"gas_type": "CO2", "value": -1}]}, ["emission_factor_values", 0, "value"]),
            ({"emission_factor_values": [{"gas_type": "O2", "value": 1}]}, ["emission_factor_values", 0, "gas_type"]),
            ({"emission_factor_values": [{"gas_type": 5, "value": 1}]}, ["emission_factor_values", 0, "gas_type"]),
            (
                {"emission_factor_values": [{"gas_type": "CO2", "value": 1}, {"gas_type": "co2", "value": 1}]},
                ["emission_factor_values"],
            ),
            (
                {"emission_factor_values": [{"gas_type": "CO2e", "value": 1}, {"gas_type": "CH4", "value": 1}]},
                ["emission_factor_values"],
            ),
            ({"factor_start_date": "2024"}, ["factor_start_date"]),
            ({"renewable_percentage": 101}, ["renewable_percentage"]),
            ({"renewable_percentage": "1"}, ["renewable_percentage"]),
        ],
    )
    def test_what_makes_no_sense_is_refused_with_its_place(self, caller, group, factor, changes, place):
        answer = api.post(caller, f"{FACTORS}/{group.pk}", factor | changes)

        assert api.is_refused(answer, 422, "VALIDATION_ERROR")
        assert api.places(answer) == [["body", *place]]
        assert not CustomEmissionFactor.objects.exists()

    def test_biogenic_co2_may_stand_beside_the_sum(self, caller, group, factor):
        values = [{"gas_type": "CO2e", "value": 1}, {"gas_type": "CO2_biogenic", "value": 2}]

        answer = api.post(caller, f"{FACTORS}/{group.pk}", factor | {"emission_factor_values": values})

        assert answer.json()["emission_factor_values"] == values

    def test_a_unit_exists(self, caller, group, factor):
        answer = api.post(caller, f"{FACTORS}/{group.pk}", factor | {"unit_id": str(api.NOBODYS)})

        assert is_refused_as_legacy(answer, 400, "VALIDATION_ERROR")
        assert answer.json()["detail"] == f"Bad unit_id: {api.NOBODYS}"
        assert not CustomEmissionFactor.objects.exists()

    def test_a_factor_does_not_end_before_it_starts(self, caller, group, factor):
        answer = api.post(caller, f"{FACTORS}/{group.pk}", factor | {"factor_end_date": "2023-12-31"})

        assert is_refused_as_legacy(answer, 400, "VALIDATION_ERROR")
        assert answer.json()["detail"] == "INVALID_PERIOD"
        assert not CustomEmissionFactor.objects.exists()

    def test_factors_come_in_the_order_in_which_they_were_added(self, caller, group):
        for name in ("Second", "First"):
            factories.custom_factor(group=group, ef_name=name)
        factories.custom_factor(organization=group.organization, ef_name="Of another group")

        answer = caller.get(f"{FACTORS}/list/{group.pk}")

        assert names(answer, "ef_name") == ["Second", "First"]
        assert {**answer.json(), "items": []} == {"items": [], "total": 2, "page": 1, "size": 50, "pages": 1}

    def test_the_list_takes_as_many_queries_for_many(self, caller, group):
        factories.custom_factor(group=group)
        caller.get(f"{FACTORS}/list/{group.pk}")
        with CaptureQueriesContext(connection) as one:
            caller.get(f"{FACTORS}/list/{group.pk}")
        for _number in range(5):
            factories.custom_factor(group=group)
        with CaptureQueriesContext(connection) as six:
            caller.get(f"{FACTORS}/list/{group.pk}")

        assert len(one) == len(six)


class TestRights:
    def test_another_organizations_group_is_as_unknown(self, caller, other_organization, factor):
        theirs = factories.custom_group(organization=other_organization)

        assert names(caller.get(GROUPS)) == []
        for group_id in (theirs.pk, api.NOBODYS, "x"):
            refused = (
                caller.get(f"{GROUPS}/{group_id}"),
                caller.get(f"{FACTORS}/list/{group_id}"),
                api.post(caller, f"{FACTORS}/{group_id}", factor),
            )
            for answer in refused:
                assert is_refused_as_legacy(answer, 404, "NOT_FOUND")
                assert answer.json()["detail"].startswith("CustomEmissionGroup with id=")
        assert not CustomEmissionFactor.objects.exists()

    def test_what_is_above_is_read_and_not_written(self, organization, factor):
        above = factories.custom_factor(organization=organization)
        caller = api.client(factories.organization(parent=organization))

        assert len(names(caller.get(f"{FACTORS}/list/{above.group_id}"), "ef_name")) == 1
        answer = api.post(caller, f"{FACTORS}/{above.group_id}", factor)

        assert is_refused_as_legacy(answer, 403, "FORBIDDEN")
        assert CustomEmissionFactor.objects.count() == 1

    def test_a_viewer_reads_and_does_not_write(self, organization, group, factor):
        viewer = api.client(organization, role="viewer")

        assert viewer.get(GROUPS).status_code == viewer.get(f"{FACTORS}/list/{group.pk}").status_code == 200
        for answer in (api.post(viewer, GROUPS, WIND), api.post(viewer, f"{FACTORS}/{group.pk}", factor)):
            assert is_refused_as_legacy(answer, 403, "FORBIDDEN")

        assert CustomEmissionGroup.objects.count() == 1
        assert not CustomEmissionFactor.objects.exists()
