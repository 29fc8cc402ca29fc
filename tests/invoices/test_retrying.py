"""What failed of a job is queued once more."""

from uuid import uuid4

import pytest

from invoices import filing, recalculating, tracking
from invoices.models import FactorSet, InvoiceEmission, JobChunk, ProcessingJob
from invoices.tracking import JobNotFound, NothingToRetry
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoices(facility):
    return factories.invoices(4, facility=facility)


@pytest.fixture
def job(organization, invoices, author, monkeypatch):
    """A job of one category: its first chunk was given up, and the last invoice of its second failed."""
    monkeypatch.setattr(recalculating, "CHUNK_SIZE", 2)
    asked = {"invoice_ids": [invoice.pk for invoice in invoices], "activity_categories": ["energy"]}
    [job] = recalculating.recalculate(organization=organization, by=author, **asked).jobs
    JobChunk.objects.filter(job=job, position=0).update(state="failed")
    JobChunk.objects.filter(job=job, position=1).update(state="done")
    return ended(job, status="FAILED", items_success=1, items_failed=3, errors=told(invoices[3]))


def ended(job, **values):
    ProcessingJob.objects.filter(pk=job.pk).update(**values)
    job.refresh_from_db()
    return job


def told(*invoices):
    return [{"invoice_id": str(one.pk), "activity_category": "energy", "message": "No."} for one in invoices]


def retried(job, author):
    return tracking.retry(organization=job.organization, job_id=job.pk, by=author)


def asked_of(job):
    return [pk for chunk in job.chunks.order_by("position") for pk in chunk.invoice_ids]


def test_chunks_that_were_given_up_and_invoices_that_failed_become_a_new_job(job, invoices, author):
    again = retried(job, author)

    assert again.pk != job.pk
    assert asked_of(again) == [str(invoices[number].pk) for number in (0, 1, 3)]
    assert (again.status, again.items_total, again.activity_category) == ("PENDING", 3, "energy")
    assert (again.action, again.trigger_type, again.created_by) == ("RECALCULATE", "WEB", author.user)
    job.refresh_from_db()
    assert (job.status, job.items_failed) == ("FAILED", 3)


def without_result(invoice, category="energy"):
    edition = FactorSet.objects.get_or_create(version="test", defaults={"checksum": "0" * 64})[0]
    InvoiceEmission.objects.create(
        invoice=invoice,
        organization=invoice.organization,
        activity_category=category,
        error="No factor.",
        factor_set=edition,
    )


def test_what_failed_beyond_the_errors_that_a_job_keeps_is_found_by_its_results(job, invoices, author):
    ended(job, errors=[])
    without_result(invoices[2], "electricity")
    without_result(invoices[3])

    assert asked_of(retried(job, author)) == [str(invoices[number].pk) for number in (0, 1, 3)]


def test_a_job_of_all_categories_looks_at_the_results_of_all(job, invoices, author):
    ended(job, errors=[], activity_category="")
    without_result(invoices[2], "electricity")

    assert asked_of(retried(job, author)) == [str(invoices[number].pk) for number in (0, 1, 2)]


def test_a_job_that_ended_well_but_for_some_can_be_retried_too(job, invoices, author):
    JobChunk.objects.filter(job=job).update(state="done")
    ended(job, status="COMPLETED", items_success=3, items_failed=1)

    assert asked_of(retried(job, author)) == [str(invoices[3].pk)]


def test_an_invoice_of_an_organization_below_is_retried_there(organization, facility, author):
    below = factories.facility(organization=factories.organization(parent=organization))
    _parent, children = factories.distributed(facility, below)
    job = recalculating.queue_calculation(organization=organization, invoices=children, by=author)
    JobChunk.objects.filter(job=job).update(state="failed")
    ended(job, status="FAILED", items_failed=2)

    again = retried(job, author)

    assert [chunk.organization for chunk in again.chunks.order_by("position")] == [organization, below.organization]


@pytest.mark.parametrize(
    "values",
    [
        {"status": "PENDING"},
        {"status": "PROCESSING"},
        {"status": "COMPLETED", "items_failed": 0},
        {"action": "EXPORT"},
    ],
)
def test_where_nothing_can_be_done_again_it_is_refused(job, author, values):
    ended(job, **values)

    with pytest.raises(NothingToRetry):
        retried(job, author)

    assert ProcessingJob.objects.get() == job


def test_invoices_that_were_deleted_meanwhile_are_no_reason_for_a_job(job, organization, invoices, author):
    for invoice in invoices:
        filing.delete(organization=organization, invoice_id=invoice.pk, by=author)

    with pytest.raises(NothingToRetry):
        retried(job, author)

    assert ProcessingJob.objects.get() == job


def test_another_organization_s_job_is_not_there(job, other_organization, author):
    for job_id in (job.pk, uuid4()):
        with pytest.raises(JobNotFound):
            tracking.retry(organization=other_organization, job_id=job_id, by=author)
