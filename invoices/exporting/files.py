"""Tables as CSV and XLSX, for programs and for people."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, Any, Final

from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from facilities.models import Organization
from invoices import tabular
from invoices.exporting.columns import Words
from invoices.exporting.tables import Table
from invoices.tabular import Dialect, Row

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_IN_XLSX: Final = 100_000
_PIECE: Final = 64 * 1024

_DIALECTS: Final[Mapping[str, Dialect]] = {"es": tabular.SPANISH, "en": tabular.ENGLISH_PAGE}


class TooManyRows(ValueError):
    """An XLSX file takes at most 100,000 invoices. Ask for fewer of them, or for CSV, which takes all."""

    def __init__(self) -> None:
        super().__init__(
            _("An XLSX file takes at most 100,000 invoices. Ask for fewer of them, or for CSV, which takes all.")
        )


def csv_for_programs(table: Table) -> Iterator[bytes]:
    """Yield a table as the API writes it: its names, comma and point, moments in UTC, every digit."""
    return tabular.csv_lines(_for_programs(table), tabular.API)


def csv_for_people(table: Table, *, words: Mapping[str, Words] | None = None) -> Iterator[bytes]:
    """Yield a table in the language of now, as its spreadsheets open it. `words` are more of them, by column."""
    dialect = _DIALECTS[translation.get_language() or "en"]
    return tabular.csv_lines(_for_people(table, words or {}), dialect)


def workbook(table: Table, *, for_people: bool) -> Iterator[bytes]:
    """
    Return a table as the pieces of an XLSX file, which is gone with the last of them.

    Raise TooManyRows.
    """
    if table.count() > MOST_IN_XLSX:
        raise TooManyRows
    # Closed with its last piece, or by whoever sends no more of them.
    content = TemporaryFile(prefix="export-")  # noqa: SIM115
    tabular.write_xlsx(
        content, _for_people(table, {}) if for_people else _for_programs(table), title=str(table.title).capitalize()
    )
    content.seek(0)
    return _pieces(content)


def file_name(table: Table, *, organization: Organization, extension: str) -> str:
    """Return the name under which somebody saves a table: what it holds, whose it is and which day it is."""
    parts = ("consolida", slugify(str(table.title)), slugify(organization.name), timezone.localdate().isoformat())
    return f"{'-'.join(filter(None, parts))}.{extension}"


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    with content:
        yield from iter(partial(content.read, _PIECE), b"")


def _for_programs(table: Table) -> Iterator[Row]:
    rows = ([_told(value) for value in row] for row in table.rows)
    return chain([[column.name for column in table.columns]], rows)


def _told(value: Any) -> object:
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case tuple():
            return " ".join(value)
        case Decimal():
            return value.normalize()
    return value


def _for_people(table: Table, words: Mapping[str, Words]) -> Iterator[Row]:
    # Words are said now: when the rows are read, the language may be another's.
    said = [
        {value: str(word) for value, word in words.get(column.name, column.words).items()} for column in table.columns
    ]
    rows = ([_said(value, *own) for value, *own in zip(row, said, strict=True)] for row in table.rows)
    return chain([[str(column.heading) for column in table.columns]], rows)


def _said(value: Any, words: Mapping[Any, str]) -> object:
    match value:
        case tuple():
            return ", ".join(words.get(part, part) for part in value)
        case datetime():
            return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
        case Decimal():
            return value.normalize()
    return words.get(value, value)
