"""How kilograms, tonnes, factors and what is said of them read on a page. Loaded in templates as `figures`."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Context, Decimal
from typing import Any, Final

from django import template
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from invoices.impacts import Scope
from invoices.models import EmissionCategory, InvoiceStatus

register = template.Library()

Value = Decimal | str | None
NONE: Final = "–"
# So that a number and its unit stay on one line.
_TOGETHER: Final = "\N{NO-BREAK SPACE}"
_KG_A_TONNE: Final = 1000
# From this size on so many decimals: what is behind them is less than anybody measured.
_DECIMALS: Final = ((Decimal(100), 0), (Decimal(10), 1), (Decimal(1), 2))
_SMALLEST_DECIMALS: Final = 3
# No published factor has more.
_DIGITS: Final = Context(prec=7)

_SCOPES: Final[Mapping[Scope, Any]] = {
    Scope.ONE: _("Scope 1"),
    Scope.TWO_MARKET: _("Scope 2, market-based"),
    Scope.TWO_LOCATION: _("Scope 2, location-based"),
    Scope.THREE: _("Scope 3"),
}
_FLAGS: Final[Mapping[str, Any]] = {
    "year_fallback": _("factor of another year: none is published for this one"),
    "country_fallback": _("factor of another country: none is published for this one"),
    "market_fallback_to_location": _("average of the country's grid: no factor of the supplier or of the residual mix"),
    "estimated_direct": _("direct part estimated from a life-cycle figure"),
    "proxy_ratio": _("upstream part estimated with the ratio of the British figures"),
    "proxy_wtt": _("British upstream figure, since the country publishes none"),
    "missing_wtt": _("no upstream figure is known: counted as 0"),
    "co2_only": _("CO2 alone: the source counts no other gas"),
    "unit_approximate": _("unit converted with an approximate figure"),
    "custom": _("factor of the organization's own"),
    "no_evidence": _("no certificate of that year stands behind the renewable share"),
    "biogenic_unknown": _("the biogenic part of this blend is not published: counted as 0"),
    "missing_calorific_value": _("no calorific value is known"),
}
# What a factor may be made from, and the kind of factor that is multiplied.
_TERMS: Final[Mapping[str, Any]] = {
    "grid_direct": _("the grid's power stations"),
    "grid_lifecycle": _("the grid with what comes before its power stations"),
    "residual_mix": _("residual mix"),
    "guarantee_renewable": _("renewable share of the contract"),
    "guarantee_chp": _("cogeneration share of the contract"),
    "supplier": _("the supplier's own factor"),
    "loss": _("share lost on the way"),
    "upstream_generation": _("before the power stations"),
    "upstream_per_direct": _("upstream for each kg of direct, as in Great Britain"),
    "td_loss": _("lost on the way"),
    "wtt_td_loss": _("lost on the way, before the power stations"),
    "fuel": _("fuel"),
    "water_supply": _("water supply"),
    "water_treatment": _("water treatment"),
    "gross calorific value": _("gross calorific value"),
    "net calorific value": _("net calorific value"),
    "density": _("density"),
}
_TAGS: Final[Mapping[str, str]] = {
    InvoiceStatus.ACTIVE: "ok",
    InvoiceStatus.ERROR: "bad",
    InvoiceStatus.LOADING: "warn",
    InvoiceStatus.REVIEW: "warn",
}


@register.filter
def kg(value: Value) -> str:
    """Say how many kilograms, without their unit; a dash where nothing is calculated, which is no zero."""
    number = _number(value)
    return NONE if number is None else _rounded(number)


@register.filter
def tonnes(value: Value) -> str:
    """Say how many tonnes so many kilograms are, with the unit."""
    number = _number(value)
    return NONE if number is None else f"{_rounded(number / _KG_A_TONNE)}{_TOGETHER}t"


@register.filter
def percent(share: Value) -> str:
    """Say a share of 0 to 1 in percent; what is little is told from nothing."""
    number = _number(share)
    if number is None:
        return NONE
    part = round(number * 100, 1)
    if number and not part:
        return f"< {number_format(Decimal('0.1'), 1)}{_TOGETHER}%"
    return f"{exactly(part)}{_TOGETHER}%"


@register.filter
def exactly(value: Value) -> str:
    """Print a number with all its decimals, without zeros at the end."""
    number = _number(value)
    if number is None:
        return NONE
    plain = number.normalize()
    decimals = max(0, -int(plain.as_tuple().exponent))
    return number_format(plain, decimals, use_l10n=True, force_grouping=True)


@register.filter
def significant(value: Value) -> str:
    """Print a factor with the digits that matter; the API gives all of them."""
    number = _number(value)
    return NONE if number is None else exactly(_DIGITS.plus(number))


@register.filter
def scope_name(scope: str) -> str:
    return str(_SCOPES[Scope(scope)])


@register.filter
def category_name(category: str) -> str:
    return str(EmissionCategory(category).label)


@register.filter
def flag_words(flags: Iterable[str]) -> list[str]:
    """Say flags in words; one that is new here by its name."""
    return [str(_FLAGS.get(flag, flag)) for flag in flags]


@register.filter
def term_words(name: str) -> str:
    """Say what a figure is that a factor was made from; one that is new here by its name."""
    return str(_TERMS.get(name, name.replace("_", " ")))


@register.filter
def status_tag(status: str) -> str:
    """Return the class that colours the tag of an invoice's status."""
    return _TAGS.get(status, "")


@register.filter
def month_name(first: date) -> str:
    """Name a month as briefly as it goes, without its year."""
    # Translators: a month under a bar of a chart, in Django's date format; Spanish "b" gives "ene".
    return date_format(first, pgettext("date format", "M"))


@register.filter
def day(text: str | date) -> str:
    """Write a day of a trace, which is kept as text, as the reader's language does."""
    found = date.fromisoformat(text) if isinstance(text, str) else text
    return date_format(found, "SHORT_DATE_FORMAT")


def _number(value: Value) -> Decimal | None:
    """Return a number; in a template what is not there comes as an empty text."""
    return None if value in (None, "") else Decimal(value)


def _rounded(number: Decimal) -> str:
    size = abs(number)
    decimals = next((decimals for least, decimals in _DECIMALS if size >= least), _SMALLEST_DECIMALS)
    # Rounded here: number_format cuts off.
    text = round(number, decimals) if number else 0
    return number_format(text, decimals if number else 0, use_l10n=True, force_grouping=True)
