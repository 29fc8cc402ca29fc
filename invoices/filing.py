"""Create, change and delete an invoice, whole or distributed over facilities. Keeps the groups true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypedDict, Unpack
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from facilities.access import Author
from facilities.models import ContractSource, Facility, Organization, Supplier, SupplyContract, User
from invoices import cups as cups_codes
from invoices import grouping
from invoices.grouping import GroupKey
from invoices.models import ChangeAction, FacilityFuel, Invoice, InvoiceChange, Unit

# Clients round: the page's own sample does. The last facility takes what is missing, so that parts add up to the whole.
PERCENTAGE_TOLERANCE: Final = Decimal("0.0001")
_QUANTUM: Final = Decimal("0.000001")
_SHARE_QUANTUM: Final = Decimal("0.0000000001")
_ATTEMPTS: Final = 10

# What a parent and its children always share.
_PASSED_ON: Final = frozenset(
    {"cups", "supplier", "status", "invoice_number", "start_date", "end_date", "unit", "facility_fuel", "file_url"}
)
_OWN_TO_A_PART: Final = frozenset({"facility", "supply_contract", "quantity", "base_quantity", "percentage", "type"})


@dataclass(frozen=True, slots=True)
class Share:
    """The part of an invoice that one facility bears: a fraction of one."""

    facility: Facility
    percentage: Decimal = Decimal(1)


class Details(TypedDict, total=False):
    """What an invoice may say besides what it must."""

    status: str
    source: str
    invoice_number: str
    supplier: Supplier | None
    facility_fuel: FacilityFuel | None
    supply_contract: SupplyContract | None
    uploaded_by: User
    file_url: str
    file_id: UUID | None
    toc: str


class InvalidTotalPercentage(ValueError):
    """The shares do not add up to one."""


class InvalidPeriod(ValueError):
    """The period ends before it starts."""


class ContractOfAnotherFacility(ValueError):
    """The supply contract is not one of the invoice's facility."""


class FacilityOfAnotherOrganization(ValueError):
    """The facility is not one of the invoice's organization."""


class LockedByDatadis(Exception):
    """The invoice is backed by a Datadis supply contract: its code and place can't change, nor can it be deleted."""


class DistributedInvoice(Exception):
    """It can't be done to one part of a distributed invoice, or to its parent."""


class InvoiceNotFound(Exception):
    """No such invoice in this organization."""

    def __init__(self, invoice_id: UUID) -> None:
        super().__init__(f"Invoice with id={invoice_id!r} not found")


@transaction.atomic
def create(
    *,
    organization: Organization,
    by: Author,
    type: str,  # noqa: A002 (the field's own name in the API and the model)
    unit: Unit,
    base_quantity: Decimal,
    start_date: date,
    end_date: date,
    shares: Sequence[Share],
    cups: str = "",
    **details: Unpack[Details],
) -> Invoice:
    """
    File an invoice: one row for one facility, or a parent with a child per facility for several.

    Return the single invoice or the parent. The code is kept as it came in `printed_cups`.

    Raise InvalidPeriod, InvalidTotalPercentage, ContractOfAnotherFacility or cups.NotAcceptable, with nothing filed.
    """
    _check_period(start_date, end_date)
    percentages = _whole([share.percentage for share in shares])
    _check_contract(details.get("supply_contract"), shares)
    code = cups_codes.acceptable(cups) if cups else ""
    common: dict[str, Any] = {
        "type": type,
        "unit": unit,
        "base_quantity": base_quantity.quantize(_QUANTUM),
        "start_date": start_date,
        "end_date": end_date,
        "cups": code,
        "printed_cups": code,
        "uploaded_by": by.user,
        **details,
    }

    whole = Invoice(organization=organization, quantity=common["base_quantity"], **common)
    if len(shares) == 1:
        whole.facility = shares[0].facility
        whole.organization = shares[0].facility.organization
        return _file([whole])
    whole.is_parent = True
    quantities = _parts(common["base_quantity"], percentages)
    children = [
        Invoice(
            organization_id=share.facility.organization_id,
            facility=share.facility,
            percentage=percentage,
            quantity=quantity,
            source_invoice=whole,
            **common,
        )
        for share, percentage, quantity in zip(shares, percentages, quantities, strict=True)
    ]
    return _file([whole, *children])


