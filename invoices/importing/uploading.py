"""Files of invoices as they come: taken in, looked at, listed, discarded."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from facilities import access
from facilities.access import Author
from facilities.models import Organization, Role
from invoices import tabular
from invoices.importing import columns, content
from invoices.importing.checking import Checker
from invoices.importing.content import Row, Table
from invoices.importing.readings import CSV, Reading
from invoices.importing.refusals import ImportNotFound, ImportTooLarge, WrongState
from invoices.models import (
    ImportBatch,
    ImportedInvoice,
    ImportPart,
    ImportProblem,
    ImportStatus,
    InvoiceImport,
    Severity,
)

_HEAD: Final = 256 * 1024
_SAMPLE: Final = 10
_LONGEST_NAME: Final = InvoiceImport._meta.get_field("file_name").max_length or 0


class SampleRow(NamedTuple):
    """A row as it stands in the file, what it says by canonical name, and the columns of which that can't be read."""

    line: int
    cells: list[str]
    values: Mapping[str, str]
    problems: Sequence[str]


class Guessed(NamedTuple):
    """How a file begins, and how it reads as it is said (or guessed) to be: what to show before it is checked."""

    headers: list[str]
    sheets: list[str]
    reading: Reading
    missing: list[str]
    rows: list[SampleRow]


@transaction.atomic
def upload(*, organization: Organization, by: Author, file_name: str, chunks: Iterable[bytes]) -> InvoiceImport:
    """
    Keep a file, and guess how it is to be read; nothing of it is in the books yet.

    Raise access.NotAllowed, ImportTooLarge or NotReadable, with nothing kept.
    """
    require_editor(organization, by)
    coming = iter(chunks)
    head = _head_of(coming)
    format_ = content.format_of(head)
    row = InvoiceImport.objects.create(
        organization=organization,
        file_name=_name_of(file_name),
        size_bytes=0,
        sha256="",
        **by.recorded(),
    )
    measured = _Measured(chain([head], coming))
    content.keep(row, measured)
    row.size_bytes = measured.size
    reading = _first_reading(row, format_, head)
    return changed(row, size_bytes=measured.size, sha256=measured.digest, reading=reading.as_json())


def guess(*, invoice_import: InvoiceImport, reading: Reading | None = None) -> Guessed:
    """
    Return the file's headers and first rows, as a reading has them: the one given, else the one kept.

    Raise NotReadable where that can't even be told.
    """
    said = reading or Reading.of(invoice_import.reading)
    table = content.opened(invoice_import, said)
    first = list(islice(table.rows, _SAMPLE))
    checker = Checker(invoice_import.organization, said, table.headers, user=invoice_import.by)
    sample = [_sampled(checker, row) for row in first]
    return Guessed(table.headers, table.sheets, said, said.missing(), sample)


def reguessed(*, invoice_import: InvoiceImport, reading: Reading) -> Reading:
    """Return a reading with its columns guessed anew, for a file that is parted otherwise. Raise NotReadable."""
    return _with_columns(reading, content.opened(invoice_import, reading))


def find(*, organization: Organization, import_id: UUID) -> InvoiceImport:
    """Return one import of the organization; raise ImportNotFound."""
    found = listed(organization=organization).filter(pk=import_id).first()
    if found is None:
        raise ImportNotFound(import_id)
    return found


def listed(*, organization: Organization) -> QuerySet[InvoiceImport]:
    """Return the organization's imports, newest first."""
    own = InvoiceImport.objects.of(organization.pk).select_related("organization", "job", "by", "on_behalf_of")
    return own.order_by("-created_at", "-pk")


def problems(*, organization: Organization, import_id: UUID, severities: Iterable[str] = ()) -> QuerySet[ImportProblem]:
    """Return what is to be said of an import's rows, by line; raise ImportNotFound."""
    invoice_import = find(organization=organization, import_id=import_id)
    found = ImportProblem.objects.filter(organization=organization, invoice_import=invoice_import)
    if wanted := list(severities):
        found = found.filter(severity__in=wanted)
    return found.order_by("line", "pk")


@transaction.atomic
def discard(*, organization: Organization, import_id: UUID, by: Author) -> None:
    """Delete an import that filed nothing, with its file. Raise access.NotAllowed, ImportNotFound or WrongState."""
    row = hold(organization=organization, import_id=import_id, by=by)
    filed = ImportedInvoice.objects.filter(organization=organization, invoice_import=row)
    is_idle = row.status in {ImportStatus.UPLOADED, ImportStatus.CHECKED, ImportStatus.FAILED}
    if not is_idle or row.rows_taken or filed.exists():
        raise WrongState(row.status, _("only one that filed nothing can be discarded"))
    for model in (ImportProblem, ImportBatch, ImportPart):
        model._default_manager.filter(organization=organization, invoice_import=row).delete()
    InvoiceImport.objects.of(organization.pk).filter(pk=row.pk).delete()


def hold(*, organization: Organization, import_id: UUID, by: Author) -> InvoiceImport:
    """Lock an import for an editor, and return it; raise access.NotAllowed or ImportNotFound."""
    require_editor(organization, by)
    held = listed(organization=organization).filter(pk=import_id).select_for_update(of=("self",)).first()
    if held is None:
        raise ImportNotFound(import_id)
    return held


def changed(row: InvoiceImport, **values: Any) -> InvoiceImport:
    """Write fields of an import, and return it with them."""
    for name, value in values.items():
        setattr(row, name, value)
    InvoiceImport.objects.of(row.organization_id).filter(pk=row.pk).update(**values)
    return row


def require_editor(organization: Organization, by: Author) -> None:
    access.require(access.role_of_author(by, organization_id=organization.pk), Role.EDITOR)


class _Measured:
    """The pieces of a file, counted and digested as they go by."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._digest = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        most = content.most_bytes()
        for chunk in self._chunks:
            self.size += len(chunk)
            if self.size > most:
                raise ImportTooLarge(_("A file has %(most)s MB at most") % {"most": most // 1024 // 1024})
            self._digest.update(chunk)
            yield chunk

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()


def _head_of(chunks: Iterator[bytes]) -> bytes:
    head = b""
    while len(head) < _HEAD and (chunk := next(chunks, None)) is not None:
        head += chunk
    return head


def _name_of(file_name: str) -> str:
    """Return the name of a file as it can be shown: its last part, without what can't be seen."""
    last = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in last if sign.isprintable()).strip()[-_LONGEST_NAME:] or "—"


def _first_reading(row: InvoiceImport, format_: str, head: bytes) -> Reading:
    """Guess how a file is written, and which column is which. The order of day and month is never guessed."""
    if format_ == CSV:
        guessed = tabular.sniff(head[:_HEAD])
        reading = Reading.of(
            {
                "format": format_,
                "encoding": guessed.encoding,
                "delimiter": guessed.delimiter,
                "decimal": guessed.decimal,
            }
        )
    else:
        reading = Reading.of({"format": format_})
    return _with_columns(reading, content.opened(row, reading))


def _with_columns(reading: Reading, table: Table) -> Reading:
    return Reading.of({**reading.as_json(), "columns": columns.guess(table.headers), "constants": {}})


def _sampled(checker: Checker, row: Row) -> SampleRow:
    checked = checker.read(row)
    wrong = {problem.column for problem in checked.problems if problem.severity == Severity.ERROR}
    return SampleRow(
        row.line, row.cells, checked.said, [name for name in columns.NAMES if checker.label(name) in wrong]
    )
