import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from facilities import access, contracting
from facilities.models import SupplyContract
from tests import api, factories

pytestmark = pytest.mark.django_db

CONTRACTS = "/v1/supply-contracts"
FIELDS = [
    "id",
    "facility_id",
    "cups",
    "supplier_id",
    "source",
    "distributor_code",
    "start_date",
    "end_date",
    "is_active",
    "renewable_percentage",
    "guarantee_type",
    "certificate_number",
    "certificate_year",
    "certificate_file_id",
    "created_at",
    "updated_at",
]


@pytest.fixture
def caller(organization):
    return api.client(organization)


@pytest.fixture
def contract(facility):
    return factories.supply_contract(facility=facility)


@pytest.fixture
def datadis(facility):
    return factories.datadis_contract(facility=facility)


def patch(caller, contract, body):
    return caller.patch(f"{CONTRACTS}/{contract.pk}", body, content_type="application/json")


def body(facility, **fields):
    return {"facility_id": str(facility.pk), "cups": factories.VALID_CUPS, "start_date": "2024-01-01", **fields}


def ids(response):
    return [item["id"] for item in response.json()["items"]]


def stored(contract):
    return SupplyContract.objects.values().get(pk=contract.pk)


class TestReading:
    def test_a_contract_has_its_fields(self, caller, contract):
        shown = caller.get(f"{CONTRACTS}/{contract.pk}").json()

        assert list(shown) == FIELDS
        assert (shown["source"], shown["supplier_id"], shown["end_date"]) == ("manual", None, None)
        assert (shown["start_date"], shown["renewable_percentage"], shown["is_active"]) == ("2020-01-01", 0, True)
        assert shown["guarantee_type"] == "renewable"
        assert shown["distributor_code"] is shown["certificate_number"] is None

    def test_contracts_come_by_code_in_the_envelope_of_invoices(self, caller, facility):
        later = factories.supply_contract(facility=facility, cups="ES2")
        first = factories.supply_contract(facility=facility, cups="ES1")

        answer = caller.get(CONTRACTS)

        assert ids(answer) == [str(first.pk), str(later.pk)]
        assert {**answer.json(), "items": []} == {"items": [], "total": 2, "page": 1, "size": 50, "pages": 1}

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"source": "datadis"}, 1),
            ({"is_active": "false"}, 1),
            ({"is_active": "true"}, 1),
            ({"cups": factories.VALID_CUPS}, 1),
            ({"cups": "ES"}, 0),
            ({"facility_id": str(api.NOBODYS)}, 0),
        ],
    )
    def test_filters_narrow_the_list(self, caller, facility, query, found):
        factories.supply_contract(facility=facility)
        factories.datadis_contract(facility=facility, cups=factories.OTHER_VALID_CUPS, is_active=False)

        assert len(ids(caller.get(CONTRACTS, query))) == found

    def test_the_list_takes_as_many_queries_for_many(self, caller, contract):
        caller.get(CONTRACTS)
        with CaptureQueriesContext(connection) as one:
            caller.get(CONTRACTS)
        for number in range(5):
            factories.supply_contract(facility=contract.facility, cups=f"ES{number}", supplier=factories.supplier())
        with CaptureQueriesContext(connection) as six:
            caller.get(CONTRACTS)

        assert len(one) == len(six)


