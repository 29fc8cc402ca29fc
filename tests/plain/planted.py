"""
Codes with planted damage, and the truth behind them: what a search for duplicates ought to find.

An organization is made up as suppliers make it: buildings whose meters were numbered in one go, so that neighbours
differ by a digit and a letter; supplies billed at two facilities; contracts without an invoice; and damaged codes of
every kind of `invoices.demo.damage`, one or two kinds at once, of supplies in the set, on a contract alone, or nowhere.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import NamedTuple
from uuid import UUID

from stdnum.es import cups as published

from invoices import cups, matching
from invoices.demo.damage import KINDS

# The tier in which a code with this one damage is looked for; the others have lost their supply.
EXPECTED = {
    **dict.fromkeys(
        (
            *("lower_case", "mixed_case", "spaces", "no_break_spaces", "hyphens", "dots", "slashes", "label"),
            *("suffix_added", "suffix_dropped", "suffix_exchanged", "letters_read_as_digits", "digits_read_as_letters"),
            *("country_missing", "country_misread", "self_consumption", "producer"),
        ),
        matching.Tier.SAME,
    ),
    **dict.fromkeys(("digit_wrong", "digit_missing", "digit_extra", "digits_swapped"), matching.Tier.SLIP),
    **dict.fromkeys(("letters_cut", "letter_cut", "letters_misread", "zeros_lost"), matching.Tier.LETTERS),
}
# No text keeps what these were written for.
LOST = {"contract_number", "meter_number", "scientific_notation"}
# In this order they befall a code: what is printed, how it is copied, how it is set.
ORDER = {
    kind: place
    for place, kind in enumerate(
        (
            *("digit_wrong", "digit_extra", "digits_swapped", "digit_missing", "digits_read_as_letters"),
            *("letters_misread", "letters_read_as_digits", "letter_cut", "letters_cut"),
            *("suffix_dropped", "suffix_exchanged", "suffix_added", "self_consumption", "producer"),
            *("country_misread", "country_missing", "zeros_lost", "scientific_notation"),
            *("contract_number", "meter_number"),
            *("lower_case", "mixed_case", "spaces", "no_break_spaces", "hyphens", "dots", "slashes", "label"),
        )
    )
}
_DISTRIBUTORS = ("0021", "0021", "0031", "0022", "0026", "0027", "1234")


class Truth(NamedTuple):
    """What is behind a planted code: the 20 characters of its supply, and what was done to it."""

    supply: str
    kinds: tuple[str, ...]
    # in the set, on a contract alone, or nowhere
    is_known: bool
    is_signed: bool


@dataclass
class Planted:
    codes: list[matching.Code]
    contracts: list[matching.Contract]
    truths: dict[tuple[str, UUID], Truth]

    @cached_property
    def by_cups(self) -> dict[str, matching.Code]:
        return {code.cups: code for code in self.codes}


@dataclass
class Told:
    """How good suggestions are: of each tier what is right and wrong, of each kind of damage where it was found."""

    right: Counter = field(default_factory=Counter)
    wrong: dict[matching.Tier, list[tuple[matching.Suggestion, matching.Code, Truth | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    # (tier looked for, tier found or None)
    single: Counter = field(default_factory=Counter)
    kinds: Counter = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """Yield a table, a line a tier."""
        yield f"{'tier':18}{'right':>7}{'wrong':>7}{'precision':>11}{'recall':>9}{'in its tier':>13}"
        for tier in matching.Tier:
            yield (
                f"{tier} {tier.name.lower():16}{self.right[tier]:>7}{len(self.wrong[tier]):>7}"
                f"{self.precision(tier):>11.4f}{self.recall(tier):>9.4f}{self.share_at(tier):>13.4f}"
            )

    def precision(self, tier: matching.Tier) -> float:
        found = self.right[tier] + len(self.wrong[tier])
        return self.right[tier] / found if found else 1.0

    def recall(self, tier: matching.Tier) -> float:
        """Return the share of what one damage of this tier struck that was found, in whichever tier."""
        all_of = sum(count for (wanted, _), count in self.single.items() if wanted is tier)
        missed = self.single[tier, None]
        return 1 - missed / all_of if all_of else 1.0

    def share_at(self, tier: matching.Tier) -> float:
        """Return the share of them that was found in this very tier."""
        all_of = sum(count for (wanted, _), count in self.single.items() if wanted is tier)
        return self.single[tier, tier] / all_of if all_of else 1.0


def sound(number: int, suffix: str = "") -> str:
    digits = f"{number:016}"
    return f"ES{digits}{published.calc_check_digits(f'ES{digits}')}{suffix}"


def plant(
    count: int,
    *,
    seed: int,
    damaged: float = 0.1,
    doubled: float = 0.15,
    absent: float = 0.15,
    signed: float = 0.05,
    neighbours: int = 20,
    facilities: int = 30,
    distributors: Sequence[str] = _DISTRIBUTORS,
) -> Planted:
    """
    Return `count` codes, of which the share `damaged` is; of these, `doubled` have two kinds of damage at once, and the
    supplies of `absent` are nowhere in the set, those of `signed` on a contract alone. Every other building has up to
    `neighbours` meters in a row.
    """
    chance = Random(seed)  # noqa: S311 (the same codes each time)
    places = [UUID(int=chance.getrandbits(128)) for _ in range(facilities)]
    numbers = list(_numbers(chance, count, neighbours, distributors))
    chance.shuffle(numbers)
    struck = round(count * damaged)
    hidden = round(struck * absent)
    on_paper = round(struck * signed)
    nowhere, on_contracts, known = numbers[:hidden], numbers[hidden : hidden + on_paper], numbers[hidden + on_paper :]
    planted = Planted([], [], {})
    home = {number: places[int(chance.triangular(0, facilities, 0))] for number in numbers}
    suffixes = {number: chance.choice(("", "", "0F", "0F", "1P")) for number in numbers}

    kept = known[: count - struck]
    for number in kept:
        _add(planted, sound(number, suffixes[number]), home[number], chance)
        if chance.random() < 0.03 and len(planted.codes) < count - struck:
            _add(planted, sound(number, suffixes[number]), chance.choice(places), chance)
        if chance.random() < 0.1:
            planted.contracts.append(matching.Contract(sound(number, suffixes[number]), home[number]))
        if len(planted.codes) >= count - struck:
            break
    in_set = {int(code.body16) for code in planted.codes}
    kept = [number for number in kept if number in in_set]
    for number in on_contracts:
        planted.contracts.append(matching.Contract(sound(number, suffixes[number]), home[number]))

    taken = in_set | set(on_contracts)
    while len(planted.codes) < count:
        where = chance.random()
        source = nowhere if where < absent else on_contracts if where < absent + signed else kept
        number = chance.choice(source or kept or numbers)
        kinds = tuple(chance.sample(sorted(KINDS), 2 if chance.random() < doubled else 1))
        written = damage(sound(number, suffixes[number]), kinds, chance)
        place = home[number] if chance.random() < 0.85 else chance.choice(places)
        if written is None or (written, place) in planted.truths:
            continue
        parsed = cups.parse(written)
        # A code that is sound for another supply is that supply's: nobody can know better.
        if parsed.supply and parsed.supply != sound(number):
            continue
        if number not in taken and parsed.supply:
            continue
        _add(planted, written, place, chance)
        planted.truths[written, place] = Truth(sound(number), kinds, number in in_set, number in on_contracts)
    chance.shuffle(planted.codes)
    planted.codes = list({(code.cups, code.facility_id): code for code in planted.codes}.values())
    return planted


def damage(code: str, kinds: Iterable[str], chance: Random) -> str | None:
    """Do all of this to a sound code; None if one of them can't strike it."""
    written = code
    for kind in sorted(kinds, key=ORDER.__getitem__):
        try:
            damaged = KINDS[kind](written, chance)
        except (IndexError, ValueError):
            return None
        if damaged == written:
            return None
        written = damaged
    return written[: cups.MAX_LENGTH]


