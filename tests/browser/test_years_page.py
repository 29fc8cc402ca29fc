"""The years of an organization, as its administrator uses the pages: they need no script."""

from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from facilities.access import Author, Channel
from facilities.models import Role
from invoices import closing, evidencing
from invoices.models import EvidenceArchive, YearClosing
from tests import factories


@pytest.fixture(autouse=True)
def _store(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "files": {"BACKEND": "facilities.stores.folder.Folder", "OPTIONS": {"location": str(tmp_path)}}
    }


@pytest.fixture
def admin(organization):
    return factories.member(organization, Role.ADMIN, first_name="Ana", last_name="Ruiz")


@pytest.fixture
def reported(facility):
    """Two years of figures that are as long as real ones, and what is not calculated."""
    for year in (2023, 2024):
        invoice = factories.invoice(facility=facility, start_date=date(year, 1, 1), end_date=date(year, 12, 31))
        factories.emission(invoice, co2e=Decimal("11882763.619350"))
    factories.invoice(facility=facility, status="error")
    factories.invoice(facility=facility, status="loading")


def test_a_year_is_closed_proved_and_opened_again(
    browser, browser_context_args, live_server, sign_in, admin, organization, reported
):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = sign_in(context.new_page(), admin)
    page.goto(f"{live_server.url}/cups/")
    page.get_by_role("link", name="Years").click()
    page.get_by_role("link", name="2024").click()
    page.get_by_role("link", name="Close the year…").click()
    expect(page.locator(".warnings")).to_contain_text("1 invoice could not be calculated")

    page.get_by_label("Message (optional)").fill("Audited")
    page.get_by_role("button", name="Close 2024").click()

    expect(page.locator("#messages")).to_contain_text("2024 is closed")
    expect(page.locator(".year-events")).to_contain_text("Audited")
    page.get_by_role("button", name="Make the evidence").click()
    expect(page.locator(".archives tbody tr")).to_contain_text("waiting")
    factories.make_evidence(EvidenceArchive.objects.get().job)
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the evidence").click()
    assert download.value.suggested_filename == "consolida-2024-ours.zip"

    page.get_by_role("link", name="Open again…").click()
    page.get_by_label("Why is it opened again?").fill("A late bill")
    page.get_by_role("button", name="Open 2024 again").click()
    expect(page.locator("h1")).to_contain_text("open again")
    assert list(YearClosing.objects.order_by("created_at").values_list("action", "message")) == [
        *(("closed", "Audited"), ("reopened", "A late bill")),
    ]
    context.close()


def test_what_is_being_made_appears_by_itself(page, live_server, sign_in, admin, organization, reported):
    archive = evidencing.request(organization=organization, year=2024, by=Author(admin, Channel.WEB))
    sign_in(page, admin).goto(f"{live_server.url}/years/2024/")
    expect(page.locator(".archives tbody tr")).to_contain_text("waiting")

    factories.make_evidence(archive.job)

    expect(page.get_by_role("link", name="Download the evidence")).to_be_visible(timeout=15_000)
    expect(page.locator("#archives")).not_to_have_attribute("hx-trigger", "every 5s")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 860), (360, 780)], ids=["desk", "phone"])
def test_nothing_is_in_anybodys_way(
    browser, browser_context_args, live_server, sign_in, admin, organization, reported, axe, scheme, size
):
    by = Author(admin, Channel.WEB)
    closing.close(organization=organization, year=2024, by=by, message="Audited")
    factories.make_evidence(evidencing.request(organization=organization, year=2024, by=by).job)
    evidencing.request(organization=organization, year=2024, by=by)
    shape = {"color_scheme": scheme, "viewport": {"width": size[0], "height": size[1]}}
    context = browser.new_context(**browser_context_args | shape, bypass_csp=True, reduced_motion="reduce")
    page = sign_in(context.new_page(), admin)

    for address in ("years/", "years/2024/", "years/2023/close/", "years/2024/reopen/"):
        page.goto(f"{live_server.url}/{address}")
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], address
    context.close()
