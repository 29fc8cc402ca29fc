"""The history page: what was consolidated, by whom, and what still stands of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from facilities.models import Facility, Organization
from facilities.pages.current import PageRequest, for_organization
from invoices import relinking, undoing
from invoices.models import ConsolidatedInvoice, ConsolidationUndo, State, WithUndos
from invoices.pages import fitting
from invoices.undoing import Conflict

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """A consolidation, as the pages show it."""

    done: WithUndos
    state: State
    facility_name: str
    other_facilities: int
    is_first_code: bool


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A rewritten invoice, and what became of it: put back, in conflict, or else as it was left."""

    row: ConsolidatedInvoice
    facility_name: str
    is_put_back: bool
    conflict: Conflict | None


@require_safe
@for_organization
def listing(request: PageRequest) -> HttpResponse:
    """List the organization's consolidations, newest first."""
    search = searched(request)
    found = asked_for(request.organization, search).select_related("api_key")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    entries = entries_of(page, organization=request.organization)
    return render(request, "history/list.html", {"page": page, "search": search, "entries": entries})


def searched(request: PageRequest) -> str:
    return request.GET.get("search", "").replace("\0", "").strip()


def asked_for(organization: Organization, search: str) -> QuerySet[WithUndos, WithUndos]:
    """Return the consolidations to a code with this in it, of all pages."""
    found = undoing.history(organization=organization)
    if not search:
        return found
    # Codes are shown in groups of four, and so people type them; most are stored without the blanks.
    without_blanks = "".join(search.split())
    return found.filter(Q(target_cups__icontains=search) | Q(target_cups__icontains=without_blanks))


@require_safe
@for_organization
def detail(request: PageRequest, consolidation_id: UUID) -> HttpResponse:
    """Show everything of one consolidation: its invoices, and what was undone of it."""
    done = consolidation_of(request, consolidation_id)
    rows = ConsolidatedInvoice.objects.filter(
        organization=request.organization, consolidation=done, is_parent=False
    ).select_related("undone")
    undos = ConsolidationUndo.objects.filter(organization=request.organization, consolidation=done)
    page = Paginator(rows.order_by("facility_id", "start_date", "pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "entry": entries_of([done], organization=request.organization)[0],
        "undos": undos.select_related("by", "on_behalf_of", "api_key").order_by("created_at"),
        "offers": fitting.offers(done, relinking.matches(organization=request.organization, consolidation=done)),
        "page": page,
        "invoices": _with_fate(done, list(page)),
    }
    return render(request, "history/detail.html", context)


def consolidation_of(request: PageRequest, consolidation_id: UUID) -> WithUndos:
    """Return a consolidation of the current organization, or answer that there is none."""
    try:
        return undoing.find(organization=request.organization, consolidation_id=consolidation_id)
    except undoing.ConsolidationNotFound as missing:
        raise Http404 from missing


def entries_of(consolidations: Iterable[WithUndos], *, organization: Organization) -> list[Entry]:
    """Return consolidations, as `undoing` gives them, with what the pages say of each."""
    shown = list(consolidations)
    names = facility_names([UUID(done.affected_facilities[0]) for done in shown], organization_id=organization.pk)
    return [
        Entry(
            done=done,
            state=undoing.state_of(done),
            facility_name=names[UUID(done.affected_facilities[0])],
            other_facilities=len(done.affected_facilities) - 1,
            is_first_code=not any(source["cups"] for source in done.sources),
        )
        for done in shown
    ]


def facility_names(facility_ids: Iterable[UUID | None], *, organization_id: UUID) -> dict[UUID | None, str]:
    """Return the names of these facilities of an organization, archived and deleted ones too."""
    own = Facility.objects.filter(organization=organization_id, pk__in=set(facility_ids))
    return dict(own.values_list("pk", "name"))


def _with_fate(done: WithUndos, rows: Sequence[ConsolidatedInvoice]) -> list[Rewritten]:
    names = facility_names([row.facility_id for row in rows], organization_id=done.organization_id)
    shown = undoing.outstanding(done).filter(pk__in=[row.pk for row in rows])
    conflicts = {
        conflict.rewritten.pk: conflict for conflict in undoing.describe(done, undoing.conflicts_among(done, shown))
    }
    return [Rewritten(row, names[row.facility_id], hasattr(row, "undone"), conflicts.get(row.pk)) for row in rows]
