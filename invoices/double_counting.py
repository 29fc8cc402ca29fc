"""What joining several codes would count twice: the same bill filed under two of them, or periods that overlap."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import groupby, islice
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, QuerySet

from invoices.models import Invoice

EXAMPLES = 100
# kWh in one unit, by symbol; what is billed in no unit of energy overlaps in days alone.
_KWH = {"kWh": Decimal(1), "MWh": Decimal(1000), "GWh": Decimal(1_000_000)}


class Clash(StrEnum):
    """How two bills under different codes can disagree with being one supply."""

    SAME_INVOICE = "SAME_INVOICE"
    CORRECTION = "CORRECTION"
    OVERLAPPING_PERIODS = "OVERLAPPING_PERIODS"


class Bill(NamedTuple):
    """The part of an invoice that tells."""

    pk: UUID
    facility_id: UUID
    cups: str
    number: str
    start: date
    end: date
    quantity: Decimal
    symbol: str
    supplier_id: UUID | None


@dataclass(slots=True)
class Clashes:
    """All clashes of one kind: how many bills, how many days and kWh, and the first pairs as examples."""

    count: int = 0
    days: int = 0
    kwh: Decimal = Decimal(0)
    pairs: list[tuple[Bill, Bill]] = field(default_factory=list)

    def add(self, earlier: Bill, later: Bill) -> None:
        """Count one more bill that clashes with an earlier one."""
        days = max(0, (min(earlier.end, later.end) - max(earlier.start, later.start)).days)
        self.count += 1
        self.days += days
        if later.symbol in _KWH:
            length = max(1, (later.end - later.start).days)
            self.kwh += later.quantity * _KWH[later.symbol] * min(days, length) / length
        if len(self.pairs) < EXAMPLES:
            self.pairs.append((earlier, later))


def clashes(invoices: QuerySet[Invoice]) -> dict[Clash, Clashes]:
    """
    Find what the bills of these invoices would count twice if they all carried one code, facility by facility.

    Only pairs under different codes count, which is what joining the codes adds. A bill is counted once, with the first
    earlier one that it clashes with. One pass in order of time: memory is that of the bills open at one moment.
    """
    found: dict[Clash, Clashes] = {}
    for _facility_id, bills in groupby(bills_of(invoices), key=lambda bill: bill.facility_id):
        for clash, earlier, later in _of_one_facility(bills):
            found.setdefault(clash, Clashes()).add(earlier, later)
    for earlier, later in _same_number(invoices):
        found.setdefault(Clash.SAME_INVOICE, Clashes()).add(earlier, later)
    return found


def among(bills: Iterable[Bill]) -> dict[Clash, Clashes]:
    """Find the same of a few bills of one facility that are at hand, in any order."""
    in_order = sorted(bills, key=lambda bill: (bill.start, bill.end, bill.pk))
    found: dict[Clash, Clashes] = {}
    for clash, earlier, later in _of_one_facility(iter(in_order)):
        found.setdefault(clash, Clashes()).add(earlier, later)
    for earlier, later in _numbered_alike(in_order):
        found.setdefault(Clash.SAME_INVOICE, Clashes()).add(earlier, later)
    return found


def bills_of(invoices: QuerySet[Invoice]) -> Iterator[Bill]:
    """Yield what tells of each of these invoices, facility by facility in order of time."""
    rows = invoices.order_by("facility_id", "start_date", "end_date", "pk").values_list(
        "pk", "facility_id", "cups", "invoice_number", "start_date", "end_date", "quantity", "unit__symbol", "supplier"
    )
    yield from (Bill(*row) for row in rows.iterator(chunk_size=2_000))


def _of_one_facility(bills: Iterator[Bill]) -> Iterator[tuple[Clash, Bill, Bill]]:
    open_bills: dict[str, Bill] = {}  # by code, the one that ends last
    same_period: list[Bill] = []
    for bill in bills:
        if same_period and (same_period[0].start, same_period[0].end) != (bill.start, bill.end):
            same_period = []
        twins = [other for other in same_period if other.cups != bill.cups]
        if twins:
            yield _compare(twins, bill)
        else:
            open_bills = {code: other for code, other in open_bills.items() if _overlaps(other, bill)}
            earlier = next((other for code, other in open_bills.items() if code != bill.cups), None)
            if earlier is not None:
                negative = bill.quantity < 0 or earlier.quantity < 0
                yield Clash.CORRECTION if negative else Clash.OVERLAPPING_PERIODS, earlier, bill
        same_period.append(bill)
        last = open_bills.get(bill.cups)
        if last is None or last.end < bill.end:
            open_bills[bill.cups] = bill


def _compare(twins: Sequence[Bill], bill: Bill) -> tuple[Clash, Bill, Bill]:
    """Tell a bill filed twice from the correction of a bill, both for one period."""
    for other in twins:
        if other.quantity == bill.quantity or (bill.number and other.number == bill.number):
            return Clash.SAME_INVOICE, other, bill
    return Clash.CORRECTION, twins[0], bill


def _overlaps(earlier: Bill, later: Bill) -> bool:
    # One bill ending and the next starting on the same day is ordinary in Spain.
    return (min(earlier.end, later.end) - max(earlier.start, later.start)).days >= 1


def _same_number(invoices: QuerySet[Invoice]) -> Iterator[tuple[Bill, Bill]]:
    """Yield pairs with one supplier's number under two codes, in different periods: those of one are found above."""
    twice = (
        invoices.exclude(invoice_number="")
        .values_list("facility_id", "supplier_id", "invoice_number")
        .annotate(codes=Count("cups", distinct=True))
        .filter(codes__gt=1)
        .order_by("facility_id", "invoice_number")[:EXAMPLES]
    )
    for facility_id, supplier_id, number, _codes in twice:
        same = list(bills_of(invoices.filter(facility_id=facility_id, supplier_id=supplier_id, invoice_number=number)))
        yield from _another_period(same)


def _numbered_alike(bills: Sequence[Bill]) -> Iterator[tuple[Bill, Bill]]:
    """Yield the same of bills at hand."""
    by_number: dict[tuple[UUID | None, str], list[Bill]] = {}
    for bill in bills:
        if bill.number:
            by_number.setdefault((bill.supplier_id, bill.number), []).append(bill)
    for same in by_number.values():
        yield from _another_period(same)


def _another_period(same: Sequence[Bill]) -> Iterator[tuple[Bill, Bill]]:
    """Yield the first bill of one number and the first one after it with another code and another period."""
    first = same[0]
    later = (bill for bill in same if bill.cups != first.cups and (bill.start, bill.end) != (first.start, first.end))
    yield from ((first, bill) for bill in islice(later, 1))
