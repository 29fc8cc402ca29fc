"""Moving the invoices of one code to another facility, and taking that back."""

from datetime import date
from uuid import uuid4

import pytest

from facilities import locating
from facilities.access import Author, Channel
from invoices import closed_years, filing, grouping, relocating, undoing
from invoices.double_counting import Clash
from invoices.models import (
    CupsGroup,
    Invoice,
    InvoiceChange,
    JobChunk,
    ProcessingJob,
    RelocatedInvoice,
    Relocation,
    RelocationUndo,
)
from invoices.relocating import Reason, Wish
from invoices.relocating import moving as carrying_out
from tests import factories

pytestmark = pytest.mark.django_db

CODE = factories.VALID_CUPS


@pytest.fixture
def lugo(organization):
    return factories.facility(organization=organization, name="Lugo")


@pytest.fixture
def wish(facility, lugo):
    return Wish(CODE, facility.pk, lugo.pk)


@pytest.fixture
def invoices(facility):
    return factories.invoices(3, facility=facility)


def plan(organization, wish):
    return relocating.plan(organization=organization, wish=wish)


def move(organization, wish, by, **options):
    return relocating.move(organization=organization, wish=wish, by=by, **options).relocation


def undo(relocation, by, **options):
    return relocating.undo(organization=relocation.organization, relocation_id=relocation.pk, by=by, **options).undo


def conflicts(relocation):
    return [(conflict.moved.invoice_id, conflict.reason) for conflict in relocating.conflicts_of(relocation)]


def places():
    return set(Invoice.objects.values_list("facility__name", "cups", "supply_contract"))


def everything():
    models = (Invoice, InvoiceChange, ProcessingJob, JobChunk, CupsGroup, Relocation, RelocatedInvoice, RelocationUndo)
    return [list(model.objects.order_by("pk").values()) for model in models]


def groups_are_true(organization):
    return list(grouping.differences(organization=organization)) == []


class TestPlan:
    def test_it_says_what_would_move_and_writes_nothing(self, organization, facility, lugo, invoices, wish):
        factories.invoice(
            facility=lugo, cups=f"{CODE}0F", start_date=invoices[0].start_date, end_date=date(2024, 1, 28)
        )
        factories.invoice(facility=lugo, cups=factories.OTHER_VALID_CUPS)
        contract = factories.supply_contract(facility=lugo, start_date=date(2024, 2, 1))
        before = everything()

        planned = plan(organization, wish)

        assert (planned.from_facility, planned.to_facility, len(planned.invoices)) == (facility, lugo, 3)
        assert planned.contracts == {contract: 2}
        assert {clash: found.count for clash, found in planned.clashes.items()} == {Clash.SAME_INVOICE: 1}
        assert everything() == before

    def test_its_digest_changes_with_the_invoices_and_with_the_contract(self, organization, lugo, invoices, wish):
        first = plan(organization, wish).digest
        assert plan(organization, wish).digest == first

        factories.supply_contract(facility=lugo)
        second = plan(organization, wish).digest
        factories.invoice(facility=lugo)
        third = plan(organization, wish).digest

        assert len({first, second, third}) == 3


class TestMove:
    def test_the_invoices_stand_at_the_other_facility_with_its_contract(
        self, organization, facility, lugo, author, invoices, wish
    ):
        old = factories.supply_contract(facility=facility)
        Invoice.objects.filter(pk=invoices[0].pk).update(supply_contract=old)
        new = factories.supply_contract(facility=lugo, start_date=date(2024, 2, 1))
        other = factories.invoice(facility=facility, cups=factories.OTHER_VALID_CUPS)

        moved = relocating.move(
            organization=organization, wish=wish, by=author, message=" wrong ", agreed=plan(organization, wish).digest
        )

        assert places() == {
            ("Lugo", CODE, None),
            ("Lugo", CODE, new.pk),
            ("Madrid", other.cups, None),
        }
        assert groups_are_true(organization)
        done = moved.relocation
        assert (done.cups, done.from_facility, done.to_facility, done.moved_count) == (CODE, facility, lugo, 3)
        assert (done.message, done.by, done.through) == ("wrong", author.user, Channel.WEB)
        assert list(done.invoices.order_by("start_date").values_list("invoice_id", "previous_contract_id")) == [
            (invoices[0].pk, old.pk),
            (invoices[1].pk, None),
            (invoices[2].pk, None),
        ]
        assert (moved.job.action, moved.job.items_total) == ("RECALCULATE", 3)

    def test_each_change_is_logged(self, organization, facility, lugo, author, invoices, wish):
        contract = factories.supply_contract(facility=lugo, start_date=date(2024, 3, 1))

        move(organization, wish, author)

        changes = {change.invoice_id: (change.before, change.after) for change in InvoiceChange.objects.all()}
        between = ({"facility": str(facility.pk)}, {"facility": str(lugo.pk)})
        linked = (between[0] | {"supply_contract": None}, between[1] | {"supply_contract": str(contract.pk)})
        assert changes == {invoices[0].pk: between, invoices[1].pk: between, invoices[2].pk: linked}

    def test_what_has_changed_since_the_preview_is_not_moved(self, organization, facility, author, invoices, wish):
        agreed = plan(organization, wish).digest
        factories.invoice(facility=facility, start_date=date(2024, 5, 1), end_date=date(2024, 5, 31))
        before = everything()

        with pytest.raises(relocating.PlanChanged) as refusal:
            move(organization, wish, author, agreed=agreed)

        assert len(refusal.value.plan.invoices) == 4
        assert everything() == before

    def test_gas_with_the_same_code_stays(self, organization, facility, author, invoices, wish):
        factories.invoice(facility=facility, type="heat")

        move(organization, wish, author)

        assert Invoice.objects.filter(facility=facility).get().type == "heat"

    def test_what_was_filed_at_a_deleted_facility_can_leave_it(self, organization, facility, author, invoices, wish):
        type(facility).objects.filter(pk=facility.pk).update(deleted_at="2024-01-01T00:00Z")

        assert move(organization, wish, author).moved_count == 3


