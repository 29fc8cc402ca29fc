"""API keys of an organization: made, listed and revoked by its administrators."""

from collections.abc import Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from facilities import issuing
from facilities.models import ApiKey, Reach, Role
from facilities.pages.current import P, PageRequest, PageView, for_organization


def admins_only(view: PageView[P]) -> PageView[P]:
    """Refuse whoever is no administrator, in words. Stands under `for_organization`."""

    @wraps(view)
    def allowed(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.role.includes(Role.ADMIN):
            raise PermissionDenied(
                _("The API keys of %(organization)s are for its administrators: ask one of them for a key.")
                % {"organization": request.organization.name}
            )
        return view(request, *args, **kwargs)

    return allowed


class KeyForm(forms.Form):
    """What a new key is called, and what it may do: never more than its maker."""

    name = forms.CharField(max_length=100, error_messages={"required": gettext_lazy("Say what the key is for.")})
    role = forms.ChoiceField()
    reach = forms.ChoiceField(choices=Reach.choices, initial=Reach.OWN)

    def __init__(self, own: Role, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [(role.value, role.label) for role in Role if own.includes(role)]
        # Django's stubs know of no choices on a field.
        self.fields["role"] = forms.ChoiceField(choices=roles, initial=Role.EDITOR)


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
@admins_only
def keys(request: PageRequest) -> HttpResponse:
    """List the keys; make one, and show its secret on the page that answers and nowhere else."""
    form = KeyForm(request.role, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            return _made(request, form)
        except issuing.RoleAboveOnesOwn:
            # One's own role was taken away since the page was asked for.
            form.add_error("role", _("A key can't do more than the person who makes it."))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "keys/list.html", {"keys": _keys(request), "form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization
@admins_only
def revoke(request: PageRequest, key_id: UUID) -> HttpResponse:
    """Ask whether a key shall open nothing any more, and make it so."""
    key = ApiKey.objects.filter(organization=request.organization, pk=key_id).select_related("created_by").first()
    if key is None:
        raise Http404
    if request.method != "POST":
        return render(request, "keys/revoke.html", {"key": key})
    with transaction.atomic(durable=True):
        issuing.revoke_key(key=key, by=request.author)
    messages.success(request, _("The key “%(name)s” opens nothing any more.") % {"name": key.name})
    return redirect("keys")


def _made(request: PageRequest, form: KeyForm) -> HttpResponse:
    with transaction.atomic(durable=True):
        key, secret = issuing.issue_key(organization=request.organization, by=request.author, **form.cleaned_data)
    return render(request, "keys/made.html", {"key": key, "secret": secret})


def _keys(request: PageRequest) -> Sequence[ApiKey]:
    """Return the keys of the organization: those in use first, newest first."""
    own = ApiKey.objects.filter(organization=request.organization).select_related("created_by")
    return list(own.order_by(F("revoked_at").desc(nulls_first=True), "-created_at", "-pk"))
