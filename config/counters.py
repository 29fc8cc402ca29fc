"""Reads the setting that says where requests are counted. Imported by the settings: no Django here."""

from typing import Any

# Callers of one minute, and a few before. Where there are more, those that have not called for longest are forgotten.
_MOST_COUNTED = 50_000
# Nobody waits for a counter: without it requests are let through.
_SECONDS_TO_ANSWER = 0.25


def counters_of(url: str) -> dict[str, Any]:
    """
    Return the entry of CACHES: Redis, which all processes share (`redis://host:6379/0`), or each process's own memory.

    Raise ValueError for another kind of address.
    """
    if not url:
        return {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": _MOST_COUNTED},
        }
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("CACHE_URL must read redis://host:port/number, rediss://… or unix://…")
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": "consolida",
        "OPTIONS": {"socket_timeout": _SECONDS_TO_ANSWER, "socket_connect_timeout": _SECONDS_TO_ANSWER},
    }
