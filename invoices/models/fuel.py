from django.db import models
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id
from invoices.models.unit import Unit


class GHGType(models.IntegerChoices):
    """Where the carbon comes from, by the numbers that the API documents."""

    FOSSIL = 1, _("fossil")
    BIOGENIC = 2, _("biogenic")
    MIXED = 3, _("fossil and biogenic")


class FacilityFuel(models.Model):
    """A fuel that a facility burns: reference data by country, ZZ for the whole world."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(_("code"), max_length=32, blank=True)
    name = models.CharField(_("name"), max_length=100)
    country = models.CharField(_("country"), max_length=2)
    type = models.CharField(_("type"), max_length=32)
    ghg_type = models.PositiveSmallIntegerField(_("origin of the carbon"), choices=GHGType, default=GHGType.FOSSIL)
    units = models.ManyToManyField(Unit, verbose_name=_("units"), through="invoices.FuelUnit", related_name="fuels")

    class Meta:
        verbose_name = _("fuel")
        verbose_name_plural = _("fuels")
        constraints = [
            models.UniqueConstraint(fields=["country", "name"], name="one_fuel_per_country_and_name"),
            models.UniqueConstraint(
                fields=["country", "code"], condition=~models.Q(code=""), name="one_fuel_per_country_and_code"
            ),
            models.CheckConstraint(condition=models.Q(ghg_type__in=GHGType.values), name="fuel_ghg_type_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.country})"


class FuelUnit(models.Model):
    """A unit that a fuel is billed in: that of its emission factor comes first, then those it converts to."""

    id = models.BigAutoField(primary_key=True)
    fuel = models.ForeignKey(FacilityFuel, on_delete=models.CASCADE, related_name="fuel_units", db_index=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="fuel_units", db_index=False)
    position = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fuel", "position"], name="one_unit_per_fuel_and_position"),
            models.UniqueConstraint(fields=["fuel", "unit"], name="one_position_per_fuel_and_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.fuel}: {self.unit}"
