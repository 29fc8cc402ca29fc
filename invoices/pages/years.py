"""The pages of years: what each emits, closing it and opening it again, and the evidence that somebody asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from http import HTTPStatus
from typing import Final, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from facilities.models import Role
from facilities.pages.current import P, PageRequest, PageView, editors_only, for_organization
from invoices import closing, evidencing
from invoices.closing import Year
from invoices.models import EvidenceArchive, JobStatus, YearClosing
from invoices.models.consolidation import MESSAGE_LENGTH

YEARS_A_PAGE: Final = 6
ARCHIVES_A_PAGE: Final = 20
EVENTS_SHOWN: Final = 50

_NAMES: Final = {
    "1": gettext_lazy("Scope 1"),
    "2_market": gettext_lazy("Scope 2, market-based"),
    "3": gettext_lazy("Scope 3"),
}
# What stands beside the total, never in it.
_BESIDE: Final = {
    "2_location": gettext_lazy("Scope 2, location-based"),
    closing.BIOMASS: gettext_lazy("Biogenic CO₂"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """
    One figure of a year in kg: as it is now, and as it was reported, if it was.

    `kind` is "total", "beside" for what is in no total, or "".
    """

    name: str
    now: Decimal
    reported: Decimal | None
    kind: str = ""

    @property
    def has_changed(self) -> bool:
        return self.reported is not None and self.reported != self.now


class CloseForm(forms.Form):
    """What somebody says of a closing, and what they were shown."""

    agreed = forms.CharField(max_length=64)
    message = forms.CharField(max_length=MESSAGE_LENGTH, required=False)


class ReopenForm(forms.Form):
    """Why a year is opened again."""

    message = forms.CharField(
        max_length=MESSAGE_LENGTH,
        error_messages={"required": gettext_lazy("Say why: what was reported may change from then on.")},
    )


def admins_only(view: PageView[P]) -> PageView[P]:
    """Refuse whoever is no administrator, in words. Stands under `for_organization`."""

    @wraps(view)
    def allowed(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.role.includes(Role.ADMIN):
            raise PermissionDenied(
                _("Only the administrators of %(organization)s close a year or open it again: ask one of them.")
                % {"organization": request.organization.name}
            )
        return view(request, *args, **kwargs)

    return allowed


@require_safe
@for_organization
def listing(request: PageRequest) -> HttpResponse:
    """List the years with invoices, newest first, with what they emit and whether they are closed."""
    every = closing.years(organization=request.organization, by=request.author)
    page = Paginator(every, YEARS_A_PAGE).get_page(request.GET.get("page"))
    years = closing.of_years(organization=request.organization, years=list(page), by=request.author)
    return render(request, "years/list.html", {"page": page, "years": years})


@require_safe
@for_organization
def detail(request: PageRequest, year: int) -> HttpResponse:
    """Show a year: its figures now and as reported, who closed and opened it, and its evidence."""
    found, archives = _found(request, year), _archives(request, year)
    context = {
        "year": found,
        "lines": lines_of(found),
        "events": _events(request, year),
        "page": archives,
        "is_waiting": any(not one.sha256 and one.job.status != JobStatus.FAILED for one in archives),
        "can_close": request.role.includes(Role.ADMIN),
    }
    return render(request, "years/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
@admins_only
def close(request: PageRequest, year: int) -> HttpResponse:
    """Show what would be reported (GET), and close the year with it (POST)."""
    found = _found(request, year)
    form = CloseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic(durable=True):
                closing.close(organization=request.organization, year=year, by=request.author, **form.cleaned_data)
        except closing.FiguresChanged as changed:
            found = changed.year
            form.add_error(None, _("The figures have changed since you opened this page. Look at them again."))
        except (closing.AlreadyClosed, closing.NothingToClose):
            # The page that follows says how it stands.
            return redirect("year", year)
        else:
            messages.success(request, _("%(year)d is closed: its figures stay as they are.") % {"year": year})
            return redirect("year", year)
    context = {"year": found, "lines": lines_of(found), "form": form, "message_length": MESSAGE_LENGTH}
    return render(request, "years/close.html", context, status=_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
@admins_only
def reopen(request: PageRequest, year: int) -> HttpResponse:
    """Ask why a closed year shall be opened again (GET), and open it (POST)."""
    found = _found(request, year)
    form = ReopenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic(durable=True):
                closing.reopen(organization=request.organization, year=year, by=request.author, **form.cleaned_data)
        except closing.NotClosed:
            # Somebody else was faster; the page that follows says so.
            return redirect("year", year)
        messages.success(request, _("%(year)d is open again: its invoices can change.") % {"year": year})
        return redirect("year", year)
    context = {"year": found, "lines": lines_of(found), "form": form, "message_length": MESSAGE_LENGTH}
    return render(request, "years/reopen.html", context, status=_status(form))


@require_POST
@for_organization
@editors_only
def evidence(request: PageRequest, year: int) -> HttpResponse:
    """Have the evidence of a year made."""
    try:
        with transaction.atomic(durable=True):
            evidencing.request(organization=request.organization, year=year, by=request.author)
    except evidencing.NothingToShow as nothing:
        raise Http404 from nothing
    messages.success(
        request, _("The evidence of %(year)d is being made. It appears here once it is ready.") % {"year": year}
    )
    return redirect("year", year)


@require_safe
@for_organization
def download(request: PageRequest, archive_id: UUID) -> HttpResponse:
    """Give an archive of the current organization, to be saved."""
    own = EvidenceArchive.objects.filter(organization=request.organization, pk=archive_id)
    archive = own.select_related("organization").first()
    if archive is None:
        raise Http404
    try:
        content = evidencing.content_of(archive)
    except evidencing.ArchiveNotFound as missing:
        raise Http404 from missing
    name = evidencing.file_name_of(archive)
    answer = FileResponse(content, as_attachment=True, filename=name, content_type="application/zip")
    answer["Content-Length"] = str(archive.size_bytes)
    # It streams, which the type of a page does not know.
    return cast("HttpResponse", answer)


def lines_of(year: Year) -> list[Line]:
    """Return the figures of a year in the order in which they are reported."""
    now, reported = year.figures, year.reported
    summed = sum((reported[key] for key in _NAMES), Decimal(0)) if reported else None
    return [
        *(Line(str(name), now[key], reported.get(key)) for key, name in _NAMES.items()),
        Line(_("Total"), sum((now[key] for key in _NAMES), Decimal(0)), summed, "total"),
        *(Line(str(name), now[key], reported.get(key), "beside") for key, name in _BESIDE.items()),
    ]


def _found(request: PageRequest, year: int) -> Year:
    if year not in closing.years(organization=request.organization, by=request.author):
        raise Http404
    return closing.of_year(organization=request.organization, year=year, by=request.author)


def _events(request: PageRequest, year: int) -> Sequence[YearClosing]:
    own = YearClosing.objects.filter(organization=request.organization, year=year)
    return list(own.select_related("by", "on_behalf_of", "api_key").order_by("-created_at", "-pk")[:EVENTS_SHOWN])


def _archives(request: PageRequest, year: int) -> "Page[EvidenceArchive]":
    own = EvidenceArchive.objects.filter(organization=request.organization, year=year)
    newest_first = own.select_related("job__created_by").order_by("-pk")
    return Paginator(newest_first, ARCHIVES_A_PAGE).get_page(request.GET.get("page"))


def _status(form: forms.Form) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
