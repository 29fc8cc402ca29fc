"""Reading the list: pasted with tabs, or as a file of CSV or XLSX."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from invoices import cups as cups_codes
from invoices import tabular

MOST_ROWS: Final = 2_000
MOST_BYTES: Final = 4 << 20
_PASTED: Final = tabular.Dialect("\t", ".", bom=False)
# An XLSX is a ZIP archive, which begins so.
_ZIP: Final = b"PK\x03\x04"
_LONGEST_ADDRESS: Final = 500
_LONGEST_DISTRIBUTOR: Final = 10

# How each column is headed there, in the API of Datadis and in a list of one's own: in small letters without accents.
_HEADINGS: Final[Mapping[str, frozenset[str]]] = {
    "cups": frozenset({"cups", "codigo cups", "codigo punto de suministro"}),
    "address": frozenset({"address", "direccion", "direccion de suministro", "direccion del suministro"}),
    "postal_code": frozenset({"codigo postal", "cp", "postal code", "postalcode"}),
    "municipality": frozenset({"municipio", "municipality", "poblacion", "localidad"}),
    "province": frozenset({"provincia", "province"}),
    "distributor": frozenset(
        {"distributor", "distribuidora", "distributorcode", "distributor code", "codigo distribuidora"}
    ),
    "start_date": frozenset(
        {"valid from", "validdatefrom", "valido desde", "fecha inicio", "fecha de inicio", "desde", "inicio"}
    ),
    "end_date": frozenset({"valid to", "validdateto", "valido hasta", "fecha fin", "fecha de fin", "hasta", "fin"}),
}
COLUMNS: Final = ("cups", "address", "distributor", "start_date", "end_date")
_REQUIRED: Final = ("cups", "start_date")
_PLACE: Final = ("address", "postal_code", "municipality", "province")
_ISO: Final = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", re.ASCII)
_SPANISH: Final = re.compile(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", re.ASCII)


class Problem(StrEnum):
    """What is wrong with a row."""

    CUPS_MISSING = "cups_missing"
    CUPS_UNUSABLE = "cups_unusable"
    DATE_MISSING = "date_missing"
    DATE_UNREADABLE = "date_unreadable"
    ENDS_BEFORE_IT_STARTS = "ends_before_it_starts"


class ListNotReadable(ValueError):
    """The list can't be read at all. `missing` are the columns that it has no heading for."""

    def __init__(self, reason: str, *, missing: Sequence[str] = ()) -> None:
        self.missing = missing
        super().__init__(reason)


class Supply(NamedTuple):
    """One row: a supply, where it is, and from when to when its contract is valid (end included, None for open)."""

    line: int
    cups: str
    address: str
    distributor: str
    start_date: date
    end_date: date | None


class BadRow(NamedTuple):
    """A row that can't be filed: where it stands, what stands there, and what is wrong with it."""

    line: int
    column: str
    value: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Supplies:
    """The list as it was read."""

    rows: Sequence[Supply]
    bad: Sequence[BadRow]


class _Wrong(Exception):
    def __init__(self, column: str, value: str, problem: Problem) -> None:
        self.column, self.value, self.problem = column, value, problem


def read_text(text: str) -> Supplies:
    """Read a list that was pasted: with tabs as copied from a page, or as the text of a CSV file."""
    return read_file(text.encode())


def read_file(content: bytes) -> Supplies:
    """
    Read a list from the bytes of a CSV or XLSX file whose first row holds the headings.

    Raise ListNotReadable.
    """
    if len(content) > MOST_BYTES:
        raise ListNotReadable("The list is too large")
    try:
        table = list(_table(content))
    except (tabular.Unreadable, tabular.TooManyRows) as wrong:
        raise ListNotReadable(str(wrong)) from wrong
    if not table:
        raise ListNotReadable("The list is empty")
    (_line, headings), *rows = table
    places = _places(headings)
    if missing := [name for name in _REQUIRED if name not in places]:
        raise ListNotReadable("The list has no heading for some columns", missing=missing)
    if len(rows) > MOST_ROWS:
        raise ListNotReadable(f"The list has more than {MOST_ROWS} rows")
    return _read(rows, places)


