"""
Take an invoice in as somebody outside says it: find what its ids name, within reach, then file or change it.

The checks come in the documented order, and each refuses with nothing done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, TypedDict, TypeVar, Unpack
from uuid import UUID

from django.db import models, transaction

from facilities import access, storing
from facilities.access import Author
from facilities.models import Facility, FacilityStatus, Organization, Role, Supplier, User
from invoices import duplicates, families, filing, resolving, vetting
from invoices.filing import Changed
from invoices.models import CustomEmissionGroup, FacilityFuel, Invoice, InvoiceSource, Unit
from invoices.vetting import Share

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class ClaimedShare:
    """The part of an invoice that a facility of an organization is said to bear: a fraction of one."""

    organization_id: UUID
    facility_id: UUID
    percentage: Decimal


class Particulars(TypedDict, total=False):
    """What an invoice may say besides what it must."""

    supplier_id: UUID | None
    facility_fuel_id: UUID | None
    file_id: UUID | None
    custom_emission_factor_id: UUID | None
    cups: str
    invoice_number: str
    file_url: str
    toc: str


class Amendments(TypedDict, total=False):
    """What of an invoice may be changed from outside; what is not named stays."""

    uploaded_by: UUID
    facility_id: UUID
    supplier_id: UUID | None
    custom_emission_factor_id: UUID | None
    status: str
    invoice_number: str
    cups: str


@dataclass(frozen=True, slots=True)
class Received:
    """
    An invoice that was filed.

    `parts` are its children in the order of the shares, or itself alone; `same_as` are the ids of invoices that were in
    the books before and seem to be the same.
    """

    invoice: Invoice
    parts: Sequence[Invoice]
    same_as: Sequence[UUID]

    @property
    def primary(self) -> Invoice:
        """The first facility's part, which stands for the whole in the answer."""
        return self.parts[0]


class OrganizationNotFound(Exception):
    """There is no such organization."""

    def __init__(self, organization_id: UUID) -> None:
        super().__init__(f"Bad organization_id: {organization_id}. Organization not found")


class OrganizationNotBelow(Exception):
    """The organization is not the caller's nor below it, or the caller may not write there."""

    def __init__(self, organization_id: UUID) -> None:
        super().__init__(f"Bad organization_id: {organization_id}. You can't file invoices for it from this one")


class FacilityNotOfOrganization(ValueError):
    """There is no such facility in the organization, or it is archived."""

    def __init__(self, facility_id: UUID, organization_id: UUID) -> None:
        super().__init__(
            f"Bad facility_id: {facility_id}. It must belong to the provided organization_id {organization_id}"
        )


class UnknownReference(ValueError):
    """An id names nothing within reach."""

    def __init__(self, field: str, value: UUID) -> None:
        super().__init__(f"Bad {field}: {value}")


@transaction.atomic
def receive(
    *,
    organization: Organization,
    by: Author,
    type: str,  # noqa: A002 (the field's own name in the API and the model)
    unit_id: UUID,
    base_quantity: Decimal,
    start_date: date,
    end_date: date,
    shares: Sequence[ClaimedShare],
    uploaded_by: UUID,
    **particulars: Unpack[Particulars],
) -> Received:
    """
    File an invoice and queue its calculation. One that may be in the books already is filed all the same.

    Raise in this order vetting.UnknownType, UnitDoesNotFit, InvalidPeriod, InvalidTotalPercentage;
    OrganizationNotFound, OrganizationNotBelow, FacilityNotOfOrganization, each for all shares; vetting.FuelRequired;
    UnknownReference; vetting.MisshapenCups or cups.NotAcceptable.
    """
    vetting.check_type(type)
    fuel = _known(FacilityFuel, particulars.get("facility_fuel_id"))
    unit = _unit(unit_id)
    vetting.check_unit(type=type, unit=unit, fuel=fuel)
    vetting.check_period(start_date, end_date)
    vetting.whole([share.percentage for share in shares])
    found = _shares(organization, shares, by)
    vetting.check_fuel(type=type, has_fuel=particulars.get("facility_fuel_id") is not None)
    named = _named(organization, particulars)
    uploader = _member(organization, uploaded_by)
    code = particulars.get("cups", "")
    _check_code(type, code, [(share.facility.organization_id, share.facility.pk) for share in found])
    invoice = filing.create(
        organization=organization,
        by=by,
        type=type,
        unit=unit,
        base_quantity=base_quantity,
        start_date=start_date,
        end_date=end_date,
        shares=found,
        cups=code,
        uploaded_by=uploader,
        source=InvoiceSource.MANUAL,
        invoice_number=particulars.get("invoice_number", ""),
        file_url=particulars.get("file_url", ""),
        toc=particulars.get("toc", ""),
        **named,
    )
    parts = _parts(invoice, [share.facility.organization_id for share in found])
    return Received(invoice, parts, duplicates.same_as([invoice, *parts]))


