"""What was reported stays: what is refused in a closed year, and what is still allowed there."""

from datetime import date
from decimal import Decimal

import pytest

from facilities.models import Role
from invoices import assigning, closed_years, consolidating, filing, recalculating, undoing, vetting
from invoices.closed_years import Period, PeriodClosed
from invoices.consolidating import Source
from invoices.models import Invoice, InvoiceChange, ProcessingJob
from tests import factories

pytestmark = pytest.mark.django_db

# Of the same supply as VALID_CUPS, at another of its points.
SAME_SUPPLY = factories.VALID_CUPS + "1F"


@pytest.fixture
def closed(organization):
    """Close 2024 for us."""
    return factories.year_closing(organization=organization, year=2024)


@pytest.fixture
def below(organization):
    return factories.organization(parent=organization, name="Below")


def books():
    """Return all that a refusal must leave as it was."""
    return (
        list(Invoice.objects.order_by("pk").values()),
        InvoiceChange.objects.count(),
        ProcessingJob.objects.count(),
    )


def file(*places, by, **fields):
    return filing.create(
        **{
            "organization": places[0].organization,
            "by": by,
            "type": "electricity",
            "unit": factories.unit(),
            "base_quantity": Decimal(100),
            "start_date": date(2024, 1, 1),
            "end_date": date(2024, 1, 31),
            "shares": [vetting.Share(place, Decimal(1) / len(places)) for place in places],
            **fields,
        }
    )


def change(invoice, by, **changes):
    return filing.change(organization=invoice.organization, invoice_id=invoice.pk, by=by, changes=changes).invoice


def refused(deed):
    before = books()
    with pytest.raises(PeriodClosed) as refusal:
        deed()
    assert books() == before
    return refusal.value


class TestFiling:
    @pytest.mark.parametrize(
        ("start", "end"),
        [
            (date(2024, 6, 1), date(2024, 6, 30)),
            (date(2023, 12, 15), date(2024, 1, 1)),
            (date(2024, 12, 31), date(2025, 1, 30)),
            (date(2023, 7, 1), date(2025, 7, 1)),
        ],
    )
    def test_an_invoice_with_a_day_in_it_is_refused(self, closed, facility, author, start, end):
        refusal = refused(lambda: file(facility, by=author, start_date=start, end_date=end))

        assert refusal.closed == {"Ours": {2024}}
        assert str(refusal) == "Closed years can't change (Ours: 2024). An administrator can open a year again"

    @pytest.mark.parametrize(
        ("start", "end"), [(date(2023, 12, 1), date(2023, 12, 31)), (date(2025, 1, 1), date(2025, 1, 1))]
    )
    def test_an_invoice_beside_it_is_filed(self, closed, facility, author, start, end):
        assert file(facility, by=author, start_date=start, end_date=end).pk

    def test_a_distributed_invoice_is_refused_for_each_part_by_its_own_organization(self, facility, below):
        boss = factories.author(facility.organization)
        there = factories.facility(organization=below)
        factories.year_closing(organization=below, year=2024)

        refusal = refused(lambda: file(facility, there, by=boss))

        assert refusal.closed == {"Below": {2024}}
        assert file(facility, by=boss)

    def test_the_books_of_the_whole_alone_do_not_matter(self, closed, organization, below):
        boss = factories.author(organization)
        places = [factories.facility(organization=below) for _ in range(2)]

        assert file(*places, by=boss, organization=organization).is_parent

    def test_another_organizations_closing_does_not_matter(self, other_organization, facility, author):
        factories.year_closing(organization=other_organization, year=2024)

        assert file(facility, by=author)

    def test_a_year_that_was_opened_again_takes_invoices(self, closed, organization, facility, author):
        factories.year_closing(organization=organization, year=2024, action="reopened")

        assert file(facility, by=author)


