"""The page of a year's emissions."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from facilities.models import Role
from invoices.impacts import Scope
from tests import factories, figures

pytestmark = pytest.mark.django_db

ADDRESS = reverse("emissions")


@pytest.fixture
def web(client, organization):
    """The browser of a viewer of ours, in English."""
    client.force_login(factories.member(organization, Role.VIEWER))
    client.cookies["django_language"] = "en"
    return client


def bill(place, first="2024-01-01", last="2024-01-31", *, status="active", flags="", **kg):
    dates = {"start_date": date.fromisoformat(first), "end_date": date.fromisoformat(last)}
    invoice = factories.invoice(facility=place, status=status, **dates)
    for category, co2e in kg.items():
        figures.result(invoice, category, co2e, flags=flags)
    return invoice


@pytest.fixture
def below(organization):
    return factories.facility(organization=factories.organization(parent=organization, name="Below"), name="Far")


def test_shows_the_year_by_scope_month_facility_and_category(web, organization, facility):
    bill(facility, electricity="1500", electricity_location_based="3000", electricity_generation="300")
    bill(factories.facility(organization=organization, name="Bilbao"), "2024-03-01", "2024-03-31", stationary="12345")

    answer = web.get(ADDRESS)

    text = answer.text.replace("\N{NO-BREAK SPACE}", " ")
    for said in ("Emissions of 2024", '<p class="figure">14.1 t', "of 2 invoices", "12.3 t", "1.50 t", "3.00 t"):
        assert said in text
    assert [(scope, figure.co2e) for scope, figure in answer.context["scopes"]] == [
        (Scope.ONE, 12345),
        (Scope.TWO_MARKET, 1500),
        (Scope.TWO_LOCATION, 3000),
        (Scope.THREE, 300),
    ]
    assert [(each.row.facility.name, each.length) for each in answer.context["ranked"]] == [
        ("Bilbao", 100.0),
        ("Madrid", 14.58),
    ]
    assert [length for _scope, _figure, length in answer.context["compared"]] == [50.0, 100.0]
    assert text.count("<rect") == 3 + 2 + 2  # three stacked; two ways of counting; two facilities
    assert "Stationary combustion" in text
    assert "style=" not in text


def test_numbers_of_the_drawing_are_not_translated(client, organization, facility):
    bill(facility, electricity="1234567")
    client.force_login(factories.member(organization))

    text = client.get(ADDRESS).text

    drawing = text[text.index("<svg class=") : text.index("</svg>", text.index('class="chart"'))]
    places = [
        part.split('"')[1] for part in drawing.split() if part.startswith(("x=", "y=", "width=", "height=", "x1="))
    ]
    assert places
    assert all(float(place) >= 0 for place in places)


def test_the_last_year_with_invoices_is_shown_unless_another_is_chosen(web, facility):
    bill(facility, "2022-05-01", "2022-05-31", electricity="1")
    bill(facility, "2024-05-01", "2024-05-31", electricity="2")

    assert web.get(ADDRESS).context["year"] == 2024
    assert web.get(ADDRESS, {"year": "2022"}).context["totals"].co2e == 1
    for nonsense in ("1999", "x", "99999999999"):
        assert web.get(ADDRESS, {"year": nonsense}).context["year"] == 2024
    assert "Nothing is calculated for these invoices" in web.get(ADDRESS, {"year": "2023"}).text


def test_one_facility_alone(web, organization, facility):
    bill(facility, electricity="1")
    bill(factories.facility(organization=organization, name="Bilbao"), electricity="2", electricity_location_based="1")

    answer = web.get(ADDRESS, {"facility_id": facility.pk})

    assert answer.context["totals"].co2e == 1
    assert "By facility" not in answer.text
    assert "counted twice" not in answer.text
    for nonsense in ("x", "00000000-0000-7000-8000-000000000000"):
        assert web.get(ADDRESS, {"facility_id": nonsense}).context["totals"].co2e == 3


def test_those_below_are_added_where_chosen(web, facility, below):
    bill(facility, electricity="1")
    bill(below, electricity="2")

    assert web.get(ADDRESS).context["totals"].co2e == 1
    answer = web.get(ADDRESS, {"below": "1"})
    assert answer.context["totals"].co2e == 3
    assert "Far" in answer.text
    assert f"facility_id={below.pk}" not in answer.text


def test_what_is_missing_leads_to_the_invoices(web, facility):
    bill(facility, electricity="1")
    bill(facility)
    for _ in range(2):
        bill(facility, status="error")

    text = web.get(ADDRESS, {"facility_id": facility.pk}).text

    base = f"{reverse('invoices')}?status="
    assert f'href="{base}error&amp;year=2024&amp;facility_id={facility.pk}">2 invoices (with errors)' in text
    assert (
        f'href="{base}active&amp;year=2024&amp;facility_id={facility.pk}&amp;has_figure=no">1 invoice (active' in text
    )
    assert "2 invoices (with errors)" in web.get(ADDRESS).text


def test_what_rests_on_fallbacks_is_said(web, facility):
    bill(facility, electricity="3")
    assert "All of it rests on factors published for just this year and country." in web.get(ADDRESS).text

    bill(facility, electricity="1", flags="year_fallback")
    text = web.get(ADDRESS).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "25 % of it carries a remark" in text
    assert "<dt>factor of another year: none is published for this one</dt><dd>25 %</dd>" in text


def test_a_sum_of_zero_is_shown(web, facility):
    bill(facility, electricity="0")

    answer = web.get(ADDRESS)

    assert "0\N{NO-BREAK SPACE}t" in answer.text
    assert "carries a remark" not in answer.text
    assert "All of it rests" not in answer.text


def test_without_invoices_it_says_so(web):
    assert "No invoice has been filed yet" in web.get(ADDRESS).text


def test_biogenic_carbon_stands_beside(web, facility):
    figures.result(factories.invoice(facility=facility), "stationary", "1000", co2e_biomass=Decimal(2500))

    assert "2.50\N{NO-BREAK SPACE}t of biogenic CO2 beside it" in web.get(ADDRESS).text


def test_facilities_come_in_pages(web, organization):
    for number in range(21):
        bill(factories.facility(organization=organization), electricity=str(number + 1))

    first, second = web.get(ADDRESS), web.get(ADDRESS, {"page": 2})

    assert [len(answer.context["ranked"]) for answer in (first, second)] == [20, 1]
    assert "Page 2 of 2" in second.text


def test_another_organization_s_emissions_are_in_no_figure(web, other_organization, facility):
    theirs = factories.facility(organization=other_organization, name="Their place")
    bill(theirs, electricity="9")
    bill(facility, electricity="1")

    for query in ({}, {"facility_id": theirs.pk}, {"below": "1"}):
        answer = web.get(ADDRESS, query)
        assert (answer.context["totals"].co2e, "Their place" in answer.text) == (1, False)


def test_who_made_the_factors_is_said_on_every_page(web, client):
    for address in (ADDRESS, reverse("sign-in"), reverse("admin:login")):
        text = client.get(address, follow=True).text
        for name in ("Ember", "Our World in Data", "European Environment Agency", "World Bank", "CC BY 4.0"):
            assert name in text
        assert "Open Government Licence v3.0" in text
        assert "Ministerio para la Transición Ecológica y el Reto Demográfico" in text


def test_takes_as_many_queries_for_many(web, organization, django_assert_num_queries):
    bill(factories.facility(organization=organization), electricity="1", electricity_location_based="2")

    def look(**query):
        # Who, and for whom (5); the years; the facilities to choose; the sums; by status; counted; ranking; its names.
        with django_assert_num_queries(12 + (2 if query else 0)):
            web.get(ADDRESS, query)

    look()
    for _ in range(8):
        bill(factories.facility(organization=organization), electricity="1", electricity_location_based="2")
    look()
    # With those below the reader's reach is asked for each of the three.
    with django_assert_num_queries(15):
        web.get(ADDRESS, {"below": "1"})
