"""POST /v1/invoices/recalculate"""

import json
from datetime import date
from uuid import UUID, uuid4

import pytest
from django.conf import settings

from invoices import recalculating
from invoices.models import Invoice, JobChunk, ProcessingJob
from tests import api, factories

pytestmark = pytest.mark.django_db

RECALCULATE = "/v1/invoices/recalculate"


def asked(invoices, *categories):
    return {"invoice_ids": [str(getattr(one, "pk", one)) for one in invoices], "activity_categories": list(categories)}


def post(caller, invoices, *categories, **headers):
    return api.post(caller, RECALCULATE, asked(invoices, *categories), **headers)


def is_refused(response, status, code):
    assert not ProcessingJob.objects.exists()
    return api.is_refused(response, status, code)


@pytest.fixture
def invoices(facility):
    return factories.invoices(2, facility=facility)


def test_answers_as_documented(invoices, caller):
    before = list(Invoice.objects.order_by("pk").values())

    response = post(caller, invoices, "electricity", "electricity_location_based")

    assert response.status_code == 202
    answer = response.json()
    assert list(answer) == ["invoice_ids", "count", "processing_job_ids"]
    assert answer["invoice_ids"] == [str(invoice.pk) for invoice in invoices]
    assert (answer["count"], type(answer["count"])) == (2, int)
    jobs = [ProcessingJob.objects.get(pk=UUID(job_id)) for job_id in answer["processing_job_ids"]]
    assert [job.activity_category for job in jobs] == ["electricity", "electricity_location_based"]
    assert {(job.action, job.trigger_type, job.status, job.items_total) for job in jobs} == {
        ("RECALCULATE", "API", "PENDING", 2)
    }
    assert list(Invoice.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("type_", "category"),
    [
        ("heat", "stationary"),
        ("heat", "stationary_generation"),
        ("electricity", "electricity"),
        ("electricity", "electricity_location_based"),
        ("electricity", "electricity_generation"),
        ("electricity", "electricity_transmission_and_distribution"),
        ("heat", "energy"),
        ("electricity", "energy"),
    ],
)
def test_takes_every_documented_category(facility, caller, type_, category):
    response = post(caller, [factories.invoice(facility=facility, type=type_)], category)

    assert (response.status_code, response.json()["count"]) == (202, 1)
    assert ProcessingJob.objects.get().activity_category == category


def test_repeated_ids_and_categories_count_once(invoices, caller):
    first, second = invoices

    answer = post(caller, [second, first, str(second.pk).upper(), second.pk.hex], "energy", "energy").json()

    assert answer["invoice_ids"] == [str(second.pk), str(first.pk)]
    assert (answer["count"], len(answer["processing_job_ids"])) == (2, 1)


def test_foreign_ids_are_silently_dropped(other_organization, invoices, caller):
    theirs = factories.invoice(facility=factories.facility(organization=other_organization), type="water")

    answer = post(caller, [theirs, *invoices, uuid4()], "electricity").json()

    assert answer["invoice_ids"] == [str(invoice.pk) for invoice in invoices]


def test_nothing_left_is_accepted_without_a_job(other_organization, caller):
    theirs = factories.invoice(facility=factories.facility(organization=other_organization))

    response = post(caller, [theirs], "stationary")

    assert response.status_code == 202
    assert response.json() == {"invoice_ids": [], "count": 0, "processing_job_ids": []}
    assert not ProcessingJob.objects.exists()


def test_a_parent_means_its_children(organization, facility, caller):
    company = factories.organization(parent=organization)
    parent, children = factories.distributed(facility, factories.facility(organization=company))

    answer = post(caller, [parent], "electricity").json()

    assert answer["invoice_ids"] == [str(child.pk) for child in children]
    assert answer["count"] == 2


@pytest.mark.parametrize(
    ("types", "categories", "code"),
    [
        (["heat", "electricity"], ["electricity"], "MIXED_INVOICE_TYPES"),
        (["heat", "electricity"], ["energy", "stationary"], "MIXED_INVOICE_TYPES"),
        (["water"], ["energy"], "UNSUPPORTED_INVOICE_TYPE"),
        (["heat"], ["electricity"], "ACTIVITY_CATEGORY_MISMATCH"),
        (["electricity"], ["electricity", "stationary"], "ACTIVITY_CATEGORY_MISMATCH"),
        # The first of them that is true is told.
        (["water", "process"], ["electricity"], "MIXED_INVOICE_TYPES"),
        (["water"], ["electricity"], "UNSUPPORTED_INVOICE_TYPE"),
    ],
)
def test_refuses_what_can_not_be_calculated(facility, caller, types, categories, code):
    invoices = [factories.invoice(facility=facility, type=type_) for type_ in types]

    assert is_refused(post(caller, invoices, *categories), 400, code)


