from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from facilities.admin.door import ReadOnlyAdmin
from facilities.admin.filters import FacilityFilter, OrganizationFilter
from facilities.admin.tenancy import assigned
from facilities.models import Role
from invoices.admin import consolidate_page
from invoices.admin.refusals import REFUSALS
from invoices.admin.wording import months
from invoices.cups import Check
from invoices.models import CHECK_NAMES, CupsGroup


class LockFilter(admin.SimpleListFilter):
    title = _("locked")
    parameter_name = "is_locked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("1", _("by Datadis")), ("0", _("not locked"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "1":
            return queryset.filter(locked_count__gt=0)
        return queryset.filter(locked_count=0) if self.value() == "0" else queryset


class CheckFilter(admin.SimpleListFilter):
    title = _("check")
    parameter_name = "check"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [
            ("invalid", _("all that are not correct")),
            *((check.value, name) for check, name in CHECK_NAMES.items()),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "invalid":
            return queryset.exclude(check_result=Check.VALID.value)
        return queryset.filter(check_result=self.value()) if self.value() else queryset


@admin.action(permissions=["consolidate"], description=_("Consolidate selected groups…"))
def consolidate_selected(
    modeladmin: "CupsGroupAdmin", request: HttpRequest, queryset: QuerySet[CupsGroup]
) -> HttpResponse | None:
    """Choose a target, look at what would happen, confirm."""
    return consolidate_page.respond(modeladmin, request, queryset)


@admin.register(CupsGroup)
class CupsGroupAdmin(ReadOnlyAdmin):
    """The groups as the domain keeps them: nothing changes them but consolidating, and the invoices themselves."""

    refusals = REFUSALS
    actions = (consolidate_selected,)
    fields = ("cups", "checked", "facility", "organization", "invoices", "locked_count", "first_date", "last_date")
    readonly_fields = ("checked", "invoices")
    list_display = ("code", "checked", "facility", "invoices", "lock", "period", "organization")
    list_filter = (LockFilter, CheckFilter, OrganizationFilter, FacilityFilter)
    search_fields = ("cups", "facility__name")
    search_help_text = _("Part of a code, or of a facility's name.")
    ordering = ("cups", "facility__name", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(invoice_count__gt=0).select_related("facility", "organization")

    def has_consolidate_permission(self, request: HttpRequest) -> bool:
        return assigned(request).is_anyone(Role.EDITOR)

    @admin.display(description="CUPS", ordering="cups")
    def code(self, group: CupsGroup) -> SafeString:
        return format_html('<code class="cups" translate="no">{}</code>', group.cups)

    @admin.display(description=_("invoices"), ordering="invoice_count")
    def invoices(self, group: CupsGroup) -> SafeString:
        wanted = {"cups__exact": group.cups, "facility__id__exact": group.facility_id, "type__exact": "electricity"}
        address = f"{reverse('admin:invoices_invoice_changelist')}?{urlencode(wanted)}"
        return format_html('<a href="{}">{}</a>', address, number_format(group.invoice_count, force_grouping=True))

    @admin.display(description=_("locked"), ordering="locked_count")
    def lock(self, group: CupsGroup) -> SafeString | str:
        return format_html('<span class="lock">{}</span>', "Datadis") if group.is_locked else ""

    @admin.display(description=_("period"), ordering="first_date")
    def period(self, group: CupsGroup) -> str:
        return months(group.first_date, group.last_date)

    @admin.display(description=_("check"), ordering="check_result")
    def checked(self, group: CupsGroup) -> SafeString:
        result = Check(group.check_result)
        return format_html('<span class="check-{}">{}</span>', result.value, CHECK_NAMES[result])
