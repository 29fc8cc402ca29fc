"""Creating, changing and deleting an invoice, whole or distributed."""

from datetime import date
from decimal import Decimal
from itertools import count
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from facilities import access
from invoices import cups, families, filing, grouping, vetting
from invoices.models import CupsGroup, Invoice, InvoiceChange, ProcessingJob
from invoices.vetting import Share
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(organization, author):
    """File an electricity invoice of January 2024; a test names what matters."""

    def file(*places, **fields):
        shares = fields.pop("shares", None) or [Share(place, Decimal(1) / len(places)) for place in places]
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
                "shares": shares,
                **fields,
            }
        )

    return file


@pytest.fixture
def elsewhere(organization):
    return factories.facility(organization=organization, name="Bilbao")


def logged_since():
    """Return what was logged after invoices were filed."""
    return InvoiceChange.objects.exclude(action="created")


def jobs():
    return list(
        ProcessingJob.objects.order_by("pk").values_list("action", "activity_category", "items_total", "status")
    )


def change(invoice, author, **changes):
    return filing.change(organization=invoice.organization, invoice_id=invoice.pk, by=author, changes=changes).invoice


def delete(invoice, author):
    filing.delete(organization=invoice.organization, invoice_id=invoice.pk, by=author)


class TestCreate:
    def test_files_one_row_for_one_facility(self, file, facility, author):
        invoice = file(facility, invoice_number="E-1")

        assert Invoice.objects.get() == invoice
        assert (invoice.quantity, invoice.percentage, invoice.is_parent) == (1000, 1, False)
        assert (invoice.status, invoice.uploaded_by, invoice.invoice_number) == ("loading", author.user, "E-1")
        assert CupsGroup.objects.get().invoice_count == 1

    def test_keeps_what_was_printed(self, file, facility):
        invoice = file(facility, cups=" es 1234-123456789012-jy ")

        assert invoice.cups == invoice.printed_cups == "es 1234-123456789012-jy"

    def test_files_a_parent_and_a_child_per_facility(self, file, facility, elsewhere):
        parent = file(facility, elsewhere, shares=[Share(facility, Decimal("0.6")), Share(elsewhere, Decimal("0.4"))])

        children = Invoice.objects.filter(source_invoice=parent)
        assert (parent.is_parent, parent.facility, parent.quantity) == (True, None, 1000)
        assert {child.facility: child.quantity for child in children} == {facility: 600, elsewhere: 400}
        assert CupsGroup.objects.count() == 2

    @pytest.mark.parametrize("places", [3, 7])
    def test_parts_always_add_up_to_the_whole(self, file, organization, places):
        places = [factories.facility(organization=organization) for _ in range(places)]

        parent = file(*places, base_quantity=Decimal("1000.000001"))

        children = Invoice.objects.filter(source_invoice=parent)
        assert sum(child.quantity for child in children) == Decimal("1000.000001")
        assert sum(child.percentage for child in children) == 1

    @pytest.mark.parametrize(("last", "accepted"), [("0.4001", True), ("0.3999", True), ("0.4002", False)])
    def test_rounded_shares_are_accepted_to_a_ten_thousandth(self, file, facility, elsewhere, last, accepted):
        shares = [Share(facility, Decimal("0.6")), Share(elsewhere, Decimal(last))]

        if accepted:
            parent = file(shares=shares)
            assert [child.percentage for child in parent.children.order_by("pk")] == [Decimal("0.6"), Decimal("0.4")]
            return
        with pytest.raises(vetting.InvalidTotalPercentage):
            file(shares=shares)
        assert not Invoice.objects.exists()

    def test_a_child_belongs_to_the_organization_of_its_facility(self, file, facility, organization):
        below = factories.organization(parent=organization)
        there = factories.facility(organization=below)

        file(facility, there)

        assert Invoice.objects.get(facility=there).organization == below
        assert CupsGroup.objects.get(facility=there).organization == below

    @pytest.mark.parametrize("last", ["0", "0.00005"])
    def test_what_the_last_share_can_not_give_back_comes_from_those_before_it(self, file, facility, elsewhere, last):
        shares = [Share(facility, Decimal("1.0001") - Decimal(last)), Share(elsewhere, Decimal(last))]

        parent = file(shares=shares)

        percentages = [child.percentage for child in parent.children.order_by("pk")]
        assert sum(percentages) == 1
        assert min(percentages) >= 0
        assert sum(child.quantity for child in parent.children.all()) == 1000

    def test_a_share_of_nothing_gets_nothing(self, file, facility, elsewhere):
        parent = file(
            shares=[Share(facility, Decimal(1)), Share(elsewhere, Decimal(0))], base_quantity=Decimal("0.000001")
        )

        assert [child.quantity for child in parent.children.order_by("pk")] == [Decimal("0.000001"), 0]

    @settings(max_examples=200, deadline=None)
    @given(
        st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any),
        st.decimals(-(10**8), 10**8, places=6),
        st.integers(0, 6),
    )
    def test_shares_and_quantities_add_up_whatever_clients_round(self, sizes, quantity, decimals):
        step = Decimal(1).scaleb(-decimals - 4)
        sent = [(Decimal(size) / sum(sizes)).quantize(step) for size in sizes]
        assume(abs(sum(sent) - 1) <= vetting.PERCENTAGE_TOLERANCE)

        shares = vetting.whole(sent)

        assert sum(shares) == 1
        assert all(0 <= share <= 1 for share in shares)
        assert all(
            abs(share - said) <= 2 * vetting.PERCENTAGE_TOLERANCE for share, said in zip(shares, sent, strict=True)
        )
        assert sum(vetting.parts(quantity, shares)) == quantity

    def test_queues_the_calculation(self, file, facility, elsewhere):
        file(facility)
        file(facility, elsewhere)

        assert jobs() == [("CREATE", "", 1, "PENDING"), ("CREATE", "", 2, "PENDING")]

    def test_is_logged_with_all_that_it_says(self, file, facility, author):
        invoice = file(facility, invoice_number="E-1")

        logged = InvoiceChange.objects.get()
        assert (logged.action, logged.invoice_id, logged.by, logged.before) == ("created", invoice.pk, author.user, {})
        assert (logged.after["invoice_number"], logged.after["facility_id"]) == ("E-1", str(facility.pk))

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"type": "gas"}, vetting.UnknownType),
            ({"type": "water"}, vetting.UnitDoesNotFit),
            ({"type": "heat"}, vetting.FuelRequired),
        ],
    )
    def test_refuses_what_no_invoice_may_be(self, file, facility, fields, error):
        with pytest.raises(error):
            file(facility, **fields)
        assert not Invoice.objects.exists()
        assert not ProcessingJob.objects.exists()

    def test_negative_quantities_are_corrections(self, file, facility):
        assert file(facility, base_quantity=Decimal(-40)).quantity == -40

    def test_refuses_a_period_that_ends_before_it_starts(self, file, facility):
        with pytest.raises(vetting.InvalidPeriod):
            file(facility, end_date=date(2023, 12, 31))
        assert not Invoice.objects.exists()

    def test_refuses_a_contract_of_another_facility(self, file, facility, elsewhere):
        with pytest.raises(filing.ContractOfAnotherFacility):
            file(facility, supply_contract=factories.supply_contract(facility=elsewhere))
        assert not Invoice.objects.exists()

    def test_refuses_a_code_that_can_not_be_stored(self, file, facility):
        with pytest.raises(cups.NotAcceptable):
            file(facility, cups="x" * 65)
        assert not Invoice.objects.exists()


