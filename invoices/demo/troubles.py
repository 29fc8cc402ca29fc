"""What goes wrong with the bills of the demo's supply points, and which of those have a contract."""

from collections.abc import Sequence
from itertools import cycle, islice
from random import Random
from typing import Final

from facilities.models import ContractSource
from invoices.demo.damage import KINDS
from invoices.demo.drawing import chance
from invoices.demo.periods import MONTHS
from invoices.demo.places import BARCELONA, FACILITY_1, HEAD_OFFICE, VALENCIA, Place
from invoices.demo.supplies import NO_CODE, Beside, Planted, Supply, move, plant
from invoices.models import Invoice, InvoiceType

# By organization: how many supplies each kind of damage strikes.
STRUCK: Final = {"group": 4, "iberia": 3}
DATADIS_CONTRACTS: Final = {"group": 20, "iberia": 20}
MANUAL_CONTRACTS: Final = {"group": 35, "iberia": 25}
WITHOUT_CUPS: Final = {"group": 128, "iberia": 24}
_WITHOUT_CUPS_EACH: Final = 8
_CORRECTED: Final = {"group": 14, "iberia": 10}
_MISPLACED: Final = ((HEAD_OFFICE, BARCELONA), (VALENCIA, HEAD_OFFICE), (BARCELONA, VALENCIA))
# What Facility 1 shows beside the three codes of the documentation: with the sound ones, eight groups more.
_AT_FACILITY_1: Final = (("suffix_added", "digits_read_as_letters"), ("spaces",), ("digits_swapped", "letters_cut"))
_ON_GAS: Final = slice(12, 15)
_NO_CODE: Final = Planted(NO_CODE, "")
_LONGEST: Final = 7
_MOST_KINDS: Final = 2
# Most damaged codes complete the right one's months; every so often the same days stand under both.
_BESIDE: Final = (
    *(Beside.NOTHING,) * 5,
    Beside.SAME_INVOICE,
    *(Beside.NOTHING,) * 4,
    Beside.CORRECTION,
    *(Beside.NOTHING,) * 3,
    Beside.OVERLAP,
)


def afflict(supplies: Sequence[Supply]) -> None:
    """Plant every kind of trouble on the supplies of both organizations that have supplies, and sign the contracts."""
    for place, wrong_place in _MISPLACED:
        move(_first_whole(supplies, place), wrong_place, months=3)
    _show_at_facility_1([supply for supply in supplies if supply.place is FACILITY_1])
    for organization in STRUCK:
        own = [supply for supply in supplies if supply.place.organization == organization]
        others = [supply for supply in own if supply.place is not FACILITY_1 and not supply.moved]
        draw = chance(f"troubles of {organization}")
        draw.shuffle(others)
        _sign(own, others, organization)
        _leave_codes_out(others, WITHOUT_CUPS[organization])
        _damage(others, draw, times=STRUCK[organization])
        _correct(others, draw, count=_CORRECTED[organization])


def print_on_gas(invoices: Sequence[Invoice], supplies: Sequence[Supply]) -> None:
    """Let a few gas bills of one facility carry the code of its electricity: typed from the wrong sheet."""
    supply = _first_whole(supplies, VALENCIA)
    gas = [bill for bill in invoices if bill.facility_id == VALENCIA.id and bill.type == InvoiceType.HEAT and bill.cups]
    for bill in sorted(gas, key=lambda bill: (bill.cups, bill.start_date))[_ON_GAS]:
        bill.cups = bill.printed_cups = supply.cups


def _show_at_facility_1(own: Sequence[Supply]) -> None:
    draw = chance("troubles of Facility 1")
    for supply, kinds in zip(own, _AT_FACILITY_1, strict=True):
        # Written in 20 characters, so that a suffix can be added; billed all three years.
        supply.cups, supply.months, supply.day = supply.cups[:20], range(MONTHS), 1
        for kind in kinds:
            plant(supply, kind, draw, most=_LONGEST)
    own[1].contract = ContractSource.DATADIS


def _sign(own: Sequence[Supply], others: Sequence[Supply], organization: str) -> None:
    already = sum(supply.contract is not None for supply in own)
    datadis = DATADIS_CONTRACTS[organization] - already
    for supply in others[:datadis]:
        supply.contract = ContractSource.DATADIS
    for supply in others[datadis : datadis + MANUAL_CONTRACTS[organization]]:
        supply.contract = ContractSource.MANUAL


def _leave_codes_out(others: Sequence[Supply], count: int) -> None:
    """Leave the code out on exactly so many bills, 8 of one supply."""
    whole = [supply for supply in reversed(others) if len(supply.months) == MONTHS and supply.contract is None]
    for supply in whole[: count // _WITHOUT_CUPS_EACH]:
        for month in supply.sound_months()[10 : 10 + _WITHOUT_CUPS_EACH]:
            # Nothing is told of the months before and after: whose bills they are, only their place and time say.
            supply.planted[month] = _NO_CODE


def _damage(others: Sequence[Supply], draw: Random, *, times: int) -> None:
    pool, besides = cycle(others), cycle(_BESIDE)
    for kind in [kind for kind in KINDS for _ in range(times)]:
        beside = next(besides)
        # Once around the supplies is more than enough: the first or the second can be struck.
        any(_strike(supply, kind, draw, beside) for supply in islice(pool, len(others)))


def _strike(supply: Supply, kind: str, draw: Random, beside: Beside) -> bool:
    is_free = len(supply.kinds()) < _MOST_KINDS and NO_CODE not in supply.kinds()
    return is_free and plant(supply, kind, draw, most=_LONGEST, beside=beside)


def _correct(others: Sequence[Supply], draw: Random, *, count: int) -> None:
    for supply in draw.sample(others, count):
        supply.corrected.add(draw.choice(supply.sound_months()[:-4]))


def _first_whole(supplies: Sequence[Supply], place: Place) -> Supply:
    return next(supply for supply in supplies if supply.place is place and len(supply.months) == MONTHS)