class TestCreating:
    def test_a_contract_is_typed_in_whatever_source_is_sent(self, caller, facility):
        answer = api.post(caller, CONTRACTS, body(facility, source="datadis"))

        assert answer.status_code == 201
        assert list(answer.json()) == FIELDS
        assert answer.json()["source"] == SupplyContract.objects.get().source == "manual"

    def test_everything_may_be_said(self, caller, organization, facility):
        supplier = factories.supplier()
        file = factories.stored_file(organization=organization)
        said = {
            "supplier_id": str(supplier.pk),
            "distributor_code": "0021",
            "end_date": "2024-12-31",
            "is_active": False,
            "renewable_percentage": 0.3333333,
            "guarantee_type": "cogeneration",
            "certificate_number": "GDO-1",
            "certificate_year": 2024.0,
            "certificate_file_id": str(file.pk),
        }

        made = api.post(caller, CONTRACTS, body(facility, **said)).json()

        assert {name: made[name] for name in said} == said | {"renewable_percentage": 0.333333}

    def test_it_links_no_invoice(self, caller, facility):
        invoice = factories.invoice(facility=facility)

        api.post(caller, CONTRACTS, body(facility))

        invoice.refresh_from_db()
        assert invoice.supply_contract_id is None

    @pytest.mark.parametrize(
        ("changes", "place"),
        [
            ({"facility_id": "x"}, "facility_id"),
            ({"facility_id": None}, "facility_id"),
            ({"cups": ""}, "cups"),
            ({"cups": "x" * 65}, "cups"),
            ({"cups": 5}, "cups"),
            ({"start_date": "20240101"}, "start_date"),
            ({"start_date": None}, "start_date"),
            ({"end_date": 5}, "end_date"),
            ({"is_active": "yes"}, "is_active"),
            ({"is_active": None}, "is_active"),
            ({"renewable_percentage": 1.5}, "renewable_percentage"),
            ({"renewable_percentage": "1"}, "renewable_percentage"),
            ({"guarantee_type": "nuclear"}, "guarantee_type"),
            ({"guarantee_type": None}, "guarantee_type"),
            ({"certificate_year": "2024"}, "certificate_year"),
            ({"certificate_year": 2024.5}, "certificate_year"),
            ({"certificate_year": 1}, "certificate_year"),
            ({"supplier_id": 1}, "supplier_id"),
        ],
    )
    def test_what_makes_no_sense_is_refused_with_its_place(self, caller, facility, changes, place):
        answer = api.post(caller, CONTRACTS, body(facility, **changes))

        assert api.is_refused(answer, 422, "VALIDATION_ERROR")
        assert api.places(answer) == [["body", place]]
        assert not SupplyContract.objects.exists()

    def test_a_contract_does_not_end_before_it_starts(self, caller, facility):
        answer = api.post(caller, CONTRACTS, body(facility, end_date="2023-12-31"))

        assert api.is_refused(answer, 400, "INVALID_PERIOD")
        assert not SupplyContract.objects.exists()

    @pytest.mark.parametrize("whose", ["nobody", "theirs", "deleted"])
    def test_the_facility_is_one_of_ones_own(self, caller, organization, other_organization, facility, whose):
        if whose == "theirs":
            facility = factories.facility(organization=other_organization)
        elif whose == "deleted":
            caller.delete(f"/v1/facilities/{facility.pk}")
        else:
            facility.pk = api.NOBODYS

        answer = api.post(caller, CONTRACTS, body(facility))

        assert api.is_refused(answer, 400, "FACILITY_NOT_BELONG_TO_ORGANIZATION")
        assert not SupplyContract.objects.exists()

    @pytest.mark.parametrize("name", ["supplier_id", "certificate_file_id"])
    def test_what_it_names_exists_within_reach(self, caller, facility, other_organization, name):
        theirs = factories.stored_file(organization=other_organization)

        for value in {api.NOBODYS, theirs.pk}:
            answer = api.post(caller, CONTRACTS, body(facility, **{name: str(value)}))

            assert api.is_refused(answer, 400, "INVALID_REFERENCE")
            assert answer.json()["detail"] == f"Bad {name}: {value}"
        assert not SupplyContract.objects.exists()