class TestChange:
    def test_moves_the_invoice_from_group_to_group(self, file, facility, elsewhere, author):
        invoice = file(facility)

        change(invoice, author, cups="ES1", facility=elsewhere)

        assert list(CupsGroup.objects.values_list("cups", "facility")) == [("ES1", elsewhere.pk)]

    def test_is_logged_with_what_it_was(self, file, facility, author):
        invoice = file(facility)

        change(invoice, author, cups="ES1", start_date=date(2023, 12, 1))

        logged = logged_since().get()
        assert (logged.invoice_id, logged.by, logged.through) == (invoice.pk, author.user, author.through)
        assert logged.before == {"cups": factories.VALID_CUPS, "start_date": "2024-01-01"}
        assert logged.after == {"cups": "ES1", "start_date": "2023-12-01"}

    def test_to_the_same_is_none(self, file, facility, author):
        invoice = file(facility)

        assert change(invoice, author, cups=invoice.cups).updated_at == invoice.updated_at
        assert not logged_since().exists()

    def test_leaves_what_was_printed(self, file, facility, author):
        invoice = change(file(facility), author, cups="ES1")

        assert invoice.printed_cups == factories.VALID_CUPS

    def test_of_the_billed_quantity_changes_the_quantity(self, file, facility, author):
        assert change(file(facility), author, base_quantity=Decimal(7)).quantity == 7

    def test_names_the_job_that_calculates_it_anew(self, file, facility, author):
        invoice = file(facility)
        asked = {"organization": invoice.organization, "invoice_id": invoice.pk, "by": author}

        by_quantity = filing.change(**asked, changes={"base_quantity": Decimal(7)})
        by_number = filing.change(**asked, changes={"invoice_number": "E-2"})

        assert (by_quantity.job.action, by_quantity.job.items_total) == ("RECALCULATE", 1)
        assert by_number.job is None

    @pytest.mark.parametrize(("status", "left"), [("active", []), ("loading", []), ("error", ["No."])])
    def test_of_the_status_takes_away_what_was_said_of_errors(self, facility, author, status, left):
        invoice = factories.invoice(facility=facility, status="error", error_messages=["No."])

        changed = change(invoice, author, status=status)

        invoice.refresh_from_db()
        assert (invoice.status, invoice.error_messages, changed.error_messages) == (status, left, left)

    def test_of_the_last_part_with_an_error_takes_it_from_the_whole(self, facility, elsewhere, author):
        parent, [part, _other] = factories.distributed(facility, elsewhere)
        Invoice.objects.filter(pk__in=[parent.pk, part.pk]).update(status="error", error_messages=["No."])

        change(part, author, status="active")

        parent.refresh_from_db()
        assert (parent.status, parent.error_messages) == ("active", [])

    def test_taking_the_code_away_empties_the_group(self, file, facility, author):
        change(file(facility), author, cups="")

        assert not CupsGroup.objects.exists()

    def test_of_a_parent_is_passed_on(self, file, facility, elsewhere, author):
        parent = file(facility, elsewhere)
        supplier = factories.supplier()

        change(parent, author, cups="ES1", supplier=supplier, status="review")

        assert set(Invoice.objects.values_list("cups", "supplier", "status")) == {("ES1", supplier.pk, "review")}
        assert list(grouping.differences(organization=parent.organization)) == []
        assert logged_since().count() == 3

    def test_of_a_parent_is_passed_on_even_where_the_parent_says_so_already(self, file, facility, elsewhere, author):
        parent = file(facility, elsewhere)
        change(parent.children.get(facility=elsewhere), author, cups="ES1")

        change(parent, author, cups=factories.VALID_CUPS)

        assert set(Invoice.objects.values_list("cups", flat=True)) == {factories.VALID_CUPS}
        assert list(grouping.differences(organization=parent.organization)) == []

    @pytest.mark.parametrize(
        ("statuses", "settled"),
        [
            (["error", "active"], "error"),
            (["active", "active"], "active"),
            (["error", "active", "active"], "active"),
            (["active"], "loading"),
            (["review", "active"], "loading"),
        ],
        ids=["one in error", "all active", "one no longer in error", "one of two active", "one in review"],
    )
    def test_of_the_status_of_the_parts_settles_the_whole(self, file, facility, elsewhere, author, statuses, settled):
        parent = file(facility, elsewhere)
        parts = list(parent.children.order_by("pk"))

        for part, status in zip([*parts, parts[0]], statuses, strict=False):
            change(part, author, status=status)

        parent.refresh_from_db()
        assert parent.status == settled

    def test_of_the_status_of_a_part_below_settles_the_whole_above(self, file, facility, organization, author):
        below = factories.organization(parent=organization)
        parent = file(facility, factories.facility(organization=below))

        change(parent.children.get(organization=below), factories.author(below), status="error")

        parent.refresh_from_db()
        assert parent.status == "error"

    def test_that_comes_to_nothing_leaves_no_empty_group(self, file, facility, elsewhere, author):
        parent = file(facility, elsewhere)
        child = parent.children.get(facility=elsewhere)

        change(child, author, cups=child.cups, facility=child.facility)

        assert CupsGroup.objects.filter(invoice_count=0).count() == 0
        assert not logged_since().exists()

    def test_of_a_parent_reaches_its_children_below(self, file, facility, organization, author):
        there = factories.facility(organization=factories.organization(parent=organization))
        parent = file(facility, there)

        change(parent, author, cups="ES1")

        assert list(CupsGroup.objects.values_list("cups", flat=True)) == ["ES1", "ES1"]

    @pytest.mark.parametrize("field", ["facility", "base_quantity", "supply_contract"])
    def test_of_a_parents_parts_is_refused(self, file, facility, elsewhere, author, field):
        parent = file(facility, elsewhere)
        value = {
            "facility": facility,
            "base_quantity": Decimal(7),
            "supply_contract": factories.supply_contract(facility=facility),
        }[field]

        with pytest.raises(filing.DistributedInvoice):
            change(parent, author, **{field: value})
        assert not logged_since().exists()

    @pytest.mark.parametrize("field", ["cups", "facility", "type"])
    def test_is_refused_when_datadis_backs_it(self, facility, elsewhere, author, field):
        contract = factories.datadis_contract(facility=facility)
        invoice = factories.invoice(facility=facility, supply_contract=contract)

        with pytest.raises(filing.LockedByDatadis):
            change(invoice, author, **{field: {"cups": "ES1", "facility": elsewhere, "type": "heat"}[field]})
        assert Invoice.objects.get().cups == factories.VALID_CUPS

    def test_of_the_status_is_not_refused_when_datadis_backs_it(self, facility, author):
        contract = factories.datadis_contract(facility=facility)
        invoice = factories.invoice(facility=facility, supply_contract=contract)

        assert change(invoice, author, status="review").status == "review"

    def test_refuses_a_facility_of_another_organization(self, file, facility, author, other_organization):
        invoice = file(facility)

        with pytest.raises(filing.FacilityOfAnotherOrganization):
            change(invoice, author, facility=factories.facility(organization=other_organization))
        assert Invoice.objects.get().facility == facility

    def test_refuses_a_contract_of_another_facility(self, file, facility, elsewhere, author):
        invoice = file(facility)

        with pytest.raises(filing.ContractOfAnotherFacility):
            change(invoice, author, supply_contract=factories.supply_contract(facility=elsewhere))
        assert Invoice.objects.get().supply_contract is None

    def test_refuses_a_period_that_ends_before_it_starts(self, file, facility, author):
        with pytest.raises(vetting.InvalidPeriod):
            change(file(facility), author, end_date=date(2023, 1, 1))
        assert not logged_since().exists()

    def test_another_organizations_invoice_is_not_found(self, facility, author, other_organization):
        theirs = factories.invoice(facility=factories.facility(organization=other_organization))

        with pytest.raises(families.InvoiceNotFound):
            filing.change(organization=facility.organization, invoice_id=theirs.pk, by=author, changes={"cups": "ES1"})
        assert Invoice.objects.get().cups == factories.VALID_CUPS

    def test_of_what_emissions_follow_from_queues_their_recalculation(self, facility, elsewhere, author):
        invoice = factories.invoice(facility=facility, status="review")

        changed = change(invoice, author, facility=elsewhere, supplier=factories.supplier())

        assert changed.status == "review"
        assert jobs() == [("RECALCULATE", "", 1, "PENDING")]

    def test_of_anything_else_queues_nothing(self, facility, author):
        change(factories.invoice(facility=facility), author, invoice_number="E-9", cups="ES1", status="inactive")

        assert jobs() == []

    @pytest.mark.parametrize("status", ["active", "loading"])
    def test_to_a_status_that_needs_results_queues_the_calculation(self, facility, author, status):
        invoice = factories.invoice(facility=facility, status="active")

        assert change(invoice, author, status=status).status == status
        assert jobs() == [("CREATE", "", 1, "PENDING")]

    def test_to_active_moves_no_figure_that_is_there(self, facility, author):
        invoice = factories.invoice(facility=facility, status="inactive")
        factories.emission(invoice, co2e=Decimal(5))

        change(invoice, author, status="active")
        assert jobs() == []

        change(invoice, author, status="active", supplier=factories.supplier())
        assert jobs() == [("RECALCULATE", "", 1, "PENDING")]

    def test_of_a_parent_queues_its_children(self, facility, elsewhere, author):
        parent, _children = factories.distributed(facility, elsewhere)

        change(parent, author, supplier=factories.supplier())

        assert jobs() == [("RECALCULATE", "", 2, "PENDING")]

    def test_of_what_a_parent_has_alone_leaves_its_children(self, facility, elsewhere, author):
        parent, children = factories.distributed(facility, elsewhere)

        change(parent, author, toc="van_diesel")

        assert logged_since().count() == 1
        assert children[0].updated_at == Invoice.objects.get(pk=children[0].pk).updated_at

    def test_gives_up_on_an_invoice_that_others_keep_moving(self, facility, author, monkeypatch):
        invoice = factories.invoice(facility=facility)
        numbers = count()

        def meanwhile(keys):
            Invoice.objects.filter(pk=invoice.pk).update(cups=f"ES{next(numbers)}")

        monkeypatch.setattr(grouping, "lock", meanwhile)

        with pytest.raises(grouping.GroupsKeptChanging):
            change(invoice, author, status="review")
        assert Invoice.objects.get().status == "active"

    def test_is_refused_where_a_child_is_out_of_reach(self, facility, organization, author):
        below = factories.organization(parent=organization)
        factories.membership(organization=below, user=author.user, role="viewer")
        parent, _children = factories.distributed(facility, factories.facility(organization=below))

        with pytest.raises(access.NotAllowed):
            change(parent, author, cups="ES1")
        assert set(Invoice.objects.values_list("cups", flat=True)) == {factories.VALID_CUPS}


