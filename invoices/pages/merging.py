"""The form of a consolidation: what was ticked, what it shall become, and how a refusal reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from invoices import aliasing, consolidating, grouping, wording
from invoices import cups as cups_codes
from invoices.consolidating import Source
from invoices.models import MESSAGE_LENGTH

MAX_TICKED: Final = 200


class NothingTicked(Exception):
    """No group was ticked."""


class TooManyTicked(Exception):
    """More groups were ticked than one form takes."""


REFUSALS: Final = (
    NothingTicked,
    TooManyTicked,
    aliasing.AliasOfAnAlias,
    cups_codes.NotAcceptable,
    consolidating.FacilityNotInOrganization,
    consolidating.LockedByDatadis,
    consolidating.PlanChanged,
    consolidating.ValidCodesDiffer,
    grouping.GroupsKeptChanging,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form says. `target` is "" while there is none; `previewed` is the one that the preview was made for."""

    sources: Sequence[Source]
    target: str
    typed: str
    is_typed: bool
    previewed: str
    digest: str
    confirmation: str
    message: str
    back: str
    make_aliases: bool

    @classmethod
    def of(cls, form: QueryDict) -> Self:
        # The choice "another code" has no value of its own: the code is in the field beside it.
        chosen, typed = form.get("target"), form.get("cups", "").strip()
        return cls(
            sources=_sources(form.getlist("group")),
            target=typed if chosen == "" else chosen or "",
            typed=typed,
            is_typed=chosen == "",
            previewed=form.get("previewed", ""),
            digest=form.get("digest", ""),
            confirmation=form.get("confirmation", ""),
            message=form.get("message", "").replace("\0", "").strip()[:MESSAGE_LENGTH],
            back=form.get("back", ""),
            # Ticked unless said otherwise: the ticks of the list, which bring the form, say nothing of it.
            make_aliases="make_aliases" in form or "previewed" not in form,
        )

    @property
    def is_confirmed(self) -> bool:
        """Tell whether the target was typed once more; blanks and capitals do not count."""
        return bool(self.target) and _plain(self.confirmation) == _plain(self.target)

    @property
    def ticked(self) -> list[str]:
        """Return the sources as the form sends them."""
        return [f"{source.facility_id}|{source.cups}" for source in self.sources]

    def check(self) -> None:
        """Raise NothingTicked or TooManyTicked."""
        if not self.sources:
            raise NothingTicked
        if len(self.sources) > MAX_TICKED:
            raise TooManyTicked


def in_words(refusal: Exception, wanted: Wanted) -> str:
    """Say why a consolidation was refused, and what one can do."""
    if isinstance(refusal, consolidating.LockedByDatadis):
        said = _("Backed by a Datadis contract, and so not to be rewritten: %(codes)s. It can only be the target.")
        return said % {"codes": ", ".join(dict.fromkeys(refusal.codes[:5]))}
    if isinstance(refusal, aliasing.AliasOfAnAlias):
        said = _("%(cups)s itself stands for %(target)s at a facility. Choose that one, or untick “And from now on”.")
        return said % {"cups": refusal.cups, "target": refusal.target}
    if isinstance(refusal, cups_codes.NotAcceptable):
        return wording.not_acceptable(refusal)
    if isinstance(refusal, consolidating.PlanChanged) and wanted.previewed != wanted.target:
        return _("You chose another code since the preview. Below is what would happen with it; confirm that.")
    return str(_SAID[type(refusal)])


_SAID: Final[Mapping[type[Exception], Any]] = {
    NothingTicked: gettext_lazy("No group is ticked. Tick the groups that are the same supply."),
    TooManyTicked: gettext_lazy("Tick at most 200 groups at a time."),
    consolidating.FacilityNotInOrganization: gettext_lazy(
        "One of the groups is at a facility of another organization. Tick them again on the list."
    ),
    consolidating.PlanChanged: gettext_lazy(
        "The invoices have changed since the preview. Below is what would happen now; confirm that."
    ),
    consolidating.ValidCodesDiffer: gettext_lazy(
        "These are sound codes of different supplies. Type the target code once more to join them."
    ),
    grouping.GroupsKeptChanging: gettext_lazy("Somebody else is changing the same groups. Try again in a moment."),
}


def _sources(ticked: Sequence[str]) -> list[Source]:
    """Return what was ticked, each once; what is no group at all is passed over."""
    found = []
    for value in dict.fromkeys(ticked):
        if "\0" in value:  # which PostgreSQL can't even be asked for
            continue
        facility_id, _bar, cups = value.partition("|")
        try:
            found.append(Source(cups, UUID(facility_id)))
        except ValueError:
            continue
    return [source for source in found if source.cups]


def _plain(text: str) -> str:
    return "".join(text.split()).upper()
