"""Which supply a damaged code points at. Plain Python; see the package for the rules."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

from invoices import cups as cups_codes
from invoices.cups import Check, Reading
from invoices.matching import ranking, slips
from invoices.matching.found import Code, Contract, Reason, Tier
from invoices.matching.stars import LeftOut, Ray, Star

_MOD: Final = 529
_SIDE: Final = 23
_DIGITS: Final = 16


class Field:
    """All that is known of an organization: sound codes and contracts by the number of their 16 digits, and the rest."""

    def __init__(self, codes: Iterable[Code], contracts: Iterable[Contract], left_out: LeftOut) -> None:
        self.sound: dict[int, list[Code]] = defaultdict(list)
        self.damaged: list[Code] = []
        self.left_out = left_out
        valid, not_clean, look_alike = ranking.SOUND
        for code in codes:
            check = code.check
            if check is valid or check is not_clean or check is look_alike:
                self.sound[int(code.body16)].append(code)
            else:
                self.damaged.append(code)
        self.signed: dict[int, list[Contract]] = defaultdict(list)
        for contract in contracts:
            parsed = cups_codes.parse(contract.cups)
            if parsed.supply:
                self.signed[int(parsed.body16)].append(contract)
        self.centres = self.sound.keys() | self.signed.keys()

    def star(self, number: int) -> Star:
        return Star(supply(number), self.sound.get(number, ()), self.signed.get(number, ()))

    def is_at(self, number: int, facility_id: UUID) -> bool:
        places = (*self.sound.get(number, ()), *self.signed.get(number, ()))
        return any(place.facility_id == facility_id for place in places)

    def invoices(self, number: int) -> int:
        return sum(code.invoice_count for code in self.sound.get(number, ()))

    def is_open(self, code: Code, number: int) -> bool:
        """Say whether nobody said that the code is not this supply."""
        return not self.left_out.has(code, supply(number))


def supply(number: int) -> str:
    """Return the 20 characters of the supply with these 16 digits."""
    body16 = f"{number:016}"
    return f"ES{body16}{cups_codes.check_letters(body16)}"


class Search:
    """The search for one damaged code's supply."""

    def __init__(self, field: Field, code: Code) -> None:
        self.field = field
        self.code = code
        self.readings = () if code.check is Check.OTHER else cups_codes.readings(code.clean)

    def proven(self) -> dict[int, Ray]:
        """Return the numbers whose letters are right in some reading, each with how it is read."""
        code = self.code
        if code.letters_ok:
            return {int(code.body16): self._ray(Tier.SAME, None, Reason.LETTERS_FIT)}
        return {
            int(reading.digits): self._ray(Tier.SAME, reading, Reason.LETTERS_FIT)
            for reading in reversed(self.readings)
            if len(reading.digits) == _DIGITS and int(reading.digits) % _MOD in cups_codes.remainders(reading.letters)
        }

    def plain(self) -> dict[int, Ray]:
        """Return the numbers of 16 digits that are printed as digits, letters lost or wrong."""
        return {
            int(reading.digits): self._ray(Tier.LETTERS, reading, _of_letters(reading))
            for reading in reversed(self.readings)
            if len(reading.digits) == _DIGITS and reading.is_plain
        }

    def repaired(self) -> dict[int, Reading]:
        """Return every number, known or not, that is one slip away and that both letters fit."""
        found: dict[int, Reading] = {}
        for reading in self.readings:
            if reading.letters.isalpha() and (fitting := cups_codes.remainders(reading.letters)):
                found |= {number: reading for number in slips.undone(reading.digits) if number % _MOD in fitting}
        return found

    def certain(self) -> tuple[int, Ray] | None:
        """Return the supply where it is as good as certain: tiers 0 to 2, and 4 where the letters leave one code."""
        proven = self.proven()
        if proven:
            return self._only(proven)
        repaired = self.repaired()
        if len(repaired) == 1 and not self._is_slip_of_a_letter():
            ((number, reading),) = repaired.items()
            if number in self.field.centres and self.field.is_open(self.code, number):
                return number, self._slipped(number, reading)
        plain = self.plain()
        if found := self._only(plain):
            number, ray = found
            rivals = [rival for rival in self._known(repaired) if rival != number]
            return number, ray._replace(rivals=self._codes(rivals))
        return None

    def likely(self) -> tuple[int, Ray] | None:
        """Return the likeliest supply one slip away, letters lost or not fitting, or fitting other supplies as well."""
        repaired = self.repaired()
        if known := self._nearest(self._known(repaired)):
            number, *rivals = known
            return number, self._slipped(number, repaired[number], rivals=rivals)
        near = self._near()
        if known := self._nearest([number for number in near if self.field.is_open(self.code, number)], near):
            number, *rivals = known
            reading = near[number]
            ray = self._ray(Tier.SLIP_AND_LETTERS, reading, *_of_digits(reading, number), _of_letters(reading))
            return number, ray._replace(rivals=self._codes(rivals))
        return None

    def _only(self, rays: dict[int, Ray]) -> tuple[int, Ray] | None:
        """Return the only known number, those at the code's own facility first."""
        known = self._known(rays)
        here = [number for number in known if self.field.is_at(number, self.code.facility_id)] or known
        return (here[0], rays[here[0]]) if len(here) == 1 else None

    def _known(self, numbers: Iterable[int]) -> list[int]:
        centres = self.field.centres
        return [number for number in numbers if number in centres and self.field.is_open(self.code, number)]

    def _near(self) -> dict[int, Reading]:
        """Return the known numbers one slip from a reading or as they are read."""
        found: dict[int, Reading] = {}
        for reading in reversed(self.readings):
            numbers = self.field.centres.intersection(slips.undone(reading.digits))
            if len(reading.digits) == _DIGITS and int(reading.digits) in self.field.centres:
                numbers.add(int(reading.digits))
            found |= {number: reading for number in numbers if _may_be(reading.letters, number)}
        return found

    def _nearest(self, numbers: Collection[int], readings: dict[int, Reading] | None = None) -> list[int]:
        """Order them, the likeliest first; of several, those at the code's own facility alone."""
        here = [number for number in numbers if self.field.is_at(number, self.code.facility_id)] or numbers
        fit = {number: _fitting(readings[number].letters, number) if readings else 0 for number in here}
        return sorted(here, key=lambda number: (-fit[number], -self.field.invoices(number), number))

    def _is_slip_of_a_letter(self) -> bool:
        """Say whether the digits may be right as printed, and one letter wrong."""
        return any(
            reading.letters.isalpha() and reading.is_plain and _fitting(reading.letters, int(reading.digits))
            for reading in self.readings
            if len(reading.digits) == _DIGITS
        )

    def _slipped(self, number: int, reading: Reading, *, rivals: Sequence[int] | None = None) -> Ray:
        """Point at a number one slip away whose letters fit; `rivals` of None says that no other code explains it."""
        is_known = number in self.field.sound
        if is_known:
            tier = Tier.SLIP if rivals is None else Tier.SLIP_AND_LETTERS
        else:
            tier = Tier.SLIP_AND_LETTERS if rivals else Tier.CONTRACT
        ray = self._ray(tier, reading, *_of_digits(reading, number), Reason.LETTERS_FIT)
        return ray._replace(rivals=self._codes(rivals or ()))

    def _ray(self, tier: Tier, reading: Reading | None, *reasons: Reason) -> Ray:
        code = self.code
        is_as_printed = reading is None or reading.is_plain
        told = {
            Reason.SEPARATORS: code.clean != code.cups,
            Reason.SELF_CONSUMPTION: code.check is Check.SELF_CONSUMPTION,
            Reason.COUNTRY_MISSING: not code.clean.startswith(("ES", "E5")),
            Reason.ZEROS_LOST: reading is not None and reading.is_padded,
            Reason.LOOK_ALIKES: not is_as_printed or code.clean.startswith("E5"),
        }
        suffix = reading.suffix if reading else code.suffix
        return Ray(code, tier, (*(reason for reason, holds in told.items() if holds), *reasons), suffix)

    def _codes(self, numbers: Iterable[int]) -> tuple[str, ...]:
        return tuple(self.field.star(number).target(self.code.facility_id).cups for number in numbers)


