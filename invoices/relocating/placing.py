"""What a move and its undo share: the groups that are locked, the place and contract that invoices are given."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from facilities.access import Author
from facilities.models import Facility, Organization, SupplyContract
from invoices import families, grouping, linking, recalculating, recording
from invoices.grouping import GroupKey
from invoices.models import Invoice, JobAction, ProcessingJob


class Wish(NamedTuple):
    """The invoices of one code, exactly as listed, that shall go from one facility to another."""

    cups: str
    from_facility_id: UUID
    to_facility_id: UUID


def keys(organization: Organization, wish: Wish) -> list[GroupKey]:
    places = (wish.from_facility_id, wish.to_facility_id)
    return [GroupKey(organization.pk, facility_id, wish.cups) for facility_id in places]


def fitting(invoices: Sequence[Invoice], facility: Facility) -> dict[UUID, SupplyContract]:
    """Return by invoice the contract that it fits at that facility, if there is one."""
    return linking.contracts_of([families.imagined([row], {"facility": facility})[0] for row in invoices])


def write(
    invoices: Sequence[Invoice], facility: Facility, contracts: Mapping[UUID, SupplyContract], by: Author
) -> None:
    """Give the invoices the facility and each its contract, and log what they had."""
    changes = {row.pk: _changes(row, facility, contracts.get(row.pk)) for row in invoices}
    recording.all_changed([(row, changes[row.pk]) for row in invoices], by)
    for contract in {contracts.get(row.pk) for row in invoices}:
        ids: list[UUID] = [row.pk for row in invoices if contracts.get(row.pk) == contract]
        for part in grouping.sliced(ids):
            own = Invoice.objects.of(facility.organization_id).filter(pk__in=part)
            own.update(facility=facility, supply_contract=contract, updated_at=timezone.now())


def _changes(row: Invoice, facility: Facility, contract: SupplyContract | None) -> dict[str, object]:
    changed: dict[str, object] = {"facility": facility}
    return changed if row.supply_contract == contract else {**changed, "supply_contract": contract}


def recalculate(organization: Organization, invoices: Sequence[Invoice], by: Author) -> ProcessingJob:
    return recalculating.queue_calculation(
        organization=organization, invoices=invoices, by=by, action=JobAction.RECALCULATE
    )
