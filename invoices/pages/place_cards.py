"""A code at several places as a person reads it: where, what can be moved, and what is counted twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

from django.utils.translation import gettext_lazy, ngettext

from invoices import cups as cups_codes
from invoices.double_counting import Clash, Clashes
from invoices.elsewhere import Place, Shown, Why
from invoices.models import InvoiceType
from invoices.pages import words

SHOWN_PAIRS: Final = 5
_CLASHES: Final = {
    Clash.SAME_INVOICE: gettext_lazy("The same invoice stands at two of these places."),
    Clash.CORRECTION: gettext_lazy("Two invoices are of the same period: one may correct the other."),
    Clash.OVERLAPPING_PERIODS: gettext_lazy("Periods overlap: consumption may be counted twice."),
}


@dataclass(frozen=True, slots=True)
class Overlap:
    """What is counted twice, in words."""

    title: str
    figures: str
    is_grave: bool
    pairs: Sequence[Sequence[tuple[str, Any]]]
    left_out: int

    @classmethod
    def of(cls, clash: Clash, found: Clashes, names: Mapping[UUID, str]) -> Self:
        figures = [words.invoices(found.count)]
        if found.days:
            figures.append(ngettext("%(days)s day", "%(days)s days", found.days) % {"days": words.number(found.days)})
        if found.kwh:
            figures.append(f"{words.number(round(found.kwh))} kWh")
        return cls(
            title=str(_CLASHES[clash]),
            figures=" · ".join(figures),
            is_grave=clash is Clash.SAME_INVOICE,
            pairs=[[(names[bill.facility_id], bill) for bill in pair] for pair in found.pairs[:SHOWN_PAIRS]],
            left_out=max(0, found.count - SHOWN_PAIRS),
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A place, and where its invoices can be moved: to the other facilities of the card."""

    place: Place
    targets: Sequence[tuple[UUID, str]]


@dataclass(frozen=True, slots=True)
class Card:
    """One supply as the list shows it."""

    cups: str
    is_two_types: bool
    implies_electricity: bool
    rows: Sequence[Row]
    overlaps: Sequence[Overlap]

    @classmethod
    def of(cls, shown: Shown) -> Self:
        found = shown.elsewhere
        names = {place.facility_id: place.facility_name for place in found.places}
        is_two_types = found.why is Why.ELECTRICITY_AND_HEAT
        return cls(
            cups=found.cups,
            is_two_types=is_two_types,
            implies_electricity=any(cups_codes.parse(place.cups).suffix for place in found.places),
            rows=[Row(place, [] if is_two_types else _targets(place, names)) for place in found.places],
            overlaps=[Overlap.of(clash, clashes, names) for clash, clashes in shown.clashes.items()],
        )


def _targets(place: Place, names: Mapping[UUID, str]) -> list[tuple[UUID, str]]:
    if place.is_locked or place.type != InvoiceType.ELECTRICITY:
        return []
    return [(facility_id, name) for facility_id, name in names.items() if facility_id != place.facility_id]
