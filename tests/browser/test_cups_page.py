"""The CUPS page as people use it: with a script, without one, by keyboard, on a phone, in the dark."""

from datetime import date

import pytest
from playwright.sync_api import expect

from invoices.models import Consolidation, CupsGroup, Invoice
from tests import factories

RIGHT = factories.VALID_CUPS
SUFFIXED = f"{RIGHT}0F"
WITHOUT_LETTERS = RIGHT[:18]
OTHER_SUPPLY = factories.OTHER_VALID_CUPS


@pytest.fixture
def groups(facility):
    """Two codes of one supply, with months that complete each other."""
    factories.invoices(9, facility=facility, cups=RIGHT)
    for month in (10, 11, 12):
        factories.invoice(
            facility=facility,
            cups=WITHOUT_LETTERS,
            start_date=date(2024, month, 1),
            end_date=date(2024, month, 28),
        )


@pytest.fixture
def desk(page, live_server, sign_in, editor, groups):
    """The CUPS page, with an editor in front of it."""
    sign_in(page, editor)
    page.goto(f"{live_server.url}/cups/")
    return page


def tick(page, cups, facility="Madrid"):
    page.get_by_label(f"Tick {cups} at {facility}").check()


def carried():
    return set(Invoice.objects.values_list("cups", flat=True))


def test_codes_become_one_without_a_reload_and_back_again(desk):
    desk.evaluate("window.isSamePage = true")
    tick(desk, RIGHT)
    tick(desk, WITHOUT_LETTERS)
    expect(desk.locator("[data-dock]")).to_contain_text("2 groups · 12 invoices · 1 facility")

    desk.get_by_role("button", name="Consolidate…").click()
    panel = desk.get_by_role("dialog", name="Consolidate 2 groups")
    expect(panel).to_contain_text("3 invoices at 1 facility will be rewritten.")
    expect(panel).to_contain_text("One row will remain. Fills 3 of the 3 months that the target lacks.")
    expect(panel.locator("td.b")).to_have_count(3)
    panel.get_by_label("Why (optional)").fill("Letters were cut off")
    panel.get_by_role("button", name="Consolidate").click()

    expect(desk.locator("#messages")).to_contain_text(f"3 invoices now carry {RIGHT}.")
    expect(panel).to_be_hidden()
    expect(desk.locator("[data-dock]")).to_be_hidden()
    expect(desk.locator("#groups tbody tr")).to_have_count(1)
    assert desk.evaluate("window.isSamePage") is True
    assert carried() == {RIGHT}
    assert Consolidation.objects.get().message == "Letters were cut off"

    desk.get_by_role("button", name="Undo").click()
    desk.wait_for_url("**/history/**")
    assert carried() == {RIGHT, WITHOUT_LETTERS}


def test_another_choice_shows_another_preview(desk):
    tick(desk, RIGHT)
    tick(desk, WITHOUT_LETTERS)
    desk.get_by_role("button", name="Consolidate…").click()
    panel = desk.get_by_role("dialog")

    panel.locator(f"input[name=target][value='{WITHOUT_LETTERS}']").check()

    expect(panel).to_contain_text("9 invoices at 1 facility will be rewritten.")
    expect(panel).to_contain_text("The target does not pass the CUPS check.")


def test_a_typed_code_is_checked_as_it_is_typed(desk):
    tick(desk, WITHOUT_LETTERS)
    desk.get_by_role("button", name="Correct this code…").click()
    panel = desk.get_by_role("dialog", name="Correct a code")
    typed = panel.get_by_role("textbox", name="Another code")

    typed.fill(f"{RIGHT[:18]}XX")
    expect(panel.locator("#checked")).to_contain_text("letters do not fit (JY would be right)")
    panel.get_by_role("button", name="Take this one").click()

    expect(typed).to_have_value(RIGHT)
    expect(panel.locator("#checked")).to_contain_text("correct")
    expect(panel.locator("input[name=previewed]")).to_have_value(RIGHT)
    expect(panel).to_contain_text("3 invoices at 1 facility will be rewritten.")
    panel.get_by_role("button", name="Consolidate").click()
    expect(desk.locator("#messages")).to_contain_text(f"3 invoices now carry {RIGHT}.")
    assert carried() == {RIGHT}


def test_different_supplies_are_joined_only_when_the_target_is_typed_once_more(desk, facility):
    factories.invoice(facility=facility, cups=OTHER_SUPPLY)
    desk.reload()
    tick(desk, RIGHT)
    tick(desk, OTHER_SUPPLY)
    desk.get_by_role("button", name="Consolidate…").click()
    panel = desk.get_by_role("dialog")
    panel.get_by_role("button", name="Consolidate").click()
    expect(panel.get_by_role("alert")).to_contain_text("sound codes of different supplies")
    assert not Consolidation.objects.exists()

    panel.get_by_label("To join different supplies all the same").fill(OTHER_SUPPLY.lower())
    panel.get_by_role("button", name="Consolidate").click()

    expect(desk.locator("#messages")).to_contain_text(f"9 invoices now carry {OTHER_SUPPLY}.")


