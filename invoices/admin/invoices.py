from collections.abc import Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from facilities.admin.door import DomainAdmin, DomainForm, changed_values, settle
from facilities.admin.filters import FacilityFilter, OrganizationFilter
from facilities.admin.places import keep_choosable
from facilities.admin.tenancy import author
from invoices import filing, vetting
from invoices.admin.refusals import REFUSALS
from invoices.admin.wording import days
from invoices.models import Invoice, InvoiceEmission, InvoiceSource

# What a distributed invoice's parts have of their own, which its parent can't say.
OF_A_PART: Final = ("facility", "supply_contract", "base_quantity", "type")


class InvoiceForm(DomainForm):
    constraints: ClassVar[Mapping[str, Any]] = {"invoice_ends_after_it_starts": _("The period ends before it starts.")}
    # What the page showed: without it, saving an old page would put back, unseen, a code that was consolidated since.
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["seen"] = self.instance.updated_at.isoformat()

    def clean_file_url(self) -> str:
        address: str = self.cleaned_data["file_url"]
        if address and not address.startswith("https://"):
            raise ValidationError(_("Only an address that begins with https:// is kept."))
        return address

    def clean_seen(self) -> str:
        seen: str = self.cleaned_data["seen"]
        if seen != self.initial.get("seen", ""):
            raise ValidationError(_("Somebody changed the invoice since you opened it. Look at it again."))
        return seen


@admin.register(Invoice)
class InvoiceAdmin(DomainAdmin):
    """Single invoices can be filed here; those distributed over several facilities come through the API."""

    form = InvoiceForm
    refusals: ClassVar[Mapping[type[Exception], Any]] = REFUSALS
    written: ClassVar = (
        "type",
        "status",
        "invoice_number",
        "cups",
        "facility",
        "supply_contract",
        "supplier",
        "start_date",
        "end_date",
        "base_quantity",
        "unit",
        "facility_fuel",
        "toc",
        "file_url",
    )
    known: ClassVar = (
        "id",
        "organization",
        "source",
        "printed_cups",
        "is_parent",
        "source_invoice",
        "percentage",
        "quantity",
        "error_messages",
        "results",
        "uploaded_by",
        "created_at",
        "updated_at",
    )
    readonly_fields = known
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}}
    autocomplete_fields = ("facility", "supply_contract", "supplier", "facility_fuel")
    list_display = (
        "label",
        "type",
        "status",
        "cups",
        "facility",
        "period",
        "billed",
        "organization",
    )
    list_filter = ("type", "status", "source", "is_parent", OrganizationFilter, FacilityFilter)
    list_select_related = ("facility", "organization", "unit")
    search_fields = ("invoice_number", "cups", "printed_cups")
    search_help_text = _("Number, CUPS, CUPS as printed, or the whole id.")
    date_hierarchy = "start_date"
    ordering = ("-start_date", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        needed = ("facility", "organization", "unit", "supply_contract", "source_invoice", "uploaded_by")
        return super().get_queryset(request).select_related(*needed)

    @admin.display(description=_("invoice number"), ordering="invoice_number")
    def label(self, invoice: Invoice) -> str:
        return str(invoice)

    @admin.display(description=_("period"), ordering="start_date")
    def period(self, invoice: Invoice) -> str:
        return days(invoice.start_date, invoice.end_date)

    @admin.display(description=_("quantity"), ordering="quantity")
    def billed(self, invoice: Invoice) -> str:
        return f"{number_format(invoice.quantity.normalize(), force_grouping=True)} {invoice.unit}"

    @admin.display(description=_("results"))
    def results(self, invoice: Invoice) -> SafeString | str:
        """List what was calculated. A distributed invoice has its parts' figures and none of its own."""
        found = InvoiceEmission.objects.filter(organization=invoice.organization_id, invoice=invoice)
        lines = [
            (result.get_activity_category_display(), _figure(result))
            for result in found.order_by("scope", "activity_category")
        ]
        rows = format_html_join("", "<li>{}: {}</li>", lines)
        return format_html('<ul class="plain">{}</ul>', rows) if lines else "–"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            return queryset.filter(pk=UUID(search_term.strip())), False
        except ValueError:
            return super().get_search_results(request, queryset, search_term)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        written = [(None, {"fields": (*self.written, "seen")})]
        return written if obj is None else [*written, (_("What is known of it"), {"fields": self.known})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.known, *OF_A_PART) if obj is not None and obj.is_parent else self.known

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 (Django's own)
        form = super().get_form(request, obj, change=change, **kwargs)
        if "facility" in form.base_fields:
            form.base_fields["facility"].required = True
            if obj is not None:
                keep_choosable(form.base_fields["facility"], request, self, obj.facility_id)
        return form

    def save_model(self, request: HttpRequest, obj: Invoice, form: Any, change: Any) -> None:
        if change:
            changes = {name: value for name, value in changed_values(form).items() if name in self.written}
            changed = filing.change(
                organization=obj.organization, invoice_id=obj.pk, by=author(request), changes=changes
            )
            if changed.job is not None:
                self.message_user(request, gettext("Its emissions are calculated again, in a job of their own."))
            return
        fields = {name: form.cleaned_data[name] for name in self.written}
        facility = fields.pop("facility")
        made = filing.create(
            organization=facility.organization,
            by=author(request),
            shares=[vetting.Share(facility)],
            source=InvoiceSource.MANUAL,
            **fields,
        )
        settle(obj, made)

    def delete_model(self, request: HttpRequest, obj: Invoice) -> None:
        filing.delete(organization=obj.organization, invoice_id=obj.pk, by=author(request))


def _figure(result: InvoiceEmission) -> str:
    if result.error:
        return result.error
    if result.energy_kwh is not None:
        return f"{number_format(result.energy_kwh, 3, force_grouping=True)} kWh"
    if result.co2e is None:
        return gettext("no calorific value is known")
    return f"{number_format(result.co2e, 3, force_grouping=True)} kg CO2e"
