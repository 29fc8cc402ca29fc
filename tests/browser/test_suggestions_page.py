"""The suggestions and the months, as people use them: by keyboard, without a script, in any light."""

from datetime import date

import pytest
from playwright.sync_api import expect

from invoices.models import Consolidation, CupsAlias, CupsDismissal, Invoice
from tests import factories

RIGHT = factories.VALID_CUPS
SPACED = "ES 1234 1234 5678 9012 JY"
NO_LETTERS = RIGHT[:18]
OTHER = factories.OTHER_VALID_CUPS
OTHER_LOWER = OTHER.lower()


@pytest.fixture
def suggested(facility):
    """Two supplies, each with its code, and the first with two damaged ones that fill its months."""
    factories.invoices(6, facility=facility, cups=RIGHT)
    for month, cups in ((7, SPACED), (8, SPACED), (9, NO_LETTERS)):
        factories.invoice(facility=facility, cups=cups, start_date=date(2024, month, 1), end_date=date(2024, month, 28))
    factories.invoices(3, facility=facility, cups=OTHER)
    factories.invoice(facility=facility, cups=OTHER_LOWER, start_date=date(2023, 12, 1), end_date=date(2023, 12, 31))


def codes():
    return set(Invoice.objects.values_list("cups", flat=True))


def cards(page):
    return page.locator(".suggestion")


def test_keys_decide_nothing_elsewhere(page, live_server, sign_in, editor, suggested):
    sign_in(page, editor)
    page.goto(f"{live_server.url}/cups/suggestions/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    page.keyboard.press("/")
    page.keyboard.type("ajdxu")

    expect(page.locator("#list")).to_contain_text("No suggestion fits")
    assert not Consolidation.objects.exists()
    assert not CupsDismissal.objects.exists()


def test_everything_by_keyboard(page, live_server, sign_in, editor, suggested):
    sign_in(page, editor)
    page.goto(f"{live_server.url}/cups/suggestions/")
    count = cards(page).count()
    press = page.keyboard.press

    press("j")
    expect(cards(page).nth(0)).to_be_focused()
    press("j")
    expect(cards(page).nth(1)).to_be_focused()
    press("k")
    expect(cards(page).nth(0)).to_be_focused()

    said = cards(page).nth(0).get_by_role("checkbox").first
    press("x")
    expect(said).to_be_focused()
    expect(said).not_to_be_checked()
    press("x")
    expect(said).to_be_checked()

    press("a")
    expect(page.locator("#live")).to_contain_text("now carr")
    expect(cards(page)).to_have_count(count - 1)
    expect(cards(page).nth(0)).to_be_focused()
    assert CupsAlias.objects.current().exists()
    press("u")
    expect(cards(page)).to_have_count(count)
    expect(cards(page).nth(0)).to_be_focused()
    assert codes() == {RIGHT, SPACED, NO_LETTERS, OTHER, OTHER_LOWER}
    assert not CupsAlias.objects.current().exists()

    press("d")
    expect(page.locator("#live")).to_contain_text("not suggested")
    expect(cards(page).nth(0)).to_be_focused()
    assert CupsDismissal.objects.current().exists()
    press("u")
    expect(cards(page)).to_have_count(count)
    assert not CupsDismissal.objects.current().exists()

    for left in range(count - 1, -1, -1):
        press("a")
        expect(cards(page)).to_have_count(left)
    expect(page.locator("[data-nothing-left]")).to_be_focused()
    assert codes() == {RIGHT, OTHER}
    press("Tab")
    press("Enter")
    expect(page.locator("#list")).to_contain_text("Nothing to suggest")


def test_a_code_of_another_supply_is_typed_once_more(page, live_server, sign_in, editor, suggested):
    sign_in(page, editor)
    page.goto(f"{live_server.url}/cups/suggestions/?search=es0022")
    card = cards(page)
    card.locator("summary").click()
    card.get_by_label("Another code", exact=True).fill(RIGHT)
    expect(card.get_by_label("Write another code")).to_be_checked()

    card.get_by_role("button", name="Accept").click()

    expect(card.get_by_role("alert")).to_contain_text("sound codes of different supplies")
    confirmation = card.get_by_label("To join different supplies all the same")
    expect(confirmation).to_be_focused()
    assert not Consolidation.objects.exists()
    confirmation.fill(RIGHT)
    page.keyboard.press("Enter")
    expect(page.locator(".decided")).to_contain_text(f"1 invoice now carries {RIGHT}.")
    page.get_by_role("button", name="Undo").click()
    expect(cards(page)).to_be_focused()
    assert OTHER_LOWER in codes()


def test_without_a_script(browser, browser_context_args, live_server, sign_in, editor, suggested):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = sign_in(context.new_page(), editor)
    page.goto(f"{live_server.url}/cups/suggestions/?search=0022")
    page.get_by_role("button", name="Not a duplicate").click()
    expect(page.locator("#messages")).to_contain_text(f"1 code is not suggested with {OTHER} again.")
    page.get_by_role("link", name="Dismissed suggestions").click()
    page.get_by_role("button", name=f"Restore {OTHER_LOWER}").click()
    expect(page.locator("#messages")).to_contain_text("Restored")

    page.goto(f"{live_server.url}/cups/suggestions/")
    page.get_by_role("link", name="The same code, written differently…").click()
    page.get_by_role("button", name="Accept 2 suggestions").click()
    expect(page.locator("#messages")).to_contain_text("2 suggestions accepted: 3 invoices rewritten.")
    assert codes() == {RIGHT, NO_LETTERS, OTHER}
    page.get_by_role("link", name="Undo…").click()
    page.get_by_role("button", name="Undo all").click()
    expect(page.locator("#messages")).to_contain_text("3 invoices carry what they carried before.")
    assert codes() == {RIGHT, SPACED, NO_LETTERS, OTHER, OTHER_LOWER}
    context.close()


@pytest.mark.parametrize(
    ("scheme", "size"),
    [("light", (1280, 860)), ("dark", (1280, 860)), ("light", (390, 844))],
    ids=["desk", "dark", "phone"],
)
def test_nothing_is_in_anybodys_way(
    browser, browser_context_args, live_server, sign_in, editor, suggested, axe, scheme, size
):
    shape = {"color_scheme": scheme, "viewport": {"width": size[0], "height": size[1]}}
    context = browser.new_context(**browser_context_args | shape, bypass_csp=True, reduced_motion="reduce")
    page = sign_in(context.new_page(), editor)
    for address in ("suggestions/", "suggestions/accept-all/?tier=0", "months/", "dismissed/"):
        page.goto(f"{live_server.url}/cups/{address}")
        page.evaluate("for (const each of document.querySelectorAll('main details')) each.open = true")
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], address

    page.goto(f"{live_server.url}/cups/suggestions/")
    page.keyboard.press("d")
    expect(page.locator(".decided")).to_be_visible()
    page.keyboard.press("?")
    assert axe(page) == []
    context.close()