def test_what_changed_since_the_preview_is_shown_first(desk, facility):
    tick(desk, RIGHT)
    tick(desk, WITHOUT_LETTERS)
    desk.get_by_role("button", name="Consolidate…").click()
    panel = desk.get_by_role("dialog")
    expect(panel).to_contain_text("3 invoices at 1 facility will be rewritten.")
    factories.invoice(facility=facility, cups=WITHOUT_LETTERS)

    panel.get_by_role("button", name="Consolidate").click()

    expect(panel.get_by_role("alert")).to_contain_text("The invoices have changed since the preview.")
    expect(panel).to_contain_text("4 invoices at 1 facility will be rewritten.")
    assert not Consolidation.objects.exists()
    panel.get_by_role("button", name="Consolidate").click()
    expect(desk.locator("#messages")).to_contain_text("4 invoices now carry")


def test_searching_as_one_types_keeps_the_ticks_and_the_address(desk):
    tick(desk, RIGHT)

    desk.keyboard.press("/")
    expect(desk.get_by_label("Search for a code")).to_be_focused()
    desk.keyboard.type("nothing like it")
    expect(desk.get_by_text("No group fits")).to_be_visible()
    expect(desk.locator("[data-dock]")).to_contain_text("1 group · 9 invoices · 1 facility")
    assert desk.url.endswith("/cups/?search=nothing+like+it")

    desk.get_by_label("Search for a code").fill("1234 5678 9012")
    expect(desk.locator("#groups tbody tr")).to_have_count(2)
    expect(desk.get_by_label(f"Tick {RIGHT} at Madrid")).to_be_checked()
    expect(desk.locator("#live")).to_contain_text("1–2 of 2 groups · 12 invoices")
    tick(desk, WITHOUT_LETTERS)
    desk.get_by_label("Search for a code").fill(RIGHT)
    expect(desk.locator("#groups tbody tr")).to_have_count(1)
    desk.get_by_role("button", name="Consolidate…").click()
    expect(desk.get_by_role("dialog", name="Consolidate 2 groups")).to_be_visible()


def test_going_back_keeps_the_ticks(desk):
    tick(desk, RIGHT)
    desk.get_by_label("Search for a code").fill("nothing like it")
    expect(desk.get_by_text("No group fits")).to_be_visible()

    desk.go_back()

    expect(desk.get_by_label("Search for a code")).to_have_value("")
    expect(desk.get_by_label(f"Tick {RIGHT} at Madrid")).to_be_checked()
    expect(desk.locator("[data-dock]")).to_contain_text("1 group · 9 invoices")


def test_a_page_left_and_come_back_to_is_whole(desk):
    desk.get_by_label("Search for a code").fill("9012JY")
    desk.wait_for_url("**/cups/?search=9012JY")
    desk.get_by_role("link", name="History").click()
    desk.wait_for_url("**/history/")

    desk.go_back()

    expect(desk.get_by_role("heading", name="CUPS groups")).to_be_visible()
    expect(desk.locator("#groups tbody tr")).to_have_count(1)


def test_select_all_ticks_the_page_shown_and_no_more(desk, live_server):
    desk.goto(f"{live_server.url}/cups/?size=1")
    desk.get_by_label("Tick the groups of this page").check()
    expect(desk.locator("[data-dock]")).to_contain_text("1 group")

    desk.get_by_role("link", name="Next").click()
    expect(desk.locator("[data-announce]")).to_contain_text("2–2 of 2 groups")
    expect(desk.locator("[data-dock]")).to_contain_text("1 group")
    expect(desk.locator("input[name=group]:checked")).to_have_count(0)
    desk.get_by_label("Tick the groups of this page").check()
    expect(desk.locator("[data-dock]")).to_contain_text("2 groups")

    desk.get_by_role("button", name="Clear").click()
    expect(desk.locator("[data-dock]")).to_be_hidden()
    expect(desk.locator("input[name=group]:checked")).to_have_count(0)


def test_the_columns_sort(desk):
    desk.locator("thead").get_by_role("link", name="Invoices").click()

    desk.wait_for_url("**/cups/?sort=invoice_count")
    expect(desk.locator("thead").get_by_role("link", name="Invoices")).to_be_focused()
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/cups/?sort=-invoice_count")
    expect(desk.locator("#groups tbody tr").first).not_to_contain_text("letters missing")
    desk.go_back()
    expect(desk.locator("#groups tbody tr").first).to_contain_text("letters missing")
    assert desk.url.endswith("/cups/?sort=invoice_count")


def test_the_keyboard_is_enough(desk):
    desk.get_by_label(f"Tick {WITHOUT_LETTERS} at Madrid").focus()
    desk.keyboard.press("Space")
    go = desk.get_by_role("button", name="Correct this code…")
    go.focus()
    desk.keyboard.press("Enter")
    panel = desk.get_by_role("dialog")
    expect(panel.locator("input[name=target]:checked")).to_be_focused()

    desk.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(go).to_be_focused()

    desk.keyboard.press("Enter")
    expect(panel.locator("input[name=target]:checked")).to_be_focused()
    panel.get_by_role("button", name="Consolidate").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("#messages")).to_contain_text(f"3 invoices now carry {RIGHT}.")
    expect(desk.locator("main")).to_be_focused()


