"""The page where somebody says how a file is read, and sees its first rows read so."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods

from facilities.models import Facility, FacilityStatus, Organization
from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import importing
from invoices.importing import Guessed, Reading, columns
from invoices.models import FacilityFuel, InvoiceImport, InvoiceType, Unit
from invoices.pages import import_report
from invoices.pages.import_report import found

_OF_THE_FILE: Final = ("encoding", "delimiter", "decimal", "date_order", "sheet")

Choices = Sequence[tuple[Any, Any]]

_LABELS: Final[Mapping[str, Any]] = {
    "type": gettext_lazy("Type"),
    "start_date": gettext_lazy("Start date"),
    "end_date": gettext_lazy("End date"),
    "quantity": gettext_lazy("Quantity"),
    "unit": gettext_lazy("Unit"),
    "facility_id": gettext_lazy("Facility, by its id"),
    "facility": gettext_lazy("Facility, by its name"),
    "cups": "CUPS",
    "invoice_number": gettext_lazy("Number of the invoice"),
    "supplier": gettext_lazy("Supplier"),
    "fuel": gettext_lazy("Fuel"),
}
_ENCODINGS: Final = (
    ("utf-8", "UTF-8"),
    ("cp1252", gettext_lazy("Windows, Western Europe")),
    ("utf-16", "UTF-16"),
    ("utf-16-le", gettext_lazy("UTF-16, without a mark")),
    ("utf-16-be", gettext_lazy("UTF-16 the other way round, without a mark")),
)
_DELIMITERS: Final = (
    (";", pgettext_lazy("between cells", "semicolon ;")),
    (",", pgettext_lazy("between cells", "comma ,")),
    ("\t", pgettext_lazy("between cells", "tab")),
    ("|", pgettext_lazy("between cells", "bar |")),
)
_DECIMALS: Final = ((",", gettext_lazy("comma: 1.234,56")), (".", gettext_lazy("point: 1,234.56")))
_ORDERS: Final = (
    ("dmy", gettext_lazy("day, month, year: 31/01/2024")),
    ("mdy", gettext_lazy("month, day, year: 01/31/2024")),
    ("ymd", gettext_lazy("year, month, day: 2024-01-31")),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that is said of the whole file."""

    name: str
    label: str
    choices: Choices
    value: str


@dataclass(frozen=True, slots=True)
class Column:
    """What an invoice has: the column of the file that says it, or a value for all rows, named by `constant_name`."""

    name: str
    label: str
    is_needed: bool
    is_missing: bool
    index: int | None
    constant_name: str
    constants: Choices
    constant: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell of the sample says, and whether that can be read."""

    text: str
    is_bad: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """How somebody says that a file is read, and what comes of it: without `guessed`, nothing does."""

    said: Mapping[str, Any]
    guessed: Guessed | None
    problem: str = ""
    reading: Reading | None = None


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
@editors_only
def reading(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Show how a file is read, and its first rows read so (GET); have all of them checked (POST)."""
    one = found(request, import_id)
    if not import_report.may_check(one):
        return redirect("import", one.pk)
    constants = _constants(request.organization)
    asked = _asked(one, _said(one, request.POST or request.GET, constants))
    if request.method == "POST" and not asked.problem:
        asked = _checked(request, one, asked)
        if not asked.problem:
            return redirect("import", one.pk)
    return _rendered(request, one, asked, constants)


def _checked(request: PageRequest, one: InvoiceImport, asked: Asked) -> Asked:
    """Have the rows checked; return what was asked, with what is wrong with it where that is refused."""
    try:
        with transaction.atomic(durable=True):
            importing.check(
                organization=request.organization, import_id=one.pk, reading=asked.reading, by=request.author
            )
    except importing.MappingIncomplete as refused:
        labels = ", ".join(str(_LABELS[name]) for name in refused.columns)
        return replace(asked, problem=_("Say which column is: %(columns)s.") % {"columns": labels})
    except (importing.NotReadable, importing.WrongState) as refused:
        return replace(asked, problem=str(refused))
    return asked


def _rendered(request: PageRequest, one: InvoiceImport, asked: Asked, constants: Mapping[str, Choices]) -> HttpResponse:
    guessed = asked.guessed
    context = {
        "one": one,
        "step": 1,
        "problem": asked.problem,
        "layout": _layout(asked.said),
        "settings": list(_settings(asked.said, guessed)),
        "headers": list(enumerate(guessed.headers)) if guessed else [],
        "columns": list(_columns(asked.said, guessed, constants)) if guessed else [],
        "used": [_LABELS[name] for name in _used(guessed)] if guessed else [],
        "sample": list(_sample(guessed)) if guessed else [],
    }
    is_refused = asked.problem and request.method == "POST"
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK
    return render(request, "imports/_reading.html" if request.htmx else "imports/reading.html", context, status=status)


