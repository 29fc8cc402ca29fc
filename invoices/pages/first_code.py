"""The form that gives invoices without a CUPS one: which invoices, which codes are near, and why it was refused."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Self
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from facilities.models import Facility, Organization
from invoices import assigning, grouping, wording
from invoices import cups as cups_codes
from invoices.assigning import AssignmentPlan
from invoices.grouping import GroupKey, key_of
from invoices.models import MESSAGE_LENGTH, CupsGroup, Invoice
from invoices.pages import words
from invoices.pages.ticked import ids_of

OFFERED: Final = 5
# Django takes 1,000 fields of one form; a list of so many invoices is hardly of one supply anyway.
MAX_TICKED: Final = 500
NEWEST, OLDEST = "-start_date", "start_date"

REFUSALS: Final = (
    assigning.AssignmentChanged,
    assigning.MalformedSelection,
    cups_codes.NotAcceptable,
    grouping.GroupsKeptChanging,
)


class AskedForm(forms.Form):
    """The parameters of the list; what makes no sense is passed over."""

    facility_id = forms.UUIDField(required=False)
    sort = forms.ChoiceField(required=False, choices=[(NEWEST, NEWEST), (OLDEST, OLDEST)])
    page = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is asked for: `query` holds what was said of it and makes sense."""

    facility_id: UUID | None
    sort: str
    page: int
    query: QueryDict

    @classmethod
    def of(cls, given: QueryDict) -> Self:
        form = AskedForm(given)
        form.is_valid()
        sane = {name: form.cleaned_data.get(name) for name in form.fields}
        query = QueryDict(mutable=True)
        query.update({name: str(given[name]).strip() for name, value in sane.items() if value})
        return cls(sane["facility_id"], sane["sort"] or NEWEST, sane["page"] or 1, query)

    @property
    def direction(self) -> str:
        """Return how the periods are sorted now."""
        return "descending" if self.sort == NEWEST else "ascending"

    @property
    def next_sort(self) -> str:
        """Return what a click on the heading asks for."""
        return OLDEST if self.sort == NEWEST else NEWEST

    @property
    def address(self) -> str:
        """Return the address of the list that was asked for."""
        query = self.query.urlencode()
        return f"{reverse('cups-missing')}?{query}" if query else reverse("cups-missing")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form says. `previewed` is the code that the preview was made for, `digest` what it showed."""

    invoice_ids: Sequence[UUID]
    target: str
    typed: str
    is_typed: bool
    is_chosen: bool
    previewed: str
    digest: str
    message: str
    back: str

    @classmethod
    def of(cls, form: QueryDict) -> Self:
        # The choice "another code" has no value of its own: the code is in the field beside it.
        chosen, typed = form.get("target"), form.get("cups", "").strip()
        return cls(
            invoice_ids=ids_of(form.getlist("invoice_id")),
            target=chosen or typed,
            typed=typed,
            is_typed=chosen == "",
            is_chosen=chosen is not None,
            previewed=form.get("previewed", ""),
            digest=form.get("digest", ""),
            message=form.get("message", "").replace("\0", "").strip()[:MESSAGE_LENGTH],
            back=form.get("back", ""),
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """
    A code that stands at a facility of the ticked invoices.

    `fills` counts the ticked invoices whose period is a gap between the invoices that the code has there.
    """

    cups: str
    facility_name: str
    invoice_count: int
    is_locked: bool
    fills: int


def without_code(organization: Organization, asked: Asked) -> QuerySet[Invoice]:
    """Return the electricity invoices that name no supply point, as the list asks for them."""
    found = Invoice.objects.of(organization.pk).without_cups()
    if asked.facility_id:
        found = found.filter(facility_id=asked.facility_id)
    return found.select_related("facility", "unit", "supplier", "supply_contract").order_by(asked.sort, "pk")


def facilities(organization: Organization) -> QuerySet[Facility]:
    """Return the facilities that have such invoices."""
    missing = Invoice.objects.of(organization.pk).without_cups()
    return Facility.objects.filter(organization=organization, pk__in=missing.values("facility_id")).order_by(
        "name", "pk"
    )


def ticked(organization: Organization, wanted: Wanted) -> list[Invoice]:
    """Return the ticked invoices that still lack a code and may get one."""
    chosen = Invoice.objects.of(organization.pk).without_cups().rewritable()
    ids = wanted.invoice_ids[:MAX_TICKED]
    return list(
        chosen.filter(pk__in=ids).select_related("facility", "unit").order_by("facility_id", "start_date", "pk")
    )


def choices(organization: Organization, invoices: Sequence[Invoice]) -> list[Choice]:
    """Return codes of the facilities: first those that lack just these periods, then Datadis's, then the fullest."""
    at = {invoice.facility_id for invoice in invoices if invoice.facility_id}
    groups = CupsGroup.objects.of(organization.pk).listed().filter(facility_id__in=at).select_related("facility")
    billed = _billed(organization, invoices)
    found = [
        Choice(
            cups=group.cups,
            facility_name=group.facility.name,
            invoice_count=group.invoice_count,
            is_locked=group.is_locked,
            fills=sum(_fills(group, billed.get(key_of(group), []), invoice) for invoice in invoices),
        )
        for group in groups
    ]
    found.sort(key=lambda choice: (-choice.fills, not choice.is_locked, -choice.invoice_count, choice.cups))
    by_code: dict[str, Choice] = {}
    for choice in found:
        by_code.setdefault(choice.cups, choice)
    return list(by_code.values())[:OFFERED]


