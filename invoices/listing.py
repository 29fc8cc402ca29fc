"""Which CUPS groups and invoices somebody asked to see, and in which order: the same for every door."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Final, TypedDict, Unpack
from uuid import UUID

from django.db.models import Q, QuerySet

from facilities.models import Organization
from invoices import cups as cups_codes
from invoices.models import CupsGroup, Invoice, InvoiceSource

INVALID: Final = "invalid"
CHECKS: Final = frozenset({INVALID, *(check.value for check in cups_codes.Check)})

_BY: Final[Mapping[str, str]] = {
    "cups": "cups",
    "facility_name": "facility__name",
    "invoice_count": "invoice_count",
    "first_date": "first_date",
    "last_date": "last_date",
}
SORTS: Final = frozenset([*_BY, *(f"-{name}" for name in _BY)])

_INVOICES_BY: Final[Mapping[str, str]] = {
    "start_date": "start_date",
    "end_date": "end_date",
    "created_at": "created_at",
    "quantity": "quantity",
    "invoice_id": "invoice_number",
}
INVOICE_SORTS: Final = frozenset([*_INVOICES_BY, *(f"-{name}" for name in _INVOICES_BY)])
_LATEST_FIRST: Final = "-start_date"

_LOOKUPS: Final[Mapping[str, str]] = {
    "types": "type__in",
    "statuses": "status__in",
    "facility_ids": "facility_id__in",
    "supplier_ids": "supplier_id__in",
    "facility_fuel_ids": "facility_fuel_id__in",
    "uploader_ids": "uploaded_by_id__in",
    "supply_contract_ids": "supply_contract_id__in",
    "start_date": "start_date__gte",
    "end_date": "end_date__lte",
    "created_from": "created_at__gte",
    "created_until": "created_at__lte",
    "invoice_number": "invoice_number__icontains",
}


class InvoiceWishes(TypedDict, total=False):
    """What a list of invoices is narrowed by; empty and None narrow nothing."""

    types: Collection[str]
    statuses: Collection[str]
    sources: Collection[str]
    facility_ids: Collection[UUID]
    supplier_ids: Collection[UUID]
    facility_fuel_ids: Collection[UUID]
    uploader_ids: Collection[UUID]
    supply_contract_ids: Collection[UUID]
    cups: Collection[str]
    start_date: date | None
    end_date: date | None
    created_from: datetime | None
    created_until: datetime | None
    invoice_number: str
    is_calculated: bool | None


def groups(
    *,
    organization: Organization,
    facility_id: UUID | None = None,
    search: str = "",
    is_locked: bool | None = None,
    check: str = "",
    sort: str = "",
) -> QuerySet[CupsGroup]:
    """
    Return the organization's groups that have invoices, narrowed and in order, each with its facility.

    `search` is found anywhere in the code, whatever its case, and literally; `check` is one of CHECKS, `sort` one of
    SORTS. Whatever the sort, code, facility name and facility id follow, so that pages never share a row.
    """
    found = CupsGroup.objects.of(organization.pk).listed().select_related("facility")
    if facility_id is not None:
        found = found.filter(facility_id=facility_id)
    if search:
        found = found.filter(cups__icontains=search)
    if is_locked is not None:
        found = found.locked() if is_locked else found.unlocked()
    if check:
        found = found.filter(_passes(check))
    return found.order_by(*_order(sort))


def invoices(*, organization: Organization, sort: str = "", **wishes: Unpack[InvoiceWishes]) -> QuerySet[Invoice]:
    """
    Return the organization's singles and children, narrowed and in order, each with its facility.

    They start on or after `start_date` and end on or before `end_date`; `created_from` and `created_until` are both
    meant too. `invoice_number` is found anywhere in the number, whatever its case, and literally; a code among `cups`
    is the one that an invoice carries, or the one that was printed on it; a source of `manual` stands for none too.
    `sort` is one of INVOICE_SORTS; the id follows, so that pages never share a row.
    """
    narrowed: Mapping[str, object] = wishes
    asked = {lookup: narrowed[name] for name, lookup in _LOOKUPS.items() if narrowed.get(name)}
    found = Invoice.objects.of(organization.pk).counted().select_related("facility").filter(**asked)
    if sources := wishes.get("sources"):
        found = found.filter(source__in=[*sources, *([""] if InvoiceSource.MANUAL in sources else [])])
    if codes := wishes.get("cups"):
        found = found.filter(Q(cups__in=codes) | Q(printed_cups__in=codes))
    if (is_calculated := wishes.get("is_calculated")) is not None:
        found = found.calculated() if is_calculated else found.not_calculated()
    return found.order_by(*_invoice_order(sort or _LATEST_FIRST))


def _invoice_order(sort: str) -> tuple[str, str]:
    sign, name = ("-", sort[1:]) if sort.startswith("-") else ("", sort)
    return f"{sign}{_INVOICES_BY[name]}", "pk"


def _passes(check: str) -> Q:
    return ~Q(check_result=cups_codes.Check.VALID.value) if check == INVALID else Q(check_result=check)


def _order(sort: str) -> list[str]:
    if not sort:
        return ["cups", "facility__name", "facility_id"]
    sign, name = ("-", sort[1:]) if sort.startswith("-") else ("", sort)
    rest = [column for column in ("cups", "facility__name", "facility_id") if column != _BY[name]]
    return [f"{sign}{_BY[name]}", *rest]
