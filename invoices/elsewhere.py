"""
Codes that stand where they can hardly all belong: at several facilities that share no bill, or on bills of gas too.

A supply point is at one place. Its code at two is a wrong facility or a bill filed twice, unless a distributed invoice
divides it between them. And one code names either electricity or gas. What is found is worked out anew each time, from
the groups; nothing of it is stored.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict, cast
from uuid import UUID

from django.db.models import Case, CharField, Count, F, Max, Min, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from facilities.models import Organization
from invoices import cups as cups_codes
from invoices import double_counting, grouping
from invoices.double_counting import Bill, Clash, Clashes
from invoices.models import CupsGroup, Invoice, InvoiceType

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

# What no clean form holds: 16 digits alone may be somebody's damaged code.
_SOUND: Final = "="
_COLUMNS: Final = (
    *("supply", "cups", "facility_id", "facility__name", "invoice_count", "first_date", "last_date"),
    "locked_count",
)


class _Supply(TypedDict):
    """What is added to a group: the supply that its code names."""

    supply: str


_Named: TypeAlias = "WithAnnotations[CupsGroup, _Supply]"


class Why(StrEnum):
    """What is odd about a code."""

    SAME_SUPPLY_TWO_FACILITIES = "SAME_SUPPLY_TWO_FACILITIES"
    ELECTRICITY_AND_HEAT = "ELECTRICITY_AND_HEAT"


@dataclass(frozen=True, slots=True)
class Place:
    """
    The invoices of one type that carry one code at one facility.

    Places of one `circle` belong together: they are one facility, or a distributed invoice divides the supply.
    """

    type: str
    cups: str
    facility_id: UUID
    facility_name: str
    invoice_count: int
    first_date: date
    last_date: date
    locked_count: int = 0
    circle: int = 0

    @property
    def is_locked(self) -> bool:
        """Tell whether a Datadis contract backs any of the invoices."""
        return self.locked_count > 0


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One supply with all its places, the fullest first; `cups` is how it is written there."""

    why: Why
    supply: str
    places: Sequence[Place]

    @property
    def cups(self) -> str:
        return self.places[0].cups

    @property
    def invoice_count(self) -> int:
        return sum(place.invoice_count for place in self.places)


@dataclass(frozen=True, slots=True)
class Shown:
    """The same with what is counted twice: bills at different places that are the same, or of overlapping periods."""

    elsewhere: Elsewhere
    clashes: Mapping[Clash, Clashes]


def listed(*, organization: Organization, facility_id: UUID | None = None, why: str = "") -> list[Elsewhere]:
    """
    Return what is found, those at several facilities first, then those with the most invoices.

    A facility narrows to what stands there among other places. A few statements, however many codes there are.
    """
    found: list[Elsewhere] = []
    if why in ("", Why.SAME_SUPPLY_TWO_FACILITIES):
        found += sorted(_at_several(organization), key=_order)
    if why in ("", Why.ELECTRICITY_AND_HEAT):
        found += sorted(_of_two_types(organization), key=_order)
    if facility_id is None:
        return found
    return [each for each in found if any(place.facility_id == facility_id for place in each.places)]


def shown(*, organization: Organization, found: Iterable[Elsewhere]) -> list[Shown]:
    """Add what is counted twice to a page of what was found: one statement, whose bills are held in memory."""
    page = list(found)
    bills = _bills(organization, [each for each in page if each.why is Why.SAME_SUPPLY_TWO_FACILITIES])
    return [
        Shown(each, double_counting.among(bills[each.supply]) if each.why is Why.SAME_SUPPLY_TWO_FACILITIES else {})
        for each in page
    ]


def clashes_between(
    *, organization: Organization, moving: QuerySet[Invoice], facility_id: UUID
) -> Mapping[Clash, Clashes]:
    """Return what a facility's own bills of the same supply and these would count twice."""
    here = list(double_counting.bills_of(moving))
    supplies = {supply_of(bill.cups) for bill in here}
    groups = _groups(organization).filter(facility_id=facility_id, supply__in=supplies)
    codes = list(groups.values_list("cups", flat=True))
    there = [
        bill
        for part in grouping.sliced(codes)
        for bill in double_counting.bills_of(
            Invoice.objects.of(organization.pk).grouped().filter(facility_id=facility_id, cups__in=part)
        )
    ]
    return double_counting.among(bill._replace(cups=str(bill.facility_id)) for bill in chain(here, there))


def places_of(*, organization: Organization, supplies: Collection[str] | None = None) -> dict[str, list[Place]]:
    """Return by supply where electricity invoices name it, the fullest first: these supplies, or all."""
    groups = _groups(organization)
    if supplies is None:
        return _by_supply(groups)
    return {supply: own for part in _named_by(supplies) for supply, own in _by_supply(groups.filter(part)).items()}


def supply_of(code: str) -> str:
    """Return what a code names: 16 digits whose letters are right, else its clean form."""
    parsed = cups_codes.parse(code)
    is_sound = bool(parsed.body16) and parsed.letters == parsed.expected_letters
    return _SOUND + parsed.body16 if is_sound else parsed.clean


def _order(each: Elsewhere) -> tuple[int, str]:
    return -each.invoice_count, each.supply


def _at_several(organization: Organization) -> Iterable[Elsewhere]:
    """Yield the supplies at two facilities or more, unless distributed invoices divide them between all of these."""
    # The least and the greatest of a group are told apart without sorting, which counting what differs would take.
    facility = Cast("facility_id", CharField())
    several = _groups(organization).values("supply").annotate(least=Min(facility), greatest=Max(facility))
    supplies = several.exclude(least=F("greatest")).values_list("supply", flat=True)
    places = places_of(organization=organization, supplies=list(supplies))
    circles = _circles(organization, places)
    for supply, own in places.items():
        circled = [replace(place, circle=circles[supply, place.facility_id]) for place in own]
        if len({place.circle for place in circled}) > 1:
            yield Elsewhere(Why.SAME_SUPPLY_TWO_FACILITIES, supply, circled)


