from django.db import models
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id


class UnitType(models.TextChoices):
    ENERGY = "energy", _("energy")
    VOLUME = "volume", _("volume")
    MASS = "mass", _("mass")


class Unit(models.Model):
    """A unit of measurement: reference data, named as the API names it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=64, unique=True)
    symbol = models.CharField(_("symbol"), max_length=16)
    type = models.CharField(_("type"), max_length=10, choices=UnitType)

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        constraints = [models.CheckConstraint(condition=models.Q(type__in=UnitType.values), name="unit_type_is_known")]

    def __str__(self) -> str:
        return self.symbol
