"""POST /api/v1/invoices and POST /v1/invoices"""

import json
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from facilities.models import FacilityStatus
from invoices import grouping
from invoices.models import CupsGroup, Invoice, InvoiceChange, ProcessingJob, Unit
from tests import api, factories

pytestmark = pytest.mark.django_db

CODE = "ES0031406398765432GH0F"
OURS = UUID("d4e5f6a7-8888-4012-8ef0-aa3456789012")
MADRID = UUID("e5f6a7b8-9999-4123-8f01-bb4567890123")
BARCELONA = UUID("b8c9d0e1-2222-4456-8234-ee7890123456")
UPLOADER = UUID("b2c3d4e5-f6a7-4901-8cde-fa2345678901")
SUPPLIER = UUID("c3d4e5f6-a7b8-4012-8def-ab3456789012")

BOTH = pytest.mark.parametrize("path", [api.LEGACY_INVOICES, api.INVOICES])


@pytest.fixture
def organization():
    return factories.organization(id=OURS, name="Acme Corp")


@pytest.fixture
def madrid(organization):
    return factories.facility(id=MADRID, organization=organization, name="Madrid Office")


@pytest.fixture
def barcelona(organization):
    return factories.facility(id=BARCELONA, organization=organization, name="Barcelona Office")


@pytest.fixture(autouse=True)
def uploader(organization):
    return factories.member(organization, "viewer", id=UPLOADER)


@pytest.fixture
def kwh():
    return factories.unit()


@pytest.fixture
def m3():
    return Unit.objects.get(name="cubic_meter_(m³)")


@pytest.fixture
def fuel():
    return factories.fuel(name="Gas natural")


@pytest.fixture
def nothing_filed():
    """Prove at the end that nothing was written."""
    yield
    for model in (Invoice, CupsGroup, ProcessingJob, InvoiceChange):
        assert not model.objects.exists()


def share(facility, percentage=1.0, **fields):
    return {
        "organization_id": str(facility.organization_id),
        "facility_id": str(facility.pk),
        "percentage": percentage,
        **fields,
    }


def bill(unit, *shares, **fields):
    body = {
        "type": "electricity",
        "base_quantity": 15000,
        "unit_id": str(unit.pk),
        "start_date": "2024-11-01",
        "end_date": "2024-11-30",
        "uploaded_by": str(UPLOADER),
        "facility_percentages": list(shares),
        **fields,
    }
    return {name: value for name, value in body.items() if value is not ...}


def heat(m3, fuel, *shares, **fields):
    return bill(m3, *shares, **{"type": "heat", "facility_fuel_id": str(fuel.pk), **fields})


def file(caller, body, path=api.LEGACY_INVOICES, **headers):
    return api.post(caller, path, body, **headers)


def written(row):
    """Return what stands in the answer letter by letter: numbers, and their kind."""
    return json.dumps(row, ensure_ascii=False)


