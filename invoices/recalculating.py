"""Which invoices and jobs a request for calculation means. Queued in the transaction of whoever asks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from facilities.access import Author
from facilities.models import Organization
from invoices import closed_years, grouping, waking
from invoices.closed_years import Period
from invoices.models import ActivityCategory, Invoice, InvoiceType, JobAction, JobChunk, JobStatus, ProcessingJob

MAX_INVOICES: Final = 100_000
CHUNK_SIZE: Final = 1_000
_CHUNKS_A_STATEMENT: Final = 50

_CATEGORIES: Final[Mapping[str, frozenset[ActivityCategory]]] = {
    InvoiceType.HEAT: frozenset(
        {ActivityCategory.STATIONARY, ActivityCategory.STATIONARY_GENERATION, ActivityCategory.ENERGY}
    ),
    InvoiceType.ELECTRICITY: frozenset(
        {
            ActivityCategory.ELECTRICITY,
            ActivityCategory.ELECTRICITY_LOCATION_BASED,
            ActivityCategory.ELECTRICITY_GENERATION,
            ActivityCategory.ELECTRICITY_TRANSMISSION_AND_DISTRIBUTION,
            ActivityCategory.ENERGY,
        }
    ),
}
_ACROSS_TYPES: Final = frozenset({ActivityCategory.ENERGY})


class Recalculation(NamedTuple):
    """What was queued: the invoices that are calculated, in the order asked for, and a job for each category."""

    invoice_ids: Sequence[UUID]
    jobs: Sequence[ProcessingJob]


class MixedInvoiceTypes(Exception):
    """The invoices are of several types, and a category that belongs to one type is asked for."""


class UnsupportedInvoiceType(Exception):
    """Only heat and electricity are recalculated."""


class ActivityCategoryMismatch(Exception):
    """A category that is asked for does not exist for this type of invoice."""


class _Meant(NamedTuple):
    """An invoice to be calculated, as far as queueing needs to know it."""

    invoice_id: UUID
    organization_id: UUID
    type: str
    start_date: date
    end_date: date


@transaction.atomic
def queue_calculation(
    *, organization: Organization, invoices: Sequence[Invoice], by: Author, action: JobAction = JobAction.CREATE
) -> ProcessingJob:
    """
    Queue the calculation of all categories of these invoices as one job, and return it.

    The invoices may be of organizations below; a parent among them is passed over, since its children are calculated.
    """
    meant = [
        _Meant(invoice.pk, invoice.organization_id, invoice.type, invoice.start_date, invoice.end_date)
        for invoice in invoices
        if not invoice.is_parent
    ]
    return _queue(organization, meant, by, action=action)


@transaction.atomic
def recalculate(
    *,
    organization: Organization,
    invoice_ids: Iterable[UUID],
    activity_categories: Iterable[ActivityCategory],
    by: Author,
) -> Recalculation:
    """
    Queue the recalculation of these invoices, one job for each category; their status stays.

    Ids that are not the organization's are passed over, and a parent means its children. Where nothing is left, no job
    is made.

    Raise in this order MixedInvoiceTypes, UnsupportedInvoiceType, ActivityCategoryMismatch or
    closed_years.PeriodClosed, with nothing queued.
    """
    categories = list(dict.fromkeys(activity_categories))
    meant = _meant(organization, list(dict.fromkeys(invoice_ids)))
    _check({invoice.type for invoice in meant}, categories)
    closed_years.check(Period(invoice.organization_id, invoice.start_date, invoice.end_date) for invoice in meant)
    ids = [invoice.invoice_id for invoice in meant]
    wanted = categories if meant else []
    jobs = [_queue(organization, meant, by, action=JobAction.RECALCULATE, category=category) for category in wanted]
    return Recalculation(ids, jobs)


@transaction.atomic
def queue_again(*, job: ProcessingJob, invoice_ids: Sequence[UUID], by: Author) -> ProcessingJob:
    """Queue some invoices of a job as a new one for the same categories. What was deleted meanwhile is passed over."""
    below = Organization.objects.tree_of(job.organization_id)
    meant = []
    for part in grouping.sliced(invoice_ids):
        rows = Invoice.objects.filter(organization__in=below, pk__in=part).order_by("pk")
        asked = ("pk", "organization", "type", "start_date", "end_date")
        meant += [_Meant(*row) for row in rows.values_list(*asked)]
    return _queue(job.organization, meant, by, action=JobAction(job.action), category=job.activity_category)


def _meant(organization: Organization, invoice_ids: Sequence[UUID]) -> list[_Meant]:
    """Return the organization's own among these, each once: a single, a child, or all children of a parent."""
    own = {}
    parents = []
    for part in grouping.sliced(invoice_ids):
        rows = Invoice.objects.of(organization.pk).filter(pk__in=part)
        for pk, type_, is_parent, *days in rows.values_list("pk", "type", "is_parent", "start_date", "end_date"):
            own[pk] = [_Meant(pk, organization.pk, type_, *days)]
            if is_parent:
                parents.append(pk)
    own |= _children(organization, parents)
    return list(dict.fromkeys(chain.from_iterable(own[pk] for pk in invoice_ids if pk in own)))


