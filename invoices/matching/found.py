"""What is looked at and what is found: codes, contracts, tiers, reasons, suggestions. Plain Python."""

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from typing import NamedTuple
from uuid import UUID

from invoices import cups as cups_codes
from invoices.cups import MAX_LENGTH, Check


class Tier(IntEnum):
    """How sure it is that codes are one supply, the surest first."""

    SAME = 0  # the same clean form, or the same 16 digits with both letters right
    SLIP = 1  # one digit edited, and both printed letters fit the code of the set
    LETTERS = 2  # the same 16 digits, letters lost or wrong
    SLIP_AND_LETTERS = 3  # one digit edited, letters lost or not fitting
    CONTRACT = 4  # repaired by its letters to one code that only a supply contract names
    ALIKE = 5  # no CUPS: one begins with the other, or they are two edits apart; at one facility


class Reason(StrEnum):
    """What speaks for a source being the target's supply."""

    SEPARATORS = "separators"  # case, separators or a label
    LOOK_ALIKES = "look_alikes"
    SUFFIX = "suffix"  # a border point printed on one alone
    SUFFIXES_DIFFER = "suffixes_differ"
    SELF_CONSUMPTION = "self_consumption"
    DIGIT_WRONG = "digit_wrong"
    DIGIT_MISSING = "digit_missing"
    DIGIT_EXTRA = "digit_extra"
    DIGITS_SWAPPED = "digits_swapped"
    ZEROS_LOST = "zeros_lost"
    COUNTRY_MISSING = "country_missing"
    LETTERS_FIT = "letters_fit"
    LETTERS_MISSING = "letters_missing"
    LETTERS_WRONG = "letters_wrong"
    ON_CONTRACT = "on_contract"
    PREFIX = "prefix"
    TWO_EDITS = "two_edits"
    OTHER_FACILITY = "other_facility"  # the target's supply is not yet at the source's facility


class TargetReason(StrEnum):
    """What speaks for a code as the target, in the order in which it counts."""

    DATADIS = "datadis"
    LETTERS_RIGHT = "letters_right"
    COMPLETE = "complete"
    KNOWN_DISTRIBUTOR = "known_distributor"
    MOST_INVOICES = "most_invoices"
    LATEST = "latest"
    LONGEST = "longest"
    SMALLEST = "smallest"
    # How it is spelled: 20 characters or 22.
    CONTRACT_SPELLING = "contract_spelling"
    AGREED_SUFFIX = "agreed_suffix"
    # No invoice carries it yet: the 16 digits with the letters worked out from them.
    CONSTRUCTED = "constructed"


class Code(NamedTuple):
    """One code at one facility: a group, with its parsed columns as they are kept on its row."""

    cups: str
    facility_id: UUID
    clean: str
    check: Check
    body16: str
    letters_ok: bool
    suffix: str
    invoice_count: int = 0
    first_date: date | None = None
    last_date: date | None = None
    is_locked: bool = False


class Contract(NamedTuple):
    """A supply that a contract names at a facility."""

    cups: str
    facility_id: UUID


class Dismissed(NamedTuple):
    """A code that somebody said is not that supply. `supply` is `Suggestion.supply`."""

    cups: str
    facility_id: UUID
    supply: str


@dataclass(frozen=True, slots=True)
class Member:
    """A source of a suggestion, and why it is thought to be the target's supply."""

    code: Code
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """
    Codes at one facility that should carry the target.

    `supply` names the centre: the 20 characters of its CUPS, or the clean form of a code that is none. `target` is the
    code at its best spelling; `other_targets` are the other spellings and codes it may carry, the best first. `sources`
    never hold the target's own code, nor a locked one. `in_bulk` says that the codes alone allow it to be accepted
    without being looked at one by one.
    """

    tier: Tier
    supply: str
    facility_id: UUID
    target: str
    target_reasons: tuple[TargetReason, ...]
    other_targets: tuple[str, ...]
    sources: tuple[Member, ...]
    in_bulk: bool

    @property
    def id(self) -> str:
        """Name it by what it is made of, so that the same suggestion has the same id on any day (32 characters)."""
        members = sorted(f"{member.code.facility_id} {member.code.cups}" for member in self.sources)
        lines = [str(int(self.tier)), self.supply, str(self.facility_id), self.target, *members]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def code_of(
    cups: str,
    facility_id: UUID,
    *,
    invoice_count: int = 0,
    first_date: date | None = None,
    last_date: date | None = None,
    is_locked: bool = False,
) -> Code:
    """Parse a code as it is parsed for its group's row."""
    parsed = cups_codes.parse(cups)
    letters_ok = bool(parsed.body16) and parsed.letters == parsed.expected_letters
    return Code(
        cups,
        facility_id,
        parsed.clean[:MAX_LENGTH],
        parsed.check,
        parsed.body16,
        letters_ok,
        parsed.suffix,
        invoice_count,
        first_date,
        last_date,
        is_locked,
    )