@transaction.atomic
def amend(*, organization: Organization, invoice_id: UUID, by: Author, **wanted: Unpack[Amendments]) -> Changed:
    """
    Change an invoice of the organization, and return it (filing.change says what follows from it) with its job.

    What is said again as it stands is no change, whatever has become of the rules since.

    Raise in this order families.InvoiceNotFound, UnknownReference, FacilityNotOfOrganization, vetting.MisshapenCups,
    and what filing.change raises.
    """
    invoice = Invoice.objects.of(organization.pk).filter(pk=invoice_id).first()
    if invoice is None:
        raise families.InvoiceNotFound(invoice_id)
    changes: dict[str, Any] = {name: wanted[name] for name in ("status", "invoice_number", "cups") if name in wanted}
    if wanted.get("uploaded_by", invoice.uploaded_by_id) != invoice.uploaded_by_id:
        changes["uploaded_by"] = _member(organization, wanted["uploaded_by"])
    if wanted.get("supplier_id", invoice.supplier_id) != invoice.supplier_id:
        changes["supplier"] = _referred(Supplier, "supplier_id", wanted["supplier_id"])
    if wanted.get("facility_id", invoice.facility_id) != invoice.facility_id:
        changes["facility"] = _facility(organization, wanted["facility_id"])
    own_factors = invoice.custom_emission_factor_id
    if wanted.get("custom_emission_factor_id", own_factors) != own_factors:
        changes["custom_emission_factor"] = _custom_group(organization, wanted["custom_emission_factor_id"])
    if changes.get("cups", invoice.cups) != invoice.cups:
        below = list(Organization.objects.tree_of(organization.pk).values_list("pk", flat=True))
        parts = _parts(invoice, below)
        places = [(part.organization_id, part.facility_id) for part in parts if part.facility_id is not None]
        _check_code(invoice.type, changes["cups"], places)
    return filing.change(organization=organization, invoice_id=invoice_id, by=by, changes=changes)


def _check_code(type: str, code: str, places: Sequence[tuple[UUID, UUID]]) -> None:  # noqa: A002 (as above)
    """Raise vetting.MisshapenCups unless the code, or what it stands for, has the shape of one at each facility."""
    for organization_id, part in groupby(sorted(places), key=lambda place: place[0]):
        came = [(facility_id, code.strip()) for _organization_id, facility_id in part]
        stands_for = resolving.resolve(organization_id=organization_id, codes=came)
        for place in came:
            vetting.check_cups(type=type, cups=stands_for.get(place, code))


def _parts(invoice: Invoice, organizations: Sequence[UUID]) -> list[Invoice]:
    if not invoice.is_parent:
        return [invoice]
    children = Invoice.objects.filter(organization__in=organizations, source_invoice=invoice)
    return list(children.select_related("facility", "organization").order_by("pk"))


def _unit(unit_id: UUID) -> Unit:
    unit = _known(Unit, unit_id)
    if unit is None:
        raise vetting.UnitDoesNotFit(unit_id)
    return unit


