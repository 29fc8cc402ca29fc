"""Contracts that invoices fit since their code was rewritten, as the pages say them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from facilities.models import GuaranteeType, SupplyContract
from facilities.pages.current import PageRequest
from invoices import relinking
from invoices.models import Consolidation
from invoices.pages import figures, words
from invoices.relinking import Match

# How many contracts are named: a supply has one at a time, and few one after another.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Offer:
    """A contract that invoices of a consolidation now fit, as the pages say it."""

    match: Match
    said: str
    guarantee: str
    is_chosen: bool = False


def offers(done: Consolidation, matches: Sequence[Match], chosen: UUID | None = None) -> list[Offer]:
    """Return the first contracts that fit, in words."""
    return [
        Offer(match, _said(done, match), guarantee_of(match.contract), match.contract.pk == chosen)
        for match in matches[:SHOWN]
    ]


def guarantee_of(contract: SupplyContract) -> str:
    """Say what share of a contract is guaranteed, and as what."""
    if not contract.renewable_percentage:
        return _("no guarantee of origin")
    share = figures.percent(contract.renewable_percentage)
    if contract.guarantee_type == GuaranteeType.COGENERATION:
        return _("%(share)s cogeneration") % {"share": share}
    return _("%(share)s renewable") % {"share": share}


def hint(request: PageRequest, done: Consolidation | None) -> None:
    """Say, after codes were rewritten, that invoices now fit a contract, with the way to look at it."""
    matches = relinking.matches(organization=request.organization, consolidation=done) if done else []
    count = sum(match.invoice_count for match in matches)
    if done is None or not count:
        return
    text = ngettext(
        "%(invoices)s now fits a supply contract that it is not linked to.",
        "%(invoices)s now fit a supply contract that they are not linked to.",
        count,
    ) % {"invoices": words.invoices(count)}
    address = reverse("history-contracts", args=[done.pk])
    messages.info(request, format_html('{} <a href="{}">{}</a>', text, address, _("Look at it")))


def _said(done: Consolidation, match: Match) -> str:
    count = match.invoice_count + match.closed_count
    return ngettext(
        "%(count)s of %(total)s invoices fits this contract and is not linked to it",
        "%(count)s of %(total)s invoices fit this contract and are not linked to it",
        count,
    ) % {"count": words.number(count), "total": words.number(done.updated_count)}
