"""What the pages of the admin say and do beyond Django's own."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from facilities.models import ApiKey, Facility, Role, SupplyContract, User
from facilities.models.api_key import digest_of
from tests import admin_door, factories

pytestmark = pytest.mark.django_db


def test_the_first_page_bears_the_name(organization):
    shown = admin_door.staff(organization).get(reverse("admin:index")).content.decode()

    assert "Consolida" in shown
    assert "css/admin.css" in shown


def test_the_pages_speak_spanish_too(organization):
    client = admin_door.staff(organization)

    shown = client.get(reverse("admin:index"), headers={"accept-language": "es"}).content.decode()

    assert 'lang="es"' in shown


def test_a_new_key_is_shown_once_and_not_put_into_a_cookie(organization):
    client = admin_door.staff(organization, Role.ADMIN)

    answer = client.post(
        reverse("admin:facilities_apikey_add"),
        {"organization": str(organization.pk), "name": "Sync", "role": "editor", "reach": "own"},
    )

    key, secret = ApiKey.objects.get(), answer.context["secret"]
    assert key.digest == digest_of(secret)
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert secret not in str(client.cookies)
    assert secret not in client.get(reverse("admin:facilities_apikey_change", args=[key.pk])).content.decode()


def test_a_key_above_ones_own_role_is_refused_in_words(organization):
    client = admin_door.superuser()

    answer = client.post(
        reverse("admin:facilities_apikey_add"),
        {"organization": str(organization.pk), "name": "Sync", "role": "editor", "reach": "own"},
    )

    assert "A key can't do more than the person who makes it" in admin_door.errors(answer)[0]
    assert not ApiKey.objects.exists()


def test_a_key_is_revoked_by_its_box(organization):
    key, _secret = factories.api_key(organization=organization)
    client = admin_door.staff(organization, Role.ADMIN)
    address = reverse("admin:facilities_apikey_change", args=[key.pk])

    client.post(address, {"name": key.name, "revoke": "on"})

    key.refresh_from_db()
    assert key.revoked_at is not None
    assert 'name="revoke"' not in client.get(address).content.decode()


def test_saving_a_key_unchanged_changes_nothing(organization):
    key, _secret = factories.api_key(organization=organization)
    client = admin_door.staff(organization, Role.ADMIN)

    client.post(reverse("admin:facilities_apikey_change", args=[key.pk]), {"name": key.name})

    assert ApiKey.objects.values().get() == ApiKey.objects.values().get(name=key.name, revoked_at=None)


def test_a_loop_is_refused_in_words_and_keeps_what_was_typed(organization):
    branch = factories.organization(name="Branch", parent=organization)
    client = admin_door.superuser()

    answer = client.post(
        reverse("admin:facilities_organization_change", args=[organization.pk]),
        {"name": "Typed", "parent": str(branch.pk)},
    )

    assert admin_door.errors(answer) == ["An organization can't be a part of itself or of one of its own parts."]
    assert 'value="Typed"' in answer.content.decode()
    organization.refresh_from_db()
    assert (organization.name, organization.parent) == ("Ours", None)


def test_a_second_membership_is_refused_in_words(organization):
    client = admin_door.staff(organization, Role.ADMIN)

    answer = client.post(
        reverse("admin:facilities_membership_add"),
        {"organization": str(organization.pk), "user": str(client.user.pk), "role": "viewer"},
    )

    assert "already exists" in admin_door.errors(answer)[0]


def test_a_contract_in_use_is_not_deleted_and_the_log_does_not_say_so(organization, facility):
    contract = factories.supply_contract(facility=facility)
    factories.invoice(facility=facility, supply_contract=contract)
    client = admin_door.staff(organization)

    one = client.post(reverse("admin:facilities_supplycontract_delete", args=[contract.pk]), {"post": "yes"})
    ticked = {"action": "delete_selected", "_selected_action": str(contract.pk), "post": "yes"}
    many = client.post(reverse("admin:facilities_supplycontract_changelist"), ticked)

    for answer in (one, many):
        assert answer.status_code == 302
        assert "Invoices are linked to the contract" in admin_door.messages(answer)[-1]
    assert SupplyContract.objects.exists()
    assert not LogEntry.objects.exists()


def test_what_is_deleted_is_named_first(organization, facility):
    client = admin_door.staff(organization)

    answer = client.get(reverse("admin:facilities_facility_delete", args=[facility.pk]))

    assert "Facility: Madrid" in answer.content.decode()


def test_the_source_of_a_contract_is_only_shown(organization, facility):
    contract = factories.supply_contract(facility=facility)
    client = admin_door.superuser()

    client.post(
        reverse("admin:facilities_supplycontract_change", args=[contract.pk]),
        {
            "facility": str(facility.pk),
            "cups": factories.OTHER_VALID_CUPS,
            "start_date": "2024-01-01",
            "renewable_percentage": "0",
            "guarantee_type": "renewable",
            "source": "datadis",
            "is_datadis": "on",
            "reason": "why not",
        },
    )

    contract.refresh_from_db()
    assert (contract.source, contract.cups) == ("manual", factories.OTHER_VALID_CUPS)


def test_the_reason_for_a_datadis_contract_stands_in_the_log(facility):
    admin_door.superuser().post(
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

    assert "The connector was down" in LogEntry.objects.get().get_change_message()


def test_a_contract_keeps_its_deleted_facility_when_something_else_is_corrected(organization, facility, author):
    from facilities import archiving

    contract = factories.supply_contract(facility=facility)
    archiving.delete(facility=facility, by=author)
    client = admin_door.staff(organization)

    answer = client.post(
        reverse("admin:facilities_supplycontract_change", args=[contract.pk]),
        {
            "facility": str(facility.pk),
            "cups": contract.cups,
            "start_date": "2020-01-01",
            "renewable_percentage": "0",
            "guarantee_type": "renewable",
            "distributor_code": "0021",
        },
    )

    assert answer.status_code == 302, admin_door.errors(answer)
    contract.refresh_from_db()
    assert contract.distributor_code == "0021"


@pytest.mark.parametrize(
    ("posted", "said"),
    [
        ({"end_date": "2019-01-01"}, "The contract ends before it starts."),
        ({"renewable_percentage": "2"}, "The renewable share lies between 0 and 1."),
    ],
)
def test_a_constraint_is_told_in_words(posted, said, organization, facility):
    contract = factories.supply_contract(facility=facility)
    before = SupplyContract.objects.values().get()
    fields = {"facility": str(facility.pk), "cups": "ES-1", "start_date": "2020-01-01"}
    fields |= {"renewable_percentage": "0", "guarantee_type": "renewable"}
    client = admin_door.staff(organization)

    answer = client.post(reverse("admin:facilities_supplycontract_change", args=[contract.pk]), {**fields, **posted})

    assert admin_door.errors(answer) == [said]
    assert SupplyContract.objects.values().get() == before


def test_lists_are_written_a_line_each(organization, facility):
    client = admin_door.staff(organization)
    address = reverse("admin:facilities_facility_change", args=[facility.pk])

    client.post(
        address,
        {
            "name": "Madrid",
            "country": "ES",
            "type": "office",
            "status": "active",
            "logistic_factor": "0.8",
            "cups_list": f" {factories.VALID_CUPS} \n\n{factories.OTHER_VALID_CUPS}",
        },
    )

    facility.refresh_from_db()
    assert facility.cups_list == [factories.VALID_CUPS, factories.OTHER_VALID_CUPS]
    assert f"{factories.VALID_CUPS}\n{factories.OTHER_VALID_CUPS}" in client.get(address).content.decode()


def test_a_password_is_set_checked_and_may_be_ones_own():
    client = admin_door.superuser()
    address = reverse("admin:facilities_user_change", args=[client.user.pk])
    posted = {"username": client.user.username, "is_active": "on", "is_staff": "on", "is_superuser": "on"}

    weak = client.post(address, {**posted, "new_password": "12345678"})
    strong = client.post(address, {**posted, "new_password": "a-long-pass-phrase"})

    assert "new_password" in weak.context["adminform"].form.errors
    assert strong.status_code == 302
    assert User.objects.get(pk=client.user.pk).check_password("a-long-pass-phrase")
    assert client.get(reverse("admin:index")).status_code == 200


def test_anothers_password_is_set_and_ones_own_session_stays():
    client, another = admin_door.superuser(), factories.user()
    address = reverse("admin:facilities_user_change", args=[another.pk])

    client.post(address, {"username": another.username, "is_active": "on", "new_password": "a-long-pass-phrase"})

    client.post(address, {"username": another.username, "is_active": "on", "first_name": "Ana"})

    another.refresh_from_db()
    assert another.check_password("a-long-pass-phrase")
    assert another.first_name == "Ana"
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_person_without_a_password_is_let_in_later():
    admin_door.superuser().post(reverse("admin:facilities_user_add"), {"username": "ana", "is_active": "on"})

    assert not User.objects.get(username="ana").has_usable_password()


def test_an_archived_facility_is_active_again_when_saved_so(organization, facility):
    client = admin_door.staff(organization)
    address = reverse("admin:facilities_facility_change", args=[facility.pk])
    posted = {"name": "Madrid", "country": "ES", "type": "office", "logistic_factor": "0.8"}

    for status in ("archived", "active"):
        assert client.post(address, {**posted, "status": status}).status_code == 302
        assert Facility.objects.get().status == status


@pytest.mark.parametrize("posted", [{"select_across": "1"}, {"_selected_action": ["x"] * 201}])
def test_nothing_is_done_to_more_than_one_sees(posted, organization, facility):
    client = admin_door.staff(organization)

    answer = client.post(
        reverse("admin:facilities_facility_changelist"),
        {"action": "delete_selected", "_selected_action": str(facility.pk), "post": "yes", **posted},
    )

    assert "Tick at most 200 rows" in admin_door.messages(answer)[0]
    facility.refresh_from_db()
    assert facility.deleted_at is None


def test_a_tick_that_is_no_id_is_refused(organization):
    client = admin_door.staff(organization)

    answer = client.post(
        reverse("admin:facilities_facility_changelist"), {"action": "delete_selected", "_selected_action": "x"}
    )

    assert admin_door.messages(answer) == ["One of the ticked rows is none."]


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("organization", 6),
        ("membership", 7),
        ("apikey", 7),
        ("user", 6),
        ("facility", 7),
        ("supplier", 7),
        ("supplycontract", 8),
    ],
)
def test_a_list_costs_the_same_however_long(name, most, organization, django_assert_max_num_queries):
    client = admin_door.staff(organization, Role.ADMIN)
    for _each in range(5):
        place = factories.facility(organization=organization)
        factories.supply_contract(facility=place, supplier=factories.supplier())
        factories.api_key(organization=organization)

    with django_assert_max_num_queries(most):
        client.get(reverse(f"admin:facilities_{name}_changelist"))
