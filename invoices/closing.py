"""Close a year that was reported, and open it again. What was reported then is written down and never rewritten."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from facilities import access
from facilities.access import Author
from facilities.models import Organization, Role
from invoices import closed_years, impacts
from invoices.impacts import Scope, Totals
from invoices.models import ClosingAction, InvoiceStatus, YearClosing

BIOMASS: Final = "biomass"
# Two events of a year never share a moment, nor go back in time: the last one is what holds, whatever the clocks say.
_STEP: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Year:
    """A year of an organization: what its invoices emit now, and the last word on whether it is closed."""

    year: int
    now: Totals
    last_word: YearClosing | None

    @property
    def is_closed(self) -> bool:
        return self.last_word is not None and self.last_word.action == ClosingAction.CLOSED

    @property
    def is_over(self) -> bool:
        return self.year < timezone.localdate().year

    @property
    def invoice_count(self) -> int:
        """The invoices with any day in the year, singles and parts, whatever their status."""
        return self.now.invoices_counted + self.not_in_total_count

    @property
    def error_count(self) -> int:
        return self.now.not_calculated.get(InvoiceStatus.ERROR, 0)

    @property
    def not_in_total_count(self) -> int:
        return sum(self.now.not_calculated.values())

    @property
    def left_out_count(self) -> int:
        """The invoices that are in no total and have no error: not calculated yet, or set aside by a person."""
        return self.not_in_total_count - self.error_count

    @property
    def figures(self) -> dict[str, Decimal]:
        """Kg CO2e by scope, and kg of biogenic CO2, as they are now."""
        scopes = {
            scope.value: self.now.scopes[scope].co2e if scope in self.now.scopes else Decimal(0) for scope in Scope
        }
        return {**scopes, BIOMASS: self.now.total.co2e_biomass}

    @property
    def reported(self) -> dict[str, Decimal]:
        """What was reported when it was last closed, by the same names; nothing of a year that never was."""
        return {name: Decimal(kg) for name, kg in self.last_word.totals.items()} if self.last_word else {}

    @property
    def is_as_reported(self) -> bool:
        return self.figures == self.reported

    @property
    def digest(self) -> str:
        """What changes when anything does that a person agrees to by closing or opening."""
        said = [self.year, self.last_word and self.last_word.pk, self.invoice_count, self.error_count, self.figures]
        return hashlib.sha256(repr(said).encode()).hexdigest()


class NothingToClose(Exception):
    """The organization has no invoice with a day in this year."""


class AlreadyClosed(Exception):
    """The year is closed."""


class NotClosed(Exception):
    """The year is open."""


class MessageRequired(Exception):
    """Opening a year that was reported needs a reason in words."""


class FiguresChanged(Exception):
    """What was agreed to is not what would be closed now. Carries the year as it is."""

    def __init__(self, year: Year) -> None:
        self.year = year
        super().__init__("The figures have changed since the page was shown; look at them again")


def years(*, organization: Organization, by: Author) -> list[int]:
    """Return the years from the first day that was billed to the last, and those ever closed, newest first."""
    billed = impacts.years(organization=organization, by=by)
    closed = YearClosing.objects.filter(organization=organization).values_list("year", flat=True)
    return sorted({*billed, *closed}, reverse=True)


def of_year(*, organization: Organization, year: int, by: Author) -> Year:
    """Return a year as it is now; one without invoices has no figures."""
    return of_years(organization=organization, years=[year], by=by)[0]


def of_years(*, organization: Organization, years: Sequence[int], by: Author) -> list[Year]:
    """Return these years as they are now, in the order given: three queries each, however many invoices there are."""
    last_words = closed_years.last_words(organization_id=organization.pk)
    return [
        Year(
            year,
            impacts.totals(organization=organization, start=date(year, 1, 1), end=date(year, 12, 31), by=by),
            last_words.get(year),
        )
        for year in years
    ]


@transaction.atomic
def close(
    *, organization: Organization, year: int, by: Author, message: str = "", agreed: str | None = None
) -> YearClosing:
    """
    Close a year: from now on nothing changes what its invoices emit, and what that is now is written down.

    `agreed` is the digest of what somebody was shown; None takes the year as it is. A year that is not over, or has
    invoices without a figure, is closed all the same: whoever closes it was told.

    Raise access.NotAllowed, AlreadyClosed, NothingToClose or FiguresChanged, with nothing written.
    """
    access.require(access.role_of_author(by, organization_id=organization.pk), Role.ADMIN)
    closed_years.hold_to_close(organization_id=organization.pk)
    held = of_year(organization=organization, year=year, by=by)
    if held.is_closed:
        raise AlreadyClosed(f"{year} is closed already")
    if not held.invoice_count:
        raise NothingToClose(f"There is no invoice with a day in {year}")
    if agreed is not None and agreed != held.digest:
        raise FiguresChanged(held)
    totals = {name: f"{kg:f}" for name, kg in held.figures.items()}
    return _say(
        action=ClosingAction.CLOSED,
        after=held.last_word,
        organization=organization,
        year=year,
        totals=totals,
        message=message.strip(),
        **by.recorded(),
    )


@transaction.atomic
def reopen(*, organization: Organization, year: int, by: Author, message: str) -> YearClosing:
    """
    Open a closed year again, for a reason. What was reported stays written down.

    Raise access.NotAllowed, NotClosed or MessageRequired, with nothing written.
    """
    access.require(access.role_of_author(by, organization_id=organization.pk), Role.ADMIN)
    closed_years.hold_to_close(organization_id=organization.pk)
    closed = closed_years.last_words(organization_id=organization.pk).get(year)
    if closed is None or closed.action != ClosingAction.CLOSED:
        raise NotClosed(f"{year} is not closed")
    if not message.strip():
        raise MessageRequired("Say why the year is opened again")
    # What was reported goes on with the last word, whatever the figures become now.
    return _say(
        action=ClosingAction.REOPENED,
        after=closed,
        organization=organization,
        year=year,
        totals=closed.totals,
        message=message.strip(),
        **by.recorded(),
    )


def _say(*, after: YearClosing | None, **said: Any) -> YearClosing:
    moment = timezone.now() if after is None else max(timezone.now(), after.created_at + _STEP)
    return YearClosing.objects.create(created_at=moment, **said)
