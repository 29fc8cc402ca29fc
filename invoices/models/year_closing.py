from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from invoices.models.consolidation import Evidence


class ClosingAction(models.TextChoices):
    CLOSED = "closed", _("closed")
    REOPENED = "reopened", _("reopened")


class YearClosing(Evidence):
    """
    A year that an organization reported, closed or opened again: append-only, the last word on a year holds.

    `totals` is what was reported: kg CO2e as text by scope (`1`, `2_market`, `2_location`, `3`) and `biomass`.
    """

    action = models.CharField(_("action"), max_length=10, choices=ClosingAction)
    year = models.PositiveSmallIntegerField(_("year"), validators=[MinValueValidator(1990), MaxValueValidator(2100)])
    totals = models.JSONField(_("totals"), default=dict)

    class Meta:
        verbose_name = _("closing of a year")
        verbose_name_plural = _("closings of years")
        constraints = [
            models.CheckConstraint(condition=models.Q(action__in=ClosingAction.values), name="closing_action_is_known")
        ]
        indexes = [models.Index(fields=["organization", "year", "created_at"], name="closing_by_year")]

    def __str__(self) -> str:
        return f"{self.year}: {self.get_action_display()}"
