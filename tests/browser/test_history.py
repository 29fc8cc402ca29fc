"""History, undoing, and invoices without a code, as people use them: with a script and without, in any light."""

import pytest
from playwright.sync_api import expect

from facilities.access import Author, Channel
from invoices import consolidating, filing
from invoices.consolidating import Source
from invoices.models import Consolidation, Invoice
from tests import factories

RIGHT = factories.VALID_CUPS
SHORT = RIGHT[:18]


@pytest.fixture
def done(facility, editor):
    """Four invoices of a short code that an editor gave the right one."""
    factories.invoices(4, facility=facility, cups=SHORT)
    return consolidating.consolidate(
        organization=facility.organization,
        sources=[Source(SHORT, facility.pk)],
        target=RIGHT,
        by=Author(editor, Channel.WEB),
        message="Letters were cut off",
    ).consolidation


@pytest.fixture
def missing(facility):
    """Three invoices without a code, and a code that has others."""
    factories.invoices(2, facility=facility, cups=RIGHT, start_date="2022-01-01", end_date="2022-01-31")
    return factories.invoices(3, facility=facility, cups="")


@pytest.fixture
def without_script(browser, browser_context_args, sign_in, editor):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    yield sign_in(context.new_page(), editor)
    context.close()


def codes():
    return sorted(Invoice.objects.values_list("cups", flat=True))


def conflict(done, editor):
    """Change one of its invoices, and return it."""
    first = Invoice.objects.earliest("start_date")
    author = Author(editor, Channel.WEB)
    changes = {"cups": "ES9"}
    return filing.change(organization=done.organization, invoice_id=first.pk, by=author, changes=changes).invoice


def test_from_the_history_to_the_codes_as_they_were(page, live_server, sign_in, editor, done):
    sign_in(page, editor)
    page.goto(f"{live_server.url}/cups/")
    page.get_by_role("link", name="History").click()
    expect(page.locator("tbody tr")).to_contain_text("Letters were cut off")
    page.locator("tbody tr a").click()
    expect(page.get_by_text("carries the target")).to_have_count(4)

    page.get_by_role("link", name="Undo…").click()
    page.get_by_role("button", name="Undo").click()

    expect(page.locator("#messages")).to_contain_text("4 invoices carry what they carried before.")
    expect(page.locator("main")).to_contain_text("Every invoice was put back.")
    assert codes() == [SHORT] * 4


def test_who_ticks_an_invoice_means_that_one(page, live_server, sign_in, editor, done):
    sign_in(page, editor)
    page.goto(f"{live_server.url}/history/{done.pk}/undo/")
    expect(page.get_by_label("All 4 invoices")).to_be_checked()
    page.get_by_text("The 4 invoices", exact=True).click()

    page.get_by_role("checkbox").first.check()

    expect(page.get_by_label("Only the invoices that I tick below")).to_be_checked()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("main")).to_contain_text("partly undone")
    assert codes() == [SHORT, RIGHT, RIGHT, RIGHT]


def test_conflicts_are_shown_and_left_without_a_script(without_script, live_server, editor, done):
    page = without_script
    conflict(done, editor)
    page.goto(f"{live_server.url}/history/{done.pk}/undo/")
    expect(page.locator(".conflicts")).to_contain_text("It carries another code now")

    page.get_by_role("button", name="Undo").click()

    expect(page.locator("#messages")).to_contain_text("3 invoices carry what they carried before.")
    assert codes() == [SHORT] * 3 + ["ES9"]


def test_the_result_leads_to_the_conflicts_when_there_are_some(page, live_server, sign_in, editor, missing):
    sign_in(page, editor)
    assign(page, live_server)
    filing.delete(organization=editor.organizations.get(), invoice_id=missing[0].pk, by=Author(editor, Channel.WEB))

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_role("alert")).to_contain_text("1 invoice has changed since, so nothing was put back.")
    expect(page.locator(".conflicts")).to_contain_text("It was deleted.")


