"""For which organization, and as what."""

from uuid import uuid4

import pytest
from django.test import Client

from facilities.models import Membership
from invoices.models import Consolidation, Invoice
from tests import api, factories

pytestmark = pytest.mark.django_db

READS = [api.CUPS, api.CONSOLIDATIONS, f"{api.CONSOLIDATIONS}/{api.NOBODYS}"]
WRITES = [api.CONSOLIDATE, f"{api.CONSOLIDATIONS}/{api.NOBODYS}/undo"]


def not_found(organization_id):
    return {"code": "ORGANIZATION_NOT_FOUND", "detail": f"Organization with id=UUID('{organization_id}') not found"}


def test_a_key_must_name_the_organization(organization):
    _key, secret = factories.api_key(organization=organization)

    response = Client().get(api.CUPS, headers={"x-api-key": secret})

    assert api.is_refused(response, 422, "VALIDATION_ERROR")
    assert api.places(response) == [["header", "x-organization-id"]]


@pytest.mark.parametrize(
    "value",
    ["", "x", "ff4adcc7", "{ff4adcc7-8172-45fe-9cf1-e90a6de53aa9}", "urn:uuid:ff4adcc7-8172-45fe-9cf1-e90a6de53aa9",
     "ff4adcc7-8172-45fe-9cf1-e90a6de53aa_", " ff4adcc7-8172-45fe-9cf1-e90a6de53aa9", "١" * 32, "\xff\xfe", "a" * 5000],
)  # fmt: skip
def test_the_header_must_be_a_uuid(organization, value):
    response = api.client(organization).get(api.CUPS, headers={"x-organization-id": value.encode().decode("latin-1")})

    assert api.is_refused(response, 422, "VALIDATION_ERROR")
    assert api.places(response) == [["header", "x-organization-id"]]


@pytest.mark.parametrize("spelled", [str.upper, lambda text: text.replace("-", "")])
def test_the_header_may_be_spelled_in_other_ways(organization, spelled):
    response = api.client(organization).get(api.CUPS, headers={"x-organization-id": spelled(str(organization.pk))})

    assert response.status_code == 200


@pytest.mark.parametrize("path", [*READS, *WRITES, api.PREVIEW])
def test_an_organization_out_of_reach_is_told_as_one_that_is_not_there(organization, other_organization, path):
    caller = api.client(organization)
    unknown = uuid4()

    for organization_id in (other_organization.pk, unknown):
        headers = {"x-organization-id": str(organization_id)}
        ask = caller.get if path in READS else caller.post
        response = ask(path, headers=headers)
        assert (response.status_code, response.json()) == (404, not_found(organization_id))


def test_a_key_reaches_below_its_organization_only_with_the_reach_of_a_tree(organization):
    below = factories.organization(parent=organization)
    header = {"x-organization-id": str(below.pk)}

    assert api.client(organization).get(api.CUPS, headers=header).status_code == 404
    assert api.client(organization, reach="tree").get(api.CUPS, headers=header).status_code == 200


def test_no_key_reaches_above_its_organization(organization):
    below = factories.organization(parent=organization)
    creator = factories.member(organization)

    caller = api.client(below, reach="tree", created_by=creator)

    assert caller.get(api.CUPS, headers={"x-organization-id": str(organization.pk)}).status_code == 404


@pytest.mark.parametrize("path", WRITES)
def test_a_viewer_changes_nothing(organization, facility, path):
    factories.invoice(facility=facility, cups="ES1")

    # Malformed besides: what somebody may not do is said before what is wrong with it.
    for body in (api.merge("ES2", ("ES1", facility)), "{"):
        assert api.is_refused(api.post(api.client(organization, "viewer"), path, body), 403, "FORBIDDEN")

    assert Invoice.objects.get().cups == "ES1"
    assert not Consolidation.objects.exists()


def test_a_viewer_reads_and_previews(organization, facility):
    caller = api.client(organization, "viewer")

    assert caller.get(api.CUPS).status_code == 200
    assert caller.get(api.CONSOLIDATIONS).status_code == 200
    assert api.post(caller, api.PREVIEW, api.merge("ES2", ("ES1", facility))).status_code == 200


