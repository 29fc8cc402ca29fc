"""
Join codes that name one supply: plan it, do it.

`plan` works everything out and writes nothing; `consolidate` works it out again once it holds the locks, and refuses
when what was agreed to is not what would happen now. What was done is taken back in `undoing`.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from facilities.access import Author
from facilities.models import Facility, Organization
from invoices import aliasing, grouping, matching, merge_warnings, rewriting
from invoices import cups as cups_codes
from invoices.grouping import GroupKey
from invoices.merge_warnings import MergeWarning
from invoices.models import CupsAlias, CupsGroup, Invoice
from invoices.rewriting import Outcome

MAX_SOURCES = 10_000
SAMPLES = 5


class Source(NamedTuple):
    """A group to be rewritten: a code exactly as listed, at one facility."""

    cups: str
    facility_id: UUID


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What a consolidation would do.

    `groups` are the source groups that are there, `receiving` the groups under the target that are there already.
    `digest` changes when any invoice of any of them does.
    """

    target: str
    groups: Sequence[CupsGroup]
    receiving: Sequence[CupsGroup]
    updated_count: int
    affected_facilities: Sequence[UUID]
    rows_left: int
    digest: str
    warnings: Sequence[MergeWarning] = ()
    samples: Sequence[Invoice] = ()


class FacilityNotInOrganization(Exception):
    """A source's facility is not the organization's."""

    def __init__(self, facility_ids: Collection[UUID]) -> None:
        self.facility_ids = sorted(facility_ids)
        super().__init__(f"Facility {self.facility_ids[0]} does not belong to the organization")


class LockedByDatadis(Exception):
    """A source group is backed by a Datadis supply contract."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.codes = codes
        super().__init__(f"CUPS {', '.join(codes[:10])} is backed by a Datadis supply contract")


class PlanChanged(Exception):
    """What was agreed to is not what would happen now. Carries the new plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__("The invoices have changed since the preview; look at the new one and confirm it")


