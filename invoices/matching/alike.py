"""Codes that are no CUPS: which are written alike. Plain Python."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from invoices.cups import Check
from invoices.matching import ranking
from invoices.matching.found import Code, Reason, Tier
from invoices.matching.stars import LeftOut, Ray, Star

_UNSHAPED: Final = (Check.DAMAGED, Check.OTHER)
# So many characters of the one must begin the other; shorter texts than the second are never alike by edits.
_PREFIX: Final = 14
_SHORTEST: Final = 8
_EDITS: Final = 2


def same_form(codes: Iterable[Code], left_out: LeftOut) -> Iterator[Star]:
    """Yield the codes that are the same once case and separators are put right."""
    by_form: dict[str, list[Code]] = defaultdict(list)
    for code in codes:
        if code.clean and not left_out.has(code, code.clean):
            by_form[code.clean].append(code)
    for clean, same in by_form.items():
        if len({code.cups for code in same}) > 1:
            yield Star(clean, rays=[Ray(code, Tier.SAME, (Reason.SEPARATORS,)) for code in same])


class Likeness:
    """Which codes at one facility that are no CUPS are like which others there."""

    def __init__(self, sources: Iterable[Code], others: Iterable[Code], left_out: LeftOut) -> None:
        self.others = {code.cups: code for code in others}
        self.reasons: dict[tuple[str, str], Reason] = {}
        self.around: dict[str, list[Code]] = defaultdict(list)
        forms = {cups: code.clean for cups, code in self.others.items() if len(code.clean) >= _SHORTEST}
        by_form: dict[str, list[str]] = defaultdict(list)
        for cups, clean in forms.items():
            by_form[clean].append(cups)
        for code in sources:
            found = process.extract(code.clean, forms, scorer=OSA.distance, score_cutoff=_EDITS, limit=None)
            self._add(code, [cups for _, _, cups in found], Reason.TWO_EDITS, left_out)
            for end in range(_PREFIX, len(code.clean)):
                self._add(code, by_form.get(code.clean[:end], ()), Reason.PREFIX, left_out)
        beginnings = {code.clean: code for code in sources if len(code.clean) >= _PREFIX}
        for cups, clean in forms.items():
            for end in range(_PREFIX, len(clean)):
                if clean[:end] in beginnings:
                    self._add(beginnings[clean[:end]], [cups], Reason.PREFIX, left_out)

    def _add(self, source: Code, others: Iterable[str], reason: Reason, left_out: LeftOut) -> None:
        for cups in others:
            other = self.others[cups]
            if cups == source.cups or left_out.has(source, name_of(other)) or left_out.has(other, source.clean):
                continue
            if (source.cups, cups) not in self.reasons:
                self.around[cups].append(source)
            self.reasons[source.cups, cups] = reason

    def stars(self) -> Iterator[tuple[Code, list[Ray]]]:
        """Yield each centre with the codes that point at it, the best centres first; a centre points at nothing."""
        pointing: set[str] = set()
        centres: set[str] = set()
        for centre in sorted((self.others[cups] for cups in self.around), key=_order):
            if centre.cups in pointing:
                continue
            rays = [
                Ray(source, Tier.ALIKE, (self.reasons[source.cups, centre.cups],))
                for source in self.around[centre.cups]
                if source.cups not in pointing and source.cups not in centres
            ]
            if rays:
                centres.add(centre.cups)
                pointing |= {ray.code.cups for ray in rays}
                yield centre, rays


def points(code: Code) -> bool:
    """Say whether a code may be said to be like another: it is no CUPS, it is not locked, it is long enough."""
    return code.check in _UNSHAPED and not code.is_locked and len(code.clean) >= _SHORTEST


def name_of(code: Code) -> str:
    """Return what a centre is called: its supply, or its clean form if it is no CUPS."""
    return (code.check in ranking.SOUND and ranking.supply_of(code)) or code.clean


def _order(code: Code) -> tuple[object, ...]:
    return (not code.is_locked, code.check in _UNSHAPED, *ranking.rank(code))