def test_energy_alone_takes_heat_and_electricity_together(facility, caller):
    invoices = [factories.invoice(facility=facility, type=type_) for type_ in ("heat", "electricity")]

    assert post(caller, invoices, "energy").json()["count"] == 2


_ID = str(api.NOBODYS)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"activity_categories": ["energy"]}, ["body", "invoice_ids"]),
        ({"invoice_ids": [], "activity_categories": ["energy"]}, ["body", "invoice_ids"]),
        ({"invoice_ids": None, "activity_categories": ["energy"]}, ["body", "invoice_ids"]),
        ({"invoice_ids": _ID, "activity_categories": ["energy"]}, ["body", "invoice_ids"]),
        ({"invoice_ids": {}, "activity_categories": ["energy"]}, ["body", "invoice_ids"]),
        ({"invoice_ids": [_ID, "x"], "activity_categories": ["energy"]}, ["body", "invoice_ids", 1]),
        ({"invoice_ids": [7], "activity_categories": ["energy"]}, ["body", "invoice_ids", 0]),
        ({"invoice_ids": [None], "activity_categories": ["energy"]}, ["body", "invoice_ids", 0]),
        ({"invoice_ids": [_ID]}, ["body", "activity_categories"]),
        ({"invoice_ids": [_ID], "activity_categories": []}, ["body", "activity_categories"]),
        ({"invoice_ids": [_ID], "activity_categories": "energy"}, ["body", "activity_categories"]),
        ({"invoice_ids": [_ID], "activity_categories": ["energy", "water"]}, ["body", "activity_categories", 1]),
        ({"invoice_ids": [_ID], "activity_categories": ["Energy"]}, ["body", "activity_categories", 0]),
        ({"invoice_ids": [_ID], "activity_categories": [""]}, ["body", "activity_categories", 0]),
        ({"invoice_ids": [_ID], "activity_categories": [1]}, ["body", "activity_categories", 0]),
        ({"invoice_ids": [_ID], "activity_categories": [["energy"]]}, ["body", "activity_categories", 0]),
        ({"invoice_ids": [_ID], "activity_categories": [None]}, ["body", "activity_categories", 0]),
    ],
)
def test_what_is_malformed_is_refused_at_its_place(caller, body, place):
    response = api.post(caller, RECALCULATE, body)

    assert is_refused(response, 422, "VALIDATION_ERROR")
    assert api.places(response) == [place]


@pytest.mark.parametrize("body", ["", "[]", "null", '"x"', "{", "7"])
def test_what_is_no_object_is_refused(caller, body):
    assert is_refused(api.post(caller, RECALCULATE, body), 422, "VALIDATION_ERROR")


def test_a_viewer_may_not(organization, invoices):
    assert is_refused(post(api.client(organization, role="viewer"), invoices, "energy"), 403, "FORBIDDEN")


def test_the_route_is_a_post_alone(caller):
    assert api.is_refused(caller.get(RECALCULATE), 405, "METHOD_NOT_ALLOWED")


def test_the_same_key_gives_the_first_answer_again(invoices, caller):
    headers = {"Idempotency-Key": "once"}

    first, second = (post(caller, invoices, "energy", **headers) for _ in range(2))

    assert (second.status_code, second.json()) == (202, first.json())
    assert second["Idempotency-Replayed"] == "true"
    assert ProcessingJob.objects.count() == 1


def test_thousands_of_ids_are_taken_in_chunks(facility, caller, django_assert_max_num_queries):
    fields = {"start_date": date(2024, 1, 1), "end_date": date(2024, 1, 31)}
    invoices = factories.invoices(
        2_000, facility=facility, uploaded_by=factories.user(), unit=factories.unit(), **fields
    )
    post(caller, invoices[:1], "stationary")  # notes the first use of the key
    strangers = [uuid4() for _ in range(5_000)]

    with django_assert_max_num_queries(15):
        answer = post(caller, [*strangers, *invoices], "electricity", "energy").json()

    assert answer["invoice_ids"] == [str(invoice.pk) for invoice in invoices]
    chunks = JobChunk.objects.order_by("job", "position")
    assert [len(chunk.invoice_ids) for chunk in chunks] == [1_000] * 4


def test_a_hundred_thousand_ids_are_few_enough_and_one_more_is_too_many(caller, monkeypatch):
    longest = json.dumps(asked([uuid4()] * recalculating.MAX_INVOICES, "energy"), indent=4)
    assert recalculating.MAX_INVOICES == 100_000
    assert len(longest) < settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    response = post(caller, [api.NOBODYS] * (recalculating.MAX_INVOICES + 1), "energy")

    assert is_refused(response, 422, "VALIDATION_ERROR")
    assert api.places(response) == [["body", "invoice_ids"]]
