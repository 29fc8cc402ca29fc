"""
Tables in and out: CSV and XLSX. Plain Python, no Django.

A spreadsheet takes a text for a formula when it begins as one, and does what it says. What is written here carries an
apostrophe before such a text, and `undefused` takes exactly that mark off again. Numbers and days are never marked.
"""

import codecs
import csv
import io
import re
import string
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import IO, Final, cast
from xml.parsers import expat

import python_calamine
import xlsxwriter
from python_calamine import SheetTypeEnum

DANGEROUS: Final = "=+-@\t\r"
DELIMITERS: Final = ";,\t|"
# What one row may hold in characters: whoever forgets a closing quote makes one row of all that follows.
LONGEST_ROW: Final = 1 << 20
# What an XLSX may unpack to in bytes, and how many cells the rectangle around them may have: memory holds all of it.
LARGEST_UNPACKED: Final = 400 << 20
MOST_CELLS: Final = 10_000_000

_MARK: Final = "'"
_NO_WORKBOOK: Final = "is not an XLSX workbook"
_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
_BLOCK: Final = 1 << 16
_FEW: Final = 2
# A spreadsheet's count of days is right from here on: its 1900 has a 29 February.
_FIRST_DAY: Final = date(1900, 3, 1)
# A sign before just three digits may as well part thousands: alone it says nothing.
_SAYS_COMMA: Final = re.compile(r"[+-]?(\d+,(\d{1,2}|\d{4,})|\d{4,},\d{3}|\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,})")
_SAYS_POINT: Final = re.compile(r"[+-]?(\d+\.(\d{1,2}|\d{4,})|\d{4,}\.\d{3}|\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,})")

Row = Sequence[object]


class Number(str):
    """What a cell of a workbook says that holds a number, with a point: the text `1.234` may mean thousands."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """What parts cells, what parts the decimals of a number, and whether the file says that it is UTF-8."""

    delimiter: str
    decimal: str
    bom: bool


API: Final = Dialect(",", ".", bom=False)
SPANISH: Final = Dialect(";", ",", bom=True)
ENGLISH_PAGE: Final = Dialect(",", ".", bom=True)


@dataclass(frozen=True, slots=True)
class Guess:
    """How a file seems to be written. A person may know better."""

    encoding: str
    delimiter: str
    decimal: str


class Unreadable(ValueError):
    """The file is not what it is said to be: from this line on, where that is known."""

    def __init__(self, reason: str, *, line: int | None = None) -> None:
        self.reason, self.line = reason, line
        super().__init__(reason if line is None else f"Line {line}: {reason}")


class SheetNotFound(ValueError):
    """The workbook has no sheet of this name."""


class TooManyRows(ValueError):
    """The sheet has more rows than are taken."""


def defused(text: str) -> str:
    """
    Mark a text that a spreadsheet would take for a formula with an apostrophe.

    One that looks marked already gets another, so that `undefused` always gives the text back.
    """
    return f"{_MARK}{text}" if _is_dangerous(text.lstrip(_MARK)) else text


def undefused(text: str) -> str:
    """Take the mark of `defused` off again; leave any other apostrophe."""
    return text[1:] if text.startswith(_MARK) and _is_dangerous(text.lstrip(_MARK)) else text


def cell(value: object, decimal: str = ".") -> str:
    """
    Return what stands in a cell of a CSV file: days and moments as ISO 8601 writes them, text defused.

    None is empty, True "yes". Numbers have all their digits, and no sign between thousands.
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value:f}".replace(".", decimal)
        case int():
            return str(value)
        case date() | time():
            return value.isoformat()
    return defused(str(value))


def csv_lines(rows: Iterable[Row], dialect: Dialect) -> Iterator[bytes]:
    """Yield rows as UTF-8, some at a time: 64 KiB and the row that makes them full."""
    block = io.StringIO(_BOM if dialect.bom else "", newline="")
    block.seek(0, io.SEEK_END)
    writer = csv.writer(block, delimiter=dialect.delimiter, lineterminator="\r\n")
    for row in rows:
        writer.writerow([cell(value, dialect.decimal) for value in row])
        if block.tell() >= _BLOCK:
            yield _emptied(block)
    if block.tell():
        yield _emptied(block)


def read_csv(chunks: Iterable[bytes], *, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """
    Yield each row as it is written, marks included, with the line on which it starts; skip empty lines.

    Quoted cells may hold line breaks. Memory holds one row and a chunk. Raise Unreadable at the first row that can't
    be read: not in this encoding, or longer than any row is.
    """
    # What says that a file is UTF-8 is no part of its first cell.
    stream = io.BufferedReader(cast("io.RawIOBase", _Chunks(chunks)), _BLOCK)
    text = io.TextIOWrapper(stream, encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="")
    lines = _Lines(text)
    rows = csv.reader(lines, delimiter=delimiter)
    while True:
        line = lines.begin()
        try:
            row = next(rows)
        except StopIteration:
            return
        except UnicodeError as wrong:
            raise Unreadable(f"is not {encoding}", line=line) from wrong
        except csv.Error as wrong:
            raise Unreadable(str(wrong), line=line) from wrong
        if row:
            yield line, row


def sniff(head: bytes) -> Guess:
    """Guess how a file is written from its first bytes; the last of them may stop in the middle of anything."""
    encoding = _encoding(head)
    text = head.decode(encoding, errors="ignore").removeprefix(_BOM)
    delimiter = max(DELIMITERS, key=lambda sign: _evenness(text, sign))
    return Guess(encoding, delimiter, _decimal(_records(text, delimiter), delimiter))


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


class _Chunks(io.RawIOBase):
    """Pieces of a file as one stream."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = memoryview(chunk)
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


class _Lines:
    """The lines of a text, counted, of which no row takes more than it may."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._count = self._size = 0

    def begin(self) -> int:
        """Begin a row, and return the number of its line."""
        self._size = 0
        return self._count + 1

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_ROW + 1)
        self._count += 1
        self._size += len(line)
        if not line:
            raise StopIteration
        if self._size > LONGEST_ROW:
            raise csv.Error("a row is too long; is a quote not closed?")
        return line


def _is_dangerous(text: str) -> bool:
    return text.startswith(tuple(DANGEROUS))


def _emptied(block: io.StringIO) -> bytes:
    content = block.getvalue().encode()
    block.seek(0)
    block.truncate()
    return content


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    # Half of what is UTF-16 is NUL, in our alphabet; nothing else has any.
    if head[1::2].count(0) > len(head) // 4:
        return "utf-16-le"
    try:
        # A character may be cut off at the end.
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _records(text: str, delimiter: str) -> list[list[str]]:
    """Return the rows of a text as far as they can be read; the last of several may be cut off."""
    found: list[list[str]] = []
    with suppress(csv.Error):
        found.extend(row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)
    return found if len(found) <= _FEW else found[:-1]


def _evenness(text: str, delimiter: str) -> tuple[int, int]:
    """Return how many rows have the same number of cells, which are several, and how many cells that is."""
    widths = Counter(len(row) for row in _records(text, delimiter))
    del widths[1]
    return max(((times, width) for width, times in widths.items()), default=(0, 0))


def _decimal(records: Iterable[Sequence[str]], delimiter: str) -> str:
    cells = [text.strip() for row in records for text in row]
    commas = sum(bool(_SAYS_COMMA.fullmatch(text)) for text in cells)
    points = sum(bool(_SAYS_POINT.fullmatch(text)) for text in cells)
    # Where a comma stands for decimals, it can't part cells.
    return "," if commas > points or (commas == points and delimiter == ";") else "."


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
