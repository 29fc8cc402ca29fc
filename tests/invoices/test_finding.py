"""One invoice with its figures, and with how its bill was divided."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from facilities.access import Author, Channel
from invoices import finding
from invoices.families import InvoiceNotFound
from invoices.models import EmissionCategory, Invoice
from tests import factories, figures

pytestmark = pytest.mark.django_db


@pytest.fixture
def below(organization):
    """A facility of a company below ours."""
    return factories.facility(organization=factories.organization(parent=organization))


def found(invoice, by):
    return finding.find(organization=invoice.organization, invoice_id=invoice.pk, by=by)


def test_what_is_not_calculated_has_no_figures(facility, author):
    shown = found(factories.invoice(facility=facility), author)

    assert (shown.co2e, shown.co2e_biomass, shown.total_energy_kwh, shown.emissions) == (None, None, None, [])


def test_an_invoice_shows_its_own_figure_and_its_energy(facility, author):
    invoice = factories.invoice(facility=facility)
    figures.result(invoice, "energy", energy_kwh=Decimal(100))
    figures.result(invoice, "electricity_location_based", "12.3")
    figures.result(invoice, "electricity", "0", co2e_biomass=Decimal("1.5"), trace=[figures.line()], flags="a b")

    shown = found(invoice, author)

    assert (shown.co2e, shown.co2e_biomass, shown.total_energy_kwh) == (Decimal(0), Decimal("1.5"), Decimal(100))
    assert [result.activity_category for result in shown.emissions] == [
        EmissionCategory.ELECTRICITY,
        EmissionCategory.ELECTRICITY_LOCATION_BASED,
        EmissionCategory.ENERGY,
    ]
    assert (shown.headline.scope, shown.headline.flags, shown.headline.trace) == (2, ["a", "b"], [figures.line()])


def test_why_there_is_no_figure_is_shown(facility, author):
    invoice = factories.invoice(facility=facility, status="error")
    figures.result(invoice, error="No factor.")

    shown = found(invoice, author)

    assert (shown.co2e, shown.headline.error) == (None, "No factor.")


class TestParents:
    def test_show_the_sums_of_their_children(self, facility, below, author):
        parent, (here, there) = factories.distributed(facility, below)
        figures.result(
            here, co2e="6", calculated_at=datetime(2026, 1, 1, tzinfo=UTC), trace=[figures.line(share="0.6")]
        )
        figures.result(
            there, co2e="4", calculated_at=datetime(2026, 1, 2, tzinfo=UTC), trace=[figures.line()], flags="custom"
        )
        figures.result(here, "energy", energy_kwh=Decimal(60))
        figures.result(there, "energy", energy_kwh=Decimal(40))

        shown = found(parent, author)

        assert (shown.co2e, shown.co2e_biomass, shown.total_energy_kwh) == (Decimal(10), Decimal(0), Decimal(100))
        assert shown.headline.trace == [figures.line(share="0.6"), figures.line()]
        assert (shown.headline.flags, shown.headline.calculated_at.day) == (["custom"], 2)

    def test_have_no_figure_while_a_child_has_none(self, facility, below, author):
        parent, (here, there) = factories.distributed(facility, below)
        figures.result(here, co2e="6")
        assert found(parent, author).co2e is None

        figures.result(there, error="No factor.")
        shown = found(parent, author)

        assert (shown.co2e, shown.headline.error) == (None, "No factor.")

    def test_are_of_the_scope_of_any_child_that_has_one(self, facility, below, author):
        parent, (here, there) = factories.distributed(facility, below)
        figures.result(here, error="No factor.", scope=None)
        figures.result(there, co2e="4")

        assert found(parent, author).headline.scope == 2

    def test_say_an_error_of_several_children_once(self, facility, below, author):
        parent, children = factories.distributed(facility, below)
        for child in children:
            figures.result(child, error="No factor.")

        assert found(parent, author).headline.error == "No factor."

    def test_without_children_have_none(self, organization, author):
        assert found(factories.invoice(organization=organization, is_parent=True), author).emissions == []

    def test_a_child_shows_its_own_figure_beside_its_siblings(self, facility, below, author):
        _parent, (here, there) = factories.distributed(facility, below)
        figures.result(here, co2e="6")
        figures.result(there, co2e="4")

        shown = found(here, author)

        assert (shown.co2e, len(shown.parts), shown.bearers) == (Decimal(6), 2, (here,))


def test_a_page_of_invoices_takes_one_query_for_its_figures(organization, facility, author, django_assert_num_queries):
    invoices = factories.invoices(5, facility=facility)
    for invoice in invoices:
        figures.results(invoice, electricity="1", electricity_location_based="2")
    rows = list(Invoice.objects.of(organization.pk).select_related("facility"))

    with django_assert_num_queries(1):
        shown = finding.described(rows, organization=organization, by=author)

    assert [each.co2e for each in shown] == [Decimal(1)] * 5
    assert finding.described([], organization=organization, by=author) == []


def test_a_single_invoice_is_its_own_only_part(facility, author):
    invoice = factories.invoice(facility=facility)

    shown = found(invoice, author)

    assert (shown.invoice, shown.parts, shown.primary) == (invoice, (invoice,), invoice)


def test_a_parent_shows_its_first_child(facility, below, author):
    parent, children = factories.distributed(facility, below)

    shown = found(parent, author)

    assert (shown.invoice, shown.parts, shown.primary) == (parent, children, children[0])


def test_a_superuser_who_is_no_member_reads_an_organization_and_none_above(facility, below):
    parent, (here, there) = factories.distributed(facility, below)
    superuser = Author(factories.user(is_superuser=True), Channel.ADMIN)

    assert found(parent, superuser).parts == [here, there]
    assert found(here, superuser).parts == [here, there]
    assert list(found(there, superuser).parts) == [there]


def test_an_invoice_of_another_organization_is_not_found(organization, below, author):
    for invoice_id in (factories.invoice(facility=below).pk, uuid4()):
        with pytest.raises(InvoiceNotFound):
            finding.find(organization=organization, invoice_id=invoice_id, by=author)
