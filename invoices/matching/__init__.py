"""
Which codes of an organization are one supply, in tiers from certain to likely, and the code that they should carry.

Plain Python. Each damaged code points at one centre, a sound code or a contract's: stars, never chains over edit
distance. Two sound codes of different supplies are never suggested, however near: neighbouring meters differ by a digit
and a letter.
"""

from collections.abc import Collection, Iterable
from typing import Final

from invoices import cups as cups_codes
from invoices.matching import slips
from invoices.matching.field import SOUND, Field
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
from invoices.matching.gathering import Gathering
from invoices.matching.ranking import propose, ranked

__all__ = [
    "SOUND",
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

_DIGITS: Final = 16


def suggest(
    codes: Iterable[Code], *, contracts: Iterable[Contract] = (), dismissed: Collection[Dismissed] = ()
) -> list[Suggestion]:
    """Return what should be joined, by tier, then facility, then target. No pair of `dismissed` is in it."""
    known = Field(codes, contracts, dismissed)
    found = [suggestion for star in Gathering(known).stars for suggestion in star.suggestions(known)]
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
    return frozenset(near | {digits for digits in read if len(digits) == _DIGITS})
