"""The jobs of an organization, and how far they are."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from facilities.models import Organization
from invoices.models import ProcessingJob


class JobNotFound(Exception):
    """No such job in this organization."""

    def __init__(self, job_id: UUID) -> None:
        super().__init__(f"ProcessingJob with id={job_id!r} not found")


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
    found = ProcessingJob.objects.filter(organization=organization, pk=job_id).first()
    if found is None:
        raise JobNotFound(job_id)
    return found
