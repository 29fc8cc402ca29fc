"""GET /v1/processing-jobs and /v1/processing-jobs/{id}, POST /v1/processing-jobs/{id}/retry"""

from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from invoices.models import ChunkState, JobChunk, ProcessingJob
from tests import api, factories

pytestmark = pytest.mark.django_db

JOBS = "/v1/processing-jobs"
FIELDS = [
    "id",
    "entity_name",
    "action",
    "trigger_type",
    "activity_category",
    "items_total",
    "items_success",
    "items_failed",
    "status",
    "errors",
    "created_at",
    "started_at",
    "completed_at",
]


def job(organization, **fields):
    return ProcessingJob.objects.create(
        **{
            "organization": organization,
            "action": "RECALCULATE",
            "trigger_type": "API",
            "activity_category": "energy",
            "created_by": factories.user(),
            **fields,
        }
    )


def listed(caller, *query, **more):
    response = caller.get(f"{JOBS}?{urlencode([*query, *more.items()])}")
    assert response.status_code == 200, response.content
    return [item["id"] for item in response.json()["items"]]


def test_a_job_that_is_done_says_what_came_of_it(organization, caller):
    done = job(
        organization,
        items_total=3,
        items_success=2,
        items_failed=1,
        status="COMPLETED",
        errors=["INV-1: no factor for 2031"],
        created_at=datetime(2024, 2, 1, 10, 30, tzinfo=UTC),
        started_at=datetime(2024, 2, 1, 10, 30, 1, tzinfo=UTC),
        completed_at=datetime(2024, 2, 1, 10, 30, 2, 500_000, tzinfo=UTC),
    )

    answer = caller.get(f"{JOBS}/{done.pk}").json()

    assert list(answer) == FIELDS
    assert answer == {
        "id": str(done.pk),
        "entity_name": "INVOICES",
        "action": "RECALCULATE",
        "trigger_type": "API",
        "activity_category": "energy",
        "items_total": 3,
        "items_success": 2,
        "items_failed": 1,
        "status": "COMPLETED",
        "errors": ["INV-1: no factor for 2031"],
        "created_at": "2024-02-01T10:30:00.000Z",
        "started_at": "2024-02-01T10:30:01.000Z",
        "completed_at": "2024-02-01T10:30:02.500Z",
    }


def test_a_job_that_waits_has_no_times_and_one_of_all_categories_names_none(organization, caller):
    waiting = job(organization, action="CREATE", activity_category="")

    answer = caller.get(f"{JOBS}/{waiting.pk}").json()

    assert [answer[name] for name in ("activity_category", "started_at", "completed_at")] == [None, None, None]
    assert (answer["action"], answer["status"], answer["errors"]) == ("CREATE", "PENDING", [])


def test_what_a_recalculation_queued_can_be_followed(organization, facility, caller):
    invoice = factories.invoice(facility=facility)
    body = {"invoice_ids": [str(invoice.pk)], "activity_categories": ["energy", "electricity"]}

    ids = api.post(caller, "/v1/invoices/recalculate", body).json()["processing_job_ids"]

    assert listed(caller) == ids[::-1]
    for job_id, category in zip(ids, body["activity_categories"], strict=True):
        answer = caller.get(f"{JOBS}/{job_id}").json()
        assert (answer["activity_category"], answer["status"], answer["items_total"]) == (category, "PENDING", 1)


def test_lists_the_newest_first_in_the_envelope(organization, caller):
    days = (2, 3, 1)
    jobs = {day: job(organization, created_at=datetime(2024, 1, day, tzinfo=UTC)) for day in days}

    answer = caller.get(JOBS).json()

    assert list(answer) == ["items", "total", "page", "size", "pages"]
    assert (answer["total"], answer["page"], answer["size"], answer["pages"]) == (3, 1, 50, 1)
    assert [item["id"] for item in answer["items"]] == [str(jobs[day].pk) for day in (3, 2, 1)]
    assert list(answer["items"][0]) == FIELDS


def test_pages(organization, caller):
    for _ in range(3):
        job(organization)

    pages = [caller.get(JOBS, {"page": page, "size": 2}).json() for page in (1, 2, 3)]

    assert [len(page["items"]) for page in pages] == [2, 1, 0]
    assert len({item["id"] for page in pages for item in page["items"]}) == 3


