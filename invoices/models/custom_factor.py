from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id
from facilities.models import Organization
from invoices.models.fuel import GHGType
from invoices.models.unit import Unit


class CustomCategory(models.TextChoices):
    """
    What the factors of a group are for.

    The first three are the documented API's own and name no calculated category; each of the others is overridden.
    """

    ENERGY = "energy", _("energy")
    PURCHASES = "purchases", _("purchases")
    WASTES = "wastes", _("waste")
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


class GasType(models.TextChoices):
    """What a factor counts, in kg a unit; CO2e is what is already weighted by its warming potential."""

    CO2E = "CO2e", "CO2e"
    CO2 = "CO2", "CO2"
    CO2_BIOGENIC = "CO2_biogenic", _("biogenic CO2")
    CH4 = "CH4", "CH4"
    N2O = "N2O", "N2O"
    HFC = "HFC", "HFC"
    PFC = "PFC", "PFC"
    SF6 = "SF6", "SF6"
    NF3 = "NF3", "NF3"


class FactorTag(models.TextChoices):
    SIMPLE = "simple", _("simple")
    ADVANCED = "advanced", _("by gas")


class CustomEmissionGroup(models.Model):
    """Emission factors that an organization brings itself; an invoice names the group, here or of one above."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.PROTECT, related_name="custom_emission_groups"
    )
    name = models.CharField(_("name"), max_length=200)
    description = models.CharField(_("description"), max_length=2000, blank=True)
    category = models.CharField(_("category"), max_length=48, choices=CustomCategory, blank=True)
    ghg_type = models.PositiveSmallIntegerField(_("origin of the carbon"), choices=GHGType)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("created by"), on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("group of custom emission factors")
        verbose_name_plural = _("groups of custom emission factors")
        constraints = [
            # What the composite key of a factor points at.
            models.UniqueConstraint(fields=["id", "organization"], name="custom_group_of_one_organization"),
            models.CheckConstraint(
                condition=models.Q(category__in=["", *CustomCategory.values]), name="custom_group_category_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(ghg_type__in=GHGType.values), name="custom_group_ghg_type_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CustomEmissionFactor(models.Model):
    """
    A factor of a group: kg of each gas for one unit, from one day to another, either of them open.

    `emission_factor_values` is a list of {"gas_type": …, "value": decimal as text}, each gas once.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    group = models.ForeignKey(
        CustomEmissionGroup,
        verbose_name=_("group"),
        on_delete=models.PROTECT,
        related_name="factors",
        db_index=False,
    )
    ef_name = models.CharField(_("name"), max_length=200)
    unit = models.ForeignKey(Unit, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+", db_index=False)
    tag = models.CharField(_("tag"), max_length=10, choices=FactorTag, blank=True)
    emission_factor_values = models.JSONField(_("kg a unit"))
    factor_start_date = models.DateField(_("valid from"), null=True, blank=True)
    factor_end_date = models.DateField(_("valid to"), null=True, blank=True)
    renewable_percentage = models.DecimalField(
        _("renewable share in percent"), max_digits=9, decimal_places=6, null=True, blank=True
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("created by"), on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("custom emission factor")
        verbose_name_plural = _("custom emission factors")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tag__in=["", *FactorTag.values]), name="custom_factor_tag_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(factor_start_date=None)
                | models.Q(factor_end_date=None)
                | models.Q(factor_end_date__gte=models.F("factor_start_date")),
                name="custom_factor_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(renewable_percentage=None)
                | models.Q(renewable_percentage__gte=0, renewable_percentage__lte=100),
                name="custom_factor_renewable_share_is_in_percent",
            ),
        ]
        indexes = [models.Index(fields=["organization", "group", "created_at"], name="custom_factor_by_group")]

    def __str__(self) -> str:
        return self.ef_name
