"""
Which codes of an organization are one supply, in tiers from certain to likely, and the code that they should carry.

Plain Python. Each damaged code points at one centre, a sound code or a contract's: stars, never chains over edit
distance. Two sound codes of different supplies are never suggested, however near: neighbouring meters differ by a digit
and a letter.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from invoices import cups as cups_codes
from invoices.matching import alike, slips
from invoices.matching.found import (
    Code,
    Contract,
    Dismissed,
    Member,
    Reason,
    Suggestion,
    TargetReason,
    Tier,
    code_of,
)
from invoices.matching.ranking import SOUND, propose, ranked
from invoices.matching.searching import Field, Search, supply
from invoices.matching.stars import LeftOut, Ray, Star

__all__ = [
    "Code",
    "Contract",
    "Dismissed",
    "Member",
    "Reason",
    "Suggestion",
    "TargetReason",
    "Tier",
    "code_of",
    "probes",
    "propose",
    "ranked",
    "suggest",
]


def suggest(
    codes: Iterable[Code], *, contracts: Iterable[Contract] = (), dismissed: Collection[Dismissed] = ()
) -> list[Suggestion]:
    """Return what should be joined, by tier, then facility, then target. No pair of `dismissed` is in it."""
    left_out = LeftOut(dismissed)
    field = Field(codes, contracts, left_out)
    found = [suggestion for star in _stars(field) for suggestion in star.suggestions(left_out=left_out)]
    return sorted(found, key=lambda each: (each.tier, each.facility_id, each.target, each.supply))


def probes(cups: str) -> frozenset[str]:
    """
    Return all the 16 digits that a code may mean: those of each of its readings, and those one digit edit away.

    Two codes can be of one supply only if one's `body16` is among the other's probes, or if one of them has no
    `body16` or is no CUPS at all. What `suggest` finds over all codes it finds over those alone.
    """
    parsed = cups_codes.parse(cups)
    read = {parsed.body16} if parsed.body16 else set()
    read |= {reading.digits for reading in cups_codes.readings(cups)}
    near = {f"{number:016}" for digits in read for number in slips.undone(digits)}
    return frozenset(near | {digits for digits in read if len(digits) == 16})


def _stars(field: Field) -> Iterable[Star]:
    stars: dict[int, Star] = {}

    def point(number: int, ray: Ray) -> None:
        stars.setdefault(number, field.star(number)).rays.append(ray)

    searches = [Search(field, code) for code in field.damaged]
    waiting = []
    for search in searches:
        if found := search.certain():
            point(*found)
        else:
            waiting.append(search)
    left = []
    for search in _join_same_digits(field, waiting, point):
        if found := search.likely():
            point(*found)
        else:
            left.append(search.code)
    same = list(alike.same_form(left, field.left_out))
    others = _point_alike(field, left, same, stars)
    several = (number for number, sound in field.sound.items() if len(sound) > 1 or number in field.signed)
    for number in several:
        stars.setdefault(number, field.star(number))
    return [*stars.values(), *same, *others]


def _join_same_digits(field, waiting, point) -> list[Search]:
    """Join codes with the same 16 digits that none has soundly; return the searches that are left."""
    by_digits: dict[int, list[tuple[Search, Ray]]] = defaultdict(list)
    for search in waiting:
        rays = {
            number: ray
            for number, ray in (search.proven() or search.plain()).items()
            if field.is_open(search.code, number) and number not in field.centres
        }
        for number, ray in rays.items():
            by_digits[number].append((search, ray))
    joined: set[int] = set()
    for number, members in by_digits.items():
        members = [(search, ray) for search, ray in members if id(search) not in joined]
        if len({search.code.cups for search, _ in members}) > 1:
            for search, ray in members:
                joined.add(id(search))
                point(number, ray)
    return [search for search in waiting if id(search) not in joined and not search.proven()]


def _point_alike(field: Field, left: list[Code], same: list[Star], stars: dict[int, Star]) -> list[Star]:
    held = {id(ray.code) for star in same for ray in star.rays}
    sources: dict[UUID, list[Code]] = defaultdict(list)
    for code in left:
        if alike.points(code) and id(code) not in held:
            sources[code.facility_id].append(code)
    others: dict[UUID, list[Code]] = {facility_id: [] for facility_id in sources}
    pointing = {
        id(ray.code) for star in same for ray in star.rays if ray.code.cups != star.target(ray.code.facility_id).cups
    }
    for code in [*(code for sound in field.sound.values() for code in sound), *left]:
        if code.facility_id in others and id(code) not in pointing:
            others[code.facility_id].append(code)
    found = []
    for facility_id, own in sources.items():
        for centre, rays in alike.Likeness(own, others[facility_id], field.left_out).stars():
            if centre.check in SOUND:
                number = int(centre.body16)
                stars.setdefault(number, field.star(number)).rays.extend(rays)
            else:
                found.append(Star(centre.clean, rays=rays, centre=centre))
    return found