@transaction.atomic
def change(*, organization: Organization, invoice_id: UUID, by: Author, changes: Mapping[str, Any]) -> Invoice:
    """
    Change fields of an invoice, by the names of the model, and log what they were.

    What a parent shares with its children is passed on to them.

    Raise InvoiceNotFound, LockedByDatadis (its code, place or type), DistributedInvoice (a part's own fields on a
    parent), InvalidPeriod, FacilityOfAnotherOrganization, ContractOfAnotherFacility or
    cups.NotAcceptable, with nothing changed.
    """
    cleaned = _cleaned(organization, changes)
    family = _hold(organization, invoice_id, also=cleaned)
    invoice = family[0]
    # A group that was only inserted to be held goes again, so every key is refreshed, even where nothing changes.
    touched = _keys(family) | _keys(_imagined(family, cleaned))
    changes_of = [(row, _differing(row, cleaned, is_first=row is invoice)) for row in family]
    _check_change(invoice, family, {name: value for _row, own in changes_of for name, value in own.items()})

    now = timezone.now()
    for row, own in changes_of:
        if own:
            _log_change(row, own, by)
            _set(row, own | {"updated_at": now})
    grouping.refresh(touched)
    return invoice


@transaction.atomic
def delete(*, organization: Organization, invoice_id: UUID, by: Author) -> None:
    """
    Delete an invoice, a parent with its children. Its content stays in the log.

    Raise InvoiceNotFound, LockedByDatadis, or DistributedInvoice for one child alone, with nothing deleted.
    """
    family = _hold(organization, invoice_id)
    if family[0].source_invoice_id is not None:
        raise DistributedInvoice("This is one part of a distributed invoice; delete the whole")
    if any(map(_is_backed, family)):
        raise LockedByDatadis("The invoice is backed by a Datadis supply contract and can't be deleted")

    touched = _keys(family)
    for row in reversed(family):  # children first: the parent's key is theirs
        _log(row, ChangeAction.DELETED, {name: _text(value) for name, value in _content(row).items()}, {}, by)
        Invoice.objects.of(row.organization_id).filter(pk=row.pk).delete()
    grouping.refresh(touched)


def _file(rows: Sequence[Invoice]) -> Invoice:
    keys = _keys(rows)
    grouping.lock(keys)
    Invoice.objects.bulk_create(rows)
    grouping.refresh(keys)
    return rows[0]


def _hold(organization: Organization, invoice_id: UUID, also: Mapping[str, Any] | None = None) -> list[Invoice]:
    """
    Lock an invoice with its children, and every group that they stand in or would stand in after the changes.

    Groups come first, as everywhere; the invoices are read again once they are held, since another writer may have
    moved them in between.
    """
    for _attempt in range(_ATTEMPTS):
        seen = _family(organization, invoice_id)
        grouping.lock(_keys(seen) | _keys(_imagined(seen, also or {})))
        held = _family(organization, invoice_id, held=True)
        if _keys(held) == _keys(seen):
            return held
    raise grouping.GroupsKeptChanging(f"Invoice {invoice_id} kept moving; try again.")


def _family(organization: Organization, invoice_id: UUID, *, held: bool = False) -> list[Invoice]:
    """Return the invoice, then its children in any organization of the tree."""
    rows = Invoice.objects.select_related("supply_contract", "facility")
    rows = rows.select_for_update(of=("self",)) if held else rows
    invoice = rows.filter(organization=organization, pk=invoice_id).first()
    if invoice is None:
        raise InvoiceNotFound(invoice_id)
    if not invoice.is_parent:
        return [invoice]
    below = Organization.objects.tree_of(organization.pk)
    return [invoice, *rows.filter(source_invoice=invoice, organization__in=below).order_by("pk")]


def _imagined(family: Sequence[Invoice], changes: Mapping[str, Any]) -> list[Invoice]:
    """Return copies of the rows as the changes would leave them, to learn which groups they would stand in."""
    copies = []
    for row in family:
        copy = Invoice(
            organization_id=row.organization_id,
            type=row.type,
            is_parent=row.is_parent,
            facility_id=row.facility_id,
            cups=row.cups,
        )
        for name, value in changes.items():
            if row is family[0] or name in _PASSED_ON:
                setattr(copy, name, value)
        copies.append(copy)
    return copies


def _keys(rows: Sequence[Invoice]) -> set[GroupKey]:
    return {key for row in rows if (key := GroupKey.of(row)) is not None}