def as_text(supplies: Iterable[Supply]) -> str:
    """Return rows as a list that `read_text` reads, in their order, whatever they were read from."""
    rows = [(each.cups, each.address, each.distributor, each.start_date, each.end_date) for each in supplies]
    headings = ("cups", "address", "distributor", "valid from", "valid to")
    return b"".join(tabular.csv_lines([headings, *rows], _PASTED)).decode()


def _table(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with something in them."""
    if content.startswith(_ZIP):
        _names, rows = tabular.read_xlsx(content, sheet=None, most_rows=MOST_ROWS + 1)
    else:
        guess = tabular.sniff(content[: 1 << 16])
        rows = tabular.read_csv([content], encoding=guess.encoding, delimiter=guess.delimiter)
    for line, cells in rows:
        trimmed = [tabular.undefused(cell).strip() for cell in cells]
        if any(trimmed):
            yield line, trimmed


def _places(headings: Sequence[str]) -> dict[str, int]:
    """Return in which column each thing stands; of two with one heading the first."""
    places: dict[str, int] = {}
    for place, heading in enumerate(headings):
        plain = _plain(heading)
        for name, known in _HEADINGS.items():
            if plain in known:
                places.setdefault(name, place)
    return places


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"[a-z0-9]+", "".join(sign for sign in letters if not unicodedata.combining(sign))))


def _read(rows: Iterable[tuple[int, list[str]]], places: Mapping[str, int]) -> Supplies:
    good, bad = [], []
    for line, cells in rows:
        said = {name: cells[place] if place < len(cells) else "" for name, place in places.items()}
        try:
            good.append(_supply(line, said))
        except _Wrong as wrong:
            bad.append(BadRow(line, wrong.column, wrong.value, wrong.problem))
    return Supplies(good, bad)


def _supply(line: int, said: Mapping[str, str]) -> Supply:
    start = _date("start_date", said["start_date"])
    end = _date("end_date", said["end_date"]) if said.get("end_date") else None
    if end is not None and end < start:
        raise _Wrong("end_date", said["end_date"], Problem.ENDS_BEFORE_IT_STARTS)
    cups = _code(said["cups"])
    address = " ".join(", ".join(said[name] for name in _PLACE if said.get(name)).split())
    return Supply(line, cups, address[:_LONGEST_ADDRESS], _distributor(cups, said.get("distributor", "")), start, end)


def _code(text: str) -> str:
    """Return a code plainly written where it is a CUPS, else as it is."""
    if not text:
        raise _Wrong("cups", "", Problem.CUPS_MISSING)
    try:
        acceptable = cups_codes.acceptable(text)
    except cups_codes.NotAcceptable as refusal:
        raise _Wrong("cups", text, Problem.CUPS_UNUSABLE) from refusal
    parsed = cups_codes.parse(acceptable)
    return parsed.clean if parsed.body16 else acceptable


def _distributor(cups: str, said: str) -> str:
    """Return the distributor's code: as it is said, else as the CUPS has it."""
    if said.isascii() and said.isdigit() and len(said) <= _LONGEST_DISTRIBUTOR:
        return said.zfill(4)
    return cups_codes.parse(cups).body16[:4]


def _date(column: str, text: str) -> date:
    if not text:
        raise _Wrong(column, "", Problem.DATE_MISSING)
    day, *time = text.split()
    with suppress(ValueError):
        if not time and (found := _ISO.fullmatch(day)):
            return date(*map(int, found.groups()))
        if not time and (found := _SPANISH.fullmatch(day)):
            return date(*map(int, reversed(found.groups())))
    raise _Wrong(column, text, Problem.DATE_UNREADABLE)