class TestRefusals:
    def refuses(self, kind, organization, wish, by):
        before = everything()
        with pytest.raises(kind):
            plan(organization, wish)
        with pytest.raises(kind):
            move(organization, wish, by)
        assert everything() == before
        return True

    def test_a_facility_of_another_organization_is_as_unknown_as_none(
        self, organization, other_organization, author, invoices, wish
    ):
        theirs = factories.facility(organization=other_organization)
        factories.invoice(facility=theirs)
        for pair in ((wish.from_facility_id, theirs.pk), (theirs.pk, wish.to_facility_id), (uuid4(), uuid4())):
            assert self.refuses(locating.FacilityNotOfOrganization, organization, Wish(CODE, *pair), author)

    def test_a_facility_that_is_closed_takes_nothing(self, organization, lugo, author, invoices, wish):
        type(lugo).objects.filter(pk=lugo.pk).update(status="archived")
        assert self.refuses(relocating.FacilityArchived, organization, wish, author)
        type(lugo).objects.filter(pk=lugo.pk).update(deleted_at="2024-01-01T00:00Z")
        assert self.refuses(locating.FacilityNotOfOrganization, organization, wish, author)

    def test_what_is_there_already_does_not_move(self, organization, facility, author, invoices):
        wish = Wish(CODE, facility.pk, facility.pk)

        assert self.refuses(relocating.SameFacility, organization, wish, author)

    def test_no_invoice_is_nothing_to_move(self, organization, author, invoices, wish):
        assert self.refuses(relocating.NothingToMove, organization, wish._replace(cups="ES-1"), author)

    def test_more_than_a_supply_can_have_do_not_move(self, organization, author, invoices, wish, monkeypatch):
        monkeypatch.setattr(carrying_out, "MAX_MOVED", 2)

        assert self.refuses(relocating.TooManyToMove, organization, wish, author)

    def test_what_datadis_backs_stays(self, organization, facility, author, invoices, wish):
        backed = factories.datadis_contract(facility=facility)
        factories.invoice(facility=facility, supply_contract=backed)

        assert self.refuses(filing.LockedByDatadis, organization, wish, author)

    def test_a_part_of_a_distributed_invoice_stays(self, organization, facility, author, invoices, wish):
        factories.distributed(facility, factories.facility(organization=organization))

        assert self.refuses(filing.DistributedInvoice, organization, wish, author)

    def test_what_was_reported_stays(self, organization, author, invoices, wish):
        factories.year_closing(organization=organization, year=2024)

        assert self.refuses(closed_years.PeriodClosed, organization, wish, author)