class ValidCodesDiffer(Exception):
    """Sound codes of different supplies were to be joined, and nobody confirmed that."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.codes = codes
        super().__init__(f"{' and '.join(codes[:2])} are sound CUPS of different supplies; confirm to join them")


class MalformedSources(ValueError):
    """No source at all, or too many of them."""


def plan(*, organization: Organization, sources: Iterable[Source], target: str) -> Plan:
    """
    Work out what `consolidate` would do, and write nothing.

    Raise what `consolidate` raises, but for PlanChanged and ValidCodesDiffer, which the plan warns of.
    """
    wanted, target = _checked(organization, sources, target)
    groups = grouping.read(_keys(organization, wanted) | _target_keys(organization, wanted, target))
    return _advise(organization, _plan(organization, groups, wanted, target))


@transaction.atomic
def consolidate(
    *,
    organization: Organization,
    sources: Iterable[Source],
    target: str,
    by: Author,
    message: str = "",
    agreed: str | None = None,
    confirmed: bool = False,
    batch_id: UUID | None = None,
    make_aliases: bool = False,
) -> Outcome:
    """
    Rewrite the CUPS of every invoice in the source groups to the target, and record it.

    `agreed` is the digest of the plan that somebody saw: with it, nothing but that plan is carried out. `confirmed`
    says that codes of different supplies are to be joined knowingly. A pair that matches nothing adds nothing. What is
    accepted at once shares a `batch_id`. With `make_aliases` the sources, those that match nothing too, stand for the
    target from now on (aliasing.make).

    Raise cups.NotAcceptable, MalformedSources, FacilityNotInOrganization, LockedByDatadis, PlanChanged,
    ValidCodesDiffer or aliasing.AliasOfAnAlias, each with nothing changed.
    """
    wanted, target = _checked(organization, sources, target)
    places = aliasing.checked((source.facility_id, source.cups) for source in wanted) if make_aliases else []
    locked = hold(organization=organization, merges=[(wanted, target)], make_aliases=make_aliases)
    own = _keys(organization, wanted) | _target_keys(organization, wanted, target)
    present = [group for group in locked if group.invoice_count and grouping.key_of(group) in own]

    planned = _plan(organization, present, wanted, target)
    if agreed is not None and agreed != planned.digest:
        raise PlanChanged(_advise(organization, planned))
    different = merge_warnings.different_supplies([target, *(group.cups for group in planned.groups)])
    if different and not confirmed:
        raise ValidCodesDiffer(different)

    rewritten = [group for group in planned.groups if group.cups != target]
    outcome = rewriting.record(
        rewriting.of_groups(rewritten, organization_id=organization.pk).rewritable(),
        organization=organization,
        target=target,
        sources=[source._asdict() for source in wanted],
        by=by,
        message=message,
        batch_id=batch_id,
    )
    aliases = aliasing.record(
        organization=organization,
        places=places,
        target=target,
        by=by,
        held={grouping.key_of(group) for group in locked},
        consolidation=outcome.consolidation,
        message=message,
    )
    grouping.refresh(grouping.key_of(group) for group in locked)
    return replace(outcome, alias_count=len(aliases))


def hold(
    *, organization: Organization, merges: Iterable[tuple[Collection[Source], str]], make_aliases: bool = False
) -> list[CupsGroup]:
    """
    Lock all that consolidating the sources of each merge to its target touches, and return it in key order.

    `consolidate` does so itself; who consolidates several times in one transaction holds all of it first, in one order.
    With `make_aliases` the sources are locked even where nothing stands under them: an invoice may be on its way there.
    """
    keys, needed = set[GroupKey](), set[GroupKey]()
    for sources, target in merges:
        keys |= _keys(organization, sources)
        needed |= _target_keys(organization, sources, target)
        if make_aliases:
            places = aliasing.checked((source.facility_id, source.cups) for source in sources)
            needed |= aliasing.keys_for(organization=organization, places=places, target=target)
    return grouping.lock(needed, where_present=keys)


def propose(groups: Sequence[CupsGroup]) -> CupsGroup | None:
    """Return the group whose code is the best target among these, as `matching.ranked` has it, or None among none."""
    if not groups:
        return None
    best, *_others = matching.ranked(map(_as_code, groups))
    return max((group for group in groups if group.cups == best), key=lambda group: group.invoice_count)


def locked_codes(*, organization: Organization, facility_ids: Collection[UUID]) -> QuerySet[CupsGroup]:
    """Return the groups at these facilities whose codes a Datadis contract backs: the best targets there are."""
    groups = CupsGroup.objects.of(organization.pk).locked().filter(facility_id__in=facility_ids)
    return groups.select_related("facility").order_by("cups", "facility_id")


def check_facilities(organization: Organization, facility_ids: Collection[UUID]) -> None:
    """Raise FacilityNotInOrganization unless all of them are the organization's; archived and deleted ones are."""
    own: set[UUID] = set()
    for part in grouping.sliced(sorted(facility_ids)):
        own |= set(Facility.objects.filter(organization=organization, pk__in=part).values_list("pk", flat=True))
    if foreign := set(facility_ids) - own:
        raise FacilityNotInOrganization(foreign)


def _checked(organization: Organization, sources: Iterable[Source], target: str) -> tuple[list[Source], str]:
    """Return the sources, each once, and the target as it will be stored."""
    wanted = list(dict.fromkeys(sources))
    if not 1 <= len(wanted) <= MAX_SOURCES:
        raise MalformedSources(f"sources: {len(wanted)} given; name 1 to {MAX_SOURCES}")
    target = cups_codes.acceptable(target)
    check_facilities(organization, {source.facility_id for source in wanted})
    return wanted, target


def _keys(organization: Organization, sources: Iterable[Source]) -> set[GroupKey]:
    return {GroupKey(organization.pk, source.facility_id, source.cups) for source in sources}


def _target_keys(organization: Organization, sources: Iterable[Source], target: str) -> set[GroupKey]:
    return {GroupKey(organization.pk, source.facility_id, target) for source in sources}


def _plan(organization: Organization, present: Sequence[CupsGroup], wanted: Sequence[Source], target: str) -> Plan:
    """Work out the plan from the groups that are there, locked or only read."""
    named = _keys(organization, wanted)
    groups = [group for group in present if grouping.key_of(group) in named]
    if locked := [group.cups for group in groups if group.is_locked]:
        raise LockedByDatadis(locked)

    rewritten = [group for group in groups if group.cups != target]
    return Plan(
        target=target,
        groups=groups,
        receiving=[group for group in present if group.cups == target],
        updated_count=sum(group.invoice_count for group in rewritten),
        affected_facilities=sorted({group.facility_id for group in rewritten}),
        rows_left=len({group.facility_id for group in groups}),
        digest=_digest(present, target),
    )