def told(planted: Planted, suggestions: Iterable[matching.Suggestion]) -> Told:
    """Compare suggestions with the truth."""
    result = Told()
    found: dict[tuple[str, UUID], matching.Tier] = {}
    for suggestion in suggestions:
        for member in suggestion.sources:
            code = member.code
            key = (code.cups, code.facility_id)
            truth = planted.truths.get(key)
            if _meant(planted, code) == _meant_by(planted, suggestion):
                result.right[suggestion.tier] += 1
                found[key] = suggestion.tier
                # The damaged one may be the better spelling, and the sound one join it.
                found.setdefault((suggestion.target, suggestion.facility_id), suggestion.tier)
            else:
                result.wrong[suggestion.tier].append((suggestion, code, truth))
    for key, truth in planted.truths.items():
        if (truth.is_known or truth.is_signed) and len(truth.kinds) == 1 and truth.kinds[0] in EXPECTED:
            wanted = EXPECTED[truth.kinds[0]]
            if truth.is_signed and wanted is matching.Tier.SLIP:
                wanted = matching.Tier.CONTRACT
            result.single[wanted, found.get(key)] += 1
        result.kinds["+".join(sorted(truth.kinds)), truth.is_known or truth.is_signed, found.get(key)] += 1
    return result


def _numbers(chance: Random, count: int, neighbours: int, distributors: Sequence[str]) -> Iterator[int]:
    seen: set[int] = set()
    while len(seen) < count:
        number = int(f"{chance.choice(distributors)}{chance.randrange(10**6, 10**10):012}")
        row = chance.randint(1, neighbours) if chance.random() < 0.5 else 1
        for one in range(number, number + row):
            if one not in seen:
                seen.add(one)
                yield one


def _add(planted: Planted, written: str, place: UUID, chance: Random) -> None:
    last = date(2025, 12, 31) - timedelta(days=chance.randrange(900))
    count = chance.randint(1, 36)
    code = matching.code_of(
        written, place, invoice_count=count, first_date=last - timedelta(days=30 * count), last_date=last
    )
    planted.codes.append(code)


def _meant(planted: Planted, code: matching.Code) -> str:
    """Return the supply behind a code; of one that was never damaged, its own."""
    truth = planted.truths.get((code.cups, code.facility_id))
    if truth is None:
        return cups.parse(code.cups).supply
    return code.clean if LOST & set(truth.kinds) else truth.supply


def _meant_by(planted: Planted, suggestion: matching.Suggestion) -> str:
    """Return the supply behind the target; one that nobody carries yet is its own."""
    carried = planted.by_cups.get(suggestion.target)
    return _meant(planted, carried) if carried else suggestion.supply
