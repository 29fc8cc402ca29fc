"""Every refusal of the domain has an answer, and every POST knows the Idempotency-Key."""

import importlib
import inspect
from pathlib import Path

from django.conf import settings
from django.urls import get_resolver

from config import api_errors
from facilities.api.viewsets import OrganizationViewSet
from invoices import enrolling, factoring, labelling, tabular
from invoices.emissions import refusals
from invoices.importing import values
from invoices.reference import factor_sets


def _errors_of(module):
    found = inspect.getmembers(module, inspect.isclass)
    return {
        each
        for name, each in found
        if issubclass(each, Exception) and each.__module__ == module.__name__ and not name.startswith("_")
    }


# The demo is loaded by a command alone, which tells its refusal in its own way.
NO_DOMAIN = {"api", "pages", "admin", "management", "migrations", "demo"}
# No request of the API meets these: they are told to whoever runs a command or links a supplier in the admin, or become
# what an invoice says of itself.
NOT_OF_THE_API = {
    *_errors_of(refusals),
    # Whoever reads a file says it of the import.
    *_errors_of(tabular.refusals),
    # What a cell does not say becomes what is said of its row.
    values.NotUnderstood,
    factor_sets.FactorsChanged,
    factoring.NoFactors,
    enrolling.ListNotReadable,
    labelling.NotInRegister,
    labelling.NotLinked,
}


def _modules():
    for app in ("facilities", "invoices"):
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            parts = path.relative_to(settings.BASE_DIR).with_suffix("").parts
            if parts[1] not in NO_DOMAIN:
                yield importlib.import_module(".".join(parts).removesuffix(".__init__"))


def test_every_error_of_the_domain_is_in_the_table():
    errors = {error for module in _modules() for error in _errors_of(module)}

    assert errors - api_errors.TABLE.keys() == NOT_OF_THE_API
    assert api_errors.TABLE.keys() - errors == set()


def test_every_route_of_the_api_stands_on_the_base_that_owns_the_transaction():
    routes = [pattern for resolver in get_resolver().url_patterns for pattern in getattr(resolver, "url_patterns", [])]
    views = [view for route in routes if (view := getattr(route.callback, "cls", None))]

    assert views
    assert [view for view in views if not issubclass(view, OrganizationViewSet)] == []


def test_the_files_of_the_doors_are_small():
    doors = [path for app in ("facilities", "invoices") for path in Path(settings.BASE_DIR / app / "api").glob("*.py")]

    assert [path.name for path in doors if len(path.read_text().splitlines()) > 300] == []
