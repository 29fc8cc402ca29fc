"""
Codes that stand for another at one facility: a consolidation is the past, an alias is the future.

What arrives under an alias is filed under its target (`resolving` says how); what stands in the books stays as it is.
There is no alias to an alias: what stood for a code that becomes an alias itself is made anew to the new target.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Self
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from facilities.access import Author
from facilities.models import Facility, Organization
from invoices import cups as cups_codes
from invoices import grouping
from invoices.grouping import GroupKey
from invoices.models import Consolidation, CupsAlias, Invoice


class Place(NamedTuple):
    """A code at one facility."""

    facility_id: UUID
    cups: str

    @classmethod
    def of(cls, alias: CupsAlias) -> Self:
        """Return where the alias holds."""
        return cls(alias.facility_id, alias.cups)


class AliasOfAnAlias(Exception):
    """The target stands for another code itself."""

    def __init__(self, target: CupsAlias) -> None:
        self.cups, self.target = target.cups, target.target_cups
        super().__init__(f"{self.cups} itself stands for {self.target}: choose that one, or remove that alias first")


class AliasOfItself(ValueError):
    """A code was to stand for itself."""

    def __init__(self, cups: str) -> None:
        super().__init__(f"{cups} can't be an alias of itself")


class AliasNotFound(Exception):
    """No such alias in this organization, or it has ended."""

    def __init__(self, alias_id: UUID) -> None:
        super().__init__(f"Alias with id={alias_id!r} not found")


class CodeLockedByDatadis(Exception):
    """The code is backed by a Datadis supply contract: it is the best there is, and stands for itself."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.codes = codes
        super().__init__(f"CUPS {', '.join(codes[:10])} is backed by a Datadis supply contract")


class FacilityNotInOrganization(Exception):
    """The alias was to hold at a facility that is not the organization's."""

    def __init__(self, facility_id: UUID) -> None:
        super().__init__(f"Facility {facility_id} does not belong to the organization")


@transaction.atomic
def make(
    *,
    organization: Organization,
    aliases: Collection[tuple[UUID, str]],
    target: str,
    by: Author,
    message: str = "",
) -> list[CupsAlias]:
    """
    Let codes, each at its facility, stand for the target from now on; return their aliases in the order given.

    What the codes stood for before ends; what stood for one of them stands for the target now. No invoice changes.

    Raise cups.NotAcceptable, AliasOfItself, FacilityNotInOrganization, CodeLockedByDatadis, AliasOfAnAlias or
    grouping.GroupsKeptChanging, each with nothing changed.
    """
    target = cups_codes.acceptable(target)
    places = checked(aliases)
    if any(place.cups == target for place in places):
        raise AliasOfItself(target)
    _check_facilities(organization, {place.facility_id for place in places})

    keys = keys_for(organization=organization, places=places, target=target)
    groups = grouping.lock(keys)
    named = {GroupKey(organization.pk, *place) for place in places}
    if locked := [group.cups for group in groups if group.is_locked and grouping.key_of(group) in named]:
        raise CodeLockedByDatadis(locked)
    made = record(organization=organization, places=places, target=target, by=by, held=keys, message=message)
    grouping.refresh(keys)
    return made


def checked(codes: Iterable[tuple[UUID, str]]) -> list[Place]:
    """Return codes as they would arrive, each once; raise cups.NotAcceptable."""
    return list(dict.fromkeys(Place(facility_id, cups_codes.acceptable(cups)) for facility_id, cups in codes))


def keys_for(*, organization: Organization, places: Sequence[Place], target: str) -> set[GroupKey]:
    """
    Return the groups that `record` needs held: of the codes, of the target, and of what the codes stand for now.

    So whoever makes or ends an alias holds the group of its target, and whoever makes one that of its code.
    """
    at_stake = {*places, *(Place(place.facility_id, target) for place in places)}
    stood_for = {
        Place(alias.facility_id, alias.target_cups)
        for alias in _concerning(organization.pk, places, target)
        if Place.of(alias) in at_stake
    }
    return {GroupKey(organization.pk, *place) for place in at_stake | stood_for}


