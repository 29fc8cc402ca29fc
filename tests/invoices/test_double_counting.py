"""What joining codes would count twice, and what it would not."""

from datetime import date
from decimal import Decimal

import pytest

from invoices import double_counting
from invoices.double_counting import Clash
from invoices.models import Invoice
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def bill(facility):
    """File a bill of one of two codes, by day of January 2024."""

    def bill(cups, start, end, **fields):
        return factories.invoice(
            facility=facility, cups=cups, start_date=date(2024, 1, start), end_date=date(2024, 1, end), **fields
        )

    return bill


@pytest.fixture
def found(organization):
    return lambda: double_counting.clashes(Invoice.objects.of(organization.pk))


@pytest.fixture
def kinds(found):
    return lambda: {clash: figures.count for clash, figures in found().items()}


def test_bills_that_follow_each_other_do_not_clash(bill, found):
    bill("A", 1, 10)
    bill("B", 10, 20)
    bill("A", 21, 31)

    assert found() == {}


def test_periods_that_overlap_are_given_with_days_and_kwh(bill, found):
    earlier = bill("A", 1, 11, quantity=100)
    later = bill("B", 6, 16, quantity=200)

    figures = found()[Clash.OVERLAPPING_PERIODS]

    assert (figures.count, figures.days, figures.kwh) == (1, 5, Decimal(100))
    assert [(one.pk, other.pk) for one, other in figures.pairs] == [(earlier.pk, later.pk)]


def test_megawatt_hours_count_as_kwh(bill, found):
    bill("A", 1, 11)
    bill("B", 1, 21, quantity=2, unit=factories.unit(name="megawatt_hour_(mwh)", symbol="MWh"))

    assert found()[Clash.OVERLAPPING_PERIODS].kwh == Decimal(1000)


def test_overlaps_under_one_code_are_not_what_joining_adds(bill, found):
    bill("A", 1, 20)
    bill("A", 5, 25)

    assert found() == {}


def test_the_bill_that_ends_last_is_remembered(bill, kinds):
    bill("A", 1, 31)
    bill("A", 2, 3)
    bill("B", 10, 20)

    assert kinds() == {Clash.OVERLAPPING_PERIODS: 1}


def test_another_facilitys_bill_does_not_clash(bill, organization, found):
    bill("A", 1, 31)
    elsewhere = factories.facility(organization=organization)
    factories.invoice(facility=elsewhere, cups="B", start_date=date(2024, 1, 1), end_date=date(2024, 1, 31))

    assert found() == {}


def test_the_same_period_and_quantity_is_the_same_invoice(bill, kinds):
    bill("A", 1, 31, quantity=100, invoice_number="1")
    bill("B", 1, 31, quantity=100, invoice_number="2")

    assert kinds() == {Clash.SAME_INVOICE: 1}


def test_the_same_period_and_number_is_the_same_invoice(bill, kinds):
    bill("A", 1, 31, quantity=100, invoice_number="1")
    bill("B", 1, 31, quantity=90, invoice_number="1")

    assert kinds() == {Clash.SAME_INVOICE: 1}


def test_the_same_number_of_one_supplier_in_another_period_is_the_same_invoice(bill, kinds):
    supplier = factories.supplier()
    bill("A", 1, 10, invoice_number="1", supplier=supplier)
    bill("B", 11, 20, invoice_number="1", supplier=supplier)

    assert kinds() == {Clash.SAME_INVOICE: 1}


def test_the_same_number_of_another_supplier_is_not(bill, found):
    bill("A", 1, 10, invoice_number="1", supplier=factories.supplier())
    bill("B", 11, 20, invoice_number="1", supplier=factories.supplier())

    assert found() == {}


def test_the_same_period_with_another_number_and_quantity_is_a_correction(bill, kinds):
    bill("A", 1, 31, quantity=100, invoice_number="1")
    bill("B", 1, 31, quantity=90, invoice_number="2")

    assert kinds() == {Clash.CORRECTION: 1}


def test_a_negative_quantity_is_a_correction(bill, kinds):
    bill("A", 1, 31, quantity=100)
    bill("B", 5, 31, quantity=-20)

    assert kinds() == {Clash.CORRECTION: 1}


def test_what_is_not_billed_in_energy_overlaps_in_days_alone(bill, found):
    bill("A", 1, 11)
    bill("B", 6, 16, unit=factories.unit(name="liter_(l)", symbol="l", type="volume"))

    figures = found()[Clash.OVERLAPPING_PERIODS]
    assert (figures.days, figures.kwh) == (5, 0)


def test_all_are_counted_and_the_first_hundred_named(bill, found):
    bill("A", 1, 31)
    for _number in range(double_counting.EXAMPLES + 1):
        bill("B", 2, 30)

    figures = found()[Clash.OVERLAPPING_PERIODS]
    assert (figures.count, len(figures.pairs)) == (double_counting.EXAMPLES + 1, double_counting.EXAMPLES)