def assign(page, live_server):
    page.goto(f"{live_server.url}/cups/")
    page.get_by_role("link", name="Assign a code").click()
    page.get_by_label("Tick the invoices of this page").check()
    expect(page.locator("[data-dock]")).to_contain_text("3 invoices · 1 facility")
    page.get_by_role("button", name="Assign a code…").click()
    panel = page.get_by_role("dialog", name="Assign a code to 3 invoices")
    expect(panel).to_contain_text("3 invoices at 1 facility will get the code")
    panel.get_by_role("button", name="Assign").click()
    expect(page.locator("#messages")).to_contain_text(f"3 invoices now carry {RIGHT}.")


def test_invoices_get_a_code_without_a_reload_and_lose_it_again(page, live_server, sign_in, editor, missing):
    sign_in(page, editor)
    assign(page, live_server)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#list")).to_contain_text("Every electricity invoice has a CUPS")
    assert codes() == [RIGHT] * 5

    page.get_by_role("button", name="Undo").click()

    expect(page.locator("main")).to_contain_text("These invoices had no CUPS before.")
    assert codes() == ["", "", "", RIGHT, RIGHT]


def test_a_code_that_is_written_is_checked_and_previewed(page, live_server, sign_in, editor, missing):
    sign_in(page, editor)
    page.goto(f"{live_server.url}/cups/missing/")
    page.get_by_role("checkbox").nth(1).check()
    page.get_by_role("button", name="Assign a code…").click()
    panel = page.get_by_role("dialog")

    panel.get_by_label("Another code", exact=True).fill(f"{SHORT}XX")

    expect(panel.locator("#checked")).to_contain_text("letters do not fit")
    expect(panel.locator("#plan")).to_contain_text("The target does not pass the CUPS check.")
    expect(panel.locator("#sum")).to_have_text("1 invoice at 1 facility will get the code · 1 warning")
    panel.get_by_label("Another code", exact=True).fill("")
    expect(panel.locator("#plan")).to_contain_text("Choose or write the code to see what would happen.")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert not Consolidation.objects.exists()


def test_sorting_and_narrowing_keep_the_ticks(page, live_server, sign_in, editor, missing, organization):
    factories.invoice(facility=factories.facility(organization=organization, name="Sevilla"), cups="")
    sign_in(page, editor)
    page.goto(f"{live_server.url}/cups/missing/")
    page.get_by_label(f"Tick invoice {missing[0].invoice_number} of Madrid").check()

    page.get_by_role("link", name="Period").click()
    page.wait_for_url("**/cups/missing/?sort=start_date")
    page.get_by_label("Facility").select_option("Sevilla")
    expect(page.locator("tbody tr")).to_have_count(1)

    expect(page.locator("[data-dock]")).to_contain_text("1 invoice · 1 facility")
    assert "facility_id=" in page.url
    assert "sort=start_date" in page.url


def test_invoices_get_a_code_without_a_script(without_script, live_server, missing):
    page = without_script
    page.goto(f"{live_server.url}/cups/missing/")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Assign a code…").click()
    page.get_by_label("Write another code").check()
    page.get_by_label("Another code", exact=True).fill(f"{RIGHT}0F")
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("You chose another code since the preview.")
    assert not Consolidation.objects.exists()

    page.get_by_role("button", name="Assign", exact=True).click()

    expect(page.locator("#messages")).to_contain_text(f"3 invoices now carry {RIGHT}0F.")
    page.get_by_role("button", name="Undo").click()
    assert codes() == ["", "", "", RIGHT, RIGHT]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 860), (390, 844)], ids=["desk", "phone"])
def test_nothing_is_in_anybodys_way(
    browser, browser_context_args, live_server, sign_in, editor, done, missing, axe, scheme, size
):
    conflict(done, editor)
    shape = {"color_scheme": scheme, "viewport": {"width": size[0], "height": size[1]}}
    context = browser.new_context(**browser_context_args | shape, bypass_csp=True, reduced_motion="reduce")
    page = sign_in(context.new_page(), editor)
    for address in ("history/", f"history/{done.pk}/", f"history/{done.pk}/undo/", "cups/missing/"):
        page.goto(f"{live_server.url}/{address}")
        for closed in page.locator("main details:not([open]) summary").all():
            closed.click()
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], address

    page.get_by_role("checkbox").nth(1).check()
    page.get_by_role("button", name="Assign a code…").click()
    expect(page.locator("#plan .outcome")).to_be_visible()
    assert axe(page) == []
    context.close()
