"""
How often somebody may ask: counted in the cache, by the minute of the clock, in one operation a request.

Redis counts for all processes; without it each process counts for itself. A cache that does not answer stops nobody.
"""

import time
from http import HTTPStatus
from typing import Final

import structlog
from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from facilities.api.refusals import Refused
from facilities.models import ApiKey, User

_MINUTE: Final = 60
_log = structlog.stdlib.get_logger("api")


class RateLimited(Refused):
    """Somebody asks too often."""

    def __init__(self, what: str, limit: int, seconds: int) -> None:
        super().__init__(
            status=HTTPStatus.TOO_MANY_REQUESTS,
            code="RATE_LIMITED",
            detail=f"More than {limit} {what} in a minute; try again in {seconds} seconds",
            retry_after=seconds,
        )


def count(request: Request) -> None:
    """
    Count a request of a key, or of somebody signed in, for the organization that it names; raise RateLimited.

    Those for organizations out of reach are counted together, so that naming another one each time is no way around.
    """
    if not isinstance(request.user, User):
        return
    caller = request.auth.pk if isinstance(request.auth, ApiKey) else request.user.pk
    organization = getattr(request, "organization", None)
    owner = organization.pk if organization else "none"
    _count(f"requests:{owner}:{caller}", "requests", settings.REQUESTS_PER_MINUTE)


def count_wrong_key(request: Request) -> None:
    """Count a request whose key is none, by the address that it came from; raise RateLimited."""
    # REST framework's own finds the address behind as many proxies as NUM_PROXIES says.
    address = BaseThrottle().get_ident(request)
    _count(f"wrong-keys:{address}", "wrong keys from this address", settings.WRONG_KEYS_PER_MINUTE)


def _count(name: str, what: str, limit: int) -> None:
    now = time.time()
    counted = _increased(f"{name}:{int(now // _MINUTE)}")
    if counted > limit:
        raise RateLimited(what, limit, _MINUTE - int(now % _MINUTE))


def _increased(name: str) -> int:
    try:
        return _one_more(name)
    except Exception:  # noqa: BLE001 (each kind of cache fails in its own way)
        _log.warning("requests are not counted", exc_info=True)
        return 0


def _one_more(name: str) -> int:
    try:
        return cache.incr(name)
    except ValueError:
        # The first of this minute; of two firsts at once, one finds the other's.
        return 1 if cache.add(name, 1, timeout=2 * _MINUTE) else cache.incr(name)
