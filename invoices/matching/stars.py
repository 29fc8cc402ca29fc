"""A supply with the codes that point at it, and what is suggested of them facility by facility. Plain Python."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple
from uuid import UUID

from invoices.cups import Check
from invoices.matching import ranking
from invoices.matching.field import Field, Signed, supply_of
from invoices.matching.found import Code, Member, Reason, Suggestion, TargetReason, Tier

_MOST_OTHERS: Final = 6
# What says for certain enough whose code it is: such a code may be the target, and be accepted without a look at each.
_CERTAIN: Final = (Tier.SAME, Tier.SLIP, Tier.LETTERS)
# A CAU after 22 characters is a collective's own code, shared by its consumers; a CIL is a generator's.
_OF_OTHERS: Final = re.compile("(?:ES)?[0-9]{16}[A-Z]{2}(?:[0-9][A-Z]A?)?[0-9]{3}")
_WRITTEN: Final = {Check.NOT_CLEAN: (Reason.SEPARATORS,), Check.LOOK_ALIKE: (Reason.LOOK_ALIKES,)}


class Ray(NamedTuple):
    """
    A code that points at a supply: how surely, and why.

    `suffix` is the border point that it prints, `rivals` the codes of other supplies that it may be as well.
    """

    code: Code
    tier: Tier
    reasons: tuple[Reason, ...] = ()
    suffix: str = ""
    rivals: tuple[str, ...] = ()


class Target(NamedTuple):
    """The code that a supply should carry; `tier` says how surely that code is the supply's."""

    cups: str
    reasons: tuple[TargetReason, ...]
    clean: str
    suffix: str
    tier: Tier