def test_filters_by_status_and_by_what_is_worked_on(organization, caller):
    waiting, failed, done = (str(job(organization, status=status).pk) for status in ("PENDING", "FAILED", "COMPLETED"))
    other = str(job(organization, entity_name="FACILITIES").pk)

    assert listed(caller, ("status[]", "FAILED")) == [failed]
    assert set(listed(caller, ("status[]", "FAILED"), ("status[]", "COMPLETED"))) == {failed, done}
    assert listed(caller, entity_name="FACILITIES") == [other]
    assert listed(caller, ("status[]", "PENDING"), entity_name="INVOICES") == [waiting]
    assert listed(caller, entity_name="invoices") == []
    assert len(listed(caller, ("status[]", ""), entity_name="", whatever="1")) == 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status[]", "pending"),
        ("status[]", "DONE"),
        ("entity_name", "a\x00"),
        ("entity_name", "a" * 21),
        ("page", "0"),
        ("size", "101"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(caller, name, value):
    response = caller.get(JOBS, {name: value})

    assert api.is_refused(response, 422, "VALIDATION_ERROR")
    assert api.places(response) == [["query", name]]


def test_another_organization_s_jobs_are_never_seen(organization, other_organization, caller):
    theirs = job(other_organization)
    below = job(factories.organization(parent=organization))

    assert listed(caller) == []
    for job_id in (theirs.pk, below.pk, uuid4()):
        response = caller.get(f"{JOBS}/{job_id}")
        assert response.status_code == 404
        detail = f"ProcessingJob with id=UUID('{job_id}') not found"
        assert response.json() == {"code": "NOT_FOUND", "detail": detail}


@pytest.mark.parametrize("text", ["x", "1", "{550e8400-e29b-41d4-a716-446655440000}"])
def test_what_is_no_uuid_is_told_as_one_that_is_not_there(caller, text):
    assert api.is_refused(caller.get(f"{JOBS}/{text}"), 404, "NOT_FOUND")


def test_jobs_are_only_read(organization, caller):
    path = f"{JOBS}/{job(organization).pk}"

    for answer in (api.post(caller, JOBS, {}), caller.delete(path), caller.patch(path), caller.put(path)):
        assert api.is_refused(answer, 405, "METHOD_NOT_ALLOWED")


def test_a_viewer_reads_too(organization):
    one = job(organization)

    assert listed(api.client(organization, role="viewer")) == [str(one.pk)]


def test_the_number_of_queries_does_not_grow(organization, caller, django_assert_num_queries):
    for _ in range(20):
        job(organization)
    listed(caller)  # notes the first use of the key

    # The key with its creator; the creator's role; the organization; the count; the page.
    with django_assert_num_queries(5):
        assert len(listed(caller)) == 20


# Once more


def failed(organization, invoice, **fields):
    """A job of one invoice, which failed."""
    errors = [{"invoice_id": str(invoice.pk), "activity_category": "energy", "message": "No."}]
    one = job(organization, **{"status": "FAILED", "items_total": 1, "items_failed": 1, "errors": errors, **fields})
    JobChunk.objects.create(
        job=one, organization=organization, position=0, invoice_ids=[str(invoice.pk)], state=ChunkState.DONE
    )
    return one


def test_what_failed_becomes_a_new_job(organization, facility, caller):
    one = failed(organization, factories.invoice(facility=facility))

    response = api.post(caller, f"{JOBS}/{one.pk}/retry", {})

    assert response.status_code == 202
    answer = response.json()
    assert list(answer) == FIELDS
    assert answer["id"] == str(ProcessingJob.objects.exclude(pk=one.pk).get().pk)
    assert (answer["status"], answer["items_total"], answer["items_failed"], answer["errors"]) == ("PENDING", 1, 0, [])
    assert (answer["activity_category"], answer["trigger_type"]) == ("energy", "API")


def test_where_nothing_failed_nothing_is_retried(organization, caller):
    one = job(organization, status="COMPLETED", items_total=1, items_success=1)

    response = api.post(caller, f"{JOBS}/{one.pk}/retry", {})

    assert api.is_refused(response, 409, "NOTHING_TO_RETRY")
    assert response.json()["detail"] == "Nothing of the job failed that could be done again."
    assert ProcessingJob.objects.get() == one


def test_another_organization_s_job_is_not_retried(other_organization, caller):
    theirs = failed(other_organization, factories.invoice(facility=factories.facility(organization=other_organization)))

    for job_id in (theirs.pk, "x"):
        assert api.is_refused(api.post(caller, f"{JOBS}/{job_id}/retry", {}), 404, "NOT_FOUND")
    assert ProcessingJob.objects.get() == theirs


def test_a_viewer_retries_nothing(organization, facility):
    one = failed(organization, factories.invoice(facility=facility))

    response = api.post(api.client(organization, role="viewer"), f"{JOBS}/{one.pk}/retry", {})

    assert api.is_refused(response, 403, "FORBIDDEN")
