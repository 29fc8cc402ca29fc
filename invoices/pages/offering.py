"""Which codes the ticked groups may become, the best first, and what speaks for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from django.utils.translation import gettext as _
from rapidfuzz.distance import OSA

from facilities.models import Organization
from invoices import consolidating
from invoices import cups as cups_codes
from invoices.consolidating import Source
from invoices.models import CupsGroup
from invoices.pages import words

NEAREST: Final = 5
# So near that it is rather the same code, mistyped, than its neighbour's.
SLIP: Final = 3
SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """A code that the groups may become."""

    cups: str
    said: str
    is_locked: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """The codes that are likely, the best first, and those that are there if one looks for them."""

    near: Sequence[Choice] = ()
    far: Sequence[Choice] = ()
    target: str = ""

    @classmethod
    def of(cls, near: Sequence[Choice], far: Sequence[Choice], *, target: str) -> Self:
        """Split them, and say which is chosen: the target, or the best where there is none."""
        return cls(near[:SHOWN], [*near[SHOWN:], *far], target or (near[0].cups if near else ""))

    @property
    def is_far_chosen(self) -> bool:
        return any(choice.cups == self.target for choice in self.far)


def ticked(organization: Organization, sources: Sequence[Source]) -> list[CupsGroup]:
    """Return the ticked groups that are there, each with its facility, in the order of the list."""
    codes, facility_ids = {source.cups for source in sources}, {source.facility_id for source in sources}
    near = CupsGroup.objects.of(organization.pk).listed().filter(cups__in=codes, facility_id__in=facility_ids)
    wanted = set(sources)
    groups = near.select_related("facility").order_by("cups", "facility__name", "facility_id")
    return [group for group in groups if Source(group.cups, group.facility_id) in wanted]


def choices(organization: Organization, groups: Sequence[CupsGroup], *, target: str = "") -> Choices:
    """Return the ticked codes, the one that their digits make, and the nearest that Datadis backs."""
    best = consolidating.propose(groups)
    if best is None:
        return Choices()
    codes = {group.cups for group in groups}
    backed = [choice for choice in _backed(organization, groups) if choice.cups not in codes]
    near = [choice for choice in backed if _distance(choice.cups, codes) <= SLIP]
    far = [choice for choice in backed if choice not in near]
    offered = codes | {choice.cups for choice in backed}
    built = [choice for choice in _built(organization, best) if choice.cups not in offered]
    # A single code is ticked to be corrected: it is no target itself.
    if len(codes) == 1:
        return Choices.of([*near, *built], far, target=target)
    return Choices.of([*_ticked_codes(groups, best), *built, *near], far, target=target)


def _ticked_codes(groups: Sequence[CupsGroup], best: CupsGroup) -> list[Choice]:
    counts: dict[str, int] = {}
    for group in groups:
        counts[group.cups] = counts.get(group.cups, 0) + group.invoice_count
    others = sorted((cups for cups in counts if cups != best.cups), key=lambda cups: (-counts[cups], cups))
    proposed = ": ".join(part for part in (_("proposed"), _reasons(best.cups, counts)) if part)
    return [
        Choice(best.cups, f"{words.invoices(counts[best.cups])} · {proposed}"),
        *(Choice(cups, words.invoices(counts[cups])) for cups in others),
    ]


def _reasons(best: str, counts: Mapping[str, int]) -> str:
    reasons = []
    if cups_codes.parse(best).check is cups_codes.Check.VALID:
        reasons.append(_("letters right as written"))
    if cups_codes.is_complete(best):
        reasons.append(_("right length"))
    if distributor := cups_codes.distributor(best):
        reasons.append(_("distributor %(name)s") % {"name": distributor})
    if all(count < counts[best] for cups, count in counts.items() if cups != best):
        reasons.append(_("most invoices"))
    return ", ".join(reasons)


def _built(organization: Organization, best: CupsGroup) -> list[Choice]:
    """Return the code that the same digits make with computed letters."""
    built = cups_codes.complete(best.cups)
    if not built:
        return []
    is_carried = CupsGroup.objects.of(organization.pk).listed().filter(cups=built).exists()
    if is_carried:
        return [Choice(built, _("same digits, letters computed; other invoices carry it already"))]
    return [Choice(built, _("same digits, letters computed; no invoice carries it yet"))]


def _backed(organization: Organization, groups: Sequence[CupsGroup]) -> list[Choice]:
    """Return the codes at these facilities that Datadis backs, the nearest to a ticked one first."""
    codes = {group.cups for group in groups}
    facility_ids = {group.facility_id for group in groups}
    locked = consolidating.locked_codes(organization=organization, facility_ids=facility_ids)
    backed = {group.cups: group for group in locked if group.invoice_count}
    nearest = sorted(backed, key=lambda cups: (_distance(cups, codes), cups))[:NEAREST]
    return [
        Choice(cups, f"{backed[cups].facility.name} · {words.invoices(backed[cups].invoice_count)}", is_locked=True)
        for cups in nearest
    ]


def _distance(cups: str, codes: set[str]) -> int:
    """Return how many slips lie between a code and the nearest of others."""
    return min(OSA.distance(cups, code) for code in codes)