def record(
    *,
    organization: Organization,
    places: Sequence[Place],
    target: str,
    by: Author,
    held: Collection[GroupKey],
    consolidation: Consolidation | None = None,
    message: str = "",
) -> list[CupsAlias]:
    """
    Write what `make` and a consolidation decided, under the locks of `keys_for`; return the aliases of the codes.

    Raise AliasOfAnAlias, or grouping.GroupsKeptChanging where the aliases have changed since the keys were worked out.
    """
    places = [place for place in places if place.cups != target]
    if not keys_for(organization=organization, places=places, target=target) <= set(held):
        raise grouping.GroupsKeptChanging("The aliases of these codes changed at this moment; try again.")
    named = set(places)
    concerned = _concerning(organization.pk, places, target)
    current = {Place.of(alias): alias for alias in concerned}
    for facility_id in {place.facility_id for place in places}:
        own = current.get(Place(facility_id, target))
        if own is not None and Place(facility_id, own.target_cups) not in named:
            raise AliasOfAnAlias(own)

    led_here = [alias for alias in concerned if Place(alias.facility_id, alias.target_cups) in named]
    wanted = dict.fromkeys([*places, *(Place.of(alias) for alias in led_here if alias.cups != target)])
    kept = {place: alias for place, alias in current.items() if place in wanted and alias.target_cups == target}
    ended = {*led_here, *(current[place] for place in wanted if place in current and place not in kept)}
    _end(organization.pk, ended, by=by, replaced_by=consolidation)
    made = {
        place: CupsAlias(
            organization=organization,
            facility_id=place.facility_id,
            cups=place.cups,
            clean_cups=cups_codes.parse(place.cups).clean,
            target_cups=target,
            consolidation=consolidation,
            message=message,
            **by.recorded(),
        )
        for place in wanted
        if place not in kept
    }
    CupsAlias.objects.bulk_create(made.values(), batch_size=500)
    return [kept.get(place) or made[place] for place in places]


@transaction.atomic
def remove(*, organization: Organization, alias_id: UUID, by: Author) -> None:
    """End an alias; what was filed under its target stays there. Raise AliasNotFound."""
    alias = find(organization=organization, alias_id=alias_id)
    keys = _keys_of([alias])
    grouping.lock(keys)
    _end(organization.pk, [find(organization=organization, alias_id=alias_id)], by=by)
    grouping.refresh(keys)


def keys_of(consolidation: Consolidation) -> set[GroupKey]:
    """Return the groups that `remove_of` needs held."""
    own = CupsAlias.objects.of(consolidation.organization_id)
    return _keys_of(own.filter(Q(consolidation=consolidation) | Q(replaced_by=consolidation)))


def remove_of(*, consolidation: Consolidation, by: Author) -> int:
    """
    End the aliases that a consolidation made, and make those anew that it replaced; return how many ended.

    One that it replaced comes back when the one that took its place ends, where it would neither stand beside another
    nor make an alias of an alias. The caller holds the groups of `keys_of`.
    """
    own = CupsAlias.objects.of(consolidation.organization_id)
    made = list(made_by(consolidation))
    ended = _end(consolidation.organization_id, made, by=by)
    # The target's own alias had no successor: it gave way to the one that leads the other way.
    freed = {Place(alias.facility_id, cups) for alias in made for cups in (alias.cups, alias.target_cups)}
    replaced = [alias for alias in own.filter(replaced_by=consolidation) if Place.of(alias) in freed]
    facilities = {alias.facility_id for alias in replaced}
    current = list(own.current().filter(facility__in=facilities)) if replaced else []
    taken = {Place.of(alias) for alias in current}
    targets = {Place(alias.facility_id, alias.target_cups) for alias in current}
    CupsAlias.objects.bulk_create(
        CupsAlias(
            organization_id=alias.organization_id,
            facility_id=alias.facility_id,
            cups=alias.cups,
            clean_cups=alias.clean_cups,
            target_cups=alias.target_cups,
            consolidation_id=alias.consolidation_id,
            message=alias.message,
            **by.recorded(),
        )
        for alias in replaced
        if Place.of(alias) not in taken | targets and Place(alias.facility_id, alias.target_cups) not in taken
    )
    return ended


