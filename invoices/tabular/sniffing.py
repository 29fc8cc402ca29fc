"""How a file of text seems to be written. Plain Python."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from invoices.tabular.delimited import BOM

DELIMITERS: Final = ";,\t|"

_FEW: Final = 2

# A sign before just three digits may as well part thousands: alone it says nothing.
_SAYS_COMMA: Final = re.compile(r"[+-]?(\d+,(\d{1,2}|\d{4,})|\d{4,},\d{3}|\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,})")

_SAYS_POINT: Final = re.compile(r"[+-]?(\d+\.(\d{1,2}|\d{4,})|\d{4,}\.\d{3}|\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,})")


@dataclass(frozen=True, slots=True)
class Guess:
    """How a file seems to be written. A person may know better."""

    encoding: str
    delimiter: str
    decimal: str


def sniff(head: bytes) -> Guess:
    """Guess how a file is written from its first bytes; the last of them may stop in the middle of anything."""
    encoding = _encoding(head)
    text = head.decode(encoding, errors="ignore").removeprefix(BOM)
    delimiter = max(DELIMITERS, key=lambda sign: _evenness(text, sign))
    return Guess(encoding, delimiter, _decimal(_records(text, delimiter), delimiter))


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
