"""The published factors, which suppliers they are linked to, and the results that were replaced."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from facilities.admin.door import DomainAdmin, ReadOnlyAdmin, settle
from facilities.admin.filters import OrganizationFilter
from facilities.admin.refusals import Refusals
from facilities.admin.tenancy import author
from invoices import labelling
from invoices.admin.records import EvidenceAdmin, shown
from invoices.admin.refusals import REFUSALS
from invoices.models import EmissionFactor, EmissionSource, FactorSet, InvoiceEmissionHistory, SupplierLink


@admin.register(FactorSet)
class FactorSetAdmin(ReadOnlyAdmin):
    """Comes with each release; an older one stays, since results say which they are of."""

    shared = True
    list_display = ("version", "loaded_at", "checksum")
    search_fields = ("version",)
    ordering = ("-pk",)


@admin.register(EmissionSource)
class EmissionSourceAdmin(ReadOnlyAdmin):
    shared = True
    list_display = ("code", "publisher", "title", "year", "licence")
    list_filter = ("publisher",)
    search_fields = ("code", "title", "publisher")
    ordering = ("code",)


@admin.register(EmissionFactor)
class EmissionFactorAdmin(ReadOnlyAdmin):
    """What was published, as it was published: nobody edits it."""

    shared = True
    list_display = ("kind", "jurisdiction", "subject", "unit", "valid_from", "valid_to", "value", "source_id")
    list_filter = ("factor_set", "kind", "jurisdiction")
    search_fields = ("subject", "label")
    ordering = ("factor_set", "kind", "jurisdiction", "subject", "valid_from", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("factor_set")


@admin.register(SupplierLink)
class SupplierLinkAdmin(DomainAdmin):
    """Everybody's figures follow from a link: a superuser makes it, and nothing is recalculated by it."""

    shared = True
    refusals: ClassVar[Refusals] = REFUSALS
    fields = ("supplier", "register_name")
    autocomplete_fields = ("supplier",)
    list_display = ("supplier", "register_name", "confirmed_by", "confirmed_at")
    search_fields = ("supplier__name", "register_name")
    ordering = ("supplier__name", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("supplier", "confirmed_by")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.fields, "confirmed_by", "confirmed_at") if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("supplier", "confirmed_by", "confirmed_at") if obj else ()

    def save_model(self, request: HttpRequest, obj: SupplierLink, form: Any, change: Any) -> None:
        name = form.cleaned_data["register_name"]
        linked = labelling.confirm(supplier=obj.supplier, register_name=name, by=author(request))
        settle(obj, linked.link)
        self._tell(request, linked)

    def delete_model(self, request: HttpRequest, obj: SupplierLink) -> None:
        self._tell(request, labelling.withdraw(supplier=obj.supplier, by=author(request)))

    def _tell(self, request: HttpRequest, linked: labelling.Linked) -> None:
        """Say what is not done by itself."""
        count = linked.invoice_count
        sentence = ngettext(
            "%(count)d invoice names %(supplier)s. Its figures stay as they are until it is recalculated.",
            "%(count)d invoices name %(supplier)s. Their figures stay as they are until they are recalculated.",
            count,
        )
        if count:
            self.message_user(request, sentence % {"count": count, "supplier": linked.link.supplier.name})


@admin.register(InvoiceEmissionHistory)
class InvoiceEmissionHistoryAdmin(EvidenceAdmin):
    points_at = ("job", "factor_set")
    fields = (
        "organization",
        "invoice_id",
        "activity_category",
        "scope",
        "co2e",
        "co2e_biomass",
        "energy_kwh",
        "flags",
        "error",
        "factor_set",
        "calculated_at",
        "replaced_at",
        "job",
        "shown_trace",
    )
    readonly_fields = ("shown_trace",)
    list_display = (
        "replaced_at",
        "invoice_id",
        "activity_category",
        "co2e",
        "energy_kwh",
        "error",
        "factor_set",
        "job",
    )
    list_filter = ("activity_category", "factor_set", OrganizationFilter)
    search_fields = ("invoice_id",)
    date_hierarchy = "replaced_at"
    ordering = ("-replaced_at", "-pk")

    @admin.display(description=_("trace"))
    def shown_trace(self, replaced: InvoiceEmissionHistory) -> SafeString:
        return shown(replaced.trace)
