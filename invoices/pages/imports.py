"""The pages of imports: send a file, see what was found in it, take what is good, and take that back."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import closed_years, importing
from invoices.models import InvoiceImport
from invoices.pages import import_report
from invoices.pages.import_report import OPEN, found

IMPORTS_A_PAGE: Final = 25


class UploadForm(forms.Form):
    """A file, or rows pasted in its place."""

    file = forms.FileField(
        required=False,
        max_length=InvoiceImport._meta.get_field("file_name").max_length,
        error_messages={"empty": gettext_lazy("This file is empty.")},
    )
    text = forms.CharField(required=False, strip=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.errors:
            return given
        has_file, has_text = bool(given["file"]), bool(given["text"].strip())
        if has_file and has_text:
            raise forms.ValidationError(_("Choose a file or paste rows, not both."))
        if not has_file and not has_text:
            raise forms.ValidationError(_("Choose a file, or paste rows."))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
def listing(request: PageRequest) -> HttpResponse:
    """List the imports, newest first (GET); take in another file (POST)."""
    return _upload(request) if request.method == "POST" else _listed(request, UploadForm())


@editors_only
def _upload(request: PageRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            with transaction.atomic(durable=True):
                one = importing.upload(organization=request.organization, by=request.author, **_sent(form))
        except importing.NotReadable as refused:
            form.add_error(None, str(refused))
        else:
            return redirect("import-reading", one.pk)
    return _listed(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)


def _sent(form: UploadForm) -> dict[str, Any]:
    """Return what the form brought: a file piece by piece, or what was pasted as a file of its own."""
    if file := form.cleaned_data["file"]:
        return {"file_name": file.name, "chunks": file.chunks()}
    return {"file_name": _("pasted rows"), "chunks": [form.cleaned_data["text"].encode()]}


def _listed(request: PageRequest, form: UploadForm, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    every = importing.listed(organization=request.organization).select_related("by")
    page = Paginator(every, IMPORTS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "form": form,
        "most_bytes": settings.UPLOAD_MAX_BYTES,
        "is_live": any(one.status in OPEN for one in page),
    }
    return render(request, "imports/list.html", context, status=status)


@require_safe
@for_organization
def detail(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Show what became of a file so far; to a script that asks how far it is, that part alone."""
    context = import_report.shown(request, found(request, import_id))
    is_part = request.htmx and request.htmx.target == "import"
    return render(request, "imports/_import.html" if is_part else "imports/detail.html", context)


@require_POST
@for_organization
@editors_only
def take(request: PageRequest, import_id: UUID) -> HttpResponse:
    """File the good rows."""
    try:
        with transaction.atomic(durable=True):
            importing.take(organization=request.organization, import_id=import_id, by=request.author)
    except importing.ImportNotFound as missing:
        raise Http404 from missing
    except (importing.WrongState, importing.NothingToTake) as refused:
        messages.error(request, str(refused))
    return redirect("import", import_id)


@require_POST
@for_organization
@editors_only
def discard(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Throw away a file that filed nothing."""
    one = found(request, import_id)
    try:
        with transaction.atomic(durable=True):
            importing.discard(organization=request.organization, import_id=import_id, by=request.author)
    except importing.WrongState as refused:
        messages.error(request, str(refused))
        return redirect("import", import_id)
    messages.success(request, _("%(file)s was thrown away. Nothing of it was filed.") % {"file": one.file_name})
    return redirect("imports")


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
@editors_only
def undo(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Show what would be removed and what stays (GET), and have it removed (POST)."""
    one, problem = found(request, import_id), ""
    if request.method == "POST":
        try:
            with transaction.atomic(durable=True):
                importing.undo(organization=request.organization, import_id=import_id, by=request.author)
        except importing.WrongState:
            # Somebody else was faster; the page that follows says how it stands.
            return redirect("import", import_id)
        except closed_years.PeriodClosed as refused:
            problem = str(refused)
        else:
            return redirect("import", import_id)
    elif not import_report.may_undo(one):
        return redirect("import", import_id)
    context = {"one": one, "problem": problem, **import_report.what_stays(request, one)}
    return render(request, "imports/undo.html", context, status=HTTPStatus.CONFLICT if problem else HTTPStatus.OK)
