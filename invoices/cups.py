"""
What a CUPS is: read one code, check it, repair it, show it. Plain Python.

The "Código Universal del Punto de Suministro" names one supply point of electricity or gas in Spain: `ES`, 16 digits of
which the first four are the distributor's, two check letters, and for electricity optionally a border point of a digit
and a letter, as `0F`. The supply is the first 20 characters; `0F` printed or not, it is the same one.

The check flags, it never blocks: what may be stored as a code is said by `acceptable`, and that is almost any text.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from string import ascii_lowercase, ascii_uppercase
from types import MappingProxyType
from typing import Final, NamedTuple

from stdnum.es import cups as published

MAX_LENGTH: Final = 64

# Who owns the first four digits. An unknown one is a hint, never an error.
DISTRIBUTORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "0021": "i-DE (Iberdrola)",
        **dict.fromkeys(("0022", "0390", "0397"), "UFD (Naturgy)"),
        **dict.fromkeys(("0023", "0024", "0029", "0031", "0120", "0288", "0363", "0396"), "e-distribución (Endesa)"),
        "0026": "E-REDES (EDP)",
        "0027": "Viesgo",
    }
)

# The check letters by what the 16 digits leave mod 529, as python-stdnum works them out.
LETTERS_COUNT: Final = 2
LETTERS: Final = tuple(published.calc_check_digits(f"ES{remainder:016}") for remainder in range(529))


class Check(StrEnum):
    """What the CUPS check says of a code as it is written."""

    VALID = "valid"  # capitals, no separators, 20 or 22 characters, letters right
    NOT_CLEAN = "not_clean"  # valid once case, separators and a label are put right
    LOOK_ALIKE = "look_alike"  # valid once O, I, S … are read as digits, or digits as check letters
    LETTERS_MISSING = "letters_missing"  # 16 digits, and one check letter or none
    LETTERS_WRONG = "letters_wrong"  # every character in its place, and the letters do not fit the digits
    DAMAGED = "damaged"  # meant to be a CUPS: digits missing or too many, no `ES`, an impossible border point
    SELF_CONSUMPTION = "self_consumption"  # a CAU (CUPS, `A`, 3 digits) or a CIL (CUPS, 3 digits)
    OTHER = "other"  # a contract or meter number, a spreadsheet's 3,14E+15, text


class Problem(StrEnum):
    """Why a text can't be stored as a code."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    CONTROL = "control"
    DIRECTION = "direction"
    INVISIBLE = "invisible"
    SURROGATE = "surrogate"


class NotAcceptable(ValueError):
    """
    The text can't be stored as a code: `problem` says why, `character` names the one at fault ("U+200B") if one is.

    The message is a sentence in English; who speaks another language has both to say it with.
    """

    def __init__(self, problem: Problem, message: str, *, character: str = "") -> None:
        self.problem = problem
        self.character = character
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Parsed:
    """
    One code, read.

    `clean` is what is written in capitals, without separators and label; nothing else in it is repaired. `body16` are
    the 16 digits, repaired, or "" where it is not certain which they are; `letters` are those printed after them, as
    printed; `suffix` is the border point, repaired; `expected_letters` are right for `body16`.
    """

    written: str
    clean: str
    check: Check
    body16: str = ""
    letters: str = ""
    suffix: str = ""
    expected_letters: str = ""

    @property
    def supply(self) -> str:
        """The 20 characters that name the supply point, if the code is sound once it is put right; else ""."""
        return f"ES{self.body16}{self.expected_letters}" if self.check in _SOUND else ""


