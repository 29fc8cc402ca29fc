"""At which facility each supply of the list is: by its invoices and contracts, else by its address."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from rapidfuzz import fuzz, process

from facilities import locating
from facilities.models import Facility, FacilityStatus, Organization, SupplyContract
from invoices import cups as cups_codes
from invoices import elsewhere, matching
from invoices.cups import Check
from invoices.enrolling.reading import BadRow, Supplies, Supply
from invoices.models import CupsGroup

# Below this an address says nothing (100 is: every word of one is in the other), nor where another is as near.
WEAK: Final = 80
LEAD: Final = 5
CANDIDATES: Final = 8
# Words that tell no address from another.
_NO_NAMES: Final = frozenset(["calle", "cl", "c", "avenida", "avda", "av", "plaza", "pl", "pza", "de", "del", "la"])
# The list says of no supply where it is.
_NOWHERE: Final = UUID(int=0)
_SOUND: Final = frozenset({Check.VALID, Check.NOT_CLEAN, Check.LOOK_ALIKE})


class State(StrEnum):
    """Whether a row would be filed."""

    NEW = "new"
    KNOWN = "known"  # a contract for the supply covers some of these days
    REPEATED = "repeated"  # so does a row above


class Basis(StrEnum):
    """What a facility was found by."""

    INVOICES = "invoices"
    CONTRACT = "contract"
    NEAR_CODE = "near_code"
    ADDRESS = "address"


class Guess(NamedTuple):
    """A facility, what it was found by, and of an address how near (0 to 100)."""

    facility_id: UUID
    basis: Basis
    score: int = 100


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would become of one row: `candidates` are facilities with addresses like this, the nearest first."""

    supply: Supply
    check: Check
    state: State
    guess: Guess | None
    candidates: Sequence[Guess]

    @property
    def is_sound(self) -> bool:
        """Tell whether the code is a CUPS whose letters are right. Another is not filed unless somebody says so."""
        return self.check in _SOUND


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be filed of the list, and where it could be: the active facilities by name."""

    proposals: Sequence[Proposal]
    bad: Sequence[BadRow]
    facilities: Sequence[Facility]


def plan(*, organization: Organization, supplies: Supplies) -> Plan:
    """Work out what filing the list would do, and write nothing."""
    facilities = list(locating.facilities(organization=organization, statuses=[FacilityStatus.ACTIVE]))
    active = {facility.pk for facility in facilities}
    named = {row.line: elsewhere.supply_of(row.cups) for row in supplies.rows}
    contracts = contracts_of(organization, set(named.values()))
    found = _by_code(organization, supplies.rows, named, contracts)
    states = states_of(supplies.rows, contracts)
    addresses = _Addresses(facilities)
    proposals = []
    for row in supplies.rows:
        near = addresses.near(row.address)
        guess = found.get(named[row.line])
        guess = guess if guess and guess.facility_id in active else _strong(near)
        check = cups_codes.parse(row.cups).check
        proposals.append(Proposal(row, check, states[row.line], guess, near))
    return Plan(proposals, supplies.bad, facilities)


def contracts_of(organization: Organization, supplies: Iterable[str]) -> dict[str, list[SupplyContract]]:
    """Return the contracts for these supplies, the newest first. Contracts are few: all are read."""
    wanted = set(supplies)
    found: defaultdict[str, list[SupplyContract]] = defaultdict(list)
    for contract in SupplyContract.objects.filter(organization=organization).order_by("-start_date", "-pk"):
        if (supply := elsewhere.supply_of(contract.cups)) in wanted:
            found[supply].append(contract)
    return found


def states_of(rows: Iterable[Supply], contracts: Mapping[str, Sequence[SupplyContract]]) -> dict[int, State]:
    """Say by line of each row whether its days are covered already, by a contract or by a row above."""
    states: dict[int, State] = {}
    above: defaultdict[str, list[Supply]] = defaultdict(list)
    for row in rows:
        supply = elsewhere.supply_of(row.cups)
        if any(_overlap(row, contract) for contract in contracts.get(supply, ())):
            states[row.line] = State.KNOWN
        elif any(_overlap(row, other) for other in above[supply]):
            states[row.line] = State.REPEATED
        else:
            states[row.line] = State.NEW
        above[supply].append(row)
    return states


def _overlap(one: Supply, other: Supply | SupplyContract) -> bool:
    starts_in_time = other.end_date is None or one.start_date <= other.end_date
    return starts_in_time and (one.end_date is None or other.start_date <= one.end_date)


def _by_code(
    organization: Organization,
    rows: Sequence[Supply],
    named: Mapping[int, str],
    contracts: Mapping[str, Sequence[SupplyContract]],
) -> dict[str, Guess]:
    """Return by supply the facility where most of its invoices are, that of its newest contract, or a near code's."""
    places = elsewhere.places_of(organization=organization, supplies=set(named.values()))
    found = {supply: Guess(own[0].facility_id, Basis.CONTRACT) for supply, own in contracts.items()}
    found |= {supply: Guess(own[0].facility_id, Basis.INVOICES) for supply, own in places.items()}
    strange = [row for row in rows if named[row.line] not in found]
    return _by_near_codes(organization, strange) | found if strange else found