class TestTheDocumentedPage:
    def test_answers_a_single_invoice_as_printed(self, caller, madrid, kwh):
        factories.supplier(id=SUPPLIER)

        response = file(
            caller,
            bill(
                kwh,
                share(madrid, 1.0, company_name="Acme Corp", facility_name="Madrid Office"),
                invoice_id="E-2024-11-001",
                cups=CODE,
                supplier_id=str(SUPPLIER),
            ),
        )

        assert response.status_code == 201
        assert response["Content-Type"] == "application/json"
        invoice = Invoice.objects.get()
        assert written(response.json()) == written(
            {
                "id": str(invoice.pk),
                "type": "electricity",
                "base_quantity": 15000.0,
                "quantity": 15000.0,
                "unit_id": str(kwh.pk),
                "original_quantity": None,
                "original_unit_id": None,
                "start_date": "2024-11-01",
                "end_date": "2024-11-30",
                "percentage": 1.0,
                "status": "loading",
                "facility_id": str(MADRID),
                "uploaded_by": str(UPLOADER),
                "facility_percentages": [
                    {
                        "organization_id": str(OURS),
                        "facility_id": str(MADRID),
                        "percentage": 1.0,
                        "company_name": "Acme Corp",
                        "facility_name": "Madrid Office",
                    }
                ],
                "source_invoice_id": None,
                "supplier_id": str(SUPPLIER),
                "facility_fuel_id": None,
                "invoice_id": "E-2024-11-001",
                "cups": CODE,
                "file_url": None,
                "custom_emission_factor_id": None,
                "custom_emission_factor": None,
                "toc": None,
            }
        )
        assert (invoice.printed_cups, invoice.source) == (CODE, "manual")

    def test_answers_a_distributed_invoice_as_printed(self, caller, madrid, barcelona, m3, fuel):
        response = file(
            caller,
            heat(m3, fuel, share(madrid, 0.6), share(barcelona, 0.4), base_quantity=5000, invoice_id="H-2024-11-015"),
        )

        assert response.status_code == 201
        parent = Invoice.objects.get(is_parent=True)
        assert written(response.json()) == written(
            {
                "id": str(parent.pk),
                "type": "heat",
                "base_quantity": 5000.0,
                "quantity": 3000.0,
                "unit_id": str(m3.pk),
                "original_quantity": None,
                "original_unit_id": None,
                "start_date": "2024-11-01",
                "end_date": "2024-11-30",
                "percentage": 0.6,
                "status": "loading",
                "facility_id": str(MADRID),
                "uploaded_by": str(UPLOADER),
                "facility_percentages": [
                    {
                        "organization_id": str(OURS),
                        "facility_id": str(MADRID),
                        "percentage": 0.6,
                        "company_name": "Acme Corp",
                        "facility_name": "Madrid Office",
                    },
                    {
                        "organization_id": str(OURS),
                        "facility_id": str(BARCELONA),
                        "percentage": 0.4,
                        "company_name": "Acme Corp",
                        "facility_name": "Barcelona Office",
                    },
                ],
                "source_invoice_id": str(parent.pk),
                "supplier_id": None,
                "facility_fuel_id": str(fuel.pk),
                "invoice_id": "H-2024-11-015",
                "cups": None,
                "file_url": None,
                "custom_emission_factor_id": None,
                "custom_emission_factor": None,
                "toc": None,
            }
        )
        assert dict(parent.children.values_list("facility", "quantity")) == {MADRID: 3000, BARCELONA: 2000}

    def test_prints_what_else_an_invoice_can_say(self, caller, madrid, kwh, organization):
        group = factories.custom_group(organization=organization, name="Our own", category="process")
        stored = factories.stored_file(organization=organization)

        answer = file(
            caller,
            bill(
                kwh,
                share(madrid),
                type="process",
                file_url="https://s3.amazonaws.com/files/invoices/1.pdf",
                file_id=str(stored.pk),
                custom_emission_factor_id=str(group.pk),
                toc="van_diesel",
                base_quantity=0.14260000000000003,
            ),
        ).json()

        assert answer["file_url"] == "https://s3.amazonaws.com/files/invoices/1.pdf"
        assert (answer["custom_emission_factor_id"], answer["toc"]) == (str(group.pk), "van_diesel")
        assert answer["custom_emission_factor"] == {
            "id": str(group.pk),
            "name": "Our own",
            "category": "process",
            "description": None,
            "ghg_type": 1,
            "organization_id": str(OURS),
        }
        assert answer["base_quantity"] == 0.1426
        assert Invoice.objects.get().file_id == stored.pk

    def test_v1_answers_the_same_with_its_own_moments(self, caller, madrid, kwh):
        response = file(caller, bill(kwh, share(madrid)), api.INVOICES)
        legacy = file(caller, bill(kwh, share(madrid), start_date="2024-11-02")).json()

        assert response.status_code == 201
        answer = response.json()
        assert list(answer) == list(legacy)
        assert (answer["start_date"], answer["end_date"]) == ("2024-11-01T00:00:00", "2024-11-30T23:59:59")

    @BOTH
    def test_a_path_that_ends_in_a_slash_answers_too(self, caller, madrid, kwh, path):
        assert file(caller, bill(kwh, share(madrid)), f"{path}/").status_code == 201

    def test_takes_the_key_as_a_bearer_token_and_records_the_member(self, organization, madrid, kwh, uploader):
        key, secret = factories.api_key(organization=organization)
        caller = Client(
            headers={
                "Authorization": f"Bearer {secret}",
                "x-organization-id": str(OURS),
                "x-user-id": str(UPLOADER),
            }
        )

        assert file(caller, bill(kwh, share(madrid))).status_code == 201
        logged = InvoiceChange.objects.get()
        assert (logged.action, logged.api_key, logged.by, logged.on_behalf_of) == (
            "created",
            key,
            key.created_by,
            uploader,
        )

    def test_queues_the_calculation(self, caller, madrid, barcelona, kwh, organization):
        file(caller, bill(kwh, share(madrid, 0.5), share(barcelona, 0.5)))

        job = ProcessingJob.objects.get()
        assert (job.organization, job.action, job.trigger_type) == (organization, "CREATE", "API")
        assert (job.activity_category, job.items_total, job.status) == ("", 2, "PENDING")

    def test_costs_as_many_queries_however_many_share_it(self, caller, organization, kwh):
        def cost(count):
            places = [factories.facility(organization=organization) for _ in range(count)]
            body = bill(kwh, *(share(place, 1 / count) for place in places), cups=CODE)
            with CaptureQueriesContext(connection) as queries:
                assert file(caller, body).status_code == 201
            return len(queries)

        cost(2)  # notes the use of the key

        assert cost(2) == cost(20)


