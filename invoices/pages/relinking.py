"""The page of contracts that rewritten invoices now fit: kg before and after, then link and recalculate."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from facilities import locating
from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import closed_years, factoring, grouping, relinking
from invoices.models import WithUndos
from invoices.pages import fitting, history, weighing, words
from invoices.pages.ticked import ids_of
from invoices.relinking import Match

PAGE_SIZE = 50
_REFUSALS = (relinking.MatchChanged, closed_years.PeriodClosed, grouping.GroupsKeptChanging)


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
def contracts(request: PageRequest, consolidation_id: UUID) -> HttpResponse:
    """Show what linking would change (GET), or link and queue the recalculation (POST)."""
    done = history.consolidation_of(request, consolidation_id)
    return _link(request, done) if request.method == "POST" else _page(request, done)


@editors_only
def _link(request: PageRequest, done: WithUndos) -> HttpResponse:
    try:
        with transaction.atomic(durable=True):
            linked = relinking.link(
                organization=request.organization,
                consolidation_id=done.pk,
                contract_id=_contract_id(request.POST.get("contract", "")),
                by=request.author,
                agreed=request.POST.get("digest", ""),
            )
    except locating.ContractNotFound as missing:
        raise Http404 from missing
    except _REFUSALS as refusal:
        return _page(request, done, refusal)
    said = ngettext(
        "%(invoices)s was linked to the contract and is calculated again.",
        "%(invoices)s were linked to the contract and are calculated again.",
        linked.invoice_count,
    )
    messages.success(request, said % {"invoices": words.invoices(linked.invoice_count)})
    return redirect("job", linked.job.pk)


def _page(request: PageRequest, done: WithUndos, refusal: Exception | None = None) -> HttpResponse:
    """Show the contracts, the chosen one with its invoices and kg, and why linking was refused if it was."""
    matches = relinking.matches(organization=request.organization, consolidation=done)
    asked = request.POST.get("contract") or request.GET.get("contract") or ""
    chosen = _contract_id(asked) if asked else next((match.contract.pk for match in matches), None)
    context: dict[str, Any] = {
        "entry": history.entries_of([done], organization=request.organization)[0],
        "offers": fitting.offers(done, matches, chosen),
        "left_out": max(0, len(matches) - fitting.SHOWN),
        "error": _in_words(refusal) if refusal else "",
    }
    if chosen is not None:
        context |= _chosen(request, done, chosen, matches)
    return render(request, "relinking/contracts.html", context, status=409 if refusal else 200)


def _chosen(request: PageRequest, done: WithUndos, contract_id: UUID, matches: Sequence[Match]) -> dict[str, Any]:
    try:
        plan = relinking.plan(organization=request.organization, consolidation=done, contract_id=contract_id)
    except locating.ContractNotFound as missing:
        raise Http404 from missing
    except factoring.NoFactors:
        return {"has_no_factors": True}
    match = next((match for match in matches if match.contract.pk == contract_id), None)
    return {
        "plan": plan,
        "guarantee": fitting.guarantee_of(plan.contract),
        "pairs": weighing.pairs([(_("Electricity, market-based"), plan.before, plan.after)]),
        "closed_count": match.closed_count if match else 0,
        "later_count": match.invoice_count - len(plan.invoices) if match else 0,
        "page": Paginator(plan.invoices, PAGE_SIZE).get_page(request.GET.get("page")),
    }


def _contract_id(text: str) -> UUID:
    ids = ids_of([text])
    if not ids:
        raise Http404
    return ids[0]


def _in_words(refusal: Exception) -> str:
    match refusal:
        case closed_years.PeriodClosed():
            return _("A year of these invoices was closed in between, so nothing was linked. Look at what is left.")
        case relinking.MatchChanged():
            return _("The invoices or the contract have changed since you looked, so nothing was linked. Look again.")
    return _("Others were changing the same groups at this moment, so nothing was linked. Try again.")