def _of_letters(reading: Reading) -> Reason:
    return Reason.LETTERS_WRONG if len(reading.letters) == 2 else Reason.LETTERS_MISSING  # noqa: PLR2004


def _of_digits(reading: Reading, number: int) -> tuple[Reason, ...]:
    """Name the slip between what was read and the number."""
    digits = f"{number:016}"
    if reading.digits == digits:
        return ()
    if len(reading.digits) != _DIGITS:
        return (Reason.DIGIT_MISSING if len(reading.digits) < _DIGITS else Reason.DIGIT_EXTRA,)
    differing = sum(one != other for one, other in zip(digits, reading.digits, strict=True))
    return (Reason.DIGIT_WRONG if differing == 1 else Reason.DIGITS_SWAPPED,)


def _fitting(letters: str, number: int) -> int:
    """Count the letters, printed as letters, that are right for the number; of one alone, in either place."""
    right = cups_codes.check_letters(f"{number:016}")
    if len(letters) == 1:
        return int(letters in right)
    return sum(one == other for one, other in zip(letters, right, strict=False))


def _may_be(letters: str, number: int) -> bool:
    """Say whether digits that stand for letters look like the number's; letters may be wrong."""
    if not letters or letters.isalpha():
        return True
    right = cups_codes.check_letters(f"{number:016}")
    return all(cups_codes.looks_like(seen, one) for seen, one in zip(letters, right, strict=False))
