"""What is asked of a file that was uploaded: that it be checked, taken, and taken back. Each queues a job."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from facilities.access import Author
from facilities.models import Organization
from invoices import waking
from invoices.importing import content, removing
from invoices.importing.deeds import Deed
from invoices.importing.readings import Reading
from invoices.importing.refusals import NothingToTake, WrongState
from invoices.importing.uploading import changed, hold
from invoices.models import (
    BatchState,
    ImportBatch,
    ImportProblem,
    ImportStatus,
    InvoiceImport,
    JobAction,
    JobChunk,
    JobStatus,
    ProcessingJob,
)

ENTITY: Final = "IMPORTS"
_CHUNKS_A_STATEMENT: Final = 500
_BYTES_A_ROW: Final = 100
_NOT_TAKEN: Final = (ImportStatus.UPLOADED, ImportStatus.CHECKED, ImportStatus.FAILED)


@transaction.atomic
def check(*, organization: Organization, import_id: UUID, reading: Reading | None, by: Author) -> InvoiceImport:
    """
    Queue the dry run of a file, read as is said or else as before. What an earlier one found is forgotten.

    Raise access.NotAllowed, ImportNotFound, WrongState (something of it is taken), NotReadable or MappingIncomplete.
    """
    row = hold(organization=organization, import_id=import_id, by=by)
    if row.status not in _NOT_TAKEN or row.rows_taken:
        raise WrongState(row.status, _("only a file of which nothing was taken is checked"))
    said = reading or Reading.of(row.reading)
    said.check_against(content.opened(row, said).headers)
    for model in (ImportProblem, ImportBatch):
        model._default_manager.filter(organization=organization, invoice_import=row).delete()
    # How many rows there are is known once they are read.
    expected = row.size_bytes // _BYTES_A_ROW + 1
    job = _queued(row, [Deed.check(by)], by=by, items_total=expected)
    return changed(
        row,
        status=ImportStatus.CHECKING,
        reading=said.as_json(),
        job=job,
        error="",
        rows_total=0,
        rows_good=0,
        rows_bad=0,
        rows_repeated=0,
    )


@transaction.atomic
def take(*, organization: Organization, import_id: UUID, by: Author) -> InvoiceImport:
    """
    Queue the filing of the rows that the dry run found good, a batch of at most 5,000 in each commit.

    Batches that were given up are queued again. Raise access.NotAllowed, ImportNotFound, WrongState (it is not
    checked, or all is taken) or NothingToTake.
    """
    row = hold(organization=organization, import_id=import_id, by=by)
    if row.status not in {ImportStatus.CHECKED, ImportStatus.TAKEN}:
        raise WrongState(row.status, _("only a file that was checked is taken"))
    own = ImportBatch.objects.filter(organization=organization, invoice_import=row, state=BatchState.CHECKED)
    left = dict(own.exclude(good_count=0).order_by("number").values_list("number", "good_count"))
    if not left:
        raise NothingToTake(_("No row of the file is good and not in the books yet"))
    job = _queued(row, [Deed.take(by, number) for number in left], by=by, items_total=sum(left.values()))
    return changed(row, status=ImportStatus.TAKING, job=job, error="")


@transaction.atomic
def undo(*, organization: Organization, import_id: UUID, by: Author) -> InvoiceImport:
    """
    Queue the removal of the invoices that an import filed and that nobody touched since; the others stay.

    Raise access.NotAllowed, ImportNotFound, WrongState (nothing of it is in the books) or closed_years.PeriodClosed
    (an invoice that would go has days in a year that was reported), with nothing changed.
    """
    row = hold(organization=organization, import_id=import_id, by=by)
    count = removing.filed_count(row)
    if row.status not in {ImportStatus.TAKEN, ImportStatus.UNDONE} or not count:
        raise WrongState(row.status, _("only what is taken can be taken back"))
    removing.check_years(row)
    ImportProblem.objects.filter(organization=organization, invoice_import=row, code__in=removing.REASONS).delete()
    deeds = [Deed.undo(by, *lines) for lines in removing.lines_of(row)]
    job = _queued(row, deeds, by=by, items_total=count)
    return changed(row, status=ImportStatus.UNDOING, job=job, error="")


def again(*, organization: Organization, job: ProcessingJob, by: Author) -> ProcessingJob | None:
    """Queue what a job of an import gave up, and return the new job; None where nothing of it can be done again."""
    row = InvoiceImport.objects.of(organization.pk).filter(job=job).first()
    if row is None:
        # A later one came.
        return None
    try:
        match Deed.of(JobChunk.objects.filter(organization=organization, job=job).order_by("position")[0]).name:
            case "check":
                done = check(organization=organization, import_id=row.pk, by=by, reading=None)
            case "take":
                done = take(organization=organization, import_id=row.pk, by=by)
            case _:
                done = undo(organization=organization, import_id=row.pk, by=by)
    except (WrongState, NothingToTake):
        return None
    return done.job


def _queued(row: InvoiceImport, deeds: Sequence[Deed], *, by: Author, items_total: int) -> ProcessingJob:
    job = ProcessingJob.objects.create(
        organization_id=row.organization_id,
        entity_name=ENTITY,
        action=JobAction.IMPORT,
        trigger_type=by.through.value,
        items_total=items_total,
        created_by=by.user,
        status=JobStatus.PENDING,
    )
    chunks = [
        JobChunk(job=job, organization_id=row.organization_id, position=position, invoice_ids=deed.as_json())
        for position, deed in enumerate(deeds)
    ]
    JobChunk.objects.bulk_create(chunks, batch_size=_CHUNKS_A_STATEMENT)
    waking.wake(chunk.pk for chunk in chunks)
    return job
