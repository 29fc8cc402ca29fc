"""Suggestions as they are looked at: listed in their order, a page of them with its evidence, one by its id."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from facilities.models import Facility, Organization
from invoices import cups as cups_codes
from invoices import timeline
from invoices.matching import Suggestion
from invoices.suggesting import keeping, nearby
from invoices.suggesting.keeping import Kept
from invoices.timeline import Evidence, Star

# The months of so many are read to put them in order; of more than these only those of the page that is shown.
MOST_WEIGHED: Final = 500
_MOST_EVIDENCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion with what speaks for it: the months that it fills or counts twice."""

    suggestion: Suggestion
    evidence: Evidence
    facility_name: str

    @property
    def in_bulk(self) -> bool:
        """Say whether it may be accepted together with others: its codes allow it, and no bill is counted twice."""
        return self.suggestion.in_bulk and not self.evidence.overlaps


class SuggestionNotFound(Exception):
    """There is no such suggestion, or its codes have changed since."""

    def __init__(self, suggestion_id: str) -> None:
        super().__init__(f"Suggestion with id={suggestion_id!r} not found: its codes may have changed since")


def listed(
    *,
    organization: Organization,
    facility_id: UUID | None = None,
    tiers: Collection[int] = (),
    search: str = "",
) -> Sequence[Suggestion]:
    """
    Return what is suggested: the surest first, then what fills the most months, then what has the most invoices.

    Months count where there are at most 500 to be put in order. `search` is any part of a source or the target, in any
    case.
    """
    kept = keeping.of(organization)
    wanted = search.casefold()
    found = [
        suggestion
        for suggestion in kept.suggestions.values()
        if (facility_id is None or suggestion.facility_id == facility_id)
        and (not tiers or suggestion.tier in tiers)
        and (not wanted or any(wanted in cups.casefold() for cups in nearby.codes_of(suggestion)))
    ]
    if len(found) > MOST_WEIGHED:
        return found
    filled = {
        each.id: evidence.filled for each, evidence in zip(found, weighed(organization, found, kept=kept), strict=True)
    }
    return sorted(found, key=lambda each: (each.tier, -filled[each.id]))


def find(*, organization: Organization, suggestion_id: str) -> Suggestion:
    """
    Return a suggestion as it stands; raise SuggestionNotFound.

    One that was known before something changed is looked for around its codes alone, so that nobody who decides on one
    after the other waits for all to be found anew.
    """
    kept = keeping.known(organization)
    if kept is None and (known := keeping.remembered(organization, suggestion_id)):
        cups = known.sources[0].code.cups
        found = nearby.near(organization=organization, cups=cups, facility_id=known.facility_id)
        suggestions = {each.id: each for each in found}
    else:
        suggestions = (kept or keeping.of(organization)).suggestions
    if suggestion_id not in suggestions:
        raise SuggestionNotFound(suggestion_id)
    return suggestions[suggestion_id]


def shown(*, organization: Organization, suggestions: Sequence[Suggestion]) -> list[Shown]:
    """Return the suggestions of one page with their evidence, in their order."""
    found = weighed(organization, suggestions, kept=keeping.known(organization))
    facility_ids = {suggestion.facility_id for suggestion in suggestions}
    names = dict(
        Facility.objects.filter(organization=organization, pk__in=facility_ids).values_list("pk", "name")
        if facility_ids
        else ()
    )
    return [
        Shown(suggestion, evidence, names.get(suggestion.facility_id, ""))
        for suggestion, evidence in zip(suggestions, found, strict=True)
    ]


def weighed(organization: Organization, suggestions: Sequence[Suggestion], *, kept: Kept | None) -> list[Evidence]:
    """Return what the months of these say, read once for as long as what is kept holds."""
    known = kept.evidence if kept else {}
    new = [suggestion for suggestion in suggestions if suggestion.id not in known]
    found = timeline.evidence(organization_id=organization.pk, stars=[star_of(each) for each in new])
    evidence = known | {each.id: weight for each, weight in zip(new, found, strict=True)}
    if kept:
        # Another thread may do the same: what it adds in between is read again, and nothing worse.
        kept.evidence = evidence if len(evidence) <= _MOST_EVIDENCE else {}
    return [evidence[suggestion.id] for suggestion in suggestions]


def star_of(suggestion: Suggestion) -> Star:
    """Return its codes as their months are weighed: every spelling of the supply that is no source is the target's."""
    sources = frozenset(member.code.cups for member in suggestion.sources)
    spellings = {cups for cups in suggestion.other_targets if cups_codes.parse(cups).supply == suggestion.supply}
    return Star(suggestion.facility_id, frozenset({suggestion.target, *spellings}) - sources, sources)
