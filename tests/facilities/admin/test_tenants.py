"""Who sees and changes what: roles, choices, and ids of other organizations typed into a form."""

import pytest
from django.urls import reverse

from facilities.models import ApiKey, Facility, Membership, Organization, Role, SupplyContract
from tests import admin_door, factories

pytestmark = pytest.mark.django_db

FACILITY = {"name": "Plant", "country": "ES", "type": "plant", "status": "active", "logistic_factor": "0.8"}


def test_somebody_without_an_organization_sees_nothing(client):
    client.force_login(factories.user(is_staff=True))

    assert client.get(reverse("admin:index")).context["app_list"] == []
    assert client.get(reverse("admin:facilities_facility_changelist")).status_code == 403


def test_nobody_is_led_to_sign_in(client):
    index = client.get(reverse("admin:index"), follow=True)

    assert index.status_code == 200
    assert 'name="password"' in index.content.decode()


def test_a_member_who_is_not_of_the_staff_stays_out(client, organization):
    client.force_login(factories.member(organization, Role.ADMIN))

    assert client.get(reverse("admin:facilities_facility_changelist")).status_code == 302


def test_a_viewer_looks_and_does_not_touch(organization, facility):
    client = admin_door.staff(organization, Role.VIEWER)
    address = reverse("admin:facilities_facility_change", args=[facility.pk])

    assert client.get(address).status_code == 200
    assert client.post(address, FACILITY).status_code == 403
    assert client.get(reverse("admin:facilities_facility_add")).status_code == 403
    assert (
        client.post(reverse("admin:facilities_facility_delete", args=[facility.pk]), {"post": "yes"}).status_code == 403
    )
    facility.refresh_from_db()
    assert (facility.name, facility.deleted_at) == ("Madrid", None)


def test_an_editor_elsewhere_only_looks_here(organization, other_organization, facility):
    client = admin_door.staff(other_organization)
    factories.membership(organization=organization, user=client.user, role=Role.VIEWER)

    answer = client.post(reverse("admin:facilities_facility_change", args=[facility.pk]), FACILITY)

    assert answer.status_code == 403
    ticked = {"action": "delete_selected", "_selected_action": str(facility.pk), "post": "yes"}
    assert client.post(reverse("admin:facilities_facility_changelist"), ticked).status_code == 403
    facility.refresh_from_db()
    assert (facility.name, facility.deleted_at) == ("Madrid", None)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_members_and_keys_are_an_administrators(role, organization):
    client = admin_door.staff(organization, role)

    for name in ("membership", "apikey", "organization"):
        assert client.get(reverse(f"admin:facilities_{name}_add")).status_code == 403
    assert client.get(reverse("admin:facilities_user_add")).status_code == 403
    assert client.get(reverse("admin:facilities_supplier_add")).status_code == 403


def test_the_id_of_a_foreign_organization_is_no_choice(organization, other_organization):
    client = admin_door.staff(organization, Role.ADMIN)

    answer = client.post(
        reverse("admin:facilities_facility_add"), {**FACILITY, "organization": str(other_organization.pk)}
    )

    assert answer.status_code == 200
    assert "organization" in answer.context["adminform"].form.errors
    assert not Facility.objects.exists()


def test_the_id_of_a_foreign_facility_is_no_choice(organization):
    foreign = factories.facility()
    client = admin_door.staff(organization)

    answer = client.post(
        reverse("admin:facilities_supplycontract_add"),
        {
            "facility": str(foreign.pk),
            "cups": factories.VALID_CUPS,
            "start_date": "2024-01-01",
            "renewable_percentage": "0",
            "guarantee_type": "renewable",
        },
    )

    assert "facility" in answer.context["adminform"].form.errors
    assert not SupplyContract.objects.exists()


@pytest.mark.parametrize("field", ["organization", "user"])
def test_neither_a_foreign_organization_nor_a_stranger_is_made_a_member(field, organization, other_organization):
    client = admin_door.staff(organization, Role.ADMIN)
    posted = {"organization": str(organization.pk), "user": str(client.user.pk), "role": "admin"}
    foreign = {"organization": other_organization, "user": factories.member(other_organization)}
    before = Membership.objects.count()

    answer = client.post(reverse("admin:facilities_membership_add"), {**posted, field: str(foreign[field].pk)})

    assert field in answer.context["adminform"].form.errors
    assert Membership.objects.count() == before


