"""
What is wrong with the rows of a file, all of it, and the invoices that the good ones would be.

The dry run and the deed ask the same: what is taken is what was shown, unless the books have changed since.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeVar

from facilities.models import Facility, Organization, User
from invoices import closed_years, duplicates, resolving, vetting
from invoices import cups as cups_codes
from invoices.closed_years import Period
from invoices.cups import Check
from invoices.grouping import GroupKey
from invoices.importing import columns, values
from invoices.importing.content import Row
from invoices.importing.readings import Reading
from invoices.importing.references import References
from invoices.importing.values import NotUnderstood
from invoices.models import FacilityFuel, ImportedInvoice, Invoice, InvoiceSource, InvoiceType, Severity, Unit

_Value = TypeVar("_Value")

_LONGEST_NUMBER: Final = Invoice._meta.get_field("invoice_number").max_length or 0
_SCIENTIFIC: Final = "scientific"


class Problem(NamedTuple):
    """Something about a cell, or of a whole row where `column` is empty: as it is kept, and put into words."""

    column: str
    value: str
    severity: Severity
    code: str
    details: Mapping[str, Any]


@dataclass(slots=True)
class Checked:
    """A row, the invoice that it would be unless it is refused, what identifies it, and all that is said of it."""

    row: Row
    invoice: Invoice | None = None
    identity: str = ""
    problems: list[Problem] = field(default_factory=list)
    # By canonical name what its cells are understood to say, as it can be shown.
    said: dict[str, str] = field(default_factory=dict)

    @property
    def severity(self) -> Severity | None:
        """What becomes of the row: refused, repeated, or (None) good."""
        found = {problem.severity for problem in self.problems}
        return next((worst for worst in (Severity.ERROR, Severity.REPEATED) if worst in found), None)

    def repeat(self, code: str, /, **details: Any) -> None:
        """Say that the row is in the books, or earlier in the file: nothing is filed of it."""
        self.problems.append(Problem("", "", Severity.REPEATED, code, details))
        self.invoice = None


class Seen:
    """What was met earlier in a file, on the disk: memory does not grow with it."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def line_of(self, keys: Sequence[bytes]) -> int | None:
        """Return the line of the earlier row that shares one of these keys, or None, and remember nothing."""
        marks = ", ".join("?" * len(keys))
        found = self._database.execute(f"SELECT min(line) FROM seen WHERE key IN ({marks})", keys).fetchone()  # noqa: S608
        return found[0]  # type: ignore[no-any-return]

    def add(self, keys: Sequence[bytes], line: int) -> None:
        """Remember a row by its keys."""
        self._database.executemany("INSERT INTO seen VALUES (?, ?)", [(key, line) for key in keys])


@contextmanager
def nothing_seen() -> Iterator[Seen]:
    """Begin a file."""
    # SQLite deletes a database without a name with its connection, and keeps no more of it in memory than this.
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768;"
            "CREATE TABLE seen (key BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID; BEGIN"
        )
        yield Seen(database)


