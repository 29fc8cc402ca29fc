from pathlib import Path

import pytest
from django.db import connection

from invoices.reference import factor_sets
from tests import factories, tenants

# What takes longest comes first: else one process ends with it, and the other waits.
LONGEST = ("test_run.py", "test_killed_workers.py", "test_load_demo.py", "test_api_walk.py")
# Doors for people: what they ask of a database the domain's tests ask of each.
FOR_PEOPLE = {"pages", "admin"}
NEEDS_DATABASE = {"db", "transactional_db", "django_db_setup", "live_server"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Say of each test what tests/run.py chooses by: drives a browser, is for people, or touches no database."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
    for item in items:
        folders = set(item.path.relative_to(Path(__file__).parent).parts)
        if "browser" in folders:
            item.add_marker("browser")
        elif FOR_PEOPLE & folders:
            item.add_marker("once")
        elif not item.get_closest_marker("django_db") and NEEDS_DATABASE.isdisjoint(item.fixturenames):
            item.add_marker("plain")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, tmp_path_factory):
    """Put SQLite's test database in a file: one in memory can't be shared between threads as a real one is."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Load the published factors into each new test database, so that any test can calculate."""
    with django_db_blocker.unblock():
        factor_sets.load(own_suppliers=(), new_suppliers=())


@pytest.fixture(autouse=True)
def _scoped_to_organizations(request):
    """Fail any statement of the project on a tenant table that names no organization."""
    if NEEDS_DATABASE.isdisjoint(request.fixturenames) and not request.node.get_closest_marker("django_db"):
        yield
        return
    with connection.execute_wrapper(tenants.refuse_unscoped):
        yield


@pytest.fixture(scope="session", autouse=True)
def _flushes_leave_reference_rows():
    with tenants.flush_what_tests_made():
        yield


@pytest.fixture
def organization():
    """Ours."""
    return factories.organization(name="Ours")


@pytest.fixture
def other_organization():
    """Somebody else's."""
    return factories.organization(name="Theirs")


@pytest.fixture
def facility(organization):
    return factories.facility(organization=organization, name="Madrid")


@pytest.fixture
def author(organization):
    """An editor of ours, who came through the page."""
    return factories.author(organization)
