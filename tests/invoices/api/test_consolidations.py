"""GET /v1/consolidations, /v1/consolidations/{id} and POST …/undo"""

import re
from uuid import UUID, uuid4

import pytest

from invoices.models import Consolidation, ConsolidationUndo, Invoice
from tests import api, factories

pytestmark = pytest.mark.django_db

FIELDS = [
    "id",
    "state",
    "created_at",
    "by",
    "on_behalf_of",
    "api_key_id",
    "through",
    "message",
    "target_cups",
    "sources",
    "updated_count",
    "affected_facilities",
    "undone_at",
    "undone_by",
]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def person(organization):
    return factories.member(organization)


@pytest.fixture
def caller(organization, person):
    return api.client(organization, created_by=person)


@pytest.fixture
def done(caller, facility):
    """Three invoices rewritten from ES1 to ES2, by the caller."""
    factories.invoices(3, facility=facility, cups="ES1")
    return consolidated(caller, facility)


def consolidated(caller, facility, source="ES1", target="ES2", **fields):
    response = api.post(caller, api.CONSOLIDATE, api.merge(target, (source, facility), **fields))
    assert response.status_code == 200, response.content
    return Consolidation.objects.latest("created_at")


def undo_path(done):
    return f"{api.CONSOLIDATIONS}/{done.pk}/undo"


def codes():
    return sorted(Invoice.objects.values_list("cups", flat=True))


def not_found(consolidation_id):
    return {"code": "NOT_FOUND", "detail": f"Consolidation with id=UUID('{consolidation_id}') not found"}


def test_one_of_them_says_who_did_what(caller, person, facility):
    factories.invoices(3, facility=facility, cups="ES1")
    done = consolidated(caller, facility, message="OCR")

    answer = caller.get(f"{api.CONSOLIDATIONS}/{done.pk}").json()

    assert list(answer) == FIELDS
    assert MOMENT.fullmatch(answer["created_at"])
    assert answer == {
        "id": str(done.pk),
        "state": "done",
        "created_at": answer["created_at"],
        "by": str(person.pk),
        "on_behalf_of": None,
        "api_key_id": str(done.api_key_id),
        "through": "API",
        "message": "OCR",
        "target_cups": "ES2",
        "sources": [{"cups": "ES1", "facility_id": str(facility.pk)}],
        "updated_count": 3,
        "affected_facilities": [str(facility.pk)],
        "undone_at": None,
        "undone_by": None,
    }


def test_the_list_is_newest_first_and_in_pages(caller, facility):
    for number in range(3):
        factories.invoice(facility=facility, cups=f"ES{number}")
        consolidated(caller, facility, source=f"ES{number}", target="X")

    first = caller.get(api.CONSOLIDATIONS, {"size": 2}).json()
    second = caller.get(api.CONSOLIDATIONS, {"size": 2, "page": 2}).json()

    assert list(first) == ["items", "total", "page", "size", "pages"]
    assert [(page["total"], page["page"], page["size"], page["pages"]) for page in (first, second)] == [
        (3, 1, 2, 2),
        (3, 2, 2, 2),
    ]
    items = [*first["items"], *second["items"]]
    assert [item["sources"][0]["cups"] for item in items] == ["ES2", "ES1", "ES0"]
    assert all(list(item) == FIELDS for item in items)


def test_the_list_has_fifty_to_a_page_and_at_most_a_hundred(caller):
    assert caller.get(api.CONSOLIDATIONS).json() == {"items": [], "total": 0, "page": 1, "size": 50, "pages": 0}
    assert caller.get(api.CONSOLIDATIONS, {"size": 100}).json()["size"] == 100
    assert api.places(caller.get(api.CONSOLIDATIONS, {"size": 101})) == [["query", "size"]]


def test_the_number_of_queries_does_not_grow(caller, facility, django_assert_num_queries):
    for number in range(5):
        factories.invoice(facility=facility, cups=f"ES{number}")
        consolidated(caller, facility, source=f"ES{number}", target="X")

    # The key with its creator; the creator's role; the organization; the count; the page.
    with django_assert_num_queries(5):
        assert len(caller.get(api.CONSOLIDATIONS).json()["items"]) == 5


def test_another_organization_s_are_not_there(other_organization, done):
    stranger = api.client(other_organization)

    assert stranger.get(api.CONSOLIDATIONS).json()["items"] == []
    for response in (
        stranger.get(f"{api.CONSOLIDATIONS}/{done.pk}"),
        api.post(stranger, undo_path(done), ""),
        api.post(stranger, undo_path(done), {"message": "ours now"}),
    ):
        assert (response.status_code, response.json()) == (404, not_found(done.pk))
    assert codes() == ["ES2"] * 3


def test_an_unknown_one_is_not_there(caller):
    unknown = uuid4()

    assert caller.get(f"{api.CONSOLIDATIONS}/{unknown}").json() == not_found(unknown)
    for text in ("x", "x.y", "1", f"{{{unknown}}}"):
        assert api.is_refused(caller.get(f"{api.CONSOLIDATIONS}/{text}"), 404, "NOT_FOUND")
        assert api.is_refused(api.post(caller, f"{api.CONSOLIDATIONS}/{text}/undo", ""), 404, "NOT_FOUND")


@pytest.mark.parametrize("slash", ["", "/"])
def test_every_route_answers_with_and_without_a_slash(caller, done, slash):
    assert caller.get(f"{api.CONSOLIDATIONS}{slash}").status_code == 200
    assert caller.get(f"{api.CONSOLIDATIONS}/{str(done.pk).upper()}{slash}").status_code == 200
    assert api.post(caller, f"{undo_path(done)}{slash}", "").status_code == 200


