"""The bills of the demo's Spanish supply points, month by month, with what went wrong on them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from facilities.models import SupplyContract
from invoices.demo import contracts as demo_contracts
from invoices.demo.bills import Book, consumed
from invoices.demo.drawing import chance, key
from invoices.demo.periods import Period, of_month
from invoices.demo.supplies import Beside, Planted, Supply
from invoices.models import Invoice, InvoiceSource, InvoiceType

_SOURCES: Final = (InvoiceSource.PDF, InvoiceSource.PDF, InvoiceSource.BULK_FILE, InvoiceSource.MANUAL)
_HALF_A_MONTH: Final = timedelta(days=14)
_LAST_DAY: Final = date(2025, 12, 31)
_CORRECTED_TO: Final = Decimal("0.93")


@dataclass(frozen=True, slots=True)
class Biller:
    """Writes the bills of supply points into a book."""

    book: Book
    contracts: Mapping[str, SupplyContract]

    def bills_of(self, supply: Supply) -> Iterator[Invoice]:
        """Yield the bills of a supply point in order of time."""
        for month in supply.months:
            period = of_month(month, day=supply.day)
            if period.end <= _LAST_DAY:
                yield from self._of_month(supply, month, period)

    def _of_month(self, supply: Supply, month: int, period: Period) -> Iterator[Invoice]:
        planted = supply.planted.get(month)
        if planted is not None and planted.beside is Beside.NOTHING:
            yield self._bill(supply, month, period, cups=planted.written)
            return
        bill = self._bill(supply, month, period, cups=supply.cups)
        yield bill
        if planted is not None:
            yield self._beside(supply, month, bill, planted)
        if month in supply.corrected:
            yield from self._correction(supply, month, bill)

    def _bill(self, supply: Supply, month: int, period: Period, *, cups: str, part: str = "") -> Invoice:
        seller = supply.sellers[period.start.year - 2023]
        invoice_id = key("electricity", supply.cups, supply.place.id, month, part)
        place = supply.moved.get(month, supply.place)
        invoice = self.book.bill(
            invoice_id,
            place=place,
            period=period,
            type=InvoiceType.ELECTRICITY,
            seller=seller,
            number=self.book.number(seller, period),
            quantity=consumed(supply.yearly_kwh, supply.place.type, period, supply.cups),
            unit="kWh",
            cups=cups,
            source=chance(f"source {supply.cups} {supply.place.id}").choice(_SOURCES),
        )
        demo_contracts.link(invoice, supply, self.contracts)
        return invoice

    def _beside(self, supply: Supply, month: int, bill: Invoice, planted: Planted) -> Invoice:
        """Return the bill that stands under the damaged code beside the right one."""
        period = Period(bill.start_date, bill.end_date)
        if planted.beside is Beside.OVERLAP:
            period = Period(period.start + _HALF_A_MONTH, period.end)
        other = self._bill(supply, month, period, cups=planted.written, part=planted.kind)
        if planted.beside is Beside.SAME_INVOICE:
            other.invoice_number, other.base_quantity = bill.invoice_number, bill.base_quantity
        elif planted.beside is Beside.CORRECTION:
            other.invoice_number, other.base_quantity = f"{bill.invoice_number}-R", -bill.base_quantity
        other.quantity = other.base_quantity
        return other

    def _correction(self, supply: Supply, month: int, bill: Invoice) -> Iterator[Invoice]:
        """Yield what takes a bill back, and the one that takes its place."""
        period = Period(bill.start_date, bill.end_date)
        back = self._bill(supply, month, period, cups=bill.cups, part="taken back")
        back.invoice_number, back.base_quantity = f"{bill.invoice_number}-R", -bill.base_quantity
        again = self._bill(supply, month, period, cups=bill.cups, part="again")
        again.base_quantity = (bill.base_quantity * _CORRECTED_TO).quantize(Decimal(1))
        for correction in (back, again):
            correction.quantity = correction.base_quantity
            yield correction
