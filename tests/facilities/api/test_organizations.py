import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import api, factories

pytestmark = pytest.mark.django_db

TREE = "/v2/organizations/tree"


@pytest.fixture
def group():
    return factories.organization(name="Group")


@pytest.fixture
def iberia(group):
    return factories.organization(name="Iberia", parent=group)


@pytest.fixture
def lisbon(iberia):
    return factories.organization(name="Lisbon", parent=iberia)


def shape(node):
    assert list(node) == ["id", "name", "children"]
    return {node["name"]: [shape(child) for child in node["children"]]}


@pytest.mark.parametrize("header", ["group", "iberia", "lisbon"])
def test_the_tree_starts_at_the_top_whichever_organization_asks(group, iberia, lisbon, header, request):
    factories.organization(name="Britain", parent=group)
    factories.organization(name="Another group")
    _key, secret = factories.api_key(organization=group, reach="tree")

    answer = api.client_with(secret, request.getfixturevalue(header)).get(TREE)

    assert answer.status_code == 200
    assert answer.json()["id"] == str(group.pk)
    assert shape(answer.json()) == {"Group": [{"Britain": []}, {"Iberia": [{"Lisbon": []}]}]}


def test_a_key_of_one_organization_sees_that_one_alone(group, iberia, lisbon):
    answer = api.client(iberia).get(TREE)

    assert shape(answer.json()) == {"Iberia": []}


def test_a_key_does_not_look_above_its_own_organization(group, iberia, lisbon):
    answer = api.client(iberia, reach="tree").get(TREE)

    assert shape(answer.json()) == {"Iberia": [{"Lisbon": []}]}


def test_a_key_sees_no_more_than_its_creator(group, iberia, lisbon):
    factories.organization(name="Britain", parent=group)
    person = factories.member(iberia)
    _key, secret = factories.api_key(organization=group, reach="tree", created_by=person)

    answer = api.client_with(secret, lisbon).get(TREE)

    assert shape(answer.json()) == {"Iberia": [{"Lisbon": []}]}


def test_somebody_signed_in_sees_the_tree_that_they_work_in(group, iberia):
    other = factories.organization(name="Another group")
    person = factories.member(group)
    factories.membership(organization=other, user=person)

    answer = api.browser(person, headers={"x-organization-id": str(other.pk)}).get(TREE)

    assert shape(answer.json()) == {"Another group": []}


def test_the_tree_is_one_query_however_deep_it_is(group):
    caller = api.client(group, reach="tree")
    caller.get(TREE)
    with CaptureQueriesContext(connection) as flat:
        caller.get(TREE)
    below = group
    for _depth in range(5):
        below = factories.organization(parent=below)
    with CaptureQueriesContext(connection) as deep:
        caller.get(TREE)

    assert len(flat) == len(deep)
