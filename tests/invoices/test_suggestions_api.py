"""GET /v1/invoices/cups/suggestions and what can be done to them; dismissals; batches"""

from datetime import date

import pytest

from invoices.models import Consolidation, CupsAlias, CupsDismissal, Invoice
from tests import api, factories

pytestmark = pytest.mark.django_db

PATH = "/v1/invoices/cups/suggestions"
DISMISSALS = "/v1/invoices/cups/dismissals"
RIGHT = "ES1234123456789012JY"
LOWER, LETTERLESS = RIGHT.lower(), "ES1234123456789012"


@pytest.fixture
def person(organization):
    return factories.member(organization)


@pytest.fixture
def caller(organization, person):
    return api.client(organization, created_by=person)


@pytest.fixture
def filed(facility):
    """Bills of one supply written in three ways, in January, February and March 2024."""
    for month, cups in enumerate((RIGHT, LOWER, LETTERLESS), 1):
        factories.invoice(facility=facility, cups=cups, start_date=date(2024, month, 1), end_date=date(2024, month, 28))


@pytest.fixture
def named(caller, filed):
    """The ids by tier."""
    return {item["tier"]: item["id"] for item in caller.get(PATH).json()["items"]}


def codes():
    return sorted(Invoice.objects.values_list("cups", flat=True))


def test_suggestions_are_listed_in_the_envelope_of_the_invoices(caller, filed, facility):
    answer = caller.get(f"{PATH}?size=1")

    assert answer.status_code == 200
    [item] = answer.json().pop("items")
    assert {name: answer.json()[name] for name in ("total", "page", "size", "pages")} == {
        "total": 2,
        "page": 1,
        "size": 1,
        "pages": 2,
    }
    assert item == {
        "id": item["id"],
        "tier": 0,
        "target_cups": RIGHT,
        "reasons": ["separators"],
        "sources": [
            {
                "cups": LOWER,
                "facility_id": str(facility.pk),
                "facility_name": "Madrid",
                "invoice_count": 1,
                "first_date": "2024-02-01",
                "last_date": "2024-02-28",
                "reasons": ["separators"],
            }
        ],
        "facility_id": str(facility.pk),
        "facility_name": "Madrid",
        "target_reasons": item["target_reasons"],
        "other_targets": item["other_targets"],
        "in_bulk": True,
        "evidence": {
            "missing": 1,
            "filled": 1,
            "overlaps": 0,
            "overlap_days": 0,
            "months": [{"month": "2024-01", "state": "target"}, {"month": "2024-02", "state": "filled"}],
        },
    }
    assert item["target_reasons"][:2] == ["letters_right", "complete"]
    assert caller.get(f"{PATH}/{item['id']}").json() == item


@pytest.mark.parametrize(
    ("query", "tiers"),
    [
        ("tier[]=2", [2]),
        ("tier[]=0&tier[]=2", [0, 2]),
        ("search=9012jy", [0, 2]),
        ("search=nothing", []),
        (f"cups={LETTERLESS}", [2]),
        (f"cups={RIGHT}&tier[]=0", [0]),
        ("facility_id=00000000-0000-7000-8000-000000000000", []),
        ("page=3", []),
    ],
)
def test_they_are_narrowed(caller, filed, query, tiers):
    assert [item["tier"] for item in caller.get(f"{PATH}?{query}").json()["items"]] == tiers


@pytest.mark.parametrize("query", ["tier[]=6", "tier[]=x", "facility_id=1", "size=101", f"cups={'1' * 65}"])
def test_what_makes_no_sense_is_refused(caller, filed, query):
    assert api.is_refused(caller.get(f"{PATH}?{query}"), 422, "VALIDATION_ERROR")


def test_the_number_of_queries_does_not_grow(caller, facility, django_assert_num_queries):
    for number in range(5):
        factories.invoice(facility=facility, cups=f"ES002100000000000{number}")
        factories.invoice(facility=facility, cups=f"es002100000000000{number}")
    caller.get(PATH)  # found and weighed

    # Who asks and for whom; the stamp twice, for the list and for its page; the names of facilities.
    with django_assert_num_queries(10):
        caller.get(PATH)


def test_a_suggestion_is_accepted(caller, named, facility):
    answer = api.post(caller, f"{PATH}/{named[0]}/accept", {"message": "Same"})

    done = Consolidation.objects.get()
    assert answer.json() == {
        "updated_count": 1,
        "affected_facilities": [str(facility.pk)],
        "consolidation_id": str(done.pk),
    }
    assert (done.through, done.message, codes()) == ("API", "Same", [LETTERLESS, RIGHT, RIGHT])
    assert CupsAlias.objects.get().cups == LOWER
    assert api.is_refused(api.post(caller, f"{PATH}/{named[0]}/accept", {}), 404, "NOT_FOUND")


def test_it_is_accepted_under_another_spelling_without_aliases(caller, named):
    body = {"target_cups": f"{RIGHT}0F", "make_aliases": False}

    assert api.post(caller, f"{PATH}/{named[0]}/accept", body).json()["updated_count"] == 2
    assert codes() == [LETTERLESS, f"{RIGHT}0F", f"{RIGHT}0F"]
    assert not CupsAlias.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"leave_out": [LOWER]}, 422, "VALIDATION_ERROR"),
        ({"leave_out": [RIGHT]}, 422, "VALIDATION_ERROR"),
        ({"leave_out": 1}, 422, "VALIDATION_ERROR"),
        ({"leave_out": [None]}, 422, "VALIDATION_ERROR"),
        ({"make_aliases": "yes"}, 422, "VALIDATION_ERROR"),
        ({"target_cups": "\u200b"}, 422, "VALIDATION_ERROR"),
        ({"target_cups": "ES0021000000000001RK"}, 409, "VALID_CODES_DIFFER"),
        ({"plan": "another"}, 409, "PLAN_CHANGED"),
        ({"plan": ""}, 409, "PLAN_CHANGED"),
    ],
)
def test_what_can_not_be_accepted_changes_nothing(caller, named, facility, body, status, code):
    if isinstance(body.get("leave_out"), list):
        places = ({"cups": cups, "facility_id": str(facility.pk)} for cups in body["leave_out"])
        body = {"leave_out": [place if place["cups"] else None for place in places]}

    answer = api.post(caller, f"{PATH}/{named[0]}/accept", body)

    assert api.is_refused(answer, status, code)
    assert codes() == [LETTERLESS, RIGHT, LOWER]


