"""The pages of codes at several places: the list, moving invoices after a preview, the moves, taking one back."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from facilities import locating
from facilities.models import Facility
from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import closed_years, elsewhere, filing, grouping, relocating, undoing
from invoices import cups as cups_codes
from invoices.elsewhere import Why
from invoices.models import MESSAGE_LENGTH
from invoices.pages import words
from invoices.pages.place_cards import Card, Overlap
from invoices.relocating import Plan, Reason, Wish

PAGE_SIZE: Final = 10
MOVES: Final = 50
SHOWN_INVOICES: Final = 50
_IN_WORDS: Final[Mapping[type[Exception], object]] = {
    relocating.SameFacility: gettext_lazy("The invoices are at that facility already."),
    relocating.FacilityArchived: gettext_lazy(
        "That facility is archived: nothing is moved there. Reopen it first, or choose another."
    ),
    relocating.NothingToMove: gettext_lazy("No invoice of that facility carries this code any more."),
    relocating.TooManyToMove: gettext_lazy("So many invoices carry this code there that they can't be moved at once."),
    filing.LockedByDatadis: gettext_lazy(
        "Datadis backs some of these invoices, so their facility is right. Move those of the other one."
    ),
    filing.DistributedInvoice: gettext_lazy(
        "Some of these are parts of a distributed invoice, which says itself where they belong."
    ),
    closed_years.PeriodClosed: gettext_lazy(
        "Some of these invoices are of a closed year. An administrator can open the year again."
    ),
    relocating.AlreadyUndone: gettext_lazy("This move was taken back already."),
    relocating.NothingToMoveBack: gettext_lazy("Every invoice of this move has changed since, so nothing can go back."),
    undoing.MessageRequired: gettext_lazy("This is the work of somebody else: say why you take it back."),
}
_REFUSALS: Final[tuple[type[Exception], ...]] = (*_IN_WORDS, grouping.GroupsKeptChanging)
WHICH: Final = {
    Why.SAME_SUPPLY_TWO_FACILITIES: gettext_lazy("At several facilities"),
    Why.ELECTRICITY_AND_HEAT: gettext_lazy("On electricity and gas"),
}
_REASONS: Final = {
    Reason.DELETED: gettext_lazy("It was deleted."),
    Reason.MOVED: gettext_lazy("It was moved again."),
    Reason.CHANGED: gettext_lazy("It carries another code now."),
    Reason.LOCKED: gettext_lazy("Datadis backs it now."),
}


class AskedForm(forms.Form):
    """What the list is asked for; what makes no sense is passed over."""

    facility_id = forms.UUIDField(required=False)
    code = forms.ChoiceField(required=False, choices=[(why.value, why.value) for why in Why])


class WishForm(forms.Form):
    """Which invoices shall go where."""

    cups = forms.CharField(max_length=cups_codes.MAX_LENGTH, strip=False)
    from_facility = forms.UUIDField()
    to_facility = forms.UUIDField()


@require_safe
@for_organization
def listing(request: PageRequest) -> HttpResponse:
    """List the codes that stand where they can hardly all belong."""
    form = AskedForm(request.GET)
    form.is_valid()
    facility_id, code = form.cleaned_data.get("facility_id"), form.cleaned_data.get("code") or ""
    found = elsewhere.listed(organization=request.organization, facility_id=facility_id, why=code)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "cards": [Card.of(shown) for shown in elsewhere.shown(organization=request.organization, found=page)],
        "facilities": locating.facilities(organization=request.organization),
        "facility_id": facility_id,
        "code": code,
        "codes": [(why.value, name) for why, name in WHICH.items()],
    }
    return render(request, "elsewhere/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
@editors_only
def move(request: PageRequest) -> HttpResponse:
    """Show what a move would do (GET), or carry it out if that is still so (POST)."""
    asked = request.POST if request.method == "POST" else request.GET
    wish = _wish(asked)
    try:
        if request.method == "POST":
            return _moved(request, wish)
        plan = relocating.plan(organization=request.organization, wish=wish)
    except locating.FacilityNotOfOrganization as missing:
        raise Http404 from missing
    except relocating.PlanChanged as changed:
        error = _("The invoices or contracts have changed since you looked, so nothing was moved. Look again.")
        return render(request, "elsewhere/move.html", _plan_context(changed.plan, asked, error), status=409)
    except _REFUSALS as refusal:
        context = {"wish": wish, "error": _in_words(refusal)}
        return render(request, "elsewhere/move.html", context, status=409)
    return render(request, "elsewhere/move.html", _plan_context(plan, asked))


@require_safe
@for_organization
def moves(request: PageRequest) -> HttpResponse:
    """List what was moved, the newest first."""
    page = Paginator(relocating.history(organization=request.organization), MOVES).get_page(request.GET.get("page"))
    rows = [(relocation, relocating.is_undone(relocation)) for relocation in page]
    return render(request, "elsewhere/moves.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
@editors_only
def undo(request: PageRequest, relocation_id: UUID) -> HttpResponse:
    """Show what would go back and what would stay (GET), or move it back (POST)."""
    try:
        if request.method == "POST":
            return _undone(request, relocation_id)
        return _undo_page(request, relocation_id)
    except relocating.RelocationNotFound as missing:
        raise Http404 from missing
    except _REFUSALS as refusal:
        return _undo_page(request, relocation_id, refusal)


def _moved(request: PageRequest, wish: Wish) -> HttpResponse:
    with transaction.atomic(durable=True):
        moved = relocating.move(
            organization=request.organization,
            wish=wish,
            by=request.author,
            message=_message(request),
            agreed=request.POST.get("digest", ""),
        )
    relocation = moved.relocation
    said = ngettext(
        "%(invoices)s was moved to %(facility)s and is calculated again.",
        "%(invoices)s were moved to %(facility)s and are calculated again.",
        relocation.moved_count,
    ) % {"invoices": words.invoices(relocation.moved_count), "facility": relocation.to_facility.name}
    messages.success(request, said)
    return redirect("cups-moves")


def _undone(request: PageRequest, relocation_id: UUID) -> HttpResponse:
    with transaction.atomic(durable=True):
        done = relocating.undo(
            organization=request.organization,
            relocation_id=relocation_id,
            by=request.author,
            message=_message(request),
        ).undo
    said = ngettext("%(invoices)s was moved back.", "%(invoices)s were moved back.", done.restored_count)
    text = said % {"invoices": words.invoices(done.restored_count)}
    if done.conflict_count:
        stays = ngettext("%(invoices)s stays as it is.", "%(invoices)s stay as they are.", done.conflict_count)
        text = f"{text} {stays % {'invoices': words.invoices(done.conflict_count)}}"
    messages.success(request, text)
    return redirect("cups-moves")


def _undo_page(request: PageRequest, relocation_id: UUID, refusal: Exception | None = None) -> HttpResponse:
    relocation = relocating.find(organization=request.organization, relocation_id=relocation_id)
    conflicts = relocating.conflicts_of(relocation)
    conflict_count = relocating.conflict_count(relocation)
    context = {
        "relocation": relocation,
        "is_undone": relocating.is_undone(relocation),
        "is_own": relocation.by_id == request.user.pk,
        "conflicts": [(conflict.moved, _REASONS[conflict.reason]) for conflict in conflicts],
        "conflict_count": conflict_count,
        "back_count": relocation.moved_count - conflict_count,
        "message": request.POST.get("message", ""),
        "message_length": MESSAGE_LENGTH,
        "error": _in_words(refusal) if refusal else "",
    }
    return render(request, "elsewhere/undo.html", context, status=409 if refusal else 200)


def _plan_context(plan: Plan, asked: QueryDict, error: str = "") -> dict[str, Any]:
    places: list[Facility] = [plan.from_facility, plan.to_facility]
    names = {facility.pk: facility.name for facility in places}
    return {
        "wish": Wish(plan.cups, plan.from_facility.pk, plan.to_facility.pk),
        "plan": plan,
        "invoices": plan.invoices[:SHOWN_INVOICES],
        "left_out": max(0, len(plan.invoices) - SHOWN_INVOICES),
        "contracts": plan.contracts.most_common(),
        "unlinked": len(plan.invoices) - len(plan.fitting),
        "overlaps": [Overlap.of(clash, clashes, names) for clash, clashes in plan.clashes.items()],
        "message": asked.get("message", ""),
        "message_length": MESSAGE_LENGTH,
        "error": error,
    }


def _wish(given: QueryDict) -> Wish:
    form = WishForm(given)
    if not form.is_valid():
        raise Http404
    return Wish(*(form.cleaned_data[name] for name in ("cups", "from_facility", "to_facility")))


def _message(request: PageRequest) -> str:
    return request.POST.get("message", "").replace("\0", "").strip()[:MESSAGE_LENGTH]


def _in_words(refusal: Exception) -> str:
    busy = gettext_lazy("Others were changing the same groups at this moment, so nothing was changed. Try again.")
    return str(_IN_WORDS.get(type(refusal), busy))
