import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from facilities.models import Facility, SupplyContract
from invoices import grouping
from invoices.models import CupsGroup, Invoice
from tests import api, factories, figures

pytestmark = pytest.mark.django_db

FACILITIES = "/v1/facilities"
FIELDS = [
    "id",
    "name",
    "address",
    "country",
    "type",
    "status",
    "co2e",
    "co2e_biomass",
    "logistic_factor",
    "categories",
    "cups_list",
    "facility_purpose_type",
    "created_at",
    "updated_at",
]
OFFICE = {"name": "Madrid Office", "type": "office", "country": "ES"}


@pytest.fixture
def caller(organization):
    return api.client(organization)


def put(caller, facility, body):
    return caller.put(f"{FACILITIES}/{facility.pk}", body, content_type="application/json")


def names(response):
    return [item["name"] for item in response.json()["items"]]


class TestShowing:
    def test_a_facility_has_the_documented_fields_in_their_order(self, caller, organization):
        facility = factories.facility(
            organization=organization,
            name="Madrid",
            address="Gran Vía 1",
            categories=["heat"],
            cups_list=[factories.VALID_CUPS],
        )

        shown = caller.get(f"{FACILITIES}/{facility.pk}").json()

        assert list(shown) == FIELDS
        assert shown | {"created_at": "", "updated_at": ""} == {
            "id": str(facility.pk),
            "name": "Madrid",
            "address": "Gran Vía 1",
            "country": "ES",
            "type": "office",
            "status": "active",
            # Nothing is calculated yet, which is not the same as nothing emitted.
            "co2e": None,
            "co2e_biomass": None,
            "logistic_factor": 0.8,
            "categories": ["heat"],
            "cups_list": [factories.VALID_CUPS],
            "facility_purpose_type": None,
            "created_at": "",
            "updated_at": "",
        }
        assert shown["created_at"].endswith("Z")

    def test_it_shows_what_its_active_invoices_emit(self, caller, organization, facility, other_organization):
        figures.results(factories.invoice(facility=facility), electricity="3", electricity_location_based="9")
        figures.result(factories.invoice(facility=facility), "stationary", "0.5", co2e_biomass="7")
        figures.result(factories.invoice(facility=facility, status="review"), co2e="100")
        zero = factories.facility(organization=organization, name="Zero")
        figures.result(factories.invoice(facility=zero), co2e="0")
        factories.facility(organization=organization, name="Unknown")
        theirs = factories.facility(organization=other_organization)
        figures.result(factories.invoice(facility=theirs), co2e="100")

        listed = caller.get(FACILITIES).json()["items"]

        assert [(item["name"], item["co2e"], item["co2e_biomass"]) for item in listed] == [
            ("Madrid", 3.5, 7.0),
            ("Unknown", None, None),
            ("Zero", 0.0, 0.0),
        ]
        one, changed = caller.get(f"{FACILITIES}/{facility.pk}"), put(caller, facility, {"type": "plant"})
        assert (one.json()["co2e"], changed.json()["co2e"]) == (3.5, 3.5)

    @pytest.mark.parametrize("text", ["x", "1", "%00", "é"])
    def test_what_is_no_id_is_not_found(self, caller, text):
        assert api.is_refused(caller.get(f"{FACILITIES}/{text}"), 404, "NOT_FOUND")

    def test_an_unknown_one_is_not_found_in_the_documented_words(self, caller):
        answer = caller.get(f"{FACILITIES}/{api.NOBODYS}")

        assert answer.status_code == 404
        assert answer.json() == {"code": "NOT_FOUND", "detail": f"Facility with id={api.NOBODYS!r} not found"}


