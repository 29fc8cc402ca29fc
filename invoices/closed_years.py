"""
Which years an organization has reported and closed: what was reported of them stays.

An invoice belongs to every year that one of its days is in. A distributed invoice's parent belongs to none: its parts
hold the figures, each in the books of its own organization.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple, Self
from uuid import UUID

from django.db import connection

from facilities.models import Organization
from invoices.models import ClosingAction, Invoice, YearClosing


class Period(NamedTuple):
    """Days, both ends included, of an organization's invoice."""

    organization_id: UUID
    start_date: date
    end_date: date

    @classmethod
    def of(cls, invoice: Invoice) -> Self:
        return cls(invoice.organization_id, invoice.start_date, invoice.end_date)

    @property
    def years(self) -> range:
        return range(self.start_date.year, self.end_date.year + 1)


class PeriodClosed(Exception):
    """The invoice has days in a year that its organization has closed; an administrator can open the year again."""

    def __init__(self, closed: Mapping[str, Collection[int]]) -> None:
        self.closed = closed
        named = "; ".join(f"{name}: {', '.join(map(str, sorted(years)))}" for name, years in sorted(closed.items()))
        super().__init__(f"Closed years can't change ({named}). An administrator can open a year again")


def check(periods: Iterable[Period]) -> None:
    """
    Raise PeriodClosed if any of these days is in a closed year; else none of the years closes before the commit.

    It takes two queries, one on SQLite, however many periods there are. Call it once the invoices' own locks are held.
    """
    asked = set(periods)
    closed = _held(asked)
    refused: dict[UUID, set[int]] = {}
    for period in asked:
        if years := closed[period.organization_id].intersection(period.years):
            refused.setdefault(period.organization_id, set()).update(years)
    if refused:
        names = dict(Organization.objects.filter(pk__in=refused).values_list("pk", "name"))
        raise PeriodClosed({names[organization_id]: years for organization_id, years in refused.items()})


def is_any_closed(periods: Iterable[Period]) -> bool:
    """Tell whether any of these days is in a closed year, with the same hold."""
    asked = set(periods)
    closed = _held(asked)
    return any(closed[period.organization_id].intersection(period.years) for period in asked)


def closed_among(periods: Mapping[UUID, Period]) -> dict[UUID, str]:
    """
    Return why some of these invoices can't be written: by invoice a sentence, of those in a closed year alone.

    None of the others' years closes before the commit. For callers that go on with the rest.
    """
    closed = _held(set(periods.values()))
    found = {
        invoice_id: closed[period.organization_id].intersection(period.years) for invoice_id, period in periods.items()
    }
    return {invoice_id: _sentence(years) for invoice_id, years in found.items() if years}


def last_words(*, organization_id: UUID) -> dict[int, YearClosing]:
    """Return the event that holds for each year which was ever closed, by year."""
    events = YearClosing.objects.filter(organization=organization_id).select_related("by", "on_behalf_of", "api_key")
    return {event.year: event for event in events.order_by("created_at", "pk")}


def hold_to_close(*, organization_id: UUID) -> None:
    """Wait for whoever is writing invoices of the organization, and make those who come later wait for the commit."""
    list(Organization.objects.filter(pk=organization_id).select_for_update().values_list("pk"))


def _held(periods: Collection[Period]) -> dict[UUID, frozenset[int]]:
    """Return the closed years that matter to these periods, by organization, and keep other years from closing."""
    if not periods:
        return {}
    organizations = sorted({period.organization_id for period in periods})
    _hold_to_write(organizations)
    # In a statement of its own: it must see what was committed while that one waited.
    events = YearClosing.objects.filter(
        organization__in=organizations,
        year__gte=min(period.start_date.year for period in periods),
        year__lte=max(period.end_date.year for period in periods),
    )
    words = events.order_by("created_at", "pk").values_list("organization", "year", "action")
    last = {(organization_id, year): action for organization_id, year, action in words}
    return {
        organization_id: frozenset(
            year
            for (owner, year), action in last.items()
            if owner == organization_id and action == ClosingAction.CLOSED
        )
        for organization_id in organizations
    }


def _hold_to_write(organizations: Collection[UUID]) -> None:
    """
    Share the organizations' rows with other writers, who do not wait for each other, against a closing, which does.

    SQLite lets one transaction write at a time.
    """
    if connection.vendor != "postgresql":
        return
    # Django has no word for this strength: its own, FOR UPDATE, would have every writer wait for every other.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM facilities_organization WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [list(organizations)]
        )


def _sentence(years: Collection[int]) -> str:
    named = ", ".join(map(str, sorted(years)))
    return f"The year is closed ({named}): what was reported stays. An administrator can open it again"
