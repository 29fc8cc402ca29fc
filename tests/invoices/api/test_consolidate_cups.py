"""POST /v1/invoices/consolidate-cups, and its preview"""

import json
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from invoices.models import Consolidation, CupsGroup, Invoice
from tests import api, factories

pytestmark = pytest.mark.django_db

RIGHT = "ES0021000000000000001AB"
SHORT = "ES0021000000000000001A"
SHORTER = "ES0021000000000000001"
BOTH = pytest.mark.parametrize("path", [api.CONSOLIDATE, api.PREVIEW])


@pytest.fixture
def damaged(facility):
    """Three invoices under one short code and two under another."""
    return [
        *factories.invoices(3, facility=facility, cups=SHORT),
        *factories.invoices(2, facility=facility, cups=SHORTER),
    ]


@pytest.fixture
def nothing_changes():
    """Prove at the end that no invoice, group or record is other than at the start."""

    def state():
        return (
            sorted(Invoice.objects.values_list("pk", "cups", "updated_at")),
            sorted(CupsGroup.objects.values_list("cups", "facility", "invoice_count", "revision")),
            Consolidation.objects.count(),
        )

    start = []
    yield lambda: start.append(state())
    assert start == [state()]


def test_answers_as_documented(organization, caller):
    facility = factories.facility(id=UUID("da59c96f-995a-4ec3-88bd-465dcbabf63d"), organization=organization)
    factories.invoices(23, facility=facility, cups=SHORT)
    factories.invoices(12, facility=facility, cups=SHORTER)

    response = api.post(
        caller,
        api.CONSOLIDATE,
        """{
        "target_cups": "ES0021000000000000001AB",
        "sources": [
            { "cups": "ES0021000000000000001A", "facility_id": "da59c96f-995a-4ec3-88bd-465dcbabf63d" },
            { "cups": "ES0021000000000000001",  "facility_id": "da59c96f-995a-4ec3-88bd-465dcbabf63d" }
        ]}""",
    )

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json() == {
        "updated_count": 35,
        "affected_facilities": ["da59c96f-995a-4ec3-88bd-465dcbabf63d"],
    }
    assert list(CupsGroup.objects.values_list("cups", "invoice_count")) == [(RIGHT, 35)]


def test_facilities_are_sorted_and_only_those_that_were_affected(organization, caller):
    places = [factories.facility(organization=organization) for _ in range(3)]
    for place in places[:2]:
        factories.invoice(facility=place, cups=SHORT)

    done = api.post(caller, api.CONSOLIDATE, api.merge(RIGHT, *((SHORT, place) for place in reversed(places))))

    assert done.json()["affected_facilities"] == sorted(str(place.pk) for place in places[:2])


def test_the_record_says_who_what_and_why(caller, facility, damaged):
    api.post(caller, api.CONSOLIDATE, api.merge(RIGHT, (SHORT, facility), message="OCR\n¿de quién?"))

    done = Consolidation.objects.get()
    assert (done.target_cups, done.message, done.through, done.updated_count) == (RIGHT, "OCR\n¿de quién?", "API", 3)


def test_a_slash_at_the_end_is_no_redirect(caller, facility, damaged):
    done = api.post(caller, f"{api.CONSOLIDATE}/", api.merge(RIGHT, (SHORT, facility)))

    assert (done.status_code, done.json()["updated_count"]) == (200, 3)
    assert api.post(caller, f"{api.PREVIEW}/", api.merge(RIGHT, (SHORT, facility))).status_code == 200


def test_repeated_pairs_count_once(caller, facility, damaged):
    done = api.post(caller, api.CONSOLIDATE, api.merge(RIGHT, *[(SHORT, facility)] * 3))

    assert done.json()["updated_count"] == 3
    assert len(Consolidation.objects.get().sources) == 1


@pytest.mark.parametrize("code", [f" {SHORT}", f"{SHORT} ", SHORT.lower(), "ES%", "x" * 500])
def test_a_source_matches_exactly_as_listed_and_adds_nothing_otherwise(caller, facility, damaged, code):
    done = api.post(caller, api.CONSOLIDATE, api.merge(RIGHT, (code, facility)))

    assert done.json() == {"updated_count": 0, "affected_facilities": []}
    assert not Consolidation.objects.exists()


def test_a_source_with_spaces_is_found_as_it_is_listed(caller, facility):
    factories.invoice(facility=facility, cups=" ES 1 ")

    assert api.post(caller, api.CONSOLIDATE, api.merge(RIGHT, (" ES 1 ", facility))).json()["updated_count"] == 1


def test_the_target_is_trimmed_and_its_format_is_free(caller, facility, damaged):
    api.post(caller, api.CONSOLIDATE, api.merge("  not a CUPS, ñ  ", (SHORT, facility)))

    assert Invoice.objects.filter(cups="not a CUPS, ñ").count() == 3


