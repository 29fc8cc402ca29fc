"""Evidence, jobs and reference data: to look at."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from facilities.admin.door import ReadOnlyAdmin
from facilities.admin.filters import OrganizationFilter
from facilities.admin.refusals import Refused
from facilities.admin.tenancy import assigned, author
from facilities.models import Role
from invoices import tracking
from invoices.admin.refusals import REFUSALS
from invoices.models import (
    ConsolidatedInvoice,
    ConsolidationUndo,
    CupsDismissal,
    CustomEmissionFactor,
    CustomEmissionGroup,
    FacilityFuel,
    InvoiceChange,
    ProcessingJob,
    UndoneInvoice,
    Unit,
)


class EvidenceAdmin(ReadOnlyAdmin):
    """Who did it, when and through what, with the rows that it points at."""

    points_at: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("organization", *self.points_at)


@admin.register(ConsolidatedInvoice)
class ConsolidatedInvoiceAdmin(EvidenceAdmin):
    points_at = ("consolidation",)
    fields = (
        "consolidation",
        "organization",
        "invoice_id",
        "invoice_number",
        "facility_id",
        "start_date",
        "end_date",
        "previous_cups",
        "is_parent",
    )
    list_display = ("invoice_number", "previous_cups", "consolidation", "start_date", "end_date", "is_parent")
    search_fields = ("invoice_number", "previous_cups")
    ordering = ("-pk",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Stay off the first page: one comes here from a consolidation."""
        return False


@admin.register(UndoneInvoice)
class UndoneInvoiceAdmin(EvidenceAdmin):
    points_at = ("undo", "consolidated_invoice")
    fields = ("undo", "consolidated_invoice", "organization")
    list_display = ("consolidated_invoice", "undo")
    ordering = ("-pk",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Stay off the first page: one comes here from an undo."""
        return False


@admin.register(ConsolidationUndo)
class ConsolidationUndoAdmin(EvidenceAdmin):
    points_at = ("consolidation", "by", "on_behalf_of")
    fields = (
        "consolidation",
        "organization",
        "created_at",
        "by",
        "through",
        "on_behalf_of",
        "message",
        "restored_count",
        "conflict_count",
    )
    list_display = ("created_at", "by", "through", "consolidation", "restored_count", "conflict_count", "message")
    list_filter = ("through", OrganizationFilter)
    search_fields = ("message", "by__username", "consolidation__target_cups")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")


@admin.register(InvoiceChange)
class InvoiceChangeAdmin(EvidenceAdmin):
    points_at = ("by", "on_behalf_of")
    fields = (
        "organization",
        "invoice_id",
        "invoice_number",
        "action",
        "created_at",
        "by",
        "through",
        "on_behalf_of",
        "shown_before",
        "shown_after",
    )
    readonly_fields = ("shown_before", "shown_after")
    list_display = ("created_at", "by", "through", "action", "invoice_number", "changed_fields")
    list_filter = ("action", "through", OrganizationFilter)
    search_fields = ("invoice_number", "by__username")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")

    @admin.display(description=_("fields"))
    def changed_fields(self, change: InvoiceChange) -> str:
        return ", ".join(change.after)

    @admin.display(description=_("before"))
    def shown_before(self, change: InvoiceChange) -> SafeString:
        return shown(change.before)

    @admin.display(description=_("after"))
    def shown_after(self, change: InvoiceChange) -> SafeString:
        return shown(change.after)


@admin.action(permissions=["retry"], description=_("Try again what failed"))
def retry_selected(modeladmin: "ProcessingJobAdmin", request: HttpRequest, queryset: QuerySet[ProcessingJob]) -> None:
    """Queue what failed of the ticked jobs once more; all of them or none."""
    with transaction.atomic(durable=True):
        again = [_retried(request, job) for job in queryset]
    count = sum(job.items_total for job in again)
    said = ngettext("%(count)d invoice is calculated again.", "%(count)d invoices are calculated again.", count)
    modeladmin.message_user(request, said % {"count": count}, messages.SUCCESS)


def _retried(request: HttpRequest, job: ProcessingJob) -> ProcessingJob:
    if not assigned(request).is_allowed(Role.EDITOR, job.organization_id):
        raise Refused(gettext("Your role in %(name)s only lets you look.") % {"name": job.organization.name})
    return tracking.retry(organization=job.organization, job_id=job.pk, by=author(request))


@admin.register(ProcessingJob)
class ProcessingJobAdmin(EvidenceAdmin):
    refusals = REFUSALS
    actions = (retry_selected,)
    points_at = ("created_by",)
    list_display = (
        "created_at",
        "action",
        "trigger_type",
        "activity_category",
        "status",
        "items_total",
        "items_success",
        "items_failed",
        "created_by",
    )
    list_filter = ("status", "action", OrganizationFilter)
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return assigned(request).is_anyone(Role.EDITOR)


@admin.register(Unit)
class UnitAdmin(ReadOnlyAdmin):
    """Reference data that comes with each release; the calculation depends on its names."""

    shared = True
    list_display = ("name", "symbol", "type")
    list_filter = ("type",)
    search_fields = ("name", "symbol")
    ordering = ("type", "name")


@admin.register(FacilityFuel)
class FacilityFuelAdmin(ReadOnlyAdmin):
    """Reference data that comes with each release."""

    shared = True
    fields = ("name", "country", "code", "type", "ghg_type", "billed_in", "id")
    list_display = ("name", "country", "type", "ghg_type")
    list_filter = ("country", "type", "ghg_type")
    search_fields = ("name", "code")
    ordering = ("country", "name")

    @admin.display(description=_("units"))
    def billed_in(self, fuel: FacilityFuel) -> str:
        billed = fuel.fuel_units.order_by("position").select_related("unit")
        return ", ".join(str(one.unit) for one in billed)


@admin.register(CupsDismissal)
class CupsDismissalAdmin(EvidenceAdmin):
    """What somebody said is no duplicate; it is taken back on the page."""

    points_at = ("facility", "by", "restored_by")
    list_display = ("cups", "target_cups", "facility", "tier", "created_at", "by", "restored_at", "message")
    list_filter = ("tier", OrganizationFilter)
    search_fields = ("cups", "target_cups", "message")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")


@admin.register(CustomEmissionGroup)
class CustomEmissionGroupAdmin(EvidenceAdmin):
    """Factors that an organization brought itself: written by its programs, and never changed."""

    points_at = ("created_by",)
    list_display = ("name", "organization", "category", "ghg_type", "created_by")
    list_filter = ("category", "ghg_type", OrganizationFilter)
    search_fields = ("name", "description")
    ordering = ("name", "pk")


@admin.register(CustomEmissionFactor)
class CustomEmissionFactorAdmin(EvidenceAdmin):
    points_at = ("group", "unit", "created_by")
    list_display = ("ef_name", "group", "organization", "unit", "factor_start_date", "factor_end_date")
    list_filter = (OrganizationFilter,)
    search_fields = ("ef_name", "group__name")
    ordering = ("group__name", "created_at", "pk")


def shown(content: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(content, indent=2, ensure_ascii=False))