def likely(choices: Sequence[Choice], invoices: Sequence[Invoice]) -> str:
    """Return the one code that lacks all these periods, or the one that there is; "" where only the reader can tell."""
    filled = [choice for choice in choices if choice.fills == len(invoices)] or choices
    return filled[0].cups if len(filled) == 1 else ""


def outcome(plan: AssignmentPlan) -> str:
    """Say how many invoices at how many facilities would get the code."""
    return ngettext(
        "%(invoices)s at %(facilities)s will get the code",
        "%(invoices)s at %(facilities)s will get the code",
        plan.updated_count,
    ) % {
        "invoices": words.invoices(plan.updated_count),
        "facilities": words.facilities(len(plan.affected_facilities)),
    }


def trouble(wanted: Wanted, invoices: Sequence[Invoice]) -> str:
    """Say why there is nothing to choose a code for; nothing where there is."""
    if not wanted.invoice_ids:
        return _("No invoice is ticked. Tick the invoices that get the same code.")
    if len(wanted.invoice_ids) > MAX_TICKED:
        return ngettext(
            "Tick at most %(count)s invoice at a time.", "Tick at most %(count)s invoices at a time.", MAX_TICKED
        ) % {"count": words.number(MAX_TICKED)}
    return "" if invoices else _("The ticked invoices have a code by now, or are gone.")


def in_words(refusal: Exception, wanted: Wanted) -> str:
    """Say why no code was given, and what one can do."""
    match refusal:
        case assigning.AssignmentChanged() if wanted.previewed != wanted.target:
            return _("You chose another code since the preview. Below is what would happen with it; confirm that.")
        case assigning.AssignmentChanged():
            return _("The invoices have changed since the preview. Below is what would happen now; confirm that.")
        case cups_codes.NotAcceptable():
            return wording.not_acceptable(refusal)
    return _("Somebody else is changing the same groups. Try again in a moment.")


def _billed(organization: Organization, invoices: Sequence[Invoice]) -> dict[GroupKey, list[tuple[date, date]]]:
    """Return what was billed under each code at these invoices' facilities, from the first of them to the last."""
    if not invoices:
        return {}
    rows = (
        Invoice.objects.of(organization.pk)
        .grouped()
        .filter(
            facility_id__in={invoice.facility_id for invoice in invoices if invoice.facility_id},
            start_date__lte=max(invoice.end_date for invoice in invoices),
            end_date__gte=min(invoice.start_date for invoice in invoices),
        )
    )
    billed: dict[GroupKey, list[tuple[date, date]]] = defaultdict(list)
    for facility_id, cups, start, end in rows.values_list("facility_id", "cups", "start_date", "end_date"):
        billed[GroupKey(organization.pk, facility_id, cups)].append((start, end))
    return billed


def _fills(group: CupsGroup, billed: Iterable[tuple[date, date]], invoice: Invoice) -> bool:
    if group.facility_id != invoice.facility_id or not group.first_date or not group.last_date:
        return False
    is_inside = group.first_date < invoice.start_date and invoice.end_date < group.last_date
    # One bill ending and the next starting on the same day is ordinary in Spain.
    return is_inside and not any(start < invoice.end_date and invoice.start_date < end for start, end in billed)