def test_a_locked_code_may_be_the_target(caller, facility, damaged):
    contract = factories.datadis_contract(facility=facility, cups=RIGHT)
    factories.invoice(facility=facility, cups=RIGHT, supply_contract=contract)

    assert api.post(caller, api.CONSOLIDATE, api.merge(RIGHT, (SHORT, facility))).json()["updated_count"] == 3


def test_the_documented_call_counts_as_confirmed(caller, facility):
    factories.invoice(facility=facility, cups=factories.VALID_CUPS)

    done = api.post(caller, api.CONSOLIDATE, api.merge(factories.OTHER_VALID_CUPS, (factories.VALID_CUPS, facility)))

    assert (done.status_code, done.json()["updated_count"]) == (200, 1)


def test_unknown_fields_are_ignored_and_null_is_absent(caller, facility, damaged):
    body = api.merge(RIGHT, (SHORT, facility), message=None, plan=None, confirmed=False, organization_id="x")
    body["sources"][0]["facility_name"] = 5

    assert api.post(caller, api.CONSOLIDATE, body).json()["updated_count"] == 3


class TestARefusal:
    @BOTH
    def test_of_a_facility_of_another_organization(
        self, caller, facility, damaged, other_organization, nothing_changes, path
    ):
        theirs = factories.facility(organization=other_organization)
        factories.invoice(facility=theirs, cups=SHORT)
        nothing_changes()

        refused = api.post(caller, path, api.merge(RIGHT, (SHORT, facility), (SHORT, theirs)))

        assert api.is_refused(refused, 403, "FACILITY_NOT_BELONG_TO_ORGANIZATION")

    @BOTH
    def test_of_an_unknown_facility(self, caller, damaged, nothing_changes, path):
        nothing_changes()

        refused = api.post(
            caller, path, {"target_cups": RIGHT, "sources": [{"cups": SHORT, "facility_id": str(uuid4())}]}
        )

        assert api.is_refused(refused, 403, "FACILITY_NOT_BELONG_TO_ORGANIZATION")

    @BOTH
    def test_of_a_locked_source(self, caller, facility, damaged, nothing_changes, path):
        contract = factories.datadis_contract(facility=facility)
        factories.invoice(facility=facility, cups=SHORTER, supply_contract=contract)
        nothing_changes()

        refused = api.post(caller, path, api.merge(RIGHT, (SHORT, facility), (SHORTER, facility)))

        assert api.is_refused(refused, 409, "CUPS_LOCKED_BY_DATADIS")
        assert SHORTER in refused.json()["detail"]

    @BOTH
    def test_comes_in_the_documented_order(self, caller, facility, nothing_changes, path):
        contract = factories.datadis_contract(facility=facility)
        factories.invoice(facility=facility, cups=SHORT, supply_contract=contract)
        nothing_changes()
        foreign = factories.facility()

        malformed = api.merge("", (SHORT, foreign), (SHORT, facility))
        assert api.is_refused(api.post(caller, path, malformed), 422, "VALIDATION_ERROR")
        both = api.merge(RIGHT, (SHORT, facility), (SHORT, foreign))
        assert api.is_refused(api.post(caller, path, both), 403, "FACILITY_NOT_BELONG_TO_ORGANIZATION")

    def test_of_a_plan_that_is_no_longer_true_comes_with_the_new_one(self, caller, facility, damaged, nothing_changes):
        body = api.merge(RIGHT, (SHORT, facility))
        plan = api.post(caller, api.PREVIEW, body).json()["plan"]
        factories.invoice(facility=facility, cups=SHORT)
        nothing_changes()

        refused = api.post(caller, api.CONSOLIDATE, {**body, "plan": plan})

        assert api.is_refused(refused, 409, "PLAN_CHANGED")
        assert refused.json()["preview"] == api.post(caller, api.PREVIEW, body).json()
        assert refused.json()["preview"]["updated_count"] == 4
        assert refused.json()["preview"]["plan"] != plan


def _one(**fields):
    return {"cups": SHORT, "facility_id": "da59c96f-995a-4ec3-88bd-465dcbabf63d", **fields}


