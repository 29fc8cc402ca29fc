from decimal import Decimal

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id
from facilities.models.facility import Facility
from facilities.models.organization import Organization
from facilities.models.supplier import Supplier


class ContractSource(models.TextChoices):
    """Who says that the contract exists. Datadis is the distributors' own platform: its codes are right."""

    MANUAL = "manual", _("typed in")
    DATADIS = "datadis", "Datadis"


class GuaranteeType(models.TextChoices):
    """What a guarantee of origin says of the share that it covers."""

    RENEWABLE = "renewable", _("renewable")
    COGENERATION = "cogeneration", _("high-efficiency cogeneration")


class SupplyContract(models.Model):
    """What a supplier agreed to deliver at one supply point. Its source never changes (the database refuses)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.PROTECT, related_name="supply_contracts"
    )
    facility = models.ForeignKey(
        Facility, verbose_name=_("facility"), on_delete=models.PROTECT, related_name="supply_contracts"
    )
    cups = models.CharField("CUPS", max_length=64)
    supplier = models.ForeignKey(
        Supplier,
        verbose_name=_("supplier"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="supply_contracts",
    )
    source = models.CharField(
        _("source"), max_length=10, choices=ContractSource, default=ContractSource.MANUAL, editable=False
    )
    distributor_code = models.CharField(_("distributor"), max_length=10, blank=True)
    start_date = models.DateField(_("valid from"))
    end_date = models.DateField(_("valid to"), null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    renewable_percentage = models.DecimalField(_("renewable share"), max_digits=7, decimal_places=6, default=Decimal(0))
    guarantee_type = models.CharField(
        _("guarantee of origin"), max_length=12, choices=GuaranteeType, default=GuaranteeType.RENEWABLE
    )
    certificate_number = models.CharField(_("certificate number"), max_length=100, blank=True)
    certificate_year = models.PositiveSmallIntegerField(_("certificate year"), null=True, blank=True)
    certificate_file_id = models.UUIDField(_("certificate file"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("supply contract")
        verbose_name_plural = _("supply contracts")
        constraints = [
            models.UniqueConstraint(fields=["id", "organization"], name="supply_contract_of_one_organization"),
            models.CheckConstraint(
                condition=models.Q(source__in=ContractSource.values), name="supply_contract_source_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(guarantee_type__in=GuaranteeType.values), name="supply_contract_guarantee_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(end_date=None) | models.Q(end_date__gte=models.F("start_date")),
                name="supply_contract_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(renewable_percentage__gte=0, renewable_percentage__lte=1),
                name="supply_contract_renewable_share_is_a_share",
            ),
        ]
        indexes = [models.Index(fields=["organization", "facility", "cups"], name="supply_contract_by_cups")]

    def __str__(self) -> str:
        return f"{self.cups} ({self.get_source_display()})"
