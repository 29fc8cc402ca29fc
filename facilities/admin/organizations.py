from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from facilities import issuing, registering
from facilities.admin.door import DomainAdmin, DomainForm, changed_values, settle
from facilities.admin.filters import OrganizationFilter
from facilities.admin.tenancy import assigned, author
from facilities.models import ApiKey, Membership, Organization, Role


@admin.register(Organization)
class OrganizationAdmin(DomainAdmin):
    least_role = Role.ADMIN
    fields = ("name", "parent", "id", "created_at")
    readonly_fields = ("id", "created_at")
    autocomplete_fields = ("parent",)
    list_display = ("name", "parent", "created_at")
    list_select_related = ("parent",)
    search_fields = ("name",)
    ordering = ("name", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return assigned(request).organizations().order_by(*self.ordering)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Bind an organization to its place for some: moving it changes who has rights in it."""
        is_bound = obj is not None and not assigned(request).is_allowed(Role.ADMIN, obj.parent_id)
        return (*self.readonly_fields, "parent") if is_bound else self.readonly_fields

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 (Django's own)
        form = super().get_form(request, obj, change=change, **kwargs)
        if "parent" in form.base_fields:
            form.base_fields["parent"].required = not assigned(request).user.is_superuser
        return form

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return assigned(request).user.is_superuser

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: Any) -> None:
        by = author(request)
        if change:
            registering.change_organization(organization=obj, name=obj.name, parent=obj.parent, by=by)
        else:
            settle(obj, registering.create_organization(name=obj.name, parent=obj.parent, by=by))

    def delete_model(self, request: HttpRequest, obj: Organization) -> None:
        registering.delete_organization(organization=obj, by=author(request))


@admin.register(Membership)
class MembershipAdmin(DomainAdmin):
    least_role = Role.ADMIN
    fields = ("organization", "user", "role", "created_at")
    readonly_fields = ("created_at",)
    autocomplete_fields = ("organization", "user")
    list_display = ("user", "organization", "role", "created_at")
    list_filter = ("role", OrganizationFilter)
    list_select_related = ("user", "organization")
    search_fields = ("user__username", "user__first_name", "user__last_name", "user__email", "organization__name")
    ordering = ("organization__name", "user__username")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user", "organization")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "organization", "user") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: Any) -> None:
        if change:
            registering.change_role(membership=obj, role=obj.role, by=author(request))
        else:
            made = registering.add_member(
                organization=obj.organization, user=obj.user, role=obj.role, by=author(request)
            )
            settle(obj, made)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        registering.remove_member(membership=obj, by=author(request))


class ApiKeyForm(DomainForm):
    revoke = forms.BooleanField(
        label=_("Revoke"), required=False, help_text=_("From then on the key opens nothing, and that can't be undone.")
    )


@admin.register(ApiKey)
class ApiKeyAdmin(DomainAdmin):
    """Keys are issued, renamed and revoked; the secret is shown once, on the page that follows."""

    form = ApiKeyForm
    least_role = Role.ADMIN
    known: ClassVar = ("prefix", "created_by", "created_at", "last_used_at", "revoked_at")
    autocomplete_fields = ("organization",)
    list_display = ("name", "prefix", "organization", "role", "reach", "created_by", "last_used_at", "revoked_at")
    list_filter = ("role", ("revoked_at", admin.EmptyFieldListFilter), OrganizationFilter)
    list_select_related = ("organization", "created_by")
    search_fields = ("name", "prefix", "created_by__username")
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("organization", "created_by")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("organization", "name", "role", "reach")
        revoke = () if obj.revoked_at or not self.has_change_permission(request, obj) else ("revoke",)
        return ("organization", "name", "role", "reach", *self.known, *revoke)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("organization", "role", "reach", *self.known) if obj else self.known

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: Any) -> None:
        if not change:
            self._issue(request, obj)
        elif form.cleaned_data["revoke"]:
            issuing.revoke_key(key=obj, by=author(request))
        elif changed_values(form):
            issuing.rename_key(key=obj, name=obj.name, by=author(request))

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """Show the secret on this one page: a message would put it into a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("API key issued"),
            "opts": self.opts,
            "key": obj,
            "secret": vars(request)["secret"],
        }
        return TemplateResponse(request, "admin/facilities/apikey/issued.html", context)

    def _issue(self, request: HttpRequest, key: ApiKey) -> None:
        issued, secret = issuing.issue_key(
            organization=key.organization, name=key.name, role=key.role, reach=key.reach, by=author(request)
        )
        settle(key, issued)
        vars(request)["secret"] = secret
