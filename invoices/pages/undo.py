"""The page that undoes a consolidation: what would be put back, what conflicts and why, and the deed."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import models, transaction
from django.db.models import Count, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import aliasing, grouping, undoing
from invoices.models import MESSAGE_LENGTH, ConsolidatedInvoice, ConsolidationUndo, WithUndos
from invoices.pages import history
from invoices.pages.ticked import ids_of

PAGE_SIZE = 50
SHOWN_PLACES = 50
_REFUSALS = (
    undoing.AlreadyUndone,
    undoing.ConflictsFound,
    undoing.MessageRequired,
    undoing.NotOfTheConsolidation,
    grouping.GroupsKeptChanging,
)


class Which(models.TextChoices):
    """What of a consolidation is to be undone."""

    ALL = "all", gettext_lazy("all of it")
    UNCHANGED = "unchanged", gettext_lazy("what has not changed since")
    TICKED = "ticked", gettext_lazy("the ticked invoices")


class UndoForm(forms.Form):
    """What to undo, and why. Without a choice, as the button of a result sends it, all is meant."""

    which = forms.ChoiceField(choices=Which, required=False)
    message = forms.CharField(max_length=MESSAGE_LENGTH, required=False)
    remove_aliases = forms.BooleanField(required=False)

    def clean(self) -> None:
        super().clean()
        wants_ticked, has_ticked = self.cleaned_data.get("which") == Which.TICKED, bool(self.ticked())
        if wants_ticked and not has_ticked:
            raise forms.ValidationError(_("Tick the invoices that are to be put back."))
        if has_ticked and not wants_ticked:
            raise forms.ValidationError(_("You ticked some invoices, but chose to undo more: which do you mean?"))

    def ticked(self) -> list[UUID]:
        """Return the invoices that were ticked."""
        return ids_of(self.data.getlist("invoice_id")) if isinstance(self.data, QueryDict) else []

    def wanted(self) -> dict[str, Any]:
        """Return what the domain is asked for."""
        which = self.cleaned_data["which"]
        return {
            "message": self.cleaned_data["message"],
            "remove_aliases": self.cleaned_data["remove_aliases"],
            "skip_conflicts": which == Which.UNCHANGED,
            "invoice_ids": self.ticked() if which == Which.TICKED else None,
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Where invoices would go back to: a code ("" is none) at a facility."""

    cups: str
    facility_name: str
    invoice_count: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A rewritten invoice that can be put back."""

    row: ConsolidatedInvoice
    facility_name: str
    is_ticked: bool


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
def undo(request: PageRequest, consolidation_id: UUID) -> HttpResponse:
    """Show what undoing would put back (GET), or put it back (POST)."""
    done = history.consolidation_of(request, consolidation_id)
    return _put_back(request, done) if request.method == "POST" else _page(request, done, UndoForm())


@editors_only
def _put_back(request: PageRequest, done: WithUndos) -> HttpResponse:
    form = UndoForm(request.POST)
    if not form.is_valid():
        return _page(request, done, form)
    try:
        with transaction.atomic(durable=True):
            event = undoing.undo(
                organization=request.organization, consolidation_id=done.pk, by=request.author, **form.wanted()
            )
    except _REFUSALS as refusal:
        form.add_error(None, _in_words(refusal, done))
        return _page(request, done, form)
    messages.success(request, _result(event))
    return redirect("history-detail", done.pk)


def _page(request: PageRequest, done: WithUndos, form: UndoForm) -> HttpResponse:
    """Show what would be put back now, what conflicts, and why the last attempt was refused, if it was."""
    left = undoing.outstanding(done)
    conflicting = undoing.conflicts_among(done, left)
    restorable = left.exclude(pk__in=conflicting.values("pk"))
    in_order = restorable.order_by("facility_id", "start_date", "pk")
    page = Paginator(in_order, PAGE_SIZE).get_page(request.GET.get("page"))
    conflicts = undoing.describe(done, conflicting)
    places = _places(done, restorable)
    context = {
        "entry": history.entries_of([done], organization=request.organization)[0],
        "is_own": done.by_id == request.user.pk,
        "form": form,
        "which": _preset(form, has_conflicts=bool(conflicts)),
        "page": page,
        "invoices": _standing(done, list(page), form.ticked()),
        "places": places[:SHOWN_PLACES],
        "has_more_places": len(places) > SHOWN_PLACES,
        "conflicts": conflicts,
        "conflict_count": conflicting.count() if len(conflicts) >= undoing.SHOWN_CONFLICTS else len(conflicts),
        "message_length": MESSAGE_LENGTH,
        "alias_count": aliasing.made_by(done).count(),
        "remove_aliases": "remove_aliases" in form.data if form.is_bound else True,
    }
    return render(
        request,
        "history/undo.html",
        context,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK,
    )


def _preset(form: UndoForm, *, has_conflicts: bool) -> Which:
    """Return the choice to show as made: what was asked for, as far as it is still on offer."""
    if form.is_bound and form.data.get("which") == Which.TICKED:
        return Which.TICKED
    return Which.UNCHANGED if has_conflicts else Which.ALL


def _standing(done: WithUndos, rows: Sequence[ConsolidatedInvoice], ticked: list[UUID]) -> list[Standing]:
    names = history.facility_names([row.facility_id for row in rows], organization_id=done.organization_id)
    return [Standing(row, names[row.facility_id], row.invoice_id in ticked) for row in rows]


def _places(done: WithUndos, restorable: QuerySet[ConsolidatedInvoice]) -> list[Place]:
    """Return the first places that invoices would go back to, the fullest first, with one more to tell if there are."""
    counted = restorable.values_list("previous_cups", "facility_id").annotate(count=Count("pk"))
    rows = list(counted.order_by("-count", "previous_cups", "facility_id")[: SHOWN_PLACES + 1])
    names = history.facility_names(
        [facility_id for _cups, facility_id, _count in rows], organization_id=done.organization_id
    )
    return [Place(cups, names[facility_id], count) for cups, facility_id, count in rows]


def _in_words(refusal: Exception, done: WithUndos) -> str:
    """Say why nothing was put back, and what one can do about it."""
    match refusal:
        case undoing.ConflictsFound(total=total):
            return ngettext(
                "%(count)d invoice has changed since, so nothing was put back. Below is which one, and why.",
                "%(count)d invoices have changed since, so nothing was put back. Below is which ones, and why.",
                total,
            ) % {"count": total}
        case undoing.AlreadyUndone():
            return _("What you asked for had been undone already, so nothing was changed.")
        case undoing.MessageRequired():
            return _("This is the work of %(person)s. Say in a message why you undo it.") % {
                "person": done.by.display_name
            }
        case undoing.NotOfTheConsolidation():
            return _("Some of the ticked invoices are not of this consolidation, so nothing was put back.")
    return _("Others were changing the same groups at this moment, so nothing was put back. Try again.")


def _result(event: ConsolidationUndo) -> str:
    put_back = ngettext(
        "%(count)d invoice carries what it carried before.",
        "%(count)d invoices carry what they carried before.",
        event.restored_count,
    ) % {"count": event.restored_count}
    if not event.conflict_count:
        return put_back
    left = ngettext(
        "%(count)d that has changed since stays as it is.",
        "%(count)d that have changed since stay as they are.",
        event.conflict_count,
    ) % {"count": event.conflict_count}
    return f"{put_back} {left}"
