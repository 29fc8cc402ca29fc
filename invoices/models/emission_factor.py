"""The published factors that emissions are calculated with, and where they come from. Loaded, never edited."""

from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facilities.models import Supplier

if TYPE_CHECKING:
    # The type of a text that is translated when it is shown; it exists in the stubs alone.
    from django.utils.functional import _StrPromise


class FactorSet(models.Model):
    """One edition of the project's factor tables. An older one stays: results say which edition they are of."""

    id = models.BigAutoField(primary_key=True)
    version = models.CharField(_("version"), max_length=32, unique=True)
    checksum = models.CharField("SHA-256", max_length=64)
    loaded_at = models.DateTimeField(_("loaded at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("set of emission factors")
        verbose_name_plural = _("sets of emission factors")

    def __str__(self) -> str:
        return self.version


class EmissionSource(models.Model):
    """A publication that factors were taken from, with the licence that it is used under."""

    code = models.CharField(_("code"), max_length=64, primary_key=True)
    title = models.CharField(_("title"), max_length=300)
    publisher = models.CharField(_("publisher"), max_length=200)
    year = models.CharField(_("year"), max_length=16, blank=True)
    licence = models.CharField(_("licence"), max_length=300, blank=True)
    address = models.CharField(_("address"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("source of emission factors")
        verbose_name_plural = _("sources of emission factors")

    def __str__(self) -> str:
        return self.code


def _figure(label: "_StrPromise") -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(label, max_digits=18, decimal_places=10, null=True)


class EmissionFactor(models.Model):
    """
    One row of a factor table: what one unit emits in kg CO2e, or a share, a potential, a calorific value.

    The fields are those of `emissions.factors.Factor`, which the calculation is done with.
    """

    id = models.BigAutoField(primary_key=True)
    factor_set = models.ForeignKey(
        FactorSet, verbose_name=_("set"), on_delete=models.PROTECT, related_name="factors", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=32)
    jurisdiction = models.CharField(_("country"), max_length=8)
    subject = models.CharField(_("of"), max_length=200, blank=True)
    label = models.CharField(_("name"), max_length=200, blank=True)
    unit = models.CharField(_("unit"), max_length=32, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"))
    value = _figure(_("value"))
    gas = models.CharField(_("gas"), max_length=8, blank=True)
    kgco2_fossil = _figure(_("kg of fossil CO2"))
    gch4 = _figure(_("g of CH4"))
    gn2o = _figure(_("g of N2O"))
    kgco2_biogenic = _figure(_("kg of biogenic CO2"))
    ncv_kwh = _figure(_("net calorific value in kWh"))
    gcv_kwh = _figure(_("gross calorific value in kWh"))
    density_kg_per_l = _figure(_("density in kg a litre"))
    wtt = _figure(_("upstream in kg CO2e"))
    gwp_set = models.CharField(_("warming potentials"), max_length=8, blank=True)
    source_id = models.CharField(_("source"), max_length=64)
    wtt_source_id = models.CharField(_("source of the upstream factor"), max_length=64, blank=True)
    detail = models.CharField(_("detail"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("emission factor")
        verbose_name_plural = _("emission factors")
        indexes = [
            models.Index(fields=["factor_set", "kind", "jurisdiction", "subject"], name="emission_factor_by_subject")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.jurisdiction} {self.label or self.subject}".strip()


class SupplierLink(models.Model):
    """
    Which name of the published labels a supplier is: confirmed by a person, or by our table of suppliers (nobody).

    `register_name` is the name without case, accents, punctuation and legal form, as `emissions.names` gives it.
    """

    supplier = models.OneToOneField(
        Supplier,
        verbose_name=_("supplier"),
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="register_link",
    )
    register_name = models.CharField(_("name in the register"), max_length=200)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("confirmed by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    confirmed_at = models.DateTimeField(_("confirmed at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("link of a supplier to its published factor")
        verbose_name_plural = _("links of suppliers to their published factors")
        constraints = [
            models.CheckConstraint(condition=~models.Q(register_name=""), name="supplier_link_names_one"),
        ]

    def __str__(self) -> str:
        return self.register_name
