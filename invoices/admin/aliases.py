from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from facilities.admin.door import DomainAdmin, DomainForm, settle
from facilities.admin.filters import OrganizationFilter
from facilities.admin.refusals import Constraints, Refusals
from facilities.admin.tenancy import author
from invoices import aliasing
from invoices.admin.refusals import REFUSALS
from invoices.models import CupsAlias


class AliasForm(DomainForm):
    constraints: ClassVar[Constraints] = {
        "alias_is_not_its_target": _("A code can't stand for itself."),
        "alias_and_target_are_codes": _("A code has at least one character."),
    }


@admin.register(CupsAlias)
class CupsAliasAdmin(DomainAdmin):
    """The codes that stand for another. One is made and ended, never changed: a new one gives a code another target."""

    form = AliasForm
    refusals: ClassVar[Refusals] = REFUSALS
    fields = ("facility", "cups", "target_cups", "message")
    autocomplete_fields = ("facility",)
    list_display = ("cups", "target_cups", "facility", "created_at", "by", "organization", "message")
    list_filter = (OrganizationFilter,)
    search_fields = ("cups", "target_cups", "message")
    date_hierarchy = "created_at"
    ordering = ("cups", "facility__name", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        own = super().get_queryset(request).filter(ended_at=None)
        return own.select_related("organization", "facility", "by", "consolidation")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.fields, "organization", "consolidation", "created_at", "by", "through") if obj else self.fields

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: CupsAlias, form: Any, change: Any) -> None:
        (made,) = aliasing.make(
            organization=obj.facility.organization,
            aliases=[(obj.facility_id, obj.cups)],
            target=obj.target_cups,
            by=author(request),
            message=obj.message,
        )
        settle(obj, made)

    def delete_model(self, request: HttpRequest, obj: CupsAlias) -> None:
        aliasing.remove(organization=obj.organization, alias_id=obj.pk, by=author(request))
