"""PATCH /v1/invoices/{id}"""

import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from facilities.models import FacilityStatus
from invoices import grouping
from invoices.models import CupsGroup, Invoice, InvoiceChange, InvoiceStatus, ProcessingJob
from tests import api, factories

pytestmark = pytest.mark.django_db

DOCUMENTED = UUID("550e8400-e29b-41d4-a716-446655440000")
FACILITY = UUID("660e8400-e29b-41d4-a716-446655440000")
SUPPLIER = UUID("770e8400-e29b-41d4-a716-446655440000")
FILE = UUID("880e8400-e29b-41d4-a716-446655440000")
UPLOADER = UUID("990e8400-e29b-41d4-a716-446655440000")
CODE = "ES0021000000000001XX"
OTHER_CODE = "ES0031406398765432GH0F"


@pytest.fixture
def invoice(facility):
    return factories.invoice(facility=facility, cups=CODE, invoice_number="E-1", status="review")


@pytest.fixture
def nothing_changes():
    """Prove at the end that nothing was written since the start."""

    def state():
        return (
            sorted(Invoice.objects.values_list("pk", "cups", "status", "facility", "invoice_number", "updated_at")),
            sorted(CupsGroup.objects.values_list("cups", "facility", "invoice_count", "revision")),
            InvoiceChange.objects.count(),
            ProcessingJob.objects.count(),
        )

    start = []
    yield lambda: start.append(state())
    assert start == [state()]


def path_of(invoice):
    return f"{api.INVOICES}/{invoice.pk}"


def update(caller, invoice, body=None, **fields):
    return api.patch(caller, path_of(invoice), fields if body is None else body)


def jobs():
    return list(ProcessingJob.objects.values_list("action", "trigger_type", "items_total", "status"))


