"""
Write down suppliers and supply contracts.

Django's ValidationError says that a field is wrong, with nothing changed; each function names its other refusals.
"""

from datetime import date
from decimal import Decimal
from typing import TypedDict, Unpack
from uuid import UUID

import structlog
from django.db import transaction

from facilities import archiving, writing
from facilities.access import Author
from facilities.models import ContractSource, Facility, Supplier, SupplyContract

_log = structlog.stdlib.get_logger("contracting")


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

    Raise OnlySuperusersMakeDatadis, ReasonRequired (for a Datadis contract) or archiving.FacilityNotFound.
    """
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

    Raise AnotherOrganization, or InUse when its facility would change while invoices are linked to it.
    """
    held = writing.held(contract)
    facility = changes.get("facility")
    if facility is not None and facility.pk != held.facility_id:
        if facility.organization_id != held.organization_id:
            raise AnotherOrganization(f"Facility {facility.pk} does not belong to the contract's organization")
        writing.check_unused(held)
    writing.change(held, changes, by)


@transaction.atomic
def delete_contract(*, contract: SupplyContract, by: Author) -> None:
    """Delete a supply contract; raise InUse while an invoice is linked to it."""
    writing.delete(contract, by)


def _check_datadis(by: Author, reason: str) -> None:
    if not by.user.is_superuser:
        raise OnlySuperusersMakeDatadis("Only a superuser makes a Datadis contract by hand")
    if not reason.strip():
        raise ReasonRequired("A Datadis contract made by hand needs a reason")