def _digest(present: Sequence[CupsGroup], target: str) -> str:
    """Digest the target and, of each group, its key and the revision that every change of its invoices draws anew."""
    lines = sorted(f"{group.facility_id} {group.revision} {group.cups}" for group in present)
    return hashlib.sha256("\n".join([target, *lines]).encode()).hexdigest()


def _advise(organization: Organization, planned: Plan) -> Plan:
    """Add what a person wants to see first: the warnings, and some of the invoices."""
    rewritten = [group for group in planned.groups if group.cups != planned.target]
    moving = rewriting.of_groups(rewritten, organization_id=organization.pk)
    joined = rewriting.of_groups([*rewritten, *planned.receiving], organization_id=organization.pk)
    codes = sorted({group.cups for group in planned.groups})
    warnings = [
        *merge_warnings.of_codes(target=planned.target, sources=codes),
        *merge_warnings.of_aliases(_target_aliases(organization, planned)),
        *merge_warnings.of_bills(joined),
        *merge_warnings.of_groups(
            locked_elsewhere=_locked_elsewhere(organization, planned),
            siblings=_siblings_left(organization, moving, planned),
            places=_places_gained(organization, moving, planned),
        ),
    ]
    samples = list(moving.select_related("facility", "unit").order_by("start_date", "pk")[:SAMPLES])
    return replace(planned, warnings=warnings, samples=samples)


def _target_aliases(organization: Organization, planned: Plan) -> list[CupsAlias]:
    facility_ids = {group.facility_id for group in planned.groups}
    return aliasing.standing_for(organization=organization, target=planned.target, facility_ids=facility_ids)


def _locked_elsewhere(organization: Organization, planned: Plan) -> list[CupsGroup]:
    codes = sorted({group.cups for group in planned.groups if group.cups != planned.target})
    return [
        group
        for part in grouping.sliced(codes)
        for group in CupsGroup.objects.of(organization.pk).locked().filter(cups__in=part).select_related("facility")
    ]


def _siblings_left(organization: Organization, moving: QuerySet[Invoice], planned: Plan) -> list[CupsGroup]:
    """Return the groups where other children of the rewritten invoices' parents will carry another code."""
    parents = moving.filter(source_invoice__isnull=False).values("source_invoice_id")
    siblings = (
        Invoice.objects.of(organization.pk).grouped().filter(source_invoice__in=parents).exclude(cups=planned.target)
    )
    going = {grouping.key_of(group) for group in planned.groups}
    left = {GroupKey(organization.pk, *row) for row in siblings.values_list("facility_id", "cups").distinct()} - going
    return grouping.read(left)


def _places_gained(organization: Organization, moving: QuerySet[Invoice], planned: Plan) -> list[CupsGroup]:
    """
    Return the groups of the target's supply where it would stand at a facility that it is not yet at, and at another.

    Facilities between which a distributed invoice of the moving ones is divided share it rightly.
    """
    parsed = cups_codes.parse(planned.target)
    named = Q(body16=parsed.body16, letters_ok=True) if parsed.supply else Q(cups=planned.target)
    present = CupsGroup.objects.of(organization.pk).listed().filter(named).select_related("facility")
    there = list(present.order_by("cups", "facility_id"))
    gained = set(planned.affected_facilities) - {group.facility_id for group in there}
    groups = [*(group for group in planned.groups if group.facility_id in gained), *there]
    if not gained or len({group.facility_id for group in groups}) == 1:
        return []
    parents = moving.filter(facility_id__in=gained, source_invoice__isnull=False).values("source_invoice_id")
    siblings = Invoice.objects.of(organization.pk).grouped().filter(source_invoice__in=parents)
    shared = set(siblings.values_list("facility_id", flat=True).distinct())
    if all(group.facility_id in shared for group in groups):
        return []
    return [group for group in groups if group.facility_id in gained or group.facility_id not in shared]


def _as_code(group: CupsGroup) -> matching.Code:
    return matching.Code(
        cups=group.cups,
        facility_id=group.facility_id,
        clean=group.clean_cups,
        check=cups_codes.Check(group.check_result),
        body16=group.body16,
        letters_ok=group.letters_ok,
        suffix=group.suffix,
        invoice_count=group.invoice_count,
        first_date=group.first_date,
        last_date=group.last_date,
        is_locked=group.is_locked,
    )