class Checker:
    """Checks the rows of one file. What names may mean is read once."""

    def __init__(self, organization: Organization, reading: Reading, headers: Sequence[str], *, user: User) -> None:
        self._organization = organization
        self._reading = reading
        self._headers = headers
        self._user = user
        self._known = References(organization)
        self._read: dict[tuple[object, ...], object] = {}
        # The groups of what was checked, where that held them.
        self.held: set[GroupKey] = set()

    def check(self, rows: Sequence[Row], *, seen: Seen, is_held: bool = False) -> list[Checked]:
        """
        Return some thousand rows of the file, in their order, with all that is to be said of them.

        With `is_held` their groups are locked first, so that what is found holds until the transaction ends.
        """
        self._read.clear()
        checked = [self._row(row) for row in rows]
        self._follow_aliases(checked, is_held=is_held)
        self._find_in_the_books(checked)
        self._find_closed(checked)
        self._find_earlier(checked, seen)
        return checked

    def read(self, row: Row) -> Checked:
        """Return a row as it reads by itself: for a sample, without asking what is in the books."""
        return self._row(row)

    def _row(self, row: Row) -> Checked:
        reader = _Reader(self, row)
        invoice = reader.invoice()
        checked = Checked(row, invoice, problems=reader.problems, said=reader.said)
        if checked.severity is not None or invoice is None:
            checked.invoice = None
            return checked
        checked.identity = self._identity(invoice, reader.text("supplier"))
        return checked

    def _identity(self, invoice: Invoice, supplier: str) -> str:
        """Digest what a row says, however it is written: the mended file says the same of the rest."""
        said = (
            *(self._organization.pk, invoice.type, invoice.start_date, invoice.end_date),
            *(f"{invoice.quantity.normalize():f}", invoice.unit_id, invoice.facility_id, invoice.printed_cups),
            *(invoice.invoice_number, invoice.supplier_id or columns.plain(supplier), invoice.facility_fuel_id),
        )
        return blake2b("\x1f".join(map(str, said)).encode(), digest_size=16).hexdigest()

    def _follow_aliases(self, checked: Sequence[Checked], *, is_held: bool) -> None:
        good = _good(checked)
        invoices = [invoice for _each, invoice in good]
        if is_held:
            self.held = resolving.hold(invoices)
        codes = [invoice.cups for invoice in invoices] if is_held else resolving.codes_of(invoices)
        for (each, invoice), code in zip(good, codes, strict=True):
            invoice.cups = code
            if code != invoice.printed_cups:
                each.problems.append(self._about("cups", invoice.printed_cups, Severity.WARNING, "alias", target=code))

    def _find_in_the_books(self, checked: Sequence[Checked]) -> None:
        """Mark what an import filed before, and what is in the books, also of a year that was closed since."""
        good = _good(checked)
        filed = self._filed({each.identity for each, _invoice in good})
        there = duplicates.found_for(organization_id=self._organization.pk, rows=[invoice for _each, invoice in good])
        for each, invoice in good:
            if each.identity in filed:
                each.repeat("filed_before", invoice_id=filed[each.identity])
            elif invoice.pk in there:
                each.repeat("in_the_books", invoice_id=str(there[invoice.pk][0]))

    def _find_closed(self, checked: Sequence[Checked]) -> None:
        good = {invoice.pk: each for each, invoice in _good(checked)}
        periods = {invoice.pk: Period.of(invoice) for _each, invoice in _good(checked)}
        for pk in closed_years.closed_among(periods):
            each, period = good[pk], periods[pk]
            said = f"{period.start_date} – {period.end_date}"
            each.problems.append(self._about("start_date", said, Severity.ERROR, "year_closed"))
            each.invoice = None

    def _find_earlier(self, checked: Sequence[Checked], seen: Seen) -> None:
        """Mark what came earlier in the file, and remember the rest."""
        for each, invoice in _good(checked):
            keys = [_digest(key) for key in duplicates.keys_of(invoice)]
            line = seen.line_of(keys)
            if line is not None:
                each.repeat("earlier_in_the_file", line=line)
            else:
                seen.add(keys, each.row.line)

    def _filed(self, identities: set[str]) -> dict[str, str]:
        """Return, by identity, the invoice that an import filed of such a row, also where it was deleted since."""
        rows = ImportedInvoice.objects.filter(organization=self._organization, identity__in=identities)
        return {identity: str(pk) for identity, pk in rows.values_list("identity", "invoice_id")}

    def _about(self, name: str, value: str, severity: Severity, code: str, /, **details: Any) -> Problem:
        return Problem(self.label(name), value, severity, code, details)

    def label(self, name: str) -> str:
        """Return how the file calls a column, or the canonical name where no column of the file says it."""
        index = self._reading.columns.get(name)
        return name if index is None else columns.label(self._headers, index)

    def text(self, name: str, row: Row) -> str:
        """Return what a row says in a column, without outer blanks."""
        index = self._reading.columns.get(name)
        if index is None:
            return self._reading.constants.get(name, "")
        return row.cells[index].strip() if index < len(row.cells) else ""

    def once(self, read: Callable[..., _Value], *said: str, **stated: str) -> _Value:
        """Read a cell, or give what reading the same gave before in these rows; raise NotUnderstood."""
        key = (read, *said, *stated.values())
        if key not in self._read:
            try:
                self._read[key] = read(*said, **stated)
            except NotUnderstood as why:
                self._read[key] = why
        value = self._read[key]
        if isinstance(value, NotUnderstood):
            raise value
        return value  # type: ignore[return-value]

    @property
    def known(self) -> References:
        return self._known

    @property
    def reading(self) -> Reading:
        return self._reading

    @property
    def width(self) -> int:
        return len(self._headers)

    def made(self, **said: Any) -> Invoice:
        """Return an invoice with what all of this file's have, and what its row says."""
        # By keys: giving it each related row would take longer than all that is checked of it.
        return Invoice(
            organization_id=self._organization.pk,
            uploaded_by_id=self._user.pk,
            source=InvoiceSource.BULK_FILE,
            **said,
        )