@dataclass(eq=False)
class Star:
    """
    A supply: the codes that name it soundly, what contracts say of it, and the codes that point at it.

    Codes that are no CUPS make stars too: around a `centre`, or of the same clean form.
    """

    supply: str
    sound: Sequence[Code] = ()
    signed: Sequence[Signed] = ()
    rays: list[Ray] = field(default_factory=list)
    centre: Code | None = None
    is_cups: bool = False

    @classmethod
    def of(cls, number: int, known: Field) -> "Star":
        """Return the supply with these digits, no code pointing at it yet."""
        return cls(supply_of(number), known.sound(number), known.signed.get(number, ()), is_cups=True)

    def target(self, facility_id: UUID) -> Target:
        """Return the code that the supply should carry at a facility: what Datadis backs there, else the common one."""
        return self._locked_at.get(facility_id, self._common)

    def pointing(self) -> Iterator[Code]:
        """Yield the codes around the centre: all that point at it but the target's own."""
        return (ray.code for ray in self.rays if ray.code.cups != self.target(ray.code.facility_id).cups)

    def suggestions(self, known: Field) -> Iterator[Suggestion]:
        """Yield one suggestion for each tier and facility that has something to do."""
        found: dict[tuple[Tier, UUID], list[Ray]] = {}
        for ray in (*map(_of_sound, self.sound), *self.rays):
            code = ray.code
            target = self.target(code.facility_id)
            if not code.is_locked and code.cups != target.cups and self._is_open(ray, target, known):
                tier = Tier.SAME if code.clean == target.clean else max(ray.tier, target.tier)
                found.setdefault((tier, code.facility_id), []).append(ray)
        for (tier, facility_id), rays in found.items():
            yield self._suggestion(tier, facility_id, sorted(rays, key=lambda ray: ray.code.cups))

    def _is_open(self, ray: Ray, target: Target, known: Field) -> bool:
        """Say whether nobody said that the code is not this supply; of two ways to write it, neither the target's."""
        code = ray.code
        if ray.tier is Tier.SAME and not known.is_open(code._replace(cups=target.cups), self.supply):
            return False
        return known.is_open(code, self.supply)

    @cached_property
    def _common(self) -> Target:
        locked = [code for code in self._certain if code.is_locked]
        if self.centre:
            return self._completed(ranking.best([self.centre], ()))
        if self.sound or locked:
            return self._completed(ranking.best([*self.sound, *locked], self.signed))
        if self.signed:
            return self._completed(ranking.built(self.supply, self.signed))
        return self._completed(ranking.best(self._certain, ()))

    @cached_property
    def _locked_at(self) -> dict[UUID, Target]:
        locked: dict[UUID, list[Code]] = {}
        for code in (*self.sound, *self._certain):
            if code.is_locked:
                locked.setdefault(code.facility_id, []).append(code)
        return {facility_id: self._completed(ranking.best(codes, ())) for facility_id, codes in locked.items()}

    @property
    def _certain(self) -> list[Code]:
        return [ray.code for ray in self.rays if ray.tier in _CERTAIN]

    def _completed(self, proposal: ranking.Proposal) -> Target:
        """Add what is known of the code that has it, or of one that nobody has yet."""
        cups, reasons = proposal
        carried = [ray for ray in self.rays if ray.code.cups == cups]
        if carried:
            surest = min(carried, key=lambda ray: ray.tier)
            return Target(cups, reasons, surest.code.clean, surest.suffix, surest.tier)
        for code in (*self.sound, *([self.centre] if self.centre else ())):
            if code.cups == cups:
                return Target(cups, reasons, code.clean, code.suffix, Tier.SAME)
        return Target(cups, reasons, cups, cups[20:], Tier.SAME)

    def _suggestion(self, tier: Tier, facility_id: UUID, rays: Sequence[Ray]) -> Suggestion:
        target = self.target(facility_id)
        is_here = self._is_at(facility_id, target)
        return Suggestion(
            tier=tier,
            supply=self.supply,
            facility_id=facility_id,
            target=target.cups,
            target_reasons=target.reasons,
            other_targets=self._others(target, rays),
            sources=tuple(Member(ray.code, tuple(self._reasons(ray, target, is_here=is_here))) for ray in rays),
            in_bulk=is_here and tier in _CERTAIN and _is_harmless(target, rays),
        )

    def _is_at(self, facility_id: UUID, target: Target) -> bool:
        """Say whether the supply is known to be at the facility: soundly, by a contract, or under the target."""
        places = {code.facility_id for code in self.sound} | {contract.facility_id for contract in self.signed}
        if self.centre or facility_id in places:
            return True
        here = [ray for ray in self.rays if ray.code.facility_id == facility_id]
        return any(ray.code.cups == target.cups or (self.is_cups and ray.tier is Tier.SAME) for ray in here)

    def _others(self, target: Target, rays: Iterable[Ray]) -> tuple[str, ...]:
        """Return what else they may become: other spellings, other supplies' codes, the plain forms of the supply."""
        others = [rival for ray in rays for rival in ray.rivals]
        if not self.centre:
            written = [code for code in self.sound if code.check is Check.VALID]
            suffixes = {code.suffix for code in self.sound} | {ray.suffix for ray in self.rays}
            forms = (f"{self.supply}{suffix}" for suffix in sorted(suffixes | {""}))
            others = [*ranking.ranked(written if self.sound or self.signed else self._certain), *others, *forms]
        return tuple(cups for cups in dict.fromkeys(others) if cups != target.cups)[:_MOST_OTHERS]

    def _reasons(self, ray: Ray, target: Target, *, is_here: bool) -> Iterator[Reason]:
        yield from ray.reasons
        if ray.suffix and target.suffix and ray.suffix != target.suffix:
            yield Reason.SUFFIXES_DIFFER
        elif ray.suffix != target.suffix and ray.tier is Tier.SAME:
            yield Reason.SUFFIX
        if self.signed:
            yield Reason.ON_CONTRACT
        if not is_here:
            yield Reason.OTHER_FACILITY


def _of_sound(code: Code) -> Ray:
    return Ray(code, Tier.SAME, _WRITTEN.get(code.check, ()), code.suffix)


def _is_harmless(target: Target, rays: Sequence[Ray]) -> bool:
    """Say whether no border points differ, no code is a collective's or a generator's, and no other supply fits."""
    suffixes = {target.suffix, *(ray.suffix for ray in rays)} - {""}
    return len(suffixes) <= 1 and not any(ray.rivals or _OF_OTHERS.fullmatch(ray.code.clean) for ray in rays)
