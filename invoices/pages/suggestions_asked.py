"""What the address of the suggestions asks for, and the cards that answer it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.http import QueryDict
from django.urls import reverse

from facilities.models import Facility, Organization
from invoices import suggesting
from invoices.matching import Tier
from invoices.pages import suggestion_cards, suggestion_words

SIZE: Final = 20
MAX_PAGE: Final = 1_000_000


class AskedForm(forms.Form):
    """The parameters of the list; what makes no sense is passed over."""

    search = forms.CharField(required=False, max_length=200)
    tier = forms.TypedChoiceField(
        required=False,
        choices=[(tier.value, tier.name) for tier in Tier],
        coerce=lambda text: Tier(int(text)),
        empty_value=None,
    )
    facility_id = forms.UUIDField(required=False)
    page = forms.IntegerField(required=False, min_value=1, max_value=MAX_PAGE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: `query` holds what was said of it and makes sense."""

    search: str
    tier: Tier | None
    facility_id: UUID | None
    page: int
    query: QueryDict

    @classmethod
    def of(cls, given: QueryDict) -> Self:
        form = AskedForm(given)
        form.is_valid()
        sane = {name: form.cleaned_data.get(name) for name in form.fields}
        query = QueryDict(mutable=True)
        said = {name: value for name, value in sane.items() if value not in (None, "") and (name, value) != ("page", 1)}
        query.update({name: str(given[name]).strip() for name in said})
        return cls(sane["search"] or "", sane["tier"], sane["facility_id"], sane["page"] or 1, query)

    @property
    def address(self) -> str:
        """Return the address of the list that was asked for."""
        query = self.query.urlencode()
        return f"{reverse('cups-suggestions')}?{query}" if query else reverse("cups-suggestions")

    @property
    def is_narrowed(self) -> bool:
        return bool(self.search or self.facility_id or self.tier is not None)


@dataclass(frozen=True, slots=True)
class Counted:
    """A tier and how many suggestions there are of it."""

    tier: Tier
    count: int

    @property
    def number(self) -> int:
        return self.tier.value

    @property
    def name(self) -> str:
        return str(suggestion_words.TIERS[self.tier])


def context(organization: Organization, asked: Asked) -> dict[str, Any]:
    """Return what the list's template prints."""
    found = suggesting.listed(organization=organization, facility_id=asked.facility_id, search=asked.search)
    wanted = found if asked.tier is None else [each for each in found if each.tier == asked.tier]
    page = Paginator(wanted, SIZE).get_page(asked.page)
    return {
        "asked": asked,
        "back": asked.query.urlencode(),
        "page": page,
        "cards": suggestion_cards.cards(organization, list(page)),
        "tiers": _counted(each.tier for each in found),
        # Accepting a tier at once knows of no search, so it is not offered beside one.
        "safe": [] if asked.search else _counted(each.tier for each in found if each.in_bulk),
    }


def filters(organization: Organization) -> dict[str, Any]:
    """Return what the list can be narrowed by."""
    return {"facilities": Facility.objects.filter(organization=organization).order_by("name", "pk")}


def _counted(tiers: Iterable[Tier]) -> list[Counted]:
    return [Counted(tier, count) for tier, count in sorted(Counter(tiers).items())]