class TestDelete:
    def test_leaves_the_content_in_the_log(self, file, facility, author):
        invoice = file(facility, invoice_number="E-1")

        delete(invoice, author)

        logged = logged_since().get()
        assert not Invoice.objects.exists()
        assert not CupsGroup.objects.exists()
        assert (logged.action, logged.invoice_number, logged.after) == ("deleted", "E-1", {})
        assert (logged.before["cups"], logged.before["quantity"]) == (factories.VALID_CUPS, "1000.000000")

    def test_of_a_parent_takes_its_children_along(self, file, facility, elsewhere, author):
        delete(file(facility, elsewhere), author)

        assert not Invoice.objects.exists()
        assert not CupsGroup.objects.exists()
        assert logged_since().count() == 3

    def test_of_one_child_is_refused(self, file, facility, elsewhere, author):
        parent = file(facility, elsewhere)

        with pytest.raises(filing.DistributedInvoice):
            delete(parent.children.first(), author)
        assert Invoice.objects.count() == 3

    def test_is_refused_when_datadis_backs_it(self, facility, author):
        invoice = factories.invoice(facility=facility, supply_contract=factories.datadis_contract(facility=facility))

        with pytest.raises(filing.LockedByDatadis):
            delete(invoice, author)
        assert Invoice.objects.exists()

    def test_needs_the_right_to_write_wherever_a_child_is(self, facility, organization, author):
        below = factories.organization(parent=organization)
        factories.membership(organization=below, user=author.user, role="viewer")
        parent, _children = factories.distributed(facility, factories.facility(organization=below))

        with pytest.raises(access.NotAllowed):
            delete(parent, author)
        assert Invoice.objects.count() == 3
        assert not InvoiceChange.objects.exists()

    def test_is_recorded_in_each_organization(self, facility, organization, author):
        below = factories.organization(parent=organization)
        parent, _children = factories.distributed(facility, factories.facility(organization=below))

        delete(parent, author)

        assert InvoiceChange.objects.filter(organization=organization).count() == 2
        assert InvoiceChange.objects.filter(organization=below).count() == 1

    def test_by_a_superuser_in_the_admin_reaches_every_organization(self, facility, organization):
        parent, _children = factories.distributed(
            facility, factories.facility(organization=factories.organization(parent=organization))
        )

        delete(parent, access.Author(factories.user(is_superuser=True), access.Channel.ADMIN))

        assert not Invoice.objects.exists()

    def test_an_unknown_invoice_is_not_found(self, organization, author):
        with pytest.raises(families.InvoiceNotFound, match="not found"):
            filing.delete(organization=organization, invoice_id=uuid4(), by=author)