class _Reader:
    """Reads one row, and collects what is wrong with it."""

    def __init__(self, checker: Checker, row: Row) -> None:
        self._checker = checker
        self._row = row
        self.problems: list[Problem] = []
        self.said: dict[str, str] = {}

    def text(self, name: str) -> str:
        return self._checker.text(name, self._row)

    def invoice(self) -> Invoice | None:
        """Return what the row says as an invoice, or None where something that it needs is not understood."""
        self._check_width()
        kind = self._required("type", values.kind)
        reading = self._checker.reading
        start = self._required("start_date", values.day, order=reading.date_order)
        end = self._required("end_date", values.day, order=reading.date_order)
        quantity = self._required("quantity", values.number, decimal=reading.decimal)
        facility = self._facility()
        fuel = self._fuel(kind, facility)
        unit = self._unit(kind, fuel)
        code = self._cups()
        number = self._number()
        self._check_period(start, end)
        country = facility.country if facility else ""
        supplier = self._optional("supplier", self._checker.known.supplier, country=country, type=kind or "")
        if kind is None or start is None or end is None or quantity is None or unit is None or facility is None:
            return None
        return self._checker.made(
            type=kind,
            start_date=start,
            end_date=end,
            quantity=quantity,
            base_quantity=quantity,
            unit_id=unit.pk,
            facility_id=facility.pk,
            cups=code,
            printed_cups=code,
            invoice_number=number,
            supplier_id=supplier.pk if supplier else None,
            facility_fuel_id=fuel.pk if fuel else None,
        )

    def _check_width(self) -> None:
        more = self._row.cells[self._checker.width :]
        if any(text.strip() for text in more):
            details = {"cells": len(self._row.cells), "headers": self._checker.width}
            self.problems.append(Problem("", "; ".join(more), Severity.ERROR, "too_many_cells", details))

    def _required(self, name: str, read: Callable[..., _Value], **stated: str) -> _Value | None:
        if not self.text(name):
            self._say(name, Severity.ERROR, "missing")
            return None
        return self._optional(name, read, severity=Severity.ERROR, **stated)

    def _optional(
        self, name: str, read: Callable[..., _Value], *, severity: Severity | None = None, **stated: str
    ) -> _Value | None:
        text = self.text(name)
        if not text:
            return None
        try:
            value = self._checker.once(read, text, **stated)
        except NotUnderstood as why:
            # An id that names nothing is refused at every door; a supplier's name that nobody knows is told.
            default = Severity.ERROR if why.code == "id_unknown" else Severity.WARNING
            self._say(name, severity or default, why.code, **why.details)
            return None
        self.said[name] = _shown(value)
        return value

    def _facility(self) -> Facility | None:
        name = "facility_id" if self.text("facility_id") or "facility" not in self._said() else "facility"
        return self._required(name, self._checker.known.facility)

    def _said(self) -> set[str]:
        return {*self._checker.reading.columns, *self._checker.reading.constants}

    def _fuel(self, kind: str | None, facility: Facility | None) -> FacilityFuel | None:
        if kind != InvoiceType.HEAT:
            if kind is not None and self.text("fuel"):
                self._say("fuel", Severity.WARNING, "fuel_not_used", type=kind)
            return None
        if not self.text("fuel"):
            self._say("fuel", Severity.ERROR, "fuel_required")
            return None
        country = facility.country if facility else ""
        return self._optional("fuel", self._checker.known.fuel, severity=Severity.ERROR, country=country)

    def _unit(self, kind: str | None, fuel: FacilityFuel | None) -> Unit | None:
        unit = self._required("unit", self._checker.known.unit)
        if unit is None or kind is None:
            return unit
        if kinds := vetting.unfit_kinds(type=kind, unit=unit):
            self._say("unit", Severity.ERROR, "unit_of_another_kind", kinds=kinds, type=kind)
        units = self._checker.known.fuel_units(fuel)
        if fuel is not None and vetting.is_foreign(unit=unit, to=units):
            self._say("unit", Severity.ERROR, "unit_not_of_fuel", fuel=fuel.name, right=list(units.values()))
        return unit

    def _check_period(self, start: date | None, end: date | None) -> None:
        if start is not None and end is not None and end < start:
            self._say("end_date", Severity.ERROR, "ends_before_it_starts", start=start.isoformat(), end=end.isoformat())

    def _number(self) -> str:
        text = self.text("invoice_number")
        if len(text) > _LONGEST_NUMBER:
            self._say("invoice_number", Severity.ERROR, "too_long", most=_LONGEST_NUMBER)
        elif not text.isprintable():
            self._say("invoice_number", Severity.ERROR, "control_character")
        self.said["invoice_number"] = text
        return text

    def _cups(self) -> str:
        """Return the code as it came, and say what is wrong with it: that refuses only what no invoice can carry."""
        text = self.text("cups")
        if not text:
            return ""
        try:
            code = cups_codes.acceptable(text)
        except cups_codes.NotAcceptable as why:
            self._say("cups", Severity.ERROR, "cups_not_acceptable", problem=why.problem, character=why.character)
            return text
        self.said["cups"] = code
        check, repaired = self._checker.once(_looked_at, code)
        if check != Check.VALID:
            self._say("cups", Severity.WARNING, f"cups_{check}", repaired="" if repaired == code else repaired)
        return code

    def _say(self, name: str, severity: Severity, code: str, /, **details: Any) -> None:
        self.problems.append(Problem(self._checker.label(name), self.text(name), severity, code, details))


def _good(checked: Sequence[Checked]) -> list[tuple[Checked, Invoice]]:
    return [(each, each.invoice) for each in checked if each.invoice is not None]


def _shown(value: object) -> str:
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case date():
            return value.isoformat()
    return str(value)


def _looked_at(code: str) -> tuple[str, str]:
    """Return what the CUPS check says of a code, and the CUPS that is meant where that is certain."""
    parsed = cups_codes.parse(code)
    if cups_codes.is_scientific(parsed.clean):
        return _SCIENTIFIC, ""
    return parsed.check, cups_codes.complete(code)


def _digest(key: duplicates.Key) -> bytes:
    return blake2b("\x1f".join(map(str, key)).encode(), digest_size=16).digest()
