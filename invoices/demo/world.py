"""The whole demo, put together in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from facilities.models import SupplyContract
from invoices.demo import contracts, distributed, documented, other_types, supplies, troubles
from invoices.demo.bills import Book
from invoices.demo.electricity import Biller
from invoices.demo.places import EVERYWHERE, NEIGHBOUR
from invoices.demo.reference import Reference
from invoices.demo.supplies import Supply
from invoices.models import Invoice


class Truth(NamedTuple):
    """A code that was written somewhere, the supply that it means, and the kind of damage between them."""

    organization_id: UUID
    facility_id: UUID
    written: str
    cups: str
    kind: str


@dataclass(frozen=True, slots=True)
class World:
    """Rows of the demo that are not saved yet, parents before their children; and the supplies behind them."""

    supplies: list[Supply]
    contracts: list[SupplyContract]
    invoices: list[Invoice]


def build(reference: Reference) -> World:
    """Return the demo: the same rows each time."""
    known = planned_supplies()
    agreed = contracts.of_supplies(known, reference)
    book = Book(reference)
    biller = Biller(book, agreed)
    invoices = chain(
        documented.bills(book),
        chain.from_iterable(map(biller.bills_of, known)),
        distributed.bills(book),
        chain.from_iterable(other_types.bills_of(place, book) for place in EVERYWHERE),
    )
    filed = list(invoices)
    troubles.print_on_gas(filed, known)
    return World(known, list(agreed.values()), filed)


def planned_supplies() -> list[Supply]:
    """Return all supply points of Spanish electricity, with what goes wrong on the bills of each."""
    known = supplies.of_group()
    troubles.afflict(known)
    return [*known, *supplies.drawn(NEIGHBOUR, count=NEIGHBOUR.supplies)]


def truths() -> Iterator[Truth]:
    """Yield each damaged code once, with the supply that it means: what a search for duplicates should find."""
    for supply in planned_supplies():
        place = supply.place
        for planted in dict.fromkeys(planted[:2] for planted in supply.planted.values()):
            kind, written = planted
            if written:
                yield Truth(place.organization_id, place.id, written, supply.cups, kind)
