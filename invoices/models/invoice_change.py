from django.db import models
from django.utils.translation import gettext_lazy as _

from invoices.models.consolidation import Evidence


class ChangeAction(models.TextChoices):
    CREATED = "created", _("filed")
    CHANGED = "changed", _("changed")
    DELETED = "deleted", _("deleted")


class InvoiceChange(Evidence):
    """
    Who filed, changed or deleted an invoice: append-only, and a deleted invoice's whole content stays here.

    `before` and `after` hold the fields that changed, as text; of a new invoice `after` holds all, of a deleted one
    `before` does.
    """

    action = models.CharField(_("action"), max_length=10, choices=ChangeAction)
    invoice_id = models.UUIDField()
    invoice_number = models.CharField(_("invoice number"), max_length=100, blank=True)
    before = models.JSONField(_("before"))
    after = models.JSONField(_("after"))

    class Meta:
        verbose_name = _("change of an invoice")
        verbose_name_plural = _("changes of invoices")
        indexes = [
            models.Index(fields=["organization", "invoice_id", "created_at"], name="invoice_change_by_invoice"),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.invoice_number or self.invoice_id}"
