"""What a worker does of an import: the dry run of a file, the filing of a batch, the removal of what was filed."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet

from facilities.access import Author
from invoices import filing
from invoices.importing import content, removing
from invoices.importing.checking import Checked, Checker, nothing_seen
from invoices.importing.content import Row
from invoices.importing.deeds import Deed
from invoices.importing.readings import CSV, Reading
from invoices.importing.refusals import NotReadable
from invoices.importing.uploading import changed
from invoices.models import (
    BatchState,
    ChunkState,
    ImportBatch,
    ImportedInvoice,
    ImportProblem,
    ImportStatus,
    InvoiceImport,
    JobChunk,
    ProcessingJob,
    Severity,
)

_ERROR_LENGTH: Final = InvoiceImport._meta.get_field("error").max_length or 0
_TEXT_LENGTH: Final = ImportProblem._meta.get_field("value").max_length or 0
_A_STATEMENT: Final = 1_000


class Counted(NamedTuple):
    """What became of a chunk: how many went well, how many did not, and why."""

    succeeded: int
    failed: int
    reasons: Sequence[tuple[str | None, str]] = ()


def run_chunk(
    chunk: JobChunk, *, go_on: Callable[[], None], tell: Callable[[], None] = lambda: None
) -> Callable[[], Counted]:
    """
    Do of a chunk what belongs outside the worker's transaction, and return what to do within it.

    `go_on` is called before each write: what it raises ends the work, with what was committed left to be done again.
    `tell` is called after each.
    """
    deed = Deed.of(chunk)
    row = _import_of(chunk)
    if deed.name == "check":
        return _check(chunk, row, go_on, tell)
    if deed.name == "take":
        return lambda: _take(row, deed.first, by=deed.author(chunk))
    return lambda: _undo(row, deed, by=deed.author(chunk))


def given_up(chunk: JobChunk) -> int:
    """Return how many rows a chunk that was given up leaves undone."""
    deed = Deed.of(chunk)
    row = _import_of(chunk)
    if deed.name == "check":
        job = ProcessingJob.objects.get(organization=row.organization_id, pk=chunk.job_id)
        return job.items_total - job.items_success
    if deed.name == "take":
        return _batches(row).get(number=deed.first).good_count
    return removing.count_in(row, deed.first, deed.last)


def ended(job: ProcessingJob) -> None:
    """Say on the import how its job ended; called with the job's last chunk, in its transaction."""
    row = InvoiceImport.objects.get(organization=job.organization_id, job=job)
    failed = JobChunk.objects.filter(organization=job.organization_id, job=job, state=ChunkState.FAILED)
    error = next(
        (f"This was given up: {last}"[:_ERROR_LENGTH] for last in failed.values_list("last_error", flat=True)), ""
    )
    match row.status:
        case ImportStatus.CHECKING:
            changed(row, status=ImportStatus.FAILED, error=error)
        case ImportStatus.TAKING:
            changed(row, status=ImportStatus.TAKEN, error=error)
        case ImportStatus.UNDOING:
            changed(row, status=ImportStatus.TAKEN if error else ImportStatus.UNDONE, error=error)


def _check(
    chunk: JobChunk, row: InvoiceImport, go_on: Callable[[], None], tell: Callable[[], None]
) -> Callable[[], Counted]:
    """Read and check the whole file, batch by batch, each committed with the job's progress."""
    with transaction.atomic():
        go_on()
        _forget(row)
    totals = _Totals(row)
    reading = Reading.of(row.reading)
    try:
        table = content.opened(row, reading)
        checker = Checker(row.organization, reading, table.headers, user=row.by)
        with nothing_seen() as seen:
            for number, rows in enumerate(_batched(table.rows)):
                checked = checker.check(rows, seen=seen)
                totals.add(checked)
                with transaction.atomic():
                    go_on()
                    _keep_batch(row, number, checked)
                    totals.show(chunk)
                tell()
    except NotReadable as refused:
        sentence = str(refused)
        return lambda: _unreadable(chunk, row, sentence)
    return lambda: _checked(chunk, row, table.headers, totals)


def _checked(chunk: JobChunk, row: InvoiceImport, headers: list[str], totals: "_Totals") -> Counted:
    _job(chunk).update(items_total=totals.rows, items_success=0)
    changed(
        row,
        status=ImportStatus.CHECKED,
        headers=headers,
        rows_total=totals.rows,
        rows_good=totals.good,
        rows_bad=totals.bad,
        rows_repeated=totals.repeated,
    )
    return Counted(totals.rows, 0)


def _unreadable(chunk: JobChunk, row: InvoiceImport, sentence: str) -> Counted:
    """Say why a file can't be read to its end; nothing of it is kept but the file."""
    _forget(row)
    _job(chunk).update(items_total=1, items_success=0)
    changed(row, status=ImportStatus.FAILED, error=sentence[:_ERROR_LENGTH])
    return Counted(0, 1, [(None, sentence)])


