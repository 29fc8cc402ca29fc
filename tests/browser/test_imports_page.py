"""Importing a file as people do it: choose, say how it is read, look, take, undo."""

import pytest
from playwright.sync_api import expect

from facilities.access import Author, Channel
from invoices import importing, working
from invoices.models import Invoice, InvoiceImport, JobChunk
from tests import factories

ROWS = f"""Tipo;Desde;Hasta;Consumo;Unidad;Centro;CUPS;Factura
electricidad;01/02/2024;29/02/2024;1.234,5;kWh;Madrid;{factories.VALID_CUPS};F-1
electricidad;01/03/2024;31/03/2024;980,25;kWh;Madrid;ES1234123456789012JX;F-2
electricidad;30/04/2024;01/04/2024;12 oranges;kWh;Lisbon;{factories.VALID_CUPS};F-3
"""


@pytest.fixture(autouse=True)
def _units(facility):
    factories.unit()


def work():
    """Do what is queued, as a worker does."""
    for chunk in JobChunk.objects.filter(state="ready", job__action="IMPORT").order_by("position"):
        working.work(chunk.pk)


def checked(organization, editor):
    by = Author(editor, Channel.WEB)
    one = importing.upload(organization=organization, by=by, file_name="march.csv", chunks=[ROWS.encode()])
    said = {"date_order": "dmy", "decimal": ","}
    reading = importing.restated(invoice_import=one, said=said)
    importing.check(organization=organization, import_id=one.pk, reading=reading, by=by)
    work()
    return one


def test_a_file_with_bad_rows_is_looked_at_taken_and_taken_back(page, live_server, sign_in, editor):
    sign_in(page, editor).goto(f"{live_server.url}/cups/")
    page.get_by_role("link", name="Imports").click()
    page.get_by_label("CSV or XLSX file").set_input_files(
        {"name": "march.csv", "mimeType": "text/csv", "buffer": ROWS.encode()}
    )
    page.get_by_role("button", name="Go on").click()

    # The order of days and months is not guessed; once it is said, the rows are shown so, at once.
    expect(page.locator(".rows td.bad").first).to_be_visible()
    page.get_by_label("Dates").select_option("dmy")
    expect(page.locator(".rows tbody tr").first).to_contain_text("2024-02-01")
    page.get_by_role("button", name="Check the rows").click()

    expect(page.get_by_role("heading", name="The rows are being checked")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="3 rows were checked")).to_be_visible()
    expect(page.locator(".problems tbody tr", has_text="12 oranges")).to_contain_text("This is no number")
    page.get_by_label("Kind").select_option("warning")
    expect(page.locator(".problems tbody tr")).to_have_count(1)
    expect(page.locator(".problems")).to_contain_text(factories.VALID_CUPS)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the refused row").click()
    assert download.value.suggested_filename == "refused-march.csv"

    page.get_by_role("button", name="Take the 2 good rows").click()
    expect(page.get_by_role("heading", name="The good rows are being filed")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="2 invoices were filed")).to_be_visible()
    assert Invoice.objects.count() == 2

    page.get_by_role("link", name="Undo this import…").click()
    page.get_by_role("button", name="Remove the 2 invoices").click()
    expect(page.get_by_role("heading", name="The invoices are being removed again")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="Undone: 2 invoices were removed again")).to_be_visible()
    assert not Invoice.objects.exists()


def test_rows_are_pasted_and_checked_without_a_script(browser, browser_context_args, live_server, sign_in, editor):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = sign_in(context.new_page(), editor)
    page.goto(f"{live_server.url}/imports/")
    page.get_by_text("Paste rows instead").click()
    page.get_by_label("Rows with their header").fill(ROWS)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Dates").select_option("dmy")
    page.get_by_role("button", name="Show it read so").click()
    expect(page.locator(".rows tbody tr").first).to_contain_text("2024-02-01")

    page.get_by_role("button", name="Check the rows").click()
    work()

    # It asks again by itself.
    expect(page.get_by_role("heading", name="3 rows were checked")).to_be_visible(timeout=15_000)
    assert InvoiceImport.objects.get().rows_good == 2
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 860), (360, 780)], ids=["desk", "phone"])
def test_nothing_is_in_anybodys_way(
    browser, browser_context_args, live_server, sign_in, editor, organization, axe, scheme, size
):
    one = checked(organization, editor)
    other = checked(organization, editor)
    importing.take(organization=organization, import_id=other.pk, by=Author(editor, Channel.WEB))
    work()
    shape = {"color_scheme": scheme, "viewport": {"width": size[0], "height": size[1]}}
    context = browser.new_context(**browser_context_args | shape, bypass_csp=True, reduced_motion="reduce")
    page = sign_in(context.new_page(), editor)

    for address in ("", f"{one.pk}/", f"{one.pk}/reading/", f"{other.pk}/", f"{other.pk}/undo/"):
        page.goto(f"{live_server.url}/imports/{address}")
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], address
    context.close()
