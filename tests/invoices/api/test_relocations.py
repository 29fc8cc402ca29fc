"""Codes at several facilities, and moving invoices, over the API."""

import pytest

from invoices.models import Invoice, Relocation
from tests import api, factories

pytestmark = pytest.mark.django_db

CODE = factories.VALID_CUPS
ELSEWHERE, RELOCATIONS = "/v1/invoices/cups/elsewhere", "/v1/relocations"


@pytest.fixture
def lugo(organization):
    return factories.facility(organization=organization, name="Lugo")


@pytest.fixture
def wish(facility, lugo):
    return {"cups": CODE, "from_facility_id": str(lugo.pk), "to_facility_id": str(facility.pk)}


@pytest.fixture
def filed(facility, lugo):
    """Two invoices of ours in Madrid, and one of them once more in Lugo."""
    rows = factories.invoices(2, facility=facility)
    return [*rows, *factories.invoices(1, facility=lugo)]


def test_what_is_at_several_places_is_listed(organization, facility, lugo, filed):
    factories.invoice(facility=lugo, type="heat", cups=f"{CODE}0F")
    caller = api.client(organization, role="viewer")

    answer = caller.get(ELSEWHERE, {"size": 1}).json()
    gas = caller.get(ELSEWHERE, {"code": "ELECTRICITY_AND_HEAT", "facility_id": str(lugo.pk)}).json()

    (found,) = answer["items"]
    assert (answer["total"], answer["total_pages"]) == (2, 2)
    assert (found["code"], found["cups"], found["invoice_count"]) == ("SAME_SUPPLY_TWO_FACILITIES", CODE, 3)
    assert [(place["facility_id"], place["type"], place["invoice_count"]) for place in found["places"]] == [
        (str(facility.pk), "electricity", 2),
        (str(lugo.pk), "electricity", 1),
    ]
    (overlap,) = found["overlaps"]
    assert (overlap["code"], overlap["invoice_count"], overlap["days"]) == ("SAME_INVOICE", 1, 27)
    assert {bill["facility_id"] for bill in overlap["pairs"][0]} == {str(facility.pk), str(lugo.pk)}
    assert [(place["type"], place["cups"]) for place in gas["items"][0]["places"]] == [
        ("electricity", CODE),
        ("electricity", CODE),
        ("heat", f"{CODE}0F"),
    ]
    assert gas["items"][0]["overlaps"] == []
    assert api.is_refused(caller.get(ELSEWHERE, {"code": "OTHER"}), 422, "VALIDATION_ERROR")


def test_a_move_is_previewed_made_listed_and_taken_back(organization, facility, filed, wish):
    contract = factories.supply_contract(facility=facility)
    caller = api.client(organization)

    preview = api.post(caller, f"{RELOCATIONS}/preview", wish).json()
    assert (preview["moved_count"], preview["invoice_ids"]) == (1, [str(filed[2].pk)])
    assert preview["supply_contracts"] == [{"supply_contract_id": str(contract.pk), "invoice_count": 1}]
    assert [overlap["code"] for overlap in preview["overlaps"]] == ["SAME_INVOICE"]
    assert Relocation.objects.count() == 0

    made = api.post(caller, RELOCATIONS, {**wish, "plan": preview["plan"], "message": "Wrong place"})
    assert made.status_code == 201
    assert (made.json()["moved_count"], made.json()["is_undone"], made.json()["undone_at"]) == (1, False, None)
    assert Invoice.objects.filter(facility=facility).count() == 3

    undone = api.post(caller, f"{RELOCATIONS}/{made.json()['id']}/undo", {"message": "It was right"}).json()
    assert (undone["is_undone"], undone["restored_count"], undone["conflict_count"]) == (True, 1, 0)
    assert undone["undone_at"]
    assert undone["undone_by"]
    assert caller.get(RELOCATIONS).json()["items"] == [undone]
    assert Invoice.objects.filter(facility=facility).count() == 2


def test_what_changed_since_the_preview_is_shown_anew(organization, lugo, filed, wish):
    caller = api.client(organization)
    seen = api.post(caller, f"{RELOCATIONS}/preview", wish).json()["plan"]
    factories.invoice(facility=lugo)

    answer = api.post(caller, RELOCATIONS, {**wish, "plan": seen})

    assert api.is_refused(answer, 409, "PLAN_CHANGED")
    assert answer.json()["preview"]["moved_count"] == 2
    assert Relocation.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"cups": "ES-1"}, 409, "NOTHING_TO_MOVE"),
        ({"to_facility_id": str(api.NOBODYS)}, 400, "FACILITY_NOT_BELONG_TO_ORGANIZATION"),
        ({"to_facility_id": "Lugo"}, 422, "VALIDATION_ERROR"),
    ],
)
def test_what_can_not_move_is_refused(organization, filed, wish, changes, status, code):
    caller = api.client(organization)

    for path in (RELOCATIONS, f"{RELOCATIONS}/preview"):
        assert api.is_refused(api.post(caller, path, wish | changes), status, code)

    assert Relocation.objects.count() == 0


def test_the_same_facility_is_told_where_it_stands(organization, filed, wish):
    answer = api.post(api.client(organization), RELOCATIONS, wish | {"to_facility_id": wish["from_facility_id"]})

    assert api.is_refused(answer, 422, "VALIDATION_ERROR")
    assert api.places(answer) == [["body", "to_facility_id"]]