def test_ticks_of_foreign_rows_do_nothing(organization):
    foreign = factories.facility()
    client = admin_door.staff(organization)

    ticked = {"action": "delete_selected", "_selected_action": str(foreign.pk), "post": "yes"}
    client.post(reverse("admin:facilities_facility_changelist"), ticked)

    foreign.refresh_from_db()
    assert foreign.deleted_at is None


def test_suggestions_as_one_types_are_ones_own(organization, facility):
    factories.facility(name="Madrid, theirs")
    client = admin_door.staff(organization)

    answer = client.get(
        reverse("admin:autocomplete"),
        {"app_label": "facilities", "model_name": "supplycontract", "field_name": "facility", "term": "Madrid"},
    )

    assert [one["text"] for one in answer.json()["results"]] == ["Madrid"]


def test_filters_name_ones_own(organization, facility, other_organization):
    branch = factories.organization(name="Branch", parent=organization)
    client = admin_door.staff(organization)

    answer = client.get(reverse("admin:facilities_facility_changelist"))

    shown = answer.content.decode()
    assert branch.name in shown
    assert other_organization.name not in shown


def test_a_filter_by_nonsense_leads_back_to_the_list(organization):
    client = admin_door.staff(organization)

    answer = client.get(reverse("admin:facilities_facility_changelist"), {"organization__id__exact": "nonsense"})

    assert answer.status_code == 302


def test_many_choices_are_searched_not_listed(organization):
    for _each in range(61):
        place = factories.facility(organization=organization)
    client = admin_door.staff(organization)
    address = reverse("admin:facilities_supplycontract_changelist")

    assert place.name not in client.get(address).content.decode()
    assert place.name in client.get(address, {"facility__id__exact": str(place.pk)}).content.decode()


def test_moving_an_organization_needs_rights_where_it_leaves(organization):
    branch = factories.organization(name="Branch", parent=organization)
    client = admin_door.staff(branch, Role.ADMIN)
    address = reverse("admin:facilities_organization_change", args=[branch.pk])

    answer = client.post(address, {"name": "Renamed", "parent": ""})

    assert answer.status_code == 302
    branch.refresh_from_db()
    assert (branch.name, branch.parent) == ("Renamed", organization)


def test_only_a_superuser_makes_an_organization_that_is_part_of_none(organization):
    address = reverse("admin:facilities_organization_add")

    assert admin_door.staff(organization, Role.ADMIN).post(address, {"name": "New"}).status_code == 200
    assert not Organization.objects.filter(name="New").exists()
    assert admin_door.superuser().post(address, {"name": "New"}).status_code == 302
    assert Organization.objects.filter(name="New", parent=None).exists()


def test_only_a_superuser_deletes_an_organization(organization):
    client = admin_door.staff(organization, Role.ADMIN)

    assert client.get(reverse("admin:facilities_organization_delete", args=[organization.pk])).status_code == 403


@pytest.mark.parametrize("is_superuser", [True, False])
def test_only_a_superuser_makes_a_datadis_contract(is_superuser, organization, facility):
    client = admin_door.superuser() if is_superuser else admin_door.staff(organization, Role.ADMIN)

    answer = client.post(
        reverse("admin:facilities_supplycontract_add"),
        {
            "facility": str(facility.pk),
            "cups": factories.VALID_CUPS,
            "start_date": "2024-01-01",
            "renewable_percentage": "0",
            "guarantee_type": "renewable",
            "is_datadis": "on",
            "reason": "The connector was down",
        },
    )

    assert answer.status_code == (302 if is_superuser else 200)
    assert SupplyContract.objects.filter(source="datadis").exists() is is_superuser


def test_a_key_of_a_foreign_organization_is_not_issued(organization, other_organization):
    client = admin_door.staff(organization, Role.ADMIN)

    client.post(
        reverse("admin:facilities_apikey_add"),
        {"organization": str(other_organization.pk), "name": "Sync", "role": "viewer", "reach": "own"},
    )

    assert not ApiKey.objects.exists()
