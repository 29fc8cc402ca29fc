"""The list of invoices, each with its figure."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.http import push_url

from facilities.models import Facility, Organization
from facilities.pages.current import PageRequest, for_organization
from invoices import finding, impacts, listing
from invoices.models import ImportedInvoice, Invoice, InvoiceStatus, InvoiceType

PAGE_SIZE: Final = 50
NEWEST: Final = "-start_date"
_COLUMNS: Final = ("invoice_id", "start_date", "quantity")
_SORTS: Final = [sign + column for column in _COLUMNS for sign in ("", "-")]
_FIGURES: Final = {"yes": True, "no": False}


def _choices(values: object) -> list[tuple[str, str]]:
    return [(value, value) for value in values]  # type: ignore[attr-defined]


class AskedForm(forms.Form):
    """The parameters of the list; what makes no sense is passed over."""

    type = forms.ChoiceField(required=False, choices=InvoiceType.choices)
    status = forms.ChoiceField(required=False, choices=InvoiceStatus.choices)
    facility_id = forms.UUIDField(required=False)
    import_id = forms.UUIDField(required=False)
    year = forms.IntegerField(required=False, min_value=date.min.year, max_value=date.max.year)
    has_figure = forms.ChoiceField(required=False, choices=_choices(_FIGURES))
    search = forms.CharField(required=False, max_length=200)
    sort = forms.ChoiceField(required=False, choices=_choices(_SORTS))
    page = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is asked for: `query` holds what was said of it and makes sense."""

    type: str
    status: str
    facility_id: UUID | None
    import_id: UUID | None
    year: int | None
    has_figure: str
    search: str
    sort: str
    page: int
    query: QueryDict

    @classmethod
    def of(cls, given: QueryDict) -> Self:
        form = AskedForm(given)
        form.is_valid()
        sane: dict[str, Any] = {name: form.cleaned_data.get(name) or "" for name in form.fields}
        query = QueryDict(mutable=True)
        query.update({name: str(value) for name, value in sane.items() if value})
        optional = {name: sane[name] or None for name in ("facility_id", "import_id", "year")}
        return cls(**{**sane, **optional, "sort": sane["sort"] or NEWEST, "page": sane["page"] or 1, "query": query})

    @property
    def is_narrowed(self) -> bool:
        """Tell whether there may be other invoices than these."""
        return bool(self.query.keys() - {"sort", "page"})

    @property
    def address(self) -> str:
        query = self.query.urlencode()
        return f"{reverse('invoices')}?{query}" if query else reverse("invoices")

    @property
    def headings(self) -> dict[str, dict[str, str]]:
        """Return for each column how it is sorted now, and what a click on it asks for: the newest and most first."""
        return {column: self._heading(column) for column in _COLUMNS}

    def _heading(self, column: str) -> dict[str, str]:
        if self.sort == column:
            return {"direction": "ascending", "next": f"-{column}"}
        if self.sort == f"-{column}":
            return {"direction": "descending", "next": column}
        return {"direction": "", "next": column if column == "invoice_id" else f"-{column}"}


@require_safe
@for_organization
def index(request: PageRequest) -> HttpResponse:
    """List the invoices; to a script that asks for a part, the rows alone."""
    asked = Asked.of(request.GET)
    context = _listed(request, asked)
    if request.htmx and not request.htmx.history_restore_request:
        return push_url(render(request, "invoices/_list.html", context), asked.address)
    context |= {
        "facilities": Facility.objects.present().filter(organization=request.organization).order_by("name", "pk"),
        "types": InvoiceType.choices,
        "statuses": InvoiceStatus.choices,
        "years": reversed(impacts.years(organization=request.organization, by=request.author)),
    }
    return render(request, "invoices/list.html", context)


def _listed(request: PageRequest, asked: Asked) -> dict[str, Any]:
    rows = asked_for(request.organization, asked)
    page = Paginator(rows.select_related("facility", "unit"), PAGE_SIZE).get_page(asked.page)
    found = finding.described(list(page), organization=request.organization, by=request.author)
    return {"asked": asked, "page": page, "found": found}


def asked_for(organization: Organization, asked: Asked) -> QuerySet[Invoice]:
    """Return the invoices that are asked for, of all pages."""
    found = listing.invoices(
        organization=organization,
        types=[asked.type] if asked.type else (),
        statuses=[asked.status] if asked.status else (),
        facility_ids=[asked.facility_id] if asked.facility_id else (),
        is_calculated=_FIGURES.get(asked.has_figure),
        sort=asked.sort,
    )
    if asked.year:
        # Any day of it: what crosses into a year belongs to both.
        found = found.filter(start_date__lte=date(asked.year, 12, 31), end_date__gte=date(asked.year, 1, 1))
    if asked.import_id:
        filed = ImportedInvoice.objects.filter(organization=organization, invoice_import=asked.import_id)
        found = found.filter(pk__in=filed.values("invoice_id"))
    return found.filter(_mentions(asked.search)) if asked.search else found


def _mentions(search: str) -> Q:
    # Codes are shown in groups of four, and so people type them.
    without_blanks = "".join(search.split())
    return (
        Q(invoice_number__icontains=search)
        | Q(cups__icontains=without_blanks)
        | Q(printed_cups__icontains=without_blanks)
    )
