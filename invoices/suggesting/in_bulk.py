"""Accept all suggestions of a safe tier at once: what that would do and what it leaves out, then the deed."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction

from facilities.access import Author
from facilities.keys import new_id
from facilities.models import Organization
from invoices import consolidating, grouping, resolving
from invoices.grouping import GroupKey
from invoices.matching import Reason, Suggestion, Tier
from invoices.models import Consolidation
from invoices.suggesting import keeping, listing
from invoices.suggesting.accepting import sources_of

SAFE: Final = (Tier.SAME, Tier.SLIP, Tier.LETTERS)
# So many are accepted in one transaction; the others are offered again.
AT_ONCE: Final = 200
# No further is looked for suggestions that no overlap keeps out.
_LOOKED_AT: Final = 5 * AT_ONCE


class Why(StrEnum):
    """Why a suggestion is not accepted together with others."""

    OTHER_FACILITY = "other_facility"  # its supply is at another facility
    ONE_BY_ONE = "one_by_one"  # two border points, a self-consumption code: somebody has to look
    OVERLAPS = "overlaps"  # a bill would be counted twice
    TARGET_IS_ALIAS = "target_is_alias"  # the target itself stands for another code


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A suggestion that is to be looked at by itself."""

    suggestion: Suggestion
    why: Why


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """
    What accepting a tier at once would do.

    `taken` would be accepted, `left_out` would not; `later` more may be, once these are. `digest` changes when any
    invoice of those codes does.
    """

    tier: Tier
    facility_id: UUID | None
    taken: Sequence[Suggestion]
    left_out: Sequence[LeftOut]
    later: int
    digest: str

    @property
    def source_count(self) -> int:
        return sum(len(suggestion.sources) for suggestion in self.taken)

    @property
    def invoice_count(self) -> int:
        return sum(member.code.invoice_count for suggestion in self.taken for member in suggestion.sources)

    @property
    def facility_ids(self) -> list[UUID]:
        return sorted({suggestion.facility_id for suggestion in self.taken})


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """What was accepted at once. With `batch_id` it can be undone at once."""

    batch_id: UUID
    consolidations: Sequence[Consolidation]
    updated_count: int
    affected_facilities: Sequence[UUID]


class TierNotSafe(ValueError):
    """Suggestions of this tier are accepted one by one."""

    def __init__(self, tier: int) -> None:
        super().__init__(f"Suggestions of tier {tier} are accepted one by one; tiers 0, 1 and 2 at once")


class NothingToAccept(Exception):
    """No suggestion of the tier may be accepted at once."""

    def __init__(self) -> None:
        super().__init__("There is nothing that may be accepted at once")


class BulkPlanChanged(Exception):
    """What was agreed to is not what would happen now. Carries the new plan."""

    def __init__(self, plan: BulkPlan) -> None:
        self.plan = plan
        super().__init__("The suggestions have changed since the preview; look at the new one and confirm it")


def plan_all(*, organization: Organization, tier: int, facility_id: UUID | None = None) -> BulkPlan:
    """
    Work out what `accept_all` would do, and write nothing: 200 suggestions at most.

    What crosses facilities is left out, what a person has to look at, and what would count a bill twice. Raise
    TierNotSafe.
    """
    if tier not in SAFE:
        raise TierNotSafe(tier)
    found = listing.listed(organization=organization, facility_id=facility_id, tiers=[tier])
    left_out = [LeftOut(each, _why_alone(each)) for each in found if not each.in_bulk]
    candidates = [each for each in found if each.in_bulk]
    taken: list[Suggestion] = []
    looked_at = 0
    # As many at each look as are accepted at once, however few are wanted still: each look costs some statements.
    while len(taken) < AT_ONCE and looked_at < min(len(candidates), _LOOKED_AT):
        part = candidates[looked_at : looked_at + AT_ONCE]
        kept_out = {left.suggestion.id: left for left in _kept_out(organization, part)}
        free = [place for place, each in enumerate(part) if each.id not in kept_out][: AT_ONCE - len(taken)]
        is_full = len(taken) + len(free) == AT_ONCE
        part = part[: free[-1] + 1] if is_full else part
        looked_at += len(part)
        left_out += [kept_out[each.id] for each in part if each.id in kept_out]
        taken += [part[place] for place in free]
    return BulkPlan(
        tier=Tier(tier),
        facility_id=facility_id,
        taken=taken,
        left_out=left_out,
        later=len(candidates) - looked_at,
        digest=_digest(organization, taken),
    )


@transaction.atomic
def accept_all(
    *,
    organization: Organization,
    tier: int,
    facility_id: UUID | None = None,
    agreed: str,
    by: Author,
    message: str = "",
    make_aliases: bool = True,
) -> BulkOutcome:
    """
    Accept what `plan_all` showed: all of it or nothing, a consolidation each, all of one batch.

    Raise TierNotSafe, NothingToAccept or BulkPlanChanged, and what `consolidating.consolidate` raises, each with
    nothing changed.
    """
    planned = plan_all(organization=organization, tier=tier, facility_id=facility_id)
    _check(planned, agreed)
    merges = [(sources_of(each), each.target) for each in planned.taken]
    consolidating.hold(organization=organization, merges=merges, make_aliases=make_aliases)
    # Nobody changes these codes from here on: is it still what was agreed to?
    _check(plan_all(organization=organization, tier=tier, facility_id=facility_id), agreed)

    batch_id = new_id()
    outcomes = [
        consolidating.consolidate(
            organization=organization,
            sources=sources_of(each),
            target=each.target,
            by=by,
            message=message,
            make_aliases=make_aliases,
            batch_id=batch_id,
        )
        for each in planned.taken
    ]
    return BulkOutcome(
        batch_id=batch_id,
        consolidations=[outcome.consolidation for outcome in outcomes if outcome.consolidation],
        updated_count=sum(outcome.updated_count for outcome in outcomes),
        affected_facilities=sorted({pk for outcome in outcomes for pk in outcome.affected_facilities}),
    )


def _check(planned: BulkPlan, agreed: str) -> None:
    if planned.digest != agreed:
        raise BulkPlanChanged(planned)
    if not planned.taken:
        raise NothingToAccept


def _why_alone(suggestion: Suggestion) -> Why:
    crosses = any(Reason.OTHER_FACILITY in member.reasons for member in suggestion.sources)
    return Why.OTHER_FACILITY if crosses else Why.ONE_BY_ONE


def _kept_out(organization: Organization, suggestions: Sequence[Suggestion]) -> Iterator[LeftOut]:
    """Yield those of these that something beside their codes keeps out."""
    targets = {(each.facility_id, each.target) for each in suggestions}
    aliases = resolving.resolve(organization_id=organization.pk, codes=targets)
    found = listing.weighed(organization, suggestions, kept=keeping.known(organization))
    for each, evidence in zip(suggestions, found, strict=True):
        if evidence.overlaps:
            yield LeftOut(each, Why.OVERLAPS)
        elif (each.facility_id, each.target) in aliases:
            yield LeftOut(each, Why.TARGET_IS_ALIAS)


def _digest(organization: Organization, taken: Sequence[Suggestion]) -> str:
    """Digest the suggestions and, of each group that they touch, the revision that every change of it draws anew."""
    keys = {
        GroupKey(organization.pk, source.facility_id, cups)
        for each in taken
        for source in sources_of(each)
        for cups in (source.cups, each.target)
    }
    groups = grouping.read(keys)
    lines = [*(each.id for each in taken), *(f"{group.facility_id} {group.revision} {group.cups}" for group in groups)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
