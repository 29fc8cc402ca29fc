"""What the address of the CUPS list asks for, and the rows that answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Self
from uuid import UUID

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet, Sum
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from facilities.models import Facility, Organization
from invoices import listing
from invoices.models import CHECK_NAMES, CupsGroup

SIZE: Final = 50
MAX_SIZE: Final = 200
MAX_PAGE: Final = 1_000_000
COLUMNS: Final[Mapping[str, Any]] = {
    "cups": "CUPS",
    "facility_name": _("Facility"),
    "invoice_count": _("Invoices"),
    "first_date": _("Period"),
}


class AskedForm(forms.Form):
    """The parameters of the REST list; what makes no sense is passed over."""

    search = forms.CharField(required=False, max_length=200)
    facility_id = forms.UUIDField(required=False)
    is_locked = forms.TypedChoiceField(
        required=False,
        choices=[("false", _("Can be changed")), ("true", _("Locked by Datadis"))],
        coerce=lambda text: text == "true",
        empty_value=None,
    )
    check = forms.ChoiceField(
        required=False,
        choices=[(listing.INVALID, _("Not correct")), *((check.value, name) for check, name in CHECK_NAMES.items())],
    )
    sort = forms.ChoiceField(required=False, choices=[(sort, sort) for sort in sorted(listing.SORTS)])
    page = forms.IntegerField(required=False, min_value=1, max_value=MAX_PAGE)
    size = forms.IntegerField(required=False, min_value=1, max_value=MAX_SIZE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: `query` holds what was said of it and makes sense, in the parameters' own order."""

    search: str
    facility_id: UUID | None
    is_locked: bool | None
    check: str
    sort: str
    page: int
    size: int
    query: QueryDict

    @classmethod
    def of(cls, given: QueryDict) -> Self:
        form = AskedForm(given)
        form.is_valid()
        sane = {name: form.cleaned_data.get(name) for name in form.fields}
        query = QueryDict(mutable=True)
        said = {name: value for name, value in sane.items() if value not in (None, "") and (name, value) != ("page", 1)}
        query.update({name: str(given[name]).strip() for name in said})
        return cls(
            **{name: sane[name] or "" for name in ("search", "check", "sort")},
            facility_id=sane["facility_id"],
            is_locked=sane["is_locked"],
            page=sane["page"] or 1,
            size=sane["size"] or SIZE,
            query=query,
        )

    @property
    def address(self) -> str:
        """Return the address of the list that was asked for."""
        query = self.query.urlencode()
        return f"{reverse('cups')}?{query}" if query else reverse("cups")

    @property
    def is_narrowed(self) -> bool:
        return bool(self.search or self.facility_id or self.check or self.is_locked is not None)


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading: how it is sorted now, and what a click on it asks for."""

    name: str
    label: str
    direction: str
    next_sort: str


def columns(asked: Asked) -> list[Column]:
    """Return the headings that sort. The list comes sorted by code."""
    current = asked.sort or "cups"
    return [
        Column(
            name=name,
            label=label,
            direction={name: "ascending", f"-{name}": "descending"}.get(current, ""),
            next_sort=f"-{name}" if current == name else name,
        )
        for name, label in COLUMNS.items()
    ]


def context(organization: Organization, asked: Asked) -> dict[str, Any]:
    """Return what the list's template prints."""
    found = groups(organization, asked)
    return {
        "asked": asked,
        "columns": columns(asked),
        "page": _page(found, asked),
        "invoice_count": found.order_by().aggregate(total=Sum("invoice_count"))["total"] or 0,
    }


def filters(organization: Organization) -> dict[str, Any]:
    """Return what the list can be narrowed by."""
    return {
        "facilities": Facility.objects.filter(organization=organization).order_by("name", "pk"),
        "checks": AskedForm.base_fields["check"].choices,  # type: ignore[attr-defined]  # a choice field has them
        "locks": AskedForm.base_fields["is_locked"].choices,  # type: ignore[attr-defined]  # a choice field has them
    }


def groups(organization: Organization, asked: Asked) -> QuerySet[CupsGroup]:
    """Return the groups that are asked for, of all pages."""
    narrowed = partial(
        listing.groups,
        organization=organization,
        facility_id=asked.facility_id,
        is_locked=asked.is_locked,
        check=asked.check,
        sort=asked.sort,
    )
    # Codes are shown in groups of four, and so people type them; most are stored without the blanks.
    without_blanks = "".join(asked.search.split())
    found = narrowed(search=asked.search)
    return found if without_blanks == asked.search else found | narrowed(search=without_blanks)


def _page(found: QuerySet[CupsGroup], asked: Asked) -> Page[CupsGroup]:
    return Paginator(found, asked.size).get_page(asked.page)
