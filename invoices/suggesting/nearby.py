"""
What is suggested around one code, at once: of the codes that can matter alone, found by their digits.

A suggestion is a star, so three steps are enough, however many codes there are: from the code to the supplies that it
may be, from these to every code that may be one of them, and from those to the other supplies that they may be rather.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Final
from uuid import UUID

from rapidfuzz import process
from rapidfuzz.distance import OSA, LCSseq

from facilities.models import Organization
from invoices import cups as cups_codes
from invoices import grouping, matching
from invoices.matching import SOUND, Code, Contract, Suggestion, slips
from invoices.models import CupsGroup
from invoices.suggesting import keeping

_DIGITS: Final = 16
# A code that is one slip away from 16 digits has at least these in common with them, in their order.
_IN_COMMON: Final = 15
_EDITS: Final = 2


def near(
    *, organization: Organization, cups: str, facility_id: UUID | None = None, tiers: Collection[int] = ()
) -> Sequence[Suggestion]:
    """
    Return the suggestions that a code is in, as source, target or another spelling of the supply, as `listed` has them.

    Of `facility_id` alone where one is given. What months say is not looked at: they come as `keeping` orders them.
    """
    around = _Around(organization)
    own = around.load(cups=cups)
    if not own:
        return []
    around.fill(own)
    found = matching.suggest(
        sorted(around.codes.values(), key=lambda code: (code.cups, code.facility_id)),
        contracts=around.contracts(),
        dismissed=keeping.dismissed(organization),
    )
    supply = cups_codes.parse(cups).supply
    return sorted(
        (
            each
            for each in found
            if (facility_id is None or each.facility_id == facility_id)
            and (not tiers or each.tier in tiers)
            and is_about(each, cups, supply)
        ),
        key=keeping.in_order,
    )


def codes_of(suggestion: Suggestion) -> list[str]:
    """Return the codes that it is about: the target and the sources."""
    return [suggestion.target, *(member.code.cups for member in suggestion.sources)]


def is_about(suggestion: Suggestion, cups: str, supply: str) -> bool:
    """Say whether a code of this supply, if it is one, is in the suggestion, or is another spelling of its supply."""
    return suggestion.supply == supply or cups in codes_of(suggestion)


class _Around:
    """The codes of an organization that can matter to one of them."""

    def __init__(self, organization: Organization) -> None:
        self.groups = CupsGroup.objects.of(organization.pk).listed()
        self.codes: dict[tuple[str, UUID], Code] = {}
        self.signed: dict[str, list[Contract]] = defaultdict(list)
        for contract in keeping.contracts(organization):
            self.signed[cups_codes.parse(contract.cups).body16].append(contract)
        self.asked: set[str] = set()
        # Those whose digits are not certain have no place in the index of digits.
        self.odd = list(keeping.codes(self.groups.filter(body16="")))
        self.as_digits = {at: _as_digits(code.clean) for at, code in enumerate(self.odd)}

    def contracts(self) -> list[Contract]:
        """Return those that any of the codes may be of."""
        return [contract for digits in sorted(self.signed.keys() & self.asked) for contract in self.signed[digits]]

    def load(self, **where: object) -> list[Code]:
        return self._add(keeping.codes(self.groups.filter(**where)))

    def fill(self, own: Collection[Code]) -> None:
        """Add every code that can matter to this one, which may stand at several facilities."""
        code = next(iter(own))
        is_sound = code.check in SOUND
        digits = {code.body16} if is_sound else matching.probes(code.cups)
        known = self._with_digits(digits)
        numbers = _read([code]) | {one.body16 for one in known} | (self.signed.keys() & digits)
        places = {one.facility_id for one in own}
        if is_sound or any(one.is_locked for one in own):
            places |= {one.facility_id for one in known}
        here = self.load(facility_id__in=places)
        numbers |= {one.body16 for one in here if one.check in SOUND and _is_alike(one.clean, code.clean)}
        self._add_damaged([*own, *here, *self._pointing_at(numbers)])

    def _add_damaged(self, codes: Iterable[Code]) -> None:
        """Add what these damaged codes may be, and those that read as they do, and so on."""
        looked_at: set[tuple[str, UUID]] = set()
        waiting = [code for code in codes if code.check not in SOUND]
        while waiting:
            looked_at |= {(code.cups, code.facility_id) for code in waiting}
            read = _read(waiting)
            may_be = self._with_digits({digits for code in waiting for digits in matching.probes(code.cups)}, read)
            alike = self._reading(read, {code.clean for code in waiting})
            waiting = [
                code
                for code in (*may_be, *alike)
                if code.check not in SOUND and (code.cups, code.facility_id) not in looked_at
            ]

    def _pointing_at(self, numbers: Collection[str]) -> list[Code]:
        """Return the codes that may be one slip away from these digits."""
        found = self._with_digits({digits for number in numbers for digits in _misread(number)})
        for number in numbers:
            near = process.extract(
                number, self.as_digits, scorer=LCSseq.similarity, score_cutoff=_IN_COMMON, limit=None
            )
            found += self._add(self.odd[at] for _form, _common, at in near)
        return found

    def _reading(self, digits: Collection[str], forms: Collection[str]) -> list[Code]:
        """Return the codes without certain digits that may read as these, or are written alike but for separators."""
        shortest = [number.lstrip("0") for number in digits]
        return self._add(
            code
            for at, code in enumerate(self.odd)
            if code.clean in forms or any(number in self.as_digits[at] for number in shortest)
        )

    def _with_digits(self, digits: Iterable[str], read: Collection[str] | None = None) -> list[Code]:
        """Return the codes with these 16 digits; with `read`, damaged ones only where they read so."""
        wanted, found = set(digits), list[Code]()
        self.asked |= wanted
        for part in grouping.sliced(sorted(wanted)):
            found += keeping.codes(self.groups.filter(body16__in=part))
        return self._add(code for code in found if read is None or code.check in SOUND or code.body16 in read)

    def _add(self, codes: Iterable[Code]) -> list[Code]:
        found = {(code.cups, code.facility_id): code for code in codes}
        self.codes |= found
        return list(found.values())


def _read(codes: Iterable[Code]) -> set[str]:
    """Return the 16 digits that these codes may be as they are printed."""
    read = {reading.digits for code in codes for reading in cups_codes.readings(code.cups)}
    return {digits for digits in read if len(digits) == _DIGITS} | {code.body16 for code in codes} - {""}


def _misread(number: str) -> set[str]:
    """
    Return every 16 digits that a code one slip away from these may seem to have.

    Its digits may end elsewhere than they seem to: a B may be an 8 and the last digit, or the last digit a letter.
    """
    found = {number, *(f"{other:016}" for other in (*slips.undone(number), *slips.undone(number[:-1])))}
    return found | {f"{number[:at]}{number[at + 1 :]}{last}" for at in range(_DIGITS) for last in "0123456789"}


def _as_digits(clean: str) -> str:
    """Return a code with every look-alike as a digit, and with the zeros that a spreadsheet may have taken away."""
    digits = cups_codes.as_digits(clean)
    return digits if clean.startswith(("ES", "E5")) else "0" * _DIGITS + digits


def _is_alike(one: str, other: str) -> bool:
    return OSA.distance(one, other) <= _EDITS or one.startswith(other) or other.startswith(one)
