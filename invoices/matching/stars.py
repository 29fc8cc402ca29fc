"""A supply with the codes that point at it, and what is suggested of them facility by facility. Plain Python."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple
from uuid import UUID

from invoices.cups import Check
from invoices.matching import ranking
from invoices.matching.found import Code, Contract, Member, Reason, Suggestion, TargetReason, Tier

_MOST_OTHERS: Final = 6
_IN_BULK: Final = (Tier.SAME, Tier.SLIP, Tier.LETTERS)
# A CAU after 22 characters is a collective's own code, shared by its consumers; a CIL is a generator's.
_OF_OTHERS: Final = re.compile("(?:ES)?[0-9]{16}[A-Z]{2}(?:[0-9][A-Z]A?)?[0-9]{3}")


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
    A supply: the codes that name it soundly, the contracts that do, and the codes that point at it.

    `centre` is the code in the middle where that is no CUPS.
    """

    supply: str
    sound: Sequence[Code] = ()
    contracts: Sequence[Contract] = ()
    rays: list[Ray] = field(default_factory=list)
    centre: Code | None = None

    def target(self, facility_id: UUID) -> Target:
        """Return the code that the supply should carry at a facility: what Datadis backs there, else the common one."""
        return self._locked_at.get(facility_id, self.common)

    @cached_property
    def common(self) -> Target:
        if self.centre:
            return self._carried(*ranking.propose([self.centre]))
        certain = [ray.code for ray in self.rays if ray.tier in _IN_BULK]
        codes = [*self.sound, *(code for code in certain if code.is_locked)]
        if codes:
            return self._carried(*ranking.propose(codes, contracts=self.contracts))
        if self.contracts:
            return self._carried(*ranking.built(self.supply, self.contracts))
        return self._carried(*ranking.propose(certain))

    def suggestions(self, *, left_out: "LeftOut") -> Iterator[Suggestion]:
        """Yield one suggestion for each tier and facility that has something to do."""
        found: dict[tuple[Tier, UUID], list[Ray]] = {}
        for ray in [*map(self._of_sound, self.sound), *self.rays]:
            code = ray.code
            target = self.target(code.facility_id)
            if not code.is_locked and code.cups != target.cups and not left_out.has(code, self.supply):
                tier = Tier.SAME if code.clean == target.clean else max(ray.tier, target.tier)
                found.setdefault((tier, code.facility_id), []).append(ray)
        for (tier, facility_id), rays in found.items():
            yield self._suggestion(tier, facility_id, rays)

    @cached_property
    def _locked_at(self) -> dict[UUID, Target]:
        locked: dict[UUID, list[Code]] = {}
        for code in (*self.sound, *(ray.code for ray in self.rays if ray.tier in _IN_BULK)):
            if code.is_locked:
                locked.setdefault(code.facility_id, []).append(code)
        return {facility_id: self._carried(*ranking.propose(codes)) for facility_id, codes in locked.items()}

    def _carried(self, cups: str, reasons: tuple[TargetReason, ...]) -> Target:
        """Complete a target with what is known of the code that has it, or of one that nobody has yet."""
        for ray in self.rays:
            if ray.code.cups == cups:
                return Target(cups, reasons, ray.code.clean, ray.suffix, ray.tier)
        for code in (*self.sound, *([self.centre] if self.centre else [])):
            if code.cups == cups:
                return Target(cups, reasons, code.clean, code.suffix, Tier.SAME)
        return Target(cups, reasons, cups, cups[20:], Tier.SAME)

    def _suggestion(self, tier: Tier, facility_id: UUID, rays: list[Ray]) -> Suggestion:
        target = self.target(facility_id)
        is_here = facility_id in self._places or self._carries(target.cups, facility_id)
        rays.sort(key=lambda ray: ray.code.cups)
        return Suggestion(
            tier=tier,
            supply=self.supply,
            facility_id=facility_id,
            target=target.cups,
            target_reasons=target.reasons,
            other_targets=self._others(target, rays),
            sources=tuple(Member(ray.code, self._reasons(ray, target, is_here=is_here)) for ray in rays),
            in_bulk=is_here and tier in _IN_BULK and _is_harmless(target, rays),
        )

    @cached_property
    def _places(self) -> set[UUID]:
        """Return the facilities where the supply is known to be."""
        surely = [ray.code for ray in self.rays if ray.tier is Tier.SAME and not self.centre]
        return {place.facility_id for place in (*self.sound, *self.contracts, *surely)}

    def _carries(self, cups: str, facility_id: UUID) -> bool:
        codes = [*(ray.code for ray in self.rays), *([self.centre] if self.centre else [])]
        return any(code.cups == cups and code.facility_id == facility_id for code in codes)

    def _others(self, target: Target, rays: list[Ray]) -> tuple[str, ...]:
        rivals = [rival for ray in rays for rival in ray.rivals]
        if self.centre:
            others = rivals
        else:
            certain = [ray.code for ray in self.rays if ray.tier in _IN_BULK]
            spellings = [code for code in self.sound if code.check is Check.VALID] or ([] if self.sound else certain)
            suffixes = sorted({code.suffix for code in self.sound} | {ray.suffix for ray in self.rays} - {""})
            forms = [self.supply + suffix for suffix in ("", *suffixes)]
            others = [*ranking.ranked(spellings), *rivals, *forms]
        return tuple(cups for cups in dict.fromkeys(others) if cups != target.cups)[:_MOST_OTHERS]

    def _of_sound(self, code: Code) -> Ray:
        told = {Check.NOT_CLEAN: (Reason.SEPARATORS,), Check.LOOK_ALIKE: (Reason.LOOK_ALIKES,)}
        return Ray(code, Tier.SAME, told.get(code.check, ()), code.suffix)

    def _reasons(self, ray: Ray, target: Target, *, is_here: bool) -> tuple[Reason, ...]:
        told = list(ray.reasons)
        if ray.suffix and target.suffix and ray.suffix != target.suffix:
            told.append(Reason.SUFFIXES_DIFFER)
        elif ray.suffix != target.suffix and ray.tier is Tier.SAME:
            told.append(Reason.SUFFIX)
        if self.contracts:
            told.append(Reason.ON_CONTRACT)
        if not is_here:
            told.append(Reason.OTHER_FACILITY)
        return tuple(told)


class LeftOut:
    """The pairs that somebody said are no duplicates."""

    def __init__(self, dismissed: "Iterator[tuple[str, UUID, str]] | Sequence[tuple[str, UUID, str]]") -> None:
        self._pairs = {tuple(each) for each in dismissed}

    def has(self, code: Code, supply: str) -> bool:
        return bool(self._pairs) and (code.cups, code.facility_id, supply) in self._pairs


def _is_harmless(target: Target, rays: Sequence[Ray]) -> bool:
    """Say whether no border points differ, no code is a collective's or a generator's, and no other supply fits."""
    suffixes = {target.suffix, *(ray.suffix for ray in rays)} - {""}
    return len(suffixes) <= 1 and not any(ray.rivals or _OF_OTHERS.fullmatch(ray.code.clean) for ray in rays)
