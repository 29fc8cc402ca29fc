"""GET /v1/invoices/{id}"""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from facilities.models import Organization
from invoices.models import Invoice
from tests import api, factories, figures

pytestmark = pytest.mark.django_db

INVOICES = "/v1/invoices"
DEMO = "550e8400-e29b-41d4-a716-446655440000"
# As the update page prints it, but for what is only calculated later.
DOCUMENTED = {
    "id": DEMO,
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
    "co2e": None,
    "co2e_biomass": None,
    "cups": "ES0021000000000001XX",
    "file_id": "880e8400-e29b-41d4-a716-446655440000",
    "file_url": "https://storage.dcycle.io/invoices/invoice-2024-001.pdf",
    "uploaded_by": "990e8400-e29b-41d4-a716-446655440000",
    "percentage": 0.5,
    "enabled": True,
    "created_at": "2024-02-01T10:30:00Z",
    "updated_at": "2024-02-15T14:22:00Z",
}
OURS = [
    "error_messages",
    "source",
    "source_invoice_id",
    "facility_percentages",
    "supply_contract_id",
    "total_energy_kwh",
    "emissions",
    "printed_cups",
    "is_parent",
]


def shown(caller, invoice):
    response = caller.get(f"{INVOICES}/{invoice.pk}")
    assert response.status_code == 200, response.content
    return response.json()


def part(child, percentage):
    """Return the row that stands for a child among the percentages."""
    return {
        "organization_id": str(child.organization_id),
        "facility_id": str(child.facility_id),
        "percentage": percentage,
        "company_name": child.organization.name,
        "facility_name": child.facility.name,
    }


def not_found(invoice_id):
    return {"code": "NOT_FOUND", "detail": f"Invoice with id=UUID('{invoice_id}') not found"}


@pytest.fixture
def below(organization):
    """A facility of a company below ours."""
    company = factories.organization(parent=organization, name="Below")
    return factories.facility(organization=company, name="Far away")


def test_answers_as_documented(organization, caller):
    place = factories.facility(id=UUID(DOCUMENTED["facility_id"]), organization=organization, name="Head office")
    _parent, (documented, other) = factories.distributed(
        place,
        factories.facility(organization=organization, name="Data centre"),
        quantity=1500,
        base_quantity=Decimal(3000),
        invoice_number="INV-2024-001-UPDATED",
        supplier=factories.supplier(id=UUID(DOCUMENTED["supplier_id"])),
        cups="ES0021000000000001XX",
        printed_cups="ES0021000000000001XX",
        file_id=UUID(DOCUMENTED["file_id"]),
        file_url=DOCUMENTED["file_url"],
        uploaded_by=factories.user(id=UUID(DOCUMENTED["uploaded_by"])),
        source="pdf",
        created_at=datetime(2024, 2, 1, 10, 30, tzinfo=UTC),
        updated_at=datetime(2024, 2, 15, 14, 22, tzinfo=UTC),
    )
    Invoice.objects.filter(pk=documented.pk).update(id=UUID(DEMO))

    answer = caller.get(f"{INVOICES}/{DEMO}").json()

    assert list(answer) == [*DOCUMENTED, *OURS]
    assert {name: answer[name] for name in DOCUMENTED} == DOCUMENTED
    assert {name: type(answer[name]) for name in ("quantity", "base_quantity", "percentage", "enabled")} == {
        "quantity": float,
        "base_quantity": float,
        "percentage": float,
        "enabled": bool,
    }
    parts = answer.pop("facility_percentages")
    assert sorted(parts, key=lambda row: row["facility_name"]) == [part(other, 0.5), part(documented, 0.5)]
    assert {name: answer[name] for name in OURS if name in answer} == {
        "error_messages": [],
        "source": "pdf",
        "source_invoice_id": str(documented.source_invoice_id),
        "supply_contract_id": None,
        "total_energy_kwh": None,
        "emissions": [],
        "printed_cups": "ES0021000000000001XX",
        "is_parent": False,
    }