def _asked(one: InvoiceImport, said: Mapping[str, Any]) -> Asked:
    try:
        stated = importing.restated(invoice_import=one, said=said)
        return Asked(stated.as_json(), importing.guess(invoice_import=one, reading=stated), reading=stated)
    except importing.NotReadable as refused:
        problem = str(refused)
    shown = {**one.reading, **said}
    try:
        # The columns make no sense; the file may.
        plain = Reading.of({**shown, "columns": {}, "constants": {}})
        return Asked(shown, importing.guess(invoice_import=one, reading=plain), problem)
    except importing.NotReadable:
        return Asked(shown, None, problem)


def _said(one: InvoiceImport, given: QueryDict, constants: Mapping[str, Choices]) -> dict[str, Any]:
    """Return what the form says of a file; of the columns nothing, where they were chosen for other cells."""
    said: dict[str, Any] = {name: given[name] for name in _OF_THE_FILE if name in given}
    if given:
        chosen = {name: given.get(f"constant-{name}", "") for name in constants}
        said["constants"] = {name: text if text in dict(constants[name]) else "" for name, text in chosen.items()}
    if given and given.get("layout") == _layout({**one.reading, **said}):
        said["columns"] = {name: _place(given.get(f"column-{name}", "")) for name in columns.NAMES}
    return said


def _place(text: str) -> int | None:
    # More digits than the columns of any file have.
    return int(text[:6]) if text.isascii() and text.isdecimal() else None


def _layout(said: Mapping[str, Any]) -> str:
    """Return what tells whether a file falls into the same cells."""
    return json.dumps([said["encoding"], said["delimiter"], said["sheet"]])


def _settings(said: Mapping[str, Any], guessed: Guessed | None) -> Iterator[Setting]:
    if said["format"] == importing.CSV:
        yield Setting("encoding", _("Characters"), _ENCODINGS, said["encoding"])
        yield Setting("delimiter", _("Between cells"), _DELIMITERS, said["delimiter"])
    elif guessed and len(guessed.sheets) > 1:
        yield Setting("sheet", _("Sheet"), [(name, name) for name in guessed.sheets], said["sheet"])
    yield Setting("decimal", _("Decimal sign"), _DECIMALS, said["decimal"])
    yield Setting("date_order", _("Dates"), _ORDERS, said["date_order"])


def _columns(said: Mapping[str, Any], guessed: Guessed, constants: Mapping[str, Choices]) -> Iterator[Column]:
    for name in columns.NAMES:
        # A facility is chosen by its name, and meant by its id.
        constant_name = "facility_id" if name == "facility" else name
        yield Column(
            name=name,
            label=str(_LABELS[name]),
            is_needed=name in columns.REQUIRED or name == "facility",
            is_missing=name in guessed.missing,
            index=said["columns"].get(name),
            constant_name=constant_name,
            constants=constants.get(constant_name, ()) if name != "facility_id" else (),
            constant=said["constants"].get(constant_name, ""),
        )


def _constants(organization: Organization) -> dict[str, Choices]:
    """Return what can be said for all rows of a file."""
    places = Facility.objects.present().filter(organization=organization, status=FacilityStatus.ACTIVE)
    units = Unit.objects.order_by("type", "symbol")
    return {
        "type": [(value, str(label).capitalize()) for value, label in InvoiceType.choices],
        "unit": [(str(unit.pk), f"{unit.symbol} · {unit.get_type_display()}") for unit in units],
        "facility_id": [(str(pk), name) for pk, name in places.order_by("name", "pk").values_list("pk", "name")],
        "fuel": [(str(fuel.pk), str(fuel)) for fuel in FacilityFuel.objects.order_by("name", "country")],
    }


def _sample(guessed: Guessed) -> Iterator[tuple[int, list[Cell]]]:
    used = _used(guessed)
    for row in guessed.rows:
        yield row.line, [Cell(_spoken(name, row.values.get(name, "")), name in row.problems) for name in used]


def _spoken(name: str, value: str) -> str:
    """Say what was read as the reader's language does."""
    if value and name == "type":
        return str(InvoiceType(value).label)
    if value and name == "quantity":
        return number_format(Decimal(value))
    return value


def _used(guessed: Guessed) -> list[str]:
    said = guessed.reading.columns.keys() | guessed.reading.constants.keys()
    return [name for name in columns.NAMES if name in said]
