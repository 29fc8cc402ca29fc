"""Factors, and kilograms before and after, as people use the pages: they need no script."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from facilities.access import Author, Channel
from invoices import consolidating
from invoices.consolidating import Source
from invoices.models import Invoice
from tests import factories, newer_set

WRONG = f"{factories.VALID_CUPS}0"


@pytest.fixture
def done(facility, editor):
    """A consolidation of three calculated invoices that fit a contract since."""
    supplier = factories.supplier(name="Luz Verde")
    factories.supply_contract(facility=facility, renewable_percentage=1, supplier=supplier)
    for row in factories.invoices(3, facility=facility, cups=WRONG, supplier=supplier):
        factories.emission(row, co2e=Decimal("28.3"))
    return consolidating.consolidate(
        organization=facility.organization,
        sources=[Source(WRONG, facility.pk)],
        target=factories.VALID_CUPS,
        by=Author(editor, Channel.WEB),
    ).consolidation


def test_a_merge_leads_to_the_contract_and_to_the_job(
    browser, browser_context_args, live_server, sign_in, editor, done
):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = sign_in(context.new_page(), editor)
    page.goto(f"{live_server.url}/history/{done.pk}/")

    page.get_by_role("link", name="Luz Verde").click()
    expect(page.locator(".pairs tbody tr")).to_contain_text("84.9")
    page.get_by_role("button", name="Link 3 invoices and recalculate").click()

    expect(page.locator("#messages")).to_contain_text("3 invoices were linked to the contract")
    assert Invoice.objects.exclude(supply_contract=None).count() == 3
    context.close()


def test_a_newer_set_is_compared_and_started(browser, browser_context_args, live_server, sign_in, editor, done):
    newer_set.load()
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = sign_in(context.new_page(), editor)
    page.goto(f"{live_server.url}/cups/")

    page.get_by_role("link", name="Factors").click()
    page.get_by_role("link", name="What the new one would change").click()
    page.get_by_role("link", name="Compare 2024").click()
    expect(page.locator(".pairs")).to_contain_text("+5.10")
    page.get_by_role("button", name="Recalculate 3 invoices of 2024").click()

    expect(page.locator("#messages")).to_contain_text("3 invoices are recalculated.")
    context.close()


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("light", {"width": 1280, "height": 860}), ("dark", {"width": 390, "height": 844})],
    ids=["light desk", "dark phone"],
)
def test_the_pages_have_no_barriers_and_fit(
    browser, browser_context_args, live_server, sign_in, editor, done, axe, scheme, viewport
):
    newer_set.load()
    asked = {**browser_context_args, "viewport": viewport, "color_scheme": scheme, "bypass_csp": True}
    context = browser.new_context(**asked)
    page = sign_in(context.new_page(), editor)
    addresses = ("factors/", "factors/?until=1996", "factors/suppliers/", "factors/sources/")
    compared = ("factors/changes/?year=2024", f"history/{done.pk}/", f"history/{done.pk}/contracts/")

    for address in (*addresses, *compared):
        page.goto(f"{live_server.url}/{address}")
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    context.close()
