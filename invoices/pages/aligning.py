"""Codes one under the other: what differs stands in one column, also where a character is missing or extra."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import accumulate, groupby, takewhile
from typing import Final

from invoices import cups as cups_codes


class Kind(StrEnum):
    """What a piece of a code is, beside the code that it is compared with."""

    SAME = "same"
    DIFFERS = "differs"  # another character in its place, two swapped, or one too many
    LACKING = "lacking"  # the other code has characters here
    BLANK = "blank"  # another of the codes has characters here, which neither this one nor the first has


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of one kind; of what is not there, `text` is a dot for each that lacks, to be drawn and not copied."""

    text: str
    kind: Kind


# What is ordinary (a separator, a capital, an end that is not printed) costs less, so that digits find their own.
_EDIT: Final = 4
_SLIGHT: Final = 1

Line = Sequence[Sequence[Piece]]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A column: what the code has there, and what the first has ("" is nothing)."""

    own: str
    first: str


def lines(first: str, others: Sequence[str]) -> list[Line]:
    """
    Return the first code and then the others, each cut into the groups in which a person reads the first.

    Each is compared with the first alone by the cheapest insertions, deletions, substitutions and swaps (optimal string
    alignment); where one has a character too many, all the others leave a column free. Joined, the pieces that are
    neither lacking nor blank are the code as written.
    """
    aligned = [_columns(other, first) for other in others]
    room = [max((len(columns[at]) for columns in aligned), default=1) for at in range(len(first) + 1)]
    own = [[_Cell(character, character)] for character in first]
    return [_line(columns, room, first) for columns in ([*own, [_Cell("", "")]], *aligned)]


def _columns(other: str, first: str) -> list[list[_Cell]]:
    """
    Return what the other has at each character of the first and at its end.

    What it has too many comes before; the cell of the character itself comes last, and that of the end is empty.
    """
    columns: list[list[_Cell]] = [[]]
    for own, right in pairs(other, first):
        columns[-1].append(_Cell(own, right))
        if right:
            columns.append([])
    columns[-1].append(_Cell("", ""))
    return columns


def pairs(source: str, target: str) -> Iterator[tuple[str, str]]:
    """Yield the characters of both side by side; "" where one has none."""
    ahead = sum(1 for _same in takewhile(lambda both: both[0] == both[1], zip(source, target, strict=False)))
    yield from zip(source[:ahead], target[:ahead], strict=True)
    yield from _edits(source[ahead:], target[ahead:])


def _edits(source: str, target: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of the cheapest way: what stands in its place first, then swaps, then what is too many."""

    @cache
    def cost(at: int, to: int) -> int:
        return min((price + cost(at + own, to + right) for own, right, price in steps(at, to)), default=0)

    def steps(at: int, to: int) -> Iterator[tuple[int, int, int]]:
        own, right = source[at : at + 2], target[to : to + 2]
        if own and right:
            yield 1, 1, _price(own[0], right[0])
            if len(own) == len(right) == 2 and own == right[::-1]:  # noqa: PLR2004 (a pair)
                yield 2, 2, _EDIT
        if own:
            yield 1, 0, _EDIT if own[0].isalnum() else _SLIGHT
        if right:
            yield 0, 1, _EDIT if own else _SLIGHT

    at = to = 0
    while at < len(source) or to < len(target):
        own, right, _cost = min(steps(at, to), key=lambda step: step[2] + cost(at + step[0], to + step[1]))
        for each in range(max(own, right)):
            yield (source[at + each] if own else ""), (target[to + each] if right else "")
        at, to = at + own, to + right


def _price(own: str, right: str) -> int:
    if own == right:
        return 0
    return _SLIGHT if own.upper() == right.upper() else _EDIT


def _line(columns: Sequence[Sequence[_Cell]], room: Sequence[int], first: str) -> Line:
    """Fill up each column to the room that the longest needs, and cut the line into the groups of the first code."""
    ends = set(accumulate(len(segment.text) for segment in cups_codes.segments(first)))
    marked: list[tuple[int, str, Kind]] = []
    group = 0
    for at, cells in enumerate(columns):
        extra, last = cells[:-1], cells[-1]
        marked += [(group, cell.own, Kind.DIFFERS) for cell in extra]
        marked += [(group, "·", Kind.BLANK)] * (room[at] - len(cells))
        # What is too many goes with the group before it, as separators do.
        group += at in ends and at < len(first)
        if last.first:
            marked.append((group, last.own or "·", _kind(last)))
    return [
        [Piece("".join(part[1] for part in run), kind) for kind, run in groupby(parts, key=lambda part: part[2])]
        for _group, parts in groupby(marked, key=lambda part: part[0])
    ]


def _kind(cell: _Cell) -> Kind:
    if cell.own == cell.first:
        return Kind.SAME
    return Kind.DIFFERS if cell.own else Kind.LACKING
