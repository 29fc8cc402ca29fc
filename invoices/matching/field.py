"""All codes and contracts of an organization, as a search needs them. Plain Python."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from invoices import cups as cups_codes
from invoices.cups import Check
from invoices.matching.found import Code, Contract, Dismissed

SOUND: Final = (Check.VALID, Check.NOT_CLEAN, Check.LOOK_ALIKE)


class Signed(NamedTuple):
    """What a contract says of a supply: where it is, and the border point in its code."""

    facility_id: UUID
    suffix: str


class Field:
    """
    Sound codes and contracts by their 16 digits read as a number, and the other codes.

    A sound code alone of its number makes no list: nine in ten codes are never looked at again.
    """

    def __init__(
        self, codes: Iterable[Code], contracts: Iterable[Contract] = (), dismissed: Collection[Dismissed] = ()
    ) -> None:
        self.damaged: list[Code] = []
        self.first: dict[int, Code] = {}
        self.further: dict[int, list[Code]] = {}
        self.dismissed = frozenset(dismissed)
        self._file(codes)
        self.signed = _signed(contracts)
        self.centres = self.first.keys() | self.signed.keys()

    def sound(self, number: int) -> Sequence[Code]:
        """Return the sound codes with these digits."""
        first = self.first.get(number)
        return (first, *self.further.get(number, ())) if first else ()

    def all_sound(self) -> Iterator[Code]:
        yield from self.first.values()
        for codes in self.further.values():
            yield from codes

    def is_at(self, number: int, facility_id: UUID) -> bool:
        """Say whether the supply is known to be at a facility, by a sound code or by a contract."""
        if any(code.facility_id == facility_id for code in self.sound(number)):
            return True
        return any(contract.facility_id == facility_id for contract in self.signed.get(number, ()))

    def is_open(self, code: Code, supply: str) -> bool:
        """Say whether nobody said that the code is not this supply."""
        return not self.dismissed or (code.cups, code.facility_id, supply) not in self.dismissed

    def _file(self, codes: Iterable[Code]) -> None:
        valid, not_clean, look_alike = SOUND
        first, damaged = self.first, self.damaged
        for code in codes:
            check = code.check
            if check is valid or check is not_clean or check is look_alike:
                number = int(code.body16)
                if first.setdefault(number, code) is not code:
                    self.further.setdefault(number, []).append(code)
            else:
                damaged.append(code)


def supply_of(number: int) -> str:
    """Return the 20 characters of the supply with these 16 digits."""
    return f"ES{number:016}{letters_of(number)}"


def letters_of(number: int) -> str:
    return cups_codes.LETTERS[number % len(cups_codes.LETTERS)]


def _signed(contracts: Iterable[Contract]) -> Mapping[int, list[Signed]]:
    signed: dict[int, list[Signed]] = {}
    for contract in contracts:
        parsed = cups_codes.parse(contract.cups)
        if parsed.supply:
            signed.setdefault(int(parsed.body16), []).append(Signed(contract.facility_id, parsed.suffix))
    return signed
