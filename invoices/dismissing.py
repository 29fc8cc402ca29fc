"""What somebody said is no duplicate: remembered code by code, and taken back when asked."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from facilities.access import Author
from facilities.models import Organization
from invoices.matching import Suggestion
from invoices.models import CupsDismissal


class DismissalNotFound(Exception):
    """No such dismissal in this organization, or it was taken back already."""

    def __init__(self, dismissal_id: UUID) -> None:
        super().__init__(f"Dismissal with id={dismissal_id!r} not found")


@transaction.atomic
def dismiss(
    *,
    organization: Organization,
    suggestion: Suggestion,
    members: Collection[tuple[str, UUID]] | None = None,
    by: Author,
    message: str = "",
) -> list[CupsDismissal]:
    """
    Remember of a suggestion's sources, all or those of `members` (code and facility), that they are not its supply.

    Exactly these are not suggested for it again. What somebody dismissed before stays as it was said then.
    Return what holds of them now.
    """
    rows = [
        CupsDismissal(
            organization=organization,
            suggestion=suggestion.id,
            tier=suggestion.tier,
            facility_id=member.code.facility_id,
            cups=member.code.cups,
            supply=suggestion.supply,
            target_cups=suggestion.target,
            message=message.strip(),
            **by.recorded(),
        )
        for member in suggestion.sources
        if members is None or (member.code.cups, member.code.facility_id) in members
    ]
    CupsDismissal.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    current = CupsDismissal.objects.of(organization.pk).current().filter(supply=suggestion.supply)
    wanted = {(row.facility_id, row.cups) for row in rows}
    places = current.filter(facility_id__in={facility_id for facility_id, _cups in wanted})
    return [row for row in places.order_by("cups", "facility_id") if (row.facility_id, row.cups) in wanted]


@transaction.atomic
def restore(*, organization: Organization, dismissal_id: UUID, by: Author) -> None:
    """Take a dismissal back, so that its code is suggested again; raise DismissalNotFound."""
    current = CupsDismissal.objects.of(organization.pk).current().filter(pk=dismissal_id)
    if not current.update(restored_at=timezone.now(), restored_by=by.user):
        raise DismissalNotFound(dismissal_id)


def listed(*, organization: Organization) -> QuerySet[CupsDismissal]:
    """Return the dismissals that hold, newest first, each with its facility and who said it."""
    rows = CupsDismissal.objects.of(organization.pk).current().select_related("facility", "by")
    return rows.order_by("-created_at", "-pk")
