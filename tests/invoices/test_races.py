"""
Two people at the same moment, each with a connection of their own.

Each race is run twice: as the project is, where it ends well, and with the row locks taken out, where the same
assertion must not hold. A race that also ends well without its lock would prove nothing.
"""

import threading
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from unittest import mock

import pytest
from django.db import connection, transaction

from facilities.models import Role
from invoices import closed_years, closing, consolidating, enrolling, filing, grouping, relinking, undoing, vetting
from invoices.consolidating import Source
from invoices.models import CupsGroup, Invoice, ProcessingJob, YearClosing
from tests import factories

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one transaction write at a time"),
]

LONG_ENOUGH_TO_SEE_IT_WAIT = 0.6
RIGHT, WRONG = "ES0021000000000000001AB", "ES0021000000000000001A"


class Person(threading.Thread):
    """Somebody who does one thing in a thread and a connection of their own; keeps the result or the refusal."""

    def __init__(self, deed):
        super().__init__(daemon=True)
        self.deed, self.result, self.error = deed, None, None

    def run(self):
        try:
            self.result = self.deed()
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            self.error = error
        finally:
            connection.close()

    def done(self):
        self.join(timeout=20)
        assert not self.is_alive(), "still waiting: a deadlock"
        return self


class Unhurried(Person):
    """Somebody whose transaction stays open after the deed until they are told to commit."""

    def __init__(self, deed):
        self.did, self.may_commit = threading.Event(), threading.Event()
        super().__init__(lambda: self._slowly(deed))

    def _slowly(self, deed):
        with transaction.atomic():
            result = deed()
            self.did.set()
            assert self.may_commit.wait(timeout=20)
        return result

    def start_and_pause(self):
        self.start()
        assert self.did.wait(timeout=20), self.error
        return self

    def commit(self):
        self.may_commit.set()
        return self.done()


def meanwhile(slow, quick):
    """Let one person do something without committing, another start, the first commit, and both end."""
    first, second = Unhurried(slow).start_and_pause(), Person(quick)
    second.start()
    second.join(timeout=LONG_ENOUGH_TO_SEE_IT_WAIT)
    waited = second.is_alive()
    first.commit()
    return first, second.done(), waited


@contextmanager
def as_is():
    yield


@contextmanager
def without_locks():
    """Read the groups where the project locks them. Inserting a missing group waits too, so that goes as well."""

    def look(keys, *, where_present=()):
        wanted = set(keys)
        present = grouping.read({*wanted, *where_present})
        missing = sorted(wanted - {grouping.key_of(group) for group in present})
        return present + [CupsGroup(**key._asdict(), check_result="other", clean_cups=key.cups) for key in missing]

    with mock.patch.object(grouping, "lock", look):
        yield


both_ways = pytest.mark.parametrize(("locks", "ends_well"), [(as_is, True), (without_locks, False)])


def consolidate(facility, source, target, author):
    return lambda: consolidating.consolidate(
        organization=facility.organization, sources=[Source(source, facility.pk)], target=target, by=author
    )


def is_true(organization):
    return list(grouping.differences(organization=organization)) == []


@both_ways
def test_a_group_that_becomes_locked_in_between_is_refused(organization, facility, author, locks, ends_well):
    invoice = factories.invoice(facility=facility, cups=WRONG)
    contract = factories.datadis_contract(facility=facility, cups=WRONG)

    def link():
        filing.change(
            organization=organization, invoice_id=invoice.pk, by=author, changes={"supply_contract": contract}
        )

    with locks():
        _linker, consolidator, _waited = meanwhile(link, consolidate(facility, WRONG, RIGHT, author))

    refused = isinstance(consolidator.error, consolidating.LockedByDatadis)
    kept = Invoice.objects.get().cups == WRONG
    assert (refused and kept) is ends_well
    assert not ends_well or is_true(organization)


