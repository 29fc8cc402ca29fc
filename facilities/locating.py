"""Find what a request names, within its organization: facilities, contracts, suppliers, and the tree it stands in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.db.models import QuerySet

from facilities import access, archiving, storing
from facilities.access import Author
from facilities.models import Facility, Organization, Supplier, SupplyContract


class ContractNotFound(Exception):
    """No such supply contract in this organization."""

    def __init__(self, contract_id: object) -> None:
        super().__init__(f"SupplyContract with id={contract_id!r} not found")


class FacilityNotOfOrganization(ValueError):
    """A facility that is named is not one of the organization's, or was deleted."""

    def __init__(self, facility_id: UUID) -> None:
        super().__init__(f"Bad facility_id: {facility_id}. It must belong to the organization")


class ReferenceNotFound(ValueError):
    """What an id in a body names does not exist within reach."""

    def __init__(self, name: str, value: UUID) -> None:
        super().__init__(f"Bad {name}: {value}")


class ContractIds(TypedDict, total=False):
    """What a contract names by id."""

    facility_id: UUID
    supplier_id: UUID | None
    certificate_file_id: UUID | None


@dataclass(frozen=True, slots=True)
class Branch:
    """An organization with those below it."""

    id: UUID
    name: str
    children: list["Branch"] = field(default_factory=list)


def facilities(
    *,
    organization: Organization,
    name: str = "",
    country: str = "",
    type: str = "",  # noqa: A002 (the field's own name in the API and the model)
    statuses: Sequence[str] = (),
) -> QuerySet[Facility]:
    """Return the organization's facilities by name; each filter that is given narrows them."""
    found = Facility.objects.present().filter(organization=organization)
    wanted = {"name__icontains": name, "country": country, "type": type, "status__in": list(statuses)}
    return found.filter(**{lookup: value for lookup, value in wanted.items() if value}).order_by("name", "pk")


def facility(*, organization: Organization, facility_id: UUID) -> Facility:
    """Return one facility of the organization; raise archiving.FacilityNotFound."""
    found = Facility.objects.present().filter(organization=organization, pk=facility_id).first()
    if found is None:
        raise archiving.FacilityNotFound(f"Facility with id={facility_id!r} not found")
    return found


def contracts(*, organization: Organization, **filters: Any) -> QuerySet[SupplyContract]:
    """Return the organization's supply contracts by code, the oldest first; a filter that is None narrows nothing."""
    found = SupplyContract.objects.filter(organization=organization)
    wanted = {lookup: value for lookup, value in filters.items() if value is not None}
    return found.filter(**wanted).order_by("cups", "start_date", "pk")


def contract(*, organization: Organization, contract_id: UUID) -> SupplyContract:
    """Return one supply contract of the organization; raise ContractNotFound."""
    found = SupplyContract.objects.filter(organization=organization, pk=contract_id).first()
    if found is None:
        raise ContractNotFound(contract_id)
    return found


def suppliers(*, country: str = "") -> QuerySet[Supplier]:
    """Return the suppliers that every organization shares, of one country or of all, by name."""
    found = Supplier.objects.filter(country=country) if country else Supplier.objects.all()
    return found.order_by("name", "type", "country", "pk")


def named_by_contract(*, organization: Organization, **ids: Unpack[ContractIds]) -> dict[str, Any]:
    """
    Return what a contract names, as the fields of its model.

    Raise FacilityNotOfOrganization or ReferenceNotFound.
    """
    fields: dict[str, Any] = {}
    if "facility_id" in ids:
        fields["facility"] = _own_facility(organization, ids["facility_id"])
    if "supplier_id" in ids:
        fields["supplier"] = _supplier(ids["supplier_id"])
    if "certificate_file_id" in ids:
        fields["certificate_file_id"] = _own_file(organization, ids["certificate_file_id"])
    return fields


def tree(*, organization: Organization, by: Author) -> Branch:
    """Return the topmost organization above this one that somebody reaches, with all that they reach below it."""
    reached = access.organizations_in_reach(by).order_by("name", "pk")
    rows = {pk: (Branch(pk, name), parent_id) for pk, name, parent_id in reached.values_list("pk", "name", "parent_id")}
    for branch, parent_id in rows.values():
        if parent_id in rows:
            rows[parent_id][0].children.append(branch)
    top = organization.pk
    while (above := rows[top][1]) in rows:
        top = above
    return rows[top][0]


def _own_facility(organization: Organization, facility_id: UUID) -> Facility:
    try:
        return facility(organization=organization, facility_id=facility_id)
    except archiving.FacilityNotFound as missing:
        raise FacilityNotOfOrganization(facility_id) from missing


def _supplier(supplier_id: UUID | None) -> Supplier | None:
    if supplier_id is None:
        return None
    found = Supplier.objects.filter(pk=supplier_id).first()
    if found is None:
        raise ReferenceNotFound("supplier_id", supplier_id)
    return found


def _own_file(organization: Organization, file_id: UUID | None) -> UUID | None:
    if file_id is None:
        return None
    try:
        return storing.find(organization=organization, file_id=file_id).pk
    except storing.FileNotFound as missing:
        raise ReferenceNotFound("certificate_file_id", file_id) from missing