def made_by(consolidation: Consolidation) -> QuerySet[CupsAlias]:
    """Return the aliases that a consolidation made and that hold."""
    return CupsAlias.objects.of(consolidation.organization_id).current().filter(consolidation=consolidation)


def find(*, organization: Organization, alias_id: UUID) -> CupsAlias:
    """Return an alias that holds; raise AliasNotFound."""
    found = listed(organization=organization).filter(pk=alias_id).first()
    if found is None:
        raise AliasNotFound(alias_id)
    return found


def listed(*, organization: Organization, search: str = "", facility_id: UUID | None = None) -> QuerySet[CupsAlias]:
    """Return the aliases that hold, by code, then facility; `search` looks for a part of the code or of the target."""
    aliases = CupsAlias.objects.of(organization.pk).current()
    if search:
        aliases = aliases.filter(Q(cups__icontains=search) | Q(target_cups__icontains=search))
    if facility_id is not None:
        aliases = aliases.filter(facility=facility_id)
    return aliases.select_related("facility", "by").order_by("cups", "facility__name", "facility_id")


def standing_for(*, organization: Organization, target: str, facility_ids: Collection[UUID]) -> list[CupsAlias]:
    """Return the aliases that a target itself is at these facilities, each with its facility."""
    at_hand = listed(organization=organization).filter(cups=target)
    return [alias for alias in at_hand if alias.facility_id in set(facility_ids)]


def invoice_counts(aliases: Sequence[CupsAlias]) -> Mapping[UUID, int]:
    """Return, by the key of an alias, how many invoices are printed with its code and carry its target."""
    if not aliases:
        return {}
    printed = Invoice.objects.of(aliases[0].organization_id).filter(
        is_parent=False,
        cups__in={alias.target_cups for alias in aliases},
        printed_cups__in={alias.cups for alias in aliases},
        facility__in={alias.facility_id for alias in aliases},
    )
    counted = printed.values_list("facility_id", "printed_cups", "cups").annotate(count=Count("pk"))
    counts = {(facility_id, code, target): count for facility_id, code, target, count in counted}
    return {alias.pk: counts.get((alias.facility_id, alias.cups, alias.target_cups), 0) for alias in aliases}


def _concerning(organization_id: UUID, places: Sequence[Place], target: str) -> list[CupsAlias]:
    """Return the current aliases, at the facilities of the places, of their codes or of the target, or to the codes."""
    facilities = {place.facility_id for place in places}
    found = {
        alias.pk: alias
        for part in grouping.sliced(sorted({target, *(place.cups for place in places)}))
        for alias in CupsAlias.objects.of(organization_id).current().filter(Q(cups__in=part) | Q(target_cups__in=part))
        if alias.facility_id in facilities
    }
    return list(found.values())


def _keys_of(aliases: Iterable[CupsAlias]) -> set[GroupKey]:
    return {
        GroupKey(alias.organization_id, alias.facility_id, cups)
        for alias in aliases
        for cups in (alias.cups, alias.target_cups)
    }


def _end(
    organization_id: UUID, aliases: Iterable[CupsAlias], *, by: Author, replaced_by: Consolidation | None = None
) -> int:
    """End those that have not ended; return how many they were."""
    own = CupsAlias.objects.of(organization_id).current()
    return sum(
        own.filter(pk__in=part).update(ended_at=timezone.now(), ended_by=by.user, replaced_by=replaced_by)
        for part in grouping.sliced(sorted(alias.pk for alias in aliases))
    )


def _check_facilities(organization: Organization, facility_ids: Collection[UUID]) -> None:
    own = Facility.objects.filter(organization=organization, pk__in=facility_ids).values_list("pk", flat=True)
    if foreign := set(facility_ids) - set(own):
        raise FacilityNotInOrganization(min(foreign))