def _cleaned(organization: Organization, changes: Mapping[str, Any]) -> dict[str, Any]:
    cleaned = dict(changes)
    facility = cleaned.get("facility")
    # Before any lock: a group at another organization's facility can't even be inserted.
    if facility is not None and facility.organization_id != organization.pk:
        raise FacilityOfAnotherOrganization(f"Facility {facility.pk} does not belong to the invoice's organization")
    if cleaned.get("cups"):
        cleaned["cups"] = cups_codes.acceptable(cleaned["cups"])
    return cleaned


def _differing(row: Invoice, changes: Mapping[str, Any], *, is_first: bool) -> dict[str, Any]:
    """Return what the changes mean for a row: all for the one that was named, the shared ones for its children."""
    own = {name: value for name, value in changes.items() if is_first or name in _PASSED_ON}
    if "base_quantity" in own:
        own["quantity"] = (own["base_quantity"] * row.percentage).quantize(_QUANTUM)
    return {name: value for name, value in own.items() if getattr(row, name) != value}


def _set(row: Invoice, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    Invoice.objects.of(row.organization_id).filter(pk=row.pk).update(**values)


def _check_change(invoice: Invoice, family: Sequence[Invoice], changed: Mapping[str, Any]) -> None:
    if {"cups", "facility", "type"} & changed.keys() and any(map(_is_backed, family)):
        raise LockedByDatadis("The invoice is backed by a Datadis supply contract; unlink the contract first")
    if invoice.is_parent and (own := sorted(_OWN_TO_A_PART & changed.keys())):
        raise DistributedInvoice(f"{', '.join(own)} can't change on a distributed invoice; change its parts")
    _check_period(changed.get("start_date", invoice.start_date), changed.get("end_date", invoice.end_date))
    facility = changed.get("facility", invoice.facility)
    contract = changed.get("supply_contract", invoice.supply_contract)
    if contract is not None and facility is not None:
        _check_contract(contract, [Share(facility)])


def _check_contract(contract: SupplyContract | None, shares: Sequence[Share]) -> None:
    if contract is not None and any(share.facility.pk != contract.facility_id for share in shares):
        raise ContractOfAnotherFacility(f"Supply contract {contract.pk} is not one of the invoice's facility")


def _check_period(start: date, end: date) -> None:
    if end < start:
        raise InvalidPeriod(f"The period ends on {end}, before it starts on {start}")


def _whole(percentages: Sequence[Decimal]) -> list[Decimal]:
    """Return the shares with the last one changed by what rounding left out, so that they add up to one exactly."""
    total = sum(percentages, Decimal(0))
    if not percentages or abs(total - 1) > PERCENTAGE_TOLERANCE or min(percentages) < 0:
        raise InvalidTotalPercentage(f"The shares add up to {total}; they must add up to 1")
    quantized = [percentage.quantize(_SHARE_QUANTUM) for percentage in percentages]
    quantized[-1] = 1 - sum(quantized[:-1], Decimal(0))
    return quantized


def _parts(whole: Decimal, percentages: Sequence[Decimal]) -> list[Decimal]:
    """Return each share's quantity; the last one takes the remainder, so that the parts add up to the whole."""
    parts = [(whole * percentage).quantize(_QUANTUM) for percentage in percentages]
    parts[-1] = whole - sum(parts[:-1], Decimal(0))
    return parts


def _is_backed(invoice: Invoice) -> bool:
    return invoice.supply_contract is not None and invoice.supply_contract.source == ContractSource.DATADIS


def _log_change(row: Invoice, changed: Mapping[str, Any], by: Author) -> None:
    before = {name: _text(getattr(row, name)) for name in changed}
    _log(row, ChangeAction.CHANGED, before, {name: _text(value) for name, value in changed.items()}, by)


def _log(row: Invoice, action: ChangeAction, before: Mapping[str, Any], after: Mapping[str, Any], by: Author) -> None:
    InvoiceChange.objects.create(
        organization_id=row.organization_id,
        action=action,
        invoice_id=row.pk,
        invoice_number=row.invoice_number,
        before=before,
        after=after,
        **by.recorded(),
    )


def _content(row: Invoice) -> dict[str, Any]:
    return {field.attname: field.value_from_object(row) for field in row._meta.concrete_fields}


def _text(value: object) -> object:
    """Return a value as the log keeps it: text, a number of no decimals, a list, or null."""
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value
