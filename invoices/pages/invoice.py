"""One invoice with all that is known of it: its figures down to each factor, and calculating it again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from facilities import storing
from facilities.models import FileStatus, StoredFile
from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import closed_years, customizing, finding, recalculating
from invoices.closed_years import Period, PeriodClosed
from invoices.families import InvoiceNotFound
from invoices.finding import Found, Result
from invoices.models import (
    LOCATION_BASED,
    CustomEmissionGroup,
    EmissionCategory,
    EmissionSource,
    FactorSet,
    Invoice,
    InvoiceEmissionHistory,
    InvoiceStatus,
    JobAction,
    ProcessingJob,
)
from invoices.pages import words

OLDER_A_PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a trace, and what it adds: kg, kWh for energy."""

    line: Mapping[str, Any]
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Shown:
    """A result as the page shows it: step by step, with the publications that its factors are from."""

    result: Result
    steps: Sequence[Step]
    sources: Sequence[EmissionSource]
    factor_set: str


@require_safe
@for_organization
def detail(request: PageRequest, invoice_id: UUID) -> HttpResponse:
    """Show everything of one invoice."""
    return page(request, found_for(request, invoice_id))


@require_POST
@for_organization
@editors_only
def recalculate(request: PageRequest, invoice_id: UUID) -> HttpResponse:
    """Queue the calculation of all that belongs to an invoice; of a distributed one, of its parts."""
    found = found_for(request, invoice_id)
    try:
        job = _queue(request, found)
    except PeriodClosed as refusal:
        return page(request, found, refusal)
    _say(request, job)
    return redirect("invoice", invoice_id)


@transaction.atomic(durable=True)
def _queue(request: PageRequest, found: Found) -> ProcessingJob:
    closed_years.check(map(Period.of, found.bearers))
    return recalculating.queue_calculation(
        organization=request.organization, invoices=found.bearers, by=request.author, action=JobAction.RECALCULATE
    )


def found_for(request: PageRequest, invoice_id: UUID) -> Found:
    """Return an invoice of the current organization, or answer that there is none."""
    try:
        return finding.find(organization=request.organization, invoice_id=invoice_id, by=request.author)
    except InvoiceNotFound as missing:
        raise Http404 from missing


def _say(request: PageRequest, job: ProcessingJob) -> None:
    text = ngettext(
        "%(invoices)s will be calculated again in a moment.",
        "%(invoices)s will be calculated again in a moment.",
        job.items_total,
    )
    messages.success(request, text % {"invoices": words.invoices(job.items_total)})


def page(request: PageRequest, found: Found, refusal: PeriodClosed | None = None) -> HttpResponse:
    """Return the page of an invoice, with why something was refused if it was."""
    facts = _facts(found.invoice)
    older = Paginator(_older(found), OLDER_A_PAGE).get_page(request.GET.get("page"))
    shown = _shown(found.emissions)
    context: dict[str, Any] = {
        "found": found,
        "facts": facts,
        "headline": found.headline,
        "market": _of(found, EmissionCategory.ELECTRICITY),
        "location": _of(found, LOCATION_BASED),
        "results": shown,
        "older": older,
        "parts": found.parts if len(found.parts) > 1 or found.invoice.is_parent else (),
        "whole": _whole(request, found.invoice),
        "file": _file(request, found.invoice),
        "is_link": _is_link(found.invoice.file_url),
        "error": _in_words(refusal) if refusal else "",
        "own_factors": _own_factors(request, facts),
    }
    return render(request, "invoices/detail.html", context, status=409 if refusal else 200)


def _facts(invoice: Invoice) -> Invoice:
    """Return the invoice with all that it names, in one query."""
    named = (
        *("unit", "original_unit", "facility", "facility_fuel", "supplier", "supply_contract__supplier"),
        *("custom_emission_factor", "uploaded_by"),
    )
    return Invoice.objects.of(invoice.organization_id).select_related(*named).get(pk=invoice.pk)


def _own_factors(request: PageRequest, invoice: Invoice) -> Sequence[CustomEmissionGroup]:
    """Return what an invoice that could not be calculated may be calculated with instead."""
    if invoice.status != InvoiceStatus.ERROR or not request.can_write:
        return ()
    return list(customizing.groups(organization=request.organization))


def _of(found: Found, category: EmissionCategory) -> Result | None:
    return next((result for result in found.emissions if result.activity_category == category), None)


def _shown(results: Sequence[Result]) -> list[Shown]:
    """Return the results with their sources and sets of factors, in two queries."""
    sources = EmissionSource.objects.in_bulk({code for result in results for code in _codes(result)})
    versions = dict(
        FactorSet.objects.filter(pk__in={result.factor_set_id for result in results}).values_list("pk", "version")
    )
    return [
        Shown(
            result=result,
            steps=[Step(line, Decimal(line["quantity"]) * Decimal(line["factor"])) for line in result.trace],
            sources=[sources[code] for code in dict.fromkeys(_codes(result)) if code in sources],
            factor_set=versions[result.factor_set_id],
        )
        for result in results
    ]


def _codes(result: Result) -> Iterator[str]:
    for line in result.trace:
        yield from (line["source_id"], *(term["source_id"] for term in line["terms"]))


def _older(found: Found) -> QuerySet[InvoiceEmissionHistory]:
    """Return the results that were replaced, the last first."""
    bearers = found.bearers
    return (
        InvoiceEmissionHistory.objects.filter(
            organization__in={bearer.organization_id for bearer in bearers},
            invoice_id__in=[bearer.pk for bearer in bearers],
        )
        .select_related("factor_set")
        .order_by("-replaced_at", "-pk")
    )


def _whole(request: PageRequest, invoice: Invoice) -> Invoice | None:
    """Return the distributed invoice that this one is a part of, where it is the same organization's."""
    if invoice.source_invoice_id is None:
        return None
    return Invoice.objects.of(request.organization.pk).filter(pk=invoice.source_invoice_id).first()


def _file(request: PageRequest, invoice: Invoice) -> StoredFile | None:
    """Return the invoice's document, if it is the organization's and has come."""
    if invoice.file_id is None:
        return None
    try:
        file = storing.find(organization=request.organization, file_id=invoice.file_id)
    except storing.FileNotFound:
        return None
    return file if file.status == FileStatus.UPLOADED else None


def _is_link(address: str) -> bool:
    """Tell whether an address leads to a host that the installation trusts: anybody may have written it."""
    parts = urlsplit(address)
    return parts.scheme == "https" and parts.hostname in settings.FILE_HOSTS


def _in_words(refusal: PeriodClosed) -> str:
    years = sorted({year for years in refusal.closed.values() for year in years})
    return ngettext(
        "The year %(years)s is closed: what was reported stays. An administrator can open it again.",
        "The years %(years)s are closed: what was reported stays. An administrator can open them again.",
        len(years),
    ) % {"years": ", ".join(map(str, years))}