def test_a_selected_code_is_the_code_itself(desk):
    for cups in (RIGHT, WITHOUT_LETTERS):
        box = desk.get_by_label(f"Tick {cups} at Madrid")
        row = desk.locator("#groups tbody tr", has=box)
        row.locator("code").evaluate("code => getSelection().selectAllChildren(code)")
        assert desk.evaluate("getSelection().toString()") == cups


def test_a_locked_group_says_why_and_has_no_box(desk, facility):
    contract = factories.datadis_contract(facility=facility, cups=SUFFIXED)
    factories.invoice(facility=facility, cups=SUFFIXED, supply_contract=contract)

    desk.reload()

    row = desk.locator("#groups tbody tr").filter(
        has=desk.get_by_role("button", name="Locked: backed by a Datadis contract")
    )
    expect(row).to_have_count(1)
    expect(row.locator("input")).to_have_count(0)
    row.get_by_role("button").click()
    expect(desk.get_by_text("the distributor itself says that this code is right")).to_be_visible()


def test_a_viewer_sees_and_cannot_change(page, live_server, sign_in, viewer, groups):
    sign_in(page, viewer)
    page.goto(f"{live_server.url}/cups/")

    expect(page.locator("#groups tbody tr")).to_have_count(2)
    expect(page.locator("input[type=checkbox]")).to_have_count(0)
    expect(page.get_by_role("button", name="Consolidate")).to_have_count(0)


def test_everything_works_without_a_script(browser, browser_context_args, live_server, sign_in, editor, groups):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = sign_in(context.new_page(), editor)
    page.goto(f"{live_server.url}/cups/")
    page.get_by_label("Search for a code").fill("9012")
    page.get_by_role("button", name="Search").click()
    assert "search=9012" in page.url
    tick(page, RIGHT)
    tick(page, WITHOUT_LETTERS)

    page.get_by_role("button", name="Consolidate the ticked groups…").click()
    expect(page.locator("main")).to_contain_text("3 invoices at 1 facility will be rewritten.")
    page.locator(f"input[name=target][value='{WITHOUT_LETTERS}']").check()
    page.get_by_role("button", name="Consolidate").click()
    expect(page.get_by_role("alert")).to_contain_text("You chose another code since the preview.")
    assert not Consolidation.objects.exists()
    page.locator(f"input[name=target][value='{RIGHT}']").check()
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.locator("main")).to_contain_text("3 invoices at 1 facility will be rewritten.")
    page.get_by_role("button", name="Consolidate").click()

    expect(page.locator("#messages")).to_contain_text(f"3 invoices now carry {RIGHT}.")
    assert page.url.endswith("/cups/?search=9012")
    assert carried() == {RIGHT}
    page.get_by_role("button", name="Undo").click()
    assert carried() == {RIGHT, WITHOUT_LETTERS}
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 860), (412, 860)], ids=["desk", "phone"])
def test_nothing_is_in_anybodys_way(browser, live_server, sign_in, editor, groups, facility, axe, scheme, size):
    factories.invoice(facility=facility, cups="", start_date=date(2024, 2, 1), end_date=date(2024, 2, 28))
    factories.invoice(facility=facility, cups=OTHER_SUPPLY)
    contract = factories.datadis_contract(facility=facility, cups=SUFFIXED)
    factories.invoice(facility=facility, cups=SUFFIXED, supply_contract=contract)
    context = browser.new_context(
        locale="en-GB",
        color_scheme=scheme,
        bypass_csp=True,
        reduced_motion="reduce",
        viewport={"width": size[0], "height": size[1]},
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/cups/")
    assert axe(page) == []
    sign_in(page, editor)
    page.goto(f"{live_server.url}/cups/")
    for box in page.locator("input[name=group]").all():
        box.check()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]

    page.get_by_role("button", name="Consolidate…").click()
    panel = page.get_by_role("dialog")
    expect(panel.locator(".warnings")).to_be_visible()
    assert axe(page) == []
    assert panel.evaluate("panel => panel.scrollWidth") <= size[0]
    context.close()


def test_a_server_that_does_not_answer_is_named(desk):
    desk.context.set_offline(True)
    tick(desk, RIGHT)
    desk.get_by_role("button", name="Correct this code…").click()

    expect(desk.get_by_role("alert")).to_contain_text("The server does not answer. Nothing was changed")


def test_rights_lost_in_between_are_named(desk, editor):
    editor.memberships.update(role="viewer")
    tick(desk, RIGHT)
    desk.get_by_role("button", name="Correct this code…").click()

    expect(desk.get_by_role("alert")).to_contain_text("ask an administrator for the role of editor")
    assert CupsGroup.objects.count() == 2
