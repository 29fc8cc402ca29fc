"""The evidence of invoices that were moved to the facility where they belong. Append-only on both databases."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from facilities.models import Facility, Organization
from invoices.cups import MAX_LENGTH
from invoices.models.consolidation import Evidence


class Relocation(Evidence):
    """All invoices of one code moved from one facility to another."""

    cups = models.CharField("CUPS", max_length=MAX_LENGTH)
    from_facility = models.ForeignKey(
        Facility, verbose_name=_("from facility"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    to_facility = models.ForeignKey(
        Facility, verbose_name=_("to facility"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    moved_count = models.PositiveIntegerField(_("invoices moved"))

    class Meta:
        verbose_name = _("move of invoices")
        verbose_name_plural = _("moves of invoices")
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="relocation_newest_first")]

    def __str__(self) -> str:
        return f"{self.cups}: {self.moved_count}"


class RelocatedInvoice(models.Model):
    """One invoice that was moved, with what it carried before. No key to it: it may be deleted."""

    id = models.BigAutoField(primary_key=True)
    relocation = models.ForeignKey(
        Relocation, on_delete=models.PROTECT, related_name="invoices", db_index=False, editable=False
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )
    invoice_id = models.UUIDField()
    invoice_number = models.CharField(_("invoice number"), max_length=100, blank=True)
    start_date = models.DateField(_("from"))
    end_date = models.DateField(_("to"))
    previous_contract_id = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("moved invoice")
        verbose_name_plural = _("moved invoices")
        constraints = [models.UniqueConstraint(fields=["relocation", "invoice_id"], name="invoice_relocated_once")]
        indexes = [models.Index(fields=["organization", "invoice_id"], name="relocated_by_invoice")]

    def __str__(self) -> str:
        return self.invoice_number or str(self.invoice_id)


class RelocationUndo(Evidence):
    """A move taken back, once: the invoices that have changed since stay where they are."""

    relocation = models.OneToOneField(Relocation, verbose_name=_("move"), on_delete=models.PROTECT, related_name="undo")
    restored_count = models.PositiveIntegerField(_("invoices moved back"))
    conflict_count = models.PositiveIntegerField(_("invoices left as they are"), default=0)

    class Meta:
        verbose_name = _("undo of a move")
        verbose_name_plural = _("undos of moves")

    def __str__(self) -> str:
        return f"↶ {self.relocation_id}"
