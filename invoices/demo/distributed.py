"""Bills that several facilities share: a parent, and a child for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from facilities.demo import DEMO_ORGANIZATION_IDS
from invoices.demo.bills import Book, consumed
from invoices.demo.drawing import key
from invoices.demo.periods import MONTHS, Period, of_month
from invoices.demo.places import (
    BARCELONA,
    BERLIN,
    BILBAO,
    DATA_CENTRE,
    HEAD_OFFICE,
    LONDON,
    MURCIA,
    VALENCIA,
    VALLADOLID,
    Place,
)
from invoices.demo.supplies import sound_code
from invoices.models import Invoice, InvoiceSource, InvoiceType

_QUANTUM: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Shared:
    """A series of bills that several facilities bear, each its share of one."""

    name: str
    type: InvoiceType
    seller: str
    unit: str
    yearly: float
    shares: Sequence[tuple[Place, Decimal]]
    months: range = range(MONTHS)
    season: str = "office"
    cups: str = ""
    fuel: str = ""


SERIES: Final = (
    # The offices of both companies of the group in one building, on one meter.
    Shared(
        *("shared offices", InvoiceType.ELECTRICITY, "naturgy", "kWh", 84_000),
        shares=((HEAD_OFFICE, Decimal("0.5")), (VALLADOLID, Decimal("0.3")), (MURCIA, Decimal("0.2"))),
        cups=sound_code("0022", 608_926_931, "0F"),
    ),
    # A store and a warehouse in one hall.
    Shared(
        *("shared hall", InvoiceType.ELECTRICITY, "endesa", "kWh", 132_000),
        shares=((BARCELONA, Decimal("0.6")), (VALENCIA, Decimal("0.4"))),
        months=range(6, 30),
        season="store",
        cups=sound_code("0031", 441_270_553),
    ),
    Shared(
        *("shared boiler", InvoiceType.HEAT, "naturgy_gas", "kWh GCV", 210_000),
        shares=(
            (HEAD_OFFICE, Decimal("0.25")),
            (DATA_CENTRE, Decimal("0.15")),
            (BILBAO, Decimal("0.35")),
            (VALENCIA, Decimal("0.25")),
        ),
        season="heating",
        fuel="gas_ES",
    ),
    Shared(
        *("shared water", InvoiceType.WATER, "water_ES", "m³", 1_400),
        shares=((HEAD_OFFICE, Decimal("0.7")), (VALLADOLID, Decimal("0.3"))),
        months=range(0, MONTHS, 2),
        season="even",
    ),
    # Cards of the company's cars, by head count.
    Shared(
        *("shared cars", InvoiceType.RECHARGE, "recharge_ES", "kWh", 52_000),
        shares=(
            (HEAD_OFFICE, Decimal("0.3333")),
            (LONDON, Decimal("0.3333")),
            (BERLIN, Decimal("0.3334")),
        ),
        months=range(12, MONTHS),
        season="even",
    ),
)


def bills(book: Book) -> Iterator[Invoice]:
    """Yield the parents and children of every series, each parent before its children."""
    for shared in SERIES:
        for month in shared.months:
            period = of_month(month)
            quantity = consumed(shared.yearly, shared.season, period, shared.name)
            yield from split(shared, period, book, quantity=quantity, number=book.number(shared.seller, period))


def split(shared: Shared, period: Period, book: Book, *, quantity: Decimal, number: str) -> Iterator[Invoice]:
    """Yield one bill's parent and its children; the last child takes what rounding left."""

    def bill(*names: object, place: Place) -> Invoice:
        return book.bill(
            key(shared.name, period.start, *names),
            place=place,
            period=period,
            type=shared.type,
            seller=shared.seller,
            number=number,
            quantity=quantity,
            unit=shared.unit,
            cups=shared.cups,
            source=InvoiceSource.PDF,
            facility_fuel_id=book.reference.fuels[shared.fuel] if shared.fuel else None,
        )

    parent = bill(place=shared.shares[0][0])
    parent.organization_id, parent.facility_id, parent.is_parent = DEMO_ORGANIZATION_IDS["group"], None, True
    yield parent
    left = quantity
    for place, share in shared.shares:
        child = bill(place.id, place=place)
        is_last = place is shared.shares[-1][0]
        child.percentage = share
        child.quantity = left if is_last else (quantity * share).quantize(_QUANTUM)
        child.source_invoice_id = parent.pk
        left -= child.quantity
        yield child
