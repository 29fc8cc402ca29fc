"""Signing in and out, and choosing for which organization one looks."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from facilities.pages.current import SESSION_KEY, PageRequest, for_organization


class SignIn(LoginView):
    template_name = "sign_in.html"
    redirect_authenticated_user = True


@require_POST
@for_organization
def switch_organization(request: PageRequest) -> HttpResponse:
    """Look at another organization from now on, until one signs out."""
    wanted = _uuid(request.POST.get("organization_id", ""))
    if wanted not in {organization.pk for organization in request.organizations}:
        raise Http404
    request.session[SESSION_KEY] = str(wanted)

    onward = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(onward, {request.get_host()}, require_https=request.is_secure())
    return redirect(onward if is_ours else settings.LOGIN_REDIRECT_URL)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