class Reading(NamedTuple):
    """
    One way to read a damaged code.

    `digits` are 15 to 17, as one may be lost or too many; `letters` are 0 to 2 check letters as printed, or digits that
    look like some; `suffix` is the border point. `is_plain` says that digits are printed as digits and letters as
    letters, `is_padded` that zeros were put in front of the digits, which a spreadsheet takes away.
    """

    digits: str
    letters: str
    suffix: str
    is_plain: bool = True
    is_padded: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """
    A group of characters as a person reads a code.

    `marks` has a flag for each character of `text`: one to look at. `missing` says how many characters lack at its end.
    """

    text: str
    marks: tuple[bool, ...]
    missing: int = 0


def parse(code: str) -> Parsed:
    """
    Read any text as a code; never raise.

    Each look-alike stands for one digit and the letters follow from the digits, so no text has two readings that fit.
    """
    if shape := _CUPS.fullmatch(code):
        body16, letters, suffix = shape.groups("")
        if letters == (expected := check_letters(body16)):
            return Parsed(code, code, Check.VALID, body16, letters, suffix, expected)
    if len(code) > _LONGEST:
        return Parsed(code, code, Check.OTHER)
    clean = _clean(code)
    for check, pattern, must_fit in _READINGS:
        if (shape := pattern.fullmatch(clean)) and (not must_fit or _letters_fit(shape)):
            return _parsed(code, clean, check, shape)
    return Parsed(code, clean, Check.DAMAGED if _is_meant_as_cups(code, clean) else Check.OTHER)


def check_letters(body16: str) -> str:
    """
    Return the two check letters of the 16 digits.

    With r = digits mod 529 and q, m = divmod(r, 23) they are T[q] and T[m], T = "TRWAGMYFPDXBNJZSQVHLCKE", as
    python-stdnum's `stdnum.es.cups` has it after https://es.wikipedia.org/wiki/Código_Unificado_de_Punto_de_Suministro.
    Worked: 1234123456789012 → 305 → 13, 6 → JY.

    Raise ValueError unless these are 16 digits.
    """
    if not (len(body16) == _DIGITS and body16.isascii() and body16.isdigit()):
        raise ValueError(f"Check letters are worked out from 16 digits, not from {body16[:MAX_LENGTH]!r}")
    return LETTERS[int(body16) % len(LETTERS)]


def readings(code: str) -> tuple[Reading, ...]:
    """
    Return every way to read a code that is damaged, the plainest first; none of a text that was never a CUPS.

    Where digits end and letters begin is not certain (B, D, G, L, Q, S and Z are check letters and look like digits),
    nor whether what looks like a border point is one. Which reading is right, the letters choose: see `remainders`.
    """
    if len(code) > _LONGEST:
        return ()
    clean = _clean(code)
    has_country = clean.startswith(("ES", "E5"))
    found: dict[Reading, None] = {}
    for core, suffix in _without_ends(clean[2:] if has_country else clean):
        for count in (2, 1, 0):
            cut = len(core) - count
            for reading in _read(core[:cut], core[cut:], suffix, has_country=has_country):
                found[reading] = None
    return tuple(sorted(found, key=lambda reading: (not reading.is_plain, reading.is_padded)))


def remainders(letters: str) -> frozenset[int]:
    """
    Return what 16 digits leave mod 529 whose check letters these two may be, look-alikes counted; none of other texts.

    One for two legal letters; O may be Q or D.
    """
    if len(letters) != LETTERS_COUNT:
        return frozenset()
    if letters in _REMAINDERS:
        return frozenset((_REMAINDERS[letters],))
    first, second = (_LETTERS_SEEN.get(seen, seen) for seen in letters)
    return frozenset(_REMAINDERS[pair] for one in first for two in second if (pair := one + two) in _REMAINDERS)


def is_scientific(clean: str) -> bool:
    """Say whether this clean form is a number as a spreadsheet prints it: which code it was can't be told any more."""
    return bool(_SCIENTIFIC_CLEAN.fullmatch(clean))


def looks_like(seen: str, letter: str) -> bool:
    """Say whether what stands where a check letter is due is that letter, or looks like it."""
    return letter in _LETTERS_SEEN.get(seen, seen)