class TestTheDatabaseRefuses:
    def test_an_invoice_at_another_organizations_facility(self, organization, other_organization):
        theirs = factories.facility(organization=other_organization)

        with pytest.raises(IntegrityError), transaction.atomic():
            factories.build_invoice(organization=organization, facility=theirs).save()

    def test_moving_an_invoice_to_another_organization(self, facility, other_organization):
        invoice = factories.invoice(facility=facility)

        with pytest.raises(IntegrityError), transaction.atomic():
            Invoice.objects.filter(pk=invoice.pk).update(organization=other_organization)

    def test_an_invoice_on_another_organizations_contract(self, facility, other_organization):
        contract = factories.supply_contract(facility=factories.facility(organization=other_organization))

        with pytest.raises(IntegrityError), transaction.atomic():
            factories.build_invoice(facility=facility, supply_contract=contract).save()


class TestAnInvoiceThatMovesWhileItIsBeingHeld:
    """Between looking at an invoice and holding its group, another writer may have given it another code."""

    @pytest.fixture
    def moved(self, monkeypatch):
        """Give the invoice another code at the moment of locking, as many times as asked."""
        lock = grouping.lock

        def move(invoice, times):
            codes = iter([f"ES{number}" for number in range(times)])

            def lock_late(keys, **options):
                if code := next(codes, None):
                    Invoice.objects.filter(pk=invoice.pk).update(cups=code)
                return lock(keys, **options)

            monkeypatch.setattr(grouping, "lock", lock_late)

        return move

    def test_is_held_where_it_stands_now(self, file, facility, author, moved):
        invoice = file(facility)
        moved(invoice, 1)

        change(invoice, author, start_date=date(2023, 12, 1))

        assert logged_since().get().before == {"start_date": "2024-01-01"}
        assert CupsGroup.objects.get(cups="ES0").first_date == date(2023, 12, 1)

    def test_is_given_up_when_it_never_stands_still(self, file, facility, author, moved):
        invoice = file(facility)
        moved(invoice, 100)

        with pytest.raises(grouping.GroupsKeptChanging, match="kept moving"):
            change(invoice, author, cups="ES")
        assert not logged_since().exists()