class TestTheDeprecatedForm:
    @pytest.mark.parametrize("percentages", [..., None, []])
    def test_a_facility_alone_bears_the_whole(self, caller, madrid, kwh, percentages):
        body = bill(kwh, facility_id=str(madrid.pk)) | {"facility_percentages": percentages}
        response = file(caller, {name: value for name, value in body.items() if value is not ...})

        assert response.status_code == 201
        assert (response.json()["facility_id"], response.json()["percentage"]) == (str(MADRID), 1.0)

    def test_percentages_count_where_both_are_sent(self, caller, madrid, barcelona, kwh):
        response = file(caller, bill(kwh, share(madrid), facility_id=str(barcelona.pk)))

        assert response.json()["facility_id"] == str(MADRID)

    def test_a_foreign_facility_is_refused_as_in_the_other_form(self, caller, kwh, nothing_filed):
        theirs = factories.facility()

        response = file(caller, bill(kwh, facility_id=str(theirs.pk)))

        assert response.json() == {
            "detail": f"Bad facility_id: {theirs.pk}. It must belong to the provided organization_id {OURS}",
            "code": "VALIDATION_ERROR",
        }


def wrong_type(body):
    return body | {"type": "xyz"}


def unknown_unit(body):
    return body | {"unit_id": str(api.NOBODYS)}


def unit_of_volume(body):
    return body | {"unit_id": str(Unit.objects.get(name="liter_(l)").pk)}


def period_reversed(body):
    return body | {"end_date": "2024-10-31"}


def percentages_short(body):
    return body | {"facility_percentages": [body["facility_percentages"][0] | {"percentage": 0.5}]}


def of_organization(body, organization_id):
    return body | {
        "facility_percentages": [body["facility_percentages"][0] | {"organization_id": str(organization_id)}]
    }


def unknown_organization(body):
    return of_organization(body, api.NOBODYS)


def foreign_organization(body):
    return of_organization(body, factories.organization().pk)


def unknown_facility(body):
    return body | {"facility_percentages": [body["facility_percentages"][0] | {"facility_id": str(api.NOBODYS)}]}


def heat_without_fuel(body):
    return body | {"type": "heat"}


def unknown_supplier(body):
    return body | {"supplier_id": str(api.NOBODYS)}


def misshapen_cups(body):
    return body | {"cups": "ES003140639876543"}


NAMED = "Bad {}: " + str(api.NOBODYS)

# In the order in which they are checked.
REFUSALS = [
    (
        wrong_type,
        400,
        "Bad invoice type: xyz. It must be one of ('heat', 'electricity', 'water', 'recharge', 'process')",
        "INVALID_INVOICE_TYPE",
    ),
    (unknown_unit, 400, NAMED.format("unit_id"), "INVALID_UNIT"),
    (period_reversed, 400, "INVALID_PERIOD", "INVALID_PERIOD"),
    (percentages_short, 400, "INVALID_TOTAL_PERCENTAGE", "INVALID_TOTAL_PERCENTAGE"),
    (
        unknown_organization,
        404,
        NAMED.format("organization_id") + ". Organization not found",
        "ORGANIZATION_NOT_FOUND",
    ),
    (
        foreign_organization,
        403,
        "ORGANIZATION_ID_IS_NOT_UNDER_PARENT_ORGANIZATION",
        "ORGANIZATION_ID_IS_NOT_UNDER_PARENT_ORGANIZATION",
    ),
    (
        unknown_facility,
        400,
        NAMED.format("facility_id") + f". It must belong to the provided organization_id {OURS}",
        "FACILITY_NOT_BELONG_TO_ORGANIZATION",
    ),
    (heat_without_fuel, 400, "FUEL_REQUIRED", "FUEL_REQUIRED"),
    (unknown_supplier, 400, NAMED.format("supplier_id"), "INVALID_REFERENCE"),
    (misshapen_cups, 400, "INVALID_CUPS", "INVALID_CUPS"),
]
# Of two that say something of the same organization only one can be said.
IN_ORDER = [pair for pair in pairwise(REFUSALS) if pair[0][0] is not unknown_organization]
CLASSES = {400: "VALIDATION_ERROR", 403: "FORBIDDEN", 404: "NOT_FOUND"}