def as_digits(text: str) -> str:
    """Return the text with every character that looks like a digit as that digit."""
    return text.translate(_DIGIT_SEEN)


def complete(code: str) -> str:
    """
    Return the CUPS that is meant, with the right letters, or "" where its 16 digits are not certain.

    Of a self-consumption code it is the CUPS that it starts with.
    """
    parsed = parse(code)
    return f"ES{parsed.body16}{parsed.expected_letters}{parsed.suffix}" if parsed.body16 else ""


def is_complete(code: str) -> bool:
    """Say whether the code has all that a CUPS has, 20 characters or 22, be its letters right or not."""
    parsed = parse(code)
    return bool(parsed.body16) and len(parsed.clean) in (20, 22)


def acceptable(text: str) -> str:
    """
    Return the text without outer blanks, as it may be stored: 1 to 64 characters that can be seen, of any format.

    Raise NotAcceptable.
    """
    trimmed = text.strip()
    if not trimmed:
        raise NotAcceptable(Problem.EMPTY, "The code is empty.")
    if len(trimmed) > MAX_LENGTH:
        raise NotAcceptable(
            Problem.TOO_LONG, f"The code has {len(trimmed)} characters; it can have {MAX_LENGTH} at most."
        )
    for character in trimmed:
        if problem := _problem(character):
            name = f"U+{ord(character):04X}"
            raise NotAcceptable(problem, f"The code contains {_NAMES[problem]} ({name}).", character=name)
    return trimmed


def differ(a: str, b: str) -> bool:
    """Say whether both codes are sound and name different supplies: joining them is hardly ever meant."""
    first, second = parse(a).supply, parse(b).supply
    return bool(first and second and first != second)


def distributor(code: str) -> str:
    """Return the name of the distributor that the code's first digits stand for, or "" if none is known."""
    parsed = parse(code)
    first_four = parsed.body16[:4] or (parsed.clean[2:6] if parsed.clean.startswith("ES") else "")
    return DISTRIBUTORS.get(first_four, "")


def segments(code: str) -> tuple[Segment, ...]:
    """
    Cut the code into the groups in which a person reads it; joined, they are the code exactly as written.

    A CUPS comes as `ES`, four fours of digits, the letters, the border point and what follows; another code that starts
    like one in fours; any other text in one piece. Separators go with the group before them.
    """
    parsed = parse(code)
    if not parsed.clean.startswith(("ES", "E5")) or parsed.check is Check.OTHER:
        return (Segment(code, (False,) * len(code)),) if code else ()
    places = _places(code, parsed.clean)
    right = dict(zip(places, _right(parsed), strict=False))
    marks = tuple(right.get(at) != character for at, character in enumerate(code))
    lacking = 2 - len(parsed.letters) if parsed.check is Check.LETTERS_MISSING else 0

    ahead = places[0]  # a label, or blanks
    cut = [Segment(code[:ahead], marks[:ahead])] if ahead else []
    for number, (start, end) in enumerate(pairwise(_bounds(parsed))):
        text = slice(places[start], places[end])
        cut.append(Segment(code[text], marks[text], lacking if number == _LETTERS else 0))
    return tuple(cut)


_SOUND: Final = frozenset({Check.VALID, Check.NOT_CLEAN, Check.LOOK_ALIKE})
# Nothing longer than this is looked into.
_LONGEST: Final = 4 * MAX_LENGTH
# How many digits a CUPS has, where its letters begin, and the number of their segment: after `ES` and four fours.
_DIGITS: Final = 16
_LETTERS_AT: Final = 18
_LETTERS: Final = 5

