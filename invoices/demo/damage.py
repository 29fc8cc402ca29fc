"""
How a CUPS gets damaged on its way from a bill to a row: one function a kind, named as `KINDS` names it.

Each takes a sound code of 20 or 22 characters and a generator, and returns what somebody wrote; the code itself where
this damage can't strike it. Plain Python.
"""

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType
from typing import Final

Damage = Callable[[str, Random], str]

_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
_DIGITS_AS_LETTERS: Final = MappingProxyType({"0": "OQD", "1": "IL", "2": "Z", "5": "S", "6": "G", "8": "B"})
_LETTERS_AS_DIGITS: Final = MappingProxyType({"B": "8", "D": "0", "G": "6", "L": "1", "Q": "0", "S": "5", "Z": "2"})
# Where the 16 digits begin and end, and where the distributor's own begin.
_BODY, _OWN, _BODY_END, _CODE_END = 2, 6, 18, 20


def lower_case(code: str, chance: Random) -> str:
    return code.lower()


def mixed_case(code: str, chance: Random) -> str:
    return f"Es{code[2:_BODY_END]}{code[_BODY_END:].lower()}"


def spaces(code: str, chance: Random) -> str:
    return " ".join(_fours(code))


def no_break_spaces(code: str, chance: Random) -> str:
    return "\N{NO-BREAK SPACE}".join(_fours(code))


def hyphens(code: str, chance: Random) -> str:
    return "-".join([code[:2], code[2:6], code[6:_BODY_END], code[_BODY_END:]])


def dots(code: str, chance: Random) -> str:
    return ".".join(_fours(code))


def slashes(code: str, chance: Random) -> str:
    return "/".join([code[:6], code[6:_BODY_END], code[_BODY_END:]])


def label(code: str, chance: Random) -> str:
    return f"CUPS: {code}"


def suffix_added(code: str, chance: Random) -> str:
    return f"{code}{chance.choice(['0F', '0F', '1P'])}" if len(code) == _CODE_END else code


def suffix_dropped(code: str, chance: Random) -> str:
    return code[:_CODE_END]


def suffix_exchanged(code: str, chance: Random) -> str:
    """Write another border point: it may be another meter of the same supply."""
    return code if len(code) == _CODE_END else code[:_CODE_END] + ("1P" if code.endswith("0F") else "0F")


def letters_cut(code: str, chance: Random) -> str:
    return code[:_BODY_END]


def letter_cut(code: str, chance: Random) -> str:
    return code[: _CODE_END - 1]


def letters_misread(code: str, chance: Random) -> str:
    at = chance.choice([_BODY_END, _BODY_END + 1])
    return _with(code, at, chance.choice([letter for letter in _LETTERS if letter != code[at]]))


def letters_read_as_digits(code: str, chance: Random) -> str:
    letters = "".join(_LETTERS_AS_DIGITS.get(letter, letter) for letter in code[_BODY_END:_CODE_END])
    return code[:_BODY_END] + letters + code[_CODE_END:]


def digits_read_as_letters(code: str, chance: Random) -> str:
    """Read one or two of the digits as a machine does that reads a bad scan."""
    likely = [at for at in range(_OWN, _BODY_END) if code[at] in _DIGITS_AS_LETTERS]
    for at in chance.sample(likely, min(len(likely), 2)):
        code = _with(code, at, chance.choice(_DIGITS_AS_LETTERS[code[at]]))
    return code


def digit_wrong(code: str, chance: Random) -> str:
    at = chance.randrange(_OWN, _BODY_END)
    return _with(code, at, chance.choice([digit for digit in "0123456789" if digit != code[at]]))


def digit_missing(code: str, chance: Random) -> str:
    at = chance.randrange(_OWN, _BODY_END)
    return code[:at] + code[at + 1 :]


def digit_extra(code: str, chance: Random) -> str:
    """Write one digit twice."""
    at = chance.randrange(_OWN, _BODY_END)
    return code[:at] + code[at] + code[at:]


def digits_swapped(code: str, chance: Random) -> str:
    differing = [at for at in range(_OWN, _BODY_END - 1) if code[at] != code[at + 1]]
    at = chance.choice(differing) if differing else _OWN
    return code[:at] + code[at + 1] + code[at] + code[at + 2 :]


def country_missing(code: str, chance: Random) -> str:
    return code[2:]


def country_misread(code: str, chance: Random) -> str:
    return f"E5{code[2:]}"


def zeros_lost(code: str, chance: Random) -> str:
    """Let a spreadsheet take the digits for a number."""
    return code[_BODY:_BODY_END].lstrip("0")


def scientific_notation(code: str, chance: Random) -> str:
    """Let a Spanish spreadsheet print that number too: which supply it was can't be told any more."""
    return f"{int(code[_BODY:_BODY_END]):.5E}".replace(".", ",")


def self_consumption(code: str, chance: Random) -> str:
    """Write the code of the self-consumption (CAU) in its place."""
    return f"{code}A000"


def producer(code: str, chance: Random) -> str:
    """Write the code of the generator behind the meter (CIL) in its place."""
    return f"{code[:_CODE_END]}001"


def contract_number(code: str, chance: Random) -> str:
    return f"C-{chance.randrange(10**8, 10**9)}"


def meter_number(code: str, chance: Random) -> str:
    return f"ZIV{chance.randrange(10**9, 10**10)}"


KINDS: Final[Mapping[str, Damage]] = MappingProxyType(
    {
        damage.__name__: damage
        for damage in (
            *(lower_case, mixed_case, spaces, no_break_spaces, hyphens, dots, slashes, label),
            *(suffix_added, suffix_dropped, suffix_exchanged),
            *(letters_cut, letter_cut, letters_misread, letters_read_as_digits, digits_read_as_letters),
            *(digit_wrong, digit_missing, digit_extra, digits_swapped),
            *(country_missing, country_misread, zeros_lost, scientific_notation),
            *(self_consumption, producer, contract_number, meter_number),
        )
    }
)


def _fours(code: str) -> list[str]:
    return [code[at : at + 4] for at in range(0, len(code), 4)]


def _with(code: str, at: int, character: str) -> str:
    return code[:at] + character + code[at + 1 :]
