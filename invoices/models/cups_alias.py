from typing import Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from facilities.models import Facility
from invoices.cups import MAX_LENGTH
from invoices.models.consolidation import Consolidation, Evidence


class CupsAliasQuerySet(models.QuerySet["CupsAlias"]):
    def of(self, organization_id: UUID) -> Self:
        """Keep one organization's own."""
        return self.filter(organization_id=organization_id)

    def current(self) -> Self:
        """Keep those that hold."""
        return self.filter(ended_at=None)


class CupsAlias(Evidence):
    """
    A code that stands for another at one facility: what arrives under it is filed under the target.

    A row never changes but to end: an alias whose target was consolidated further is ended and replaced by a new one,
    so that undoing can bring it back. Written by `aliasing` alone.
    """

    facility = models.ForeignKey(
        Facility, verbose_name=_("facility"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    cups = models.CharField("CUPS", max_length=MAX_LENGTH)
    # The code in capitals, without separators and label: what arrives printed a little differently is found by it.
    clean_cups = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)
    target_cups = models.CharField(_("target"), max_length=MAX_LENGTH)
    # What made it, if a consolidation did.
    consolidation = models.ForeignKey(
        Consolidation,
        verbose_name=_("consolidation"),
        null=True,
        on_delete=models.PROTECT,
        related_name="aliases",
        db_index=False,
    )
    ended_at = models.DateTimeField(_("ended at"), null=True)
    ended_by = models.ForeignKey(
        "facilities.User",
        verbose_name=_("ended by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    # The consolidation that gave its code another target.
    replaced_by = models.ForeignKey(
        Consolidation,
        verbose_name=_("replaced by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="replaced_aliases",
        db_index=False,
    )

    objects = CupsAliasQuerySet.as_manager()

    class Meta:
        verbose_name = _("CUPS alias")
        verbose_name_plural = _("CUPS aliases")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "facility", "cups"],
                condition=models.Q(ended_at=None),
                name="one_current_alias_per_facility_and_cups",
            ),
            models.CheckConstraint(condition=~models.Q(cups=models.F("target_cups")), name="alias_is_not_its_target"),
            models.CheckConstraint(
                condition=~models.Q(cups="") & ~models.Q(target_cups=""), name="alias_and_target_are_codes"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "target_cups", "facility"],
                condition=models.Q(ended_at=None),
                name="alias_by_target",
            ),
            models.Index(
                fields=["organization", "clean_cups", "facility"],
                condition=models.Q(ended_at=None),
                name="alias_by_clean_form",
            ),
            models.Index(fields=["consolidation"], name="alias_by_consolidation"),
        ]

    def __str__(self) -> str:
        return f"{self.cups} → {self.target_cups}"
