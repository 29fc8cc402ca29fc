"""The pages of factors: which are used where, from which sources, and for which suppliers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from facilities.models import Facility, Organization, Supplier
from facilities.pages.current import PageRequest, for_organization
from invoices import comparing, factoring, labelling
from invoices.models import EmissionFactor, EmissionSource, FactorSet, Invoice, SupplierLink
from invoices.pages import factor_years

PAGE_SIZE: Final = 50
# Of the whole world, or of Europe: no place that a facility can be in.
_NO_COUNTRIES: Final = ("ZZ",)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A supplier that invoices name, with its link to the published factors, or the name that is proposed."""

    supplier: Supplier
    invoice_count: int
    link: SupplierLink | None
    proposal: str


class AskedForm(forms.Form):
    """Which country and which years; what makes no sense is passed over."""

    country = forms.CharField(required=False, max_length=2)
    until = forms.IntegerField(
        required=False, min_value=factor_years.FIRST_YEAR + factor_years.YEARS, max_value=factor_years.LAST_YEAR
    )


@require_safe
@for_organization
def in_use(request: PageRequest) -> HttpResponse:
    """Show the factors that are used in a country, year by year, with what is missing."""
    factor_set = _in_force()
    if factor_set is None:
        return render(request, "factors/none.html")
    form = AskedForm(request.GET)
    form.is_valid()
    asked = form.cleaned_data
    own = _own_countries(request.organization)
    country = (asked.get("country") or "").upper() or next(iter(own), "ES")
    until = asked.get("until") or factor_years.last_year_of(request.organization)
    years = list(range(until - factor_years.YEARS + 1, until + 1))
    fuels = factor_years.fuels_in(request.organization, country)
    context: dict[str, Any] = {
        **_frame(request.organization, factor_set),
        "country": country,
        "own_countries": own,
        "countries": sorted({*_countries(factor_set), *own, country}),
        "years": years,
        "earlier": until - factor_years.YEARS if years[0] > factor_years.FIRST_YEAR + factor_years.YEARS else None,
        "later": min(until + factor_years.YEARS, factor_years.LAST_YEAR) if until < factor_years.LAST_YEAR else None,
        "rows": factor_years.rows(country, years, fuels, factoring.table_of(factor_set)),
    }
    return render(request, "factors/in_use.html", context)


@require_safe
@for_organization
def suppliers(request: PageRequest) -> HttpResponse:
    """Show which suppliers of the organization's invoices have a published factor of their own, and who said so."""
    factor_set = _in_force()
    if factor_set is None:
        return render(request, "factors/none.html")
    named = Invoice.objects.of(request.organization.pk).electricity().counted().filter(supplier__isnull=False)
    counted = named.values_list("supplier").annotate(count=Count("pk")).order_by("-count", "supplier")
    page = Paginator(counted, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        **_frame(request.organization, factor_set),
        "page": page,
        "labelled": _labelled(list(page)),
        "is_staff": request.user.is_staff,
    }
    return render(request, "factors/suppliers.html", context)


@require_safe
@for_organization
def sources(request: PageRequest) -> HttpResponse:
    """List the publications that the factors were taken from, with their licences."""
    factor_set = _in_force()
    if factor_set is None:
        return render(request, "factors/none.html")
    page = Paginator(EmissionSource.objects.order_by("code"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "factors/sources.html", {**_frame(request.organization, factor_set), "page": page})


def _in_force() -> FactorSet | None:
    try:
        return factoring.current()
    except factoring.NoFactors:
        return None


def _frame(organization: Organization, factor_set: FactorSet) -> dict[str, Any]:
    """Return what all these pages say: the set in force, and how many invoices rest on an older one."""
    older = comparing.by_year(organization=organization, factor_set=factor_set)
    return {"factor_set": factor_set, "older_count": sum(change.invoice_count for change in older)}


def _own_countries(organization: Organization) -> list[str]:
    """Return the countries of the organization's facilities, that of the most facilities first."""
    own = Facility.objects.filter(organization=organization, deleted_at=None)
    counted = own.values_list("country").annotate(count=Count("pk")).order_by("-count", "country")
    return [country for country, _count in counted]


def _countries(factor_set: FactorSet) -> list[str]:
    rows = EmissionFactor.objects.filter(factor_set=factor_set).exclude(jurisdiction__in=_NO_COUNTRIES)
    return [code for code in rows.values_list("jurisdiction", flat=True).distinct().order_by() if len(code) == 2]  # noqa: PLR2004 (letters of a country)


def _labelled(counted: Sequence[tuple[Any, int]]) -> list[Labelled]:
    found = Supplier.objects.in_bulk([supplier for supplier, _count in counted])
    links = SupplierLink.objects.select_related("confirmed_by").in_bulk(list(found))
    proposed = {proposal.supplier.pk: proposal.label for proposal in labelling.proposals()}
    return [
        Labelled(found[supplier], count, links.get(supplier), proposed.get(supplier, "")) for supplier, count in counted
    ]
