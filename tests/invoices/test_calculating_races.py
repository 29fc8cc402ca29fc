"""Two workers at the same moment, or a worker and a person, each with a connection of their own."""

from contextlib import contextmanager
from decimal import Decimal
from unittest import mock

import pytest
from django.db import connection, transaction
from django.db.models import QuerySet

from invoices import calculating, filing
from invoices.models import InvoiceEmission, InvoiceEmissionHistory
from tests import factories
from tests.invoices.test_calculating import RESIDUAL_MIX, calculate, change, give_evidence, kilogram
from tests.invoices.test_races import meanwhile

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one transaction write at a time"),
]


@pytest.fixture
def invoice(facility):
    return factories.invoice(facility=facility, status="loading")


@contextmanager
def as_is():
    yield


@contextmanager
def without_row_locks():
    with mock.patch.object(QuerySet, "select_for_update", lambda rows, **_how: rows.all()):
        yield


def kg(invoice):
    return InvoiceEmission.objects.get(invoice=invoice, activity_category="electricity").co2e


def calculating_it(invoice, category=""):
    """Return what a worker does: it calculates outside the transaction that it writes in."""

    def deed():
        worked = calculating.work_out(
            organization_id=invoice.organization_id, invoice_ids=[invoice.pk], category=category
        )
        with transaction.atomic():
            return calculating.write(worked, job=None)

    return deed


def test_jobs_of_different_categories_of_an_invoice_do_not_wait_for_each_other(invoice):
    calculate(invoice)
    change(invoice, quantity=200)

    slow, quick, waited = meanwhile(calculating_it(invoice, "electricity"), calculating_it(invoice, "energy"))

    assert (slow.error, quick.error) == (None, None)
    assert not waited
    assert InvoiceEmissionHistory.objects.count() == 2


def test_nor_do_they_where_an_error_stays(facility):
    invoice = factories.invoice(facility=facility, type="process", cups="", unit=kilogram(), status="loading")
    calculate(invoice)

    _slow, quick, waited = meanwhile(calculating_it(invoice, "process"), calculating_it(invoice, "energy"))

    assert quick.error is None
    assert not waited


@pytest.mark.parametrize(("locks", "count"), [(as_is, 1), (without_row_locks, 2)])
def test_a_result_that_two_jobs_replace_goes_to_the_history_once(invoice, locks, count):
    calculate(invoice)
    change(invoice, quantity=200)

    with locks():
        slow, quick, _waited = meanwhile(calculating_it(invoice), calculating_it(invoice))

    assert (slow.error, quick.error) == (None, None)
    assert kg(invoice) == 200 * RESIDUAL_MIX
    assert InvoiceEmissionHistory.objects.filter(activity_category="electricity").count() == count


def test_a_first_result_that_two_jobs_write_stands_once(invoice):
    change(invoice, status="active")

    slow, quick, _waited = meanwhile(calculating_it(invoice), calculating_it(invoice))

    assert (slow.error, quick.error) == (None, None)
    assert kg(invoice) == 100 * RESIDUAL_MIX
    assert not InvoiceEmissionHistory.objects.exists()


def test_a_first_result_by_an_older_contract_does_not_replace_a_newer_one(facility):
    contract = factories.supply_contract(facility=facility)
    invoice = factories.invoice(facility=facility, supply_contract=contract, status="active")
    worked = calculating.work_out(organization_id=invoice.organization_id, invoice_ids=[invoice.pk])
    give_evidence(contract)

    slow, quick, waited = meanwhile(calculating_it(invoice), lambda: calculating.write(worked, job=None))

    assert (slow.error, quick.error) == (None, None)
    assert waited
    assert kg(invoice) == 0
    assert not InvoiceEmissionHistory.objects.exists()


@pytest.mark.parametrize(("locks", "ends"), [(as_is, "active"), (without_row_locks, "loading")])
def test_a_parent_whose_last_two_parts_end_at_once_turns_active(organization, locks, ends):
    below = factories.organization(parent=organization)
    places = [factories.facility(organization=organization), factories.facility(organization=below)]
    parent, children = factories.distributed(*places, organization=organization, status="loading")

    with locks():
        meanwhile(*map(calculating_it, children))

    parent.refresh_from_db()
    assert parent.status == ends


def test_what_a_person_changes_meanwhile_is_what_is_calculated(invoice, organization, author):
    def changing():
        filing.change(
            organization=organization, invoice_id=invoice.pk, by=author, changes={"base_quantity": Decimal(200)}
        )

    _slow, quick, _waited = meanwhile(changing, calculating_it(invoice))

    assert quick.result == ([invoice.pk], {})
    assert kg(invoice) == 200 * RESIDUAL_MIX


def test_an_invoice_that_is_deleted_meanwhile_is_passed_over(invoice, organization, author):
    def deleting():
        filing.delete(organization=organization, invoice_id=invoice.pk, by=author)

    _slow, quick, waited = meanwhile(deleting, calculating_it(invoice))

    assert waited
    assert quick.result == ([], {})
    assert not InvoiceEmission.objects.exists()