def test_what_was_calculated_is_given_category_by_category(facility, caller):
    invoice = factories.invoice(facility=facility)
    moment = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)
    trace = [figures.line(share="0.5", quantity="50.25", flags=["year_fallback"], terms=[figures.TERM])]
    figures.result(invoice, co2e="14.150001", calculated_at=moment, trace=trace, flags="year_fallback")
    figures.result(invoice, "energy", energy_kwh=Decimal(100), calculated_at=moment)
    figures.result(invoice, "electricity_generation", error="No factor.", calculated_at=moment)

    answer = shown(caller, invoice)

    assert (answer["co2e"], answer["co2e_biomass"], answer["total_energy_kwh"]) == (14.150001, 0.0, 100.0)
    market, generation, energy = answer["emissions"]
    assert market == {
        "activity_category": "electricity",
        "co2e": 14.150001,
        "co2e_biomass": 0.0,
        "calculated_at": "2026-01-02T03:04:05Z",
        "trace": [
            {
                "share": 0.5,
                "quantity": 50.25,
                "factor": 0.283,
                "unit": "kWh",
                "source_id": "MITECO",
                "factor_year": 2024,
                "gwp_set": "AR5",
                "flags": ["year_fallback"],
                "start_date": "2024-01-01",
                "end_date": "2024-01-31",
                "biomass_factor": 0.0,
                "terms": [{"name": "direct", "value": 0.2, "unit": "kg/kWh", "source_id": "EEA", "year": 2023}],
                "kind": "residual_mix",
                "label": "",
            }
        ],
        "scope": 2,
        "energy_kwh": None,
        "flags": ["year_fallback"],
        "error": None,
    }
    assert (generation["co2e"], generation["scope"], generation["error"]) == (None, 3, "No factor.")
    assert (energy["co2e"], energy["scope"], energy["energy_kwh"], energy["trace"]) == (None, None, 100.0, [])


def test_a_figure_of_zero_is_no_null(facility, caller):
    invoice = factories.invoice(facility=facility)
    figures.result(invoice, co2e="0")

    body = caller.get(f"{INVOICES}/{invoice.pk}").content.decode()

    assert '"co2e":0.0,"co2e_biomass":0.0,' in body


def test_a_parent_gives_the_sums_of_its_parts(facility, below, caller):
    parent, (here, there) = factories.distributed(facility, below)
    figures.result(here, co2e="6", trace=[figures.line()])

    assert shown(caller, parent)["co2e"] is None
    figures.result(there, co2e="4", trace=[figures.line()])
    answer = shown(caller, parent)

    assert (answer["co2e"], answer["co2e_biomass"], len(answer["emissions"][0]["trace"])) == (10.0, 0.0, 2)


def test_what_is_not_there_is_null(facility, caller):
    invoice = factories.invoice(facility=facility, invoice_number="", cups="", quantity="0.142600")

    answer = shown(caller, invoice)

    nulls = {name for name, value in answer.items() if value is None}
    assert nulls == {
        "invoice_id",
        "facility_fuel_id",
        "supplier_id",
        "custom_emission_factor_id",
        "co2e",
        "co2e_biomass",
        "cups",
        "printed_cups",
        "file_id",
        "file_url",
        "source",
        "source_invoice_id",
        "supply_contract_id",
        "total_energy_kwh",
    }
    assert (answer["quantity"], answer["percentage"]) == (0.1426, 1.0)
    assert answer["facility_percentages"] == [part(invoice, 1.0)]


def test_what_is_there_is_given(facility, caller):
    contract = factories.supply_contract(facility=facility)
    invoice = factories.invoice(
        facility=facility,
        type="heat",
        status="error",
        supply_contract=contract,
        error_messages=["No factor for 2031"],
        printed_cups="es 1234",
        enabled=False,
        quantity="-123456789.123456",
        start_date=date(999, 2, 3),
        created_at=datetime(2024, 2, 1, 10, 30, 0, 999_999, tzinfo=UTC),
    )

    answer = shown(caller, invoice)

    assert (answer["type"], answer["status"], answer["enabled"]) == ("heat", "error", False)
    assert answer["error_messages"] == ["No factor for 2031"]
    assert (answer["cups"], answer["printed_cups"]) == (factories.VALID_CUPS, "es 1234")
    assert answer["supply_contract_id"] == str(contract.pk)
    assert answer["quantity"] == -123456789.123456
    assert (answer["start_date"], answer["created_at"]) == ("0999-02-03T00:00:00", "2024-02-01T10:30:00Z")


def test_numbers_are_given_with_all_their_digits(facility, caller):
    invoice = factories.invoice(facility=facility, quantity="999999999.999999")
    Invoice.objects.filter(pk=invoice.pk).update(percentage=Decimal("0.3333333333"))

    body = caller.get(f"{INVOICES}/{invoice.pk}").content.decode()

    assert '"quantity":999999999.999999,' in body
    assert '"percentage":0.3333333333,' in body


def test_a_parent_is_read_by_its_id_and_shows_its_first_child(organization, facility, below, caller):
    parent, (here, there) = factories.distributed(facility, below, quantity=60)
    Invoice.objects.filter(pk=here.pk).update(percentage=Decimal("0.6"), quantity=36)
    Invoice.objects.filter(pk=there.pk).update(percentage=Decimal("0.4"), quantity=24)

    answer = shown(caller, parent)

    assert (answer["is_parent"], answer["source_invoice_id"]) == (True, str(parent.pk))
    assert answer["facility_id"] == str(facility.pk)
    assert (answer["percentage"], answer["quantity"], answer["base_quantity"]) == (0.6, 36.0, 60.0)
    assert answer["facility_percentages"] == [part(here, 0.6), part(there, 0.4)]


