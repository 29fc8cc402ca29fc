"""The jobs of an organization, and how far they are."""

from collections.abc import Collection, Iterator
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from facilities.access import Author
from facilities.models import Organization
from invoices import importing, recalculating
from invoices.models import ChunkState, InvoiceEmission, JobAction, JobChunk, JobStatus, ProcessingJob

# What is still going on.
OPEN_STATUSES: Final = (JobStatus.PENDING, JobStatus.PROCESSING)


class JobNotFound(Exception):
    """No such job in this organization."""

    def __init__(self, job_id: UUID) -> None:
        super().__init__(f"ProcessingJob with id={job_id!r} not found")


class NothingToRetry(Exception):
    """Nothing of the job failed that could be done again."""


def jobs(
    *, organization: Organization, statuses: Collection[str] = (), entity_name: str = ""
) -> QuerySet[ProcessingJob]:
    """Return the organization's jobs, newest first, narrowed to some statuses or one kind of rows worked on."""
    found = ProcessingJob.objects.filter(organization=organization)
    if statuses:
        found = found.filter(status__in=statuses)
    if entity_name:
        found = found.filter(entity_name=entity_name)
    return found.order_by("-created_at", "-pk")


def find(*, organization: Organization, job_id: UUID) -> ProcessingJob:
    """Return one job of the organization; raise JobNotFound."""
    own = ProcessingJob.objects.filter(organization=organization, pk=job_id)
    found = own.select_related("created_by").first()
    if found is None:
        raise JobNotFound(job_id)
    return found


def may_retry(job: ProcessingJob) -> bool:
    """Tell whether a job has ended with something that can be done again; of evidence, that is asked for anew."""
    if job.action == JobAction.IMPORT:
        # One that found rows to refuse has ended well: the rows are mended, and come in another file.
        return job.status == JobStatus.FAILED
    return job.status not in OPEN_STATUSES and job.action != JobAction.EXPORT and job.items_failed > 0


@transaction.atomic
def retry(*, organization: Organization, job_id: UUID, by: Author) -> ProcessingJob:
    """
    Queue what failed of an ended job as a new job for the same categories, and return that one.

    It is the invoices of the chunks that were given up, and those without a result; of an import, what it did not come
    to: its check, the batches that are not taken, or the invoices that are not removed. Raise JobNotFound, or
    NothingToRetry with nothing queued.
    """
    job = find(organization=organization, job_id=job_id)
    if not may_retry(job):
        raise NothingToRetry
    if job.action == JobAction.IMPORT:
        return _import_again(job, organization=organization, by=by)
    again = recalculating.queue_again(job=job, invoice_ids=list(_failed_of(job)), by=by)
    if not again.items_total:
        # They were deleted meanwhile.
        raise NothingToRetry
    return again


def _import_again(job: ProcessingJob, *, organization: Organization, by: Author) -> ProcessingJob:
    again = importing.again(organization=organization, job=job, by=by)
    if again is None:
        raise NothingToRetry
    return again


def _failed_of(job: ProcessingJob) -> Iterator[UUID]:
    """Return the invoices of a job that failed. It names the first itself, the results name all that have none."""
    named = {UUID(error["invoice_id"]) for error in job.errors}
    of_all = JobChunk.objects.filter(organization__in=Organization.objects.tree_of(job.organization_id), job=job)
    for chunk in of_all.order_by("position"):
        invoice_ids = [UUID(invoice_id) for invoice_id in chunk.invoice_ids]
        if chunk.state == ChunkState.FAILED:
            yield from invoice_ids
            continue
        failed = named | _without_result(chunk, invoice_ids, job.activity_category)
        yield from (invoice_id for invoice_id in invoice_ids if invoice_id in failed)


def _without_result(chunk: JobChunk, invoice_ids: list[UUID], category: str) -> set[UUID]:
    rows = InvoiceEmission.objects.filter(organization=chunk.organization_id, invoice__in=invoice_ids)
    if category:
        rows = rows.filter(activity_category=category)
    return set(rows.exclude(error="").values_list("invoice", flat=True))
