from decimal import Decimal
from typing import Final, Self
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id
from facilities.models import ContractSource, Facility, Organization, Supplier, SupplyContract
from invoices import cups as cups_codes
from invoices.models.custom_factor import CustomEmissionGroup
from invoices.models.fuel import FacilityFuel
from invoices.models.unit import Unit

# The categories of which an invoice has exactly one: the figure that is its `co2e`.
HEADLINE_NAMES: Final = ("stationary", "electricity", "water", "process")


class InvoiceType(models.TextChoices):
    HEAT = "heat", _("heat")
    ELECTRICITY = "electricity", _("electricity")
    WATER = "water", _("water")
    RECHARGE = "recharge", _("recharge")
    PROCESS = "process", _("process")


class InvoiceStatus(models.TextChoices):
    UPLOADED = "uploaded", _("uploaded")
    LOADING = "loading", _("calculating")
    ACTIVE = "active", _("active")
    INACTIVE = "inactive", _("inactive")
    REVIEW = "review", _("in review")
    ERROR = "error", _("with errors")


class InvoiceSource(models.TextChoices):
    MANUAL = "manual", _("typed in")
    PDF = "pdf", "PDF"
    BULK_FILE = "bulk_file", _("file")
    DATADIS = "datadis", "Datadis"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def of(self, organization_id: UUID) -> Self:
        """Keep one organization's own."""
        return self.filter(organization_id=organization_id)

    def counted(self) -> Self:
        """Keep what is consumed somewhere: singles and children, never the parent that was split."""
        return self.filter(is_parent=False)

    def calculated(self) -> Self:
        """Keep the invoices that have their own figure: kg CO2e of the category that is theirs by type."""
        return self.filter(self._has_figure())

    def not_calculated(self) -> Self:
        return self.filter(~self._has_figure())

    @staticmethod
    def _has_figure() -> models.Exists:
        # By its name: the results' model stands on this one.
        results = apps.get_model("invoices", "InvoiceEmission")._default_manager
        own = results.filter(invoice=models.OuterRef("pk"), organization=models.OuterRef("organization"))
        return models.Exists(own.filter(activity_category__in=HEADLINE_NAMES, co2e__isnull=False))

    def electricity(self) -> Self:
        return self.filter(type=InvoiceType.ELECTRICITY)

    def grouped(self) -> Self:
        """Keep the invoices that stand in a CUPS group."""
        return self.electricity().counted().exclude(cups="")

    def without_cups(self) -> Self:
        """Keep the electricity invoices that name no supply point."""
        return self.electricity().counted().filter(cups="")

    def rewritable(self) -> Self:
        """Keep the invoices whose code may be corrected."""
        return self.filter(~BACKED_BY_DATADIS)


# A left join: an invoice without a contract is not backed either.
BACKED_BY_DATADIS = models.Q(supply_contract__isnull=False, supply_contract__source=ContractSource.DATADIS)


