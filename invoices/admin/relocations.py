"""Moves of invoices from facility to facility: to look at."""

from django.contrib import admin
from django.http import HttpRequest

from facilities.admin.filters import OrganizationFilter
from invoices.admin.records import EvidenceAdmin
from invoices.models import RelocatedInvoice, Relocation, RelocationUndo

_SAID = ("organization", "created_at", "by", "through", "on_behalf_of", "message")


@admin.register(Relocation)
class RelocationAdmin(EvidenceAdmin):
    points_at = ("by", "on_behalf_of", "from_facility", "to_facility")
    fields = ("cups", "from_facility", "to_facility", "moved_count", *_SAID)
    list_display = ("created_at", "by", "through", "cups", "from_facility", "to_facility", "moved_count")
    list_filter = ("through", OrganizationFilter)
    search_fields = ("cups", "message", "by__username")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")


@admin.register(RelocatedInvoice)
class RelocatedInvoiceAdmin(EvidenceAdmin):
    points_at = ("relocation",)
    fields = (
        *("relocation", "organization", "invoice_id", "invoice_number", "start_date", "end_date"),
        "previous_contract_id",
    )
    list_display = ("invoice_number", "relocation", "start_date", "end_date")
    search_fields = ("invoice_number",)
    ordering = ("-pk",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Stay off the first page: one comes here from a move."""
        return False


@admin.register(RelocationUndo)
class RelocationUndoAdmin(EvidenceAdmin):
    points_at = ("relocation", "by", "on_behalf_of")
    fields = ("relocation", "restored_count", "conflict_count", *_SAID)
    list_display = ("created_at", "by", "through", "relocation", "restored_count", "conflict_count", "message")
    list_filter = ("through", OrganizationFilter)
    search_fields = ("message", "by__username", "relocation__cups")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