class TestRefusals:
    @pytest.mark.parametrize(("spoil", "status", "detail", "code"), REFUSALS)
    def test_read_as_printed_on_the_legacy_route(self, caller, madrid, kwh, nothing_filed, spoil, status, detail, code):
        response = file(caller, spoil(bill(kwh, share(madrid))))

        assert response.status_code == status
        assert response.json() == {"detail": detail, "code": CLASSES[status]}

    @pytest.mark.parametrize(("spoil", "status", "detail", "code"), REFUSALS)
    def test_have_their_name_as_code_in_v1(self, caller, madrid, kwh, nothing_filed, spoil, status, detail, code):
        response = file(caller, spoil(bill(kwh, share(madrid))), api.INVOICES)

        assert api.is_refused(response, status, code)
        if detail != code:
            assert response.json()["detail"] == detail

    @pytest.mark.parametrize(("earlier", "later"), IN_ORDER)
    def test_come_in_the_documented_order(self, caller, madrid, kwh, nothing_filed, earlier, later):
        spoil, *_told, code = earlier

        response = file(caller, spoil(later[0](bill(kwh, share(madrid)))), api.INVOICES)

        assert response.json()["code"] == code

    def test_of_organizations_come_before_those_of_facilities(self, caller, madrid, kwh, nothing_filed):
        unknown = share(madrid, 0.5) | {"facility_id": str(api.NOBODYS)}
        elsewhere = share(factories.facility(), 0.5)

        response = file(caller, bill(kwh, unknown, elsewhere))

        assert response.status_code == 403

    @pytest.mark.parametrize(
        "field", ["supplier_id", "facility_fuel_id", "file_id", "uploaded_by", "custom_emission_factor_id"]
    )
    def test_name_the_id_that_leads_nowhere(self, caller, madrid, kwh, nothing_filed, field):
        response = file(caller, bill(kwh, share(madrid)) | {field: str(api.NOBODYS)})

        assert response.status_code == 400
        assert response.json() == {"detail": NAMED.format(field), "code": "VALIDATION_ERROR"}

    @pytest.mark.parametrize(
        ("field", "make"),
        [
            ("uploaded_by", factories.member),
            ("file_id", lambda theirs: factories.stored_file(organization=theirs)),
            ("custom_emission_factor_id", lambda theirs: factories.custom_group(organization=theirs)),
        ],
    )
    def test_are_the_same_for_another_organization_s(
        self, caller, madrid, kwh, other_organization, nothing_filed, field, make
    ):
        theirs = make(other_organization).pk

        response = file(caller, bill(kwh, share(madrid)) | {field: str(theirs)})

        assert response.json() == {"detail": f"Bad {field}: {theirs}", "code": "VALIDATION_ERROR"}

    def test_custom_factors_of_the_organization_above_may_be_used(self, caller, madrid, kwh, organization):
        above = factories.organization()
        organization.parent = above
        organization.save()
        group = factories.custom_group(organization=above)

        response = file(caller, bill(kwh, share(madrid), custom_emission_factor_id=str(group.pk)))

        assert response.status_code == 201

    def test_an_archived_facility_is_as_one_that_is_not_there(self, caller, madrid, kwh, nothing_filed):
        madrid.status = FacilityStatus.ARCHIVED
        madrid.save()

        response = file(caller, bill(kwh, share(madrid)), api.INVOICES)

        assert api.is_refused(response, 400, "FACILITY_NOT_BELONG_TO_ORGANIZATION")

    def test_a_facility_of_another_share_s_organization_is_not_there_either(
        self, organization, madrid, kwh, nothing_filed
    ):
        below = factories.organization(parent=organization)
        there = factories.facility(organization=below)
        swapped = [
            share(madrid, 0.5) | {"facility_id": str(there.pk)},
            share(there, 0.5) | {"facility_id": str(madrid.pk)},
        ]

        response = file(api.client(organization, reach="tree"), bill(kwh, *swapped), api.INVOICES)

        assert api.is_refused(response, 400, "FACILITY_NOT_BELONG_TO_ORGANIZATION")

    def test_a_viewer_files_nothing(self, organization, madrid, kwh, nothing_filed):
        response = file(api.client(organization, "viewer"), bill(kwh, share(madrid)))

        assert (response.status_code, response.json()["code"]) == (403, "FORBIDDEN")

    @pytest.mark.parametrize("who", ["nobody", "a stranger", "somebody inactive"])
    def test_the_member_must_be_one(self, caller, organization, madrid, kwh, nothing_filed, who):
        named = {
            "nobody": lambda: api.NOBODYS,
            "a stranger": lambda: factories.member(factories.organization()).pk,
            "somebody inactive": lambda: factories.member(organization, is_active=False).pk,
        }[who]()

        response = file(caller, bill(kwh, share(madrid)), **{"x-user-id": str(named)})

        assert (response.status_code, response.json()["code"]) == (403, "FORBIDDEN")

    def test_the_member_s_id_must_be_one(self, caller, madrid, kwh, nothing_filed):
        response = file(caller, bill(kwh, share(madrid)), **{"x-user-id": "me"})

        assert api.is_refused(response, 422, "VALIDATION_ERROR")
        assert api.places(response) == [["header", "x-user-id"]]

    def test_v1_has_no_such_header(self, caller, madrid, kwh):
        response = file(caller, bill(kwh, share(madrid)), api.INVOICES, **{"x-user-id": "me"})

        assert response.status_code == 201


