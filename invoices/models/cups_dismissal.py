from typing import Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from facilities.models import Facility
from invoices.cups import MAX_LENGTH
from invoices.models.consolidation import Evidence


class CupsDismissalQuerySet(models.QuerySet["CupsDismissal"]):
    def of(self, organization_id: UUID) -> Self:
        """Keep one organization's own."""
        return self.filter(organization_id=organization_id)

    def current(self) -> Self:
        """Keep those that nobody took back."""
        return self.filter(restored_at=None)


class CupsDismissal(Evidence):
    """
    A code that somebody said is not a duplicate of a supply: exactly this member is not suggested again.

    `suggestion` groups the members that were dismissed at once. Written by `dismissing` alone.
    """

    suggestion = models.CharField(_("suggestion"), max_length=32)
    tier = models.PositiveSmallIntegerField(_("tier"))
    facility = models.ForeignKey(
        Facility, verbose_name=_("facility"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    cups = models.CharField("CUPS", max_length=MAX_LENGTH)
    # The 20 characters of the supply it is not, or the clean form of the code where that is no CUPS.
    supply = models.CharField(_("supply"), max_length=MAX_LENGTH)
    target_cups = models.CharField(_("target"), max_length=MAX_LENGTH)
    restored_at = models.DateTimeField(_("restored at"), null=True)
    restored_by = models.ForeignKey(
        "facilities.User",
        verbose_name=_("restored by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    objects = CupsDismissalQuerySet.as_manager()

    class Meta:
        verbose_name = _("dismissed suggestion")
        verbose_name_plural = _("dismissed suggestions")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "facility", "cups", "supply"],
                condition=models.Q(restored_at=None),
                name="one_current_dismissal_per_member_and_supply",
            ),
            models.CheckConstraint(condition=models.Q(tier__lte=5), name="dismissal_tier_is_known"),
        ]
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="dismissal_newest_first")]

    def __str__(self) -> str:
        return f"{self.cups} ≠ {self.target_cups}"