_CAPITALS: Final = str.maketrans(ascii_lowercase, ascii_uppercase)  # no others: ſ is nobody's S
# Blanks, dots, slashes, every dash, and what is not even seen.
_SEPARATOR: Final = (
    r"\s./_·−\-\u00ad\u058a\u061c\u180e\u200b-\u2015\u202a-\u202e\u2060-\u206f\u2e3a\u2e3b\ufe58\ufe63\ufeff\uff0d"
)
_SEPARATORS: Final = re.compile(f"[{_SEPARATOR}]+")
_OTHERS: Final = re.compile(f"[^{_SEPARATOR}]")
_LABEL: Final = re.compile(r"\A(?:CUPS:?)+(?=E[S5]|[0-9])")

_DIGIT_SEEN: Final = str.maketrans("OQDILZSGB", "000112568")
_REMAINDERS: Final = MappingProxyType({letters: remainder for remainder, letters in enumerate(LETTERS)})
# What is meant where a check letter is due and something stands that is none.
_LETTERS_SEEN: Final = MappingProxyType(
    {"0": "QD", "O": "QD", "1": "L", "I": "L", "2": "Z", "5": "S", "6": "G", "8": "B"}
)

_BORDER_POINT: Final = "[0-9][FPRCXYZ]"
_SHAPE: Final = f"ES([0-9]{{16}})([A-Z]{{2}})({_BORDER_POINT})?"
_CUPS: Final = re.compile(f"ES([0-9]{{16}})([A-HJ-NP-TV-Z]{{2}})({_BORDER_POINT})?")
# In this order: what a code is if it has the shape and, where that is asked, the letters fit.
_READINGS: Final = (
    (Check.NOT_CLEAN, _CUPS, True),
    (Check.LOOK_ALIKE, re.compile("E[S5]([0-9BDGILOQSZ]{16})([0-9A-Z]{2})([0-9BDGILOQSZ][FPRCXYZ])?"), True),
    (Check.LETTERS_WRONG, re.compile(_SHAPE), False),
    (Check.SELF_CONSUMPTION, re.compile(f"{_SHAPE}A?[0-9]{{3}}"), False),
    (Check.LETTERS_MISSING, re.compile(f"ES([0-9]{{16}})([A-Z]?)({_BORDER_POINT})?"), False),
    # What is wrong casts doubt on the digits too, so the letters are taken only as printed.
    (Check.DAMAGED, re.compile(f"(?:ES)?([0-9]{{16}})([A-HJ-NP-TV-Z]{{2}})({_BORDER_POINT})?.*", re.DOTALL), True),
)
# What a reading of a damaged code may take for digits, letters, a border point and the end of a CAU.
_DIGITS_READ: Final = re.compile("[0-9BDGILOQSZ]{13,17}")
_LETTERS_READ: Final = re.compile("[A-ZÑ012568]{0,2}")
_BORDER_READ: Final = re.compile("[0-9BDGILOQSZ][FPRCXYZ]")
_COLLECTIVE: Final = re.compile("A[0-9]{3}")
# A spreadsheet's way with numbers: which one it was can't be told any more.
_SCIENTIFIC: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E[+-]?[0-9]+", re.IGNORECASE)
_SCIENTIFIC_CLEAN: Final = re.compile(r"[0-9],?[0-9]*E\+?[0-9]+")  # dots and hyphens are gone

_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Fillers and variation selectors: drawn as nothing, though Unicode does not count them as format characters.
_FILLERS: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_PROBLEMS: Final = MappingProxyType(
    {
        **dict.fromkeys(("Cc", "Zl", "Zp"), Problem.CONTROL),
        "Cf": Problem.INVISIBLE,
        "Cs": Problem.SURROGATE,
    }
)
_NAMES: Final = MappingProxyType(
    {
        Problem.CONTROL: "a control character",
        Problem.DIRECTION: "a character that changes the direction of writing",
        Problem.INVISIBLE: "a character that can't be seen",
        Problem.SURROGATE: "half of a character",
    }
)


def _clean(code: str) -> str:
    return _LABEL.sub("", _SEPARATORS.sub("", code).translate(_CAPITALS))


