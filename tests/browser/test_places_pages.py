"""Codes at several places and the list of supplies, as people use the pages: they need no script."""

import re

import pytest
from playwright.sync_api import expect

from facilities.models import SupplyContract
from invoices.models import Invoice
from tests import factories


@pytest.fixture
def lugo(organization, facility):
    """Another facility of ours, with a bill of Madrid's supply filed once more."""
    place = factories.facility(organization=organization, name="Lugo", address="Rúa Nova 2, Lugo")
    factories.invoices(3, facility=facility)
    factories.invoices(1, facility=place)
    return place


def test_invoices_are_moved_and_moved_back(browser, browser_context_args, live_server, sign_in, editor, lugo):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = sign_in(context.new_page(), editor)
    page.goto(f"{live_server.url}/cups/elsewhere/")

    page.get_by_role("button", name="Move to Madrid…").click()
    page.get_by_label("Why (optional)").fill("Wrong place")
    page.get_by_role("button", name="Move 1 invoice").click()
    expect(page.locator("#messages")).to_contain_text("1 invoice was moved to Madrid")
    assert Invoice.objects.filter(facility=lugo).count() == 0

    page.get_by_role("link", name="Undo…").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#messages")).to_contain_text("1 invoice was moved back")
    assert Invoice.objects.filter(facility=lugo).count() == 1
    context.close()


def test_a_pasted_list_is_filed(browser, browser_context_args, live_server, sign_in, editor, lugo):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = sign_in(context.new_page(), editor)
    page.goto(f"{live_server.url}/cups/supplies/")

    page.get_by_text("File the list of Datadis").click()
    page.get_by_label("Paste the list").fill(
        f"CUPS\tDirección\tDesde\n{factories.OTHER_VALID_CUPS}\tR. Nova 2 LUGO\t01/02/2020"
    )
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_label(re.compile("Facility of"))).to_have_value(str(lugo.pk))
    page.get_by_role("button", name="File the contracts").click()

    expect(page.locator("#messages")).to_contain_text("1 contract was filed.")
    assert SupplyContract.objects.get().facility == lugo
    context.close()


def test_the_pages_bar_nobody(browser, browser_context_args, live_server, sign_in, editor, organization, lugo, axe):
    factories.supply_contract(facility=lugo, cups=factories.OTHER_VALID_CUPS)
    context = browser.new_context(**browser_context_args, bypass_csp=True)
    page = sign_in(context.new_page(), editor)

    for path in ("elsewhere/", "elsewhere/moves/", "supplies/", "supplies/?show=codes"):
        page.goto(f"{live_server.url}/cups/{path}")
        assert axe(page) == []
    page.goto(f"{live_server.url}/cups/elsewhere/")
    page.get_by_role("button", name="Move to Madrid…").click()
    assert axe(page) == []
    page.goto(f"{live_server.url}/cups/supplies/")
    page.get_by_text("File the list of Datadis").click()
    page.get_by_label("Paste the list").fill("CUPS\tDesde\nES-1\t01/02/2020\nES-2\t2020")
    page.get_by_role("button", name="Look at it").click()
    assert axe(page) == []
    context.close()
