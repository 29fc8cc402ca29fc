"""Who looks at a page, and for which organization: what every page asks before it does anything."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from facilities import access
from facilities.access import Author, Channel
from facilities.models import Organization, Role, User

SESSION_KEY = "organization_id"
P = ParamSpec("P")


class PageRequest(HttpRequest):
    """A request as a page sees it, once `for_organization` has let it in."""

    user: User
    htmx: HtmxDetails
    organization: Organization
    organizations: Sequence[Organization]
    role: Role
    author: Author
    can_write: bool


PageView = Callable[Concatenate[PageRequest, P], HttpResponse]


def for_organization(view: PageView[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Let in who is signed in and has a role in the current organization; send others to sign in, and back here."""

    @wraps(view)
    def entered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_sign_in(request)
        page = cast("PageRequest", request)
        page.organizations = list(access.organizations_of(page.user).order_by("name", "pk"))
        found = _chosen(page) or access.highest_organization_of(page.user)
        role = access.role_of(user=page.user, organization_id=found.pk) if found else None
        if found is None or role is None:
            return render(request, "no_organization.html", status=403)
        page.organization, page.role = found, role
        page.can_write = role.includes(Role.EDITOR)
        page.author = Author(user=page.user, through=Channel.WEB)
        response = view(page, *args, **kwargs)
        # What is a tenant's stays in no cache; and "back" never shows the part that a script asked for as a page.
        patch_cache_control(response, private=True, no_store=True)
        patch_vary_headers(response, ["HX-Request"])
        return response

    return entered


def editors_only(view: PageView[P]) -> PageView[P]:
    """Refuse a viewer, in words. Stands under `for_organization`."""

    @wraps(view)
    def allowed(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.can_write:
            raise PermissionDenied(
                _("You can look at %(organization)s, but not change it: ask an administrator for the role of editor.")
                % {"organization": request.organization.name}
            )
        return view(request, *args, **kwargs)

    return allowed


def _chosen(request: PageRequest) -> Organization | None:
    """Return the organization that was switched to, while one still has a role there."""
    chosen = request.session.get(SESSION_KEY)
    if not chosen:
        return None
    return next((organization for organization in request.organizations if organization.pk == UUID(chosen)), None)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Redirect to the sign-in page; after it one is back on the page that one saw, not on the address of a form."""
    htmx = cast("PageRequest", request).htmx
    if htmx:
        here = htmx.current_url_abs_path or settings.LOGIN_REDIRECT_URL
        return HttpResponseClientRedirect(redirect_to_login(here)["Location"])
    is_page = request.method in ("GET", "HEAD")
    return redirect_to_login(request.get_full_path() if is_page else settings.LOGIN_REDIRECT_URL)