@both_ways
def test_an_invoice_filed_at_the_same_moment_is_not_lost(organization, facility, author, locks, ends_well):
    factories.invoices(3, facility=facility, cups=WRONG)
    filing_it = file_wrong(organization, facility, author)
    with locks():
        _consolidator, clerk, waited = meanwhile(consolidate(facility, WRONG, RIGHT, author), filing_it)

    assert clerk.error is None
    assert waited or not ends_well
    assert Invoice.objects.filter(cups=WRONG).count() == 1
    true = is_true(organization) and sorted(CupsGroup.objects.values_list("cups", "invoice_count")) == [
        (WRONG, 1),
        (RIGHT, 3),
    ]
    assert true is ends_well


@both_ways
def test_opposite_consolidations_lose_no_count(organization, facility, author, locks, ends_well):
    factories.invoices(3, facility=facility, cups=WRONG)
    factories.invoices(2, facility=facility, cups=RIGHT)

    with locks():
        _first, second, _waited = meanwhile(
            consolidate(facility, WRONG, RIGHT, author), consolidate(facility, RIGHT, WRONG, author)
        )

    moved_all = second.error is None and second.result.updated_count == 5
    assert (moved_all and is_true(organization)) is ends_well


def test_opposite_consolidations_never_wait_for_each_other_in_a_circle(organization, facility, author):
    places = [facility, factories.facility(organization=organization)]
    for place in places:
        factories.invoices(3, facility=place, cups=WRONG)
        factories.invoices(2, facility=place, cups=RIGHT)

    def again_and_again(source, target):
        def deed():
            for _round in range(15):
                consolidating.consolidate(
                    organization=organization,
                    sources=[Source(source, place.pk) for place in places],
                    target=target,
                    by=author,
                )

        return deed

    people = [Person(again_and_again(*codes)) for codes in [(WRONG, RIGHT), (RIGHT, WRONG)] * 2]
    for person in people:
        person.start()
    errors = [person.done().error for person in people]

    assert errors == [None] * 4
    assert Invoice.objects.count() == 10
    assert is_true(organization)


def test_of_two_undos_at_the_same_moment_one_finds_nothing_left(organization, facility, author):
    factories.invoices(3, facility=facility, cups=WRONG)
    done = consolidate(facility, WRONG, RIGHT, author)().consolidation

    def undo():
        return undoing.undo(organization=organization, consolidation_id=done.pk, by=author)

    first, second, waited = meanwhile(undo, undo)

    assert waited
    assert first.result.restored_count == 3
    assert isinstance(second.error, undoing.AlreadyUndone)
    assert is_true(organization)


def test_of_two_consolidations_of_siblings_the_second_takes_the_parent_along(organization, facility, author):
    elsewhere = factories.facility(organization=organization)
    parent, _children = factories.distributed(facility, elsewhere, cups=WRONG)

    meanwhile(consolidate(facility, WRONG, RIGHT, author), consolidate(elsewhere, WRONG, RIGHT, author))

    parent.refresh_from_db()
    assert parent.cups == RIGHT


def close_year(organization, by):
    return lambda: closing.close(organization=organization, year=2024, by=by)


@contextmanager
def without_holds_on_the_year():
    with mock.patch.object(closed_years, "_hold_to_write"), mock.patch.object(closed_years, "hold_to_close"):
        yield


both_ways_with_years = pytest.mark.parametrize(
    ("locks", "ends_well"), [(as_is, True), (without_holds_on_the_year, False)]
)


@both_ways_with_years
def test_an_invoice_changed_while_its_year_is_closed_waits_and_is_refused(
    organization, facility, author, locks, ends_well
):
    invoice = factories.invoice(facility=facility, quantity=100)
    boss = factories.author(organization, Role.ADMIN)

    def change():
        changes = {"base_quantity": Decimal(5)}
        filing.change(organization=organization, invoice_id=invoice.pk, by=author, changes=changes)

    with locks():
        _closer, clerk, waited = meanwhile(close_year(organization, boss), change)

    invoice.refresh_from_db()
    kept = isinstance(clerk.error, closed_years.PeriodClosed) and invoice.quantity == 100
    assert kept is ends_well
    assert waited is ends_well


