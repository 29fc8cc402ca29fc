"""Who may act for which organization, and as what."""

import pytest

from facilities import access
from facilities.models import Organization, Reach, Role
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree(organization):
    """Ours, a part of it, a part of that, and a sibling of the part."""
    part = factories.organization(name="Part", parent=organization)
    return {
        "top": organization,
        "part": part,
        "leaf": factories.organization(name="Leaf", parent=part),
        "sibling": factories.organization(name="Sibling", parent=organization),
    }


def role(person, organization):
    return access.role_of(user=person, organization_id=organization.pk)


def test_a_role_holds_in_everything_below(tree):
    person = factories.member(tree["top"], Role.EDITOR)

    assert {name: role(person, place) for name, place in tree.items()} == dict.fromkeys(tree, Role.EDITOR)


def test_the_nearest_membership_decides_even_when_it_gives_less(tree):
    person = factories.member(tree["top"], Role.ADMIN)
    factories.membership(user=person, organization=tree["part"], role=Role.VIEWER)

    assert role(person, tree["leaf"]) == Role.VIEWER
    assert role(person, tree["sibling"]) == Role.ADMIN


def test_a_role_holds_nowhere_above_nor_beside(tree):
    person = factories.member(tree["part"])

    assert role(person, tree["top"]) is None
    assert role(person, tree["sibling"]) is None


def test_nobody_has_a_role_in_an_unknown_organization(tree):
    person = factories.member(tree["top"])

    assert access.role_of(user=person, organization_id=person.pk) is None


def test_a_loop_in_the_tree_ends(tree):
    Organization.objects.filter(pk=tree["top"].pk).update(parent=tree["leaf"])

    assert role(factories.user(), tree["part"]) is None
    assert access.organizations_of(factories.member(tree["leaf"])).count() == 4


@pytest.mark.parametrize(
    ("creators", "keys", "expected"),
    [("editor", "editor", "editor"), ("viewer", "admin", "viewer"), ("admin", "viewer", "viewer")],
)
def test_a_key_is_never_above_its_creator(organization, creators, keys, expected):
    person = factories.member(organization, creators)
    key, _secret = factories.api_key(organization=organization, created_by=person, role=keys)

    assert access.role_of_key(key=key, organization_id=organization.pk) == expected


@pytest.mark.parametrize(("reach", "reached"), [(Reach.OWN, {"top"}), (Reach.TREE, {"top", "part", "leaf", "sibling"})])
def test_a_key_reaches_its_own_organization_or_its_tree(tree, reach, reached):
    key, _secret = factories.api_key(organization=tree["top"], reach=reach)

    found = {name for name, place in tree.items() if access.role_of_key(key=key, organization_id=place.pk)}
    assert found == reached


def test_a_key_whose_creator_left_does_nothing(organization):
    key, _secret = factories.api_key(organization=organization, created_by=factories.user())

    assert access.role_of_key(key=key, organization_id=organization.pk) is None


def test_the_highest_organization_is_the_topmost_reached(tree):
    person = factories.member(tree["leaf"])
    assert access.highest_organization_of(person) == tree["leaf"]

    factories.membership(user=person, organization=tree["part"])
    assert access.highest_organization_of(person) == tree["part"]
    assert access.highest_organization_of(factories.user()) is None


@pytest.mark.parametrize(
    ("member_of", "key_of", "reach", "names"),
    [
        ("top", None, None, ["leaf", "part", "top"]),
        ("part", None, None, ["leaf", "part"]),
        ("sibling", None, None, []),
        ("top", "top", Reach.TREE, ["leaf", "part", "top"]),
        ("top", "part", Reach.TREE, ["leaf", "part"]),
        ("top", "leaf", Reach.OWN, ["leaf"]),
        ("part", "top", Reach.TREE, ["leaf", "part"]),
        ("top", "part", Reach.OWN, []),
    ],
)
def test_the_line_in_reach_goes_up_as_far_as_person_and_key_do(tree, member_of, key_of, reach, names):
    person = factories.member(tree[member_of])
    key = factories.api_key(organization=tree[key_of], created_by=person, reach=reach)[0] if key_of else None
    by = access.Author(person, access.Channel.API, api_key=key)

    found = access.line_in_reach(by=by, organization_id=tree["leaf"].pk)

    assert found == [tree[name].pk for name in names]


def test_the_line_in_reach_of_a_loop_ends(tree):
    Organization.objects.filter(pk=tree["top"].pk).update(parent=tree["leaf"])
    by = access.Author(factories.member(tree["leaf"]), access.Channel.WEB)

    found = access.line_in_reach(by=by, organization_id=tree["leaf"].pk)

    assert found == [tree[name].pk for name in ("leaf", "part", "top")]


def test_staff_see_what_they_are_assigned_to_and_superusers_all(tree, other_organization):
    staff = factories.member(tree["part"], is_staff=True)
    superuser = factories.user(is_superuser=True)

    assert set(access.organizations_for_staff(staff)) == {tree["part"], tree["leaf"]}
    assert set(access.organizations_for_staff(superuser)) == {*tree.values(), other_organization}


@pytest.mark.parametrize(
    ("role", "least", "allowed"),
    [("editor", "editor", True), ("admin", "editor", True), ("viewer", "editor", False), (None, "viewer", False)],
)
def test_requires_a_role(role, least, allowed):
    held = Role(role) if role else None

    if allowed:
        access.require(held, Role(least))
        return
    with pytest.raises(access.NotAllowed, match=least):
        access.require(held, Role(least))
