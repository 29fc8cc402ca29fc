"""The evidence of what was rewritten. Append-only: triggers refuse UPDATE and DELETE on both databases."""

from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias, TypedDict, cast
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facilities.access import Channel
from facilities.keys import new_id
from facilities.models import ApiKey, Organization
from invoices import cups as cups_codes

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

MESSAGE_LENGTH = 500


class Evidence(models.Model):
    """Who did it, when, through what, and what they said of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+")
    through = models.CharField(_("through"), max_length=10, choices=Channel)
    # Without a database key: the evidence outlives the key, which may be deleted.
    api_key = models.ForeignKey(
        ApiKey, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("on behalf of"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    message = models.CharField(_("message"), max_length=MESSAGE_LENGTH, blank=True)

    class Meta:
        abstract = True


WithUndos: TypeAlias = "WithAnnotations[Consolidation, Undone]"


class State(models.TextChoices):
    """How much of a consolidation still stands."""

    DONE = "done", _("done")
    PARTLY_UNDONE = "partly_undone", _("partly undone")
    UNDONE = "undone", _("undone")


class Undone(TypedDict):
    """What `with_undos` adds to a consolidation."""

    restored_count: int
    undone_at: datetime | None
    undone_by_id: UUID | None


class ConsolidationQuerySet(models.QuerySet["Consolidation"]):
    def with_undos(self) -> "models.QuerySet[WithUndos, WithUndos]":
        """Add `restored_count`, `undone_at` and `undone_by_id`: how much was undone, and the last undo."""
        last = ConsolidationUndo.objects.filter(
            consolidation=models.OuterRef("pk"), organization=models.OuterRef("organization")
        ).order_by("-created_at")
        annotated = self.annotate(
            restored_count=Coalesce(models.Sum("undos__restored_count"), 0),
            undone_at=models.Subquery(last.values("created_at")[:1]),
            undone_by_id=models.Subquery(last.values("by")[:1], output_field=models.UUIDField()),
        )
        # The plugin knows the names but not our types of what was added.
        return cast("models.QuerySet[WithUndos, WithUndos]", annotated)


class Consolidation(Evidence):
    """Invoices of several codes rewritten to one."""

    target_cups = models.CharField(_("target"), max_length=cups_codes.MAX_LENGTH)
    sources = models.JSONField(_("sources"))
    updated_count = models.PositiveIntegerField(_("invoices rewritten"))
    affected_facilities = models.JSONField(_("facilities"))
    # Those that were accepted at once share one, so that they can be undone at once.
    batch_id = models.UUIDField(null=True, editable=False)

    objects = ConsolidationQuerySet.as_manager()

    class Meta:
        verbose_name = _("consolidation")
        verbose_name_plural = _("consolidations")
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="consolidation_newest_first"),
            models.Index(
                fields=["organization", "batch_id"],
                condition=models.Q(batch_id__isnull=False),
                name="consolidation_by_batch",
            ),
        ]

    def __str__(self) -> str:
        return f"→ {self.target_cups}"


class ConsolidatedInvoice(models.Model):
    """One invoice that a consolidation rewrote, with what it carried before. No key to it: it may be deleted."""

    id = models.BigAutoField(primary_key=True)
    consolidation = models.ForeignKey(
        Consolidation, on_delete=models.PROTECT, related_name="invoices", db_index=False, editable=False
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )
    invoice_id = models.UUIDField()
    invoice_number = models.CharField(_("invoice number"), max_length=100, blank=True)
    facility_id = models.UUIDField(null=True)
    start_date = models.DateField(_("from"))
    end_date = models.DateField(_("to"))
    previous_cups = models.CharField(_("code before"), max_length=cups_codes.MAX_LENGTH, blank=True)
    # A distributed invoice's parent follows its children; it is put back with them and never counted.
    is_parent = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("rewritten invoice")
        verbose_name_plural = _("rewritten invoices")
        constraints = [
            models.UniqueConstraint(fields=["consolidation", "invoice_id"], name="invoice_consolidated_once")
        ]
        indexes = [models.Index(fields=["organization", "invoice_id"], name="consolidated_by_invoice")]

    def __str__(self) -> str:
        return f"{self.previous_cups} ({self.invoice_number or self.invoice_id})"


class ConsolidationUndo(Evidence):
    """All or part of a consolidation taken back."""

    consolidation = models.ForeignKey(
        Consolidation, verbose_name=_("consolidation"), on_delete=models.PROTECT, related_name="undos"
    )
    restored_count = models.PositiveIntegerField(_("invoices put back"))
    conflict_count = models.PositiveIntegerField(_("invoices left as they are"), default=0)

    class Meta:
        verbose_name = _("undo of a consolidation")
        verbose_name_plural = _("undos of consolidations")

    def __str__(self) -> str:
        return f"↶ {self.consolidation_id}"


class UndoneInvoice(models.Model):
    """One rewritten invoice that an undo put back. A rewritten invoice is put back once."""

    id = models.BigAutoField(primary_key=True)
    # No index: right after an undo the planner would believe it to hold one row, and read all of them for each.
    undo = models.ForeignKey(
        ConsolidationUndo, on_delete=models.PROTECT, related_name="invoices", editable=False, db_index=False
    )
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False
    )
    consolidated_invoice = models.OneToOneField(
        ConsolidatedInvoice, on_delete=models.PROTECT, related_name="undone", editable=False
    )

    class Meta:
        verbose_name = _("invoice put back")
        verbose_name_plural = _("invoices put back")

    def __str__(self) -> str:
        return str(self.consolidated_invoice_id)
