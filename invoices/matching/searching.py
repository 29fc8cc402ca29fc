"""Which supply a damaged code points at. Plain Python; the package says by which rules."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

from invoices import cups as cups_codes
from invoices.cups import Check, Reading
from invoices.matching import slips
from invoices.matching.field import Field, letters_of, supply_of
from invoices.matching.found import Code, Reason, Tier
from invoices.matching.stars import Ray, Star

_DIGITS: Final = 16
# What the first four digits of 16 count in.
_OWN: Final = 10**12
_DISTRIBUTORS: Final = {int(first_four) for first_four in cups_codes.DISTRIBUTORS}
_MODULUS: Final = len(cups_codes.LETTERS)


class Search:
    """
    The search for one damaged code's supply.

    What is `proven` has its letters right in some reading, what is `repaired` is one slip away and both letters fit it,
    what is `plain` is printed in 16 digits and has its letters lost or wrong: each by the number of the 16 digits.
    """

    def __init__(self, known: Field, code: Code) -> None:
        self.known = known
        self.code = code
        self.readings = () if code.letters_ok or code.check is Check.OTHER else cups_codes.readings(code.clean)

    def certain(self) -> tuple[int, Ray] | None:
        """Return the supply where it is as good as certain: tiers 0 to 2, and 4 where the letters leave one code."""
        if self.proven:
            return self._only(self.proven)
        for number in self._known(self.repaired):
            if self._is_sole(number) and not self._is_slip_of_a_letter():
                tier = Tier.SLIP if number in self.known.first else Tier.CONTRACT
                return number, self._slipped(tier, number, self.repaired[number])
        if found := self._only(self.plain):
            return self._contested(*found)
        return None

    def likely(self) -> tuple[int, Ray] | None:
        """
        Return the likeliest supply one slip away where it is not certain: tiers 3 and 4.

        Those that both letters fit come first, then those at the code's own facility, then those that one letter fits,
        then those of the most invoices. The others at that place are the rivals.
        """
        if fitting := self._nearest(self._known(self.repaired), self.repaired):
            number, *rivals = fitting
            is_signed = number not in self.known.first and not rivals
            tier = Tier.CONTRACT if is_signed else Tier.SLIP_AND_LETTERS
            return number, self._slipped(tier, number, self.repaired[number], rivals)
        near = self._near()
        if known := self._nearest(self._known(near), near):
            number, *rivals = known
            reading = near[number]
            reasons = (*_of_digits(reading, number), _of_letters(reading))
            return number, self._ray(Tier.SLIP_AND_LETTERS, reading, reasons, rivals)
        return None

    def same_digits(self) -> dict[int, Ray]:
        """Return the numbers that no sound code and no contract names, but perhaps another damaged code."""
        rays = self.proven or self.plain
        centres = self.known.centres
        return {
            number: ray
            for number, ray in rays.items()
            if number not in centres and self.known.is_open(self.code, supply_of(number))
        }

    @cached_property
    def proven(self) -> dict[int, Ray]:
        if self.code.letters_ok:
            return {int(self.code.body16): self._ray(Tier.SAME, None, (Reason.LETTERS_FIT,))}
        return {
            int(reading.digits): self._ray(Tier.SAME, reading, (Reason.LETTERS_FIT,))
            for reading in reversed(self.readings)
            if _is_whole(reading) and int(reading.digits) % _MODULUS in cups_codes.remainders(reading.letters)
        }

    @cached_property
    def plain(self) -> dict[int, Ray]:
        return {
            int(reading.digits): self._ray(Tier.LETTERS, reading, (_of_letters(reading),))
            for reading in reversed(self.readings)
            if _is_whole(reading) and reading.is_plain
        }

    @cached_property
    def repaired(self) -> dict[int, Reading]:
        found: dict[int, Reading] = {}
        for reading in self.readings:
            if reading.letters.isalpha() and (fitting := cups_codes.remainders(reading.letters)):
                found |= {number: reading for number in slips.undone(reading.digits) if number % _MODULUS in fitting}
        return found

    def _near(self) -> dict[int, Reading]:
        """Return the known numbers one slip from a reading, or just as it is read."""
        found: dict[int, Reading] = {}
        for reading in reversed(self.readings):
            numbers = self.known.centres.intersection(slips.undone(reading.digits))
            found |= {number: reading for number in numbers if _may_be(reading.letters, number)}
        as_read = [(int(reading.digits), reading) for reading in reversed(self.readings) if _is_whole(reading)]
        known = self._known(number for number, _ in as_read)
        return found | {number: one for number, one in as_read if number in known and _may_be(one.letters, number)}

    def _only(self, rays: Mapping[int, Ray]) -> tuple[int, Ray] | None:
        """Return the only known number, or the only one at the code's own facility."""
        known = self._at_best_place(self._known(rays))
        return (known[0], rays[known[0]]) if len(known) == 1 else None

    def _contested(self, number: int, ray: Ray) -> tuple[int, Ray] | None:
        """
        Name the rivals of a number whose digits are as printed: those that both printed letters fit, one slip away.

        Return None where only they are at the code's own facility.
        """
        rivals = self._known(self.repaired)
        if number not in self._at_best_place([number, *rivals]):
            return None
        return number, ray._replace(rivals=self._codes(rivals))

    def _known(self, numbers: Iterable[int]) -> list[int]:
        centres = self.known.centres
        return [number for number in numbers if number in centres and self.known.is_open(self.code, supply_of(number))]

    def _at_best_place(self, numbers: Sequence[int]) -> Sequence[int]:
        return [number for number in numbers if self.known.is_at(number, self.code.facility_id)] or numbers

    def _nearest(self, numbers: Sequence[int], readings: Mapping[int, Reading]) -> list[int]:
        """Return those at the best place, the likeliest first."""

        def order(number: int) -> tuple[int, int, int]:
            invoices = sum(code.invoice_count for code in self.known.sound(number))
            return -_fitting(readings[number].letters, number), -invoices, number

        return sorted(self._at_best_place(numbers), key=order)

    def _is_sole(self, number: int) -> bool:
        """Say whether no other code fits, known or not, of the same distributor or of one that there is."""
        distributors = _DISTRIBUTORS | {number // _OWN}
        return not any(other // _OWN in distributors for other in self.repaired if other != number)

    def _is_slip_of_a_letter(self) -> bool:
        """Say whether the digits may be right as printed, and one letter wrong."""
        whole = [reading for reading in self.readings if _is_whole(reading) and reading.letters.isalpha()]
        return any(_fitting(reading.letters, int(reading.digits)) for reading in whole)

    def _slipped(self, tier: Tier, number: int, reading: Reading, rivals: Iterable[int] = ()) -> Ray:
        return self._ray(tier, reading, (*_of_digits(reading, number), Reason.LETTERS_FIT), rivals)

    def _ray(self, tier: Tier, reading: Reading | None, reasons: tuple[Reason, ...], rivals: Iterable[int] = ()) -> Ray:
        told = tuple(_of_writing(self.code, reading))
        return Ray(
            self.code, tier, told + reasons, reading.suffix if reading else self.code.suffix, self._codes(rivals)
        )

    def _codes(self, numbers: Iterable[int]) -> tuple[str, ...]:
        return tuple(Star.of(number, self.known).target(self.code.facility_id).cups for number in numbers)


def _is_whole(reading: Reading) -> bool:
    return len(reading.digits) == _DIGITS


def _of_writing(code: Code, reading: Reading | None) -> Iterable[Reason]:
    """Yield what is odd about how a code is written, digits and letters apart."""
    if code.clean != code.cups:
        yield Reason.SEPARATORS
    if code.check is Check.SELF_CONSUMPTION:
        yield Reason.SELF_CONSUMPTION
    if not code.clean.startswith(("ES", "E5")):
        yield Reason.COUNTRY_MISSING
    if reading and reading.is_padded:
        yield Reason.ZEROS_LOST
    if code.clean.startswith("E5") or (reading and not reading.is_plain):
        yield Reason.LOOK_ALIKES


def _of_letters(reading: Reading) -> Reason:
    return Reason.LETTERS_WRONG if len(reading.letters) == cups_codes.LETTERS_COUNT else Reason.LETTERS_MISSING


def _of_digits(reading: Reading, number: int) -> tuple[Reason, ...]:
    """Name the slip between what was read and the number."""
    digits = f"{number:016}"
    if reading.digits == digits:
        return ()
    if not _is_whole(reading):
        return (Reason.DIGIT_MISSING if len(reading.digits) < _DIGITS else Reason.DIGIT_EXTRA,)
    differing = sum(one != other for one, other in zip(digits, reading.digits, strict=True))
    return (Reason.DIGIT_WRONG if differing == 1 else Reason.DIGITS_SWAPPED,)


def _fitting(letters: str, number: int) -> int:
    """Count the letters, printed as such, that are right for the number; of one alone, in either place."""
    right = letters_of(number)
    if len(letters) == 1:
        return int(letters in right)
    return sum(one == other for one, other in zip(letters, right, strict=False))


def _may_be(letters: str, number: int) -> bool:
    """Say whether digits that stand for letters look like the number's; letters may be wrong."""
    if not letters or letters.isalpha():
        return True
    return all(cups_codes.looks_like(seen, one) for seen, one in zip(letters, letters_of(number), strict=False))
