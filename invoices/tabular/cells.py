"""What stands in a cell, and how a text that looks like a formula is marked. Plain Python."""

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from typing import Final

DANGEROUS: Final = "=+-@\t\r"

_MARK: Final = "'"

Row = Sequence[object]


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


def _is_dangerous(text: str) -> bool:
    return text.startswith(tuple(DANGEROUS))
