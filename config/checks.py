"""What `manage.py check --deploy` refuses beside Django's own findings."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import DatabaseError

from facilities import demo
from facilities.models import ApiKey, User


@checks.register(checks.Tags.security, deploy=True)
def demo_is_absent(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Refuse to deploy while the demo's key or accounts exist: everybody can read how to sign in with them."""
    keys = ApiKey.objects.of_secret(demo.DEMO_KEY).values_list("prefix", flat=True)
    accounts = User.objects.filter(pk__in=demo.DEMO_USER_IDS.values()).values_list("username", flat=True)
    try:
        return [*_found("key", keys), *_found("account", accounts)]
    except DatabaseError:
        # No database yet, or no tables: nothing to sign in to.
        return []


def _found(kind: str, names: Iterable[str]) -> list[checks.CheckMessage]:
    return [
        checks.Error(f"The demo {kind} “{name}” exists.", hint="Use a database without the demo.", id="config.E001")
        for name in names
    ]
