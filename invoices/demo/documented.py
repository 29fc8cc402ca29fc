"""
What the documentation of the API shows: the codes of Facility 1, and the invoice that the update page changes.

The codes are no CUPS (a digit too many, or letters that don't fit): they stand as they are printed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from facilities.demo import DEMO_FILE_ID, DEMO_INVOICE_ID
from invoices.demo.bills import Book, consumed
from invoices.demo.distributed import Shared, split
from invoices.demo.drawing import key
from invoices.demo.periods import MONTHS, Period, index_of, of_month, parts_of_year
from invoices.demo.places import DATA_CENTRE, FACILITY_1, HEAD_OFFICE
from invoices.models import Invoice, InvoiceSource, InvoiceType

CANONICAL: Final = "ES0021000000000000001AB"
LETTER_CUT: Final = "ES0021000000000000001A"
LETTERS_CUT: Final = "ES0021000000000000001"
_YEARLY_KWH: Final = 61_000
_REGULARISED: Final = (1, 2, 3, 5, 6, 7, 9, 10, 11)
_HALF: Final = Decimal("0.5")
_INV: Final = Shared(
    *("INV", InvoiceType.ELECTRICITY, "iberdrola", "kWh", 34_000),
    shares=((HEAD_OFFICE, _HALF), (DATA_CENTRE, _HALF)),
    cups="ES0021000000000001XX",
)


def bills(book: Book) -> Iterator[Invoice]:
    """Yield the documented bills."""
    yield from _of_facility_1(book)
    yield from _of_update_page(book)


def _of_facility_1(book: Book) -> Iterator[Invoice]:
    """
    Yield one supply's bills of three years, which three codes share.

    2023 by the month (12); 2024 every ten days, with nine small bills that regularise a month (45); 2025 by the
    fortnight, the last one not in yet (23). They complete each other: joining the codes doubles no day.
    """
    for index in range(12):
        yield _reading(book, of_month(index), LETTERS_CUT)
    for period in parts_of_year(2024, per_month=3):
        yield _reading(book, period, CANONICAL)
    for month in _REGULARISED:
        yield _regularisation(book, of_month(index_of(2024, month)))
    for period in parts_of_year(2025, per_month=2)[:-1]:
        yield _reading(book, period, LETTER_CUT)


def _reading(book: Book, period: Period, code: str, part: str = "", **fields: Any) -> Invoice:
    return book.bill(
        key("documented", code, period.start, part),
        place=FACILITY_1,
        period=period,
        type=InvoiceType.ELECTRICITY,
        seller="iberdrola",
        number=book.number("iberdrola", period),
        unit="kWh",
        cups=code,
        source=InvoiceSource.PDF,
        **{"quantity": consumed(_YEARLY_KWH, "office", period, "Facility 1"), **fields},
    )


def _regularisation(book: Book, period: Period) -> Invoice:
    """Return the bill of what a month's three estimates left out, or billed too much."""
    difference = (consumed(_YEARLY_KWH, "even", period, "regularised") - _YEARLY_KWH // 12) / 10
    return _reading(book, period, CANONICAL, "regularised", quantity=difference.quantize(Decimal(1)))


def _of_update_page(book: Book) -> Iterator[Invoice]:
    for index in range(MONTHS):
        period = of_month(index)
        is_documented = period == of_month(index_of(2024, 1))
        quantity = Decimal(3000) if is_documented else consumed(_INV.yearly, _INV.season, period, _INV.name)
        number = f"INV-{period.start.year}-{period.start.month:03}"
        for invoice in split(_INV, period, book, quantity=quantity, number=number):
            yield _as_printed(invoice) if is_documented else invoice


def _as_printed(invoice: Invoice) -> Invoice:
    """Give the documented invoice, its parent and its other half what the page prints."""
    invoice.file_id = DEMO_FILE_ID
    invoice.file_url = "https://storage.dcycle.io/invoices/invoice-2024-001.pdf"
    invoice.created_at = datetime(2024, 2, 1, 10, 30, tzinfo=UTC)
    invoice.updated_at = datetime(2024, 2, 15, 14, 22, tzinfo=UTC)
    if invoice.facility_id == HEAD_OFFICE.id:
        invoice.id = DEMO_INVOICE_ID
    return invoice
