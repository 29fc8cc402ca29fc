"""The content of an uploaded file: kept in pieces in the database, read as rows, and the rows kept in batches."""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from invoices import tabular
from invoices.importing.readings import CSV, MOST_COLUMNS, XLSX, Reading
from invoices.importing.refusals import ImportTooLarge, NotReadable
from invoices.models import ImportBatch, ImportPart, InvoiceImport

PART_BYTES: Final = 1024 * 1024
BATCH: Final = 5_000
MOST_XLSX_BYTES: Final = 30 * 1024 * 1024
MOST_XLSX_ROWS: Final = 100_000
# Quick rather than small: the rows are read again soon.
_COMPRESSION: Final = 1
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


class Row(NamedTuple):
    """A row as it stands in the file, with the line on which it starts."""

    line: int
    cells: list[str]


class Table(NamedTuple):
    """A file that was opened: the sheets of a workbook, the headers, and the rows under them."""

    sheets: list[str]
    headers: list[str]
    rows: Iterator[Row]


def parts_of(invoice_import: InvoiceImport) -> Iterator[bytes]:
    """Yield the file piece by piece."""
    own = ImportPart.objects.filter(organization=invoice_import.organization_id, invoice_import=invoice_import)
    number = 0
    while (part := own.filter(number=number).values_list("content", flat=True).first()) is not None:
        yield bytes(part)
        number += 1


def keep(invoice_import: InvoiceImport, chunks: Iterable[bytes]) -> None:
    """Keep a file in pieces of at most PART_BYTES, in memory that does not grow with it."""
    for number, content in enumerate(_evened(chunks)):
        ImportPart.objects.create(
            invoice_import=invoice_import,
            organization_id=invoice_import.organization_id,
            number=number,
            content=content,
        )


def format_of(head: bytes) -> str:
    """Tell CSV from XLSX by how a file begins; raise NotReadable for what is neither."""
    if not head.strip():
        raise NotReadable(_("The file is empty"))
    if head.startswith(b"PK\x03\x04"):
        return XLSX
    if head.startswith(_OLD_EXCEL):
        raise NotReadable(_("This is a workbook of an old Excel, or one with a password; save it as XLSX or CSV"))
    if head.startswith(b"%PDF") or (b"\0" in head and not head.startswith(_UTF16) and not _is_wide(head)):
        raise NotReadable(_("This is no table; a CSV or an XLSX file is"))
    return CSV


def opened(invoice_import: InvoiceImport, reading: Reading) -> Table:
    """
    Open the file as it is said to be read; the first row that says something is its headers.

    Quantities that a workbook holds as numbers come with the stated decimal sign. Raise NotReadable, by the rows too.
    """
    sheets: list[str] = []
    if reading.format == XLSX:
        sheets, found = _workbook(invoice_import, reading)
    else:
        found = tabular.read_csv(parts_of(invoice_import), encoding=reading.encoding, delimiter=reading.delimiter)
    rows = _said(found)
    first = next(rows, None)
    if first is None:
        raise NotReadable(_("The file has no row that says anything"))
    # They are kept, and PostgreSQL keeps no NUL.
    headers = [text.replace("\0", "").strip() for text in first.cells]
    if len(headers) > MOST_COLUMNS:
        raise NotReadable(
            _("The file has %(count)s columns; %(most)s are read at most")
            % {"count": len(headers), "most": MOST_COLUMNS}
        )
    second = next(rows, None)
    if second is None:
        raise NotReadable(_("The file has headers alone, and no row under them"))
    return Table(sheets, headers, chain([second], rows))


def packed(rows: Sequence[Row]) -> bytes:
    """Return rows as a batch keeps them."""
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), _COMPRESSION)


def rows_of(batch: ImportBatch) -> list[Row]:
    """Return the rows of a batch as they were read."""
    return [Row(line, cells) for line, cells in json.loads(zlib.decompress(batch.rows))]


def _evened(chunks: Iterable[bytes]) -> Iterator[bytes]:
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= PART_BYTES:
            yield bytes(buffer[:PART_BYTES])
            del buffer[:PART_BYTES]
    if buffer:
        yield bytes(buffer)


def _is_wide(head: bytes) -> bool:
    """Tell whether it is text of two bytes a character, without the mark that says so."""
    return head[1::2].count(0) > len(head) // 4 and head[::2].count(0) == 0


def _workbook(invoice_import: InvoiceImport, reading: Reading) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    if invoice_import.size_bytes > MOST_XLSX_BYTES:
        most = MOST_XLSX_BYTES // 1024 // 1024
        raise ImportTooLarge(_("A workbook has %(most)s MB at most; save it as CSV") % {"most": most})
    content = b"".join(parts_of(invoice_import))
    try:
        # One row more: the headers.
        names, rows = tabular.read_xlsx(content, sheet=reading.sheet or None, most_rows=MOST_XLSX_ROWS + 1)
    except tabular.SheetNotFound as wrong:
        raise NotReadable(_("The workbook has no sheet “%(sheet)s”") % {"sheet": reading.sheet}) from wrong
    except tabular.TooManyRows as wrong:
        raise ImportTooLarge(
            _("A workbook has %(most)s rows at most; save it as CSV") % {"most": MOST_XLSX_ROWS}
        ) from wrong
    except tabular.Unreadable as wrong:
        raise NotReadable(_("The file is no XLSX workbook that can be read")) from wrong
    return names, ((line, _signed(cells, reading)) for line, cells in rows)


def _signed(cells: list[str], reading: Reading) -> list[str]:
    """Return a row with its quantity as it is then read; a number of an invoice that has a point keeps it."""
    place = reading.columns.get("quantity", len(cells))
    return [
        text.replace(".", reading.decimal) if at == place and isinstance(text, tabular.Number) else text
        for at, text in enumerate(cells)
    ]


def _said(found: Iterator[tuple[int, list[str]]]) -> Iterator[Row]:
    """Yield the rows that say something, without the marks that keep a spreadsheet from calculating with a text."""
    try:
        for line, cells in found:
            if any(cells) and any(text.strip() for text in cells):
                yield Row(line, [tabular.undefused(text) for text in cells])
    except tabular.Unreadable as wrong:
        raise NotReadable(_("The file can't be read: %(why)s") % {"why": wrong}) from wrong


def most_bytes() -> int:
    """Return how large a file may be."""
    return int(settings.IMPORT_MAX_MB) * 1024 * 1024
