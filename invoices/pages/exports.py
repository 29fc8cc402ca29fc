"""The lists as files in the reader's language, narrowed as the page is that they are downloaded from."""

from collections.abc import Callable, Mapping
from typing import Final, cast

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from facilities.pages.current import PageRequest, for_organization
from invoices import exporting, suggesting
from invoices.exporting import Table, Words
from invoices.pages import aliases, asking, history, invoices, suggestion_words, suggestions_asked

# What a page says of its own.
_WORDS: Final[Mapping[str, Mapping[str, Words]]] = {
    "suggestions": {"tier": suggestion_words.TIERS, "reasons": suggestion_words.REASONS}
}


@require_safe
@for_organization
def csv(request: PageRequest, name: str) -> HttpResponse:
    """Send one of the lists, all pages of it, as CSV."""
    if name not in _TABLES:
        raise Http404
    table = _TABLES[name](request)
    saved_as = exporting.file_name(table, organization=request.organization, extension="csv")
    # Who asks for the headers alone reads no row.
    content = exporting.csv_for_people(table, words=_WORDS.get(name)) if request.method == "GET" else ()
    answer = StreamingHttpResponse(content, content_type=exporting.CSV_TYPE, headers=_attached(saved_as))
    # It streams, which the type of a page does not know.
    return cast("HttpResponse", answer)


@require_safe
@for_organization
def workbook(request: PageRequest) -> HttpResponse:
    """Send the invoices as XLSX, or go back to their list and say why not."""
    table = _invoices(request)
    try:
        content = exporting.workbook(table, for_people=True)
    except exporting.TooManyRows as refusal:
        messages.error(request, str(refusal))
        return redirect(invoices.Asked.of(request.GET).address)
    saved_as = exporting.file_name(table, organization=request.organization, extension="xlsx")
    answer = StreamingHttpResponse(content, content_type=exporting.XLSX_TYPE, headers=_attached(saved_as))
    return cast("HttpResponse", answer)


def _groups(request: PageRequest) -> Table:
    return exporting.groups(asking.groups(request.organization, asking.Asked.of(request.GET)))


def _invoices(request: PageRequest) -> Table:
    found = invoices.asked_for(request.organization, invoices.Asked.of(request.GET))
    return exporting.invoices(found, organization=request.organization)


def _consolidations(request: PageRequest) -> Table:
    found = history.asked_for(request.organization, history.searched(request))
    return exporting.consolidations(found, organization=request.organization)


def _aliases(request: PageRequest) -> Table:
    asked = aliases.AskedForm(request.GET)
    asked.is_valid()
    search, facility_id = asked.cleaned_data.get("search", ""), asked.cleaned_data.get("facility_id")
    return exporting.aliases(aliases.asked_for(request.organization, search, facility_id))


def _suggestions(request: PageRequest) -> Table:
    asked = suggestions_asked.Asked.of(request.GET)
    found = suggesting.listed(
        organization=request.organization,
        facility_id=asked.facility_id,
        tiers=() if asked.tier is None else (asked.tier,),
        search=asked.search,
    )
    return exporting.suggestions(found, organization=request.organization)


_TABLES: Final[Mapping[str, Callable[[PageRequest], Table]]] = {
    "cups-groups": _groups,
    "invoices": _invoices,
    "consolidations": _consolidations,
    "cups-aliases": _aliases,
    "suggestions": _suggestions,
}


def _attached(saved_as: str) -> dict[str, str]:
    return {"Content-Disposition": str(content_disposition_header(as_attachment=True, filename=saved_as))}