def _by_near_codes(organization: Organization, rows: Sequence[Supply]) -> dict[str, Guess]:
    """Return the same for supplies that damaged codes point at, as if these were on a contract somewhere."""
    groups = CupsGroup.objects.of(organization.pk).listed().order_by("cups", "facility_id")
    columns = ("cups", "facility_id", "clean_cups", "check_result", "body16", "letters_ok", "suffix", "invoice_count")
    codes = [
        matching.Code(cups, facility_id, clean, Check(check), *rest)
        for cups, facility_id, clean, check, *rest in groups.values_list(*columns).iterator(chunk_size=5_000)
    ]
    suggestions = matching.suggest(codes, contracts=[matching.Contract(row.cups, _NOWHERE) for row in rows])
    return {
        elsewhere.supply_of(suggestion.supply): Guess(suggestion.facility_id, Basis.NEAR_CODE)
        for suggestion in reversed(suggestions)  # the best tier last, so that it stays
    }


class _Addresses:
    """The addresses and names of facilities, to find what is written like one."""

    def __init__(self, facilities: Iterable[Facility]) -> None:
        self.texts: list[dict[UUID, str]] = [{}, {}]
        for facility in facilities:
            for texts, text in zip(self.texts, (facility.address, facility.name), strict=True):
                if plain := _plain(text):
                    texts[facility.pk] = plain

    def near(self, address: str) -> list[Guess]:
        """Return the facilities whose address or name is written like this one, the nearest first."""
        scores: dict[UUID, float] = {}
        for texts in self.texts:
            wanted = _plain(address)
            for _text, score, facility_id in process.extract(
                wanted, texts, scorer=fuzz.token_set_ratio, limit=CANDIDATES, score_cutoff=WEAK / 2
            ):
                scores[facility_id] = max(score, scores.get(facility_id, 0))
        nearest = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:CANDIDATES]
        return [Guess(facility_id, Basis.ADDRESS, round(score)) for facility_id, score in nearest]


def _strong(near: Sequence[Guess]) -> Guess | None:
    """Return the nearest if it is near enough, and nearer than any other."""
    if not near or near[0].score < WEAK:
        return None
    return near[0] if len(near) == 1 or near[0].score - near[1].score >= LEAD else None


def _plain(text: str) -> str:
    """Return the words of an address in small letters without accents, abbreviations of streets left out."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    words = re.findall(r"[a-z0-9]+", "".join(sign for sign in letters if not unicodedata.combining(sign)))
    return " ".join(word for word in words if word not in _NO_NAMES)
