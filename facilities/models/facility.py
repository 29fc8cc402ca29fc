from decimal import Decimal
from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id
from facilities.models.organization import Organization


class FacilityStatus(models.TextChoices):
    ACTIVE = "active", _("active")
    ARCHIVED = "archived", _("archived")


class FacilityQuerySet(models.QuerySet["Facility"]):
    def present(self) -> Self:
        """Keep the facilities that nobody deleted."""
        return self.filter(deleted_at=None)


class Facility(models.Model):
    """A place that consumes: an office, a plant, a warehouse."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.PROTECT, related_name="facilities"
    )
    name = models.CharField(_("name"), max_length=200)
    address = models.CharField(_("address"), max_length=500, blank=True)
    country = models.CharField(
        _("country"),
        max_length=2,
        validators=[RegexValidator(r"\A[A-Z]{2}\Z", _("Two capital letters, as in ES (ISO 3166-1)."))],
    )
    type = models.CharField(_("type"), max_length=64)
    status = models.CharField(_("status"), max_length=10, choices=FacilityStatus, default=FacilityStatus.ACTIVE)
    logistic_factor = models.DecimalField(_("logistic factor"), max_digits=5, decimal_places=4, default=Decimal("0.8"))
    categories = models.JSONField(_("categories"), default=list, blank=True)
    cups_list = models.JSONField(_("CUPS of the facility"), default=list, blank=True)
    facility_purpose_type = models.CharField(_("purpose"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, editable=False)

    objects = FacilityQuerySet.as_manager()

    class Meta:
        verbose_name = _("facility")
        verbose_name_plural = _("facilities")
        constraints = [
            # What the composite keys of invoices, groups and contracts point at.
            models.UniqueConstraint(fields=["id", "organization"], name="facility_of_one_organization"),
            models.CheckConstraint(
                condition=models.Q(status__in=FacilityStatus.values), name="facility_status_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(logistic_factor__gte=0, logistic_factor__lte=1),
                name="facility_logistic_factor_is_a_share",
            ),
        ]
        indexes = [models.Index(fields=["organization", "name"], name="facility_by_name")]

    def __str__(self) -> str:
        return self.name
