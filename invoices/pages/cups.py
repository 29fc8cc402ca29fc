"""The CUPS page: the groups of the current organization, and joining those that are one supply."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from django_htmx.http import push_url, reswap, retarget, trigger_client_event

from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import consolidating, wording
from invoices import cups as cups_codes
from invoices.models import Invoice
from invoices.pages import asking, fitting, merging, offering, previewing, words
from invoices.pages.asking import Asked
from invoices.pages.merging import Wanted
from invoices.rewriting import Outcome


@require_safe
@for_organization
def listing(request: PageRequest) -> HttpResponse:
    """Show the groups; to a script that asks for a part, the rows alone."""
    asked = Asked.of(request.GET)
    context = asking.context(request.organization, asked)
    if request.htmx and not request.htmx.history_restore_request:
        return push_url(render(request, "cups/_list.html", context), asked.address)
    context |= asking.filters(request.organization)
    context["missing_count"] = Invoice.objects.of(request.organization.pk).without_cups().count()
    return render(request, "cups/list.html", context)


@require_safe
@for_organization
def check(request: PageRequest) -> HttpResponse:
    """Say what the CUPS check says of a code that is being typed."""
    typed = request.GET.get("cups", "").strip()
    context: dict[str, Any] = {"typed": typed}
    try:
        context["cups"] = cups_codes.acceptable(typed) if typed else ""
    except cups_codes.NotAcceptable as refusal:
        context["error"] = wording.not_acceptable(refusal)
    else:
        context["complete"] = cups_codes.complete(context["cups"])
        context["distributor"] = cups_codes.distributor(context["cups"])
    return render(request, "cups/_checked.html", context)


@for_organization
@editors_only
def preview(request: PageRequest) -> HttpResponse:
    """Show what consolidating the ticked groups would do. Changes nothing; a POST since the ticks may be many."""
    if request.method != "POST":
        return redirect("cups")
    return _form(request, Wanted.of(request.POST))


@for_organization
@editors_only
def consolidate(request: PageRequest) -> HttpResponse:
    """Rewrite the ticked groups to the target, if that is still what the preview showed."""
    if request.method != "POST":
        return redirect("cups")
    wanted = Wanted.of(request.POST)
    try:
        outcome = _consolidate(request, wanted)
    except merging.REFUSALS as refusal:
        return _form(request, wanted, refusal)
    return _done(request, wanted, outcome)


def _consolidate(request: PageRequest, wanted: Wanted) -> Outcome:
    wanted.check()
    with transaction.atomic(durable=True):
        return consolidating.consolidate(
            organization=request.organization,
            sources=wanted.sources,
            target=wanted.target,
            by=request.author,
            message=wanted.message,
            agreed=wanted.digest,
            confirmed=wanted.is_confirmed,
            make_aliases=wanted.make_aliases,
        )


def _form(request: PageRequest, wanted: Wanted, refusal: Exception | None = None) -> HttpResponse:
    """Show the form with its choices, the preview for the chosen code, and why it was refused if it was."""
    context = _form_context(request, wanted)
    if refusal is not None:
        context["error"] = merging.in_words(refusal, wanted)
    is_piece = request.htmx and request.htmx.target == "plan" and refusal is None
    template = "cups/_plan.html" if is_piece else "cups/_panel.html" if request.htmx else "cups/consolidate.html"
    return render(request, template, context, status=200 if refusal is None else 409)


def _form_context(request: PageRequest, wanted: Wanted) -> dict[str, Any]:
    groups = offering.ticked(request.organization, wanted.sources[: merging.MAX_TICKED])
    choices = offering.choices(request.organization, groups, target=wanted.target)
    target = wanted.target if wanted.is_typed else choices.target
    context: dict[str, Any] = {"wanted": wanted, "groups": groups, "choices": choices, "target": target}
    context["is_typed"] = wanted.is_typed or not target
    try:
        wanted.check()
        if target:
            context["shown"] = previewing.preview(
                organization=request.organization, sources=wanted.sources, target=target
            )
    except merging.REFUSALS as refusal:
        context["error"] = merging.in_words(refusal, wanted)
    return context


def _done(request: PageRequest, wanted: Wanted, outcome: Outcome) -> HttpResponse:
    """Go back to the list with what was done; with a script, without loading the page anew."""
    _say(request, wanted, outcome)
    asked = Asked.of(QueryDict(wanted.back or urlsplit(request.htmx.current_url or "").query))
    if not request.htmx:
        return redirect(asked.address)
    context = asking.context(request.organization, asked) | {"with_messages": True}
    response = render(request, "cups/_list.html", context)
    return trigger_client_event(reswap(retarget(response, "#list"), "innerHTML"), "consolidated", after="settle")


def _say(request: PageRequest, wanted: Wanted, outcome: Outcome) -> None:
    future = _future(outcome)
    if outcome.consolidation is None:
        nothing = _("Nothing was rewritten: no invoice of these groups carries another code.")
        messages.info(request, f"{nothing} {future}".strip())
        return
    text = ngettext("%(invoices)s now carries %(target)s.", "%(invoices)s now carry %(target)s.", outcome.updated_count)
    said = {"invoices": words.invoices(outcome.updated_count), "target": outcome.consolidation.target_cups}
    messages.success(request, f"{text % said} {future}".strip(), extra_tags=str(outcome.consolidation.pk))
    fitting.hint(request, outcome.consolidation)


def _future(outcome: Outcome) -> str:
    """Say what will become of invoices that arrive under the other codes, if anything."""
    if not outcome.alias_count:
        return ""
    return ngettext(
        "So will what arrives under the other code from now on.",
        "So will what arrives under the %(count)s other codes from now on.",
        outcome.alias_count,
    ) % {"count": words.number(outcome.alias_count)}
