"""The pages of jobs as people use them: they go on by themselves, work without a script, and are in nobody's way."""

import pytest
from playwright.sync_api import expect

from invoices import recalculating
from invoices.models import JobChunk, ProcessingJob
from tests import factories


@pytest.fixture
def job(facility, organization, author):
    invoices = factories.invoices(4, facility=facility)
    return recalculating.queue_calculation(organization=organization, invoices=invoices, by=author)


def go_on(job, **values):
    ProcessingJob.objects.filter(pk=job.pk).update(**values)


def fail(job):
    errors = [
        {"invoice_id": invoice_id, "activity_category": "energy", "message": "There is no calorific value for 2031."}
        for invoice_id in job.chunks.get().invoice_ids
    ]
    JobChunk.objects.filter(job=job).update(state="done")
    go_on(job, status="FAILED", items_failed=4, errors=errors)


def test_the_list_follows_a_job_to_its_end_by_itself(page, live_server, sign_in, editor, job):
    sign_in(page, editor)
    page.goto(f"{live_server.url}/jobs/")
    expect(page.locator("tbody tr")).to_contain_text("0 of 4")

    go_on(job, status="PROCESSING", items_success=2)

    expect(page.locator("tbody tr")).to_contain_text("2 of 4")
    go_on(job, status="COMPLETED", items_success=4)
    expect(page.locator("tbody tr")).to_contain_text("completed")
    assert page.locator("[hx-trigger='every 2s']").count() == 0


def test_what_failed_is_read_and_tried_again(page, live_server, sign_in, editor, job):
    fail(job)
    sign_in(page, editor)
    page.goto(f"{live_server.url}/jobs/")
    page.get_by_label("Status").select_option("FAILED")
    page.wait_for_url("**/jobs/?status=FAILED")
    page.locator("tbody tr a").click()
    expect(page.get_by_text("There is no calorific value for 2031.")).to_have_count(4)

    page.get_by_role("button", name="Try again what failed").click()

    expect(page.locator("#messages")).to_contain_text("4 invoices are calculated again.")
    expect(page.locator("#job")).to_contain_text("0 of 4")


def test_without_a_script_one_asks_again_oneself(browser, browser_context_args, live_server, sign_in, editor, job):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = sign_in(context.new_page(), editor)
    page.goto(f"{live_server.url}/jobs/?status=PENDING")
    go_on(job, status="COMPLETED", items_success=4)

    page.get_by_role("link", name="Refresh").click()

    expect(page.locator("#jobs")).to_contain_text("No job has this status")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 860), (390, 844)], ids=["desk", "phone"])
def test_nothing_is_in_anybodys_way(
    browser, browser_context_args, live_server, sign_in, editor, organization, author, facility, job, axe, scheme, size
):
    fail(job)
    open_ = recalculating.queue_calculation(
        organization=organization, invoices=factories.invoices(1, facility=facility), by=author
    )
    shape = {"color_scheme": scheme, "viewport": {"width": size[0], "height": size[1]}}
    context = browser.new_context(**browser_context_args | shape, bypass_csp=True, reduced_motion="reduce")
    page = sign_in(context.new_page(), editor)
    for address in ("jobs/", f"jobs/{job.pk}/", f"jobs/{open_.pk}/"):
        page.goto(f"{live_server.url}/{address}")
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], address
    context.close()
