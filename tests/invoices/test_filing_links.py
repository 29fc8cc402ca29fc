"""Which supply contract an invoice is linked to, and which invoices are the same."""

from datetime import date
from decimal import Decimal

import pytest

from invoices import duplicates, filing
from invoices.models import CupsGroup, Invoice, ProcessingJob
from invoices.vetting import Share
from tests import factories

pytestmark = pytest.mark.django_db

POINT = f"{factories.VALID_CUPS}0F"


@pytest.fixture
def file(organization, author):
    def file(place, **fields):
        return filing.create(
            **{
                "organization": organization,
                "by": author,
                "type": "electricity",
                "unit": factories.unit(),
                "base_quantity": Decimal(1000),
                "start_date": date(2024, 1, 1),
                "end_date": date(2024, 1, 31),
                "cups": factories.VALID_CUPS,
                "shares": [Share(place)],
                **fields,
            }
        )

    return file


def change(invoice, author, **changes):
    filing.change(organization=invoice.organization, invoice_id=invoice.pk, by=author, changes=changes)
    return Invoice.objects.get(pk=invoice.pk)


class TestFilingLinks:
    @pytest.mark.parametrize("code", [factories.VALID_CUPS, POINT, "es 1234-1234-5678-9012-jy"])
    @pytest.mark.parametrize("contracts", [factories.VALID_CUPS, POINT])
    def test_to_the_contract_of_the_same_supply(self, file, facility, code, contracts):
        contract = factories.supply_contract(facility=facility, cups=contracts)

        assert file(facility, cups=code).supply_contract == contract

    @pytest.mark.parametrize(
        "fields",
        [
            {"source": "datadis"},
            {"cups": factories.OTHER_VALID_CUPS},
            {"start_date": date(2024, 1, 2)},
            {"end_date": date(2023, 12, 31)},
        ],
    )
    def test_not_to_one_that_does_not_fit(self, file, facility, fields):
        factories.supply_contract(facility=facility, **fields)

        assert file(facility).supply_contract is None
        assert CupsGroup.objects.get().locked_count == 0

    @pytest.mark.parametrize("end", [None, date(2024, 1, 1)])
    def test_to_one_whose_dates_just_cover_the_start(self, file, facility, end):
        contract = factories.supply_contract(facility=facility, start_date=date(2024, 1, 1), end_date=end)

        assert file(facility).supply_contract == contract

    def test_to_one_that_is_no_longer_active(self, file, facility):
        contract = factories.supply_contract(facility=facility, is_active=False)

        assert file(facility).supply_contract == contract

    def test_to_the_newest_of_several(self, file, facility):
        factories.supply_contract(facility=facility)
        newer = factories.supply_contract(facility=facility, start_date=date(2023, 1, 1))

        assert file(facility).supply_contract == newer

    def test_nothing_to_another_facility_s(self, file, facility, organization):
        factories.supply_contract(facility=factories.facility(organization=organization))

        assert file(facility).supply_contract is None

    def test_nothing_without_a_code(self, file, facility):
        factories.supply_contract(facility=facility)

        assert file(facility, cups="").supply_contract is None

    def test_each_child_to_its_own_facility_s(self, file, facility, organization):
        contract = factories.supply_contract(facility=facility)
        elsewhere = factories.facility(organization=organization)

        parent = file(facility, shares=[Share(facility, Decimal("0.5")), Share(elsewhere, Decimal("0.5"))])

        assert parent.supply_contract is None
        assert dict(parent.children.values_list("facility", "supply_contract")) == {
            facility.pk: contract.pk,
            elsewhere.pk: None,
        }

    def test_to_the_one_that_is_named(self, file, facility):
        factories.supply_contract(facility=facility)
        named = factories.datadis_contract(facility=facility)

        assert file(facility, supply_contract=named).supply_contract == named