class TestUnits:
    @pytest.mark.parametrize(
        ("type_", "unit", "fits"),
        [
            ("electricity", "kilowatt_hour_(kwh)", True),
            ("electricity", "cubic_meter_(m³)", False),
            ("electricity", "kilogram_(kg)", False),
            ("recharge", "kilowatt_hour_(kwh)", True),
            ("recharge", "kilogram_(kg)", True),
            ("recharge", "liter_(l)", False),
            ("water", "cubic_meter_(m³)", True),
            ("water", "kilowatt_hour_(kwh)", False),
            ("process", "kilogram_(kg)", True),
            ("process", "liter_(l)", True),
        ],
    )
    def test_fit_the_type(self, caller, madrid, type_, unit, fits):
        response = file(caller, bill(Unit.objects.get(name=unit), share(madrid), type=type_), api.INVOICES)

        assert fits or api.is_refused(response, 400, "INVALID_UNIT")
        assert not fits or response.status_code == 201
        assert Invoice.objects.exists() is fits

    def test_of_heat_are_the_fuel_s(self, caller, madrid, m3, kwh):
        gas = factories.fuel(units=[kwh, m3])
        liters = Unit.objects.get(name="liter_(l)")

        assert file(caller, heat(m3, gas, share(madrid))).status_code == 201
        refused = file(caller, heat(liters, gas, share(madrid)))
        assert refused.status_code == 400
        assert refused.json()["detail"].startswith(f"Bad unit_id: {liters.pk}. {gas.name} is measured in kilowatt_hour")


class TestPercentages:
    @pytest.mark.parametrize(
        ("parts", "accepted"),
        [
            ([0.3333, 0.5, 0.1667], True),
            ([0.1, 0.2, 0.7000000000000001], True),
            ([0.5, 0.5001], True),
            ([0.5, 0.4999], True),
            ([0.5, 0.50011], False),
            ([0.5, 0.49989], False),
            ([0.5], False),
        ],
    )
    def test_add_up_to_a_ten_thousandth(self, caller, organization, kwh, parts, accepted):
        places = [factories.facility(organization=organization) for _ in parts]

        response = file(caller, bill(kwh, *map(share, places, parts), base_quantity=1000.000001))

        if not accepted:
            assert response.json() == {"detail": "INVALID_TOTAL_PERCENTAGE", "code": "VALIDATION_ERROR"}
            assert not Invoice.objects.exists()
            return
        children = Invoice.objects.filter(is_parent=False)
        assert sum(child.percentage for child in children) == 1
        assert sum(child.quantity for child in children) == Decimal("1000.000001")

    @pytest.mark.parametrize("percentage", [-0.1, 1.1, "1.0", True, None, [1]])
    def test_are_numbers_from_nothing_to_all(self, caller, madrid, kwh, nothing_filed, percentage):
        response = file(caller, bill(kwh, share(madrid, percentage)))

        assert api.is_refused(response, 422, "VALIDATION_ERROR")
        assert api.places(response) == [["body", "facility_percentages", 0, "percentage"]]


