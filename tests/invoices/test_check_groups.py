import io
from datetime import date
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from invoices.models import CupsGroup, Invoice
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(facility):
    """A group of one invoice, true so far."""
    factories.invoice(
        facility=facility, cups="ES1234123456789012JY", start_date=date(2024, 1, 1), end_date=date(2024, 1, 31)
    )
    return CupsGroup.objects.get()


def check(**options):
    call_command("check_groups", **options, stdout=(printed := io.StringIO()))
    return printed.getvalue()


def failed_check(**options):
    printed = io.StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("check_groups", **options, stdout=printed)
    assert refusal.value.returncode == 1
    return f"{printed.getvalue()}{refusal.value}"


def test_groups_that_say_what_the_invoices_say_are_counted(group):
    assert check() == "1 CUPS group compared, 0 differed.\n"


def test_a_group_that_differs_is_told_in_words_and_left_as_it_is(group):
    CupsGroup.objects.update(invoice_count=7)

    printed = failed_check()

    assert "Ours · Madrid · ES1234123456789012JY: the group says 7 invoices, 0 backed by Datadis, " in printed
    assert (
        "from 2024-01-01 to 2024-01-31; the invoices say 1 invoice, 0 backed by Datadis, from 2024-01-01 to 2024-01-31."
        in printed
    )
    assert "1 CUPS group compared, 1 differed." in printed
    assert CupsGroup.objects.get().invoice_count == 7


def test_repair_makes_a_group_true(group):
    CupsGroup.objects.update(invoice_count=7)

    printed = check(repair=True)

    assert "1 CUPS group repaired." in printed
    assert CupsGroup.objects.get().invoice_count == 1
    assert check() == "1 CUPS group compared, 0 differed.\n"


def test_invoices_without_a_group_differ_from_nothing(group):
    CupsGroup.objects.all().delete()

    printed = failed_check()

    assert "the group says nothing; the invoices say 1 invoice" in printed
    assert "1 CUPS group compared, 1 differed." in printed


def test_repair_removes_a_group_without_invoices(group):
    Invoice.objects.all().delete()

    printed = check(repair=True)

    assert "the invoices say nothing." in printed
    assert not CupsGroup.objects.exists()


def test_one_organization_can_be_compared_alone(group, organization, other_organization):
    CupsGroup.objects.update(invoice_count=7)

    assert check(organization=other_organization.pk) == "0 CUPS groups compared, 0 differed.\n"
    assert "1 differed" in failed_check(organization=organization.pk)


def test_an_unknown_organization_is_refused(group):
    assert "There is no organization" in failed_check(organization=uuid4())
