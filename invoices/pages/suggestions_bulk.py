"""Accept all suggestions of a safe tier: what that would do and what it leaves out, the deed, and taking it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from facilities.models import Facility
from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import consolidating, grouping, suggesting, undoing
from invoices.matching import Suggestion
from invoices.models import MESSAGE_LENGTH, State, WithUndos
from invoices.pages import suggestion_words, words
from invoices.pages.suggestions_asked import Asked
from invoices.suggesting import BulkPlan, BulkPlanChanged, NothingToAccept, Why

WHY: Final[Mapping[Why, Any]] = {
    Why.OTHER_FACILITY: gettext_lazy("Their supply is at another facility"),
    Why.ONE_BY_ONE: gettext_lazy("To be looked at one by one: two border points, or a code of self-consumption"),
    Why.OVERLAPS: gettext_lazy("An invoice would be counted twice"),
    Why.TARGET_IS_ALIAS: gettext_lazy("The target itself stands for another code"),
}
_NOT_UNDONE: Final = (
    undoing.AlreadyUndone,
    undoing.ConflictsFound,
    undoing.MessageRequired,
    grouping.GroupsKeptChanging,
)
_REFUSALS: Final = (BulkPlanChanged, NothingToAccept, consolidating.LockedByDatadis, grouping.GroupsKeptChanging)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Suggestions that are left out for one reason."""

    said: str
    suggestions: Sequence[Suggestion]


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
@editors_only
def accept_all(request: PageRequest) -> HttpResponse:
    """Show what accepting a tier at once would do (GET), or do what was shown (POST)."""
    asked = Asked.of(request.GET)
    if asked.tier is None or asked.tier not in suggesting.SAFE:
        return redirect("cups-suggestions")
    return _accept(request, asked) if request.method == "POST" else _page(request, asked)


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
@editors_only
def undo_all(request: PageRequest, batch_id: UUID) -> HttpResponse:
    """Ask once more whether all that was accepted at once is to be undone (GET), or undo it (POST)."""
    batch = list(undoing.history(organization=request.organization).filter(batch_id=batch_id))
    if not batch:
        raise Http404
    return _undo(request, batch_id, batch) if request.method == "POST" else _undo_page(request, batch)


def _undo(request: PageRequest, batch_id: UUID, batch: Sequence[WithUndos]) -> HttpResponse:
    try:
        with transaction.atomic(durable=True):
            events = undoing.undo_batch(
                organization=request.organization,
                batch_id=batch_id,
                by=request.author,
                message=_message(request),
                remove_aliases="remove_aliases" in request.POST,
                skip_conflicts="skip_conflicts" in request.POST,
            )
    except _NOT_UNDONE as refusal:
        return _undo_page(request, batch, refusal)
    restored = sum(event.restored_count for event in events)
    said = ngettext(
        "%(count)d invoice carries what it carried before.",
        "%(count)d invoices carry what they carried before.",
        restored,
    )
    messages.success(request, said % {"count": restored})
    return redirect("cups-suggestions")


