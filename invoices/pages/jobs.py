"""The pages of jobs: how far each is, what failed and why, and doing that once more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from facilities.models import Organization
from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import tracking
from invoices.models import EmissionCategory, Invoice, JobAction, JobStatus, ProcessingJob

PAGE_SIZE = 50
_KINDS = {JobStatus.COMPLETED: "ok", JobStatus.FAILED: "bad", JobStatus.PROCESSING: "warn"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A job, as the pages show it. `most` is never 0, since a bar has a length."""

    job: ProcessingJob
    category: str
    kind: str
    done: int
    most: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """An invoice that a job could not calculate; without a number it is gone, without an id it is no invoice."""

    invoice_id: UUID | None
    number: str
    is_own: bool
    category: str
    message: str


@require_safe
@for_organization
def listing(request: PageRequest) -> HttpResponse:
    """List the organization's jobs, newest first; to a script that asks how far they are, the rows alone."""
    asked = request.GET.get("status", "")
    status = asked if asked in JobStatus.values else ""
    found = tracking.jobs(organization=request.organization, statuses=[status] if status else [])
    page = Paginator(found.select_related("created_by"), PAGE_SIZE).get_page(request.GET.get("page"))
    entries = [_entry(job) for job in page]
    context = {
        "page": page,
        "entries": entries,
        "status": status,
        "statuses": JobStatus.choices,
        "is_live": any(entry.is_open for entry in entries),
    }
    return render(request, "jobs/_list.html" if request.htmx else "jobs/list.html", context)


@require_safe
@for_organization
def detail(request: PageRequest, job_id: UUID) -> HttpResponse:
    """Show one job with what failed; to a script that asks how far it is, its part of the page alone."""
    job = _job(request, job_id)
    page = Paginator(job.errors, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "entry": _entry(job),
        "page": page,
        "failures": _failures(request.organization, list(page)),
        "left_out": job.items_failed - len(job.errors),
        "may_retry": request.can_write and tracking.may_retry(job),
    }
    return render(request, "jobs/_job.html" if request.htmx else "jobs/detail.html", context)


@for_organization
@editors_only
def retry(request: PageRequest, job_id: UUID) -> HttpResponse:
    """Queue what failed of a job once more, and show the new job."""
    if request.method != "POST":
        return redirect("job", job_id)
    _job(request, job_id)
    try:
        with transaction.atomic(durable=True):
            again = tracking.retry(organization=request.organization, job_id=job_id, by=request.author)
    except tracking.NothingToRetry:
        messages.error(request, _("Nothing of this job is left to be done again."))
        return redirect("job", job_id)
    queued = ngettext(
        "%(count)d invoice is calculated again.", "%(count)d invoices are calculated again.", again.items_total
    )
    messages.success(request, queued % {"count": again.items_total})
    return redirect("job", again.pk)


def _job(request: PageRequest, job_id: UUID) -> ProcessingJob:
    try:
        return tracking.find(organization=request.organization, job_id=job_id)
    except tracking.JobNotFound as missing:
        raise Http404 from missing


def _entry(job: ProcessingJob) -> Entry:
    calculates = job.action in (JobAction.CREATE, JobAction.RECALCULATE)
    return Entry(
        job=job,
        category=_category(job.activity_category) if calculates else "",
        kind=_KINDS.get(JobStatus(job.status), ""),
        done=job.items_success + job.items_failed if job.items_total else int(job.completed_at is not None),
        most=job.items_total or 1,
        is_open=job.status in tracking.OPEN_STATUSES,
    )


def _category(name: str | None) -> str:
    return str(EmissionCategory(name).label) if name else _("all categories")


def _failures(organization: Organization, errors: Sequence[Mapping[str, Any]]) -> list[Failure]:
    numbers = _numbers(organization, (error["invoice_id"] for error in errors if error["invoice_id"]))
    return [
        Failure(
            invoice_id=error["invoice_id"],
            number=number or "",
            is_own=owner == organization.pk,
            category=_category(error["activity_category"]),
            message=error["message"],
        )
        for error in errors
        for number, owner in [numbers.get(error["invoice_id"], ("", None))]
    ]


def _numbers(organization: Organization, invoice_ids: Iterable[str]) -> dict[str, tuple[str, UUID]]:
    """Return the number of each of these invoices and whose it is: a job goes down the tree, as its bills do."""
    below = Organization.objects.tree_of(organization.pk)
    rows = Invoice.objects.filter(organization__in=below, pk__in=list(invoice_ids))
    return {str(pk): (number, owner) for pk, number, owner in rows.values_list("pk", "invoice_number", "organization")}
