"""
Write down suppliers and supply contracts.

Django's ValidationError says that a field is wrong, with nothing changed; each function names its other refusals.
"""

from datetime import date
from decimal import Decimal
from typing import Final, TypedDict, Unpack
from uuid import UUID

import structlog
from django.db import transaction

from facilities import archiving, writing
from facilities.access import Author, Channel
from facilities.models import ContractSource, Facility, Supplier, SupplyContract

_log = structlog.stdlib.get_logger("contracting")

# What Datadis says of a contract. What a guarantee of origin says of it is for people to add.
_SAID_BY_DATADIS: Final = frozenset(
    {"facility", "cups", "supplier", "distributor_code", "start_date", "end_date", "is_active"}
)


class ContractFields(TypedDict, total=False):
    """What a supply contract may say besides what it must."""

    facility: Facility
    cups: str
    supplier: Supplier | None
    distributor_code: str
    start_date: date
    end_date: date | None
    is_active: bool
    renewable_percentage: Decimal
    guarantee_type: str
    certificate_number: str
    certificate_year: int | None
    certificate_file_id: UUID | None


class SupplierFields(TypedDict, total=False):
    """What is known of a supplier."""

    name: str
    country: str
    type: str


class OnlySuperusersMakeDatadis(Exception):
    """A Datadis contract is made by the connector, or by a superuser."""


class ReasonRequired(Exception):
    """A Datadis contract made by hand needs a reason."""


class AnotherOrganization(ValueError):
    """The facility is not one of the contract's organization."""


class LockedByDatadis(Exception):
    """What Datadis says of a contract is corrected there; only a superuser overrules it, in the admin."""


class ContractInUse(writing.InUse):
    """Invoices are linked to the contract."""


class EndsBeforeItStarts(ValueError):
    """The contract ends before it starts."""


@transaction.atomic
def create_supplier(*, by: Author, **fields: Unpack[SupplierFields]) -> Supplier:
    """Add a supplier to those that every organization shares."""
    return writing.create(Supplier(**fields), by)


@transaction.atomic
def change_supplier(*, supplier: Supplier, by: Author, **changes: Unpack[SupplierFields]) -> None:
    """Correct what is known of a supplier, for everyone."""
    writing.change(writing.held(supplier), changes, by)


@transaction.atomic
def delete_supplier(*, supplier: Supplier, by: Author) -> None:
    """Delete a supplier; raise InUse while a contract or an invoice names it."""
    writing.delete(supplier, by)


@transaction.atomic
def create_contract(
    *, by: Author, source: str = ContractSource.MANUAL, reason: str = "", **fields: Unpack[ContractFields]
) -> SupplyContract:
    """
    Write down a supply contract of a facility. Its source never changes; making it links no invoice.

    Raise EndsBeforeItStarts, OnlySuperusersMakeDatadis, ReasonRequired (for a Datadis contract) or
    archiving.FacilityNotFound.
    """
    _check_period(fields["start_date"], fields.get("end_date"))
    facility = archiving.hold(fields["facility"])
    if source == ContractSource.DATADIS:
        _check_datadis(by, reason)
    contract = writing.create(SupplyContract(organization_id=facility.organization_id, source=source, **fields), by)
    if reason:
        _log.info("reason", id=str(contract.pk), reason=reason)
    return contract


@transaction.atomic
def change_contract(*, contract: SupplyContract, by: Author, **changes: Unpack[ContractFields]) -> None:
    """
    Correct a supply contract, its source apart.

    Raise LockedByDatadis, EndsBeforeItStarts or AnotherOrganization; ContractInUse when its facility would change while
    invoices are linked to it.
    """
    held = writing.held(contract)
    if not _SAID_BY_DATADIS.isdisjoint(changes):
        _check_not_datadis(held, by)
    _check_period(changes.get("start_date", held.start_date), changes.get("end_date", held.end_date))
    facility = changes.get("facility")
    if facility is not None and facility.pk != held.facility_id:
        if facility.organization_id != held.organization_id:
            raise AnotherOrganization(f"Facility {facility.pk} does not belong to the contract's organization")
        _check_unused(held)
    writing.change(held, changes, by)


@transaction.atomic
def delete_contract(*, contract: SupplyContract, by: Author) -> None:
    """Delete a supply contract; raise LockedByDatadis, or ContractInUse while an invoice is linked to it."""
    held = writing.held(contract)
    _check_not_datadis(held, by)
    _check_unused(held)
    writing.delete(held, by)


def _check_datadis(by: Author, reason: str) -> None:
    if not by.user.is_superuser:
        raise OnlySuperusersMakeDatadis("Only a superuser makes a Datadis contract by hand")
    if not reason.strip():
        raise ReasonRequired("A Datadis contract made by hand needs a reason")


def _check_not_datadis(contract: SupplyContract, by: Author) -> None:
    overrules = by.through == Channel.ADMIN and by.user.is_superuser
    if contract.source == ContractSource.DATADIS and not overrules:
        raise LockedByDatadis("The contract comes from Datadis: it is corrected there, and can't be changed or deleted")


def _check_unused(contract: SupplyContract) -> None:
    try:
        writing.check_unused(contract)
    except writing.InUse as used:
        raise ContractInUse("Invoices are linked to this contract") from used


def _check_period(start: date, end: date | None) -> None:
    if end is not None and end < start:
        raise EndsBeforeItStarts(f"The contract ends on {end}, before it starts on {start}")
