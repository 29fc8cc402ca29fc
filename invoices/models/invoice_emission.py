"""What was calculated of an invoice, and what it replaced."""

from typing import Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id
from facilities.models import Organization
from invoices.models.emission_factor import FactorSet
from invoices.models.invoice import HEADLINE_NAMES, Invoice
from invoices.models.processing_job import ProcessingJob


class EmissionCategory(models.TextChoices):
    """What is calculated: one result of each invoice for each that fits its type. The values of `emissions`."""

    STATIONARY = "stationary", _("stationary combustion")
    STATIONARY_GENERATION = "stationary_generation", _("upstream of fuels")
    ELECTRICITY = "electricity", _("electricity, market-based")
    ELECTRICITY_LOCATION_BASED = "electricity_location_based", _("electricity, location-based")
    ELECTRICITY_GENERATION = "electricity_generation", _("upstream of electricity")
    ELECTRICITY_TRANSMISSION_AND_DISTRIBUTION = (
        "electricity_transmission_and_distribution",
        _("transmission and distribution of electricity"),
    )
    WATER = "water", _("water")
    PROCESS = "process", _("process")
    ENERGY = "energy", _("energy")


# The one result that is the invoice's own `co2e`: an invoice has exactly one of them, by its type.
HEADLINES: Final = tuple(EmissionCategory(name) for name in HEADLINE_NAMES)
# What stands beside the totals, never in them.
LOCATION_BASED: Final = EmissionCategory.ELECTRICITY_LOCATION_BASED


class Emission(models.Model):
    """
    A result: kg CO2e and kg of biogenic CO2, or kWh at net calorific value, or the reason why there is none.

    `trace` is a list of `emissions.trace.Line.as_json()`; `flags` are the flags of its lines, sorted, by blanks.
    """

    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    activity_category = models.CharField(_("category"), max_length=48, choices=EmissionCategory)
    scope = models.PositiveSmallIntegerField(_("scope"), null=True)
    # 15 significant digits, which is what SQLite keeps.
    co2e = models.DecimalField("kg CO2e", max_digits=18, decimal_places=6, null=True)
    co2e_biomass = models.DecimalField(_("kg of biogenic CO2"), max_digits=18, decimal_places=6, null=True)
    energy_kwh = models.DecimalField(_("energy in kWh"), max_digits=18, decimal_places=6, null=True)
    flags = models.CharField(_("flags"), max_length=300, blank=True)
    error = models.CharField(_("why there is none"), max_length=500, blank=True)
    trace = models.JSONField(_("trace"), default=list)
    factor_set = models.ForeignKey(
        FactorSet, verbose_name=_("set of factors"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    calculated_at = models.DateTimeField(_("calculated at"), default=timezone.now, editable=False)

    class Meta:
        abstract = True


class InvoiceEmission(Emission):
    """
    The result that holds now, one for each invoice and category. Never of a parent: its figures are its children's.

    Written by `calculating` alone.
    """

    id = models.BigAutoField(primary_key=True)
    # `filing` deletes results before their invoice, in the organization's name.
    invoice = models.ForeignKey(
        Invoice, verbose_name=_("invoice"), on_delete=models.DO_NOTHING, related_name="emissions", db_index=False
    )

    class Meta:
        verbose_name = _("emission")
        verbose_name_plural = _("emissions")
        constraints = [
            models.UniqueConstraint(fields=["invoice", "activity_category"], name="one_emission_per_category"),
            models.CheckConstraint(
                condition=models.Q(activity_category__in=EmissionCategory.values), name="emission_category_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(error="") | models.Q(co2e=None, co2e_biomass=None, energy_kwh=None),
                name="emission_is_a_figure_or_an_error",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.activity_category}: {self.error or self.co2e}"


class InvoiceEmissionHistory(Emission):
    """
    A result that was replaced, or that went with its invoice. Append-only; no key to the invoice, which may be gone.

    `calculated_at` is when it was calculated, `replaced_at` when it stopped holding, `job` what replaced it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    invoice_id = models.UUIDField()
    job = models.ForeignKey(
        ProcessingJob,
        verbose_name=_("job"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    replaced_at = models.DateTimeField(_("replaced at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("replaced emission")
        verbose_name_plural = _("replaced emissions")
        indexes = [
            models.Index(fields=["organization", "invoice_id", "replaced_at"], name="emission_history_by_invoice")
        ]

    def __str__(self) -> str:
        return f"{self.activity_category}: {self.error or self.co2e}"