def test_a_parent_without_children_shows_no_facility(organization, caller):
    parent = factories.invoice(organization=organization, is_parent=True)

    answer = shown(caller, parent)

    assert (answer["facility_id"], answer["facility_percentages"]) == (None, [])


def test_a_child_shows_all_parts_to_whom_the_parent_is_in_reach(organization, facility, below):
    _parent, (here, there) = factories.distributed(facility, below)
    parts = [part(here, 0.5), part(there, 0.5)]
    person = factories.member(organization)
    _key, secret = factories.api_key(organization=organization, created_by=person, reach="tree")

    assert shown(api.client(organization), here)["facility_percentages"] == parts
    assert shown(api.client_with(secret, below.organization), there)["facility_percentages"] == parts


@pytest.mark.parametrize("key_fields", [{"reach": "own"}, {"reach": "tree"}])
def test_a_child_shows_its_own_part_alone_to_others(organization, facility, below, key_fields):
    _parent, (_here, there) = factories.distributed(facility, below)

    answer = shown(api.client(below.organization, **key_fields), there)

    assert answer["facility_percentages"] == [part(there, 0.5)]
    assert answer["source_invoice_id"] == str(there.source_invoice_id)


def test_a_key_shows_no_more_than_it_reaches_whoever_made_it(organization, facility, below):
    _parent, (_here, there) = factories.distributed(facility, below)
    person = factories.member(organization)  # reaches the parent, but not with this key
    caller = api.client(below.organization, created_by=person, reach="tree")

    assert shown(caller, there)["facility_percentages"] == [part(there, 0.5)]


def test_somebody_signed_in_sees_what_they_reach(organization, facility, below):
    _parent, (here, there) = factories.distributed(facility, below)
    header = {"x-organization-id": str(below.organization_id)}

    for person, parts in (
        (factories.member(organization), [part(here, 0.5), part(there, 0.5)]),
        (factories.member(below.organization), [part(there, 0.5)]),
    ):
        answer = api.browser(person).get(f"{INVOICES}/{there.pk}", headers=header).json()
        assert answer["facility_percentages"] == parts


def test_a_part_that_has_left_the_tree_is_shown_to_nobody_above(organization, facility, below, caller):
    parent, (here, _there) = factories.distributed(facility, below)
    Organization.objects.filter(pk=below.organization_id).update(parent=None)

    assert shown(caller, parent)["facility_percentages"] == [part(here, 0.5)]


def test_another_organization_s_invoice_is_told_as_one_that_is_not_there(
    organization, other_organization, below, caller
):
    above = factories.organization()
    Organization.objects.filter(pk=organization.pk).update(parent=above)
    places = [factories.facility(organization=owner) for owner in (other_organization, above)]
    unreachable = [factories.invoice(facility=place).pk for place in [*places, below]]

    for invoice_id in [*unreachable, uuid4()]:
        response = caller.get(f"{INVOICES}/{invoice_id}")
        assert (response.status_code, response.json()) == (404, not_found(invoice_id))


@pytest.mark.parametrize("text", ["x", "1", "550e8400", "{550e8400-e29b-41d4-a716-446655440000}", "%00"])
def test_what_is_no_uuid_is_told_as_one_that_is_not_there(caller, text):
    assert api.is_refused(caller.get(f"{INVOICES}/{text}"), 404, "NOT_FOUND")


def test_a_viewer_reads_too(organization, facility):
    assert shown(api.client(organization, role="viewer"), factories.invoice(facility=facility))


def test_a_slash_at_the_end_is_no_redirect(facility, caller):
    assert caller.get(f"{INVOICES}/{factories.invoice(facility=facility).pk}/").status_code == 200


def test_the_number_of_queries_does_not_grow_with_the_parts(organization, facility, caller, django_assert_num_queries):
    single = factories.invoice(facility=facility)
    places = [factories.facility(organization=organization) for _ in range(12)]
    parent, children = factories.distributed(*places)
    shown(caller, single)  # notes the first use of the key

    # The key with its creator; the creator's role; the organization; the invoice; its results.
    with django_assert_num_queries(5):
        shown(caller, single)
    # And how far up the reader reaches; the parts.
    for invoice in (parent, children[0]):
        with django_assert_num_queries(7):
            assert len(shown(caller, invoice)["facility_percentages"]) == 12
