"""The codes of an organization gathered around their supplies, the surest first. Plain Python."""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from typing import Final
from uuid import UUID

from invoices.matching import alike
from invoices.matching.field import SOUND, Field, supply_of
from invoices.matching.found import Code
from invoices.matching.searching import Search
from invoices.matching.stars import Ray, Star

_SEVERAL: Final = 2


class Gathering:
    """Every code of a field at its place: what is left by one step goes to the next."""

    def __init__(self, known: Field) -> None:
        self.known = known
        self.supplies: dict[int, Star] = {}
        self.others: list[Star] = []
        searches = self._find_certain([Search(known, code) for code in known.damaged])
        left = self._find_likely(self._join_same_digits(searches))
        self._find_alike(left)
        self._add_spellings()

    @property
    def stars(self) -> Iterable[Star]:
        return (*self.supplies.values(), *self.others)

    def _star(self, number: int) -> Star:
        if number not in self.supplies:
            self.supplies[number] = Star.of(number, self.known)
        return self.supplies[number]

    def _find_certain(self, searches: Iterable[Search]) -> list[Search]:
        left = []
        for search in searches:
            if found := search.certain():
                number, ray = found
                self._star(number).rays.append(ray)
            else:
                left.append(search)
        return left

    def _join_same_digits(self, searches: Iterable[Search]) -> list[Search]:
        """Join the codes with the same 16 digits that nothing names soundly."""
        by_digits: dict[int, list[tuple[Search, Ray]]] = defaultdict(list)
        for search in searches:
            for number, ray in search.same_digits().items():
                by_digits[number].append((search, ray))
        joined: set[Search] = set()
        for number, members in sorted(by_digits.items()):
            free = [(search, ray) for search, ray in members if search not in joined]
            if len({ray.code.cups for _, ray in free}) >= _SEVERAL:
                self._star(number).rays.extend(ray for _, ray in free)
                joined.update(search for search, _ in free)
        return [search for search in searches if search not in joined]

    def _find_likely(self, searches: Iterable[Search]) -> list[Search]:
        left = []
        for search in searches:
            # What its letters prove is that supply and no other.
            if not search.proven and (found := search.likely()):
                number, ray = found
                self._star(number).rays.append(ray)
            else:
                left.append(search)
        return left

    def _find_alike(self, searches: Sequence[Search]) -> None:
        left = [search.code for search in searches]
        # Whose digits are certain was joined by them, or somebody said that it is not to be.
        texts = [search.code for search in searches if not (search.proven or search.plain)]
        same = list(alike.same_form(texts, self.known))
        self.others += same
        held = {ray.code for star in same for ray in star.rays}
        pointing = {code for star in same for code in star.pointing()}
        sources = _by_facility(code for code in left if alike.is_source(code) and code not in held)
        unsound = _by_facility(code for code in left if code not in pointing)
        sound = _by_facility(self.known.all_sound(), at=sources) if sources else {}
        for facility_id, own in sources.items():
            found = alike.Likeness(
                own, sound=sound.get(facility_id, []), unsound=unsound[facility_id], known=self.known
            )
            for centre, rays in found.stars():
                if centre.check in SOUND:
                    self._star(int(centre.body16)).rays.extend(rays)
                else:
                    self.others.append(Star(centre.clean, rays=rays, centre=centre))

    def _add_spellings(self) -> None:
        """Add the supplies that sound codes and contracts alone write in more than one way."""
        for number in (*self.known.further, *(self.known.first.keys() & self.known.signed.keys())):
            codes = {code.cups for code in self.known.sound(number)}
            codes |= {f"{supply_of(number)}{signed.suffix}" for signed in self.known.signed.get(number, ())}
            if len(codes) >= _SEVERAL:
                self._star(number)


def _by_facility(codes: Iterable[Code], *, at: Container[UUID] | None = None) -> dict[UUID, list[Code]]:
    """Sort codes by their facility, only those at some facilities where they are named."""
    by_facility: dict[UUID, list[Code]] = defaultdict(list)
    for code in codes:
        if at is None or code.facility_id in at:
            by_facility[code.facility_id].append(code)
    return by_facility
