"""One invoice with how its bill was divided."""

from uuid import uuid4

import pytest

from facilities.access import Author, Channel
from invoices import finding
from invoices.filing import InvoiceNotFound
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def below(organization):
    """A facility of a company below ours."""
    return factories.facility(organization=factories.organization(parent=organization))


def found(invoice, by):
    return finding.find(organization=invoice.organization, invoice_id=invoice.pk, by=by)


def test_nothing_is_calculated_yet(facility, author):
    shown = found(factories.invoice(facility=facility), author)

    assert (shown.co2e, shown.co2e_biomass, shown.total_energy_kwh, shown.emissions) == (None, None, None, ())


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
