"""The pages of jobs: how far each is, what failed, and doing that once more."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils.html import escape

from facilities.models import Role
from invoices.models import JobChunk, ProcessingJob
from tests import factories

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}
LIVE = 'hx-trigger="every 2s"'


@pytest.fixture
def person(organization):
    return factories.member(organization, first_name="Ana", last_name="Ruiz")


@pytest.fixture
def web(client, person):
    """The browser of an editor of ours, in English."""
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


def job(organization, **fields):
    return ProcessingJob.objects.create(
        **{
            "organization": organization,
            "action": "RECALCULATE",
            "trigger_type": "API",
            "activity_category": "energy",
            "items_total": 4,
            "created_by": factories.user(first_name="Bea"),
            **fields,
        }
    )


def failed(organization, *invoices, **fields):
    """A job of these invoices, all of which failed."""
    errors = [
        {"invoice_id": str(one.pk), "activity_category": "energy", "message": "No calorific value."} for one in invoices
    ]
    count = len(invoices)
    found = job(
        organization, **{"status": "FAILED", "items_total": count, "items_failed": count, "errors": errors, **fields}
    )
    ids = [str(one.pk) for one in invoices]
    JobChunk.objects.create(job=found, organization=organization, position=0, invoice_ids=ids, state="done")
    return found


def listed(web, **query):
    return web.get(reverse("jobs"), query)


def shown(web, one, **query):
    return web.get(reverse("job", args=[one.pk]), query)


# The list


def test_the_newest_stands_first_and_says_who_asked_for_what_and_how_far_it_is(web, organization):
    older = job(organization, status="COMPLETED", items_success=4, created_at=datetime(2024, 1, 1, tzinfo=UTC))
    newer = job(organization, action="CREATE", activity_category="", items_success=1, items_failed=2)

    answer = listed(web)

    assert [entry.job for entry in answer.context["entries"]] == [newer, older]
    for words in ("Calculate new", "all categories", "Recalculate", "energy", "Bea", "3 of 4", "4 of 4", "completed"):
        assert words in answer.text
    assert '<progress max="4" value="3"' in answer.text


def test_it_asks_again_by_itself_while_a_job_is_open_and_no_longer(web, organization):
    one = job(organization, status="PROCESSING")

    first = listed(web)

    assert LIVE in first.text
    assert "Refresh" in first.text
    ProcessingJob.objects.filter(pk=one.pk).update(status="COMPLETED")
    again = web.get(reverse("jobs"), **HTMX)
    assert LIVE not in again.text
    assert "Refresh" not in again.text
    assert "<html" not in again.text


def test_a_status_narrows_the_list_and_one_that_is_none_does_not(web, organization):
    waiting = job(organization)
    done = job(organization, status="COMPLETED")

    def found(status):
        return [entry.job for entry in listed(web, status=status).context["entries"]]

    assert found("COMPLETED") == [done]
    assert set(found("whatever")) == {waiting, done}
    assert "No job has this status" in listed(web, status="FAILED").text


def test_without_a_job_it_says_when_there_will_be_one(web):
    assert "Nothing has been calculated yet" in listed(web).text


def test_pages_keep_the_status(web, organization, monkeypatch):
    monkeypatch.setattr("invoices.pages.jobs.PAGE_SIZE", 1)
    for _time in range(2):
        job(organization)

    answer = listed(web, status="PENDING")

    assert "status=PENDING&amp;page=2" in answer.text
    assert len(answer.context["entries"]) == 1


def test_evidence_has_no_category_and_a_job_of_nothing_is_full(web, organization):
    job(organization, action="EXPORT", activity_category="", status="COMPLETED", items_success=4)
    job(organization, items_total=0, status="COMPLETED", completed_at=datetime(2024, 1, 1, tzinfo=UTC))

    answer = listed(web)

    assert "all categories" not in answer.text
    assert "nothing to do" in answer.text
    assert '<progress max="1" value="1"' in answer.text


def test_another_organization_s_jobs_are_not_there(web, organization, other_organization):
    for theirs in (job(other_organization), job(factories.organization(parent=organization))):
        assert shown(web, theirs).status_code == 404
        assert web.post(reverse("job-retry", args=[theirs.pk])).status_code == 404
    assert shown(web, type("Gone", (), {"pk": uuid4()})).status_code == 404
    assert list(listed(web).context["entries"]) == []


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_queries_does_not_grow(web, organization, count, django_assert_num_queries):
    for _time in range(count):
        job(organization)

    # The session, its user; their organizations and role, two each; the count; the page.
    with django_assert_num_queries(7):
        listed(web)


# One job


def test_shows_what_failed_and_why(web, organization, facility):
    own = factories.invoice(facility=facility, invoice_number="OWN-1")
    gone = factories.invoice(facility=facility, invoice_number="GONE-1")
    below = factories.invoice(
        facility=factories.facility(organization=factories.organization(parent=organization)), invoice_number="BELOW-1"
    )
    one = failed(organization, own, gone, below)
    type(gone).objects.filter(pk=gone.pk).delete()

    answer = shown(web, one)

    assert [failure.number for failure in answer.context["failures"]] == ["OWN-1", "", "BELOW-1"]
    for words in ("OWN-1", "BELOW-1", str(gone.pk), "No calorific value.", "energy", "3 of 3"):
        assert words in answer.text
    assert [failure.is_own for failure in answer.context["failures"]] == [True, False, False]


def test_a_job_that_is_open_asks_again_by_itself(web, organization):
    one = job(organization, status="PROCESSING", started_at=datetime(2024, 1, 1, tzinfo=UTC))

    assert LIVE in shown(web, one).text
    ProcessingJob.objects.filter(pk=one.pk).update(status="COMPLETED", completed_at=datetime(2024, 1, 1, tzinfo=UTC))
    part = web.get(reverse("job", args=[one.pk]), **HTMX)
    assert LIVE not in part.text
    assert "<html" not in part.text


def test_says_how_many_failures_are_not_shown(web, organization, facility):
    one = failed(organization, factories.invoice(facility=facility), items_total=9, items_failed=9)

    assert "8 more failed" in shown(web, one).text


def test_evidence_that_failed_names_no_invoice_and_can_not_be_retried(web, organization):
    errors = [{"invoice_id": None, "activity_category": None, "message": "No room."}]
    one = job(organization, action="EXPORT", status="FAILED", items_failed=4, errors=errors)

    answer = shown(web, one)

    assert "No room." in answer.text
    assert reverse("job-retry", args=[one.pk]) not in answer.text


def test_the_number_of_queries_of_one_job_does_not_grow(web, organization, facility, django_assert_num_queries):
    one = failed(organization, *factories.invoices(12, facility=facility))

    # As the list, without its count; the tree below and the invoices are one.
    with django_assert_num_queries(7):
        shown(web, one)


# Once more


def test_what_failed_is_queued_again_and_shown(web, organization, facility, person):
    invoice = factories.invoice(facility=facility)
    one = failed(organization, invoice)
    assert escape("Try again what failed") in shown(web, one).text

    answer = web.post(reverse("job-retry", args=[one.pk]), follow=True)

    again = ProcessingJob.objects.exclude(pk=one.pk).get()
    assert answer.redirect_chain == [(reverse("job", args=[again.pk]), 302)]
    assert "1 invoice is calculated again." in answer.text
    assert (again.created_by, again.trigger_type, again.items_total) == (person, "WEB", 1)


def test_what_can_not_be_done_again_is_said(web, organization):
    one = job(organization, status="COMPLETED", items_success=4)
    assert reverse("job-retry", args=[one.pk]) not in shown(web, one).text

    answer = web.post(reverse("job-retry", args=[one.pk]), follow=True)

    assert "Nothing of this job is left to be done again." in answer.text
    assert ProcessingJob.objects.get() == one


def test_looking_at_the_address_of_the_button_changes_nothing(web, organization, facility):
    one = failed(organization, factories.invoice(facility=facility))

    answer = web.get(reverse("job-retry", args=[one.pk]))

    assert (answer.status_code, answer["Location"]) == (302, reverse("job", args=[one.pk]))
    assert ProcessingJob.objects.get() == one


def test_a_viewer_looks_and_does_not_retry(client, organization, facility):
    client.force_login(factories.member(organization, Role.VIEWER))
    one = failed(organization, factories.invoice(facility=facility))

    assert reverse("job-retry", args=[one.pk]) not in shown(client, one).text
    assert client.post(reverse("job-retry", args=[one.pk])).status_code == 403
    assert ProcessingJob.objects.get() == one
