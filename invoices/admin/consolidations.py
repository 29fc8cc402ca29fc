from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from facilities.admin.door import ReadOnlyAdmin
from facilities.admin.filters import OrganizationFilter
from facilities.admin.refusals import in_words
from facilities.admin.tenancy import assigned, author
from facilities.models import ApiKey, Facility, Role
from invoices import undoing
from invoices.admin.refusals import REFUSALS
from invoices.models import MESSAGE_LENGTH, Consolidation, State, WithUndos

SHOWN_PLACES = 20
NO_KEY = UUID(int=0)


class UndoForm(forms.Form):
    """Why, and what of it."""

    message = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        max_length=MESSAGE_LENGTH,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    skip_conflicts = forms.BooleanField(
        label=gettext_lazy("Leave those as they are, and undo the others"), required=False
    )
    remove_aliases = forms.BooleanField(
        label=gettext_lazy("Remove the aliases that it made, if it made any"), required=False, initial=True
    )


@admin.register(Consolidation)
class ConsolidationAdmin(ReadOnlyAdmin):
    """What was consolidated; each can be undone."""

    refusals = REFUSALS
    fields = (
        "organization",
        "created_at",
        "by",
        "through",
        "key",
        "on_behalf_of",
        "message",
        "target_cups",
        "source_groups",
        "updated_count",
        "state",
        "evidence",
    )
    readonly_fields = ("key", "source_groups", "state", "evidence")
    list_display = ("created_at", "by", "through", "target_cups", "updated_count", "state", "organization", "message")
    list_filter = ("through", OrganizationFilter)
    search_fields = ("target_cups", "message", "by__username")
    date_hierarchy = "created_at"
    ordering = ("-created_at", "-pk")
    change_form_template = "admin/invoices/consolidation/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        own = Consolidation.objects.filter(organization__in=assigned(request).organizations())
        return own.with_undos().select_related("organization", "by", "on_behalf_of").order_by(*self.ordering)

    def get_urls(self) -> list[URLPattern]:
        undo = path(
            "<path:object_id>/undo/",
            self.admin_site.admin_view(self.undo_view),
            name="invoices_consolidation_undo",
        )
        return [undo, *super().get_urls()]

    def has_undo_permission(self, request: HttpRequest, done: Consolidation) -> bool:
        return assigned(request).is_allowed(Role.EDITOR, done.organization_id)

    @admin.display(description=gettext_lazy("state"))
    def state(self, done: WithUndos) -> str:
        return str(undoing.state_of(done).label)

    @admin.display(description=gettext_lazy("API key"))
    def key(self, done: Consolidation) -> str:
        found = ApiKey.objects.filter(organization=done.organization_id, pk=done.api_key_id or NO_KEY).first()
        return str(found or done.api_key_id or "–")

    @admin.display(description=gettext_lazy("sources"))
    def source_groups(self, done: Consolidation) -> SafeString:
        shown = done.sources[:SHOWN_PLACES]
        ids = {UUID(source["facility_id"]) for source in shown if source["facility_id"]}
        names = dict(Facility.objects.filter(organization=done.organization_id, pk__in=ids).values_list("pk", "name"))
        lines = [(source["cups"] or _("no code"), names.get(UUID(source["facility_id"]), "")) for source in shown]
        left_out = len(done.sources) - len(shown)
        more = format_html("<li>{}</li>", _("and %(count)d more") % {"count": left_out}) if left_out else ""
        rows = format_html_join("", '<li><code class="cups" translate="no">{}</code> · {}</li>', lines)
        return format_html('<ul class="plain">{}{}</ul>', rows, more)

    @admin.display(description=gettext_lazy("evidence"))
    def evidence(self, done: Consolidation) -> SafeString:
        rewritten = reverse("admin:invoices_consolidatedinvoice_changelist")
        undos = reverse("admin:invoices_consolidationundo_changelist")
        return format_html(
            '<a href="{}?consolidation__id__exact={}">{}</a> · <a href="{}?consolidation__id__exact={}">{}</a>',
            rewritten,
            done.pk,
            _("Rewritten invoices, with the code each had"),
            undos,
            done.pk,
            _("Undos"),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        done = self.get_object(request, unquote(object_id))
        can_undo = (
            done is not None and self.has_undo_permission(request, done) and undoing.state_of(done) != State.UNDONE
        )
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "can_undo": can_undo})

    def undo_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what would be put back and what conflicts; undo on POST."""
        done = self._found(request, object_id)
        form = UndoForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic(durable=True):
                    undone = undoing.undo(
                        organization=done.organization,
                        consolidation_id=done.pk,
                        by=author(request),
                        **form.cleaned_data,
                    )
            except tuple(self.refusals) as refusal:
                self.message_user(request, in_words(refusal, self.refusals), messages.ERROR)
            else:
                sentence = ngettext(
                    "%(count)d invoice has its code back.",
                    "%(count)d invoices have their code back.",
                    undone.restored_count,
                )
                self.message_user(request, sentence % {"count": undone.restored_count}, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:invoices_consolidation_change", args=[done.pk]))
        return TemplateResponse(
            request, "admin/invoices/consolidation/undo.html", self._undo_context(request, done, form)
        )

    def _found(self, request: HttpRequest, object_id: str) -> Consolidation:
        found = self.get_object(request, unquote(object_id))
        if not isinstance(found, Consolidation):
            raise Http404
        if not self.has_undo_permission(request, found):
            raise PermissionDenied
        return found

    def _undo_context(self, request: HttpRequest, done: Consolidation, form: UndoForm) -> dict[str, Any]:
        outstanding = undoing.outstanding(done)
        conflicting = undoing.conflicts_among(done, outstanding)
        left, conflict_count = outstanding.count(), conflicting.count()
        return {
            **self.admin_site.each_context(request),
            "title": _("Undo a consolidation"),
            "opts": self.opts,
            "done": done,
            "form": form,
            "left": left,
            "restorable": left - conflict_count,
            "conflict_count": conflict_count,
            "conflicts": undoing.describe(done, conflicting) if conflict_count else [],
            "is_anothers": done.by_id != assigned(request).user.pk,
        }
