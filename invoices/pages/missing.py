"""The page of electricity invoices without a CUPS: list, tick, choose a code, look at what it would do, confirm."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from django_htmx.http import push_url, reswap, retarget, trigger_client_event

from facilities.models import Organization
from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import assigning
from invoices import cups as cups_codes
from invoices.pages import first_code, fitting, words
from invoices.pages.first_code import Asked, Wanted
from invoices.rewriting import Outcome

PAGE_SIZE = 50


@require_safe
@for_organization
def listing(request: PageRequest) -> HttpResponse:
    """List the electricity invoices that name no supply point; to a script that asks for a part, the rows alone."""
    asked = Asked.of(request.GET)
    context = _listed(request.organization, asked)
    if request.htmx:
        return push_url(render(request, "missing/_list.html", context), asked.address)
    context["facilities"] = first_code.facilities(request.organization)
    return render(request, "missing/list.html", context)


@for_organization
@editors_only
def preview(request: PageRequest) -> HttpResponse:
    """Show what giving the ticked invoices a code would do. Changes nothing; a POST since the ticks may be many."""
    if request.method != "POST":
        return redirect("cups-missing")
    return _form(request, Wanted.of(request.POST))


@for_organization
@editors_only
def assign(request: PageRequest) -> HttpResponse:
    """Give the ticked invoices the code, if that is still what the preview showed."""
    if request.method != "POST":
        return redirect("cups-missing")
    wanted = Wanted.of(request.POST)
    try:
        outcome = _assign(request, wanted)
    except first_code.REFUSALS as refusal:
        return _form(request, wanted, refusal)
    return _done(request, wanted, outcome)


@transaction.atomic(durable=True)
def _assign(request: PageRequest, wanted: Wanted) -> Outcome:
    return assigning.assign(
        organization=request.organization,
        invoice_ids=wanted.invoice_ids,
        target=wanted.target,
        by=request.author,
        agreed=wanted.digest,
        message=wanted.message,
    )


def _listed(organization: Organization, asked: Asked) -> dict[str, Any]:
    page = Paginator(first_code.without_code(organization, asked), PAGE_SIZE).get_page(asked.page)
    return {"asked": asked, "page": page}


def _form(request: PageRequest, wanted: Wanted, refusal: Exception | None = None) -> HttpResponse:
    """Show the form with its choices, the preview for the chosen code, and why it was refused if it was."""
    context = _form_context(request.organization, wanted)
    if refusal is not None and not context["error"]:
        context["error"] = first_code.in_words(refusal, wanted)
    is_piece = request.htmx and request.htmx.target == "plan" and refusal is None
    template = "missing/_plan.html" if is_piece else "missing/_panel.html" if request.htmx else "missing/assign.html"
    return render(request, template, context, status=200 if refusal is None else 409)


def _form_context(organization: Organization, wanted: Wanted) -> dict[str, Any]:
    invoices = first_code.ticked(organization, wanted)
    choices = first_code.choices(organization, invoices)
    target = wanted.target if wanted.is_chosen else first_code.likely(choices, invoices)
    context: dict[str, Any] = {"wanted": wanted, "invoices": invoices, "choices": choices, "target": target}
    context |= {"is_typed": wanted.is_typed or not choices, "error": first_code.trouble(wanted, invoices)}
    context |= {"facility_count": len({invoice.facility_id for invoice in invoices})}
    try:
        if target and not context["error"]:
            ids = wanted.invoice_ids
            plan = assigning.plan(organization=organization, invoice_ids=ids, target=target)
            context |= {"plan": plan, "outcome": first_code.outcome(plan), "gone": len(ids) - plan.updated_count}
    except cups_codes.NotAcceptable as refusal:
        context["error"] = first_code.in_words(refusal, wanted)
    return context


def _done(request: PageRequest, wanted: Wanted, outcome: Outcome) -> HttpResponse:
    """Go back to the list with what was done; with a script, without loading the page anew."""
    _say(request, wanted, outcome)
    asked = Asked.of(QueryDict(wanted.back or urlsplit(request.htmx.current_url or "").query))
    if not request.htmx:
        return redirect(asked.address)
    context = _listed(request.organization, asked) | {"with_messages": True}
    response = render(request, "missing/_list.html", context)
    return trigger_client_event(reswap(retarget(response, "#list"), "innerHTML"), "consolidated", after="settle")


def _say(request: PageRequest, wanted: Wanted, outcome: Outcome) -> None:
    text = ngettext(
        "%(invoices)s now carries %(target)s.", "%(invoices)s now carry %(target)s.", outcome.updated_count
    ) % {"invoices": words.invoices(outcome.updated_count), "target": wanted.target}
    undo = str(outcome.consolidation.pk) if outcome.consolidation else ""
    messages.success(request, text, extra_tags=undo)
    fitting.hint(request, outcome.consolidation)
