"""What every bill of the demo has in common: who filed it and when, its number, how much a season takes."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from facilities.demo import DEMO_NEIGHBOUR_ID, DEMO_USER_IDS
from invoices.demo.drawing import chance
from invoices.demo.periods import Period, filed_at
from invoices.demo.places import Place
from invoices.demo.reference import SELLERS, Reference
from invoices.models import Invoice, InvoiceStatus

# January to December, around 1: cooling in shops, heating in offices, nothing much in a data centre.
SEASONS: Final = MappingProxyType(
    {
        "store": (1.02, 0.94, 0.90, 0.88, 0.95, 1.09, 1.22, 1.24, 1.05, 0.90, 0.88, 0.93),
        "office": (1.18, 1.10, 1.00, 0.90, 0.87, 0.98, 1.12, 0.84, 0.95, 0.93, 1.02, 1.11),
        "warehouse": (1.00, 0.96, 0.97, 0.95, 0.96, 1.00, 1.04, 0.93, 0.98, 1.02, 1.13, 1.06),
        "factory": (1.02, 1.01, 1.05, 0.98, 1.03, 1.02, 1.04, 0.72, 1.04, 1.06, 1.05, 0.98),
        "data_center": (0.97, 0.97, 0.98, 0.98, 1.00, 1.03, 1.06, 1.06, 1.02, 0.99, 0.97, 0.97),
        "heating": (2.10, 1.85, 1.45, 0.85, 0.45, 0.25, 0.20, 0.18, 0.30, 0.75, 1.55, 2.07),
        "even": (1.0,) * 12,
    }
)
_NOISE: Final = 0.07
_LARGE: Final = 100


@dataclass(slots=True)
class Book:
    """Writes bills, and counts the invoice numbers of each supplier."""

    reference: Reference
    _last: Counter[str] = field(default_factory=Counter)

    def number(self, seller: str, period: Period) -> str:
        """Return a supplier's next invoice number."""
        self._last[seller] += 1
        running = 1_000 + self._last[seller] * 37
        end = period.end
        return SELLERS[seller].numbers.format(year=end.year % 100, month=end.month, number=running)

    def bill(
        self,
        invoice_id: UUID,
        *,
        place: Place,
        period: Period,
        seller: str,
        number: str,
        quantity: Decimal,
        unit: str,
        cups: str = "",
        **fields: Any,
    ) -> Invoice:
        """Return the row of a bill for one facility, calculated and active, with what else the caller knows of it."""
        filed = filed_at(period, invoice_id)
        return Invoice(
            **{
                "id": invoice_id,
                "organization_id": place.organization_id,
                "facility_id": place.id,
                "status": InvoiceStatus.ACTIVE,
                "start_date": period.start,
                "end_date": period.end,
                "invoice_number": number,
                "supplier_id": self.reference.suppliers[seller],
                "base_quantity": quantity,
                "quantity": quantity,
                "unit_id": self.reference.units[unit],
                "cups": cups,
                "printed_cups": cups,
                "uploaded_by_id": _uploader(place),
                "created_at": filed,
                "updated_at": filed,
                **fields,
            }
        )


def consumed(yearly: float, season: str, period: Period, *purpose: object) -> Decimal:
    """Return what a period takes of a year's consumption, in the same unit: by its days, its season and some chance."""
    # The day of a reading closes one bill and opens the next; any other last day is billed whole.
    days = (period.end - period.start).days + (period.end.day != period.start.day)
    swing = 1 + chance("/".join(map(str, (*purpose, period.start)))).uniform(-_NOISE, _NOISE)
    amount = yearly * days / 365 * SEASONS[season][period.start.month - 1] * swing
    return Decimal(amount).quantize(Decimal(1) if amount >= _LARGE else Decimal("0.01"))


def _uploader(place: Place) -> UUID:
    return DEMO_NEIGHBOUR_ID if place.organization == "unrelated" else DEMO_USER_IDS["analyst"]
