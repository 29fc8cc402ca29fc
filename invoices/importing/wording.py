"""What is said of a row, and of what stays at an undo, in the reader's language: what is wrong, what would be right."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from invoices import wording
from invoices.cups import NotAcceptable, Problem
from invoices.models import ImportProblem, InvoiceType, UnitType

_ORDERS: Final = MappingProxyType(
    {
        "ymd": "",
        "dmy": gettext_lazy(", or as in 31/01/2024"),
        "mdy": gettext_lazy(", or as in 01/31/2024"),
    }
)
# What names a type of invoice or a kind of unit among the details, and what people call these.
_NAMING: Final = frozenset({"type", "kinds", "right"})
_CALLED: Final[Mapping[str, Any]] = MappingProxyType(dict([*InvoiceType.choices, *UnitType.choices]))
_SENTENCES: Final[Mapping[str, Any]] = MappingProxyType(
    {
        # A cell that is not understood.
        "missing": gettext_lazy("Nothing is said here, and every invoice needs it."),
        "type_unknown": gettext_lazy("There is no such type of invoice. It is one of: %(right)s."),
        "number_sign": gettext_lazy("The file has “%(decimal)s” as its decimal sign; with that this is %(right)s."),
        "number_scientific": gettext_lazy(
            "A spreadsheet has shortened this number. Format the column as a number, so that all digits are written."
        ),
        "number_unreadable": gettext_lazy("This is no number. One is written with “%(decimal)s” before its decimals."),
        "number_too_large": gettext_lazy("The number is too large: it must be below %(most)s."),
        "date_unreadable": gettext_lazy("This is no date. Write it as in 2024-01-31%(order)s."),
        "date_short_year": gettext_lazy("Write the year with four digits, as in 2024."),
        "date_order": gettext_lazy(
            "It is not stated what comes first, the day or the month. State the order, or write 2024-01-31."
        ),
        "date_far": gettext_lazy("The year must lie between %(first)s and %(last)s."),
        "date_impossible": gettext_lazy("There is no such day. Is the order of day and month stated right?"),
        "id_unknown": gettext_lazy("There is nothing with this id."),
        "too_many_cells": gettext_lazy(
            "The row has %(cells)s cells under %(headers)s headers. Put quotes around a cell that holds the separator."
        ),
        "too_long": gettext_lazy("It has more than %(most)s characters."),
        "control_character": gettext_lazy("It contains a character that can't be seen."),
        # What it names.
        "facility_unknown": gettext_lazy("There is no such facility.%(close)s"),
        "facility_ambiguous": gettext_lazy("Several facilities are called so. Give the id of one of them: %(ids)s."),
        "facility_archived": gettext_lazy("%(name)s is archived; activate it, or name another facility."),
        "unit_unknown": gettext_lazy("There is no such unit. Usual ones are: %(right)s."),
        "unit_of_another_kind": gettext_lazy("%(type)s is not measured in this. It must be a unit of %(kinds)s."),
        "unit_not_of_fuel": gettext_lazy("%(fuel)s is not measured in this, but in: %(right)s."),
        "fuel_required": gettext_lazy("An invoice of heat needs the fuel that was burnt, such as Gas natural."),
        "fuel_unknown": gettext_lazy("There is no such fuel.%(close)s"),
        "fuel_ambiguous": gettext_lazy("This fuel exists for other countries alone (%(countries)s). Give its id."),
        "fuel_not_used": gettext_lazy("An invoice of type %(type)s names no fuel; it is filed without."),
        "supplier_unknown": gettext_lazy("There is no such supplier: filed without one.%(close)s"),
        "supplier_ambiguous": gettext_lazy(
            "Several suppliers are called so: filed without one. Give the id of one of them: %(ids)s."
        ),
        # The invoice.
        "ends_before_it_starts": gettext_lazy("The period ends on %(end)s, before it starts on %(start)s."),
        "year_closed": gettext_lazy("The year is closed. An administrator can open it again."),
        "filed_before": gettext_lazy("An import filed this row before."),
        "in_the_books": gettext_lazy("The same invoice is in the books already."),
        "earlier_in_the_file": gettext_lazy("The same invoice is on line %(line)s."),
        # The code, which never refuses a row unless no invoice can carry it.
        "alias": gettext_lazy("This code stands for %(target)s, and is filed under that."),
        "cups_scientific": gettext_lazy(
            "A spreadsheet has made a number of this code, and its digits are lost. Format the column as text."
        ),
        "cups_not_clean": gettext_lazy("The code is right but for blanks, separators or capitals.%(repaired)s"),
        "cups_look_alike": gettext_lazy("A letter stands for a digit, or a digit for a letter.%(repaired)s"),
        "cups_letters_missing": gettext_lazy("The code lacks check letters.%(repaired)s"),
        "cups_letters_wrong": gettext_lazy("The check letters do not fit the digits.%(repaired)s"),
        "cups_damaged": gettext_lazy("The code is damaged: a CUPS has ES, 16 digits and 2 letters.%(repaired)s"),
        "cups_self_consumption": gettext_lazy("This is a code of self-consumption (CAU or CIL), no CUPS.%(repaired)s"),
        "cups_other": gettext_lazy("This is no CUPS, which has ES, 16 digits and 2 letters."),
        # What an undo leaves.
        "stays_locked": gettext_lazy("It stays: a Datadis supply contract backs it now."),
        "stays_changed": gettext_lazy("It stays: somebody has changed it since."),
        "stays_consolidated": gettext_lazy("It stays: a consolidation has rewritten its code. Undo that first."),
        "stays_moved": gettext_lazy("It stays: it was moved to another facility."),
        "stays_closed": gettext_lazy("It stays: its year is closed."),
    }
)
CODES: Final = frozenset(_SENTENCES) | {"cups_not_acceptable"}


def sentence(problem: ImportProblem) -> str:
    """Say what is wrong, and what would be right."""
    if problem.code == "cups_not_acceptable":
        why = NotAcceptable(Problem(problem.details["problem"]), "", character=problem.details["character"])
        return wording.not_acceptable(why)
    said = {name: _said(name, value) for name, value in problem.details.items()}
    return str(_SENTENCES[problem.code]) % said


def reason(code: str) -> str:
    """Say why an invoice stays at an undo."""
    return str(_SENTENCES[code])


def _said(name: str, value: Any) -> str:
    """Return one of the details as it stands in a sentence."""
    if name in _CLAUSES:
        return _CLAUSES[name](value) if value else ""
    if name == "order":
        return str(_ORDERS[value])
    each = value if isinstance(value, list) else [value]
    return ", ".join(str(_CALLED.get(one, one) if name in _NAMING else one) for one in each)


def _close(names: list[str]) -> str:
    return " " + _("Close to it: %(names)s.") % {"names": ", ".join(names)}


def _repaired(code: str) -> str:
    return " " + _("It should probably be %(code)s.") % {"code": code}


_CLAUSES: Final[Mapping[str, Callable[[Any], str]]] = MappingProxyType({"close": _close, "repaired": _repaired})