class TestSubsidiaries:
    @pytest.fixture
    def below(self, organization):
        return factories.organization(parent=organization, name="Subsidiary A")

    @pytest.fixture
    def there(self, below):
        return factories.facility(organization=below, name="Main Office")

    def test_get_their_part_in_their_own_books(self, organization, madrid, below, there, kwh):
        response = file(
            api.client(organization, reach="tree"), bill(kwh, share(there, 0.6), share(madrid, 0.4), cups=CODE)
        )

        answer = response.json()
        assert response.status_code == 201
        assert (answer["facility_id"], answer["facility_percentages"][0]["company_name"]) == (
            str(there.pk),
            "Subsidiary A",
        )
        assert Invoice.objects.get(facility=there).organization == below
        assert Invoice.objects.get(is_parent=True).organization == organization
        assert CupsGroup.objects.get(facility=there).organization == below
        assert all(not list(grouping.differences(organization=each)) for each in (organization, below))

    def test_are_out_of_reach_of_a_key_for_one_organization(self, caller, there, kwh, nothing_filed):
        response = file(caller, bill(kwh, share(there)))

        assert response.json() == {
            "detail": "ORGANIZATION_ID_IS_NOT_UNDER_PARENT_ORGANIZATION",
            "code": "FORBIDDEN",
        }

    def test_get_nothing_from_who_only_reads_there(self, organization, below, there, kwh, nothing_filed):
        key, secret = factories.api_key(organization=organization, reach="tree")
        factories.membership(organization=below, user=key.created_by, role="viewer")

        response = file(api.client_with(secret, organization), bill(kwh, share(there)))

        assert response.status_code == 403

    def test_file_nothing_upwards(self, madrid, below, kwh, nothing_filed):
        response = file(api.client(below, reach="tree"), bill(kwh, share(madrid)))

        assert response.status_code == 403


class TestCodes:
    @pytest.mark.parametrize(
        "code",
        [
            CODE,
            "ES0021000000000001XX",
            "ES12345678901234567890AB",
        ],
    )
    def test_of_electricity_have_one_of_the_printed_shapes(self, caller, madrid, kwh, code):
        assert file(caller, bill(kwh, share(madrid), cups=f" {code} ")).json()["cups"] == code

    @pytest.mark.parametrize(
        "code",
        [
            "ES",
            "es0021000000000001xx",
            "ES 0021 0000 0000 0001 XX",
            "ES0021000000000001X",
            "ES0021000000000001XX0",
            "ES0021000000000001XX00",
            "PT0021000000000001XX",
            "ES٠٠21000000000001XX",
            "ES12345678901234567890AB0F",
        ],
    )
    def test_of_electricity_have_no_other(self, caller, madrid, kwh, nothing_filed, code):
        assert file(caller, bill(kwh, share(madrid), cups=code)).json() == {
            "detail": "INVALID_CUPS",
            "code": "VALIDATION_ERROR",
        }

    def test_of_other_types_are_kept_as_they_are(self, caller, madrid, m3, fuel):
        response = file(caller, heat(m3, fuel, share(madrid), cups="ES 0021/gas"))

        assert response.json()["cups"] == "ES 0021/gas"
        assert not CupsGroup.objects.exists()

    @pytest.mark.parametrize("code", [None, "", "  "])
    def test_that_are_nothing_are_none(self, caller, madrid, kwh, code):
        assert file(caller, bill(kwh, share(madrid), cups=code)).json()["cups"] is None

    @pytest.mark.parametrize("code", ["x" * 65, "a\u200bb", 7])
    def test_that_no_invoice_can_carry_are_malformed(self, caller, madrid, kwh, nothing_filed, code):
        response = file(caller, bill(kwh, share(madrid), cups=code))

        assert api.is_refused(response, 422, "VALIDATION_ERROR")
        assert api.places(response) == [["body", "cups"]]

    def test_link_to_the_contract_of_the_supply(self, caller, madrid, kwh):
        contract = factories.supply_contract(facility=madrid, cups=CODE)

        file(caller, bill(kwh, share(madrid), cups=CODE))

        assert Invoice.objects.get().supply_contract == contract


