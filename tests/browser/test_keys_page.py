"""The keys of an organization, as its administrator uses the page: it needs no script."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from facilities.models import ApiKey, Role
from tests import api, factories


@pytest.fixture
def admin(organization):
    return factories.member(organization, Role.ADMIN, first_name="Ana", last_name="Ruiz")


@pytest.fixture
def some_keys(organization, admin):
    """A key in use, one that nobody used, one whose maker left, and one that was revoked."""
    now = timezone.now()
    gone = factories.member(organization, Role.EDITOR, first_name="Luis", last_name="Peña", is_active=False)
    for fields in (
        {"name": "Nightly import from the ERP", "created_by": admin, "last_used_at": now - timedelta(hours=3)},
        {"name": "Dashboard", "created_by": admin, "role": "viewer", "reach": "tree"},
        {"name": "Spreadsheet of the controller", "created_by": gone},
        {"name": "First try", "created_by": admin, "role": "admin", "revoked_at": now - timedelta(days=40)},
    ):
        factories.api_key(organization=organization, **fields)


def test_a_key_is_made_copied_used_and_revoked(
    browser, browser_context_args, live_server, sign_in, admin, organization
):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = sign_in(context.new_page(), admin)
    page.goto(f"{live_server.url}/cups/")
    page.get_by_role("link", name="API keys").click()
    expect(page.locator("main")).to_contain_text("No program has a key yet")

    page.get_by_label("What is it for?").fill("Nightly import")
    page.get_by_label("Editor").check()
    page.get_by_role("button", name="Make the key").click()

    expect(page.get_by_role("heading", name="The key “Nightly import” is made")).to_be_visible()
    secret = page.locator("#secret").inner_text()
    assert api.client_with(secret, organization).get(api.CUPS).status_code == 200

    page.get_by_role("link", name="I have copied it").click()
    expect(page.locator("tbody tr")).to_contain_text("Nightly import")
    assert secret not in page.content()
    page.get_by_role("link", name="Revoke Nightly import…").click()
    page.get_by_role("button", name="Revoke it").click()

    expect(page.locator("#messages")).to_contain_text("The key “Nightly import” opens nothing any more.")
    expect(page.locator("tbody tr")).to_contain_text("revoked")
    assert api.client_with(secret, organization).get(api.CUPS).status_code == 401
    context.close()


def test_a_key_without_a_name_is_not_made(page, live_server, sign_in, admin):
    sign_in(page, admin)
    page.goto(f"{live_server.url}/keys/")
    page.get_by_label("What is it for?").fill(" ")

    page.get_by_role("button", name="Make the key").click()

    expect(page.get_by_role("alert").filter(has_text="Say what the key is for.")).to_be_visible()
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 860), (390, 844)], ids=["desk", "phone"])
def test_nothing_is_in_anybodys_way(
    browser, browser_context_args, live_server, sign_in, admin, some_keys, axe, scheme, size
):
    shape = {"color_scheme": scheme, "viewport": {"width": size[0], "height": size[1]}}
    context = browser.new_context(**browser_context_args | shape, bypass_csp=True, reduced_motion="reduce")
    page = sign_in(context.new_page(), admin)
    key = ApiKey.objects.get(name="Dashboard")
    for address in ("keys/", f"keys/{key.pk}/revoke/"):
        page.goto(f"{live_server.url}/{address}")
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], address

    page.goto(f"{live_server.url}/keys/")
    page.get_by_label("What is it for?").fill("Another")
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator("#secret")).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    context.close()
