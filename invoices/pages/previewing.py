"""What a consolidation would do, as a person reads it before confirming."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from facilities.models import Facility, Organization
from invoices import consolidating
from invoices.consolidating import Plan, Source
from invoices.merge_warnings import WarningCode
from invoices.models import CupsGroup
from invoices.pages import months, words


@dataclass(frozen=True, slots=True)
class Row:
    """One group before and after."""

    group: CupsGroup
    facility_name: str
    is_rewritten: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan with its sentences. `gone` counts the ticked groups that are no longer there."""

    plan: Plan
    rows: Sequence[Row]
    gone: int
    picture: months.Picture | None

    @classmethod
    def of(cls, plan: Plan, *, organization: Organization, sources: Sequence[Source]) -> Self:
        names = _facility_names(organization, plan)
        groups = {group.pk: group for group in (*plan.groups, *plan.receiving)}.values()
        return cls(
            plan=plan,
            rows=[Row(group, names.get(group.facility_id, ""), group.cups != plan.target) for group in groups],
            gone=len(sources) - len(plan.groups),
            picture=months.of(plan, organization=organization, facility_names=names),
        )

    @property
    def outcome(self) -> str:
        """Say how many invoices at how many facilities."""
        if not self.plan.updated_count:
            return _("Nothing would change: no invoice of these groups carries another code.")
        return ngettext(
            "%(invoices)s at %(facilities)s will be rewritten.",
            "%(invoices)s at %(facilities)s will be rewritten.",
            self.plan.updated_count,
        ) % {
            "invoices": words.invoices(self.plan.updated_count),
            "facilities": words.facilities(len(self.plan.affected_facilities)),
        }

    @property
    def rows_left(self) -> str:
        """Say how many rows the list will keep of these."""
        count = self.plan.rows_left
        return ngettext("One row will remain.", "%(count)d rows will remain, one per facility.", count) % {
            "count": count
        }

    @property
    def fills(self) -> str:
        """Say how many of the months that the target lacks are filled."""
        if self.picture is None or not self.picture.lacking:
            return ""
        return ngettext(
            "Fills %(filled)s of the %(count)s month that the target lacks.",
            "Fills %(filled)s of the %(count)s months that the target lacks.",
            self.picture.lacking,
        ) % {"filled": self.picture.filled, "count": self.picture.lacking}

    @property
    def is_to_be_confirmed(self) -> bool:
        """Tell whether the target must be typed once more."""
        return any(warning.code == WarningCode.VALID_CODES_DIFFER for warning in self.plan.warnings)


def preview(*, organization: Organization, sources: Sequence[Source], target: str) -> Shown:
    """Work out what would happen, and write nothing. Raise what `consolidating.plan` raises."""
    plan = consolidating.plan(organization=organization, sources=sources, target=target)
    return Shown.of(plan, organization=organization, sources=sources)


def _facility_names(organization: Organization, plan: Plan) -> Mapping[UUID, str]:
    ids = {group.facility_id for group in (*plan.groups, *plan.receiving)}
    return dict(Facility.objects.filter(organization=organization, pk__in=ids).values_list("pk", "name"))
