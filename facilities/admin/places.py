from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from facilities import archiving, contracting, registering
from facilities.admin.door import DomainAdmin, DomainForm, changed_values, settle
from facilities.admin.filters import FacilityFilter, OrganizationFilter
from facilities.admin.tenancy import assigned, author
from facilities.models import ContractSource, Facility, Supplier, SupplyContract


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 60})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = [line.strip() for line in str(value or "").splitlines()]
        return [line for line in lines if line]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != (initial or []))


class FacilityForm(DomainForm):
    categories = LinesField(
        label=_("Categories"), required=False, help_text=_("One a line: heat, electricity, water, recharge.")
    )
    cups_list = LinesField(label=_("CUPS of the facility"), required=False, help_text=_("One a line."))


@admin.register(Facility)
class FacilityAdmin(DomainAdmin):
    form = FacilityForm
    fields = (
        "organization",
        "name",
        "address",
        "country",
        "type",
        "facility_purpose_type",
        "status",
        "logistic_factor",
        "categories",
        "cups_list",
        "id",
        "created_at",
        "updated_at",
    )
    readonly_fields = ("id", "created_at", "updated_at")
    autocomplete_fields = ("organization",)
    list_display = ("name", "organization", "country", "type", "status")
    list_filter = ("status", "country", OrganizationFilter)
    list_select_related = ("organization",)
    search_fields = ("name", "address")
    ordering = ("name", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(deleted_at=None).select_related("organization")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "organization") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Facility, form: Any, change: Any) -> None:
        if change:
            registering.change_facility(facility=obj, by=author(request), **changed_values(form))
        else:
            fields = {**form.cleaned_data}
            settle(obj, registering.create_facility(by=author(request), **fields))

    def delete_model(self, request: HttpRequest, obj: Facility) -> None:
        archiving.delete(facility=obj, by=author(request))


@admin.register(Supplier)
class SupplierAdmin(DomainAdmin):
    shared = True
    list_display = ("name", "country", "type")
    list_filter = ("country", "type")
    search_fields = ("name",)
    ordering = ("name", "country", "type")

    def save_model(self, request: HttpRequest, obj: Supplier, form: Any, change: Any) -> None:
        if change:
            contracting.change_supplier(supplier=obj, by=author(request), **changed_values(form))
        else:
            settle(obj, contracting.create_supplier(by=author(request), **form.cleaned_data))

    def delete_model(self, request: HttpRequest, obj: Supplier) -> None:
        contracting.delete_supplier(supplier=obj, by=author(request))


class SupplyContractForm(DomainForm):
    is_datadis = forms.BooleanField(
        label=_("Datadis contract"),
        required=False,
        help_text=_("Its code is right, and the invoices linked to it are locked. Once saved, this never changes."),
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=500)


@admin.register(SupplyContract)
class SupplyContractAdmin(DomainAdmin):
    form = SupplyContractForm
    written: ClassVar = (
        "facility",
        "cups",
        "supplier",
        "distributor_code",
        "start_date",
        "end_date",
        "is_active",
        "renewable_percentage",
        "guarantee_type",
        "certificate_number",
        "certificate_year",
        "certificate_file_id",
    )
    readonly_fields = ("id", "organization", "source", "created_at", "updated_at")
    autocomplete_fields = ("facility", "supplier")
    list_display = ("cups", "facility", "organization", "source", "supplier", "start_date", "end_date", "is_active")
    list_filter = ("source", "is_active", OrganizationFilter, FacilityFilter)
    list_select_related = ("facility", "organization", "supplier")
    search_fields = ("cups", "facility__name", "supplier__name")
    ordering = ("cups", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("facility", "organization", "supplier")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return [(None, {"fields": ("organization", "source", *self.written, "id", "created_at", "updated_at")})]
        by_hand = [(_("From Datadis, made by hand"), {"fields": ("is_datadis", "reason")})]
        return [(None, {"fields": self.written}), *(by_hand if assigned(request).user.is_superuser else [])]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 (Django's own)
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None and "facility" in form.base_fields:
            keep_choosable(form.base_fields["facility"], request, self, obj.facility_id)
        return form

    def save_model(self, request: HttpRequest, obj: SupplyContract, form: Any, change: Any) -> None:
        if change:
            changes = {name: value for name, value in changed_values(form).items() if name in self.written}
            contracting.change_contract(contract=obj, by=author(request), **changes)
            return
        made = contracting.create_contract(
            by=author(request),
            source=ContractSource.DATADIS if form.cleaned_data["is_datadis"] else ContractSource.MANUAL,
            reason=form.cleaned_data["reason"],
            **{name: form.cleaned_data[name] for name in self.written},
        )
        settle(obj, made)

    def delete_model(self, request: HttpRequest, obj: SupplyContract) -> None:
        contracting.delete_contract(contract=obj, by=author(request))

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:  # noqa: FBT001, FBT002 (Django's own)
        """Keep the reason for a Datadis contract in Django's log."""
        if add and form.cleaned_data["is_datadis"]:
            return gettext("Datadis contract made by hand: %(reason)s") % {"reason": form.cleaned_data["reason"]}
        return super().construct_change_message(request, form, formsets, add)


def keep_choosable(field: Any, request: HttpRequest, door: DomainAdmin, facility_id: Any) -> None:
    """Let a row keep the facility that it has, though nobody may choose a deleted one."""
    own = Facility.objects.filter(organization__in=assigned(request).organizations(door.least_role))
    field.queryset = own.filter(Q(deleted_at=None) | Q(pk=facility_id))
