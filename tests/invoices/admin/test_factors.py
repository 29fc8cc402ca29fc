"""Factors and results are looked at; a supplier's link is made and taken away through the domain."""

from decimal import Decimal

import pytest
from django.urls import reverse

from facilities.models import Role
from invoices.models import EmissionFactor, SupplierLink
from tests import admin_door, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return admin_door.superuser()


def link(client, supplier, name):
    posted = {"supplier": str(supplier.pk), "register_name": name}
    return client.post(reverse("admin:invoices_supplierlink_add"), posted)


class TestSupplierLinks:
    def test_a_link_is_made_and_says_that_nothing_was_recalculated(self, client):
        supplier = factories.supplier(name="Iberdrola")
        factories.invoice(supplier=supplier)

        answer = link(client, supplier, "Iberdrola Clientes, S.A.U.")

        made = SupplierLink.objects.get()
        assert (made.supplier, made.register_name, made.confirmed_by) == (supplier, "iberdrola clientes", client.user)
        assert any(message.startswith("1 invoice names Iberdrola.") for message in admin_door.messages(answer))

    def test_where_no_invoice_names_the_supplier_nothing_is_said_of_any(self, client):
        answer = link(client, factories.supplier(), "iberdrola clientes")

        assert SupplierLink.objects.exists()
        assert not any("recalculated" in message for message in admin_door.messages(answer))

    def test_a_name_that_the_register_lacks_is_refused_in_the_form(self, client):
        answer = link(client, factories.supplier(), "Iberdrola")

        assert "The register of labels holds no such name" in admin_door.errors(answer)[0]
        assert not SupplierLink.objects.exists()

    def test_a_link_is_taken_away(self, client):
        made = factories.supplier_link()

        client.post(reverse("admin:invoices_supplierlink_delete", args=[made.pk]), {"post": "yes"})

        assert not SupplierLink.objects.exists()

    def test_who_is_no_superuser_only_looks(self, organization):
        supplier = factories.supplier()

        answer = link(admin_door.staff(organization, Role.ADMIN), supplier, "iberdrola clientes")

        assert answer.status_code == 403
        assert not SupplierLink.objects.exists()


class TestFactors:
    @pytest.mark.parametrize("column", ["factor_set__id__exact", "kind__exact", "jurisdiction__exact"])
    def test_they_are_found_by_set_kind_and_country(self, client, column):
        factor = EmissionFactor.objects.filter(kind="residual_mix").first()
        value = {"factor_set__id__exact": factor.factor_set_id, "kind__exact": factor.kind}.get(column, "ES")

        answer = client.get(reverse("admin:invoices_emissionfactor_changelist"), {column: value})

        assert answer.status_code == 200
        assert answer.context["cl"].queryset.exists()


class TestResults:
    def test_an_invoice_shows_what_was_calculated_of_it(self, organization, facility):
        invoice = factories.invoice(facility=facility)
        factories.emission(invoice, co2e=Decimal("1234.5"))
        factories.emission(invoice, activity_category="energy", energy_kwh=Decimal(4321))
        factories.emission(invoice, activity_category="process", error="Name a custom factor")
        address = reverse("admin:invoices_invoice_change", args=[invoice.pk])

        shown = admin_door.staff(organization).get(address).content.decode()

        assert "electricity, market-based: 1,234.500 kg CO2e" in shown
        assert "energy: 4,321.000 kWh" in shown
        assert "process: Name a custom factor" in shown

    def test_energy_that_is_not_known_is_said_to_be_so(self, organization, facility):
        invoice = factories.invoice(facility=facility)
        factories.emission(invoice, activity_category="energy")

        answer = admin_door.staff(organization).get(reverse("admin:invoices_invoice_change", args=[invoice.pk]))

        assert "no calorific value is known" in answer.content.decode()

    def test_a_replaced_result_shows_its_trace(self, organization, facility):
        replaced = factories.replaced_emission(factories.invoice(facility=facility), trace=[{"source_id": "MITECO"}])

        answer = admin_door.staff(organization).get(
            reverse("admin:invoices_invoiceemissionhistory_change", args=[replaced.pk])
        )

        assert "MITECO" in answer.content.decode()
