"""
The confirm page of "Consolidate selected groups…", after the pattern of Django's own delete_selected.

The ticks come back as hidden fields with each POST: first with nothing chosen, then with a target to preview, then to
confirm what the preview showed, by its digest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from facilities.admin.refusals import Refused, in_words
from facilities.admin.tenancy import assigned, author
from facilities.models import Organization, Role
from invoices import consolidating
from invoices import cups as cups_codes
from invoices.consolidating import Plan, Source
from invoices.merge_warnings import WarningCode
from invoices.models import CHECK_NAMES, MESSAGE_LENGTH, CupsGroup
from invoices.rewriting import Outcome

if TYPE_CHECKING:
    from invoices.admin.groups import CupsGroupAdmin

TYPED = "typed"
# Before each code offered, so that no code can be taken for the choice above.
CODE = "code:"
MOST_LOCKED = 50


@dataclass(frozen=True, slots=True)
class Ticked:
    """The ticked groups, of one organization, and the locked codes of their facilities."""

    organization: Organization
    groups: Sequence[CupsGroup]
    locked: Sequence[CupsGroup]

    @property
    def sources(self) -> list[Source]:
        return [Source(group.cups, group.facility_id) for group in self.groups]

    def proposed(self) -> dict[str, str]:
        """Return what the form starts with: the best of several codes, or a single one repaired."""
        best = consolidating.propose(self.groups) or self.groups[0]
        if len({group.cups for group in self.groups}) > 1:
            return {"target": f"{CODE}{best.cups}"}
        repaired = cups_codes.complete(best.cups) or best.cups
        is_offered = repaired in {group.cups for group in self.locked}
        return {"target": f"{CODE}{repaired}"} if is_offered else {"target": TYPED, "typed": repaired}


class ConsolidateForm(forms.Form):
    """Which target, and why."""

    target = forms.ChoiceField(label=gettext_lazy("Target"), widget=forms.RadioSelect)
    typed = forms.CharField(label=gettext_lazy("Another code"), required=False, max_length=200)
    message = forms.CharField(
        label=gettext_lazy("Message"),
        required=False,
        max_length=MESSAGE_LENGTH,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=gettext_lazy("Kept with the consolidation, for whoever asks later."),
    )
    make_aliases = forms.BooleanField(
        label=gettext_lazy("And from now on: file what arrives under the other codes under the target"),
        required=False,
        initial=True,
    )
    retyped = forms.CharField(label=gettext_lazy("Type the target again"), required=False, max_length=200)
    agreed = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, ticked: Ticked, data: Any = None) -> None:
        super().__init__(data, initial=ticked.proposed())
        target = self.fields["target"]
        assert isinstance(target, forms.ChoiceField)  # noqa: S101 (declared above)
        target.choices = [*_choices(ticked), (TYPED, _("another code, typed here:"))]

    def clean(self) -> None:
        if self.cleaned_data.get("target") == TYPED and not self.cleaned_data.get("typed"):
            raise forms.ValidationError(_("Type the code that is to be the target."))

    def chosen(self) -> str:
        """Return the target: of a valid form what was chosen, of a new one what is proposed."""
        values = self.cleaned_data if self.is_bound else self.initial
        target: str = values["target"]
        return str(values.get("typed", "")) if target == TYPED else target.removeprefix(CODE)


def respond(modeladmin: "CupsGroupAdmin", request: HttpRequest, queryset: QuerySet[CupsGroup]) -> HttpResponse | None:
    """Show the page, or consolidate and return None, which leads back to the list. Raise Refused, with nothing done."""
    ticked = _ticked(request, queryset)
    form = ConsolidateForm(ticked, request.POST if "target" in request.POST else None)
    if form.is_bound and not form.is_valid():
        return _page(modeladmin, request, ticked, form, None)
    if form.is_bound and "confirm" in request.POST:
        try:
            done = _consolidate(request, ticked, form)
        except tuple(modeladmin.refusals) as refusal:
            modeladmin.message_user(request, in_words(refusal, modeladmin.refusals), messages.ERROR)
        else:
            modeladmin.message_user(request, _said(done), messages.SUCCESS)
            return None
    return _page(modeladmin, request, ticked, form, _preview(modeladmin, request, ticked, form))


def _ticked(request: HttpRequest, queryset: QuerySet[CupsGroup]) -> Ticked:
    groups = list(queryset.order_by("cups", "facility__name", "pk"))
    if len(groups) < len(set(request.POST.getlist(helpers.ACTION_CHECKBOX_NAME))):
        raise Refused(_("Some of the ticked groups are no longer there. Tick again what you mean."))
    organizations = {group.organization for group in groups}
    if len(organizations) > 1:
        raise Refused(_("The ticked groups are of several organizations. Tick groups of one."))
    organization = organizations.pop()
    if not assigned(request).is_allowed(Role.EDITOR, organization.pk):
        raise Refused(_("Your role in %(name)s only lets you look.") % {"name": organization.name})
    locked_ones = [group.cups for group in groups if group.is_locked]
    if locked_ones:
        raise consolidating.LockedByDatadis(locked_ones)
    facility_ids = {group.facility_id for group in groups}
    locked = consolidating.locked_codes(organization=organization, facility_ids=facility_ids)
    return Ticked(organization, groups, list(locked[:MOST_LOCKED]))


def _consolidate(request: HttpRequest, ticked: Ticked, form: ConsolidateForm) -> Outcome:
    target = form.chosen()
    with transaction.atomic(durable=True):
        return consolidating.consolidate(
            organization=ticked.organization,
            sources=ticked.sources,
            target=target,
            by=author(request),
            message=form.cleaned_data["message"],
            agreed=form.cleaned_data["agreed"],
            confirmed=form.cleaned_data["retyped"] == target.strip(),
            make_aliases=form.cleaned_data["make_aliases"],
        )


def _preview(modeladmin: "CupsGroupAdmin", request: HttpRequest, ticked: Ticked, form: ConsolidateForm) -> Plan | None:
    try:
        return consolidating.plan(organization=ticked.organization, sources=ticked.sources, target=form.chosen())
    except tuple(modeladmin.refusals) as refusal:
        modeladmin.message_user(request, in_words(refusal, modeladmin.refusals), messages.ERROR)
        return None


def _page(
    modeladmin: "CupsGroupAdmin", request: HttpRequest, ticked: Ticked, form: ConsolidateForm, plan: Plan | None
) -> HttpResponse:
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": _("Consolidate CUPS groups"),
        "opts": modeladmin.opts,
        "action_checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "ticked": ticked,
        "form": form,
        "plan": plan,
        "rows": plan and [(group, group.cups != plan.target) for group in _groups_of(plan)],
        "sentence": plan and _will_happen(plan),
        "needs_retyping": plan and any(told.code == WarningCode.VALID_CODES_DIFFER for told in plan.warnings),
    }
    request.current_app = modeladmin.admin_site.name
    return TemplateResponse(request, "admin/invoices/cupsgroup/consolidate.html", context)


def _groups_of(plan: Plan) -> list[CupsGroup]:
    return list({group.pk: group for group in (*plan.groups, *plan.receiving)}.values())


def _choices(ticked: Ticked) -> list[tuple[str, str]]:
    """Return each ticked code once, the best first, then the locked ones, with what speaks for each."""
    counts: dict[str, int] = {}
    for group in (*ticked.groups, *ticked.locked):
        counts[group.cups] = counts.get(group.cups, 0) + group.invoice_count
    left = {group.cups: group for group in ticked.groups}
    ranked = []
    while best := consolidating.propose(list(left.values())):
        ranked.append(left.pop(best.cups))
    locked = {group.cups: group for group in ticked.locked}
    offered = {group.cups: group for group in ranked} | locked
    return [(f"{CODE}{cups}", _label(group, counts[cups], is_locked=cups in locked)) for cups, group in offered.items()]


def _label(group: CupsGroup, count: int, *, is_locked: bool) -> str:
    invoices = ngettext("%(count)d invoice", "%(count)d invoices", count) % {"count": count}
    check = CHECK_NAMES[cups_codes.parse(group.cups).check]
    return f"{group.cups} · {invoices} · {check}" + (" · Datadis" if is_locked else "")


def _will_happen(plan: Plan) -> str:
    if not plan.updated_count:
        return _("Nothing would change: no invoice of these groups carries another code.")
    facilities = len(plan.affected_facilities)
    return _("%(invoices)s at %(facilities)s will be rewritten. %(rows)s") % {
        "invoices": ngettext("%(count)d invoice", "%(count)d invoices", plan.updated_count)
        % {"count": plan.updated_count},
        "facilities": ngettext("%(count)d facility", "%(count)d facilities", facilities) % {"count": facilities},
        "rows": ngettext("One row will remain.", "%(count)d rows will remain, one per facility.", plan.rows_left)
        % {"count": plan.rows_left},
    }


def _said(done: Outcome) -> str:
    if done.consolidation is None:
        return _("Nothing was rewritten.")
    sentence = ngettext("%(count)d invoice rewritten.", "%(count)d invoices rewritten.", done.updated_count)
    address = reverse("admin:invoices_consolidation_change", args=[done.consolidation.pk])
    return format_html(
        '{} <a href="{}">{}</a>', sentence % {"count": done.updated_count}, address, _("See it, or undo it")
    )