class _Totals:
    """How many rows of a file were checked, and what became of them."""

    def __init__(self, row: InvoiceImport) -> None:
        self.rows = self.good = self.bad = self.repeated = 0
        self._size = row.size_bytes if row.reading["format"] == CSV else 0
        self._read = 0

    def add(self, checked: Sequence[Checked]) -> None:
        severities = [each.severity for each in checked]
        self.rows += len(checked)
        self.bad += severities.count(Severity.ERROR)
        self.repeated += severities.count(Severity.REPEATED)
        self.good = self.rows - self.bad - self.repeated
        self._read += sum(len(text) + 1 for each in checked for text in each.row.cells)

    def show(self, chunk: JobChunk) -> None:
        """Say on the job how far the check is: of as many rows as the rest of the file should have."""
        expected = max(self.rows, self.rows * self._size // self._read)
        _job(chunk).update(items_total=expected, items_success=self.rows)


def _keep_batch(row: InvoiceImport, number: int, checked: Sequence[Checked]) -> None:
    ImportBatch.objects.create(
        invoice_import=row,
        organization_id=row.organization_id,
        number=number,
        rows=content.packed([each.row for each in checked]),
        row_count=len(checked),
        good_count=sum(each.severity is None for each in checked),
    )
    _keep_problems(row, number, checked)


def _keep_problems(row: InvoiceImport, number: int, checked: Sequence[Checked]) -> None:
    found = [
        ImportProblem(
            invoice_import=row,
            organization_id=row.organization_id,
            batch_number=number,
            line=each.row.line,
            column=problem.column[:_TEXT_LENGTH],
            value=_storable(problem.value)[:_TEXT_LENGTH],
            severity=problem.severity,
            code=problem.code,
            details=dict(problem.details),
        )
        for each in checked
        for problem in each.problems
    ]
    ImportProblem.objects.bulk_create(found, batch_size=_A_STATEMENT)


def _storable(text: str) -> str:
    """Return a text as a database can hold it: PostgreSQL takes no NUL, and neither takes half of a character."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


def _take(row: InvoiceImport, number: int, *, by: Author) -> Counted:
    """File the rows of a batch that the dry run found good, and are so still."""
    batch = _batches(row).select_for_update().get(number=number)
    refused = ImportProblem.objects.filter(
        organization=row.organization_id, invoice_import=row, batch_number=number
    ).exclude(severity=Severity.WARNING)
    left_out = set(refused.values_list("line", flat=True))
    agreed = [each for each in content.rows_of(batch) if each.line not in left_out]
    checker = Checker(row.organization, Reading.of(row.reading), row.headers, user=by.user)
    with nothing_seen() as seen:
        checked = checker.check(agreed, seen=seen, is_held=True)
    _claim(row, checked)
    good = [each.invoice for each in checked if each.invoice is not None]
    filing.file_rows(organization=row.organization, rows=good, held=checker.held, by=by)
    lost = [each for each in checked if each.invoice is None]
    _keep_problems(row, number, lost)
    repeated = sum(each.severity == Severity.REPEATED for each in lost)
    _batches(row).filter(pk=batch.pk).update(state=BatchState.TAKEN, taken_count=len(good))
    changed(
        row,
        rows_taken=F("rows_taken") + len(good),
        rows_good=F("rows_good") - len(lost),
        rows_repeated=F("rows_repeated") + repeated,
        rows_bad=F("rows_bad") + len(lost) - repeated,
    )
    said = "The books changed since the file was checked; the import lists these rows"
    return Counted(len(good), len(lost), [(None, f"Line {each.row.line}. {said}") for each in lost])


def _claim(row: InvoiceImport, checked: Sequence[Checked]) -> None:
    """Write down whose the rows are; of one that another import files at this moment, it is that one's."""
    wanted = {
        each.identity: ImportedInvoice(
            invoice_import=row,
            organization_id=row.organization_id,
            invoice_id=each.invoice.pk,
            identity=each.identity,
            line=each.row.line,
        )
        for each in checked
        if each.invoice is not None
    }
    # In their order, so that two imports never wait for each other in a circle.
    in_order = [wanted[identity] for identity in sorted(wanted)]
    ImportedInvoice.objects.bulk_create(in_order, ignore_conflicts=True, batch_size=_A_STATEMENT)
    own = ImportedInvoice.objects.filter(organization=row.organization_id, identity__in=wanted)
    owners = dict(own.values_list("identity", "invoice_id"))
    for each in checked:
        if each.invoice is not None and owners[each.identity] != each.invoice.pk:
            each.repeat("filed_before", invoice_id=str(owners[each.identity]))


def _undo(row: InvoiceImport, deed: Deed, *, by: Author) -> Counted:
    undone = removing.remove(row, deed.first, deed.last, by=by)
    problems = [
        ImportProblem(
            invoice_import=row,
            organization_id=row.organization_id,
            batch_number=0,
            line=each.line,
            severity=Severity.WARNING,
            code=each.reason,
            details={"invoice_id": str(each.invoice_id)},
        )
        for each in undone.stays
    ]
    ImportProblem.objects.bulk_create(problems, batch_size=_A_STATEMENT)
    changed(row, rows_undone=F("rows_undone") + undone.removed)
    # What stays as it should has not failed.
    return Counted(undone.lines, 0)


def _forget(row: InvoiceImport) -> None:
    for model in (ImportProblem, ImportBatch):
        model._default_manager.filter(organization=row.organization_id, invoice_import=row).delete()


def _batched(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, content.BATCH)):
        yield batch


def _import_of(chunk: JobChunk) -> InvoiceImport:
    own = InvoiceImport.objects.of(chunk.organization_id).select_related("organization", "by")
    return own.get(job=chunk.job_id)


def _batches(row: InvoiceImport) -> QuerySet[ImportBatch]:
    return ImportBatch.objects.filter(organization=row.organization_id, invoice_import=row)


def _job(chunk: JobChunk) -> QuerySet[ProcessingJob]:
    return ProcessingJob.objects.filter(organization=chunk.organization_id, pk=chunk.job_id)
