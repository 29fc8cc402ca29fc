"""The set-based writes that consolidating and undoing are made of: evidence first, then what the evidence names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import CharField, Count, Exists, Model, OuterRef, QuerySet, Subquery, UUIDField, Value
from django.utils import timezone

from facilities.access import Author
from facilities.keys import new_id
from facilities.models import Organization
from invoices.models import ConsolidatedInvoice, Consolidation, CupsGroup, Invoice, InvoiceQuerySet, UndoneInvoice


class _Own(TypedDict):
    """Whose consolidation it is, and which."""

    organization_id: UUID
    consolidation_id: UUID


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was rewritten, and how many codes stand for the target now. What rewrote nothing is not recorded."""

    updated_count: int
    affected_facilities: Sequence[UUID]
    consolidation: Consolidation | None
    alias_count: int = 0


def of_groups(groups: Sequence[CupsGroup], *, organization_id: UUID) -> InvoiceQuerySet:
    """Return the invoices that stand in these groups of one organization, as one statement however many there are."""
    stands_in_one = CupsGroup.objects.of(organization_id).filter(
        pk__in=[group.pk for group in groups], facility=OuterRef("facility_id"), cups=OuterRef("cups")
    )
    codes = {group.cups for group in groups}
    return Invoice.objects.of(organization_id).grouped().filter(Exists(stands_in_one), cups__in=sorted(codes))


def record(
    invoices: QuerySet[Invoice],
    *,
    organization: Organization,
    target: str,
    sources: Sequence[Mapping[str, object]],
    by: Author,
    message: str,
    batch_id: UUID | None = None,
) -> Outcome:
    """
    Give these invoices, whose groups the caller holds, the target; record each with the code that it had.

    `sources` are kept with the record as they are: mappings of cups and facility_id.
    """
    consolidation_id = new_id()
    rewrite(invoices, organization_id=organization.pk, consolidation_id=consolidation_id, target=target)
    rewritten = ConsolidatedInvoice.objects.filter(
        organization=organization, consolidation_id=consolidation_id, is_parent=False
    )
    counts = dict(rewritten.values_list("facility_id").annotate(Count("pk")))
    if not counts:
        return Outcome(0, [], None)

    # Last, since it is append-only and says how many there were. The key of its invoices is checked at commit.
    affected = sorted(counts)
    done = Consolidation.objects.create(
        id=consolidation_id,
        organization=organization,
        target_cups=target,
        sources=[{**source, "facility_id": str(source["facility_id"])} for source in sources],
        updated_count=sum(counts.values()),
        affected_facilities=[str(facility_id) for facility_id in affected],
        message=message,
        batch_id=batch_id,
        **by.recorded(),
    )
    return Outcome(done.updated_count, affected, done)


def rewrite(invoices: QuerySet[Invoice], *, organization_id: UUID, consolidation_id: UUID, target: str) -> None:
    """Record the invoices as rewritten by the consolidation, then give them, and only them, the target."""
    own: _Own = {"organization_id": organization_id, "consolidation_id": consolidation_id}
    _record(invoices, **own, is_parent=False)
    parents = _hold_parents(ConsolidatedInvoice.objects.filter(**own), organization_id=organization_id)
    _give_target(**own, target=target)
    _take_along(parents, **own, target=target)


def restore(
    rewritten: QuerySet[ConsolidatedInvoice], *, organization_id: UUID, consolidation: Consolidation, undo_id: UUID
) -> int:
    """
    Record invoices that the consolidation rewrote as put back by the undo, then give them the code that they had.

    A parent of a distributed invoice goes back with the first of its children. Return how many were put back, parents
    not counted.
    """
    own = {"organization_id": organization_id, "undo_id": undo_id}
    count = _mark_undone(rewritten, **own)
    put_back = ConsolidatedInvoice.objects.filter(organization=organization_id, undone__undo_id=undo_id)
    _hold_parents(put_back, organization_id=organization_id)
    _put_back(consolidation, **own)
    if _mark_undone(_parents_to_put_back(consolidation, **own), **own):
        _put_back(consolidation, **own)
    return count


