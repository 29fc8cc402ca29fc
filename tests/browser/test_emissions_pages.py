"""The pages of invoices and emissions, as people use them: with a script and without, in any light, on a phone."""

from datetime import date

import pytest
from playwright.sync_api import expect

from invoices.models import EmissionSource, InvoiceEmissionHistory, ProcessingJob
from tests import factories, figures

PHONE = {"width": 390, "height": 800}


@pytest.fixture
def billed(organization, facility):
    """A year of electricity, a bill of heat with remarks, a distributed one, and one that can't be calculated."""
    EmissionSource.objects.update_or_create(
        code="MITECO", defaults={"title": "Calculadora", "publisher": "MITECO (Spain)"}
    )
    for invoice in factories.invoices(12, facility=facility):
        figures.results(invoice, electricity="1200", electricity_location_based="900", electricity_generation="100")
    heat = factories.invoice(facility=facility, type="heat", invoice_number="H-1", cups="")
    line = figures.line(flags=["year_fallback"], terms=[figures.TERM])
    figures.result(heat, "stationary", "2500", trace=[line, line], flags="year_fallback")
    figures.result(heat, "energy", energy_kwh="100", trace=[figures.line(factor="1")])
    InvoiceEmissionHistory.objects.create(
        organization=organization,
        invoice_id=heat.pk,
        activity_category="stationary",
        scope=1,
        co2e="2400",
        factor_set=factories.factor_set(version="2025.1"),
    )
    factories.distributed(facility, factories.facility(organization=organization, name="Bilbao"))
    factories.invoice(
        facility=facility, status="error", invoice_number="E-9", error_messages=["No factor for XX in 2024 per kWh."]
    )
    return heat


@pytest.fixture
def open_page(sign_in, live_server, editor):
    """Return a function that opens a page of ours as an editor."""

    def opened(page, path):
        sign_in(page, editor)
        page.goto(live_server.url + path)
        return page

    return opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [None, PHONE], ids=["desk", "phone"])
def test_nothing_keeps_anybody_out(page, open_page, axe, billed, scheme, size):
    page.emulate_media(color_scheme=scheme)
    if size:
        page.set_viewport_size(size)

    for path in ("/invoices/", f"/invoices/{billed.pk}/", "/emissions/?year=2024"):
        open_page(page, path)
        page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_from_the_year_to_the_factor_and_calculating_again(page, open_page, billed):
    open_page(page, "/emissions/?year=2024")
    expect(page.locator(".figure")).to_contain_text("18.1")
    expect(page.locator("svg.chart rect")).to_have_count(12 * 2 + 1)
    page.get_by_role("link", name="1 invoice (with errors)").click()
    expect(page.locator("tbody tr")).to_contain_text("No factor for XX in 2024 per kWh.")

    page.get_by_label("Status").select_option("")
    page.get_by_label("Type").select_option("heat")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="H-1").press("Enter")
    step = page.get_by_text("100 kWh × 0.283 kg/kWh").first
    expect(step).to_be_hidden()
    page.locator("summary", has_text="Stationary combustion").press("Enter")
    expect(step).to_be_visible()
    page.get_by_role("button", name="Calculate again").click()

    expect(page.locator("#messages")).to_contain_text("1 invoice will be calculated again")
    assert ProcessingJob.objects.get().items_total == 1


def test_the_pages_work_without_a_script(browser, browser_context_args, open_page, billed):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = open_page(context.new_page(), "/emissions/")
    page.get_by_label("Year").select_option("2024")
    page.get_by_label("with the organizations below").check()
    page.get_by_role("button", name="Show").click()
    expect(page.locator("h1")).to_have_text("Emissions of 2024")
    page.get_by_text("The figures behind it, in kg").click()
    expect(page.locator("#months-table tbody tr")).to_have_count(12)

    page.get_by_role("link", name="Invoices", exact=True).click()
    page.get_by_label("Search for a number or a CUPS").fill("H-1")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="H-1").click()
    page.locator("summary", has_text="Stationary combustion").click()
    expect(page.get_by_text("Calculadora, MITECO (Spain)").first).to_be_visible()
    context.close()


def test_a_choice_of_the_year_is_sent_at_once(page, open_page, billed, facility):
    other = factories.invoice(facility=facility, start_date=date(2023, 1, 1), end_date=date(2023, 1, 31))
    figures.result(other, co2e="5")
    open_page(page, "/emissions/")

    page.get_by_label("Year").select_option("2023")

    expect(page.locator("h1")).to_have_text("Emissions of 2023")
