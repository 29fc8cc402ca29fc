"""The suggestions: look at one after the other, accept it, say that it is no duplicate, and take either back."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import consolidating, dismissing, grouping, suggesting, undoing
from invoices import cups as cups_codes
from invoices.consolidating import Source
from invoices.matching import Suggestion
from invoices.models import CupsDismissal
from invoices.pages import fitting, merging, suggestion_cards, suggestions_asked, words
from invoices.pages.merging import NothingTicked, Wanted
from invoices.pages.suggestion_cards import Form
from invoices.pages.suggestions_asked import Asked
from invoices.pages.ticked import ids_of
from invoices.rewriting import Outcome
from invoices.suggesting import SuggestionNotFound

_NOT_UNDONE = (
    undoing.AlreadyUndone,
    undoing.ConflictsFound,
    undoing.ConsolidationNotFound,
    undoing.MessageRequired,
    dismissing.DismissalNotFound,
    grouping.GroupsKeptChanging,
)


@require_safe
@for_organization
def listing(request: PageRequest) -> HttpResponse:
    """Show the suggestions; to a script that asks for a part, the cards alone."""
    asked = Asked.of(request.GET)
    context = suggestions_asked.context(request.organization, asked)
    if request.htmx and not request.htmx.history_restore_request:
        return push_url(render(request, "suggestions/_list.html", context), asked.address)
    context |= suggestions_asked.filters(request.organization)
    return render(request, "suggestions/list.html", context)


@for_organization
@editors_only
def accept(request: PageRequest, suggestion_id: str) -> HttpResponse:
    """Rewrite the ticked codes of a suggestion to the target."""
    if request.method != "POST":
        return redirect("cups-suggestions")
    wanted = Wanted.of(request.POST)
    try:
        suggestion = suggesting.find(organization=request.organization, suggestion_id=suggestion_id)
        outcome = _accept(request, suggestion, wanted)
    except SuggestionNotFound:
        return _gone(request)
    except merging.REFUSALS as refusal:
        return _refused(request, suggestion, wanted, refusal)
    return _accepted(request, suggestion_id, outcome)


@for_organization
@editors_only
def dismiss(request: PageRequest, suggestion_id: str) -> HttpResponse:
    """Remember that the ticked codes of a suggestion are no duplicates of its supply."""
    if request.method != "POST":
        return redirect("cups-suggestions")
    wanted = Wanted.of(request.POST)
    try:
        suggestion = suggesting.find(organization=request.organization, suggestion_id=suggestion_id)
        dismissals = _dismiss(request, suggestion, wanted)
    except SuggestionNotFound:
        return _gone(request)
    except NothingTicked as refusal:
        return _refused(request, suggestion, wanted, refusal)
    said = ngettext(
        "%(count)s code is not suggested with %(target)s again.",
        "%(count)s codes are not suggested with %(target)s again.",
        len(dismissals),
    ) % {"count": words.number(len(dismissals)), "target": suggestion.target}
    link = format_html('<a href="{}">{}</a>', reverse("cups-dismissed"), _("Dismissed suggestions"))
    if not request.htmx:
        messages.success(request, format_html("{} {}", said, link))
    return _decided(request, suggestion_id, said, [("dismissal", str(each.pk)) for each in dismissals])


@for_organization
@editors_only
def undo(request: PageRequest, suggestion_id: str) -> HttpResponse:
    """Take back what was decided of a suggestion a moment ago, and show it again."""
    if request.method != "POST":
        return redirect("cups-suggestions")
    done = ids_of(request.POST.getlist("consolidation"))
    try:
        with transaction.atomic(durable=True):
            for consolidation_id in done:
                undoing.undo(
                    organization=request.organization,
                    consolidation_id=consolidation_id,
                    by=request.author,
                    remove_aliases=True,
                )
            for dismissal_id in ids_of(request.POST.getlist("dismissal")):
                dismissing.restore(organization=request.organization, dismissal_id=dismissal_id, by=request.author)
    except _NOT_UNDONE:
        return _not_undone(request, suggestion_id, done)
    return _again(request, suggestion_id)


def _accept(request: PageRequest, suggestion: Suggestion, wanted: Wanted) -> Outcome:
    ticked = set(_ticked(suggestion, wanted))
    with transaction.atomic(durable=True):
        return suggesting.accept(
            organization=request.organization,
            suggestion_id=suggestion.id,
            target=cups_codes.acceptable(wanted.target) if wanted.is_typed else wanted.target or None,
            leave_out=[source for source in _sources(suggestion) if source not in ticked],
            by=request.author,
            message=wanted.message,
            confirmed=wanted.is_confirmed,
            make_aliases="make_aliases" in request.POST,
        )


def _dismiss(request: PageRequest, suggestion: Suggestion, wanted: Wanted) -> list[CupsDismissal]:
    with transaction.atomic(durable=True):
        return suggesting.dismiss(
            organization=request.organization,
            suggestion_id=suggestion.id,
            members=_ticked(suggestion, wanted),
            by=request.author,
            message=wanted.message,
        )


def _sources(suggestion: Suggestion) -> list[Source]:
    return [Source(member.code.cups, member.code.facility_id) for member in suggestion.sources]


def _ticked(suggestion: Suggestion, wanted: Wanted) -> list[Source]:
    """Return the members that are ticked; raise NothingTicked."""
    ticked = set(wanted.sources)
    members = [source for source in _sources(suggestion) if source in ticked]
    if not members:
        raise NothingTicked
    return members


def _accepted(request: PageRequest, suggestion_id: str, outcome: Outcome) -> HttpResponse:
    done = outcome.consolidation
    if done is None:
        said = _("Nothing was rewritten: no invoice of these groups carries another code.")
        if not request.htmx:
            messages.info(request, said)
        return _decided(request, suggestion_id, said, [])
    said = ngettext(
        "%(invoices)s now carries %(target)s.", "%(invoices)s now carry %(target)s.", outcome.updated_count
    ) % {"invoices": words.invoices(outcome.updated_count), "target": done.target_cups}
    if not request.htmx:
        messages.success(request, said, extra_tags=str(done.pk))
    fitting.hint(request, done)
    return _decided(request, suggestion_id, said, [("consolidation", str(done.pk))])


def _decided(
    request: PageRequest, suggestion_id: str, said: str, undo: list[tuple[str, str]], link: str = ""
) -> HttpResponse:
    """Put one line where the card was; without a script go back to the list, where the message says it."""
    if not request.htmx:
        return _back(request)
    context: dict[str, Any] = {"said": said, "undo": undo, "suggestion_id": suggestion_id, "link": link}
    return render(request, "suggestions/_decided.html", context)


def _gone(request: PageRequest) -> HttpResponse:
    said = _("This suggestion has changed, or somebody decided it already. Nothing was changed.")
    if not request.htmx:
        messages.warning(request, said)
    return _decided(request, "", said, [])


def _refused(request: PageRequest, suggestion: Suggestion, wanted: Wanted, refusal: Exception) -> HttpResponse:
    """Show the card as it came, with why."""
    form = Form(
        wanted=wanted,
        makes_aliases="make_aliases" in request.POST,
        error=merging.in_words(refusal, wanted),
        is_to_be_confirmed=isinstance(refusal, consolidating.ValidCodesDiffer),
    )
    return _card(request, suggestion, form, status=HTTPStatus.CONFLICT)


def _card(
    request: PageRequest, suggestion: Suggestion, form: Form | None = None, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    [card] = suggestion_cards.cards(request.organization, [suggestion], form)
    context = {"card": card, "back": request.POST.get("back", "")}
    template = "suggestions/_card.html" if request.htmx else "suggestions/one.html"
    return render(request, template, context, status=status)


def _not_undone(request: PageRequest, suggestion_id: str, done: list[Any]) -> HttpResponse:
    said = _("Not undone: something has changed since, or it is another person's work.")
    link = reverse("history-undo", args=[done[0]]) if done else reverse("cups-dismissed")
    if not request.htmx:
        messages.warning(request, format_html('{} <a href="{}">{}</a>', said, link, _("Look at it")))
    return _decided(request, suggestion_id, said, [], link)


def _again(request: PageRequest, suggestion_id: str) -> HttpResponse:
    said = _("Undone: everything is as it was before.")
    if not request.htmx:
        messages.success(request, said)
        return _back(request)
    try:
        suggestion = suggesting.find(organization=request.organization, suggestion_id=suggestion_id)
    except SuggestionNotFound:
        return _decided(request, suggestion_id, said, [])
    return _card(request, suggestion)


def _back(request: PageRequest) -> HttpResponse:
    return redirect(Asked.of(QueryDict(request.POST.get("back", ""))).address)