class TestChanging:
    def test_only_what_is_named_changes(self, caller, contract):
        answer = patch(caller, contract, {"cups": "ES2", "source": "datadis"})

        assert answer.status_code == 200
        assert stored(contract)["cups"] == answer.json()["cups"] == "ES2"
        assert (answer.json()["source"], answer.json()["start_date"]) == ("manual", "2020-01-01")

    def test_null_takes_away_what_may_be_missing(self, caller, facility):
        contract = factories.supply_contract(
            facility=facility, supplier=factories.supplier(), certificate_number="GDO-1", end_date="2024-12-31"
        )
        nothing = dict.fromkeys(
            ("supplier_id", "certificate_number", "certificate_file_id", "end_date", "distributor_code")
        )

        answer = patch(caller, contract, nothing)

        assert {name: answer.json()[name] for name in nothing} == nothing

    def test_the_period_that_results_is_what_counts(self, caller, contract):
        before = stored(contract)

        assert api.is_refused(patch(caller, contract, {"end_date": "2019-12-31"}), 400, "INVALID_PERIOD")

        assert stored(contract) == before

    def test_a_facility_changes_until_an_invoice_is_linked(self, caller, organization, contract):
        other = factories.facility(organization=organization)
        assert patch(caller, contract, {"facility_id": str(other.pk)}).json()["facility_id"] == str(other.pk)
        factories.invoice(facility=other, supply_contract=contract)
        before = stored(contract)

        answer = patch(caller, contract, {"facility_id": str(factories.facility(organization=organization).pk)})

        assert api.is_refused(answer, 409, "SUPPLY_CONTRACT_IN_USE")
        assert stored(contract) == before

    @pytest.mark.parametrize(
        "changes",
        [
            {"cups": "ES2"},
            {"is_active": False},
            {"start_date": "2021-01-01"},
            {"supplier_id": None},
            {"distributor_code": "0022"},
            {"end_date": None},
        ],
    )
    def test_what_datadis_says_is_corrected_there(self, caller, datadis, changes):
        before = stored(datadis)

        answer = patch(caller, datadis, {"renewable_percentage": 1, **changes})

        assert api.is_refused(answer, 409, "SUPPLY_CONTRACT_LOCKED_BY_DATADIS")
        assert stored(datadis) == before

    def test_the_evidence_of_a_datadis_contract_is_ours_to_add(self, caller, datadis):
        added = {"renewable_percentage": 1, "guarantee_type": "cogeneration", "certificate_number": "GDO-1"}

        answer = patch(caller, datadis, added).json()

        assert {name: answer[name] for name in added} == added

    def test_a_superuser_overrules_datadis_in_the_admin_alone(self, organization, datadis):
        person = factories.user(is_superuser=True)

        with pytest.raises(contracting.LockedByDatadis):
            contracting.change_contract(contract=datadis, by=access.Author(person, access.Channel.API), cups="ES2")
        contracting.change_contract(contract=datadis, by=access.Author(person, access.Channel.ADMIN), cups="ES2")

        assert stored(datadis)["cups"] == "ES2"


class TestDeleting:
    def test_an_unused_contract_goes(self, caller, contract):
        answer = caller.delete(f"{CONTRACTS}/{contract.pk}")

        assert (answer.status_code, answer.content) == (204, b"")
        assert not SupplyContract.objects.exists()
        assert api.is_refused(caller.get(f"{CONTRACTS}/{contract.pk}"), 404, "NOT_FOUND")

    def test_one_in_use_stays(self, caller, contract):
        factories.invoice(facility=contract.facility, supply_contract=contract)

        assert api.is_refused(caller.delete(f"{CONTRACTS}/{contract.pk}"), 409, "SUPPLY_CONTRACT_IN_USE")

        assert SupplyContract.objects.exists()

    def test_one_of_datadis_stays(self, caller, datadis):
        assert api.is_refused(caller.delete(f"{CONTRACTS}/{datadis.pk}"), 409, "SUPPLY_CONTRACT_LOCKED_BY_DATADIS")

        assert SupplyContract.objects.exists()


class TestRights:
    def test_another_organizations_contract_is_as_unknown(self, caller, other_organization):
        theirs = factories.supply_contract(facility=factories.facility(organization=other_organization))
        before, path = stored(theirs), f"{CONTRACTS}/{theirs.pk}"

        assert ids(caller.get(CONTRACTS)) == []
        assert ids(caller.get(CONTRACTS, {"facility_id": str(theirs.facility_id)})) == []
        for answer in (caller.get(path), patch(caller, theirs, {"cups": "ES2"}), caller.delete(path)):
            assert api.is_refused(answer, 404, "NOT_FOUND")
            assert answer.json()["detail"] == f"SupplyContract with id={theirs.pk!r} not found"

        assert stored(theirs) == before

    def test_a_contract_does_not_move_to_another_organization(self, caller, contract, other_organization):
        theirs, before = factories.facility(organization=other_organization), stored(contract)

        answer = patch(caller, contract, {"facility_id": str(theirs.pk)})

        assert api.is_refused(answer, 400, "FACILITY_NOT_BELONG_TO_ORGANIZATION")
        assert stored(contract) == before

    def test_a_viewer_reads_and_does_not_write(self, organization, contract):
        viewer, before, path = api.client(organization, role="viewer"), stored(contract), f"{CONTRACTS}/{contract.pk}"

        assert viewer.get(CONTRACTS).status_code == viewer.get(path).status_code == 200
        refused = (
            api.post(viewer, CONTRACTS, body(contract.facility)),
            patch(viewer, contract, {"cups": "ES2"}),
            viewer.delete(path),
        )
        for answer in refused:
            assert api.is_refused(answer, 403, "FORBIDDEN")

        assert stored(contract) == before
        assert SupplyContract.objects.count() == 1

    def test_what_is_no_id_is_not_found(self, caller):
        assert api.is_refused(caller.get(f"{CONTRACTS}/x"), 404, "NOT_FOUND")
