"""The groups say what the invoices say, whatever happens to them."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invoices import assigning, consolidating, filing, grouping, undoing, vetting
from invoices.grouping import GroupKey
from invoices.models import Consolidation, CupsGroup, Invoice
from tests import factories

pytestmark = pytest.mark.django_db


def group_of(facility, cups):
    return CupsGroup.objects.get(facility=facility, cups=cups)


def test_a_group_says_what_its_invoices_say(facility):
    contract = factories.datadis_contract(facility=facility)
    factories.invoice(facility=facility, start_date=date(2024, 3, 1), end_date=date(2024, 3, 31))
    factories.invoice(
        facility=facility, start_date=date(2023, 1, 1), end_date=date(2023, 1, 31), supply_contract=contract
    )

    group = group_of(facility, factories.VALID_CUPS)

    assert (group.invoice_count, group.locked_count, group.is_locked) == (2, 1, True)
    assert (group.first_date, group.last_date) == (date(2023, 1, 1), date(2024, 3, 31))
    assert group.check_result == "valid"


@pytest.mark.parametrize(
    "fields", [{"cups": ""}, {"type": "heat"}, {"type": "water"}], ids=["no code", "gas with a code", "water"]
)
def test_only_electricity_with_a_code_is_grouped(fields):
    factories.invoice(**fields)

    assert not CupsGroup.objects.exists()


@pytest.mark.parametrize("status", ["uploaded", "loading", "active", "inactive", "review", "error"])
def test_every_status_counts(status):
    factories.invoice(status=status)

    assert CupsGroup.objects.get().invoice_count == 1


def test_an_empty_group_is_deleted(organization, facility, author):
    invoice = factories.invoice(facility=facility)

    filing.delete(organization=organization, invoice_id=invoice.pk, by=author)

    assert not CupsGroup.objects.exists()


def test_refreshing_heals_a_wrong_count(organization, facility):
    factories.invoice(facility=facility)
    CupsGroup.objects.update(invoice_count=7)

    found = list(grouping.differences(organization=organization))
    repaired = grouping.repair(organization=organization)

    assert found == repaired
    assert (found[0].group.invoice_count, found[0].invoices.invoice_count) == (7, 1)
    assert list(grouping.differences(organization=organization)) == []


def test_repairing_makes_the_missing_and_deletes_the_superfluous(organization, facility):
    factories.build_invoice(facility=facility, cups="ES1").save()
    CupsGroup.objects.create(
        organization=organization, facility=facility, cups="ES2", invoice_count=1, check_result="other"
    )

    grouping.repair(organization=organization)

    assert list(CupsGroup.objects.values_list("cups", "invoice_count")) == [("ES1", 1)]


def test_locks_many_groups_in_key_order(organization, facility):
    elsewhere = factories.facility(organization=organization)
    keys = [GroupKey(organization.pk, place.pk, f"ES{n}") for n in range(1_500) for place in (facility, elsewhere)]

    with transaction.atomic():
        locked = grouping.lock(reversed(keys))

    assert [grouping.key_of(group) for group in locked] == sorted(keys)


def test_locking_is_given_up_when_the_groups_keep_vanishing(organization, facility, monkeypatch):
    monkeypatch.setattr(grouping, "_lock_existing", lambda _keys: iter([]))

    with pytest.raises(grouping.GroupsKeptChanging, match="could not be locked"):
        grouping.lock([GroupKey(organization.pk, facility.pk, "ES1")])
    assert not CupsGroup.objects.exists()


def test_the_database_refuses_a_group_at_another_organizations_facility(organization, other_organization):
    theirs = factories.facility(organization=other_organization)

    with pytest.raises(IntegrityError), transaction.atomic():
        CupsGroup.objects.create(organization=organization, facility=theirs, cups="ES1", check_result="other")


CODES = ["ES1234123456789012JY", "ES1234123456789012", "es 1234123456789012 jy", "ES0021000000000000001A", ""]


class World:
    """One organization with three facilities, and what can happen to its invoices. A refusal is fine; a lie is not."""

    REFUSALS = (
        consolidating.LockedByDatadis,
        consolidating.ValidCodesDiffer,
        filing.LockedByDatadis,
        filing.DistributedInvoice,
        filing.ContractOfAnotherFacility,
        undoing.AlreadyUndone,
        undoing.ConflictsFound,
    )

    def __init__(self):
        self.organization = factories.organization()
        self.author = factories.author(self.organization)
        self.facilities = [factories.facility(organization=self.organization) for _ in range(3)]
        self.contracts = [factories.datadis_contract(facility=facility) for facility in self.facilities]

    def do(self, operation, first, second, third):
        with transaction.atomic():
            try:
                getattr(self, operation)(first, second, third)
            except self.REFUSALS:
                transaction.set_rollback(True)

    def one_of(self, queryset, number):
        rows = list(queryset.order_by("pk"))
        return rows[number % len(rows)] if rows else None

    def file(self, first, second, third):
        places = [self.facilities[first % 3]] + ([self.facilities[(first + 1) % 3]] if third % 3 == 0 else [])
        filing.create(
            organization=self.organization,
            by=self.author,
            type="electricity" if third % 5 else "recharge",
            unit=factories.unit(),
            base_quantity=Decimal(third),
            start_date=date(2024, 1 + second % 12, 1),
            end_date=date(2024, 1 + second % 12, 28),
            cups=CODES[second % len(CODES)],
            shares=[vetting.Share(place, Decimal(1) / len(places)) for place in places],
        )

    def change(self, first, second, third):
        invoice = self.one_of(Invoice.objects, first)
        changes = [
            {"cups": CODES[third % len(CODES)]},
            {"facility": self.facilities[third % 3]},
            {"start_date": date(2023, 1 + third % 12, 1)},
            {"type": "water"},
            {"supply_contract": self.contracts[third % 3]},
            {"supply_contract": None},
        ][second % 6]
        if invoice:
            filing.change(organization=self.organization, invoice_id=invoice.pk, by=self.author, changes=changes)

    def delete(self, first, second, third):
        if invoice := self.one_of(Invoice.objects, first):
            filing.delete(organization=self.organization, invoice_id=invoice.pk, by=self.author)

    def consolidate(self, first, second, third):
        pairs = [(CODES[(second + n) % 4], self.facilities[(third + n) % 3].pk) for n in range(1 + first % 3)]
        consolidating.consolidate(
            organization=self.organization,
            sources=[consolidating.Source(*pair) for pair in pairs],
            target=CODES[third % 4],
            by=self.author,
        )

    def undo(self, first, second, third):
        if done := self.one_of(Consolidation.objects, first):
            undoing.undo(
                organization=self.organization, consolidation_id=done.pk, by=self.author, skip_conflicts=second % 2 == 0
            )

    def assign(self, first, second, third):
        if invoice := self.one_of(Invoice.objects.without_cups(), first):
            chosen = {"organization": self.organization, "invoice_ids": [invoice.pk], "target": CODES[second % 4]}
            planned = assigning.plan(**chosen)
            assigning.assign(**chosen, by=self.author, agreed=planned.digest)


OPERATIONS = ["file", "file", "file", "change", "delete", "consolidate", "consolidate", "undo", "assign"]
NUMBER = st.integers(0, 59)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(OPERATIONS), NUMBER, NUMBER, NUMBER), min_size=5, max_size=50))
def test_groups_stay_true_through_any_operations(operations):
    with transaction.atomic():
        world = World()
        for operation in operations:
            world.do(*operation)
            assert list(grouping.differences(organization=world.organization)) == [], operation
        transaction.set_rollback(True)
