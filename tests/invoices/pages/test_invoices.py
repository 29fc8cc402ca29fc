"""The list of invoices."""

from datetime import date

import pytest
from django.urls import reverse

from facilities.models import Role
from invoices.models import Invoice
from tests import factories, figures

pytestmark = pytest.mark.django_db

ADDRESS = reverse("invoices")


@pytest.fixture
def web(client, organization):
    """The browser of a viewer of ours, in English."""
    client.force_login(factories.member(organization, Role.VIEWER))
    client.cookies["django_language"] = "en"
    return client


def numbers(answer):
    return [each.invoice.invoice_number for each in answer.context["found"]]


def test_a_row_says_what_it_is_and_what_it_emits(web, facility):
    invoice = factories.invoice(facility=facility, invoice_number="A-1", quantity="1234.5")
    figures.result(invoice, co2e="345.6")

    text = web.get(ADDRESS).text

    for said in ("A-1", "electricity", "Madrid", "1,234.50 kWh", ">346<", 'class="tag ok">active', "1–1 of 1 invoice"):
        assert said in text
    assert f'href="{reverse("invoice", args=[invoice.pk])}"' in text


def test_what_is_not_calculated_is_no_zero(web, facility):
    factories.invoice(facility=facility)
    assert 'class="n kg">–<' in web.get(ADDRESS).text

    figures.result(Invoice.objects.get(), co2e="0")
    assert 'class="n kg">0<' in web.get(ADDRESS).text


def test_an_error_is_shown_with_its_reason(web, facility):
    factories.invoice(facility=facility, status="error", error_messages=["No factor for <XX>.", "Another."])

    text = web.get(ADDRESS).text

    assert 'class="tag bad">with errors' in text
    assert "No factor for &lt;XX&gt;." in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["C-2025", "B-2024", "A-2023"]),
        ({"sort": "start_date"}, ["A-2023", "B-2024", "C-2025"]),
        ({"sort": "invoice_id"}, ["A-2023", "B-2024", "C-2025"]),
        ({"sort": "-quantity"}, ["B-2024", "C-2025", "A-2023"]),
        ({"sort": "nonsense"}, ["C-2025", "B-2024", "A-2023"]),
        ({"type": "heat"}, ["B-2024"]),
        ({"status": "error"}, ["C-2025"]),
        ({"year": "2024"}, ["B-2024", "A-2023"]),
        ({"year": "x", "page": "x", "facility_id": "x"}, ["C-2025", "B-2024", "A-2023"]),
        ({"has_figure": "yes"}, ["A-2023"]),
        ({"has_figure": "no"}, ["C-2025", "B-2024"]),
        ({"search": "b-2"}, ["B-2024"]),
        ({"search": "ES12 3412 3456"}, ["C-2025"]),
        ({"search": "printed"}, ["A-2023"]),
        ({"search": "%"}, []),
        ({"search": "\0"}, ["C-2025", "B-2024", "A-2023"]),
    ],
)
def test_is_narrowed_and_sorted(web, facility, query, found):
    rows = [
        ("A-2023", "2023-12-16", "2024-01-15", {"quantity": 1, "printed_cups": "printed", "cups": ""}),
        ("B-2024", "2024-02-01", "2024-02-29", {"quantity": 3, "type": "heat", "cups": ""}),
        ("C-2025", "2025-01-01", "2025-01-31", {"quantity": 2, "status": "error"}),
    ]
    for number, first, last, more in rows:
        dates = {"start_date": date.fromisoformat(first), "end_date": date.fromisoformat(last)}
        factories.invoice(facility=facility, invoice_number=number, **dates, **more)
    figures.result(Invoice.objects.get(invoice_number="A-2023"), co2e="1")

    assert numbers(web.get(ADDRESS, query)) == found


def test_one_facility_alone(web, organization, facility):
    factories.invoice(facility=facility, invoice_number="Here")
    factories.invoice(facility=factories.facility(organization=organization), invoice_number="There")

    assert numbers(web.get(ADDRESS, {"facility_id": facility.pk})) == ["Here"]


def test_fifty_are_on_a_page(web, facility):
    factories.invoices(51, facility=facility)

    first, second = web.get(ADDRESS), web.get(ADDRESS, {"page": 2, "type": "electricity"})

    assert (len(numbers(first)), len(numbers(second))) == (50, 1)
    assert 'rel="prev"' in second.text
    assert "?type=electricity&amp;page=1" in second.text


def test_a_script_gets_the_rows_alone(web, facility):
    factories.invoice(facility=facility)

    answer = web.get(ADDRESS, {"type": "electricity"}, headers={"hx-request": "true"})

    assert "<html" not in answer.text
    assert answer["HX-Push-Url"] == f"{ADDRESS}?type=electricity"
    assert web.get(ADDRESS, headers={"hx-request": "true"})["HX-Push-Url"] == ADDRESS


def test_says_when_there_is_nothing(web, facility):
    assert "No invoice has been filed yet" in web.get(ADDRESS).text
    assert "No invoice is like that" in web.get(ADDRESS, {"status": "error"}).text


def test_headings_ask_for_the_other_direction(web, facility):
    factories.invoice(facility=facility)

    text = web.get(ADDRESS).text

    assert 'aria-sort="descending"' in text
    for sort in ("start_date", "-quantity", "invoice_id"):
        assert f'href="{ADDRESS}?sort={sort}"' in text
    assert 'aria-sort="ascending"' in web.get(ADDRESS, {"sort": "quantity"}).text


def test_another_organization_s_invoices_are_in_no_list(web, other_organization, facility):
    theirs = factories.facility(organization=other_organization, name="Their place")
    factories.invoice(facility=theirs, invoice_number="Theirs")

    for query in ({}, {"facility_id": theirs.pk}, {"search": "Theirs"}):
        answer = web.get(ADDRESS, query)
        assert (numbers(answer), "Their place" in answer.text) == ([], False)


def test_who_is_not_signed_in_is_asked_to(client):
    assert client.get(ADDRESS).status_code == 302


def test_takes_as_many_queries_for_many(web, organization, facility, django_assert_num_queries):
    def filed(count):
        for invoice in factories.invoices(count, facility=factories.facility(organization=organization)):
            figures.results(invoice, electricity="1", electricity_location_based="2")
        factories.distributed(facility, factories.facility(organization=organization))

    filed(1)
    # Who, and for whom (5); how many; the page; how far up one reaches and the parts; results; facilities; years.
    with django_assert_num_queries(12):
        web.get(ADDRESS)
    filed(30)
    with django_assert_num_queries(12):
        assert len(numbers(web.get(ADDRESS))) == 35
