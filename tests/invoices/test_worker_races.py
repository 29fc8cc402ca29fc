"""Two workers at the same moment, each with a connection of its own."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from invoices import calculating, recalculating, working
from invoices.models import ActivityCategory, InvoiceEmission, JobChunk, ProcessingJob
from tests import factories
from tests.invoices.test_races import Person, meanwhile

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one transaction write at a time"),
]


@pytest.fixture
def invoices(facility):
    return factories.invoices(3, facility=facility)


@pytest.fixture
def jobs(organization, invoices, author):
    """Two jobs of the same invoices, each of its own category."""
    return recalculating.recalculate(
        organization=organization,
        invoice_ids=[invoice.pk for invoice in invoices],
        activity_categories=[ActivityCategory.ELECTRICITY, ActivityCategory.ENERGY],
        by=author,
    ).jobs


def chunk_of(job):
    return job.chunks.get()


def test_one_of_two_workers_takes_a_chunk(jobs):
    chunk = chunk_of(jobs[0])
    later = timezone.now() + timedelta(minutes=1)

    def take():
        return JobChunk.objects.filter(pk=chunk.pk).update(state="running", attempt=1, leased_until=later)

    _first, second, waited = meanwhile(take, lambda: working._claim(chunk.pk))

    assert waited
    assert (second.error, second.result) == (None, None)
    assert JobChunk.objects.get(pk=chunk.pk).attempt == 1


def test_many_messages_of_one_chunk_are_one_chunk(jobs):
    chunk = chunk_of(jobs[0])
    workers = [Person(lambda: working.work(chunk.pk)) for _number in range(4)]

    for worker in workers:
        worker.start()

    assert [worker.done().error for worker in workers] == [None] * 4
    job = ProcessingJob.objects.get(pk=jobs[0].pk)
    assert job.items_success + job.items_failed == 3
    assert JobChunk.objects.get(pk=chunk.pk).attempt == 1


def test_the_last_two_chunks_of_a_job_end_it_together(organization, facility, author, monkeypatch):
    monkeypatch.setattr(recalculating, "CHUNK_SIZE", 1)
    invoices = factories.invoices(4, facility=facility)
    job = recalculating.queue_calculation(organization=organization, invoices=invoices, by=author)
    workers = [Person(lambda pk=pk: working.work(pk)) for pk in job.chunks.values_list("pk", flat=True)]

    for worker in workers:
        worker.start()

    assert [worker.done().error for worker in workers] == [None] * 4
    job.refresh_from_db()
    assert job.items_success + job.items_failed == 4
    assert job.completed_at is not None


def test_jobs_of_different_categories_of_the_same_invoices_do_not_wait_for_each_other(organization, invoices, jobs):
    electricity, energy = jobs
    ids = [invoice.pk for invoice in invoices]

    def write_electricity():
        worked = calculating.work_out(organization_id=organization.pk, invoice_ids=ids, category="electricity")
        calculating.write(worked, job=electricity)

    _first, second, waited = meanwhile(write_electricity, lambda: working.work(chunk_of(energy).pk))

    assert (waited, second.error) == (False, None)
    written = InvoiceEmission.objects.filter(organization=organization).values_list("activity_category", flat=True)
    assert sorted(written) == ["electricity"] * 3 + ["energy"] * 3
    energy.refresh_from_db()
    assert energy.completed_at is not None


def test_a_worker_whose_chunk_was_taken_over_waits_for_the_other_and_writes_nothing(jobs):
    """The fence is a lock: a look at the attempt alone would pass just before the other takes the chunk."""
    chunk = chunk_of(jobs[0])
    claimed = working._claim(chunk.pk)

    def take_over():
        JobChunk.objects.filter(pk=chunk.pk).update(attempt=2)

    def finish():
        return working._finish(claimed, lambda: working._Counted(3, 0))

    _other, late, waited = meanwhile(take_over, finish)

    assert waited
    assert isinstance(late.error, working._Lost)
    assert ProcessingJob.objects.get(pk=jobs[0].pk).items_success == 0
