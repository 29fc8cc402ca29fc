"""The page of one invoice, and calculating it again there."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from facilities.models import Role
from invoices.models import EmissionSource, InvoiceEmissionHistory, JobAction, ProcessingJob
from tests import factories, figures

pytestmark = pytest.mark.django_db


def browser(client, person):
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def web(client, organization):
    """The browser of an editor of ours, in English."""
    return browser(client, factories.member(organization))


@pytest.fixture
def invoice(facility):
    return factories.invoice(facility=facility, invoice_number="A-1", quantity="3100")


def shown(web, invoice, **query):
    answer = web.get(reverse("invoice", args=[invoice.pk]), query)
    assert answer.status_code == 200
    return answer.text


def source(**fields):
    return EmissionSource.objects.create(
        **{
            "code": "MITECO",
            "title": "Calculadora",
            "publisher": "MITECO (Spain)",
            "licence": "With its source",
            **fields,
        }
    )


def replaced(invoice, **fields):
    return InvoiceEmissionHistory.objects.create(
        **{
            "organization": invoice.organization,
            "invoice_id": invoice.pk,
            "activity_category": "electricity",
            "scope": 2,
            "factor_set": factories.factor_set(version="2025.2"),
            **fields,
        }
    )


class TestFacts:
    def test_all_that_is_known_is_shown(self, web, organization, facility):
        contract = factories.supply_contract(
            facility=facility, supplier=factories.supplier(name="Luz Clara"), renewable_percentage=Decimal("0.4")
        )
        invoice = factories.invoice(
            facility=facility,
            invoice_number="A-1",
            supplier=factories.supplier(name="Energía Norte"),
            supply_contract=contract,
            printed_cups="es 1234",
            quantity="1234.5",
            original_quantity=Decimal("1.2345"),
            original_unit=factories.unit(name="megawatt_hour_(mwh)", symbol="MWh"),
            custom_emission_factor=factories.custom_group(organization=organization, name="Ours 2024"),
            uploaded_by=factories.user(first_name="Ana", last_name="Ruiz"),
            source="pdf",
        )

        text = shown(web, invoice)

        for said in ("A-1", "Electricity", "Madrid", "Energía Norte", "1,234.5 kWh", "1.2345 MWh", "Ours 2024"):
            assert said in text
        for said in ("As printed", "typed in", "Luz Clara", "40\N{NO-BREAK SPACE}%", "Ana Ruiz", "PDF"):
            assert said in text

    def test_a_fuel_is_named_and_a_code_that_nobody_printed_is_not(self, web, facility):
        text = shown(
            web, factories.invoice(facility=facility, type="heat", facility_fuel=factories.fuel(name="Peat"), cups="")
        )

        assert "Peat" in text
        assert "CUPS</dt>" not in text

    def test_an_own_file_that_came_is_a_link(self, web, organization, facility):
        file = factories.stored_file(
            organization=organization,
            status="uploaded",
            name="march",
            size_bytes=1,
            sha256="0" * 64,
            uploaded_at=datetime(2026, 1, 1, tzinfo=UTC),
        )

        text = shown(web, factories.invoice(facility=facility, file_id=file.pk))

        assert f'<a href="{reverse("file", args=[file.pk])}">march.pdf</a>' in text

    @pytest.mark.parametrize("owner", ["organization", "other_organization", None])
    def test_another_s_file_or_one_that_never_came_is_not_named(self, request, web, facility, owner):
        file_id = factories.stored_file(organization=request.getfixturevalue(owner)).pk if owner else uuid4()

        assert "/files/" not in shown(web, factories.invoice(facility=facility, file_id=file_id))

    @pytest.mark.parametrize(
        ("address", "is_link"),
        [
            ("https://files.example.org/a.pdf", True),
            ("https://files.example.org.evil.example/a.pdf", False),
            ("https://evil.example/files.example.org", False),
            ("http://files.example.org/a.pdf", False),
            ("javascript:alert(1)", False),
        ],
    )
    def test_an_address_is_a_link_to_configured_hosts_alone(self, web, facility, settings, address, is_link):
        settings.FILE_HOSTS = ["files.example.org"]

        text = shown(web, factories.invoice(facility=facility, file_url=address))

        assert address in text
        assert (f'href="{address}"' in text) == is_link


class TestFigures:
    def test_a_figure_is_opened_to_its_steps(self, web, invoice):
        source()
        source(code="EEA", title="Intensity", licence="CC BY 4.0", year="2026")
        trace = [
            figures.line(share="0.516129", quantity="1600", factor="0.26", factor_year=2023, flags=["year_fallback"]),
            figures.line(quantity="1500", label="Luz Clara", terms=[figures.TERM], flags=["brand_new"]),
        ]
        figures.result(invoice, co2e="840.5", trace=trace, flags="brand_new year_fallback")

        text = shown(web, invoice)

        assert '<p class="figure">840 <small>kg CO₂e</small></p>' in text.replace("841", "840")
        for said in ("1,600 kWh", "× 0.26 kg/kWh", "<b>416 kg</b>", "<b>51.6\N{NO-BREAK SPACE}%</b>", "Luz Clara"):
            assert said in text
        for said in ("factor of another year", "brand_new", "2 remarks", "direct: 0.2 kg/kWh", "2026.1"):
            assert said in text
        for said in ("Calculadora, MITECO (Spain) · With its source", "Intensity, MITECO (Spain), 2026 · CC BY 4.0"):
            assert said in text

    def test_market_and_location_stand_side_by_side(self, web, invoice):
        figures.results(invoice, electricity="0", electricity_location_based="251.3")
        figures.result(invoice, "energy", energy_kwh=Decimal(3100), trace=[figures.line(factor="1")])

        text = shown(web, invoice)

        assert "<dt>Scope 2, market-based</dt><dd>0 kg</dd>" in text
        assert "<dt>Scope 2, location-based</dt><dd>251 kg</dd>" in text
        assert "<dd>3,100 kWh</dd>" in text
        assert "× 1 kWh/kWh" in text

    def test_biogenic_carbon_stands_beside(self, web, facility):
        invoice = factories.invoice(facility=facility, type="heat")
        figures.result(invoice, "stationary", "2", co2e_biomass=Decimal(77), trace=[figures.line(biomass_factor="0.3")])

        text = shown(web, invoice)

        assert "<dd>77.0 kg</dd>" in text
        assert "+ 77.0 kg biogenic" in text
        assert "location-based" not in text

    @pytest.mark.parametrize(
        ("status", "words"), [("loading", "It is being calculated."), ("active", "Nothing is calculated yet.")]
    )
    def test_what_is_not_calculated_is_said_to_be_so(self, web, facility, status, words):
        text = shown(web, factories.invoice(facility=facility, status=status))

        assert words in text
        assert '<p class="figure">–</p>' in text

    def test_an_error_is_shown_with_what_to_mend(self, web, facility):
        invoice = factories.invoice(facility=facility, status="error", error_messages=["No factor for XX."])
        figures.result(invoice, error="No factor for XX.", scope=None)

        text = shown(web, invoice)

        assert text.count("No factor for XX.") == 2
        assert "and calculate again" in text

    def test_what_was_replaced_stays_to_be_seen(self, web, invoice, other_organization):
        figures.result(invoice, co2e="5")
        replaced(invoice, co2e=Decimal("123.4"))
        replaced(invoice, activity_category="energy", energy_kwh=Decimal(3000))
        replaced(invoice, error="There was none.")
        replaced(factories.invoice(facility=factories.facility(organization=other_organization)), co2e=Decimal(777))

        text = shown(web, invoice)

        for said in ("What was calculated before", "2025.2", ">123<", "3,000 kWh", "There was none."):
            assert said in text
        assert "777" not in text

    def test_older_results_come_in_pages(self, web, invoice):
        for number in range(21):
            replaced(invoice, co2e=Decimal(number))

        assert "Page 1 of 2" in shown(web, invoice)
        assert "Page 2 of 2" in shown(web, invoice, page=2)


class TestParts:
    @pytest.fixture
    def below(self, organization):
        return factories.facility(organization=factories.organization(parent=organization, name="Below"), name="Far")

    def test_a_distributed_one_names_its_parts(self, web, facility, below):
        parent, (here, there) = factories.distributed(facility, below)
        figures.result(here, co2e="6")
        figures.result(there, co2e="4")

        text = shown(web, parent)

        assert '<p class="figure">10.0 ' in text
        assert "Its parts" in text
        assert f'<a href="{reverse("invoice", args=[here.pk])}">Madrid</a>' in text
        assert (str(there.pk) in text, "Far" in text, "Below" in text) == (False, True, True)

    def test_a_part_leads_to_the_whole(self, web, facility, below):
        parent, (here, _there) = factories.distributed(facility, below)

        text = shown(web, here)

        assert f'href="{reverse("invoice", args=[parent.pk])}"' in text
        assert "(this one)" in text

    def test_a_part_shows_nothing_of_what_its_reader_does_not_reach(self, client, facility, below):
        parent, (_here, there) = factories.distributed(facility, below)

        text = shown(browser(client, factories.member(below.organization)), there)

        assert (str(parent.pk) in text, "Madrid" in text) == (False, False)

    def test_a_distributed_one_without_parts_can_not_be_calculated(self, web, organization):
        text = shown(web, factories.invoice(organization=organization, is_parent=True))

        assert "see its parts" in text
        assert "Calculate again" not in text


class TestRecalculating:
    def test_an_editor_queues_it(self, web, invoice):
        answer = web.post(reverse("invoice-recalculate", args=[invoice.pk]), follow=True)

        job = ProcessingJob.objects.get()
        assert (job.action, job.trigger_type, job.activity_category, job.items_total) == (
            JobAction.RECALCULATE,
            "WEB",
            "",
            1,
        )
        assert job.chunks.get().invoice_ids == [str(invoice.pk)]
        assert "1 invoice will be calculated again" in answer.text

    def test_a_distributed_one_means_its_parts(self, web, organization, facility):
        parent, children = factories.distributed(facility, factories.facility(organization=organization))

        web.post(reverse("invoice-recalculate", args=[parent.pk]))

        assert ProcessingJob.objects.get().items_total == len(children)

    def test_in_a_closed_year_it_is_refused_in_words(self, web, organization, invoice):
        factories.year_closing(organization=organization, year=2024)

        answer = web.post(reverse("invoice-recalculate", args=[invoice.pk]))

        assert answer.status_code == 409
        assert "The year 2024 is closed" in answer.text
        assert not ProcessingJob.objects.exists()

    def test_a_viewer_neither_sees_nor_may_do_it(self, client, organization, invoice):
        web = browser(client, factories.member(organization, Role.VIEWER))

        assert "Calculate again" not in shown(web, invoice)
        assert web.post(reverse("invoice-recalculate", args=[invoice.pk])).status_code == 403
        assert not ProcessingJob.objects.exists()

    def test_looking_changes_nothing(self, web, invoice):
        assert web.get(reverse("invoice-recalculate", args=[invoice.pk])).status_code == 405


@pytest.mark.parametrize(("name", "method"), [("invoice", "get"), ("invoice-recalculate", "post")])
def test_another_organization_s_invoice_is_as_unknown_as_none(web, other_organization, name, method):
    theirs = factories.invoice(facility=factories.facility(organization=other_organization))

    for invoice_id in (theirs.pk, uuid4()):
        assert getattr(web, method)(reverse(name, args=[invoice_id])).status_code == 404
    assert not ProcessingJob.objects.exists()


def test_takes_as_many_queries_for_many_results(web, organization, facility, django_assert_num_queries):
    invoice = factories.invoice(facility=facility, file_id=factories.stored_file(organization=organization).pk)
    figures.result(invoice, co2e="1", trace=[figures.line()])
    source()

    def look():
        # Who, and for whom (5); the invoice; its results; what it names; how many older and those; sources; sets; file.
        with django_assert_num_queries(13):
            shown(web, invoice)

    replaced(invoice, co2e=Decimal(1))
    look()
    figures.results(invoice, electricity_location_based="2", electricity_generation="3", energy="4")
    for _ in range(5):
        replaced(invoice, co2e=Decimal(1))
    look()


def test_dates_cross_years(web, facility):
    dates = {"start_date": date(2023, 12, 16), "end_date": date(2024, 1, 15)}

    assert "16/12/2023 – 15/01/2024" in shown(web, factories.invoice(facility=facility, **dates))


class TestOwnFactors:
    @pytest.fixture
    def failed(self, facility):
        return factories.invoice(
            facility=facility, type="process", cups="", status="error", error_messages=["A process needs a factor."]
        )

    def choose(self, web, invoice, group):
        return web.post(reverse("invoice-factors", args=[invoice.pk]), {"group": str(group)}, follow=True)

    def test_are_offered_where_nothing_published_fits(self, web, organization, failed):
        factories.custom_group(organization=organization, name="Ours of 2024")

        assert "Ours of 2024" in shown(web, failed)

    def test_are_not_offered_to_a_viewer_nor_where_all_is_well(self, client, web, organization, invoice, failed):
        factories.custom_group(organization=organization, name="Ours of 2024")

        assert "Ours of 2024" not in shown(web, invoice)
        assert "Ours of 2024" not in shown(browser(client, factories.member(organization, Role.VIEWER)), failed)

    def test_are_named_by_the_invoice_and_queue_its_calculation(self, web, organization, failed):
        group = factories.custom_group(organization=organization)

        answer = self.choose(web, failed, group.pk)

        failed.refresh_from_db()
        assert failed.custom_emission_factor == group
        assert ProcessingJob.objects.get().items_total == 1
        assert "is calculated with these factors" in answer.text

    @pytest.mark.parametrize("group", ["", "none", uuid4()])
    def test_that_are_none_are_refused_and_nothing_changes(self, web, failed, group):
        answer = self.choose(web, failed, group)

        failed.refresh_from_db()
        assert "Choose one of the groups" in answer.text
        assert failed.custom_emission_factor is None
        assert not ProcessingJob.objects.exists()

    def test_of_another_organization_are_refused(self, web, other_organization, failed):
        answer = self.choose(web, failed, factories.custom_group(organization=other_organization).pk)

        failed.refresh_from_db()
        assert "Choose one of the groups" in answer.text
        assert failed.custom_emission_factor is None

    def test_are_not_for_an_invoice_of_another_organization(self, web, organization, other_organization):
        theirs = factories.invoice(facility=factories.facility(organization=other_organization))
        group = factories.custom_group(organization=organization)

        assert self.choose(web, theirs, group.pk).status_code == 404

    def test_change_nothing_of_a_closed_year(self, web, organization, failed):
        factories.year_closing(organization=organization, year=2024)
        group = factories.custom_group(organization=organization)

        answer = self.choose(web, failed, group.pk)

        failed.refresh_from_db()
        assert answer.status_code == 409
        assert failed.custom_emission_factor is None
