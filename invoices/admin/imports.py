"""Imports and what was wrong with their rows: to look at. Files are sent, taken and undone on the pages."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from facilities.admin.filters import OrganizationFilter
from invoices.admin.records import EvidenceAdmin
from invoices.importing import wording
from invoices.models import ImportProblem, InvoiceImport


@admin.register(InvoiceImport)
class InvoiceImportAdmin(EvidenceAdmin):
    points_at = ("by", "on_behalf_of", "job")
    fields = (
        *("organization", "file_name", "size_bytes", "sha256", "created_at", "by", "through", "on_behalf_of"),
        *("status", "reading", "job", "error", "rows_total", "rows_good", "rows_bad", "rows_repeated"),
        *("rows_taken", "rows_undone", "id"),
    )
    list_display = (
        *("created_at", "file_name", "organization", "by", "through", "status"),
        *("rows_total", "rows_good", "rows_bad", "rows_repeated", "rows_taken", "rows_undone"),
    )
    list_filter = ("status", "through", OrganizationFilter)
    search_fields = ("file_name", "sha256", "by__username")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")


@admin.register(ImportProblem)
class ImportProblemAdmin(EvidenceAdmin):
    points_at = ("invoice_import",)
    fields = ("invoice_import", "organization", "line", "column", "value", "severity", "in_words", "code", "details")
    readonly_fields = ("in_words",)
    list_display = ("invoice_import", "line", "column", "value", "severity", "in_words")
    list_filter = ("severity", OrganizationFilter)
    search_fields = ("value", "code")
    ordering = ("-invoice_import", "line", "pk")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Stay off the first page: one comes here from an import."""
        return False

    @admin.display(description=_("what is wrong"))
    def in_words(self, problem: ImportProblem) -> str:
        return wording.sentence(problem)