class TestUndo:
    @pytest.mark.parametrize("body", ["", "{}", '{"invoice_ids": null, "skip_conflicts": null, "message": null}'])
    def test_gives_every_invoice_its_code_back(self, caller, person, done, body):
        response = api.post(caller, undo_path(done), body)

        answer = response.json()
        assert response.status_code == 200
        assert list(answer) == FIELDS
        assert (answer["id"], answer["state"], answer["undone_by"]) == (str(done.pk), "undone", str(person.pk))
        assert MOMENT.fullmatch(answer["undone_at"])
        assert answer == caller.get(f"{api.CONSOLIDATIONS}/{done.pk}").json()
        assert codes() == ["ES1"] * 3

    @pytest.mark.parametrize("content_type", ["", "application/octet-stream", "application/x-www-form-urlencoded"])
    def test_needs_no_body_at_all(self, caller, done, content_type):
        assert caller.post(undo_path(done), "", content_type=content_type).json()["state"] == "undone"

    def test_of_some_invoices_leaves_the_rest_for_later(self, caller, done):
        some = [str(pk) for pk in Invoice.objects.values_list("pk", flat=True)[:2]]

        assert api.post(caller, undo_path(done), {"invoice_ids": some}).json()["state"] == "partly_undone"
        assert codes() == ["ES1", "ES1", "ES2"]
        again = api.post(caller, undo_path(done), {"invoice_ids": some})
        assert api.is_refused(again, 409, "CONSOLIDATION_ALREADY_UNDONE")
        assert api.post(caller, undo_path(done), {}).json()["state"] == "undone"
        assert api.is_refused(api.post(caller, undo_path(done), {}), 409, "CONSOLIDATION_ALREADY_UNDONE")
        assert ConsolidationUndo.objects.count() == 2

    def test_of_an_invoice_that_has_changed_since_is_refused_with_the_conflict(self, caller, facility, done):
        moved = Invoice.objects.order_by("start_date")[0]
        api.post(caller, undo_path(done), {"invoice_ids": [str(moved.pk)]})
        later = consolidated(caller, facility, source="ES2", target="ES3")
        first = Invoice.objects.get(start_date="2024-02-01")

        refused = api.post(caller, undo_path(done), {"invoice_ids": [str(first.pk)]})

        assert api.is_refused(refused, 409, "CONSOLIDATION_CONFLICT")
        assert refused.json()["total"] == 1
        assert refused.json()["conflicts"] == [
            {
                "id": str(first.pk),
                "invoice_id": first.invoice_number,
                "facility_id": str(facility.pk),
                "start_date": "2024-02-01",
                "end_date": "2024-02-28",
                "reason": "changed",
                "cups": "ES3",
                "previous_cups": "ES1",
                "later_consolidation_id": str(later.pk),
            }
        ]
        assert codes() == ["ES1", "ES3", "ES3"]

    def test_skips_conflicts_when_asked_to(self, caller, done):
        Invoice.objects.filter(start_date="2024-01-01").update(cups="ES9")

        assert api.is_refused(api.post(caller, undo_path(done), {}), 409, "CONSOLIDATION_CONFLICT")
        assert codes() == ["ES2", "ES2", "ES9"]
        done_in_part = api.post(caller, undo_path(done), {"skip_conflicts": True})
        assert (done_in_part.status_code, done_in_part.json()["state"]) == (200, "partly_undone")
        assert codes() == ["ES1", "ES1", "ES9"]

    def test_of_another_s_work_needs_a_message(self, organization, done):
        other = api.client(organization)

        refused = api.post(other, undo_path(done), {"message": "  "})

        assert api.is_refused(refused, 422, "VALIDATION_ERROR")
        assert api.places(refused) == [["body", "message"]]
        assert codes() == ["ES2"] * 3
        assert api.post(other, undo_path(done), {"message": "they were right"}).json()["state"] == "undone"
        assert ConsolidationUndo.objects.get().message == "they were right"

    def test_of_an_invoice_that_was_not_rewritten_is_refused(self, caller, facility, done):
        stranger = factories.invoice(facility=facility, cups="ES2")

        refused = api.post(caller, undo_path(done), {"invoice_ids": [str(stranger.pk)]})

        assert api.is_refused(refused, 422, "VALIDATION_ERROR")
        assert api.places(refused) == [["body", "invoice_ids"]]
        assert codes() == ["ES2"] * 4

    @pytest.mark.parametrize(
        ("body", "place"),
        [
            ({"invoice_ids": []}, ["invoice_ids"]),
            ({"invoice_ids": {}}, ["invoice_ids"]),
            ({"invoice_ids": "x"}, ["invoice_ids"]),
            ({"invoice_ids": [1]}, ["invoice_ids", 0]),
            ({"invoice_ids": [str(UUID(int=1)), None]}, ["invoice_ids", 1]),
            ({"invoice_ids": [str(UUID(int=1))] * 10_001}, ["invoice_ids"]),
            ({"skip_conflicts": "true"}, ["skip_conflicts"]),
            ({"skip_conflicts": 1}, ["skip_conflicts"]),
            ({"skip_conflicts": []}, ["skip_conflicts"]),
            ({"message": 1}, ["message"]),
            ({"message": "m" * 501}, ["message"]),
            ([], []),
        ],
    )
    def test_that_is_malformed_is_refused(self, caller, done, body, place):
        refused = api.post(caller, undo_path(done), body)

        assert api.is_refused(refused, 422, "VALIDATION_ERROR")
        assert api.places(refused) == [["body", *place]]
        assert codes() == ["ES2"] * 3

    def test_sent_again_under_its_key_is_answered_again(self, caller, done):
        first, again = (api.post(caller, undo_path(done), {}, **{"idempotency-key": "u"}) for _ in range(2))

        assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
        assert again["Idempotency-Replayed"] == "true"
