"""CSV, in and out. Plain Python."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, cast

from invoices.tabular.cells import Row, cell
from invoices.tabular.refusals import Unreadable

# What one row may hold in characters: whoever forgets a closing quote makes one row of all that follows.
LONGEST_ROW: Final = 1 << 20

BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"

_BLOCK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Dialect:
    """What parts cells, what parts the decimals of a number, and whether the file says that it is UTF-8."""

    delimiter: str
    decimal: str
    bom: bool


API: Final = Dialect(",", ".", bom=False)

SPANISH: Final = Dialect(";", ",", bom=True)

ENGLISH_PAGE: Final = Dialect(",", ".", bom=True)


def csv_lines(rows: Iterable[Row], dialect: Dialect) -> Iterator[bytes]:
    """Yield rows as UTF-8, some at a time: 64 KiB and the row that makes them full."""
    block = io.StringIO(BOM if dialect.bom else "", newline="")
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
    be read: not in this encoding, longer than any row is, or with a quote that nothing closes.
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
        if lines.has_ended:
            # Only an open quote makes a row ask for more lines than there are: it holds all the rows behind it.
            raise Unreadable("a quote is not closed", line=line)
        if row:
            yield line, row


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
        self.has_ended = False

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
            self.has_ended = True
            raise StopIteration
        if self._size > LONGEST_ROW:
            raise csv.Error("a row is too long; is a quote not closed?")
        return line


def _emptied(block: io.StringIO) -> bytes:
    content = block.getvalue().encode()
    block.seek(0)
    block.truncate()
    return content