class TestChangingLinks:
    def test_another_code_links_to_its_contract(self, file, facility, author):
        contract = factories.supply_contract(facility=facility, cups=factories.OTHER_VALID_CUPS)
        invoice = file(facility)
        ProcessingJob.objects.all().delete()

        assert change(invoice, author, cups=factories.OTHER_VALID_CUPS).supply_contract == contract
        # Its renewable share counts.
        assert ProcessingJob.objects.get().action == "RECALCULATE"

    def test_another_facility_leaves_the_contract_behind(self, file, facility, organization, author):
        factories.supply_contract(facility=facility)
        invoice = file(facility)

        changed = change(invoice, author, facility=factories.facility(organization=organization))

        assert changed.supply_contract is None

    def test_another_start_can_be_another_contract_s(self, file, facility, author):
        old = factories.supply_contract(facility=facility, end_date=date(2023, 12, 31))
        new = factories.supply_contract(facility=facility, start_date=date(2024, 1, 1))
        invoice = file(facility)

        assert invoice.supply_contract == new
        assert change(invoice, author, start_date=date(2023, 12, 1)).supply_contract == old

    def test_anything_else_leaves_the_link(self, file, facility, author):
        invoice = file(facility)
        factories.supply_contract(facility=facility)

        assert change(invoice, author, status="review").supply_contract is None

    def test_a_start_that_moves_leaves_the_link_to_datadis(self, facility, author):
        contract = factories.datadis_contract(facility=facility)
        invoice = factories.invoice(facility=facility, supply_contract=contract)
        factories.supply_contract(facility=facility)

        assert change(invoice, author, start_date=date(2023, 12, 31)).supply_contract == contract

    def test_another_code_of_a_parent_links_each_child(self, facility, organization, author):
        elsewhere = factories.facility(organization=organization)
        parent, children = factories.distributed(facility, elsewhere)
        contract = factories.supply_contract(facility=elsewhere, cups=factories.OTHER_VALID_CUPS)

        change(parent, author, cups=factories.OTHER_VALID_CUPS)

        links = [Invoice.objects.get(pk=row.pk).supply_contract for row in (parent, *children)]
        assert links == [None, None, contract]


class TestTheSameInvoice:
    def test_has_the_same_supplier_and_number(self, facility, organization):
        supplier = factories.supplier()
        first = factories.invoice(facility=facility, supplier=supplier, invoice_number="E-1")
        again = factories.invoice(
            organization=organization,
            supplier=supplier,
            invoice_number="E-1",
            quantity=7,
            start_date=date(2023, 1, 1),
            cups="",
        )

        assert duplicates.same_as([again]) == [first.pk]

    @pytest.mark.parametrize(
        "fields",
        [
            {"invoice_number": "E-2"},
            {"supplier": None},
        ],
    )
    def test_not_the_number_of_another_supplier(self, facility, fields):
        supplier = factories.supplier()
        factories.invoice(**{"facility": facility, "supplier": supplier, "invoice_number": "E-1", **fields})
        other = factories.invoice(
            facility=facility, supplier=supplier, invoice_number="E-1", start_date=date(2023, 1, 1)
        )

        assert duplicates.same_as([other]) == []

    def test_no_number_is_nobody_s(self, facility):
        supplier = factories.supplier()
        factories.invoice(facility=facility, supplier=supplier, invoice_number="", quantity=7)
        other = factories.invoice(facility=facility, supplier=supplier, invoice_number="")

        assert duplicates.same_as([other]) == []

    @pytest.mark.parametrize("codes", [(factories.VALID_CUPS, POINT), ("", "")])
    def test_has_the_same_place_supply_period_and_quantity(self, facility, codes):
        first, again = [factories.invoice(facility=facility, cups=code) for code in codes]

        assert duplicates.same_as([again]) == [first.pk]
        assert duplicates.same_as([first]) == [again.pk]

    @pytest.mark.parametrize(
        "fields",
        [
            {"cups": factories.OTHER_VALID_CUPS},
            {"cups": ""},
            {"quantity": 101},
            {"start_date": date(2023, 12, 31)},
            {"end_date": date(2024, 1, 30)},
            {"type": "process"},
        ],
    )
    def test_not_where_one_of_them_differs(self, facility, fields):
        factories.invoice(facility=facility)

        assert duplicates.same_as([factories.invoice(facility=facility, **fields)]) == []

    def test_is_never_another_organization_s(self, facility, other_organization):
        supplier = factories.supplier()
        factories.invoice(organization=other_organization, supplier=supplier, invoice_number="E-1")

        ours = factories.invoice(facility=facility, supplier=supplier, invoice_number="E-1")

        assert duplicates.same_as([ours]) == []

    def test_a_distributed_one_is_named_by_its_parent_and_is_not_its_own(self, facility, organization):
        places = [facility, factories.facility(organization=organization)]
        number = {"supplier": factories.supplier(), "invoice_number": "E-1"}
        first, _children = factories.distributed(*places, **number)
        again, children = factories.distributed(*places, **number)

        assert duplicates.same_as([again, *children]) == [first.pk]