def test_a_key_loses_what_its_creator_loses(organization, facility):
    key, secret = factories.api_key(organization=organization)
    caller, body = api.client_with(secret, organization), api.merge("ES2", ("ES1", facility))
    mine = Membership.objects.filter(user=key.created_by)

    assert api.post(caller, api.CONSOLIDATE, body).status_code == 200
    mine.update(role="viewer")
    assert api.is_refused(api.post(caller, api.CONSOLIDATE, body), 403, "FORBIDDEN")
    mine.delete()
    assert api.is_refused(api.post(caller, api.CONSOLIDATE, body), 404, "ORGANIZATION_NOT_FOUND")


def test_a_key_may_be_less_than_its_creator(organization, facility):
    caller = api.client(organization, "viewer", created_by=factories.member(organization, "admin"))

    assert api.post(caller, api.CONSOLIDATE, api.merge("ES2", ("ES1", facility))).status_code == 403


class TestASession:
    def test_needs_no_header_and_works_in_the_highest_organization(self, organization):
        person = factories.member(organization)
        below = factories.organization(name="A part", parent=organization)
        factories.invoice(facility=factories.facility(organization=organization), cups="ABOVE")
        factories.invoice(facility=factories.facility(organization=below), cups="BELOW")

        items = api.browser(person).get(api.CUPS).json()["items"]

        assert [item["cups"] for item in items] == ["ABOVE"]

    def test_works_in_the_organization_that_was_switched_to(self, organization):
        below = factories.organization(parent=organization)
        factories.invoice(facility=factories.facility(organization=below), cups="BELOW")
        browser = self._switched(factories.member(organization), str(below.pk))

        assert [item["cups"] for item in browser.get(api.CUPS).json()["items"]] == ["BELOW"]

    @pytest.mark.parametrize("chosen", ["not a uuid", 7, None, str(api.NOBODYS)])
    def test_comes_back_to_the_highest_one_when_that_is_out_of_reach(self, organization, chosen):
        browser = self._switched(factories.member(organization), chosen)

        assert browser.get(api.CUPS).status_code == 200

    def test_may_name_another_of_ones_own_and_no_others(self, organization, other_organization):
        person = factories.member(organization)
        second = factories.membership(user=person, role="viewer").organization
        browser = api.browser(person)

        assert browser.get(api.CUPS, headers={"x-organization-id": str(second.pk)}).status_code == 200
        refused = browser.get(api.CUPS, headers={"x-organization-id": str(other_organization.pk)})
        assert (refused.status_code, refused.json()) == (404, not_found(other_organization.pk))

    def test_of_a_member_of_nothing_must_name_an_organization(self):
        response = api.browser(factories.user()).get(api.CUPS)

        assert api.is_refused(response, 422, "VALIDATION_ERROR")

    def test_is_recorded_as_the_page_and_a_key_as_the_api(self, organization, facility):
        person = factories.member(organization)
        key, secret = factories.api_key(organization=organization, created_by=person)
        for caller, code in ((api.browser(person), "ES1"), (api.client_with(secret, organization), "ES2")):
            factories.invoice(facility=facility, cups=code)
            api.post(caller, api.CONSOLIDATE, api.merge("ES3", (code, facility)))

        recorded = Consolidation.objects.order_by("created_at").values_list("by", "through", "api_key")
        assert list(recorded) == [(person.pk, "WEB", None), (person.pk, "API", key.pk)]

    @staticmethod
    def _switched(person, chosen):
        browser = api.browser(person)
        session = browser.session
        session["organization_id"] = chosen
        session.save()
        return browser


def test_what_is_not_there_is_told_after_who_asks(organization):
    caller = api.client(organization)

    for method in ("put", "patch", "delete", "options", "post"):
        assert api.is_refused(getattr(Client(), method)(api.CUPS), 401, "INVALID_API_KEY")
        refused = getattr(caller, method)(api.CUPS)
        assert api.is_refused(refused, 405, "METHOD_NOT_ALLOWED")
        assert refused["Allow"] == "GET, HEAD"
    viewer = api.client(organization, "viewer")
    assert api.is_refused(viewer.get(api.CONSOLIDATE), 405, "METHOD_NOT_ALLOWED")
    assert api.is_refused(viewer.delete(api.CONSOLIDATE), 405, "METHOD_NOT_ALLOWED")


def test_head_is_answered_as_get_without_a_body(organization):
    response = api.client(organization).head(api.CUPS)

    assert (response.status_code, response.content) == (200, b"")
