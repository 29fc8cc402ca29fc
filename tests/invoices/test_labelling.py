"""Linking suppliers to their published factors: by the same name, by a person, and undoably."""

import pytest

from facilities.models import Role
from invoices import labelling
from invoices.models import ProcessingJob, SupplierLink
from tests import factories

pytestmark = pytest.mark.django_db

IBERDROLA = "iberdrola clientes"


class TestProposals:
    def test_a_supplier_is_proposed_the_name_that_is_its_own_however_it_is_spelt(self):
        supplier = factories.supplier(name="Iberdrola Clientes, S. A. U.")

        assert labelling.proposals() == [(supplier, IBERDROLA, "IBERDROLA CLIENTES, S.A.U.")]

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": "Iberdrola Cliente"},
            {"name": "Iberdrola"},
            {"name": "Iberdrola Clientes", "country": "PT"},
            {"name": "Iberdrola Clientes", "type": "gas"},
        ],
    )
    def test_likeness_is_no_proposal_nor_is_another_country_or_trade(self, fields):
        factories.supplier(**fields)

        assert labelling.proposals() == []

    def test_what_is_linked_is_not_proposed_again(self):
        factories.supplier_link(supplier=factories.supplier(name="Iberdrola Clientes"))

        assert labelling.proposals() == []


class TestConfirming:
    def test_who_linked_is_kept_and_how_many_invoices_name_the_supplier_is_told(self, organization, author):
        supplier = factories.supplier(name="Iberdrola")
        factories.invoice(facility=factories.facility(organization=organization), supplier=supplier)
        factories.invoice(supplier=supplier)  # out of the author's reach

        linked = labelling.confirm(supplier=supplier, register_name="IBERDROLA CLIENTES, S.A.U.", by=author)

        link = SupplierLink.objects.get()
        assert linked == (link, 1)
        assert (link.supplier, link.register_name, link.confirmed_by) == (supplier, IBERDROLA, author.user)
        assert not ProcessingJob.objects.exists()

    def test_a_superuser_in_the_admin_is_told_of_everybodys(self, organization):
        from facilities.access import Author, Channel

        supplier = factories.supplier()
        factories.invoice(supplier=supplier)
        root = Author(factories.user(is_superuser=True), Channel.ADMIN)

        assert labelling.confirm(supplier=supplier, register_name=IBERDROLA, by=root).invoice_count == 1

    def test_a_link_takes_the_place_of_the_one_before(self, author):
        supplier = factories.supplier()
        factories.supplier_link(supplier=supplier)

        labelling.confirm(supplier=supplier, register_name="endesa energia", by=author)

        link = SupplierLink.objects.get()
        assert (link.register_name, link.confirmed_by) == ("endesa energia", author.user)

    @pytest.mark.parametrize(("name", "country"), [("Iberdrola", "ES"), (IBERDROLA, "PT"), ("", "ES")])
    def test_a_name_that_the_register_lacks_is_refused(self, author, name, country):
        supplier = factories.supplier(country=country)

        with pytest.raises(labelling.NotInRegister, match=country):
            labelling.confirm(supplier=supplier, register_name=name, by=author)

        assert not SupplierLink.objects.exists()


class TestWithdrawing:
    def test_the_link_is_gone_and_how_many_invoices_name_the_supplier_is_told(self, organization):
        by = factories.author(organization, Role.ADMIN)
        supplier = factories.supplier()
        factories.supplier_link(supplier=supplier)
        factories.invoice(facility=factories.facility(organization=organization), supplier=supplier)

        withdrawn = labelling.withdraw(supplier=supplier, by=by)

        assert withdrawn.invoice_count == 1
        assert not SupplierLink.objects.exists()

    def test_without_a_link_it_is_refused(self, author):
        with pytest.raises(labelling.NotLinked):
            labelling.withdraw(supplier=factories.supplier(), by=author)
