"""Close a facility for good or for a while. What was billed there stays, and so do its CUPS groups."""

from django.db import transaction
from django.utils import timezone

from facilities.access import Author
from facilities.models import Facility, FacilityStatus, SupplyContract


class FacilityNotFound(Exception):
    """The facility was deleted, or never was."""


@transaction.atomic
def archive(*, facility: Facility, by: Author) -> Facility:
    """
    Archive a facility and deactivate its supply contracts; one that is archived stays so.

    Raise FacilityNotFound.
    """
    held = hold(facility)
    return _close(held, status=FacilityStatus.ARCHIVED)


@transaction.atomic
def reopen(*, facility: Facility, by: Author) -> Facility:
    """
    Make an archived facility active again. Its contracts stay inactive: nobody knows which of them still run.

    Raise FacilityNotFound.
    """
    held = hold(facility)
    _write(held, status=FacilityStatus.ACTIVE, updated_at=timezone.now())
    return held


@transaction.atomic
def delete(*, facility: Facility, by: Author) -> None:
    """
    Delete a facility softly: it is in no list any more, its contracts are deactivated, its invoices and groups stay.

    Raise FacilityNotFound.
    """
    held = hold(facility)
    _close(held, deleted_at=timezone.now())


def hold(facility: Facility) -> Facility:
    """Lock a facility until the transaction ends and return it as it is now; raise FacilityNotFound."""
    present = Facility.objects.present().filter(organization=facility.organization_id, pk=facility.pk)
    # Not its key, which whoever files an invoice there shares: they may hold it while they wait for another facility.
    held = present.select_for_update(no_key=True).first()
    if held is None:
        raise FacilityNotFound(f"Facility with id={facility.pk!r} not found")
    return held


def _close(held: Facility, **changes: object) -> Facility:
    now = timezone.now()
    _write(held, **changes, updated_at=now)
    contracts = SupplyContract.objects.filter(organization=held.organization_id, facility=held, is_active=True)
    contracts.update(is_active=False, updated_at=now)
    return held


def _write(held: Facility, **values: object) -> None:
    for name, value in values.items():
        setattr(held, name, value)
    Facility.objects.filter(organization=held.organization_id, pk=held.pk).update(**values)
