"""Who asks: the creator of an API key, or somebody signed in. With a key in a header the session is ignored."""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from facilities.models import ApiKey, User

# A write for each request would make readers wait for writers; to the minute nobody asks.
LAST_USED_STEP: Final = timedelta(minutes=10)


class KeyAuthentication(authentication.BaseAuthentication):
    """Accept `x-api-key`, or the same key as a bearer token."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """Return the key's creator and the key, None without a key; raise AuthenticationFailed."""
        secret = _secret(request)
        if secret is None:
            return None
        key = ApiKey.objects.current().of_secret(secret).select_related("created_by").first()
        if key is None:
            raise AuthenticationFailed
        _note_use(key)
        return key.created_by, key

    def authenticate_header(self, request: Request) -> str:
        # Without it REST framework would answer 403 where nobody is known.
        return "Bearer"


class SessionAuthentication(authentication.SessionAuthentication):
    """Accept somebody signed in, with the CSRF token wherever something could change."""

    def enforce_csrf(self, request: Request) -> None:
        # Django's check reads a form from the stream and leaves nothing to parse; what is read here stays.
        _ = request.body
        super().enforce_csrf(request)


def _secret(request: Request) -> str | None:
    """Return what was sent as a key, also when it is empty; None where nothing was."""
    if "x-api-key" in request.headers:
        return str(request.headers["x-api-key"])
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is not None and now - key.last_used_at < LAST_USED_STEP:
        return
    not_yet_noted = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_STEP)
    # Somebody who may come in is not turned away because it could not be noted.
    with suppress(DatabaseError):
        ApiKey.objects.filter(not_yet_noted, organization_id=key.organization_id, pk=key.pk).update(last_used_at=now)
