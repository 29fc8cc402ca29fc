"""The page of a newer set of factors: kg before and after by year, and starting the recalculation of a year."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import comparing, factoring
from invoices.comparing import Comparison
from invoices.models import FactorSet
from invoices.pages import figures, weighing, words

FIRST_YEAR, LAST_YEAR = 1900, 2200


class AskedForm(forms.Form):
    """Which year, and which part of its invoices."""

    year = forms.IntegerField(required=False, min_value=FIRST_YEAR, max_value=LAST_YEAR)
    part = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
def changes(request: PageRequest) -> HttpResponse:
    """Show what the set in force would change of results of older ones (GET), or start recalculating a year (POST)."""
    try:
        factor_set = factoring.current()
    except factoring.NoFactors:
        return render(request, "factors/none.html")
    return _start(request) if request.method == "POST" else _page(request, factor_set)


@editors_only
def _start(request: PageRequest) -> HttpResponse:
    form = AskedForm(request.POST)
    year = form.cleaned_data["year"] if form.is_valid() else None
    if year is None:
        return redirect("factor-changes")
    try:
        with transaction.atomic(durable=True):
            job = comparing.start(organization=request.organization, year=year, by=request.author)
    except comparing.NothingToRecalculate:
        messages.error(request, _("Nothing of that year is left to be recalculated."))
        return redirect("factor-changes")
    said = ngettext("%(invoices)s is recalculated.", "%(invoices)s are recalculated.", job.items_total)
    messages.success(request, said % {"invoices": words.invoices(job.items_total)})
    return redirect("job", job.pk)


def _page(request: PageRequest, factor_set: FactorSet) -> HttpResponse:
    form = AskedForm(request.GET)
    form.is_valid()
    by_year = comparing.by_year(organization=request.organization, factor_set=factor_set)
    context: dict[str, Any] = {
        "factor_set": factor_set,
        "changes": by_year,
        "older_count": sum(change.invoice_count for change in by_year),
        "under_way": comparing.under_way(organization=request.organization, factor_set=factor_set).first(),
    }
    year = form.cleaned_data.get("year")
    if year:
        comparison = comparing.of_year(
            organization=request.organization,
            factor_set=factor_set,
            year=year,
            part=form.cleaned_data.get("part") or 1,
        )
        context |= _compared(comparison)
    return render(request, "factors/changes.html", context)


def _compared(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison with what is drawn of it, and the way to the other parts of the year."""
    part = comparison.skipped_count // comparing.PART_SIZE + 1
    last = comparison.skipped_count + comparison.compared_count
    rows = [(figures.scope_name(each.scope), each.before, each.after) for each in comparison.sums]
    return {
        "comparison": comparison,
        "pairs": weighing.pairs(rows),
        "first": comparison.skipped_count + 1,
        "last": last,
        "is_partial": comparison.compared_count < comparison.invoice_count,
        "earlier": part - 1,
        "later": part + 1 if last < comparison.invoice_count else 0,
    }