def _undo_page(request: PageRequest, batch: Sequence[WithUndos], refusal: Exception | None = None) -> HttpResponse:
    left = [done for done in batch if undoing.state_of(done) != State.UNDONE]
    outcome = _("%(suggestions)s with %(invoices)s will be taken back.") % {
        "suggestions": _suggestions(len(left)),
        "invoices": words.invoices(sum(done.updated_count - done.restored_count for done in left)),
    }
    context = {
        "outcome": outcome if left else _("All of it was undone already."),
        "has_something_left": bool(left),
        "is_own": all(done.by_id == request.user.pk for done in batch),
        "is_conflicting": isinstance(refusal, undoing.ConflictsFound),
        "message": _message(request),
        "error": _why_not(refusal) if refusal else "",
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.OK
    return render(request, "suggestions/undo_all.html", context, status=status)


def _accept(request: PageRequest, asked: Asked) -> HttpResponse:
    try:
        with transaction.atomic(durable=True):
            outcome = suggesting.accept_all(
                organization=request.organization,
                tier=asked.tier or 0,
                facility_id=asked.facility_id,
                agreed=request.POST.get("plan", ""),
                by=request.author,
                message=_message(request),
                make_aliases="make_aliases" in request.POST,
            )
    except _REFUSALS as refusal:
        return _page(request, asked, refusal)
    said = _("%(suggestions)s accepted: %(invoices)s rewritten.") % {
        "suggestions": _suggestions(len(outcome.consolidations)),
        "invoices": words.invoices(outcome.updated_count),
    }
    address = reverse("cups-suggestions-undo", args=[outcome.batch_id])
    messages.success(request, format_html('{} <a href="{}">{}</a>', said, address, _("Undo…")))
    return redirect(_list_of(asked))


def _page(request: PageRequest, asked: Asked, refusal: Exception | None = None) -> HttpResponse:
    plan = suggesting.plan_all(organization=request.organization, tier=asked.tier or 0, facility_id=asked.facility_id)
    places = Facility.objects.filter(organization=request.organization)
    context = {
        "plan": plan,
        "tier_name": suggestion_words.TIERS[plan.tier],
        "facility": places.filter(pk=asked.facility_id).first() if asked.facility_id else None,
        "outcome": _outcome(plan),
        "left_out": _left_out(plan),
        "left_out_said": _left_out_said(plan),
        "back": _list_of(asked),
        "message": _message(request),
        "makes_aliases": refusal is None or "make_aliases" in request.POST,
        "error": _in_words(refusal) if refusal else "",
    }
    status = HTTPStatus.CONFLICT if refusal else HTTPStatus.OK
    return render(request, "suggestions/accept_all.html", context, status=status)


def _outcome(plan: BulkPlan) -> str:
    if not plan.taken:
        return _("There is nothing that can be accepted at once.")
    return _("%(suggestions)s: %(invoices)s with %(codes)s at %(facilities)s will be rewritten.") % {
        "suggestions": _suggestions(len(plan.taken)),
        "invoices": words.invoices(plan.invoice_count),
        "codes": ngettext("%(count)s code", "%(count)s codes", plan.source_count)
        % {"count": words.number(plan.source_count)},
        "facilities": words.facilities(len(plan.facility_ids)),
    }


def _left_out(plan: BulkPlan) -> list[LeftOut]:
    by_reason: dict[Why, list[Suggestion]] = {}
    for each in plan.left_out:
        by_reason.setdefault(each.why, []).append(each.suggestion)
    return [LeftOut(str(WHY[why]), found) for why, found in by_reason.items()]


def _left_out_said(plan: BulkPlan) -> str:
    if not plan.left_out:
        said = _("None of this kind is left out.")
    else:
        said = ngettext(
            "%(count)s is left out, to be decided by itself.",
            "%(count)s are left out, to be decided by themselves.",
            len(plan.left_out),
        ) % {"count": words.number(len(plan.left_out))}
    if not plan.later:
        return said
    later = ngettext("%(count)s more comes after these.", "%(count)s more come after these.", plan.later)
    return f"{said} {later % {'count': words.number(plan.later)}}"


def _suggestions(count: int) -> str:
    return ngettext("%(count)s suggestion", "%(count)s suggestions", count) % {"count": words.number(count)}


def _list_of(asked: Asked) -> str:
    query = QueryDict(mutable=True)
    query.update({"facility_id": str(asked.facility_id)} if asked.facility_id else {})
    return Asked.of(query).address


def _message(request: PageRequest) -> str:
    return request.POST.get("message", "").replace("\0", "").strip()[:MESSAGE_LENGTH]


def _in_words(refusal: Exception) -> str:
    if isinstance(refusal, NothingToAccept):
        return _("Nothing was accepted: none of them is left.")
    if isinstance(refusal, grouping.GroupsKeptChanging):
        return _("Somebody else is changing the same groups. Try again in a moment.")
    return _("Something has changed since the preview. Below is what would happen now; confirm that.")


def _why_not(refusal: Exception) -> str:
    match refusal:
        case undoing.ConflictsFound(total=total):
            return ngettext(
                "%(count)d invoice has changed since, so nothing was put back.",
                "%(count)d invoices have changed since, so nothing was put back.",
                total,
            ) % {"count": total}
        case undoing.MessageRequired():
            return _("This is another person's work. Say in a message why you undo it.")
        case undoing.AlreadyUndone():
            return _("All of it was undone already.")
    return _("Somebody else is changing the same groups. Try again in a moment.")