def _of_two_types(organization: Organization) -> Iterable[Elsewhere]:
    """Yield the supplies that invoices of electricity and of heat name."""
    heat = _heat(organization)
    electricity = places_of(organization=organization, supplies=heat.keys())
    for supply, own in electricity.items():
        yield Elsewhere(Why.ELECTRICITY_AND_HEAT, supply, [*own, *heat[supply]])


def _named_by(supplies: Collection[str]) -> list[Q]:
    """Return what keeps the groups of some supplies, in parts that fit into a statement."""
    sound = sorted(supply.removeprefix(_SOUND) for supply in supplies if supply.startswith(_SOUND))
    others = sorted(supply for supply in supplies if not supply.startswith(_SOUND))
    parts = [Q(letters_ok=True, body16__in=part) for part in grouping.sliced(sound)]
    return [*parts, *(Q(letters_ok=False, clean_cups__in=part) for part in grouping.sliced(others))]


def _groups(organization: Organization) -> "QuerySet[_Named, _Named]":
    """Return the groups with the supply that each names, but a collective's: its consumers share the code."""
    groups = CupsGroup.objects.of(organization.pk).listed().exclude(clean_cups="")
    named = Case(
        When(letters_ok=True, then=Concat(Value(_SOUND), "body16")), default=F("clean_cups"), output_field=CharField()
    )
    collective = Q(check_result=cups_codes.Check.SELF_CONSUMPTION) & ~Q(suffix="")
    # The plugin knows the name but not our type of what was added.
    return cast("QuerySet[_Named, _Named]", groups.exclude(collective).annotate(supply=named).order_by())


def _by_supply(groups: "QuerySet[_Named, _Named]") -> dict[str, list[Place]]:
    places: defaultdict[str, list[Place]] = defaultdict(list)
    rows = groups.order_by("-invoice_count", "cups", "facility_id").values_list(*_COLUMNS)
    for supply, *rest in rows.iterator(chunk_size=2_000):
        places[supply].append(Place(InvoiceType.ELECTRICITY.value, *rest))
    return places


def _heat(organization: Organization) -> dict[str, list[Place]]:
    """Return the codes on invoices of heat by their supply. Few have one, and an index holds just these."""
    invoices = Invoice.objects.of(organization.pk).counted().filter(type=InvoiceType.HEAT).exclude(cups="")
    rows = invoices.values_list("cups", "facility_id", "facility__name").annotate(
        invoice_count=Count("pk"), first=Min("start_date"), last=Max("end_date")
    )
    places: defaultdict[str, list[Place]] = defaultdict(list)
    for row in rows.order_by("-invoice_count", "cups", "facility_id"):
        if supply := supply_of(row[0]):
            places[supply].append(Place(InvoiceType.HEAT.value, *row))
    return places


def _circles(organization: Organization, places: Mapping[str, Sequence[Place]]) -> dict[tuple[str, UUID], int]:
    """Give the facilities of each supply a number: one number to those which share a distributed invoice."""
    supply_at = {(place.facility_id, place.cups): supply for supply, own in places.items() for place in own}
    facilities: dict[str, list[UUID]] = {
        supply: list(dict.fromkeys(place.facility_id for place in own)) for supply, own in places.items()
    }
    circles = {(supply, each): number for supply, own in facilities.items() for number, each in enumerate(own)}
    for one, other in _shared(organization, {cups for _facility_id, cups in supply_at}):
        supply = supply_at.get(one)
        if supply is None or supply_at.get(other) != supply:
            continue
        kept, gone = circles[supply, one[0]], circles[supply, other[0]]
        for each in facilities[supply]:
            if circles[supply, each] == gone:
                circles[supply, each] = kept
    return circles


def _shared(organization: Organization, codes: Collection[str]) -> Iterable[tuple[tuple[UUID, str], tuple[UUID, str]]]:
    """Yield pairs of (facility, code) at which two parts of one distributed invoice stand."""
    part_of = Invoice.objects.of(organization.pk).grouped().filter(source_invoice__isnull=False)
    for part in grouping.sliced(sorted(codes)):
        siblings = part_of.filter(
            cups__in=part,
            source_invoice__children__organization=organization,
            source_invoice__children__facility__gt=F("facility"),
        )
        pairs = siblings.values_list(
            "facility_id", "cups", "source_invoice__children__facility_id", "source_invoice__children__cups"
        )
        for row in pairs.distinct().iterator(chunk_size=2_000):
            yield row[:2], row[2:]


def _bills(organization: Organization, found: Sequence[Elsewhere]) -> dict[str, list[Bill]]:
    """Return the bills of each supply, each under the number of its circle: what is of one circle never clashes."""
    at = {(place.facility_id, place.cups): (each.supply, place.circle) for each in found for place in each.places}
    codes, facilities = {cups for _facility_id, cups in at}, {facility_id for facility_id, _cups in at}
    invoices = Invoice.objects.of(organization.pk).grouped().filter(cups__in=codes, facility_id__in=facilities)
    bills: defaultdict[str, list[Bill]] = defaultdict(list)
    for bill in double_counting.bills_of(invoices) if at else ():
        # What was filed since the groups were read is of no supply yet.
        supply, circle = at.get((bill.facility_id, bill.cups), ("", 0))
        bills[supply].append(bill._replace(cups=str(circle)))
    return bills
