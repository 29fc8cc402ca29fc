"""How periods read in a list."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import pgettext


def days(first: date | None, last: date | None) -> str:
    """Return two days as one text."""
    return _joined(first, last, "SHORT_DATE_FORMAT")


def months(first: date | None, last: date | None) -> str:
    """Return the months of two days as one text."""
    return _joined(first, last, pgettext("date format", "M Y"))


def _joined(first: date | None, last: date | None, form: str) -> str:
    return " – ".join(dict.fromkeys(date_format(day, form) for day in (first, last) if day))