def _shares(organization: Organization, claimed: Sequence[ClaimedShare], by: Author) -> list[Share]:
    """Return the shares with their facilities; a rule is asked of all of them before the next one is."""
    asked = list(dict.fromkeys(share.organization_id for share in claimed))
    _check_organizations(organization, asked, by)
    present = Facility.objects.present().filter(
        organization__in=asked, pk__in={share.facility_id for share in claimed}, status=FacilityStatus.ACTIVE
    )
    facilities = {
        (facility.organization_id, facility.pk): facility for facility in present.select_related("organization")
    }
    for share in claimed:
        if (share.organization_id, share.facility_id) not in facilities:
            raise FacilityNotOfOrganization(share.facility_id, share.organization_id)
    return [Share(facilities[share.organization_id, share.facility_id], share.percentage) for share in claimed]


def _check_organizations(organization: Organization, asked: Sequence[UUID], by: Author) -> None:
    if list(asked) == [organization.pk]:
        return
    existing = set(Organization.objects.filter(pk__in=asked).values_list("pk", flat=True))
    for organization_id in asked:
        if organization_id not in existing:
            raise OrganizationNotFound(organization_id)
    below = set(Organization.objects.tree_of(organization.pk).filter(pk__in=asked).values_list("pk", flat=True))
    for organization_id in asked:
        if organization_id not in below or not _may_write(organization, organization_id, by):
            raise OrganizationNotBelow(organization_id)


def _may_write(organization: Organization, organization_id: UUID, by: Author) -> bool:
    """Tell whether the author's role and reach go as far; in the caller's own organization the door has asked."""
    if organization_id == organization.pk:
        return True
    role = access.role_of_author(by, organization_id=organization_id)
    return role is not None and role.includes(Role.EDITOR)


def _facility(organization: Organization, facility_id: UUID) -> Facility:
    present = Facility.objects.present().filter(organization=organization, status=FacilityStatus.ACTIVE)
    found = present.select_related("organization").filter(pk=facility_id).first()
    if found is None:
        raise FacilityNotOfOrganization(facility_id, organization.pk)
    return found


def _named(organization: Organization, particulars: Particulars) -> dict[str, Any]:
    """Return what the ids of an invoice name, by the names of the model; raise UnknownReference."""
    return {
        "supplier": _referred(Supplier, "supplier_id", particulars.get("supplier_id")),
        "facility_fuel": _referred(FacilityFuel, "facility_fuel_id", particulars.get("facility_fuel_id")),
        "file_id": _file_id(organization, particulars.get("file_id")),
        "custom_emission_factor": _custom_group(organization, particulars.get("custom_emission_factor_id")),
    }


def _referred(model: type[Row], field: str, key: UUID | None) -> Row | None:
    """Return a row of reference data, which all share, or None without a key; raise UnknownReference."""
    row = _known(model, key)
    if row is None and key is not None:
        raise UnknownReference(field, key)
    return row


def _known(model: type[Row], key: UUID | None) -> Row | None:
    return model._default_manager.filter(pk=key).first() if key else None


def _file_id(organization: Organization, file_id: UUID | None) -> UUID | None:
    if file_id is None:
        return None
    try:
        return storing.find(organization=organization, file_id=file_id).pk
    except storing.FileNotFound as missing:
        raise UnknownReference("file_id", file_id) from missing


def _custom_group(organization: Organization, group_id: UUID | None) -> CustomEmissionGroup | None:
    """Return the factors that an organization, or one above it, brought itself; raise UnknownReference."""
    if group_id is None:
        return None
    line = Organization.objects.line_of(organization.pk)
    group = CustomEmissionGroup.objects.filter(organization__in=line, pk=group_id).first()
    if group is None:
        raise UnknownReference("custom_emission_factor_id", group_id)
    return group


def _member(organization: Organization, user_id: UUID) -> User:
    """Return a person who has a role in the organization, whatever it is: it says who brought the invoice, no more."""
    person = User.objects.filter(pk=user_id).first()
    if person is None or access.role_of(user=person, organization_id=organization.pk) is None:
        raise UnknownReference("uploaded_by", user_id)
    return person