class TestListing:
    def test_facilities_come_by_name_ten_a_page(self, caller, organization):
        for number in range(11):
            factories.facility(organization=organization, name=f"Place {10 - number:02}")

        first, second = caller.get(FACILITIES), caller.get(FACILITIES, {"page": 2})

        assert list(first.json()) == ["items", "total", "page", "size", "pages"]
        assert names(first) == [f"Place {number:02}" for number in range(10)]
        assert names(second) == ["Place 10"]
        assert {**second.json(), "items": []} == {"items": [], "total": 11, "page": 2, "size": 10, "pages": 2}

    def test_a_page_past_the_end_is_empty(self, caller, facility):
        assert names(caller.get(FACILITIES, {"page": 9})) == []

    @pytest.mark.parametrize(
        ("query", "place"),
        [
            ({"size": "101"}, "size"),
            ({"size": "0"}, "size"),
            ({"page": "x"}, "page"),
            ({"country": "Spain"}, "country"),
            ({"status[]": "closed"}, "status[]"),
            ({"name": "x" * 201}, "name"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, caller, query, place):
        answer = caller.get(FACILITIES, query)

        assert api.is_refused(answer, 422, "VALIDATION_ERROR")
        assert api.places(answer) == [["query", place]]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"name": "madrid"}, ["Madrid Office"]),
            ({"name": "%"}, []),
            ({"country": "gb"}, ["London"]),
            ({"type": "plant"}, ["Getafe"]),
            ({"type": "pla"}, []),
            ({"status[]": "archived"}, ["Getafe"]),
            ({"status[]": ["archived", "active"]}, ["Getafe", "London", "Madrid Office"]),
            ({"country": "ES", "status[]": "active"}, ["Madrid Office"]),
            ({"unknown": "x"}, ["Getafe", "London", "Madrid Office"]),
        ],
    )
    def test_filters_narrow_the_list(self, caller, organization, query, found):
        factories.facility(organization=organization, name="Madrid Office")
        factories.facility(organization=organization, name="London", country="GB")
        factories.facility(organization=organization, name="Getafe", type="plant", status="archived")

        assert names(caller.get(FACILITIES, query)) == found

    def test_the_list_takes_three_queries_however_long_it_is(self, caller, organization):
        caller.get(FACILITIES)
        with CaptureQueriesContext(connection) as before:
            caller.get(FACILITIES)
        for _number in range(5):
            factories.facility(organization=organization)
        with CaptureQueriesContext(connection) as after:
            caller.get(FACILITIES)

        assert len(after) == len(before) + 2  # the page itself and its sums, which an empty list does not ask for
        assert [query["sql"] for query in after if "facilities_facility" in query["sql"]].__len__() == 2


class TestCreating:
    def test_a_facility_is_written_down(self, caller, organization):
        answer = api.post(caller, FACILITIES, OFFICE)

        assert answer.status_code == 201
        assert list(answer.json()) == FIELDS
        stored = Facility.objects.get(organization=organization)
        assert answer.json()["id"] == str(stored.pk)
        assert (stored.name, stored.type, stored.country, stored.status) == ("Madrid Office", "office", "ES", "active")
        assert (answer.json()["logistic_factor"], answer.json()["categories"]) == (0.8, [])

    def test_everything_may_be_said(self, caller):
        said = {
            **OFFICE,
            "name": "  Madrid Office ",
            "address": "Gran Vía 1",
            "logistic_factor": 0.12345,
            "categories": ["heat", "water", "heat"],
            "cups_list": [" ES0021000000000001AA", "ES0021000000000001AA"],
            "facility_purpose_type": "facilities",
        }

        made = api.post(caller, FACILITIES, said).json()

        assert made["name"] == "Madrid Office"
        assert made["logistic_factor"] == 0.1234
        assert made["categories"] == ["heat", "water"]
        assert made["cups_list"] == ["ES0021000000000001AA"]
        assert (made["address"], made["facility_purpose_type"]) == ("Gran Vía 1", "facilities")

    @pytest.mark.parametrize(
        ("changes", "place"),
        [
            ({"name": None}, ["name"]),
            ({"name": " "}, ["name"]),
            ({"name": 5}, ["name"]),
            ({"name": "x" * 201}, ["name"]),
            ({"name": "a\u200bb"}, ["name"]),
            ({"type": ""}, ["type"]),
            ({"type": "x" * 65}, ["type"]),
            ({"country": "es"}, ["country"]),
            ({"country": "ESP"}, ["country"]),
            ({"country": None}, ["country"]),
            ({"logistic_factor": "0.5"}, ["logistic_factor"]),
            ({"logistic_factor": 1.1}, ["logistic_factor"]),
            ({"logistic_factor": -1}, ["logistic_factor"]),
            ({"logistic_factor": True}, ["logistic_factor"]),
            ({"categories": "heat"}, ["categories"]),
            ({"categories": ["steam"]}, ["categories", 0]),
            ({"cups_list": [""]}, ["cups_list", 0]),
            ({"cups_list": ["x" * 65]}, ["cups_list", 0]),
            ({"status": "closed"}, ["status"]),
            ({"address": ["x"]}, ["address"]),
        ],
    )
    def test_what_makes_no_sense_is_refused_with_its_place(self, caller, changes, place):
        answer = api.post(caller, FACILITIES, OFFICE | changes)

        assert api.is_refused(answer, 422, "VALIDATION_ERROR")
        assert api.places(answer) == [["body", *place]]
        assert not Facility.objects.exists()

    @pytest.mark.parametrize("more", [{}, {"address": "Gran Vía 1"}])
    def test_a_country_is_named_even_beside_an_address(self, caller, more):
        answer = api.post(caller, FACILITIES, {"name": "Madrid", "type": "office"} | more)

        assert api.is_refused(answer, 422, "VALIDATION_ERROR")
        assert api.places(answer) == [["body", "country"]]
        assert not Facility.objects.exists()

    def test_a_repeated_key_makes_one_facility(self, caller):
        first = api.post(caller, FACILITIES, OFFICE, **{"Idempotency-Key": "one"})
        again = api.post(caller, FACILITIES, OFFICE, **{"Idempotency-Key": "one"})

        assert first.json() == again.json()
        assert Facility.objects.count() == 1


