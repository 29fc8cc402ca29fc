"""The emissions of a year: in all and by scope, month, facility and category, and what is missing of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Self
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from facilities.models import Facility, Organization
from facilities.pages.current import PageRequest, for_organization
from invoices import impacts
from invoices.impacts import Figure, OfFacility, Scope, Totals
from invoices.models import EmissionCategory, InvoiceStatus
from invoices.pages import drawing, figures

FACILITIES_A_PAGE: Final = 20
_SCOPES: Final = (Scope.ONE, Scope.TWO_MARKET, Scope.TWO_LOCATION, Scope.THREE)


class AskedForm(forms.Form):
    """The parameters of the page; what makes no sense is passed over."""

    year = forms.IntegerField(required=False)
    facility_id = forms.UUIDField(required=False)
    below = forms.BooleanField(required=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which year of which invoices the page shows: one facility's, or the organization's, with those below or not."""

    year: int | None
    facility_id: UUID | None
    is_below: bool

    @classmethod
    def of(cls, given: QueryDict) -> Self:
        form = AskedForm(given)
        form.is_valid()
        sane = form.cleaned_data
        return cls(sane.get("year"), sane.get("facility_id"), bool(sane.get("below")))


@dataclass(frozen=True, slots=True)
class Ranked:
    """A facility and how long its bar is, in percent of the longest."""

    row: OfFacility
    length: float


@dataclass(frozen=True, slots=True)
class Missing:
    """Invoices that are in no figure, by their status, and where they are listed."""

    name: str
    count: int
    is_grave: bool
    address: str


@require_safe
@for_organization
def index(request: PageRequest) -> HttpResponse:
    """Show the emissions of a year: unless one is chosen the last that has invoices."""
    asked = Asked.of(request.GET)
    years = impacts.years(organization=request.organization, by=request.author, include_children=asked.is_below)
    facilities = list(_facilities(request.organization))
    context: dict[str, Any] = {"years": years[::-1], "facilities": facilities, "is_below": asked.is_below}
    if years:
        year = asked.year if asked.year is not None and asked.year in years else years[-1]
        facility = next((place for place in facilities if place.pk == asked.facility_id), None)
        context |= _of_year(request, year, facility, is_below=asked.is_below)
    return render(request, "emissions/index.html", context)


def _of_year(request: PageRequest, year: int, facility: Facility | None, *, is_below: bool) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "organization": request.organization,
        "start": date(year, 1, 1),
        "end": date(year, 12, 31),
        "include_children": is_below,
        "by": request.author,
    }
    totals = impacts.totals(**asked, facility_id=facility.pk if facility else None)
    ranking = [] if facility else impacts.by_facility(**asked)
    return {
        "year": year,
        "facility": facility,
        "totals": totals,
        "scopes": [(scope, totals.scopes.get(scope)) for scope in _SCOPES],
        "compared": _compared(totals.scopes),
        "chart": drawing.chart(months=drawing.months_of(year), figures=totals.scopes_by_month),
        "stacked": drawing.STACKED,
        "months": _months(totals, year),
        "categories": _categories(totals),
        "missing": list(_missing(totals, year, facility)),
        "flags": [(figures.flag_words([flag])[0], share) for flag, share in totals.flags.items()],
        "page": (page := Paginator(ranking, FACILITIES_A_PAGE).get_page(request.GET.get("page"))),
        "ranked": _ranked(page, ranking),
    }


def _facilities(organization: Organization) -> QuerySet[Facility]:
    return Facility.objects.present().filter(organization=organization).order_by("name", "pk")


def _compared(scopes: Mapping[Scope, Figure]) -> list[tuple[Scope, Figure, float]]:
    """Return the two ways of counting electricity with how long the bar of each is; nothing without electricity."""
    both = [(scope, scopes[scope]) for scope in (Scope.TWO_MARKET, Scope.TWO_LOCATION) if scope in scopes]
    most = max((figure.co2e for _scope, figure in both), default=Decimal(0))
    return [(scope, figure, drawing.share_of(figure.co2e, most)) for scope, figure in both]


def _months(totals: Totals, year: int) -> list[tuple[date, Sequence[Figure | None], Figure | None]]:
    """Return a row of the table for each month: its scopes, and in all."""
    return [
        (month, [totals.scopes_by_month.get((month, scope)) for scope in _SCOPES], totals.months.get(month))
        for month in drawing.months_of(year)
    ]


def _categories(totals: Totals) -> list[tuple[EmissionCategory, Figure]]:
    return sorted(totals.categories.items(), key=lambda pair: -pair[1].co2e)


def _missing(totals: Totals, year: int, facility: Facility | None) -> Iterator[Missing]:
    for status, count in totals.not_calculated.items():
        query = QueryDict(mutable=True)
        query.update({"status": status, "year": str(year)})
        if facility:
            query["facility_id"] = str(facility.pk)
        if status == InvoiceStatus.ACTIVE:
            query["has_figure"] = "no"
        name = _("active, not calculated") if status == InvoiceStatus.ACTIVE else str(InvoiceStatus(status).label)
        yield Missing(name, count, status == InvoiceStatus.ERROR, f"{reverse('invoices')}?{query.urlencode()}")


def _ranked(page: Iterable[OfFacility], ranking: Sequence[OfFacility]) -> list[Ranked]:
    most = ranking[0].total.co2e if ranking else Decimal(0)
    return [Ranked(row, drawing.share_of(row.total.co2e, most)) for row in page]
