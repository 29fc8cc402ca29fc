"""
What matching found of an organization, kept in this process for as long as nothing has changed.

A stamp over the rows that matching reads is compared at every read: a few sums in the database, which is some hundred
times cheaper than reading and matching them. So what is kept is never out of date, whichever process wrote.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db.models import Count, F, IntegerField, Max, QuerySet, Sum
from django.db.models.functions import Extract

from facilities.models import Organization, SupplyContract
from invoices import matching
from invoices.cups import Check
from invoices.matching import Code, Contract, Dismissed, Suggestion
from invoices.models import CupsDismissal, CupsGroup
from invoices.timeline import Evidence

# Nothing is kept of more organizations than this, nor of more suggestions in all; the largest go first.
MOST_ORGANIZATIONS: Final = 4
MOST_SUGGESTIONS: Final = 100_000

_COLUMNS: Final = (
    *("cups", "facility_id", "clean_cups", "check_result", "body16", "letters_ok", "suffix"),
    *("invoice_count", "first_date", "last_date", "locked_count"),
)
# Revisions are 62 random bits: this many of each add up to what every database counts in.
_REVISION_PART: Final = 2**31


class Stamp(NamedTuple):
    """What changes whenever a row that matching reads does."""

    groups: int
    revisions: int
    contracts: "_Moments"
    dismissals: "_Moments"


class _Moments(NamedTuple):
    """Rows with the moment of their last change: how many, the latest, and a sum, which one that comes late changes."""

    number: int
    latest: datetime | None
    microseconds: int


@dataclass(slots=True)
class Kept:
    """What was found, the surest first and of the most invoices; `evidence` of those that were looked at."""

    stamp: Stamp
    suggestions: dict[str, Suggestion]
    evidence: dict[str, Evidence] = field(default_factory=dict)


_kept: OrderedDict[UUID, Kept] = OrderedDict()
_lock = Lock()


def of(organization: Organization) -> Kept:
    """Return what is suggested of an organization now, by id."""
    stamp = _stamp(organization)
    kept = _with(stamp, organization)
    if kept is None:
        kept = Kept(stamp, {suggestion.id: suggestion for suggestion in _found(organization)})
        # What was written while the rows were read may be taken back, and then the stamp is what it was.
        if _stamp(organization) == stamp:
            _keep(organization.pk, kept)
    return kept


def known(organization: Organization) -> Kept | None:
    """Return the same where it is known already, or None: for who looks at a few and can do without."""
    return _with(_stamp(organization), organization)


def remembered(organization: Organization, suggestion_id: str) -> Suggestion | None:
    """Return a suggestion as it was when it was last looked for, whatever has changed since."""
    with _lock:
        kept = _kept.get(organization.pk)
    return kept.suggestions.get(suggestion_id) if kept else None


def codes(groups: QuerySet[CupsGroup]) -> Iterator[Code]:
    """Yield what matching reads of these groups."""
    checks = {check.value: check for check in Check}
    for cups, facility_id, clean, check, *rest in groups.values_list(*_COLUMNS).iterator():
        body16, letters_ok, suffix, invoice_count, first_date, last_date, locked_count = rest
        yield Code(
            *(cups, facility_id, clean, checks[check], body16, letters_ok, suffix),
            *(invoice_count, first_date, last_date),
            is_locked=locked_count > 0,
        )


def contracts(organization: Organization) -> list[Contract]:
    """Return every supply that a contract names, be it active or not: old bills are of old contracts."""
    rows = SupplyContract.objects.filter(organization=organization).values_list("cups", "facility_id")
    return [Contract(*row) for row in rows.distinct()]


def dismissed(organization: Organization) -> list[Dismissed]:
    """Return what somebody said is no duplicate, as far as it holds."""
    rows = CupsDismissal.objects.of(organization.pk).current().values_list("cups", "facility_id", "supply")
    return [Dismissed(*row) for row in rows]


def in_order(suggestion: Suggestion) -> tuple[Any, ...]:
    """Order suggestions: the surest first, then those of the most invoices."""
    invoices = sum(member.code.invoice_count for member in suggestion.sources)
    return suggestion.tier, -invoices, suggestion.target, suggestion.facility_id


def _found(organization: Organization) -> list[Suggestion]:
    found = matching.suggest(
        # In one order, so that what fits equally well is chosen alike every time.
        codes(CupsGroup.objects.of(organization.pk).listed().order_by("cups", "facility_id")),
        contracts=contracts(organization),
        dismissed=dismissed(organization),
    )
    return sorted(found, key=in_order)


def _with(stamp: Stamp, organization: Organization) -> Kept | None:
    with _lock:
        kept = _kept.get(organization.pk)
    return kept if kept and kept.stamp == stamp else None


def _keep(organization_id: UUID, kept: Kept) -> None:
    with _lock:
        _kept[organization_id] = kept
        _kept.move_to_end(organization_id)
        while len(_kept) > 1 and _is_too_much():
            older = list(_kept)[:-1]
            del _kept[max(older, key=lambda pk: len(_kept[pk].suggestions))]


def _is_too_much() -> bool:
    return len(_kept) > MOST_ORGANIZATIONS or sum(len(kept.suggestions) for kept in _kept.values()) > MOST_SUGGESTIONS


def _stamp(organization: Organization) -> Stamp:
    # An empty group, which somebody has just locked, changes nothing.
    groups = (
        CupsGroup.objects.of(organization.pk)
        .listed()
        .aggregate(count=Count("pk"), revisions=Sum(F("revision") % _REVISION_PART))
    )
    return Stamp(
        groups["count"],
        groups["revisions"] or 0,
        _moments(SupplyContract.objects.filter(organization=organization), "updated_at"),
        _moments(CupsDismissal.objects.of(organization.pk).current(), "created_at"),
    )


def _moments(rows: QuerySet[Any], name: str) -> _Moments:
    microsecond = Extract(name, "microsecond", output_field=IntegerField())
    found = rows.aggregate(count=Count("pk"), latest=Max(name), microseconds=Sum(microsecond))
    return _Moments(found["count"], found["latest"], int(found["microseconds"] or 0))
