"""How a file is to be read: stated by a person, after a guess."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from django.utils.translation import gettext as _

from invoices import tabular
from invoices.importing import columns, values
from invoices.importing.refusals import MappingIncomplete, NotReadable

CSV: Final = "csv"
XLSX: Final = "xlsx"
ENCODINGS: Final = ("utf-8", "cp1252", "utf-16", "utf-16-le", "utf-16-be")
DECIMALS: Final = (",", ".")
MOST_COLUMNS: Final = 500
_LONGEST_CONSTANT: Final = 200


@dataclass(frozen=True, slots=True)
class Reading:
    """
    How a file is read.

    `columns` gives by canonical name the place of its column in the file, from 0; `constants` give the value of all
    rows where no column does. `date_order` holds for days that are not written `2024-01-31`.
    """

    format: str = CSV
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."
    date_order: str = "ymd"
    sheet: str = ""
    columns: Mapping[str, int] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Return what somebody says of a file; what is not said is as above. Raise NotReadable."""
        if unknown := sorted(said.keys() - cls.__dataclass_fields__.keys()):
            raise NotReadable(_("Nothing is known of %(names)s") % {"names": ", ".join(unknown)})
        given = {name: index for name, index in (said.get("columns") or {}).items() if index is not None}
        constants = {name: text.strip() for name, text in (said.get("constants") or {}).items() if text.strip()}
        reading = cls(**{**said, "columns": given, "constants": constants})
        reading._check()
        return reading

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept, and as `of` takes it."""
        return asdict(self)

    def missing(self) -> list[str]:
        """Return the columns that an invoice needs and that nothing says."""
        said = self.columns.keys() | self.constants.keys()
        lacking = [name for name in columns.REQUIRED if name not in said]
        return lacking if said.intersection(columns.PLACES) else [*lacking, "facility"]

    def check_against(self, headers: Sequence[str]) -> None:
        """Raise NotReadable for a column that the file has not, MappingIncomplete where one lacks."""
        for name, index in self.columns.items():
            if index >= len(headers):
                said = {"name": name, "number": index + 1, "count": len(headers)}
                raise NotReadable(_("%(name)s is said to be column %(number)s; the file has %(count)s") % said)
        if missing := self.missing():
            raise MappingIncomplete(missing)

    def _check(self) -> None:
        for name, value, known in (
            ("format", self.format, (CSV, XLSX)),
            ("encoding", self.encoding, ENCODINGS),
            ("delimiter", self.delimiter, tuple(tabular.DELIMITERS)),
            ("decimal", self.decimal, DECIMALS),
            ("date_order", self.date_order, values.ORDERS),
        ):
            if value not in known:
                said = {"name": name, "value": value, "known": " ".join(map(repr, known))}
                raise NotReadable(_("%(name)s is “%(value)s”; it must be one of: %(known)s") % said)
        if self.sheet and self.format == CSV:
            raise NotReadable(_("The workbook has no sheet “%(sheet)s”") % {"sheet": self.sheet})
        if foreign := sorted((self.columns.keys() | self.constants.keys()) - set(columns.NAMES)):
            said = {"names": ", ".join(foreign), "known": ", ".join(columns.NAMES)}
            raise NotReadable(_("An invoice has no column %(names)s; it has %(known)s") % said)
        if twice := sorted(self.columns.keys() & self.constants.keys()):
            raise NotReadable(
                _("%(names)s: say a column or a value for all rows, not both") % {"names": ", ".join(twice)}
            )
        if any(type(index) is not int or not 0 <= index < MOST_COLUMNS for index in self.columns.values()):
            raise NotReadable(_("A column is named by its place, from 0 to %(most)s") % {"most": MOST_COLUMNS - 1})
        if len(set(self.columns.values())) < len(self.columns):
            raise NotReadable(_("One column of the file can't be two of an invoice"))
        if any(len(text) > _LONGEST_CONSTANT for text in self.constants.values()):
            raise NotReadable(_("A value for all rows has at most %(most)s characters") % {"most": _LONGEST_CONSTANT})