class TestUndo:
    def test_the_invoices_go_back_to_their_facility_and_contracts(
        self, organization, facility, lugo, author, invoices, wish
    ):
        old = factories.supply_contract(facility=facility, cups="as agreed", start_date=date(2030, 1, 1))
        Invoice.objects.filter(pk=invoices[0].pk).update(supply_contract=old)
        factories.supply_contract(facility=lugo)
        before = places()
        relocation = move(organization, wish, author)
        assert conflicts(relocation) == []

        undone = relocating.undo(organization=organization, relocation_id=relocation.pk, by=author)

        assert places() == before
        assert groups_are_true(organization)
        assert (undone.undo.restored_count, undone.undo.conflict_count, undone.job.items_total) == (3, 0, 3)
        assert InvoiceChange.objects.count() == 6
        found = relocating.find(organization=organization, relocation_id=relocation.pk)
        assert relocating.is_undone(found)
        again = move(organization, wish, author)
        assert not relocating.is_undone(relocating.find(organization=organization, relocation_id=again.pk))

    def test_a_contract_that_is_gone_gives_way_to_the_one_that_fits(
        self, organization, facility, author, invoices, wish
    ):
        old = factories.supply_contract(facility=facility)
        Invoice.objects.update(supply_contract=old)
        relocation = move(organization, wish, author)
        old.delete()
        again = factories.supply_contract(facility=facility, start_date=date(2024, 2, 1))

        undo(relocation, author)

        assert places() == {("Madrid", CODE, None), ("Madrid", CODE, again.pk)}

    def test_what_has_changed_since_stays_and_is_named(self, organization, facility, lugo, author, wish):
        deleted, moved, changed, locked, again, standing = factories.invoices(6, facility=facility)
        relocation = move(organization, wish, author)
        vigo = factories.facility(organization=organization)
        backed = factories.datadis_contract(facility=lugo)
        filing.delete(organization=organization, invoice_id=deleted.pk, by=author)
        for row, changes in ((moved, {"facility": vigo}), (changed, {"cups": factories.OTHER_VALID_CUPS})):
            filing.change(organization=organization, invoice_id=row.pk, by=author, changes=changes)
        Invoice.objects.filter(pk=locked.pk).update(supply_contract=backed)
        # Moved away by one, and back by another.
        Invoice.objects.filter(pk=again.pk).update(cups="ES-1")
        grouping.repair(organization=organization)
        for pair in ((lugo.pk, facility.pk), (facility.pk, lugo.pk)):
            move(organization, Wish("ES-1", *pair), author)
        Invoice.objects.filter(pk=again.pk).update(cups=CODE)
        grouping.repair(organization=organization)

        assert conflicts(relocation) == [
            (deleted.pk, Reason.DELETED),
            (moved.pk, Reason.MOVED),
            (changed.pk, Reason.CHANGED),
            (locked.pk, Reason.LOCKED),
            (again.pk, Reason.MOVED),
        ]
        undone = undo(relocation, author)

        assert (undone.restored_count, undone.conflict_count) == (1, 5)
        assert Invoice.objects.get(facility=facility).pk == standing.pk
        assert groups_are_true(organization)

    def test_a_move_is_taken_back_once(self, organization, author, invoices, wish):
        relocation = move(organization, wish, author)
        undo(relocation, author)
        before = everything()

        with pytest.raises(relocating.AlreadyUndone):
            undo(relocation, author)

        assert everything() == before

    def test_a_later_move_that_was_taken_back_is_as_none(self, organization, facility, lugo, author, invoices, wish):
        before = places()
        vigo = factories.facility(organization=organization)
        first = move(organization, wish, author)
        later = move(organization, Wish(CODE, lugo.pk, vigo.pk), author)
        undo(later, author)
        assert conflicts(first) == []

        undo(first, author)

        assert places() == before

    def test_nothing_goes_back_when_all_has_changed(self, organization, facility, lugo, author, invoices, wish):
        relocation = move(organization, wish, author)
        move(organization, Wish(CODE, lugo.pk, facility.pk), author)
        before = everything()

        with pytest.raises(relocating.NothingToMoveBack):
            undo(relocation, author)

        assert everything() == before

    def test_what_was_reported_meanwhile_stays(self, organization, author, invoices, wish):
        relocation = move(organization, wish, author)
        factories.year_closing(organization=organization, year=2024)
        before = everything()

        with pytest.raises(closed_years.PeriodClosed):
            undo(relocation, author)

        assert everything() == before

    def test_the_work_of_another_needs_a_message(self, organization, author, invoices, wish):
        relocation = move(organization, wish, author)
        somebody = factories.author(organization)
        before = everything()

        with pytest.raises(undoing.MessageRequired):
            undo(relocation, somebody, message=" ")
        assert everything() == before

        assert undo(relocation, somebody, message="It was right").message == "It was right"

    def test_a_move_of_another_organization_is_as_unknown_as_none(
        self, organization, other_organization, author, invoices, wish
    ):
        relocation = move(organization, wish, author)
        before = everything()

        for pk in (relocation.pk, uuid4()):
            with pytest.raises(relocating.RelocationNotFound):
                relocating.undo(organization=other_organization, relocation_id=pk, by=author)

        assert list(relocating.history(organization=other_organization)) == []
        assert everything() == before


def test_statements_do_not_grow_with_the_invoices(
    organization, facility, lugo, author, wish, django_assert_max_num_queries
):
    factories.invoices(40, facility=facility)
    by = Author(author.user, Channel.API)

    with django_assert_max_num_queries(40):
        relocation = move(organization, wish, by)
    with django_assert_max_num_queries(40):
        undo(relocation, by)