def _children(organization: Organization, parents: Sequence[UUID]) -> dict[UUID, list[_Meant]]:
    """Return the children of each parent, in any organization of the tree."""
    found: dict[UUID, list[_Meant]] = {parent: [] for parent in parents}
    below = Organization.objects.tree_of(organization.pk)
    for part in grouping.sliced(parents):
        rows = Invoice.objects.filter(organization__in=below, source_invoice__in=part).order_by("pk")
        asked = ("source_invoice", "pk", "organization", "type", "start_date", "end_date")
        for parent, *rest in rows.values_list(*asked):
            found[parent].append(_Meant(*rest))
    return found


def _check(types: set[str], categories: Collection[ActivityCategory]) -> None:
    if len(types) > 1 and not _ACROSS_TYPES.issuperset(categories):
        raise MixedInvoiceTypes(f"The invoices are of several types: {_listed(types)}")
    if unsupported := types - _CATEGORIES.keys():
        raise UnsupportedInvoiceType(f"Invoices of this type can't be recalculated: {_listed(unsupported)}")
    for type_ in types:
        if foreign := set(categories) - _CATEGORIES[type_]:
            raise ActivityCategoryMismatch(f"No category of {type_} invoices: {_listed(foreign)}")


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(map(str, values)))


def _queue(
    organization: Organization, meant: Sequence[_Meant], by: Author, *, action: JobAction, category: str = ""
) -> ProcessingJob:
    job = ProcessingJob.objects.create(
        organization=organization,
        action=action,
        trigger_type=by.through.value,
        activity_category=category,
        items_total=len(meant),
        # No chunk would ever end a job of nothing.
        status=JobStatus.PENDING if meant else JobStatus.COMPLETED,
        completed_at=None if meant else timezone.now(),
        created_by=by.user,
    )
    chunks = _chunks(job, meant)
    JobChunk.objects.bulk_create(chunks, batch_size=_CHUNKS_A_STATEMENT)
    waking.wake(chunk.pk for chunk in chunks)
    return job


def _chunks(job: ProcessingJob, meant: Sequence[_Meant]) -> list[JobChunk]:
    by_organization: dict[UUID, list[str]] = {}
    for invoice in meant:
        by_organization.setdefault(invoice.organization_id, []).append(str(invoice.invoice_id))
    parts = (
        (organization_id, ids[start : start + CHUNK_SIZE])
        for organization_id, ids in by_organization.items()
        for start in range(0, len(ids), CHUNK_SIZE)
    )
    return [
        JobChunk(job=job, organization_id=organization_id, position=position, invoice_ids=ids)
        for position, (organization_id, ids) in enumerate(parts)
    ]