@both_ways_with_years
def test_a_year_closed_while_an_invoice_is_filed_waits_and_counts_it(organization, facility, author, locks, ends_well):
    factories.invoice(facility=facility)
    boss = factories.author(organization, Role.ADMIN)
    agreed = closing.of_year(organization=organization, year=2024, by=boss).digest
    unit = factories.unit()

    def file():
        filing.create(
            organization=organization,
            by=author,
            type="electricity",
            unit=unit,
            base_quantity=Decimal(5),
            start_date=date(2024, 5, 1),
            end_date=date(2024, 5, 31),
            shares=[vetting.Share(facility)],
        )

    def close():
        return closing.close(organization=organization, year=2024, by=boss, agreed=agreed)

    with locks():
        clerk, closer, waited = meanwhile(file, close)

    assert clerk.error is None
    counted = isinstance(closer.error, closing.FiguresChanged) and not YearClosing.objects.exists()
    assert counted is ends_well
    assert waited is ends_well


def test_two_writers_of_an_open_year_do_not_wait_for_each_other(organization, facility, author):
    elsewhere = factories.facility(organization=organization)
    one, other = factories.invoice(facility=facility), factories.invoice(facility=elsewhere)

    def change(invoice):
        changes = {"base_quantity": Decimal(5)}
        return lambda: filing.change(organization=organization, invoice_id=invoice.pk, by=author, changes=changes)

    _first, second, waited = meanwhile(change(one), change(other))

    assert second.error is None
    assert not waited


def test_a_closing_that_waits_holds_nobody_up(organization, facility, author):
    elsewhere = factories.facility(organization=organization)
    one, other = factories.invoice(facility=facility), factories.invoice(facility=elsewhere)
    boss = factories.author(organization, Role.ADMIN)

    def change(invoice):
        changes = {"base_quantity": Decimal(5)}
        return lambda: filing.change(organization=organization, invoice_id=invoice.pk, by=author, changes=changes)

    first, closer = Unhurried(change(one)).start_and_pause(), Person(close_year(organization, boss))
    closer.start()
    closer.join(timeout=LONG_ENOUGH_TO_SEE_IT_WAIT)
    assert closer.is_alive()

    # Else who holds an invoice and who holds the year would wait for each other.
    second = Person(change(other))
    second.start()
    assert second.done().error is None
    assert closer.is_alive()
    assert first.commit().error is None
    assert closer.done().error is None


@pytest.mark.parametrize("deed", ["change", "consolidate", "undo"])
def test_a_part_is_not_held_while_its_whole_is_waited_for(organization, facility, author, deed):
    """A worker holds the whole, then its parts: who holds these first would wait for it in a circle."""
    places = [facility, factories.facility(organization=organization)]
    parent, [part, _other] = factories.distributed(*places, cups=WRONG, status="error")
    everything = [Source(WRONG, place.pk) for place in places]

    def consolidate():
        return consolidating.consolidate(organization=organization, sources=everything, target=RIGHT, by=author)

    done = consolidate().consolidation if deed == "undo" else None
    deeds = {
        "change": lambda: filing.change(
            organization=organization, invoice_id=part.pk, by=author, changes={"status": "active"}
        ),
        "consolidate": consolidate,
        "undo": lambda: undoing.undo(organization=organization, consolidation_id=done.pk, by=author),
    }
    worker = Unhurried(lambda: Invoice.objects.select_for_update(no_key=True).get(pk=parent.pk)).start_and_pause()
    person = Person(deeds[deed])
    person.start()
    person.join(timeout=LONG_ENOUGH_TO_SEE_IT_WAIT)
    assert person.is_alive()

    with transaction.atomic():
        assert Invoice.objects.select_for_update(nowait=True).get(pk=part.pk)

    assert worker.commit().error is None
    assert person.done().error is None


