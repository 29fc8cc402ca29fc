"""The page of a newer set of factors."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from facilities.models import Role
from invoices import comparing, factoring
from invoices.models import FactorSet, InvoiceEmissionHistory, JobChunk, ProcessingJob
from invoices.working import work
from tests import factories, newer_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(client, organization):
    """The browser of an editor of ours, in English."""
    client.force_login(factories.member(organization))
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def invoice(facility):
    """100 kWh of January 2024, calculated with the older set: 28.3 kg market-based."""
    row = factories.invoice(facility=facility)
    factories.emission(row, co2e=Decimal("28.3"))
    return row


@pytest.fixture
def newer(invoice):
    return newer_set.load()


def look(web, **query):
    return web.get(reverse("factor-changes"), query)


def start(web, year):
    return web.post(reverse("factor-changes"), {"year": year})


class TestLooking:
    def test_with_one_set_everything_rests_on_it(self, web, invoice):
        assert "Everything rests on the set in force" in look(web).text

    def test_lists_the_years_that_rest_on_an_older_set(self, web, organization, facility, newer):
        later = factories.invoice(facility=facility, start_date=date(2025, 1, 1), end_date=date(2025, 1, 31))
        factories.emission(later, co2e=Decimal(1), factor_set=FactorSet.objects.earliest("pk"))
        factories.year_closing(organization=organization, year=2025)

        answer = look(web)

        assert [(each.year, each.invoice_count, each.closed_count) for each in answer.context["changes"]] == [
            (2025, 0, 1),
            (2024, 1, 0),
        ]
        assert "left: closed year" in answer.text
        assert "?year=2024" in answer.text
        assert "?year=2025" not in answer.text
        assert "comparison" not in answer.context

    def test_draws_a_year_before_and_after_and_changes_nothing(self, web, newer):
        answer = look(web, year=2024)

        pairs = {pair.label: (pair.before, pair.after) for pair in answer.context["pairs"]}
        assert pairs["Scope 2, market-based"] == (Decimal("28.3"), Decimal(30))
        for words in ("28.3", "30.0", "+1.70", "1 of 1 invoices gets another figure", "Recalculate 1 invoice of 2024"):
            assert words in answer.text
        assert not ProcessingJob.objects.exists()
        assert not InvoiceEmissionHistory.objects.exists()

    def test_says_what_becomes_impossible_or_possible(self, web, facility, invoice):
        factories.emission(invoice, activity_category="electricity_transmission_and_distribution", co2e=1, scope=3)
        factories.emission(invoice, activity_category="energy", scope=None, error="No unit")
        newer_set.load(without=["loss"])

        answer = look(web, year=2024)

        assert "1 loses a figure" in answer.text
        assert "1 gets a figure where there was an error" in answer.text

    def test_says_that_it_is_a_part_and_leads_to_the_others(self, web, facility, newer, monkeypatch):
        monkeypatch.setattr(comparing, "PART_SIZE", 1)
        more = factories.invoice(facility=facility, start_date=date(2024, 2, 1), end_date=date(2024, 2, 28))
        factories.emission(more, co2e=Decimal(1), factor_set=FactorSet.objects.earliest("pk"))

        first, second = look(web, year=2024), look(web, year=2024, part=2)

        assert "These are invoices 1 to 1 of 2" in first.text
        assert "part=2" in first.text
        assert "These are invoices 2 to 2 of 2" in second.text
        assert "part=1" in second.text

    def test_a_year_with_nothing_to_compare_says_so(self, web, newer):
        assert "No invoice of 2019 that can be recalculated" in look(web, year=2019).text

    @pytest.mark.parametrize("query", [{"year": "x"}, {"year": "99999"}, {"year": 2024, "part": "x"}])
    def test_what_makes_no_sense_is_passed_over(self, web, newer, query):
        assert look(web, **query).status_code == 200

    def test_a_viewer_looks_and_is_not_offered_to_start(self, web, organization, newer):
        web.force_login(factories.member(organization, Role.VIEWER))

        answer = look(web, year=2024)

        assert "that needs the role of editor" in answer.text
        assert "Recalculate 1 invoice" not in answer.text

    def test_without_factors_it_says_so(self, web, monkeypatch):
        def none_loaded():
            raise factoring.NoFactors

        monkeypatch.setattr(factoring, "current", none_loaded)

        assert "No emission factors are loaded yet" in look(web).text

    @pytest.mark.parametrize("count", [1, 30])
    def test_the_queries_do_not_grow(self, web, facility, count, django_assert_num_queries):
        for row in factories.invoices(count, facility=facility):
            factories.emission(row, co2e=Decimal(1))
        factoring.table_of(newer_set.load())

        with django_assert_num_queries(10):
            look(web)
        with django_assert_num_queries(15):
            look(web, year=2024)


class TestStarting:
    def test_queues_one_job_that_keeps_what_it_replaces(self, web, invoice, newer):
        answer = start(web, 2024)

        job = ProcessingJob.objects.get()
        assert answer.headers["Location"] == reverse("job", args=[job.pk])
        assert "1 invoice is recalculated" in web.get(answer.headers["Location"]).text
        assert "A recalculation is under way" in look(web).text
        for chunk in JobChunk.objects.filter(job=job):
            work(chunk.pk)
        assert InvoiceEmissionHistory.objects.get(invoice_id=invoice.pk).co2e == Decimal("28.3")
        assert "Everything rests on the set in force" in look(web).text

    @pytest.mark.parametrize("year", [2019, "x", ""])
    def test_with_nothing_to_do_it_changes_nothing(self, web, newer, year):
        answer = start(web, year)

        assert answer.headers["Location"] == reverse("factor-changes")
        assert not ProcessingJob.objects.exists()

    def test_it_says_that_nothing_is_left(self, web, newer):
        start(web, 2019)

        assert "Nothing of that year is left to be recalculated" in look(web).text

    def test_a_viewer_may_not(self, web, organization, newer):
        web.force_login(factories.member(organization, Role.VIEWER))

        assert start(web, 2024).status_code == 403
        assert not ProcessingJob.objects.exists()

    def test_another_organizations_invoices_are_out_of_reach(self, web, other_organization, newer):
        web.force_login(factories.member(other_organization))

        start(web, 2024)

        assert not ProcessingJob.objects.exists()
