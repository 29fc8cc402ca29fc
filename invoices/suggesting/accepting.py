"""Decide on one suggestion: accept it, or say that it is no duplicate."""

from collections.abc import Collection

from django.db import transaction

from facilities.access import Author
from facilities.models import Organization
from invoices import consolidating, dismissing, grouping
from invoices import cups as cups_codes
from invoices.consolidating import Plan, Source
from invoices.grouping import GroupKey
from invoices.matching import Suggestion
from invoices.models import CupsDismissal
from invoices.rewriting import Outcome
from invoices.suggesting import listing


class NotOfTheSuggestion(ValueError):
    """What was to be left out or dismissed is no source of the suggestion."""

    def __init__(self, foreign: Collection[Source]) -> None:
        self.sources = sorted(foreign)
        super().__init__(f"{self.sources[0].cups} is no source of this suggestion")


class NothingLeft(ValueError):
    """Every source was left out."""

    def __init__(self) -> None:
        super().__init__("Every source is left out; leave one in, or dismiss the suggestion")


def plan(
    *,
    organization: Organization,
    suggestion_id: str,
    target: str | None = None,
    leave_out: Collection[Source] = (),
) -> Plan:
    """
    Work out what `accept` would do, and write nothing.

    Raise what `accept` raises, but for PlanChanged and ValidCodesDiffer, which the plan warns of.
    """
    suggestion = listing.find(organization=organization, suggestion_id=suggestion_id)
    wanted = cups_codes.acceptable(target or suggestion.target)
    sources = _sources(organization, suggestion, wanted, leave_out)
    return consolidating.plan(organization=organization, sources=sources, target=wanted)


@transaction.atomic
def accept(
    *,
    organization: Organization,
    suggestion_id: str,
    target: str | None = None,
    leave_out: Collection[Source] = (),
    by: Author,
    message: str = "",
    agreed: str | None = None,
    confirmed: bool = False,
    make_aliases: bool = True,
) -> Outcome:
    """
    Join the sources of a suggestion, but for those left out, and make them aliases of the target.

    Another `target` of the same supply takes the invoices of the proposed one too. `agreed` is the digest of a plan.

    Raise SuggestionNotFound (it may have changed), NotOfTheSuggestion, NothingLeft and what `consolidating.consolidate`
    raises, each with nothing changed.
    """
    suggestion = listing.find(organization=organization, suggestion_id=suggestion_id)
    wanted = cups_codes.acceptable(target or suggestion.target)
    sources = _sources(organization, suggestion, wanted, leave_out)
    consolidating.hold(organization=organization, merges=[(sources, wanted)], make_aliases=make_aliases)
    # Nobody changes its codes from here on: is it still what was looked at?
    listing.find(organization=organization, suggestion_id=suggestion_id)
    return consolidating.consolidate(
        organization=organization,
        sources=sources,
        target=wanted,
        by=by,
        message=message,
        agreed=agreed,
        confirmed=confirmed,
        make_aliases=make_aliases,
    )


@transaction.atomic
def dismiss(
    *,
    organization: Organization,
    suggestion_id: str,
    members: Collection[Source] | None = None,
    by: Author,
    message: str = "",
) -> list[CupsDismissal]:
    """
    Say that these sources of a suggestion, all unless told which, are not the target's supply.

    Raise SuggestionNotFound, NotOfTheSuggestion or NothingLeft, each with nothing changed.
    """
    suggestion = listing.find(organization=organization, suggestion_id=suggestion_id)
    _check_members(suggestion, members or ())
    if members is not None and not members:
        raise NothingLeft
    return dismissing.dismiss(organization=organization, suggestion=suggestion, members=members, by=by, message=message)


def sources_of(suggestion: Suggestion) -> list[Source]:
    """Return the groups that it would rewrite."""
    return [Source(member.code.cups, member.code.facility_id) for member in suggestion.sources]


def _sources(
    organization: Organization, suggestion: Suggestion, target: str, leave_out: Collection[Source]
) -> list[Source]:
    """Return what is to be rewritten: what was not left out, and the proposed target where another one was chosen."""
    _check_members(suggestion, leave_out)
    left = [source for source in sources_of(suggestion) if source not in leave_out]
    if not left:
        raise NothingLeft
    proposed = GroupKey(organization.pk, suggestion.facility_id, suggestion.target)
    # Another supply's code is for what was damaged alone.
    if target != suggestion.target and not cups_codes.differ(target, suggestion.target) and grouping.read([proposed]):
        left.append(Source(suggestion.target, suggestion.facility_id))
    return [source for source in left if source.cups != target] or left


def _check_members(suggestion: Suggestion, named: Collection[Source]) -> None:
    if foreign := set(named) - set(sources_of(suggestion)):
        raise NotOfTheSuggestion(foreign)