class Invoice(models.Model):
    """
    What a supplier billed for a period.

    A distributed invoice is one parent, which stores no facility, and a child per facility; totals, groups and jobs
    hold singles and children alone. Written by `filing` and `consolidating` only, which keep the groups true.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.PROTECT, related_name="invoices", db_index=False
    )
    type = models.CharField(_("type"), max_length=12, choices=InvoiceType)
    status = models.CharField(_("status"), max_length=10, choices=InvoiceStatus, default=InvoiceStatus.LOADING)
    source = models.CharField(_("source"), max_length=10, choices=InvoiceSource, blank=True)
    invoice_number = models.CharField(_("invoice number"), max_length=100, blank=True)
    start_date = models.DateField(_("from"))
    end_date = models.DateField(_("to"))

    base_quantity = models.DecimalField(_("billed quantity"), max_digits=15, decimal_places=6)
    percentage = models.DecimalField(_("share"), max_digits=12, decimal_places=10, default=Decimal(1))
    quantity = models.DecimalField(_("quantity"), max_digits=15, decimal_places=6)
    unit = models.ForeignKey(
        Unit, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="invoices", db_index=False
    )
    original_quantity = models.DecimalField(
        _("quantity before conversion"), max_digits=15, decimal_places=6, null=True, blank=True
    )
    original_unit = models.ForeignKey(
        Unit,
        verbose_name=_("unit before conversion"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    cups = models.CharField("CUPS", max_length=cups_codes.MAX_LENGTH, blank=True)
    printed_cups = models.CharField(_("CUPS as printed"), max_length=cups_codes.MAX_LENGTH, blank=True, editable=False)
    facility = models.ForeignKey(
        Facility,
        verbose_name=_("facility"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="invoices",
        db_index=False,
    )
    supply_contract = models.ForeignKey(
        SupplyContract,
        verbose_name=_("supply contract"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="invoices",
        db_index=False,
    )
    supplier = models.ForeignKey(
        Supplier,
        verbose_name=_("supplier"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="invoices",
        db_index=False,
    )
    facility_fuel = models.ForeignKey(
        FacilityFuel,
        verbose_name=_("fuel"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="invoices",
        db_index=False,
    )
    # A group of the organization or of one above it; which of its factors holds follows from unit and date.
    custom_emission_factor = models.ForeignKey(
        CustomEmissionGroup,
        verbose_name=_("custom emission factors"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="invoices",
        db_index=False,
    )
    toc = models.CharField(_("transport operation category"), max_length=64, blank=True)

    is_parent = models.BooleanField(_("distributed"), default=False, editable=False)
    source_invoice = models.ForeignKey(
        "self",
        verbose_name=_("distributed from"),
        null=True,
        blank=True,
        editable=False,
        db_index=False,
        # `filing` deletes children first; the database refuses a parent that still has some.
        on_delete=models.DO_NOTHING,
        related_name="children",
    )

    file_id = models.UUIDField(_("file"), null=True, blank=True, editable=False)
    file_url = models.URLField(_("address of the file"), max_length=2048, blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    error_messages = models.JSONField(_("errors"), default=list, blank=True, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("uploaded by"),
        on_delete=models.PROTECT,
        related_name="uploaded_invoices",
        db_index=False,
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now, editable=False)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.CheckConstraint(condition=models.Q(type__in=InvoiceType.values), name="invoice_type_is_known"),
            models.CheckConstraint(condition=models.Q(status__in=InvoiceStatus.values), name="invoice_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(source__in=["", *InvoiceSource.values]), name="invoice_source_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(end_date__gte=models.F("start_date")), name="invoice_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=models.Q(percentage__gte=0, percentage__lte=1), name="invoice_percentage_is_a_share"
            ),
            models.CheckConstraint(
                condition=models.Q(is_parent=True, facility=None, source_invoice=None)
                | models.Q(is_parent=False, facility__isnull=False),
                name="invoice_has_a_facility_unless_it_is_a_parent",
            ),
        ]
        indexes = [
            # Recomputing a group reads this index and the contracts alone.
            models.Index(
                fields=["organization", "cups", "facility"],
                include=["start_date", "end_date", "supply_contract"],
                condition=models.Q(type="electricity", is_parent=False),
                name="invoice_by_group",
            ),
            models.Index(fields=["organization", "-start_date", "id"], name="invoice_by_start"),
            # With the quantity: an import asks of each of its rows whether the same was billed at the facility.
            models.Index(fields=["organization", "facility", "-start_date", "quantity"], name="invoice_by_facility"),
            # Whether the same invoice is in the books is asked of each that is filed.
            models.Index(
                fields=["organization", "invoice_number"],
                condition=~models.Q(invoice_number=""),
                name="invoice_by_number",
            ),
            # Most invoices have neither: a partial index costs their rewriting nothing.
            models.Index(
                fields=["supply_contract"],
                condition=models.Q(supply_contract__isnull=False),
                name="invoice_by_contract",
            ),
            # Which codes stand on bills of gas.
            models.Index(
                fields=["organization", "cups"],
                condition=models.Q(type="heat", is_parent=False) & ~models.Q(cups=""),
                name="invoice_by_heat_code",
            ),
            models.Index(
                fields=["source_invoice"], condition=models.Q(source_invoice__isnull=False), name="invoice_by_parent"
            ),
        ]

    def __str__(self) -> str:
        return self.invoice_number or str(self.pk)