def test_of_two_closings_at_the_same_moment_one_is_too_late(organization, facility):
    factories.invoice(facility=facility)
    boss = factories.author(organization, Role.ADMIN)

    _first, second, waited = meanwhile(close_year(organization, boss), close_year(organization, boss))

    assert waited
    assert isinstance(second.error, closing.AlreadyClosed)
    assert YearClosing.objects.count() == 1


@contextmanager
def without_any_lock():
    """Read the groups and every row where the project locks them."""
    with without_locks(), mock.patch("django.db.models.QuerySet.select_for_update", lambda rows, **_how: rows):
        yield


@pytest.mark.parametrize(("locks", "ends_well"), [(as_is, True), (without_any_lock, False)])
def test_of_two_who_link_the_same_invoices_one_is_too_late(organization, facility, author, locks, ends_well):
    contract = factories.supply_contract(facility=facility, cups=RIGHT)
    factories.invoices(2, facility=facility, cups=WRONG)
    done = consolidate(facility, WRONG, RIGHT, author)().consolidation
    seen = relinking.plan(organization=organization, consolidation=done, contract_id=contract.pk)

    def link():
        return relinking.link(
            organization=organization,
            consolidation_id=done.pk,
            contract_id=contract.pk,
            by=author,
            agreed=seen.digest,
        )

    with locks():
        first, second, _waited = meanwhile(link, link)

    assert first.error is None
    assert isinstance(second.error, relinking.MatchChanged) is ends_well
    assert (ProcessingJob.objects.count() == 1) is ends_well


@both_ways
def test_an_invoice_filed_while_its_code_becomes_an_alias_meets_the_alias(
    organization, facility, author, locks, ends_well
):
    factories.invoices(3, facility=facility, cups=WRONG)

    with locks():
        _consolidator, clerk, waited = meanwhile(join(facility, author), file_wrong(organization, facility, author))

    assert clerk.error is None
    assert waited or not ends_well
    assert (set(Invoice.objects.values_list("cups", flat=True)) == {RIGHT}) is ends_well
    assert not ends_well or is_true(organization)


@both_ways
def test_an_invoice_that_is_on_its_way_to_a_code_without_invoices_is_joined_with_it(
    organization, facility, author, locks, ends_well
):
    with locks():
        _clerk, consolidator, waited = meanwhile(file_wrong(organization, facility, author), join(facility, author))

    assert consolidator.error is None
    assert waited or not ends_well
    assert (set(Invoice.objects.values_list("cups", flat=True)) == {RIGHT}) is ends_well
    assert not ends_well or is_true(organization)


def test_who_files_contracts_does_not_wait_for_who_files_invoices(organization, facility, author):
    supplies = enrolling.read_text(f"CUPS\tDesde\n{factories.VALID_CUPS}\t2024-01-01")

    def enroll():
        chosen = {row.line: facility.pk for row in supplies.rows}
        return enrolling.enroll(organization=organization, supplies=supplies, chosen=chosen, by=author)

    _clerk, enroller, waited = meanwhile(file_wrong(organization, facility, author), enroll)

    assert enroller.error is None
    assert len(enroller.result.contracts) == 1
    assert not waited


def join(facility, author):
    """Consolidate the wrong code, and let it stand for the right one."""
    return lambda: consolidating.consolidate(
        organization=facility.organization,
        sources=[Source(WRONG, facility.pk)],
        target=RIGHT,
        by=author,
        make_aliases=True,
    )


def file_wrong(organization, facility, author):
    unit = factories.unit()
    return lambda: filing.create(
        organization=organization,
        by=author,
        type="electricity",
        unit=unit,
        base_quantity=Decimal(5),
        start_date=date(2024, 5, 1),
        end_date=date(2024, 5, 31),
        cups=WRONG,
        shares=[vetting.Share(facility)],
    )