def test_answers_as_documented(organization, caller):
    facility = factories.facility(id=FACILITY, organization=organization)
    factories.invoice(
        id=DOCUMENTED,
        facility=facility,
        status="review",
        invoice_number="INV-2024-001",
        quantity=1500,
        base_quantity=3000,
        percentage="0.5",
        supplier=factories.supplier(id=SUPPLIER),
        cups=CODE,
        file_id=FILE,
        file_url="https://storage.dcycle.io/invoices/invoice-2024-001.pdf",
        uploaded_by=factories.member(organization, id=UPLOADER),
        created_at=datetime(2024, 2, 1, 10, 30, tzinfo=UTC),
        start_date=date(2024, 1, 1),
        end_date=date(2024, 1, 31),
    )

    response = api.patch(
        caller,
        f"{api.INVOICES}/550e8400-e29b-41d4-a716-446655440000",
        """{
    "status": "active",
    "invoice_id": "INV-2024-001-UPDATED"
  }""",
    )

    assert response.status_code == 200
    answer = response.json()
    documented = {
        "id": "550e8400-e29b-41d4-a716-446655440000",
        "type": "electricity",
        "status": "active",
        "quantity": 1500.00,
        "base_quantity": 3000.00,
        "unit_id": "ba80e6cb-86a4-4bb1-a0c5-8104365d523c",
        "start_date": "2024-01-01T00:00:00",
        "end_date": "2024-01-31T23:59:59",
        "invoice_id": "INV-2024-001-UPDATED",
        "facility_id": "660e8400-e29b-41d4-a716-446655440000",
        "facility_fuel_id": None,
        "supplier_id": "770e8400-e29b-41d4-a716-446655440000",
        "custom_emission_factor_id": None,
        # Nothing has calculated it yet.
        "co2e": None,
        "co2e_biomass": None,
        "cups": "ES0021000000000001XX",
        "file_id": "880e8400-e29b-41d4-a716-446655440000",
        "file_url": "https://storage.dcycle.io/invoices/invoice-2024-001.pdf",
        "uploaded_by": "990e8400-e29b-41d4-a716-446655440000",
        "percentage": 0.5,
        "enabled": True,
        "created_at": "2024-02-01T10:30:00Z",
        "updated_at": Invoice.objects.get().updated_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert json.dumps(dict(list(answer.items())[: len(documented)])) == json.dumps(documented)


class TestChanges:
    def test_only_what_is_named(self, caller, invoice):
        before = Invoice.objects.values().get()

        update(caller, invoice, invoice_id="E-2")

        after = Invoice.objects.values().get()
        assert {name for name in before if before[name] != after[name]} == {"invoice_number", "updated_at"}

    @pytest.mark.parametrize("status", InvoiceStatus.values)
    def test_the_status_to_any(self, caller, invoice, status):
        assert update(caller, invoice, status=status).json()["status"] == status

    def test_who_uploaded_it(self, caller, organization, invoice):
        member = factories.member(organization, "viewer")

        assert update(caller, invoice, uploaded_by=str(member.pk)).json()["uploaded_by"] == str(member.pk)

    def test_the_code_and_its_group(self, caller, organization, invoice):
        answer = update(caller, invoice, cups=f" {OTHER_CODE} ").json()

        assert (answer["cups"], answer["printed_cups"]) == (OTHER_CODE, None)
        assert list(CupsGroup.objects.values_list("cups", flat=True)) == [OTHER_CODE]
        assert list(grouping.differences(organization=organization)) == []

    def test_the_place_and_its_group(self, caller, organization, invoice):
        elsewhere = factories.facility(organization=organization)

        answer = update(caller, invoice, facility_id=str(elsewhere.pk)).json()

        assert answer["facility_id"] == str(elsewhere.pk)
        assert CupsGroup.objects.get().facility == elsewhere

    def test_what_null_takes_away(self, caller, facility):
        invoice = factories.invoice(facility=facility, cups=CODE, supplier=factories.supplier())

        answer = update(caller, invoice, cups=None, invoice_id=None, supplier_id=None).json()

        assert (answer["cups"], answer["invoice_id"], answer["supplier_id"]) == (None, None, None)
        assert not CupsGroup.objects.exists()

    def test_nothing_where_nothing_is_named(self, caller, invoice, nothing_changes):
        nothing_changes()

        assert update(caller, invoice, {}).status_code == 200

    def test_nothing_where_it_says_what_stands(self, caller, facility, invoice, nothing_changes):
        """Also what the rules would not take today: a code that came damaged, a facility that was archived since."""
        damaged = factories.invoice(facility=facility, cups="ES 12")
        facility.status = FacilityStatus.ARCHIVED
        facility.save()
        nothing_changes()

        answer = update(
            caller,
            damaged,
            cups="ES 12",
            facility_id=str(facility.pk),
            uploaded_by=str(damaged.uploaded_by_id),
            invoice_id=damaged.invoice_number,
        )

        assert answer.status_code == 200

    def test_are_logged(self, caller, invoice):
        update(caller, invoice, invoice_id="E-2")

        logged = InvoiceChange.objects.get()
        assert (logged.action, logged.through, logged.before) == ("changed", "API", {"invoice_number": "E-1"})

    def test_link_to_the_contract_of_the_supply(self, caller, facility, invoice):
        contract = factories.supply_contract(facility=facility, cups=OTHER_CODE)

        assert update(caller, invoice, cups=OTHER_CODE).json()["supply_contract_id"] == str(contract.pk)


class TestQueues:
    def test_a_recalculation_for_a_new_place_supplier_or_factor(self, caller, organization, invoice):
        elsewhere = factories.facility(organization=organization)

        own_factors = factories.custom_group(organization=organization)

        for fields in (
            {"facility_id": str(elsewhere.pk)},
            {"supplier_id": str(factories.supplier().pk)},
            {"custom_emission_factor_id": str(own_factors.pk)},
        ):
            answer = update(caller, invoice, fields)
            assert answer.json()["status"] == "review"
            assert answer["x-processing-job-id"] == str(ProcessingJob.objects.latest("pk").pk)

        assert jobs() == [("RECALCULATE", "API", 1, "PENDING")] * 3

    @pytest.mark.parametrize("status", ["active", "loading"])
    def test_the_calculation_for_a_status_that_needs_results(self, caller, invoice, status):
        update(caller, invoice, status=status)

        assert jobs() == [("CREATE", "API", 1, "PENDING")]

    @pytest.mark.parametrize(
        "fields", [{"status": "inactive"}, {"invoice_id": "E-2"}, {"cups": OTHER_CODE}, {"cups": None}]
    )
    def test_nothing_for_anything_else(self, caller, invoice, fields):
        answer = update(caller, invoice, fields)

        assert "x-processing-job-id" not in answer.headers
        assert jobs() == []


class TestDistributed:
    @pytest.fixture
    def family(self, organization, facility):
        return factories.distributed(facility, factories.facility(organization=organization), cups=CODE)

    def test_passes_on_what_the_whole_shares(self, caller, family):
        parent, _children = family
        supplier = factories.supplier()

        answer = update(caller, parent, cups=OTHER_CODE, supplier_id=str(supplier.pk), status="review").json()

        rows = set(Invoice.objects.values_list("cups", "supplier", "status"))
        assert rows == {(OTHER_CODE, supplier.pk, "review")}
        assert (answer["id"], answer["source_invoice_id"]) == (str(parent.pk), str(parent.pk))

    def test_has_no_place_of_its_own(self, caller, organization, family, nothing_changes):
        nothing_changes()

        response = update(caller, family[0], facility_id=str(factories.facility(organization=organization).pk))

        assert api.is_refused(response, 409, "DISTRIBUTED_INVOICE")

    def test_may_have_a_part_moved(self, caller, organization, family):
        elsewhere = factories.facility(organization=organization)

        response = update(caller, family[1][0], facility_id=str(elsewhere.pk))

        assert response.json()["facility_id"] == str(elsewhere.pk)


class TestRefuses:
    def test_the_code_of_what_datadis_backs(self, caller, facility, nothing_changes):
        contract = factories.datadis_contract(facility=facility, cups=CODE)
        invoice = factories.invoice(facility=facility, cups=CODE, supply_contract=contract)
        nothing_changes()

        response = update(caller, invoice, cups=OTHER_CODE, status="review")

        assert api.is_refused(response, 409, "CUPS_LOCKED_BY_DATADIS")

    def test_the_place_of_what_datadis_backs(self, caller, organization, facility, nothing_changes):
        invoice = factories.invoice(facility=facility, supply_contract=factories.datadis_contract(facility=facility))
        nothing_changes()

        response = update(caller, invoice, facility_id=str(factories.facility(organization=organization).pk))

        assert api.is_refused(response, 409, "INVOICE_LOCKED_BY_DATADIS")

    def test_not_the_status_of_what_datadis_backs(self, caller, facility):
        invoice = factories.invoice(facility=facility, supply_contract=factories.datadis_contract(facility=facility))

        assert update(caller, invoice, status="review", cups=invoice.cups).status_code == 200

    @pytest.mark.parametrize("field", ["supplier_id", "uploaded_by", "custom_emission_factor_id"])
    def test_ids_that_lead_nowhere(self, caller, invoice, nothing_changes, field):
        nothing_changes()

        response = update(caller, invoice, {field: str(api.NOBODYS)})

        assert api.is_refused(response, 400, "INVALID_REFERENCE")
        assert response.json()["detail"] == f"Bad {field}: {api.NOBODYS}"

    def test_a_stranger_as_uploader(self, caller, other_organization, invoice, nothing_changes):
        nothing_changes()

        response = update(caller, invoice, uploaded_by=str(factories.member(other_organization).pk))

        assert api.is_refused(response, 400, "INVALID_REFERENCE")

    @pytest.mark.parametrize("which", ["unknown", "another's", "archived", "of an organization below"])
    def test_places_by_the_rule_of_creating(self, caller, organization, invoice, nothing_changes, which):
        place = {
            "unknown": lambda: api.NOBODYS,
            "another's": lambda: factories.facility().pk,
            "archived": lambda: factories.facility(organization=organization, status="archived").pk,
            "of an organization below": lambda: (
                factories.facility(organization=factories.organization(parent=organization)).pk
            ),
        }[which]()
        nothing_changes()

        response = update(caller, invoice, facility_id=str(place))

        assert api.is_refused(response, 400, "FACILITY_NOT_BELONG_TO_ORGANIZATION")
        assert response.json()["detail"] == (
            f"Bad facility_id: {place}. It must belong to the provided organization_id {organization.pk}"
        )

    def test_codes_of_another_shape_on_electricity(self, caller, invoice, nothing_changes):
        nothing_changes()

        assert api.is_refused(update(caller, invoice, cups="ES1"), 400, "INVALID_CUPS")

    def test_not_on_other_types(self, caller, facility):
        invoice = factories.invoice(facility=facility, type="heat", cups="")

        assert update(caller, invoice, cups="ES1").json()["cups"] == "ES1"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("status", "done"),
            ("status", None),
            ("status", 1),
            ("status", ["active"]),
            ("uploaded_by", None),
            ("uploaded_by", "me"),
            ("facility_id", None),
            ("facility_id", 7),
            ("supplier_id", "x"),
            ("invoice_id", 5),
            ("invoice_id", "x" * 101),
            ("cups", 5),
            ("cups", "x" * 65),
        ],
    )
    def test_what_is_malformed(self, caller, invoice, nothing_changes, field, value):
        nothing_changes()

        response = update(caller, invoice, {field: value})

        assert api.is_refused(response, 422, "VALIDATION_ERROR")
        assert api.places(response) == [["body", field]]

    @pytest.mark.parametrize("body", [[], "text", 7, None])
    def test_what_is_no_object(self, caller, invoice, nothing_changes, body):
        nothing_changes()

        assert api.is_refused(api.patch(caller, path_of(invoice), json.dumps(body)), 422, "VALIDATION_ERROR")

    def test_another_organization_s_invoice_as_an_unknown_one(self, caller, other_organization, nothing_changes):
        theirs = factories.invoice(organization=other_organization)
        nothing_changes()

        response = update(caller, theirs, status="review", supplier_id=str(api.NOBODYS))

        assert api.is_refused(response, 404, "NOT_FOUND")
        assert response.json()["detail"] == f"Invoice with id={theirs.pk!r} not found"

    def test_what_is_no_id_as_an_unknown_invoice(self, caller):
        assert api.is_refused(api.patch(caller, f"{api.INVOICES}/x", {}), 404, "NOT_FOUND")

    def test_a_viewer(self, organization, invoice, nothing_changes):
        nothing_changes()

        assert api.is_refused(update(api.client(organization, "viewer"), invoice, status="active"), 403, "FORBIDDEN")

    def test_put(self, caller, invoice):
        response = caller.put(path_of(invoice), "{}", content_type="application/json")

        assert api.is_refused(response, 405, "METHOD_NOT_ALLOWED")
