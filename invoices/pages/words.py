"""How codes, checks, periods, warnings and refusals read on a page. Loaded in templates as `words`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

from django import template
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from invoices import cups as cups_codes
from invoices.cups import Check
from invoices.merge_warnings import MergeWarning, WarningCode
from invoices.models import CHECK_NAMES

register = template.Library()

SHOWN_PAIRS = 20

_CHECK_KINDS: Final[Mapping[Check, str]] = {Check.VALID: "ok", Check.NOT_CLEAN: "warn", Check.SELF_CONSUMPTION: ""}


@register.filter
def code(cups: str) -> SafeString:
    """Show a code in the groups that a person reads, suspicious characters marked. Selected, it is the code itself."""
    if not cups:
        return format_html('<span class="sub">{}</span>', _("no code"))
    parts = format_html_join("", "{}", ((part,) for part in _parts(cups)))
    return format_html('<code translate="no">{}</code>', parts)


@register.simple_tag
def check_tag(cups: str) -> SafeString:
    """Say in a tag what the CUPS check says of a code, with the letters that it expects."""
    parsed = cups_codes.parse(cups)
    kind, name = _CHECK_KINDS.get(parsed.check, "bad"), CHECK_NAMES[parsed.check]
    has_other_letters = parsed.check in (Check.LETTERS_MISSING, Check.LETTERS_WRONG)
    expected = _expected(parsed.expected_letters) if has_other_letters else ""
    return format_html('<span class="tag {}">{}</span>', kind, f"{name} {expected}".strip())


@register.simple_tag
def period(first: date | None, last: date | None) -> str:
    """Say from which month to which month, as briefly as it goes."""
    if first is None or last is None:
        return "–"
    # Translators: how a month is written in a list, in Django's date format; Spanish "b Y" gives "ene 2024".
    month_and_year = pgettext("date format", "M Y")
    until = date_format(last, month_and_year)
    if (first.year, first.month) == (last.year, last.month):
        return until
    since = date_format(first, month_and_year.replace("Y", "").strip() if first.year == last.year else month_and_year)
    return f"{since} – {until}"


@dataclass(frozen=True, slots=True)
class Told:
    """A warning as a person reads it: what it is, its figures, and the groups and invoices behind it."""

    title: str
    figures: str
    is_grave: bool
    codes: Sequence[str]
    groups: Sequence[Mapping[str, str]]
    pairs: Sequence[Sequence[Mapping[str, Any]]]
    left_out: int


@register.filter
def in_words(warning: MergeWarning) -> Told:
    """Tell a warning in words."""
    details = warning.details
    pairs = [[_dated(bill) for bill in pair] for pair in details.get("pairs", [])]
    return Told(
        title=str(warning.code.label),
        figures=_figures(warning.code, details),
        is_grave=warning.code in (WarningCode.VALID_CODES_DIFFER, WarningCode.SAME_INVOICE),
        codes=details.get("cups", []),
        groups=details.get("groups", []),
        pairs=pairs[:SHOWN_PAIRS],
        left_out=max(0, details.get("invoice_count", 0) - SHOWN_PAIRS),
    )


def invoices(count: int) -> str:
    """Say how many invoices."""
    return ngettext("%(count)s invoice", "%(count)s invoices", count) % {"count": number(count)}


def facilities(count: int) -> str:
    """Say how many facilities."""
    return ngettext("%(count)s facility", "%(count)s facilities", count) % {"count": number(count)}


def number(value: float) -> str:
    """Print a number as the reader's language does."""
    return number_format(value, use_l10n=True, force_grouping=True)


def _parts(cups: str) -> Iterator[SafeString]:
    for segment in cups_codes.segments(cups):
        runs = groupby(zip(segment.text, segment.marks, strict=True), key=lambda pair: pair[1])
        text = format_html_join(
            "",
            "{}",
            ((_run("".join(character for character, _is_marked in run), is_marked),) for is_marked, run in runs),
        )
        if text:
            yield format_html("<span>{}</span>", text)
        if segment.missing:
            # Drawn by the style sheet, so that it is neither selected nor copied.
            how_many = {1: "1", 2: "2"}.get(segment.missing, "more")
            yield format_html('<ins class="missing-{}"></ins>', how_many)


def _run(text: str, is_marked: bool) -> SafeString:  # noqa: FBT001 (a pair of groupby)
    return format_html("<mark>{}</mark>", text) if is_marked else format_html("{}", text)


def _expected(letters: str) -> str:
    return _("(%(letters)s would be right)") % {"letters": letters} if letters else ""


def _figures(warning: WarningCode, details: Mapping[str, Any]) -> str:
    if warning == WarningCode.TARGET_CHECK_FAILED:
        name = capfirst(str(CHECK_NAMES[details["check"]]))
        return f"{name} {_expected(details.get('expected_letters', ''))}".strip() + "."
    if warning == WarningCode.TARGET_NOT_CLEAN:
        return _("Plainly written it is %(clean)s.") % {"clean": details["clean"]}
    if warning == WarningCode.VALID_CODES_DIFFER:
        return _("To join them, the target has to be typed once more.")
    if "invoice_count" in details:
        return _clash_figures(details)
    return ""


def _clash_figures(details: Mapping[str, Any]) -> str:
    said = [invoices(details["invoice_count"])]
    if details.get("days"):
        said.append(ngettext("%(days)s day", "%(days)s days", details["days"]) % {"days": number(details["days"])})
    if details.get("kwh"):
        said.append(f"{number(round(details['kwh']))} kWh")
    return " · ".join(said)


def _dated(bill: Mapping[str, str]) -> dict[str, Any]:
    dates = {name: date.fromisoformat(bill[name]) for name in ("start_date", "end_date")}
    return {**bill, **dates}
