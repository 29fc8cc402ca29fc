"""The page of aliases: which code stands for which other, and where; making one, and ending it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from facilities.models import Facility, Organization
from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import aliasing, grouping, wording
from invoices import cups as cups_codes
from invoices.models import MESSAGE_LENGTH, CupsAlias

PAGE_SIZE: Final = 50
_REFUSALS: Final = (
    aliasing.AliasOfAnAlias,
    aliasing.AliasOfItself,
    aliasing.CodeLockedByDatadis,
    aliasing.FacilityNotInOrganization,
    cups_codes.NotAcceptable,
    grouping.GroupsKeptChanging,
)


class AskedForm(forms.Form):
    """What the list is narrowed by; what makes no sense is passed over."""

    search = forms.CharField(required=False, max_length=200)
    facility_id = forms.UUIDField(required=False)


class AliasForm(forms.Form):
    """A code, where it stands for another, and for which."""

    facility = forms.UUIDField(error_messages={"required": gettext_lazy("Choose a facility.")})
    cups = forms.CharField(error_messages={"required": gettext_lazy("Write the code as it is printed.")})
    target = forms.CharField(error_messages={"required": gettext_lazy("Write the right code.")})
    message = forms.CharField(max_length=MESSAGE_LENGTH, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
def aliases(request: PageRequest) -> HttpResponse:
    """List the aliases that hold (GET), or make one (POST)."""
    return _make(request) if request.method == "POST" else _page(request, AliasForm())


@require_POST
@for_organization
@editors_only
def remove(request: PageRequest, alias_id: UUID) -> HttpResponse:
    """Let a code stand for itself again."""
    try:
        alias = aliasing.find(organization=request.organization, alias_id=alias_id)
        with transaction.atomic(durable=True):
            aliasing.remove(organization=request.organization, alias_id=alias_id, by=request.author)
    except aliasing.AliasNotFound as gone:
        raise Http404 from gone
    said = _("%(cups)s stands for itself again at %(facility)s. What is filed already stays where it is.")
    messages.success(request, said % {"cups": alias.cups, "facility": alias.facility.name})
    return redirect("cups-aliases")


@editors_only
def _make(request: PageRequest) -> HttpResponse:
    form = AliasForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    wanted = form.cleaned_data
    try:
        with transaction.atomic(durable=True):
            aliasing.make(
                organization=request.organization,
                aliases=[(wanted["facility"], wanted["cups"])],
                target=wanted["target"],
                by=request.author,
                message=wanted["message"],
            )
    except _REFUSALS as refusal:
        form.add_error(None, in_words(refusal))
        return _page(request, form)
    said = _("From now on, what arrives under %(cups)s is filed under %(target)s.")
    messages.success(request, said % {"cups": wanted["cups"], "target": wanted["target"]})
    return redirect("cups-aliases")


def _page(request: PageRequest, form: AliasForm) -> HttpResponse:
    """Show the aliases that are asked for, and the form, with what was wrong with it if it was sent."""
    asked = AskedForm(request.GET)
    asked.is_valid()
    search, facility_id = asked.cleaned_data.get("search", ""), asked.cleaned_data.get("facility_id")
    found = asked_for(request.organization, search, facility_id)
    page: Page[CupsAlias] = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    counts = aliasing.invoice_counts(list(page))
    context: dict[str, Any] = {
        "search": search,
        "facility_id": facility_id,
        "page": page,
        "rows": [(alias, counts[alias.pk]) for alias in page],
        "facilities": Facility.objects.filter(organization=request.organization).order_by("name", "pk"),
        "form": form,
        "message_length": MESSAGE_LENGTH,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "aliases/list.html", context, status=status)


def asked_for(organization: Organization, search: str, facility_id: UUID | None) -> QuerySet[CupsAlias]:
    """Return the aliases, of all pages, with the text in their codes, also as people type them: in groups of four."""
    found = aliasing.listed(organization=organization, search=search, facility_id=facility_id)
    without_blanks = "".join(search.split())
    if without_blanks == search:
        return found
    return found | aliasing.listed(organization=organization, search=without_blanks, facility_id=facility_id)


def in_words(refusal: Exception) -> str:
    """Say why a code can't stand for another, and what one can do."""
    match refusal:
        case aliasing.AliasOfAnAlias(cups=cups, target=target):
            said = _("%(cups)s itself stands for %(target)s there: choose that one, or remove that alias first.")
            return said % {"cups": cups, "target": target}
        case cups_codes.NotAcceptable():
            return wording.not_acceptable(refusal)
    return str(_SAID[type(refusal)])


_SAID: Final[Mapping[type[Exception], Any]] = {
    aliasing.AliasOfItself: gettext_lazy("A code can't stand for itself. Write the right one."),
    aliasing.CodeLockedByDatadis: gettext_lazy(
        "This code is backed by a Datadis contract there: it is right, and can only be the one that others stand for."
    ),
    aliasing.FacilityNotInOrganization: gettext_lazy("Choose one of the facilities of this organization."),
    grouping.GroupsKeptChanging: gettext_lazy("Somebody else is changing the same codes. Try again in a moment."),
}
