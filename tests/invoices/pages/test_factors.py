"""The pages that say which factors are used where."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from invoices import factoring
from invoices.models import EmissionFactor, EmissionSource
from invoices.pages import factors
from tests import factories, newer_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(client, organization):
    """The browser of an editor of ours, in English."""
    client.force_login(factories.member(organization))
    client.cookies["django_language"] = "en"
    return client


def in_use(web, **query):
    return web.get(reverse("factors"), query)


def cell(answer, label, year):
    (row,) = [row for row in answer.context["rows"] if row.label == label]
    (found,) = [each for each in row.cells if each.year == year]
    return found


@pytest.mark.parametrize("name", ["factors", "factor-suppliers", "factor-sources"])
def test_without_factors_each_page_says_so(web, monkeypatch, name):
    def none_loaded():
        raise factoring.NoFactors

    monkeypatch.setattr(factoring, "current", none_loaded)

    assert "No emission factors are loaded yet" in web.get(reverse(name)).text


@pytest.mark.parametrize("name", ["factors", "factor-suppliers", "factor-sources"])
def test_each_page_says_which_set_is_in_force_and_what_rests_on_an_older_one(web, facility, name):
    before = web.get(reverse(name))
    factories.emission(factories.invoice(facility=facility), co2e=Decimal(1))
    newer = newer_set.load()

    answer = web.get(reverse(name))

    assert "rest on an older set" not in before.text
    assert newer.version in answer.text
    assert newer.checksum in answer.text
    assert "The results of 1 invoice rest on an older set" in answer.text
    assert reverse("factor-changes") in answer.text


class TestInUse:
    def test_shows_the_factor_with_its_year_and_source(self, web, facility):
        factories.invoice(facility=facility)

        answer = in_use(web)

        assert (answer.context["country"], answer.context["years"]) == ("ES", [2020, 2021, 2022, 2023, 2024])
        shown = cell(answer, "Electricity, market-based, supplier unknown", 2024)
        (used,) = shown.used
        residual_mix = EmissionFactor.objects.get(
            kind="residual_mix", jurisdiction="ES", valid_from__year=2024, factor_set=factoring.current()
        )
        assert (used.shown, used.year, list(used.sources)) == (Decimal("0.283"), 2024, [residual_mix.source_id])
        assert not shown.is_fallback
        assert residual_mix.source_id in answer.text

    def test_says_in_words_what_stands_in(self, web):
        answer = in_use(web, country="ES", until=2024)

        water = cell(answer, "Water", 2024)
        assert water.is_fallback
        assert [used.part for used in water.used] == ["supply", "treatment"]
        assert "of another country" in answer.text
        assert "factor of another country: none is published for this one" in answer.text

    def test_says_what_there_is_nothing_for(self, web):
        answer = in_use(web, country="ES", until=1996)

        gap = cell(answer, "Electricity, market-based, supplier unknown", 1995)
        assert (gap.used, "1995" in gap.gap, "ES" in gap.gap) == ([], True, True)
        assert gap.gap.split(".")[0] in answer.text

    def test_a_made_factor_names_the_published_figures_behind_it(self, web):
        answer = in_use(web, country="ES", until=2024)

        (upstream,) = cell(answer, "Upstream of electricity", 2024).used
        assert len(upstream.sources) == len({term["source_id"] for term in upstream.terms}) == 2
        assert "by the British ratio" in upstream.said

    def test_fuels_are_those_that_are_billed_in_the_country(self, web, organization, facility):
        gas = factories.fuel(name="Gas", code="natural_gas", country="ES")
        abroad = factories.facility(organization=organization, country="GB")
        for place, fuel in ((facility, gas), (facility, None), (abroad, factories.fuel(name="Coal"))):
            factories.invoice(facility=place, type="heat", facility_fuel=fuel, cups="")

        labels = [row.label for row in in_use(web, country="ES").context["rows"]]

        assert labels[-2:] == ["Gas, kWh: stationary combustion", "Gas, kWh: upstream of fuels"]
        assert not [label for label in labels if "Coal" in label]

    def test_offers_the_countries_with_facilities_first(self, web, organization, other_organization):
        for country in ("GB", "GB", "PT"):
            factories.facility(organization=organization, country=country)
        factories.facility(organization=other_organization, country="FR")

        answer = in_use(web)

        assert (answer.context["country"], answer.context["own_countries"]) == ("GB", ["GB", "PT"])
        assert {"ES", "FR", "GB", "PT"} <= set(answer.context["countries"])
        assert "ZZ" not in answer.context["countries"]

    def test_years_are_turned_over(self, web):
        answer = in_use(web, country="es", until=2020)

        assert answer.context["years"] == [2016, 2017, 2018, 2019, 2020]
        assert "until=2015" in answer.text
        assert "until=2025" in answer.text
        assert "Earlier years" not in in_use(web, until=1995).text
        assert "Later years" not in in_use(web, until=2100).text

    def test_what_makes_no_sense_is_passed_over(self, web):
        assert in_use(web, country="XYZ", until="x").context["country"] == "ES"
        assert in_use(web, country="?!").status_code == 200

    @pytest.mark.parametrize("count", [1, 15])
    def test_the_queries_do_not_grow(self, web, organization, count, django_assert_num_queries):
        for number in range(count):
            place = factories.facility(organization=organization, country="ES")
            fuel = factories.fuel(code=f"fuel-{number}")
            factories.invoice(facility=place, type="heat", facility_fuel=fuel, cups="", start_date=date(2023, 12, 1))
        factoring.table_of(factoring.current())

        with django_assert_num_queries(11):
            in_use(web)


class TestSuppliers:
    def test_says_which_are_linked_proposed_or_neither(self, web, facility):
        person = factories.user(first_name="Ana", last_name="Ruiz")
        label = EmissionFactor.objects.filter(kind="supplier", jurisdiction="ES").latest("valid_from").label
        linked, proposed, neither = (
            factories.supplier(name="Linked One"),
            factories.supplier(name=f"{label}, S.L. "),
            factories.supplier(name="Nobody knows"),
        )
        factories.supplier_link(supplier=linked, confirmed_by=person)
        for supplier in (linked, linked, linked, proposed, proposed, neither, None):
            factories.invoice(facility=facility, supplier=supplier)

        answer = web.get(reverse("factor-suppliers"))

        rows = answer.context["labelled"]
        assert [(row.supplier, row.invoice_count) for row in rows] == [(linked, 3), (proposed, 2), (neither, 1)]
        assert [bool(row.link) for row in rows] == [True, False, False]
        assert [bool(row.proposal) for row in rows] == [False, True, False]
        for words in ("iberdrola clientes", "Ana Ruiz", "proposed", "none of this name"):
            assert words in answer.text

    def test_a_link_of_our_own_table_was_confirmed_by_nobody(self, web, facility):
        supplier = factories.supplier()
        factories.supplier_link(supplier=supplier)
        factories.invoice(facility=facility, supplier=supplier)

        assert "the project&#x27;s own table" in web.get(reverse("factor-suppliers")).text.replace("'", "&#x27;")

    def test_staff_are_led_to_the_admin_and_others_told_who_confirms(self, web, organization, facility):
        supplier = factories.supplier()
        factories.invoice(facility=facility, supplier=supplier)
        address = reverse("admin:facilities_supplier_change", args=[supplier.pk])

        others = web.get(reverse("factor-suppliers"))
        web.force_login(factories.member(organization, is_staff=True))
        staff = web.get(reverse("factor-suppliers"))

        assert address not in others.text
        assert "whoever runs the application confirms the links" in others.text
        assert address in staff.text

    def test_another_organizations_suppliers_are_not_shown(self, web, other_organization):
        place = factories.facility(organization=other_organization)
        factories.invoice(facility=place, supplier=factories.supplier(name="Of theirs"))

        answer = web.get(reverse("factor-suppliers"))

        assert "Of theirs" not in answer.text
        assert "No electricity invoice names a supplier" in answer.text

    @pytest.mark.parametrize("count", [1, 20])
    def test_the_queries_do_not_grow(self, web, facility, count, django_assert_num_queries):
        for _ in range(count):
            factories.invoice(facility=facility, supplier=factories.supplier())

        with django_assert_num_queries(14):
            web.get(reverse("factor-suppliers"))


class TestSources:
    def test_names_title_publisher_licence_and_address(self, web):
        source = EmissionSource.objects.exclude(address="").exclude(licence="").order_by("code").first()
        EmissionSource.objects.create(code="AAA", title="Without an address", publisher="Nobody")

        answer = web.get(reverse("factor-sources"))

        for words in (source.code, "Without an address", "Nobody"):
            assert words in answer.text
        assert f'href="{source.address}" rel="noreferrer"'.replace("&", "&amp;") in answer.text

    def test_is_paged(self, web, monkeypatch, django_assert_num_queries):
        monkeypatch.setattr(factors, "PAGE_SIZE", 2)

        with django_assert_num_queries(9):
            answer = web.get(reverse("factor-sources"), {"page": 2})

        assert len(answer.context["page"]) == 2
        assert "Previous" in answer.text
