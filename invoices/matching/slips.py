"""One slip of the pen in the 16 digits of a CUPS: one wrong, two swapped, one missing, one too many. Plain Python."""

from collections.abc import Iterable
from itertools import chain
from typing import Final

_DIGITS: Final = 16
_POWERS: Final = tuple(10**place for place in range(_DIGITS))
# What another digit in a place adds to the number, and what two neighbours add that change places.
_WRONG: Final = tuple(
    {str(seen): tuple((other - seen) * power for other in range(10) if other != seen) for seen in range(10)}
    for power in reversed(_POWERS)
)
_SWAPPED: Final = tuple(
    {f"{a}{b}": ((b - a) * (power - power // 10),) if a != b else () for a in range(10) for b in range(10)}
    for power in reversed(_POWERS[1:])
)


def undone(digits: str) -> Iterable[int]:
    """
    Return the numbers of 16 digits that one slip makes these digits of, some of them twice: about 160.

    Of 15 digits one is missing, of 17 one is too many, of 16 one is wrong or two are swapped; any other count is more
    than one slip.
    """
    number = int(digits)
    if len(digits) == _DIGITS:
        return map(number.__add__, chain(_wrong(digits), _swapped(digits)))
    if len(digits) == _DIGITS - 1:
        return chain.from_iterable(_with_one_more(number, power) for power in _POWERS)
    if len(digits) == _DIGITS + 1:
        return [number // power // 10 * power + number % power for power in (*_POWERS, 10**_DIGITS)]
    return ()


def _wrong(digits: str) -> Iterable[int]:
    return chain.from_iterable([steps[seen] for steps, seen in zip(_WRONG, digits, strict=True)])


def _swapped(digits: str) -> Iterable[int]:
    return chain.from_iterable([steps[digits[at : at + 2]] for at, steps in enumerate(_SWAPPED)])


def _with_one_more(number: int, power: int) -> range:
    """Return the ten numbers with one digit more in one place."""
    first = number // power * power * 10 + number % power
    return range(first, first + 10 * power, power)