MALFORMED = [
    # What is sent instead, and where the answer points.
    ({"target_cups": ""}, ["target_cups"]),
    ({"target_cups": "   "}, ["target_cups"]),
    ({"target_cups": None}, ["target_cups"]),
    ({"target_cups": 21}, ["target_cups"]),
    ({"target_cups": True}, ["target_cups"]),
    ({"target_cups": ["ES1"]}, ["target_cups"]),
    ({"target_cups": {}}, ["target_cups"]),
    ({"target_cups": "A" * 65}, ["target_cups"]),
    ({"target_cups": "A\x00B"}, ["target_cups"]),
    ({"target_cups": "A\nB"}, ["target_cups"]),
    ({"target_cups": "A\u200bB"}, ["target_cups"]),
    ({"target_cups": "A\u202eB"}, ["target_cups"]),
    ({"target_cups": "A\ud800B"}, ["target_cups"]),
    ({"sources": None}, ["sources"]),
    ({"sources": []}, ["sources"]),
    ({"sources": {}}, ["sources"]),
    ({"sources": "ES1"}, ["sources"]),
    ({"sources": [_one()] * 10_001}, ["sources"]),
    ({"sources": [None]}, ["sources", 0]),
    ({"sources": ["ES1"]}, ["sources", 0]),
    ({"sources": [[]]}, ["sources", 0]),
    ({"sources": [_one(), _one(cups="")]}, ["sources", 1, "cups"]),
    ({"sources": [_one(cups=None)]}, ["sources", 0, "cups"]),
    ({"sources": [_one(cups=5)]}, ["sources", 0, "cups"]),
    ({"sources": [_one(cups=1.5)]}, ["sources", 0, "cups"]),
    ({"sources": [_one(cups=False)]}, ["sources", 0, "cups"]),
    ({"sources": [_one(cups="A\x00")]}, ["sources", 0, "cups"]),
    ({"sources": [_one(cups="\udfff")]}, ["sources", 0, "cups"]),
    ({"sources": [{"facility_id": str(api.NOBODYS)}]}, ["sources", 0, "cups"]),
    ({"sources": [{"cups": SHORT}]}, ["sources", 0, "facility_id"]),
    ({"sources": [_one(facility_id=None)]}, ["sources", 0, "facility_id"]),
    ({"sources": [_one(facility_id=5)]}, ["sources", 0, "facility_id"]),
    ({"sources": [_one(facility_id="")]}, ["sources", 0, "facility_id"]),
    ({"sources": [_one(facility_id="x")]}, ["sources", 0, "facility_id"]),
    ({"sources": [_one(facility_id="{da59c96f-995a-4ec3-88bd-465dcbabf63d}")]}, ["sources", 0, "facility_id"]),
    ({"message": 5}, ["message"]),
    ({"message": ["x"]}, ["message"]),
    ({"message": "m" * 501}, ["message"]),
    ({"message": "m\x00"}, ["message"]),
    ({"message": "m\ud83d"}, ["message"]),
    ({"plan": 5}, ["plan"]),
    ({"plan": {}}, ["plan"]),
]


@BOTH
@pytest.mark.parametrize(("instead", "place"), MALFORMED, ids=lambda value: json.dumps(value)[:50])
def test_what_is_malformed_is_refused_with_its_place(caller, path, instead, place):
    response = api.post(caller, path, {"target_cups": RIGHT, "sources": [_one()], **instead})

    assert api.is_refused(response, 422, "VALIDATION_ERROR")
    assert api.places(response) == [["body", *place]]
    assert response.json()["detail"] == response.json()["errors"][0]["msg"]


@BOTH
@pytest.mark.parametrize(
    "body", ["", "{", "null", "[]", "5", '"x"', "NaN", "[" * 100_000, b"\xff\xfe", '{"a": Infinity}', "9" * 5_000]
)
def test_a_body_that_is_no_object_is_refused(caller, path, body):
    response = api.post(caller, path, body)

    assert api.is_refused(response, 422, "VALIDATION_ERROR")
    if body:
        assert api.places(response) == [["body"]]
    else:
        assert api.places(response) == [["body", "target_cups"], ["body", "sources"]]


@BOTH
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""],
)
def test_another_content_type_is_refused(caller, path, content_type):
    response = caller.post(path, "{}", content_type=content_type)

    assert api.is_refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("charset", ["bz2", "nothing", "\xff"])
def test_a_charset_that_is_none_is_refused(caller, charset):
    response = caller.generic("POST", api.PREVIEW, b"{}", content_type=f"application/json; charset={charset}")

    assert api.is_refused(response, 422, "VALIDATION_ERROR")


