"""Every refusal of the domain has an answer, and every POST knows the Idempotency-Key."""

import importlib
import inspect
from pathlib import Path

from django.conf import settings
from django.urls import get_resolver

from config import api_errors
from facilities.api.viewsets import OrganizationViewSet

# The demo is loaded by a command alone, which tells its refusal in its own way.
NO_DOMAIN = {"api", "pages", "admin", "management", "migrations", "demo"}


def _modules():
    for app in ("facilities", "invoices"):
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            parts = path.relative_to(settings.BASE_DIR).with_suffix("").parts
            if parts[1] not in NO_DOMAIN:
                yield importlib.import_module(".".join(parts).removesuffix(".__init__"))


def test_every_error_of_the_domain_is_in_the_table():
    errors = {
        found
        for module in _modules()
        for name, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Exception) and found.__module__ == module.__name__ and not name.startswith("_")
    }

    assert errors - api_errors.TABLE.keys() == set()
    assert api_errors.TABLE.keys() - errors == set()


def test_every_route_of_the_api_stands_on_the_base_that_owns_the_transaction():
    routes = [pattern for resolver in get_resolver().url_patterns for pattern in getattr(resolver, "url_patterns", [])]
    views = [view for route in routes if (view := getattr(route.callback, "cls", None))]

    assert views
    assert [view for view in views if not issubclass(view, OrganizationViewSet)] == []


def test_the_files_of_the_doors_are_small():
    doors = [path for app in ("facilities", "invoices") for path in Path(settings.BASE_DIR / app / "api").glob("*.py")]

    assert [path.name for path in doors if len(path.read_text().splitlines()) > 300] == []
