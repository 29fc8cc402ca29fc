"""What every ModelAdmin here has in common: tenants, roles, writes through the domain, and refusals in words."""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import actions, helpers
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facilities.admin.refusals import CONSTRAINTS, REFUSALS, Constraints, Refusals, Refused, in_words, meaning
from facilities.admin.tenancy import assigned, owner_of
from facilities.models import Facility, Organization, Role, User

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelAdmin = admin.ModelAdmin
    _ModelForm = forms.ModelForm

# What a person can look through on one page; nothing is done to more at once.
MOST_TICKED = 200


class DomainForm(_ModelForm):
    """A form that shows what the domain refused when its values were about to be written."""

    refusal: ClassVar[str] = ""
    constraints: ClassVar[Constraints] = CONSTRAINTS

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.refusal:
            raise ValidationError(self.refusal)
        return cleaned

    def add_error(self, field: str | None, error: Any) -> None:
        """Say what a violated constraint means, where Django would give its name."""
        whole = ValidationError(error)
        by_field = whole.error_dict.values() if hasattr(whole, "error_dict") else [whole.error_list]
        for one in chain.from_iterable(by_field):
            one.message = meaning(one.message, self.constraints)
        super().add_error(field, whole)

    def _get_validation_exclusions(self) -> set[str]:
        # Choices come from a queryset of the tenant's own rows; looking the key up again would ask all tenants' rows.
        keys = {name for name, field in self.fields.items() if isinstance(field, forms.ModelChoiceField)}
        # Not in the stubs.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded | keys


@admin.action(permissions=["delete"], description=gettext_lazy("Delete selected %(verbose_name_plural)s"))
def delete_selected(modeladmin: "DomainAdmin", request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
    """Delete as Django does, with its log, but all of them or none."""
    with transaction.atomic(durable=True):
        return actions.delete_selected(modeladmin, request, queryset)


class DomainAdmin(_ModelAdmin):
    """
    Shows the rows of the organizations that one is assigned to, and writes through the domain alone.

    A subclass that lets rows be added, changed or deleted says in `save_model` and `delete_model` which domain call
    that is; `shared` rows belong to no organization, and only a superuser writes them.
    """

    form = DomainForm
    refusals: ClassVar[Refusals] = REFUSALS
    least_role: ClassVar[Role] = Role.EDITOR
    shared: ClassVar[bool] = False
    actions: Sequence[Any] = (delete_selected,)
    list_per_page = 100
    list_max_show_all = MOST_TICKED
    show_full_result_count = False

    # Tenants and roles

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows if self.shared else rows.filter(organization__in=assigned(request).organizations())

    def get_field_queryset(self, db: str | None, db_field: Any, request: HttpRequest) -> QuerySet[Any] | None:
        """Offer, and accept, only rows of the organizations where one may write."""
        rows = super().get_field_queryset(db, db_field, request)
        related = db_field.remote_field.model
        rows = related._default_manager.all() if rows is None else rows
        own = assigned(request).organizations(self.least_role)
        if related is Organization:
            return rows.filter(pk__in=own.values("pk"))
        if related is User:
            return rows.filter(pk__in=assigned(request).users().values("pk"))
        if related is Facility:
            rows = rows.filter(deleted_at=None)
        return rows.filter(organization__in=own) if hasattr(related, "organization_id") else rows

    def has_module_permission(self, request: HttpRequest) -> bool:
        # Asked for the page to sign in on, too, where nobody is anybody.
        return self.admin_site.has_permission(request) and assigned(request).is_anyone()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        if obj is None or self.shared:
            return assigned(request).is_anyone()
        return assigned(request).is_allowed(Role.VIEWER, owner_of(obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may_write(request, None)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may_write(request, obj)

    def _may_write(self, request: HttpRequest, row: Model | None) -> bool:
        if self.shared:
            return assigned(request).user.is_superuser
        if row is None:
            return assigned(request).is_anyone(self.least_role)
        return assigned(request).is_allowed(self.least_role, owner_of(row))

    # Writes

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not say which domain call saves")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not say which domain call deletes")

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} has an inline that goes past the domain")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Name the rows alone: what else goes with them, or stands in the way, is the domain's to say."""
        rows = list(objs)
        lacking = {self.opts.verbose_name for row in rows if not self.has_delete_permission(request, row)}
        named = [f"{capfirst(str(self.opts.verbose_name))}: {row}" for row in rows]
        return named, {self.opts.verbose_name_plural: len(rows)}, lacking, []

    # Refusals in words

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 (Django's own)
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = vars(request).get("refusal", "")
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except tuple(self.refusals) as refusal:
            # Everything is rolled back by now. The same form again, with what was typed and why it was refused.
            vars(request)["refusal"] = in_words(refusal, self.refusals)
            return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        try:
            return super().delete_view(request, object_id, extra_context)
        except tuple(self.refusals) as refusal:
            self.message_user(request, in_words(refusal, self.refusals), messages.ERROR)
            return HttpResponseRedirect("../change/")

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any) -> Any:
        try:
            self._check_ticks(request)
            return super().response_action(request, queryset, *args, **kwargs)
        except tuple(self.refusals) as refusal:
            self.message_user(request, in_words(refusal, self.refusals), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def _check_ticks(self, request: HttpRequest) -> None:
        ticked = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        if request.POST.get("select_across", "0") != "0" or len(ticked) > MOST_TICKED:
            raise Refused(_("Tick at most %(most)d rows that you see; nothing was done.") % {"most": MOST_TICKED})
        for key in ticked:
            try:
                self.opts.pk.to_python(key)
            except ValidationError as error:
                raise Refused(_("One of the ticked rows is none.")) from error


class ReadOnlyAdmin(DomainAdmin):
    """Evidence, and what only the domain makes: to look at."""

    actions: Sequence[Any] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def changed_values(form: DomainForm) -> dict[str, Any]:
    """Return the fields that somebody changed, by name, with their new values."""
    return {name: form.cleaned_data[name] for name in form.changed_data}


def settle(row: Model, saved: Model) -> None:
    """Make the row that a form built into the one that the domain saved, for Django's log and redirect."""
    row.pk = saved.pk
    row._state.adding = False
