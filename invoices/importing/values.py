"""
What a cell says: a number with the stated decimal sign, a day in the stated order, a type of invoice. Plain Python.

Nothing is guessed: what does not fit what was stated is refused, with what would be right.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from invoices.importing import columns

QUANTITY_STEP: Final = Decimal("0.000001")
# What the books hold: 15 digits, 6 of them decimals.
MOST: Final = Decimal(10) ** 9
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100

_BLANKS: Final = " \u00a0\u202f\u2009"
_MINUS: Final = str.maketrans("−–", "--")
_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?E[+-]?[0-9]+", re.IGNORECASE)
# By decimal sign: groups of three parted by the other sign, a blank or an apostrophe, the same one throughout.
_NUMBERS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        sign: re.compile(
            rf"([+-]?)([0-9]+|[0-9]{{1,3}}(?:([{other}{_BLANKS}'’])[0-9]{{3}})(?:\3[0-9]{{3}})*)"
            rf"(?:{re.escape(sign)}([0-9]+))?"
        )
        for sign, other in ((",", "."), (".", ","))
    }
)
# A moment that a program wrote for a day: midnight, or the last second of the day.
_TIME: Final = r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
_YEAR_FIRST: Final = re.compile(rf"([0-9]{{4}})([-/.])([0-9]{{1,2}})\2([0-9]{{1,2}}){_TIME}")
_YEAR_LAST: Final = re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2([0-9]{{2,4}}){_TIME}")
_LONGEST: Final = 40
ORDERS: Final = ("ymd", "dmy", "mdy")

_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("electricity", "electricidad", "luz", "electrica", "electrico", "electric", "power"), "electricity"
        ),
        **dict.fromkeys(
            ("heat", "calor", "combustible", "combustion", "gas", "calefaccion", "fuel", "heating"), "heat"
        ),
        **dict.fromkeys(("water", "agua"), "water"),
        **dict.fromkeys(("recharge", "recarga", "refrigerante", "refrigerant"), "recharge"),
        **dict.fromkeys(("process", "proceso"), "process"),
    }
)


class NotUnderstood(ValueError):
    """A cell does not say what it should: `code` says why, `details` what would be right."""

    def __init__(self, code: str, /, **details: Any) -> None:
        self.code, self.details = code, details
        super().__init__(code)


def number(text: str, *, decimal: str) -> Decimal:
    """
    Read a quantity with its decimal sign, to six decimals; thousands may be parted by what can't be that sign.

    With a comma `1.234,5`, `1 234,5` and `1234,5` are 1234.5, and `1.5` is refused. Raise NotUnderstood.
    """
    written = text.strip().translate(_MINUS)
    if _SCIENTIFIC.fullmatch(written):
        raise NotUnderstood("number_scientific")
    read = _NUMBERS[decimal].fullmatch(written)
    if read is None:
        other = "." if decimal == "," else ","
        suggested = _NUMBERS[other].fullmatch(written)
        if suggested is not None:
            raise NotUnderstood("number_sign", decimal=decimal, right=_written(suggested, decimal))
        raise NotUnderstood("number_unreadable", decimal=decimal)
    value = Decimal(_written(read, ".")).quantize(QUANTITY_STEP) if len(written) < _LONGEST else MOST
    if abs(value) >= MOST:
        raise NotUnderstood("number_too_large", most=str(MOST))
    return value


def day(text: str, *, order: str) -> date:
    """
    Read a day: `2024-01-31` always, `31/01/2024` in the stated order of day, month and year. Raise NotUnderstood.

    A time that stands behind it is left out.
    """
    written = text.strip()
    if read := _YEAR_FIRST.fullmatch(written):
        return _day(int(read[1]), int(read[3]), int(read[4]))
    read = _YEAR_LAST.fullmatch(written)
    if read is None:
        raise NotUnderstood("date_unreadable", order=order)
    if len(read[4]) != len("2024"):
        raise NotUnderstood("date_short_year", order=order)
    first, second, year = int(read[1]), int(read[3]), int(read[4])
    if order == "ymd":
        raise NotUnderstood("date_order", order=order)
    return _day(year, second, first) if order == "dmy" else _day(year, first, second)


def kind(text: str) -> str:
    """Read a type of invoice, in Spanish or English. Raise NotUnderstood."""
    found = _TYPES.get(columns.plain(text))
    if found is None:
        raise NotUnderstood("type_unknown", right=sorted(set(_TYPES.values())))
    return found


def _written(read: re.Match[str], decimal: str) -> str:
    """Return a number as it is written plainly: without a sign between thousands, and with this decimal sign."""
    sign, whole, _parting, decimals = read.groups()
    digits = "".join(filter(str.isdigit, whole))
    return sign.replace("+", "") + digits + (f"{decimal}{decimals}" if decimals else "")


def _day(year: int, month: int, day_: int) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NotUnderstood("date_far", first=FIRST_YEAR, last=LAST_YEAR)
    try:
        return date(year, month, day_)
    except ValueError as wrong:
        raise NotUnderstood("date_impossible") from wrong
