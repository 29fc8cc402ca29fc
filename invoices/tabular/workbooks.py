"""XLSX, in and out. Plain Python."""

import io
import string
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat

import python_calamine
import xlsxwriter
from python_calamine import SheetTypeEnum

from invoices.tabular.cells import Row, cell
from invoices.tabular.refusals import SheetNotFound, TooManyRows, Unreadable

# What an XLSX may unpack to in bytes, and how many cells the rectangle around them may have: memory holds all of it.
LARGEST_UNPACKED: Final = 400 << 20

MOST_CELLS: Final = 10_000_000

_NO_WORKBOOK: Final = "is not an XLSX workbook"

# A spreadsheet's count of days is right from here on: its 1900 has a 29 February.
_FIRST_DAY: Final = date(1900, 3, 1)


class Number(str):
    """What a cell of a workbook says that holds a number, with a point: the text `1.234` may mean thousands."""

    __slots__ = ()


def read_xlsx(
    content: bytes, *, sheet: str | None, most_rows: int
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """
    Return the names of a workbook's sheets, and the rows of one (or the first) with their numbers; skip empty ones.

    Days come as ISO 8601 writes them, numbers with a point and all digits that a spreadsheet keeps, texts as written.
    Raise Unreadable, SheetNotFound or TooManyRows.
    """
    _check_size(content, most_rows)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = [known.name for known in book.sheets_metadata if known.typ == SheetTypeEnum.WorkSheet]
        if sheet is not None and sheet not in names:
            raise SheetNotFound(sheet)
        found = book.get_sheet_by_name(sheet if sheet is not None else names[0])
    except (python_calamine.CalamineError, IndexError) as wrong:
        raise Unreadable(_NO_WORKBOOK) from wrong
    return names, _rows_of(found)


def write_xlsx(file: Path | IO[bytes], rows: Iterable[Row], *, title: str) -> None:
    """
    Write rows as the one sheet of a workbook, the first as its heading, in memory that does not grow with them.

    Text is defused, numbers are numbers (of which a spreadsheet keeps 15 digits), days are days.
    """
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet(title)
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                match value:
                    case None:
                        continue
                    case Decimal() | int() if not isinstance(value, bool):
                        sheet.write_number(number, column, value)
                    case date() if not isinstance(value, datetime) and value >= _FIRST_DAY:
                        sheet.write_datetime(number, column, value, day)
                    case _:
                        sheet.write_string(number, column, cell(value), None if number else bold)


def _rows_of(sheet: python_calamine.CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [_as_text(value) for value in row]
        if any(cells):
            yield number, cells


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        # A day that a formula made, or that was pasted with its midnight.
        value = value.date() if value.time() == time.min else value
    if isinstance(value, float):
        return Number(f"{Decimal(repr(value)):f}".removesuffix(".0"))
    return value if isinstance(value, str) else cell(value)


class _Extent:
    """The rectangle around the cells of a sheet that have content, as its XML goes by."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self._row = self._column = 0
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "row":
                self._row, self._column = int(attributes.get("r", self._row + 1)), 0
            case "c":
                self._column = _column(attributes["r"]) if "r" in attributes else self._column + 1
            case "v" | "is":
                self.rows, self.columns = max(self.rows, self._row), max(self.columns, self._column)

    def _refuse(self, *declared: object) -> None:
        raise Unreadable(_NO_WORKBOOK)


def _column(reference: str) -> int:
    """Return the number of a column, as 28 for AB7."""
    number = 0
    for letter in reference.rstrip(string.digits):
        number = number * 26 + string.ascii_uppercase.index(letter) + 1
    return number


def _check_size(content: bytes, most_rows: int) -> None:
    """Refuse what would not fit in memory, in which a sheet is loaded whole: one far cell is enough for that."""
    parts = _opened(content)
    # What a part says of its size is all that is read of it: one that lies fails its checksum.
    if sum(entry.file_size for entry in parts.infolist()) > LARGEST_UNPACKED:
        raise TooManyRows("The workbook is too large")
    for name in parts.namelist():
        if name.endswith(".xml"):
            extent = _extent(parts, name)
            if extent.rows > most_rows or extent.rows * extent.columns > MOST_CELLS:
                raise TooManyRows(f"The sheet has {extent.rows} rows, {extent.columns} columns wide")


def _opened(content: bytes) -> zipfile.ZipFile:
    try:
        parts = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError) as wrong:
        raise Unreadable(_NO_WORKBOOK) from wrong
    if "xl/workbook.xml" not in parts.namelist():
        raise Unreadable(_NO_WORKBOOK)
    return parts


def _extent(parts: zipfile.ZipFile, name: str) -> _Extent:
    extent = _Extent()
    try:
        with parts.open(name) as part:
            extent.parser.ParseFile(part)
    # Encrypted or packed in another way, cut off, no XML; a reference that is none.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, expat.ExpatError, ValueError) as wrong:
        raise Unreadable(_NO_WORKBOOK) from wrong
    return extent
