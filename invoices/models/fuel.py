from django.db import models
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id


class FacilityFuel(models.Model):
    """A fuel that a facility burns: reference data by country."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=100)
    country = models.CharField(_("country"), max_length=2)
    type = models.CharField(_("type"), max_length=32)

    class Meta:
        verbose_name = _("fuel")
        verbose_name_plural = _("fuels")
        constraints = [models.UniqueConstraint(fields=["country", "name"], name="one_fuel_per_country_and_name")]

    def __str__(self) -> str:
        return f"{self.name} ({self.country})"
