"""Closed years and their evidence: to look at. They are closed, opened and made on the pages."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from facilities.admin.filters import OrganizationFilter
from invoices.admin.records import EvidenceAdmin
from invoices.models import EvidenceArchive, YearClosing


@admin.register(YearClosing)
class YearClosingAdmin(EvidenceAdmin):
    points_at = ("by", "on_behalf_of")
    fields = (
        *("organization", "which_year", "action", "created_at", "by", "through", "on_behalf_of", "message", "totals"),
        "id",
    )
    readonly_fields = ("which_year",)
    list_display = ("created_at", "which_year", "action", "organization", "by", "through", "message")
    list_filter = ("action", OrganizationFilter)
    search_fields = ("message", "by__username")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")

    @admin.display(description=_("year"), ordering="year")
    def which_year(self, event: YearClosing) -> str:
        """Write a year as one writes it: a number would get a separator."""
        return str(event.year)


@admin.register(EvidenceArchive)
class EvidenceArchiveAdmin(EvidenceAdmin):
    points_at = ("job__created_by",)
    fields = ("organization", "which_year", "job", "size_bytes", "sha256", "id")
    readonly_fields = ("which_year",)
    list_display = ("asked_at", "which_year", "organization", "asked_by", "size_bytes", "sha256")
    list_filter = (OrganizationFilter,)
    search_fields = ("sha256",)
    ordering = ("-pk",)

    @admin.display(description=_("year"), ordering="year")
    def which_year(self, archive: EvidenceArchive) -> str:
        return str(archive.year)

    @admin.display(description=_("created at"), ordering="pk")
    def asked_at(self, archive: EvidenceArchive) -> object:
        return archive.job.created_at

    @admin.display(description=_("by"))
    def asked_by(self, archive: EvidenceArchive) -> str:
        return archive.job.created_by.display_name
