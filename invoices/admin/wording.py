"""How checks and periods read in a list."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from invoices.cups import Check

CHECKS = {
    Check.VALID: _("correct"),
    Check.NOT_CLEAN: _("not plainly written"),
    Check.LOOK_ALIKE: _("look-alike character"),
    Check.LETTERS_MISSING: _("letters missing"),
    Check.LETTERS_WRONG: _("letters do not fit"),
    Check.DAMAGED: _("not shaped like a CUPS"),
    Check.SELF_CONSUMPTION: _("self-consumption code"),
    Check.OTHER: _("not a CUPS"),
}


def days(first: date | None, last: date | None) -> str:
    """Return two days as one text."""
    return _joined(first, last, "SHORT_DATE_FORMAT")


def months(first: date | None, last: date | None) -> str:
    """Return the months of two days as one text."""
    return _joined(first, last, "M Y")


def _joined(first: date | None, last: date | None, form: str) -> str:
    return " – ".join(dict.fromkeys(date_format(day, form) for day in (first, last) if day))
