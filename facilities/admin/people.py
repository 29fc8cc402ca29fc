from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import password_validation, update_session_auth_hash
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from facilities import registering
from facilities.admin.door import DomainAdmin, DomainForm, changed_values, settle
from facilities.admin.tenancy import assigned, author
from facilities.models import User


class UserForm(DomainForm):
    new_password = forms.CharField(
        label=_("New password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it empty to keep the one there is; a new person without one can't sign in yet."),
    )

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        if password:
            password_validation.validate_password(password, self.instance)
        return password


@admin.register(User)
class UserAdmin(DomainAdmin):
    """People. Superusers write them; the others see those of their organizations. What they may do: memberships."""

    form = UserForm
    shared = True
    fieldsets = (
        (None, {"fields": ("username", "new_password", "first_name", "last_name", "email")}),
        (_("May sign in"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (None, {"fields": ("id", "last_login", "date_joined")}),
    )
    readonly_fields = ("id", "last_login", "date_joined")
    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_staff", "is_superuser")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return assigned(request).users().order_by(*self.ordering)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: Any) -> None:
        fields = changed_values(form)
        password = fields.pop("new_password", "") or None
        if not change:
            settle(obj, registering.create_user(password=password, by=author(request), **fields))
            return
        if fields:
            registering.change_user(user=obj, by=author(request), **fields)
        if password:
            registering.set_password(user=obj, password=password, by=author(request))
            if obj.pk == assigned(request).user.pk:
                obj.refresh_from_db(fields=["password"])
                update_session_auth_hash(request, obj)
