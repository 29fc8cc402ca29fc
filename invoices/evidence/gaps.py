"""Which months of a year no invoice of a supply says anything of."""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, cast
from uuid import UUID

from facilities.models import Facility, Organization
from invoices import linking
from invoices.evidence.packing import Sheet
from invoices.grouping import GroupKey
from invoices.models import CupsGroup, Invoice


class _Place(NamedTuple):
    """A supply at a facility: the first 20 characters of its code, whatever its points and however they are written."""

    facility_id: UUID
    supply: str


@dataclass
class _Billed:
    first_date: date
    last_date: date
    # Numbers of the months of the year that have a day of any invoice.
    months: set[int] = field(default_factory=set)


class Gaps:
    """
    The supplies of an organization with the months of a year that are billed: as many as supplies, not as invoices.

    A supply whose invoices lie before and after the year counts too: its whole year is missing.
    """

    def __init__(self, organization: Organization, first: date, last: date) -> None:
        self.organization, self.first, self.last = organization, first, last
        self._billed: dict[_Place, _Billed] = {}
        groups = CupsGroup.objects.of(organization.pk).filter(first_date__lte=last, last_date__gte=first)
        for group in groups.iterator():
            place = _Place(group.facility_id, linking.supply_of(group.cups))
            # The query asks for those that have days.
            since, until = cast("date", group.first_date), cast("date", group.last_date)
            known = self._billed.setdefault(place, _Billed(since, until))
            known.first_date, known.last_date = min(known.first_date, since), max(known.last_date, until)

    def add(self, invoice: Invoice) -> None:
        """Take the days of an invoice with a day in the year."""
        key = GroupKey.of(invoice)
        billed = self._billed.get(_Place(key.facility_id, linking.supply_of(key.cups))) if key else None
        if billed is not None:
            since, until = max(invoice.start_date, self.first), min(invoice.end_date, self.last)
            billed.months.update(range(since.month, until.month + 1))

    def write(self, sheet: Sheet) -> None:
        """Write a row for each month without an invoice."""
        names = dict(Facility.objects.filter(organization=self.organization).values_list("pk", "name"))
        for place, billed in sorted(self._billed.items()):
            for month in sorted(set(range(1, 13)) - billed.months):
                start = self.first.replace(month=month)
                is_between = billed.first_date <= start <= billed.last_date
                sheet.add(
                    *(place.supply, place.facility_id, names[place.facility_id], f"{start:%Y-%m}", is_between),
                    *(billed.first_date, billed.last_date),
                )
