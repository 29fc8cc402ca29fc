"""Give a code to electricity invoices that came without one: planned, recorded and undoable as a consolidation is."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from facilities.access import Author
from facilities.models import Organization
from invoices import aliasing, grouping, merge_warnings, rewriting
from invoices import cups as cups_codes
from invoices.grouping import GroupKey
from invoices.merge_warnings import MergeWarning
from invoices.models import Invoice
from invoices.rewriting import Outcome

MAX_INVOICES = 1_000


@dataclass(frozen=True, slots=True)
class AssignmentPlan:
    """What an assignment would do. `digest` changes when any of the invoices does."""

    target: str
    invoices: Sequence[Invoice]
    affected_facilities: Sequence[UUID]
    digest: str
    warnings: Sequence[MergeWarning]

    @property
    def updated_count(self) -> int:
        return len(self.invoices)


class AssignmentChanged(Exception):
    """What was agreed to is not what would happen now. Carries the new plan."""

    def __init__(self, plan: AssignmentPlan) -> None:
        self.plan = plan
        super().__init__("The invoices have changed since the preview; look at the new one and confirm it")


class MalformedSelection(ValueError):
    """No invoice at all, or too many of them."""


def plan(*, organization: Organization, invoice_ids: Collection[UUID], target: str) -> AssignmentPlan:
    """
    Work out what `assign` would do, and write nothing. Invoices that have a code by now are left out.

    Raise cups.NotAcceptable or MalformedSelection.
    """
    target = _checked(invoice_ids, target)
    return _plan(organization, _invoices(organization, invoice_ids), target)


@transaction.atomic
def assign(
    *,
    organization: Organization,
    invoice_ids: Collection[UUID],
    target: str,
    by: Author,
    agreed: str,
    message: str = "",
) -> Outcome:
    """
    Give the target to these invoices, which have no code, and record it as a consolidation of no code.

    Raise cups.NotAcceptable, MalformedSelection or AssignmentChanged, each with nothing changed.
    """
    target = _checked(invoice_ids, target)
    facilities = {invoice.facility_id for invoice in _invoices(organization, invoice_ids)}
    keys = {GroupKey(organization.pk, facility_id, target) for facility_id in facilities if facility_id}
    grouping.lock(keys)
    held = _invoices(organization, invoice_ids, held=True)

    planned = _plan(organization, held, target)
    if agreed != planned.digest:
        raise AssignmentChanged(planned)

    outcome = rewriting.record(
        Invoice.objects.of(organization.pk).filter(pk__in=[invoice.pk for invoice in held]).rewritable(),
        organization=organization,
        target=target,
        sources=[{"cups": "", "facility_id": facility_id} for facility_id in planned.affected_facilities],
        by=by,
        message=message,
    )
    grouping.refresh(keys)
    return outcome


def _checked(invoice_ids: Collection[UUID], target: str) -> str:
    if not 1 <= len(invoice_ids) <= MAX_INVOICES:
        raise MalformedSelection(f"invoices: {len(invoice_ids)} given; name 1 to {MAX_INVOICES}")
    return cups_codes.acceptable(target)


def _invoices(organization: Organization, invoice_ids: Collection[UUID], *, held: bool = False) -> list[Invoice]:
    chosen = Invoice.objects.of(organization.pk).without_cups().rewritable().filter(pk__in=list(invoice_ids))
    chosen = chosen.select_related("facility", "unit").order_by("pk")
    return list(chosen.select_for_update(of=("self",)) if held else chosen)


def _plan(organization: Organization, invoices: Sequence[Invoice], target: str) -> AssignmentPlan:
    lines = [f"{invoice.pk} {invoice.facility_id} {invoice.updated_at.isoformat()}" for invoice in invoices]
    affected = sorted({invoice.facility_id for invoice in invoices if invoice.facility_id})
    joined = Invoice.objects.of(organization.pk).electricity().counted().filter(facility__in=affected)
    together = joined.filter(cups=target) | joined.filter(pk__in=[invoice.pk for invoice in invoices])
    return AssignmentPlan(
        target=target,
        invoices=invoices,
        affected_facilities=affected,
        digest=hashlib.sha256("\n".join([target, *lines]).encode()).hexdigest(),
        warnings=[
            *merge_warnings.of_codes(target=target, sources=[]),
            *merge_warnings.of_aliases(
                aliasing.standing_for(organization=organization, target=target, facility_ids=affected)
            ),
            *merge_warnings.of_bills(together),
        ],
    )
