import os
import shutil

import pytest
from django.test import Client

from facilities.models import Role
from tests import factories

# Playwright's loop runs in the thread of the test; the database is asked from there and nowhere else.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Drive Debian's Chromium, and keep it from calling anybody."""
    quiet = ("background-networking", "component-update", "sync", "gpu", "quic")
    return {
        **browser_type_launch_args,
        "executable_path": shutil.which("chromium"),
        "args": ["--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in quiet)],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    """Speak English, as the tests do, on a desk."""
    return {**browser_context_args, "locale": "en-GB", "viewport": {"width": 1280, "height": 860}}


@pytest.fixture(scope="session")
def live_server(django_db_setup, live_server):
    """Start the server once the test database is there: else its threads would share the connection of the test."""
    return live_server


@pytest.fixture(autouse=True)
def _no_faults(request):
    """Fail where the page breaks its own content security policy, or a script of ours breaks."""
    if "page" not in request.fixturenames:
        yield
        return
    faults = []
    page = request.getfixturevalue("page")
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
    yield
    assert faults == []


@pytest.fixture
def sign_in(live_server):
    """Return a function that signs somebody in, in a page or a context."""

    def signed_in(page, person):
        client = Client()
        client.force_login(person)
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        return page

    return signed_in


@pytest.fixture
def editor(organization):
    return factories.member(organization, Role.EDITOR, first_name="Lucía", last_name="Ferreiro")


@pytest.fixture
def viewer(organization):
    return factories.member(organization, Role.VIEWER)


@pytest.fixture
def axe():
    """Return a function that looks for barriers in a page whose policy lets axe in."""
    from axe_playwright_python.sync_playwright import Axe

    def barriers(page):
        found = Axe().run(page).response["violations"]
        return [f"{each['id']}: {[node['html'] for node in each['nodes']][:3]}" for each in found]

    return barriers
