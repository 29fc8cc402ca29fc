from urllib.parse import urlsplit

from playwright.sync_api import expect


def test_the_page_of_the_api_draws_the_schema_and_asks_nobody_else(page, live_server):
    asked = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))

    page.goto(f"{live_server.url}/v1/docs")
    operation = page.locator("#operations-invoices-invoices_consolidate_cups_create")
    operation.get_by_text("Rewrite the invoices").first.click()

    expect(operation.get_by_text("target_cups").first).to_be_visible()
    # "" is the picture in the style sheet itself.
    assert asked - {""} == {urlsplit(live_server.url).netloc}