class TestChanging:
    @pytest.mark.parametrize(
        "name",
        [
            *("quantity", "start_date", "end_date", "facility", "supplier", "status", "unit", "fuel", "type"),
            *("custom factor", "contract"),
        ],
    )
    def test_what_figures_follow_from_is_refused(self, closed, organization, facility, author, name):
        invoice = factories.invoice(facility=facility)
        changes = {
            "quantity": lambda: {"base_quantity": Decimal(5)},
            "start_date": lambda: {"start_date": date(2024, 1, 2)},
            "end_date": lambda: {"end_date": date(2024, 1, 30)},
            "facility": lambda: {"facility": factories.facility(organization=organization)},
            "supplier": lambda: {"supplier": factories.supplier()},
            "status": lambda: {"status": "inactive"},
            "unit": lambda: {"unit": factories.unit(name="megawatt_hour_(mwh)")},
            "fuel": lambda: {"facility_fuel": factories.fuel()},
            "type": lambda: {"type": "heat"},
            "custom factor": lambda: {"custom_emission_factor": factories.custom_group(organization=organization)},
            "contract": lambda: {"supply_contract": factories.supply_contract(facility=facility)},
        }[name]()

        refused(lambda: change(invoice, author, **changes))

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ((date(2025, 1, 1), date(2025, 1, 31)), {"start_date": date(2024, 12, 31)}),
            ((date(2024, 12, 1), date(2024, 12, 31)), {"start_date": date(2025, 1, 1), "end_date": date(2025, 1, 2)}),
        ],
    )
    def test_nothing_moves_into_it_or_out_of_it(self, closed, facility, author, before, after):
        invoice = factories.invoice(facility=facility, start_date=before[0], end_date=before[1])

        refused(lambda: change(invoice, author, **after))

    def test_a_code_that_brings_another_contract_is_refused(self, closed, facility, author):
        invoice = factories.invoice(facility=facility, cups=factories.OTHER_VALID_CUPS)
        factories.supply_contract(facility=facility, cups=factories.VALID_CUPS)

        refused(lambda: change(invoice, author, cups=factories.VALID_CUPS))

    def test_a_code_that_brings_none_is_corrected(self, closed, facility, author):
        contract = factories.supply_contract(facility=facility, cups=factories.VALID_CUPS)
        invoice = factories.invoice(facility=facility, cups=factories.VALID_CUPS, supply_contract=contract)

        changed = change(invoice, author, cups=SAME_SUPPLY)

        assert (changed.cups, changed.supply_contract) == (SAME_SUPPLY, contract)

    def test_number_file_and_uploader_are_corrected(self, closed, organization, facility, author):
        invoice = factories.invoice(facility=facility)
        file = factories.stored_file(organization=organization)
        person = factories.member(organization)

        change(invoice, author, invoice_number="E-9", file_id=file.pk, uploaded_by=person, file_url="https://a.es/1")

        invoice.refresh_from_db()
        assert (invoice.invoice_number, invoice.file_id, invoice.uploaded_by) == ("E-9", file.pk, person)

    def test_what_is_said_again_as_it_stands_is_no_change_and_calculates_nothing(self, closed, facility, author):
        invoice = factories.invoice(facility=facility)
        before = books()

        change(invoice, author, status="active", base_quantity=invoice.base_quantity)

        assert books() == before

    def test_a_distributed_invoice_is_refused_for_its_parts(self, facility, below):
        boss = factories.author(facility.organization)
        parent, _children = factories.distributed(facility, factories.facility(organization=below))
        factories.year_closing(organization=below, year=2024)

        refused(lambda: change(parent, boss, supplier=factories.supplier()))
        assert change(parent, boss, invoice_number="E-9").invoice_number == "E-9"

    def test_the_whole_still_follows_a_part_of_another_organization(self, closed, organization, below):
        boss = factories.author(organization)
        places = [factories.facility(organization=below) for _ in range(2)]
        parent, children = factories.distributed(*places, organization=organization)

        change(children[0], boss, status="error")

        parent.refresh_from_db()
        assert parent.status == "error"


