from django.db import models
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id


class Supplier(models.Model):
    """A company that sells energy or water: reference data that every organization shares."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=200)
    country = models.CharField(_("country"), max_length=2)
    type = models.CharField(_("type"), max_length=32)

    class Meta:
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        constraints = [
            models.UniqueConstraint(fields=["country", "type", "name"], name="one_supplier_per_country_type_and_name")
        ]

    def __str__(self) -> str:
        return self.name
