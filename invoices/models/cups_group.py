from typing import Final, Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from facilities.models import Facility, Organization
from invoices.cups import MAX_LENGTH, Check

# How a check is said, in a page and in the admin.
CHECK_NAMES: Final = {
    Check.VALID: _("correct"),
    Check.NOT_CLEAN: _("not plainly written"),
    Check.LOOK_ALIKE: _("look-alike character"),
    Check.LETTERS_MISSING: _("letters missing"),
    Check.LETTERS_WRONG: _("letters do not fit"),
    Check.DAMAGED: _("not shaped like a CUPS"),
    Check.SELF_CONSUMPTION: _("self-consumption code"),
    Check.OTHER: _("not a CUPS"),
}


class CupsGroupQuerySet(models.QuerySet["CupsGroup"]):
    def of(self, organization_id: UUID) -> Self:
        """Keep one organization's own."""
        return self.filter(organization_id=organization_id)

    def locked(self) -> Self:
        return self.filter(locked_count__gt=0)

    def unlocked(self) -> Self:
        return self.filter(locked_count=0)

    def listed(self) -> Self:
        """Keep the groups that have invoices: an empty one lives only inside the transaction that locked it."""
        return self.filter(invoice_count__gt=0)


class CupsGroup(models.Model):
    """
    One CUPS code at one facility, with what its invoices add up to: the read model, and the lock that writers share.

    Written by `grouping` alone.
    """

    id = models.BigAutoField(primary_key=True)
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    facility = models.ForeignKey(
        Facility, verbose_name=_("facility"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    cups = models.CharField("CUPS", max_length=MAX_LENGTH)
    invoice_count = models.PositiveIntegerField(_("invoices"), default=0)
    locked_count = models.PositiveIntegerField(_("invoices backed by Datadis"), default=0)
    first_date = models.DateField(_("first day"), null=True)
    last_date = models.DateField(_("last day"), null=True)
    check_result = models.CharField(
        _("check"), max_length=20, choices=[(check.value, name) for check, name in CHECK_NAMES.items()]
    )
    # The code as parsed when it was first written: what looks for duplicates reads no code twice.
    clean_cups = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)
    body16 = models.CharField(max_length=16, blank=True, editable=False)
    letters_ok = models.BooleanField(default=False, editable=False)
    suffix = models.CharField(max_length=2, blank=True, editable=False)
    # Drawn anew by each refresh: a preview that remembers it notices any change of the group's invoices.
    revision = models.BigIntegerField(default=0, editable=False)

    objects = CupsGroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("CUPS group")
        verbose_name_plural = _("CUPS groups")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "facility", "cups"], name="one_group_per_organization_facility_and_cups"
            ),
            models.CheckConstraint(
                condition=models.Q(locked_count__lte=models.F("invoice_count")), name="group_locked_are_among_all"
            ),
            models.CheckConstraint(condition=~models.Q(cups=""), name="group_has_a_code"),
        ]
        indexes = [
            models.Index(fields=["organization", "cups", "facility"], name="group_by_cups"),
            models.Index(fields=["facility"], name="group_by_facility"),
            models.Index(fields=["organization", "body16"], name="group_by_digits"),
        ]

    def __str__(self) -> str:
        return self.cups

    @property
    def is_locked(self) -> bool:
        """Tell whether a Datadis contract backs any of its invoices."""
        return self.locked_count > 0
