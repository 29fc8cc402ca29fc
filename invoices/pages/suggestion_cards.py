"""A suggestion as a card: its codes one under the other, why, the months, and what the form held if it was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from facilities.models import Organization
from invoices import suggesting
from invoices.matching import Code, Suggestion
from invoices.models import CupsGroup
from invoices.pages import aligning, suggestion_words, words
from invoices.pages.aligning import Line
from invoices.pages.merging import Wanted
from invoices.suggesting import Shown
from invoices.timeline import Evidence, Month, State

SHOWN_MEMBERS: Final = 30
SHOWN_MONTHS: Final = 48


@dataclass(frozen=True, slots=True)
class Row:
    """A code that the target would replace; `value` is what its tick box sends."""

    code: Code
    line: Line
    value: str
    said: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A month of the strip; `state` is a class of the style sheet, "" where no code has an invoice."""

    state: str
    title: str
    begins_year: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """The months from the first invoice to the last, at most the latest four years."""

    cells: Sequence[Cell]
    first: str
    last: str

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        ordinals = [year * 12 + month - 1 for year, month in evidence.months]
        if not ordinals:
            return cls((), "", "")
        drawn = [
            divmod(each, 12) for each in range(max(min(ordinals), max(ordinals) - SHOWN_MONTHS + 1), max(ordinals) + 1)
        ]
        months = [Month(year, month + 1) for year, month in drawn]
        cells = [_cell(evidence, month) for month in months]
        return cls(cells, month_name(*months[0]), month_name(*months[-1]))


@dataclass(frozen=True, slots=True)
class Form:
    """What a card's form holds: as it is first shown, or as it came back."""

    wanted: Wanted | None = None
    makes_aliases: bool = True
    error: str = ""
    is_to_be_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """What the template prints of one suggestion. `carried` is the group of the target, where there is one."""

    shown: Shown
    carried: CupsGroup | None
    target_line: Line
    members: Sequence[Row]
    unseen_members: Sequence[str]
    strip: Strip
    form: Form

    @property
    def id(self) -> str:
        return self.suggestion.id

    @property
    def suggestion(self) -> Suggestion:
        return self.shown.suggestion

    @property
    def tier_name(self) -> str:
        return str(suggestion_words.TIERS[self.suggestion.tier])

    @property
    def target_said(self) -> str:
        return suggestion_words.target_reasons(self.suggestion.target_reasons)

    @property
    def facility_name(self) -> str:
        return self.shown.facility_name

    @property
    def is_safe(self) -> bool:
        """Tell whether it is one that may be accepted along with others, unseen."""
        return self.shown.in_bulk

    @property
    def target_count(self) -> int:
        """The invoices that carry the target already."""
        return self.carried.invoice_count if self.carried else 0

    @property
    def target_dates(self) -> tuple[date | None, date | None]:
        return (self.carried.first_date, self.carried.last_date) if self.carried else (None, None)

    @property
    def other_targets(self) -> Sequence[str]:
        return self.suggestion.other_targets

    @property
    def typed(self) -> str:
        return self.form.wanted.typed if self.form.wanted else ""

    @property
    def message(self) -> str:
        return self.form.wanted.message if self.form.wanted else ""

    @property
    def choices(self) -> Sequence[str]:
        return [self.suggestion.target, *self.suggestion.other_targets]

    @property
    def target(self) -> str:
        """The code that is chosen now."""
        return self.form.wanted.target if self.form.wanted else self.suggestion.target

    @property
    def is_typed(self) -> bool:
        return bool(self.form.wanted and self.form.wanted.is_typed)

    @property
    def is_opened(self) -> bool:
        """Tell whether something else than the proposed target is chosen, which must then be seen."""
        return self.is_typed or self.target != self.suggestion.target

    @property
    def fills(self) -> str:
        """Say how many of the months that the target lacks the others have."""
        evidence = self.shown.evidence
        if not evidence.missing:
            return ""
        return ngettext(
            "Fills %(filled)s of %(count)s missing month",
            "Fills %(filled)s of %(count)s missing months",
            evidence.missing,
        ) % {"filled": words.number(evidence.filled), "count": words.number(evidence.missing)}

    @property
    def overlaps(self) -> str:
        """Say what would be counted twice."""
        evidence = self.shown.evidence
        if not evidence.overlaps:
            return ""
        said = ngettext(
            "%(count)s invoice would overlap another", "%(count)s invoices would overlap others", evidence.overlaps
        ) % {"count": words.number(evidence.overlaps)}
        if not evidence.overlap_days:
            return said
        days = ngettext("%(days)s day", "%(days)s days", evidence.overlap_days)
        return f"{said} · {days % {'days': words.number(evidence.overlap_days)}}"


def cards(organization: Organization, suggestions: Sequence[Suggestion], form: Form | None = None) -> list[Card]:
    """Return the cards of these suggestions, the form as it came back if it did."""
    shown = suggesting.shown(organization=organization, suggestions=suggestions)
    groups = CupsGroup.objects.of(organization.pk).listed()
    facility_ids, targets = {each.facility_id for each in suggestions}, {each.target for each in suggestions}
    found = groups.filter(facility_id__in=facility_ids, cups__in=targets) if suggestions else ()
    carried = {(group.facility_id, group.cups): group for group in found}
    return [_card(each, carried.get((each.suggestion.facility_id, each.suggestion.target)), form) for each in shown]


def value_of(code: Code) -> str:
    """Return what a form sends of a member."""
    return f"{code.facility_id}|{code.cups}"


def month_name(year: int, month: int) -> str:
    """Say a month as lists do."""
    return date_format(date(year, month, 1), pgettext("date format", "M Y"))


def _card(shown: Shown, carried: CupsGroup | None, form: Form | None) -> Card:
    form = form or Form()
    sources = shown.suggestion.sources
    target_line, *lines = aligning.lines(
        shown.suggestion.target, [member.code.cups for member in sources[:SHOWN_MEMBERS]]
    )
    values = [value_of(member.code) for member in sources]
    ticked = set(form.wanted.ticked) if form.wanted else set(values)
    return Card(
        shown=shown,
        carried=carried,
        target_line=target_line,
        members=[
            Row(member.code, line, value, suggestion_words.reasons(member.reasons), is_ticked=value in ticked)
            for member, line, value in zip(sources, lines, values, strict=False)
        ],
        unseen_members=[value for value in values[SHOWN_MEMBERS:] if value in ticked],
        strip=Strip.of(shown.evidence),
        form=form,
    )


def _cell(evidence: Evidence, month: Month) -> Cell:
    state = evidence.months.get(month)
    names = {
        State.TARGET: _("the target's invoices"),
        State.FILLED: _("filled"),
        State.OVERLAP: _("overlapping"),
        None: _("no invoice"),
    }
    return Cell(
        state=state.value if state else "",
        title=f"{month_name(*month)}: {names[state]}",
        begins_year=month[1] == 1,
    )