class TestMalformed:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("type", 7),
            ("type", ...),
            ("type", None),
            ("base_quantity", "15000"),
            ("base_quantity", True),
            ("base_quantity", None),
            ("base_quantity", ...),
            ("base_quantity", 10**9),
            ("base_quantity", 1e300),
            ("unit_id", "kwh"),
            ("unit_id", 5),
            ("start_date", "2024-11-31"),
            ("start_date", "2024-1-1"),
            ("start_date", "20241101"),
            ("end_date", "2024-11-30T00:00:00"),
            ("end_date", 20241130),
            ("end_date", ...),
            ("uploaded_by", ...),
            ("uploaded_by", "me"),
            ("facility_percentages", ...),
            ("facility_percentages", []),
            ("facility_percentages", {}),
            ("facility_id", "x"),
            ("invoice_id", 5),
            ("invoice_id", "x" * 101),
            ("invoice_id", "E\u200b1"),
            ("supplier_id", ""),
            ("file_url", "http://example.com/a.pdf"),
            ("file_url", "ftp://example.com/a.pdf"),
            ("file_url", "javascript:alert(1)"),
            ("file_url", "https://"),
            ("file_url", "https://example.com/" + "x" * 2_048),
            ("toc", "x" * 65),
        ],
    )
    def test_is_told_where(self, caller, madrid, kwh, nothing_filed, field, value):
        response = file(caller, bill(kwh, share(madrid), **{field: value}))

        assert api.is_refused(response, 422, "VALIDATION_ERROR")
        assert api.places(response)[0][:2] == ["body", field]

    @pytest.mark.parametrize("number", ["1e400", "NaN", "Infinity", "1" * 5000])
    def test_numbers_are_those_of_json(self, caller, madrid, kwh, nothing_filed, number):
        body = json.dumps(bill(kwh, share(madrid))).replace("15000", number)

        assert api.is_refused(file(caller, body), 422, "VALIDATION_ERROR")

    @pytest.mark.parametrize("field", ["organization_id", "facility_id", "percentage"])
    def test_a_share_says_all_three(self, caller, madrid, kwh, nothing_filed, field):
        lacking = {name: value for name, value in share(madrid).items() if name != field}

        response = file(caller, bill(kwh, lacking))

        assert api.places(response) == [["body", "facility_percentages", 0, field]]

    def test_an_address_of_the_longest_length_is_kept(self, caller, madrid, kwh):
        address = "https://example.com/".ljust(2_048, "x")

        assert file(caller, bill(kwh, share(madrid), file_url=address)).json()["file_url"] == address

    def test_unknown_fields_are_passed_over(self, caller, madrid, kwh):
        assert file(caller, bill(kwh, share(madrid), colour="blue")).status_code == 201

    def test_nulls_and_nothing_are_none(self, caller, madrid, kwh):
        nothing = dict.fromkeys(["supplier_id", "facility_fuel_id", "file_id", "custom_emission_factor_id"])
        blank = dict.fromkeys(["invoice_id", "file_url", "toc"], "")

        answer = file(caller, bill(kwh, share(madrid), **nothing, **blank)).json()

        assert {answer[name] for name in (nothing | blank) if name != "file_id"} == {None}


class TestTheSameInvoice:
    def test_is_taken_and_flagged(self, caller, madrid, kwh):
        first = file(caller, bill(kwh, share(madrid), cups=CODE))

        again = file(caller, bill(kwh, share(madrid), cups=CODE))

        assert "x-warning" not in first.headers
        assert again.status_code == 201
        assert (again["x-warning"], again["x-duplicate-of"]) == ("POSSIBLE_DUPLICATE", first.json()["id"])
        assert Invoice.objects.count() == 2

    def test_sent_twice_with_one_key_is_filed_once(self, caller, madrid, kwh):
        body = bill(kwh, share(madrid))

        answers = [file(caller, body, **{"Idempotency-Key": "november"}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        assert answers[1]["Idempotency-Replayed"] == "true"
        assert Invoice.objects.count() == 1
        assert ProcessingJob.objects.count() == 1