def _parsed(code: str, clean: str, check: Check, shape: re.Match[str]) -> Parsed:
    body16, letters, suffix = shape.groups("")
    body16 = body16.translate(_DIGIT_SEEN)
    suffix = suffix[:1].translate(_DIGIT_SEEN) + suffix[1:]
    return Parsed(code, clean, check, body16, letters, suffix, check_letters(body16))


def _without_ends(text: str) -> Iterator[tuple[str, str]]:
    """Yield what may be digits and letters, and the border point after them, with and without what may be an end."""
    for core in (text, text[:-4]) if _COLLECTIVE.fullmatch(text[-4:]) else (text,):
        yield core, ""
        if _BORDER_READ.fullmatch(core[-2:]):
            yield core[:-2], core[-2].translate(_DIGIT_SEEN) + core[-1]


def _read(digits: str, letters: str, suffix: str, *, has_country: bool) -> Iterator[Reading]:
    if not (_DIGITS_READ.fullmatch(digits) and _LETTERS_READ.fullmatch(letters)):
        return
    is_plain = digits.isdigit() and (letters.isalpha() or not letters)
    digits = digits.translate(_DIGIT_SEEN)
    if len(digits) >= _DIGITS - 1:
        yield Reading(digits, letters, suffix, is_plain)
    if not has_country and len(digits) < _DIGITS:
        yield Reading(digits.zfill(_DIGITS), letters, suffix, is_plain, is_padded=True)


def _letters_fit(shape: re.Match[str]) -> bool:
    """Say whether what stands at 19 and 20 is, or looks like, the letters of what stands before."""
    expected = check_letters(shape[1].translate(_DIGIT_SEEN))
    return all(looks_like(seen, right) for right, seen in zip(expected, shape[2], strict=True))


def _is_meant_as_cups(code: str, clean: str) -> bool:
    """Say whether this starts like a CUPS and goes on mostly in digits, or has about as many digits as one."""
    digits = sum("0" <= character <= "9" for character in clean)
    if clean.startswith(("ES", "E5")):
        return 2 * digits >= len(clean) - 2 > 0
    others = len(clean) - digits
    return digits in range(13, 23) and others in range(5) and not _SCIENTIFIC.fullmatch(code.strip())


def _problem(character: str) -> Problem | None:
    if character in _DIRECTIONS:
        return Problem.DIRECTION
    if _FILLERS.match(character):
        return Problem.INVISIBLE
    return _PROBLEMS.get(unicodedata.category(character))


def _places(code: str, clean: str) -> list[int]:
    """Return where each character of the clean code stands in the text, and where the text ends."""
    places = [other.start() for other in _OTHERS.finditer(code)]
    return [*places[len(places) - len(clean) :], len(code)]  # what is left of a label stands in front


def _right(parsed: Parsed) -> Iterator[str]:
    """Yield for each character of the clean code the right one, or "" where it is wrong and nobody knows the right."""
    known = "ES" if parsed.check is Check.DAMAGED else f"ES{parsed.body16}"
    if parsed.check not in {Check.DAMAGED, Check.LETTERS_MISSING}:
        known += parsed.expected_letters + parsed.suffix
    for at, character in enumerate(parsed.clean):
        if at < len(known):
            yield known[at]
        else:
            yield character if at >= _LETTERS_AT or character in "0123456789" else ""


def _bounds(parsed: Parsed) -> list[int]:
    """Return where the groups of the clean code begin, and where the last one ends."""
    end = len(parsed.clean)
    if parsed.check is Check.DAMAGED:
        return [0, *range(2, end, 4), end]
    suffix_at = _LETTERS_AT + len(parsed.letters)
    rest_at = suffix_at + len(parsed.suffix)
    return [
        0,
        2,
        6,
        10,
        14,
        _LETTERS_AT,
        *([suffix_at] if parsed.suffix else []),
        *([rest_at] if rest_at < end else []),
        end,
    ]