def test_a_body_beyond_the_limit_is_refused(caller, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    response = api.post(caller, api.PREVIEW, {"target_cups": RIGHT, "sources": [_one()]})

    assert api.is_refused(response, 413, "REQUEST_TOO_LARGE")


def test_only_json_is_answered(caller):
    assert api.is_refused(caller.get(api.CUPS, headers={"accept": "text/html"}), 406, "NOT_ACCEPTABLE")
    assert caller.get(api.CUPS, headers={"accept": "text/html, */*;q=0.1"}).status_code == 200


def test_errors_of_many_sources_are_cut_short(caller):
    response = api.post(caller, api.PREVIEW, {"target_cups": RIGHT, "sources": [None] * 300})

    assert len(response.json()["errors"]) == 100


def test_ten_thousand_sources_are_taken(caller, facility, damaged):
    pairs = [(f"ES{number:04}", facility) for number in range(9_999)]

    done = api.post(caller, api.CONSOLIDATE, api.merge(RIGHT, (SHORT, facility), *pairs))

    assert done.json()["updated_count"] == 3


class TestThePreview:
    def test_says_what_would_happen_and_writes_nothing(self, caller, facility, damaged, nothing_changes):
        nothing_changes()

        with CaptureQueriesContext(connection) as queries:
            preview = api.post(caller, api.PREVIEW, api.merge(RIGHT, (SHORT, facility), (SHORTER, facility))).json()

        plan = preview.pop("plan")
        assert preview == {
            "updated_count": 5,
            "affected_facilities": [str(facility.pk)],
            "groups": [
                {
                    "cups": code,
                    "facility_id": str(facility.pk),
                    "facility_name": "Madrid",
                    "invoice_count": count,
                    "first_date": "2024-01-01",
                    "last_date": last,
                    "is_locked": False,
                    "check": "damaged",
                }
                for code, count, last in ((SHORTER, 2, "2024-02-28"), (SHORT, 3, "2024-03-28"))
            ],
            "target": {"cups": RIGHT, "check": "damaged", "expected": None},
            "rows_left": 1,
            "warnings": preview["warnings"],
        }
        assert isinstance(plan, str)
        writes = [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        assert [sql for sql in writes if "apikey" not in sql] == []

    def test_says_one_row_for_each_facility(self, organization, caller):
        places = [factories.facility(organization=organization) for _ in range(2)]
        for place in places:
            factories.invoice(facility=place, cups=SHORT)

        preview = api.post(caller, api.PREVIEW, api.merge(RIGHT, *((SHORT, place) for place in places))).json()

        assert (preview["rows_left"], preview["updated_count"]) == (2, 2)

    def test_of_nothing_is_empty(self, caller, facility):
        preview = api.post(caller, api.PREVIEW, api.merge(RIGHT, (SHORT, facility))).json()

        assert (preview["updated_count"], preview["groups"], preview["rows_left"]) == (0, [], 0)

    def test_gives_the_code_with_its_right_letters(self, caller, facility):
        preview = api.post(caller, api.PREVIEW, api.merge("ES0031406398765432GH0F", (SHORT, facility))).json()

        assert preview["target"] == {
            "cups": "ES0031406398765432GH0F",
            "check": "letters_wrong",
            "expected": "ES0031406398765432QR0F",
        }

    def test_warns_in_english_with_what_is_behind_it(self, caller, facility):
        same = {"invoice_number": "E-1", "supplier": factories.supplier()}
        factories.invoice(facility=facility, cups=factories.VALID_CUPS, **same)
        factories.invoice(facility=facility, cups=factories.OTHER_VALID_CUPS, **same)

        body = api.merge(factories.OTHER_VALID_CUPS, (factories.VALID_CUPS, facility))
        warnings = api.post(caller, api.PREVIEW, body, **{"accept-language": "es"}).json()["warnings"]

        by_code = {warning["code"]: warning for warning in warnings}
        assert set(by_code) == {"VALID_CODES_DIFFER", "SAME_INVOICE"}
        assert by_code["VALID_CODES_DIFFER"] == {
            "code": "VALID_CODES_DIFFER",
            "detail": "Two of the codes are sound CUPS of different supplies.",
            "cups": [factories.OTHER_VALID_CUPS, factories.VALID_CUPS],
        }
        assert by_code["SAME_INVOICE"]["invoice_count"] == 1

    def test_is_what_then_happens(self, caller, facility, damaged):
        body = api.merge(RIGHT, (SHORT, facility), (SHORTER, facility))
        preview = api.post(caller, api.PREVIEW, body).json()

        done = api.post(caller, api.CONSOLIDATE, {**body, "plan": preview["plan"]}).json()

        assert done == {name: preview[name] for name in ("updated_count", "affected_facilities")}
        assert CupsGroup.objects.count() == preview["rows_left"]

    def test_asks_no_query_more_for_more_groups(self, organization, caller, facility):
        def queries(*pairs):
            with CaptureQueriesContext(connection) as asked:
                assert api.post(caller, api.PREVIEW, api.merge(RIGHT, *pairs)).status_code == 200
            return len(asked)

        pairs = []
        for number in range(12):
            place = factories.facility(organization=organization)
            factories.invoice(facility=place, cups=f"ES{number}")
            pairs.append((f"ES{number}", place))
        queries(pairs[0])

        assert queries(*pairs) <= queries(*pairs[:2])