class TestChanging:
    def test_only_what_is_named_changes(self, caller, organization):
        facility = factories.facility(organization=organization, name="Madrid", address="Gran Vía 1")

        answer = put(caller, facility, {"name": "Madrid HQ", "categories": ["heat"]})

        assert answer.status_code == 200
        stored = Facility.objects.get(pk=facility.pk)
        assert (stored.name, stored.categories) == ("Madrid HQ", ["heat"])
        assert (stored.address, stored.type, stored.country) == ("Gran Vía 1", "office", "ES")
        assert answer.json()["name"] == "Madrid HQ"

    def test_null_empties_what_may_be_empty(self, caller, organization):
        facility = factories.facility(organization=organization, address="Gran Vía 1")

        assert put(caller, facility, {"address": None}).json()["address"] is None

    def test_an_empty_body_changes_nothing(self, caller, facility):
        assert put(caller, facility, {}).json()["name"] == "Madrid"

    def test_archiving_deactivates_its_contracts(self, caller, facility):
        contract = factories.supply_contract(facility=facility)

        answer = put(caller, facility, {"status": "archived"})

        contract.refresh_from_db()
        assert (answer.json()["status"], contract.is_active) == ("archived", False)

    def test_a_change_without_a_status_leaves_it_archived(self, caller, organization):
        facility = factories.facility(organization=organization, status="archived")

        assert put(caller, facility, {"name": "Closed"}).json()["status"] == "archived"

    @pytest.mark.parametrize("changes", [{"name": None}, {"country": ""}, {"type": 1}, {"logistic_factor": 2}])
    def test_what_makes_no_sense_is_refused_and_changes_nothing(self, caller, facility, changes):
        before = Facility.objects.values().get(pk=facility.pk)

        assert api.is_refused(put(caller, facility, changes), 422, "VALIDATION_ERROR")

        assert Facility.objects.values().get(pk=facility.pk) == before

    def test_a_part_of_the_method_is_no_method(self, caller, facility):
        answer = caller.patch(f"{FACILITIES}/{facility.pk}", {}, content_type="application/json")

        assert api.is_refused(answer, 405, "METHOD_NOT_ALLOWED")


class TestDeleting:
    def test_a_deleted_facility_is_in_no_list_and_its_invoices_and_groups_stay(self, caller, organization, facility):
        contract = factories.supply_contract(facility=facility)
        factories.invoice(facility=facility)

        answer = caller.delete(f"{FACILITIES}/{facility.pk}")

        contract.refresh_from_db()
        assert (answer.status_code, answer.content) == (204, b"")
        assert names(caller.get(FACILITIES)) == []
        assert api.is_refused(caller.get(f"{FACILITIES}/{facility.pk}"), 404, "NOT_FOUND")
        assert api.is_refused(put(caller, facility, {"name": "x"}), 404, "NOT_FOUND")
        assert api.is_refused(caller.delete(f"{FACILITIES}/{facility.pk}"), 404, "NOT_FOUND")
        assert not contract.is_active
        assert Invoice.objects.count() == CupsGroup.objects.count() == 1
        assert list(grouping.differences(organization=organization)) == []


class TestRights:
    @pytest.fixture
    def theirs(self, other_organization):
        return factories.facility(organization=other_organization, name="Theirs")

    def test_another_organizations_facility_is_as_unknown(self, caller, theirs):
        before = Facility.objects.values().get(pk=theirs.pk)
        path = f"{FACILITIES}/{theirs.pk}"

        assert names(caller.get(FACILITIES)) == []
        for answer in (caller.get(path), put(caller, theirs, {"name": "Mine"}), caller.delete(path)):
            assert api.is_refused(answer, 404, "NOT_FOUND")

        assert Facility.objects.values().get(pk=theirs.pk) == before

    def test_a_viewer_reads_and_does_not_write(self, organization, facility):
        viewer = api.client(organization, role="viewer")
        path = f"{FACILITIES}/{facility.pk}"

        assert viewer.get(FACILITIES).status_code == viewer.get(path).status_code == 200
        for answer in (api.post(viewer, FACILITIES, OFFICE), put(viewer, facility, {"name": "x"}), viewer.delete(path)):
            assert api.is_refused(answer, 403, "FORBIDDEN")

        assert Facility.objects.present().get().name == "Madrid"
        assert not SupplyContract.objects.exists()
