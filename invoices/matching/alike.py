"""Codes that are no CUPS: which are written alike, at one facility. Plain Python."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from invoices import cups as cups_codes
from invoices.cups import Check
from invoices.matching import ranking
from invoices.matching.field import SOUND, Field, supply_of
from invoices.matching.found import Code, Reason, Tier
from invoices.matching.stars import Ray, Star

_UNSHAPED: Final = (Check.DAMAGED, Check.OTHER)
# So many characters of the one must begin the other; texts shorter than the second are never alike.
_PREFIX: Final = 14
_SHORTEST: Final = 8
_EDITS: Final = 2


def same_form(codes: Iterable[Code], known: Field) -> Iterator[Star]:
    """Yield the codes that are the same once case and separators are put right, wherever they are."""
    by_form: dict[str, list[Code]] = defaultdict(list)
    for code in codes:
        if _is_text(code) and known.is_open(code, code.clean):
            by_form[code.clean].append(code)
    for clean, same in by_form.items():
        if len({code.cups for code in same}) > 1:
            rays = [Ray(code, Tier.SAME, () if code.cups == clean else (Reason.SEPARATORS,)) for code in same]
            yield Star(clean, rays=rays)


def is_source(code: Code) -> bool:
    """Say whether a code may be found to be like another: it is no CUPS, it is not locked, it is long enough."""
    return code.check in _UNSHAPED and not code.is_locked and len(code.clean) >= _SHORTEST and _is_text(code)


class Likeness:
    """
    Which codes of one facility that are no CUPS are like which others there: `around` each of those.

    One that was never meant as a CUPS is compared with the unsound alone, so what this takes grows with the codes that
    nothing else explains, not with all.
    """

    def __init__(
        self, sources: Sequence[Code], *, sound: Sequence[Code], unsound: Iterable[Code], known: Field
    ) -> None:
        self.known = known
        self.around: dict[Code, dict[Code, Reason]] = defaultdict(dict)
        unsound = [code for code in unsound if len(code.clean) >= _SHORTEST and _is_text(code)]
        self._compare([code for code in sources if code.check is Check.DAMAGED], sound)
        self._compare(sources, unsound)
        self._begin(sources, chain(sound, unsound))

    def stars(self) -> Iterator[tuple[Code, list[Ray]]]:
        """Yield each centre with the codes that point at it, the best centres first; a centre points at nothing."""
        centres: set[Code] = set()
        pointing: set[Code] = set()
        for centre in sorted(self.around, key=_order):
            if centre in pointing:
                continue
            near = self.around[centre].items()
            rays = [Ray(code, Tier.ALIKE, (why,)) for code, why in near if code not in pointing | centres]
            if rays:
                centres.add(centre)
                pointing.update(ray.code for ray in rays)
                yield centre, rays

    def _compare(self, sources: Sequence[Code], others: Sequence[Code]) -> None:
        if not sources:
            return
        forms = [code.clean for code in others]
        for code in sources:
            near = process.extract(code.clean, forms, scorer=OSA.distance, score_cutoff=_EDITS, limit=None)
            for _form, _distance, at in near:
                self._add(code, others[at], Reason.TWO_EDITS)

    def _begin(self, sources: Iterable[Code], others: Iterable[Code]) -> None:
        """Find which begin with which, in both directions."""
        long = [code for code in sources if len(code.clean) >= _PREFIX]
        begun = _by_text((code.clean, code) for code in long)
        begins = _by_text((code.clean[:end], code) for code in long for end in range(_PREFIX, len(code.clean)))
        lengths = {len(code.clean) for code in long}
        for other in others if long else ():
            form = other.clean
            beginnings = (form[:length] for length in lengths if length < len(form))
            for source in chain(begins.get(form, ()), *(begun.get(beginning, ()) for beginning in beginnings)):
                self._add(source, other, Reason.PREFIX)

    def _add(self, source: Code, other: Code, reason: Reason) -> None:
        name = supply_of(int(other.body16)) if other.check in SOUND else other.clean
        is_open = self.known.is_open(source, name) and self.known.is_open(other, source.clean)
        if is_open and source != other:
            self.around[other][source] = reason


def _by_text(codes: Iterable[tuple[str, Code]]) -> dict[str, list[Code]]:
    by_text: dict[str, list[Code]] = {}
    for text, code in codes:
        by_text.setdefault(text, []).append(code)
    return by_text


def _is_text(code: Code) -> bool:
    """Say whether anything is left of the code to compare: separators alone and 3,14E+15 tell nothing."""
    return bool(code.clean) and not cups_codes.is_scientific(code.clean)


def _order(code: Code) -> tuple[Any, ...]:
    return (not code.is_locked, code.check in _UNSHAPED, *ranking.rank(code))