def _record(invoices: QuerySet[Invoice], *, organization_id: UUID, consolidation_id: UUID, is_parent: bool) -> int:
    rows = invoices.annotate(
        consolidation=Value(consolidation_id, UUIDField()),
        owner=Value(organization_id, UUIDField()),
        parent=Value(is_parent),
    ).values_list(
        "consolidation", "owner", "pk", "invoice_number", "facility_id", "start_date", "end_date", "cups", "parent"
    )
    columns = [
        "consolidation_id",
        "organization_id",
        "invoice_id",
        "invoice_number",
        "facility_id",
        "start_date",
        "end_date",
        "previous_cups",
        "is_parent",
    ]
    return _insert_select(ConsolidatedInvoice, columns, rows)


def _give_target(*, organization_id: UUID, consolidation_id: UUID, target: str) -> None:
    recorded = ConsolidatedInvoice.objects.filter(organization_id=organization_id, consolidation_id=consolidation_id)
    Invoice.objects.filter(pk__in=recorded.values("invoice_id")).update(cups=target, updated_at=timezone.now())


def _hold_parents(recorded: QuerySet[ConsolidatedInvoice], *, organization_id: UUID) -> list[UUID]:
    """
    Lock the parents of the recorded invoices, wherever in the group they stand, in key order; return their ids.

    Before their children are written, as whoever calculates or files these holds them. And before the children are
    read: of two consolidations of siblings, the second sees the first.
    """
    children = Invoice.objects.of(organization_id).filter(
        pk__in=recorded.values("invoice_id"), source_invoice__isnull=False
    )
    parents = Invoice.objects.filter(pk__in=children.values("source_invoice_id")).order_by("pk")
    return list(parents.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def _take_along(parents: Sequence[UUID], *, organization_id: UUID, consolidation_id: UUID, target: str) -> None:
    """Give the target to each of these parents all of whose children carry it now."""
    if not parents:
        return
    another = Invoice.objects.filter(source_invoice=OuterRef("pk")).exclude(cups=target)
    agreed = Invoice.objects.filter(~Exists(another), pk__in=parents).exclude(cups=target)
    if _record(agreed, organization_id=organization_id, consolidation_id=consolidation_id, is_parent=True):
        _give_target(organization_id=organization_id, consolidation_id=consolidation_id, target=target)


def _mark_undone(rewritten: QuerySet[ConsolidatedInvoice], *, organization_id: UUID, undo_id: UUID) -> int:
    rows = rewritten.annotate(by_undo=Value(undo_id, UUIDField()), owner=Value(organization_id, UUIDField()))
    columns = ["undo_id", "organization_id", "consolidated_invoice_id"]
    return _insert_select(UndoneInvoice, columns, rows.values_list("by_undo", "owner", "pk"))


def _put_back(consolidation: Consolidation, *, organization_id: UUID, undo_id: UUID) -> None:
    recorded = ConsolidatedInvoice.objects.filter(organization_id=organization_id, consolidation=consolidation)
    # One row by a unique key, whatever the planner makes of tables that have just grown.
    before = recorded.filter(invoice_id=OuterRef("pk")).values("previous_cups")
    Invoice.objects.filter(pk__in=recorded.filter(undone__undo_id=undo_id).values("invoice_id")).update(
        cups=Subquery(before, output_field=CharField()), updated_at=timezone.now()
    )


def _parents_to_put_back(
    consolidation: Consolidation, *, organization_id: UUID, undo_id: UUID
) -> QuerySet[ConsolidatedInvoice]:
    """Return the recorded parents, still under the target, of the children that the undo has put back."""
    recorded = ConsolidatedInvoice.objects.filter(organization_id=organization_id, consolidation=consolidation)
    children = Invoice.objects.of(organization_id).filter(
        pk__in=recorded.filter(undone__undo_id=undo_id).values("invoice_id"), source_invoice__isnull=False
    )
    parents = Invoice.objects.filter(pk__in=children.values("source_invoice_id"), cups=consolidation.target_cups)
    return recorded.filter(is_parent=True, undone=None, invoice_id__in=parents.values("pk"))


def _insert_select(model: type[Model], columns: Sequence[str], rows: QuerySet[Any, Any]) -> int:
    """INSERT … SELECT: the rows never leave the database, so memory and time do not grow with a round trip each."""
    try:
        sql, params = rows.order_by().query.sql_with_params()
    except EmptyResultSet:  # Django's word for a condition that nothing can meet
        return 0
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) {sql}", params)
        return int(cursor.rowcount)
