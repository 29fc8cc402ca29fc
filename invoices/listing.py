"""Which CUPS groups somebody asked to see, and in which order: the same for every door."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from facilities.models import Organization
from invoices import cups as cups_codes
from invoices.models import CupsGroup

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


def _passes(check: str) -> Q:
    return ~Q(check_result=cups_codes.Check.VALID.value) if check == INVALID else Q(check_result=check)


def _order(sort: str) -> list[str]:
    if not sort:
        return ["cups", "facility__name", "facility_id"]
    sign, name = ("-", sort[1:]) if sort.startswith("-") else ("", sort)
    rest = [column for column in ("cups", "facility__name", "facility_id") if column != _BY[name]]
    return [f"{sign}{_BY[name]}", *rest]