class TestDeleting:
    def test_is_refused(self, closed, organization, facility, author):
        invoice = factories.invoice(facility=facility)

        refused(lambda: filing.delete(organization=organization, invoice_id=invoice.pk, by=author))

    def test_of_a_distributed_invoice_is_refused_for_its_parts(self, facility, below):
        boss = factories.author(facility.organization)
        parent, _children = factories.distributed(facility, factories.facility(organization=below))
        factories.year_closing(organization=below, year=2024)

        refused(lambda: filing.delete(organization=facility.organization, invoice_id=parent.pk, by=boss))

    def test_beside_it_goes_on(self, closed, organization, facility, author):
        invoice = factories.invoice(facility=facility, start_date=date(2023, 1, 1), end_date=date(2023, 12, 31))

        filing.delete(organization=organization, invoice_id=invoice.pk, by=author)

        assert not Invoice.objects.exists()


class TestRecalculating:
    def recalculate(self, organization, invoices, by):
        return recalculating.recalculate(
            organization=organization,
            invoice_ids=[invoice.pk for invoice in invoices],
            activity_categories=["electricity"],
            by=by,
        )

    def test_is_refused_as_a_whole(self, closed, organization, facility, author):
        inside = factories.invoice(facility=facility)
        beside = factories.invoice(facility=facility, start_date=date(2025, 1, 1), end_date=date(2025, 1, 31))

        refused(lambda: self.recalculate(organization, [beside, inside], author))
        assert self.recalculate(organization, [beside], author).jobs

    def test_of_a_distributed_invoice_is_refused_for_its_parts(self, facility, below):
        boss = factories.author(facility.organization)
        parent, _children = factories.distributed(facility, factories.facility(organization=below))
        factories.year_closing(organization=below, year=2024)

        refused(lambda: self.recalculate(facility.organization, [parent], boss))


class TestCorrectingCodes:
    def test_consolidating_and_undoing_stay_allowed(self, closed, organization, facility):
        by = factories.author(organization)
        invoice = factories.invoice(facility=facility, cups="ES-OLD")
        source = Source("ES-OLD", facility.pk)

        done = consolidating.consolidate(organization=organization, sources=[source], target="ES-NEW", by=by)
        assert Invoice.objects.get().cups == "ES-NEW"
        undoing.undo(organization=organization, consolidation_id=done.consolidation.pk, by=by)

        invoice.refresh_from_db()
        assert invoice.cups == "ES-OLD"

    def test_giving_a_first_code_stays_allowed(self, closed, organization, facility, author):
        invoice = factories.invoice(facility=facility, cups="")
        named = {"organization": organization, "invoice_ids": [invoice.pk], "target": factories.VALID_CUPS}

        assigning.assign(**named, by=author, agreed=assigning.plan(**named).digest)

        assert Invoice.objects.get().cups == factories.VALID_CUPS


class TestAmong:
    def test_says_of_each_invoice_in_a_closed_year_why(self, closed, organization, other_organization):
        factories.year_closing(organization=organization, year=2025)
        periods = {
            "inside": Period(organization.pk, date(2024, 1, 1), date(2024, 1, 31)),
            "over": Period(organization.pk, date(2024, 12, 1), date(2025, 1, 31)),
            "beside": Period(organization.pk, date(2023, 1, 1), date(2023, 12, 31)),
            "theirs": Period(other_organization.pk, date(2024, 1, 1), date(2024, 1, 31)),
        }

        assert closed_years.closed_among(periods) == {
            "inside": "The year is closed (2024): what was reported stays. An administrator can open it again",
            "over": "The year is closed (2024, 2025): what was reported stays. An administrator can open it again",
        }

    def test_costs_nothing_without_invoices(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            closed_years.check([])
            assert closed_years.closed_among({}) == {}

    def test_costs_the_same_however_many_there_are(
        self, organization, other_organization, django_assert_max_num_queries
    ):
        many = [
            Period(owner.pk, date(2024, month, 1), date(2025, month, 1))
            for owner in (organization, other_organization)
            for month in range(1, 13)
        ]

        with django_assert_max_num_queries(2):
            closed_years.check(many)


def test_the_admin_role_is_no_way_past_it(closed, organization, facility):
    boss = factories.author(organization, Role.ADMIN)

    refused(lambda: file(facility, by=boss))