def test_a_suggestion_is_dismissed_listed_and_brought_back(caller, named, facility, person):
    sources = [{"cups": LOWER, "facility_id": str(facility.pk)}]

    [dismissed] = api.post(caller, f"{PATH}/{named[0]}/dismiss", {"sources": sources, "message": "No"}).json()

    assert {name: dismissed[name] for name in ("tier", "cups", "facility_id", "target_cups", "by", "message")} == {
        "tier": 0,
        "cups": LOWER,
        "facility_id": str(facility.pk),
        "target_cups": RIGHT,
        "by": str(person.pk),
        "message": "No",
    }
    assert [item["tier"] for item in caller.get(PATH).json()["items"]] == [2]
    assert caller.get(DISMISSALS).json()["items"] == [dismissed]

    assert api.post(caller, f"{DISMISSALS}/{dismissed['id']}/restore", {}).status_code == 204
    assert caller.get(f"{PATH}/{named[0]}").status_code == 200
    assert api.is_refused(api.post(caller, f"{DISMISSALS}/{dismissed['id']}/restore", {}), 404, "NOT_FOUND")
    assert api.is_refused(api.post(caller, f"{DISMISSALS}/nothing/restore", {}), 404, "NOT_FOUND")


def test_no_source_at_all_is_not_dismissed(caller, named):
    assert api.is_refused(api.post(caller, f"{PATH}/{named[0]}/dismiss", {"sources": []}), 422, "VALIDATION_ERROR")
    assert not CupsDismissal.objects.exists()


def test_a_tier_is_previewed_accepted_and_undone_at_once(caller, named, facility):
    preview = api.post(caller, f"{PATH}/accept-all/preview", {"tier": 2}).json()

    brief = {
        "id": named[2],
        "target_cups": RIGHT,
        "facility_id": str(facility.pk),
        "source_count": 1,
        "invoice_count": 1,
    }
    assert preview == {
        "tier": 2,
        "facility_id": None,
        "suggestion_count": 1,
        "source_count": 1,
        "invoice_count": 1,
        "affected_facilities": [str(facility.pk)],
        "suggestions": [brief],
        "left_out": [],
        "left_out_count": 0,
        "later_count": 0,
        "plan": preview["plan"],
    }
    done = api.post(caller, f"{PATH}/accept-all", {"tier": 2, "plan": preview["plan"]}).json()
    assert (done["updated_count"], done["affected_facilities"]) == (1, [str(facility.pk)])
    assert done["consolidation_ids"] == [str(Consolidation.objects.get().pk)]

    path = f"/v1/consolidations/batches/{done['batch_id']}/undo"
    [undone] = api.post(caller, path, {"remove_aliases": True}).json()
    assert (undone["id"], undone["state"]) == (done["consolidation_ids"][0], "undone")
    assert codes() == [LETTERLESS, RIGHT, LOWER]
    assert api.is_refused(api.post(caller, path, {}), 409, "CONSOLIDATION_ALREADY_UNDONE")


def test_what_is_left_out_is_said(caller, filed, facility):
    factories.invoice(facility=facility, cups=RIGHT, start_date=date(2024, 3, 1), end_date=date(2024, 3, 28))

    preview = api.post(caller, f"{PATH}/accept-all/preview", {"tier": 2, "facility_id": str(facility.pk)}).json()

    assert ([left["why"] for left in preview["left_out"]], preview["left_out_count"]) == (["overlaps"], 1)
    refused = api.post(caller, f"{PATH}/accept-all", {"tier": 2, "plan": preview["plan"]})
    assert api.is_refused(refused, 409, "NOTHING_TO_ACCEPT")


def test_a_changed_tier_is_refused_with_its_new_preview(caller, named):
    answer = api.post(caller, f"{PATH}/accept-all", {"tier": 2, "plan": "another"})

    assert api.is_refused(answer, 409, "PLAN_CHANGED")
    assert answer.json()["preview"]["suggestion_count"] == 1
    assert codes() == [LETTERLESS, RIGHT, LOWER]


@pytest.mark.parametrize("body", [{}, {"tier": 3}, {"tier": "1"}, {"tier": -1}, {"tier": 0, "facility_id": 1}])
def test_an_unsafe_tier_is_refused(caller, filed, body):
    assert api.is_refused(api.post(caller, f"{PATH}/accept-all/preview", body), 422, "VALIDATION_ERROR")


def test_a_viewer_looks_and_decides_nothing(organization, named):
    viewer = api.client(organization, role="viewer")

    assert viewer.get(PATH).json()["total"] == 2
    assert api.post(viewer, f"{PATH}/accept-all/preview", {"tier": 2}).status_code == 200
    assert api.is_refused(api.post(viewer, f"{PATH}/{named[0]}/accept", {}), 403, "FORBIDDEN")
    assert codes() == [LETTERLESS, RIGHT, LOWER]
