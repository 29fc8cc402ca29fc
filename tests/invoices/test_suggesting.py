"""Suggestions: in their order, exact, accepted one by one or a safe tier at once, undone at once."""

from datetime import date
from uuid import uuid4

import pytest

from facilities.models import Facility, SupplyContract
from invoices import aliasing, consolidating, dismissing, grouping, suggesting, undoing
from invoices import cups as cups_codes
from invoices.consolidating import Source
from invoices.matching import Tier
from invoices.models import Consolidation, ConsolidationUndo, CupsAlias, CupsGroup, Invoice
from invoices.suggesting import (
    BulkPlanChanged,
    NothingLeft,
    NotOfTheSuggestion,
    SuggestionNotFound,
    Why,
    in_bulk,
    keeping,
    nearby,
)
from invoices.suggesting import listing as listed_module
from tests import factories
from tests.plain import planted

pytestmark = pytest.mark.django_db

RIGHT = "ES1234123456789012JY"
LOWER, LETTERLESS, TYPO = RIGHT.lower(), "ES1234123456789012", "ES1234123456789013JY"
OTHER = "ES0021000000000001RK"


@pytest.fixture
def bills(facility):
    """File a bill of each code in a month of its own, from January 2024."""

    def bills(*codes, place=facility, **fields):
        return [
            factories.invoice(
                **{
                    "facility": place,
                    "cups": cups,
                    "start_date": date(2024, month, 1),
                    "end_date": date(2024, month, 28),
                    **fields,
                }
            )
            for month, cups in enumerate(codes, 1)
        ]

    return bills


@pytest.fixture
def found(organization):
    return lambda **asked: list(suggesting.listed(organization=organization, **asked))


def codes(organization):
    return sorted(Invoice.objects.filter(organization=organization).values_list("cups", flat=True))


def members(suggestion):
    return [member.code.cups for member in suggestion.sources]


# In their order, and exact


def test_the_surest_come_first_then_what_fills_most_then_what_has_most_invoices(bills, organization, found):
    second, third = factories.facility(organization=organization), factories.facility(organization=organization)
    third_code = "ES0021000000000002RE"
    bills(RIGHT, RIGHT, LETTERLESS)
    bills(LOWER)
    bills(OTHER, OTHER.lower(), OTHER.lower(), OTHER, place=second)
    bills(third_code, third_code, place=third)
    bills(third_code.lower(), third_code.lower(), place=third)

    assert [(each.tier, members(each)) for each in found()] == [
        (Tier.SAME, [OTHER.lower()]),
        (Tier.SAME, [third_code.lower()]),
        (Tier.SAME, [LOWER]),
        (Tier.LETTERS, [LETTERLESS]),
    ]


def test_beyond_a_number_only_the_page_is_weighed(bills, found, organization, monkeypatch, django_assert_num_queries):
    bills(RIGHT, LETTERLESS, LOWER)
    monkeypatch.setattr(listed_module, "MOST_WEIGHED", 1)
    found()

    with django_assert_num_queries(3):  # the stamp
        [first, _second] = found()
    with django_assert_num_queries(3 + 2):  # the months, the names of facilities
        [shown] = suggesting.shown(organization=organization, suggestions=[first])
    with django_assert_num_queries(3 + 1):
        assert suggesting.shown(organization=organization, suggestions=[first]) == [shown]
    assert (shown.facility_name, shown.evidence.filled, shown.in_bulk) == ("Madrid", 1, True)
    assert suggesting.shown(organization=organization, suggestions=[]) == []


def test_what_was_weighed_is_let_go_when_it_is_too_much(bills, found, organization, monkeypatch):
    monkeypatch.setattr(listed_module, "_MOST_EVIDENCE", 1)
    bills(RIGHT, LETTERLESS, LOWER)

    assert len(found()) == 2
    assert keeping.of(organization).evidence == {}


def test_they_are_narrowed_by_facility_tier_and_any_part_of_a_code(bills, facility, found):
    elsewhere = factories.facility(organization=facility.organization)
    bills(RIGHT, LETTERLESS)
    bills(OTHER, OTHER.lower(), place=elsewhere)

    assert [members(each) for each in found(facility_id=elsewhere.pk)] == [[OTHER.lower()]]
    assert [members(each) for each in found(tiers=[Tier.LETTERS])] == [[LETTERLESS]]
    assert [members(each) for each in found(search="es0021")] == [[OTHER.lower()]]
    assert [members(each) for each in found(search="2jY")] == [[LETTERLESS]]
    assert found(search="%") == []


def test_any_change_of_what_is_read_is_seen_at_once(bills, facility, found, author, organization):
    bills(RIGHT)
    assert found() == []

    [invoice] = bills(LOWER)
    [before] = found()
    bills(LOWER)
    [after] = found()
    assert (before.id, after.sources[0].code.invoice_count) == (after.id, 2)

    contract = factories.supply_contract(facility=facility, cups=f"{RIGHT}0F")
    assert [each.target for each in found()] == [f"{RIGHT}0F"]
    SupplyContract.objects.filter(pk=contract.pk).delete()
    assert found() == [after]

    [dismissal] = suggesting.dismiss(organization=organization, suggestion_id=after.id, by=author)
    assert found() == []
    dismissal.restored_at, dismissal.restored_by = dismissal.created_at, author.user
    dismissal.save()
    assert found() == [after]

    consolidating.consolidate(
        organization=organization, sources=[Source(LOWER, facility.pk)], target=OTHER, by=author, confirmed=True
    )
    assert found() == []
    assert invoice.cups == LOWER


def test_what_is_written_and_taken_back_while_it_is_read_is_not_kept(bills, found, organization, author, monkeypatch):
    bills(RIGHT, LOWER)
    read = keeping.dismissed

    def dismissed_late(organization):
        made.extend(dismissing.dismiss(organization=organization, suggestion=before, by=author))
        return read(organization)

    [before], made = found(), []
    keeping._kept.clear()
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "dismissed", dismissed_late)
        assert found() == []
    dismissing.restore(organization=organization, dismissal_id=made[0].pk, by=author)

    assert found() == [before]


def test_what_was_written_while_the_rows_were_read_is_not_kept(bills, organization, monkeypatch):
    bills(RIGHT, LOWER)
    find = keeping._found

    def find_slowly(own):
        found = find(own)
        bills(LETTERLESS)
        return found

    monkeypatch.setattr(keeping, "_found", find_slowly)

    assert len(keeping.of(organization).suggestions) == 1
    assert keeping.known(organization) is None


def test_what_is_kept_is_bounded(bills, organization, monkeypatch):
    bills(RIGHT, LOWER)
    monkeypatch.setattr(keeping, "_kept", type(keeping._kept)())
    monkeypatch.setattr(keeping, "MOST_ORGANIZATIONS", 2)
    keeping.of(organization)

    for _ in range(2):
        keeping.of(factories.organization())
    assert len(keeping._kept) == 2
    assert organization.pk not in keeping._kept

    monkeypatch.setattr(keeping, "MOST_SUGGESTIONS", 0)
    keeping.of(organization)
    assert list(keeping._kept) == [organization.pk]


def test_one_is_found_by_its_id_in_its_organization_alone(bills, found, organization, other_organization):
    bills(RIGHT, LOWER)
    [suggestion] = found()

    assert suggesting.find(organization=organization, suggestion_id=suggestion.id) == suggestion
    assert suggesting.listed(organization=other_organization) == []
    assert suggesting.near(organization=other_organization, cups=LOWER) == []
    for own, name in ((other_organization, suggestion.id), (organization, "0" * 32)):
        with pytest.raises(SuggestionNotFound):
            suggesting.find(organization=own, suggestion_id=name)


def test_one_that_is_known_is_found_without_finding_all_anew(bills, found, organization, monkeypatch):
    bills(RIGHT, LOWER, LETTERLESS)
    first, second = found()
    bills(OTHER, OTHER.lower())
    monkeypatch.setattr(keeping, "_found", None)

    assert suggesting.find(organization=organization, suggestion_id=second.id) == second
    bills("ES1234-1234-5678-9012-JY")
    with pytest.raises(SuggestionNotFound):
        suggesting.find(organization=organization, suggestion_id=first.id)


def test_a_group_that_was_only_locked_changes_nothing(bills, found, facility, organization, monkeypatch):
    bills(RIGHT, LOWER)
    before = found()
    monkeypatch.setattr(keeping, "_found", None)

    consolidating.hold(organization=organization, merges=[([Source(LOWER, facility.pk)], OTHER)])

    assert found() == before


# Around one code


def plant(organization, seed):
    """Save groups with planted damage, without their invoices."""
    made = planted.plant(90, seed=seed, damaged=0.5, facilities=4, neighbours=30, absent=0.3)
    places = {each.facility_id for each in (*made.codes, *made.contracts)}
    Facility.objects.bulk_create(
        Facility(id=pk, organization=organization, name=str(pk), country="ES", type="office") for pk in places
    )
    CupsGroup.objects.bulk_create(
        CupsGroup(
            organization=organization,
            facility_id=code.facility_id,
            cups=code.cups,
            invoice_count=max(1, code.invoice_count),
            first_date=code.first_date,
            last_date=code.last_date,
            check_result=code.check,
            clean_cups=code.clean,
            body16=code.body16,
            letters_ok=code.letters_ok,
            suffix=code.suffix,
        )
        for code in made.codes
    )
    SupplyContract.objects.bulk_create(
        SupplyContract(
            organization=organization, facility_id=each.facility_id, cups=each.cups, start_date=date(2020, 1, 1)
        )
        for each in made.contracts
    )
    return sorted({code.cups for code in made.codes})


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_found_around_a_code_is_what_is_found_over_all(organization, seed):
    written = plant(organization, seed)
    kept = keeping.of(organization).suggestions.values()
    assert kept

    for cups in written:
        supply = cups_codes.parse(cups).supply
        expected = [each for each in kept if nearby.is_about(each, cups, supply)]
        assert list(suggesting.near(organization=organization, cups=cups)) == sorted(expected, key=keeping.in_order)


def test_what_is_found_around_a_code_is_narrowed(bills, facility, organization):
    bills(RIGHT, LOWER, LETTERLESS)
    elsewhere = factories.facility(organization=organization)

    assert len(suggesting.near(organization=organization, cups=RIGHT)) == 2
    assert len(suggesting.near(organization=organization, cups=RIGHT, tiers=[0])) == 1
    assert len(suggesting.near(organization=organization, cups=LOWER, facility_id=facility.pk)) == 2
    assert suggesting.near(organization=organization, cups=RIGHT, facility_id=elsewhere.pk) == []
    assert suggesting.near(organization=organization, cups=OTHER) == []


def test_a_locked_code_is_the_target_wherever_its_supply_is(bills, facility, organization, found):
    contract = factories.datadis_contract(facility=facility, cups=LETTERLESS)
    bills(LETTERLESS, supply_contract=contract)
    bills(RIGHT, place=factories.facility(organization=organization))

    assert sorted(suggesting.near(organization=organization, cups=LETTERLESS), key=keeping.in_order) == found()


# Accepted one by one


def test_sources_are_joined_and_stand_for_the_target_from_then_on(bills, found, organization, author):
    bills(RIGHT, LOWER, LETTERLESS)
    suggestion = next(each for each in found() if each.tier is Tier.SAME)

    plan = suggesting.plan(organization=organization, suggestion_id=suggestion.id)
    outcome = suggesting.accept(
        organization=organization, suggestion_id=suggestion.id, by=author, agreed=plan.digest, message="Same"
    )

    assert (outcome.updated_count, outcome.consolidation.message) == (1, "Same")
    assert codes(organization) == [LETTERLESS, RIGHT, RIGHT]
    assert list(CupsAlias.objects.values_list("cups", "target_cups")) == [(LOWER, RIGHT)]
    assert [members(each) for each in found()] == [[LETTERLESS]]


def test_a_member_is_left_out_and_no_alias_made(bills, found, facility, organization, author):
    bills(RIGHT, LOWER, "ES1234-1234-5678-9012-JY")
    [suggestion] = found()

    suggesting.accept(
        organization=organization,
        suggestion_id=suggestion.id,
        leave_out=[Source(LOWER, facility.pk)],
        by=author,
        make_aliases=False,
    )

    assert codes(organization) == [RIGHT, RIGHT, LOWER]
    assert not CupsAlias.objects.exists()
    assert [members(each) for each in found()] == [[LOWER]]


@pytest.mark.parametrize("target", [LOWER, f"{RIGHT}0F"])
def test_another_spelling_takes_the_invoices_of_the_proposed_target_too(bills, found, organization, author, target):
    bills(RIGHT, LOWER)
    [suggestion] = found()

    suggesting.accept(organization=organization, suggestion_id=suggestion.id, target=target, by=author)

    assert codes(organization) == [target, target]


def test_a_target_that_nothing_is_filed_under_is_no_source(bills, found, organization, author):
    bills("ES1234123456789012J", LETTERLESS)
    factories.supply_contract(facility=Facility.objects.get(), cups=RIGHT)
    [suggestion] = found()
    assert suggestion.target == RIGHT

    suggesting.accept(organization=organization, suggestion_id=suggestion.id, target=f"{RIGHT}0F", by=author)

    assert codes(organization) == [f"{RIGHT}0F"] * 2
    assert RIGHT not in CupsAlias.objects.values_list("cups", flat=True)


def test_the_code_of_another_supply_is_for_the_damaged_alone_and_needs_no_confirmation(
    bills, found, organization, author
):
    bills(RIGHT, TYPO)
    [suggestion] = found()

    suggesting.accept(organization=organization, suggestion_id=suggestion.id, target=OTHER, by=author)

    assert codes(organization) == [OTHER, RIGHT]


def test_a_sound_source_is_joined_to_another_supply_only_knowingly(bills, found, organization, author):
    bills(RIGHT, LOWER)
    [suggestion] = found()

    with pytest.raises(consolidating.ValidCodesDiffer):
        suggesting.accept(organization=organization, suggestion_id=suggestion.id, target=OTHER, by=author)
    assert codes(organization) == [RIGHT, LOWER]

    suggesting.accept(organization=organization, suggestion_id=suggestion.id, target=OTHER, by=author, confirmed=True)
    assert codes(organization) == [OTHER, RIGHT]


def test_what_is_no_source_is_not_left_out_nor_everything(bills, found, facility, organization, author):
    bills(RIGHT, LOWER)
    [suggestion] = found()

    for left_out, refusal in ((RIGHT, NotOfTheSuggestion), (LOWER, NothingLeft)):
        for deed, who in ((suggesting.accept, {"by": author}), (suggesting.plan, {})):
            with pytest.raises(refusal):
                deed(
                    organization=organization,
                    suggestion_id=suggestion.id,
                    leave_out=[Source(left_out, facility.pk)],
                    **who,
                )

    assert codes(organization) == [RIGHT, LOWER]


def test_what_changed_since_it_was_seen_is_refused(bills, found, organization, author):
    bills(RIGHT, LOWER)
    [suggestion] = found()
    plan = suggesting.plan(organization=organization, suggestion_id=suggestion.id)
    bills(LOWER)

    with pytest.raises(consolidating.PlanChanged):
        suggesting.accept(
            organization=organization, suggestion_id=suggestion.id, by=author, agreed=plan.digest, make_aliases=False
        )
    bills("ES1234-1234-5678-9012-JY")
    with pytest.raises(SuggestionNotFound):
        suggesting.accept(organization=organization, suggestion_id=suggestion.id, by=author)

    assert codes(organization) == ["ES1234-1234-5678-9012-JY", RIGHT, LOWER, LOWER]
    assert not Consolidation.objects.exists()


def test_what_changes_while_the_groups_are_waited_for_is_refused(bills, found, organization, author, monkeypatch):
    bills(RIGHT, LOWER)
    [suggestion] = found()
    hold = consolidating.hold

    def hold_late(**named):
        bills("ES1234-1234-5678-9012-JY")
        return hold(**named)

    monkeypatch.setattr(consolidating, "hold", hold_late)
    with pytest.raises(SuggestionNotFound):
        suggesting.accept(organization=organization, suggestion_id=suggestion.id, by=author)

    assert codes(organization) == [RIGHT, LOWER]


# A safe tier at once


@pytest.fixture
def several(bills, facility, organization, author):
    """Of tier 0: one that is safe, one at a second facility that counts twice, at a third one of two border points."""
    bills(RIGHT, LOWER)
    second, third = (factories.facility(organization=organization, name=name) for name in "BC")
    bills(OTHER, place=second)
    bills(OTHER.lower(), place=second)
    bills("ES0021000000000002RE0F", "ES0021000000000002RE1P", "ES0021000000000002RE", place=third)
    return second, third


def test_what_is_not_safe_is_left_out_with_its_reason(several, facility, organization):
    plan = suggesting.plan_all(organization=organization, tier=0)

    assert [members(each) for each in plan.taken] == [[LOWER]]
    assert {(left.suggestion.facility_id, left.why) for left in plan.left_out} == {
        (several[0].pk, Why.OVERLAPS),
        (several[1].pk, Why.ONE_BY_ONE),
    }
    assert (plan.source_count, plan.invoice_count, plan.facility_ids, plan.later) == (1, 1, [facility.pk], 0)
    assert suggesting.plan_all(organization=organization, tier=0, facility_id=several[0].pk).taken == []


def test_what_crosses_facilities_is_left_out(bills, organization):
    bills(RIGHT)
    bills(LETTERLESS, place=factories.facility(organization=organization))

    plan = suggesting.plan_all(organization=organization, tier=2)

    assert (plan.taken, [left.why for left in plan.left_out]) == ([], [Why.OTHER_FACILITY])


def test_a_target_that_stands_for_another_code_is_left_out(bills, facility, organization, author):
    bills(RIGHT, LOWER)
    aliasing.make(organization=organization, aliases=[(facility.pk, RIGHT)], target=OTHER, by=author)

    plan = suggesting.plan_all(organization=organization, tier=0)

    assert [left.why for left in plan.left_out] == [Why.TARGET_IS_ALIAS]


def test_a_tier_is_accepted_and_undone_at_once(bills, organization, author):
    bills(RIGHT, LETTERLESS)
    bills(OTHER, OTHER[:18], place=factories.facility(organization=organization))
    before = codes(organization)
    plan = suggesting.plan_all(organization=organization, tier=2)

    outcome = suggesting.accept_all(organization=organization, tier=2, agreed=plan.digest, by=author, message="All")

    assert (outcome.updated_count, len(outcome.consolidations), outcome.affected_facilities) == (
        2,
        2,
        plan.facility_ids,
    )
    assert codes(organization) == [OTHER, OTHER, RIGHT, RIGHT]
    assert set(Consolidation.objects.values_list("batch_id", "message")) == {(outcome.batch_id, "All")}
    assert CupsAlias.objects.current().count() == 2

    undoing.undo_batch(organization=organization, batch_id=outcome.batch_id, by=author, remove_aliases=True)
    assert codes(organization) == before
    assert not CupsAlias.objects.current().exists()
    with pytest.raises(undoing.AlreadyUndone):
        undoing.undo_batch(organization=organization, batch_id=outcome.batch_id, by=author)


def test_so_many_at_once_and_the_others_later(bills, organization, monkeypatch):
    monkeypatch.setattr("invoices.suggesting.in_bulk.AT_ONCE", 1)
    bills(RIGHT, LETTERLESS)
    bills(OTHER, OTHER[:18], place=factories.facility(organization=organization))

    plan = suggesting.plan_all(organization=organization, tier=2)

    assert (len(plan.taken), plan.later) == (1, 1)


def test_one_look_is_at_as_many_as_are_accepted_however_few_are_wanted(bills, organization, monkeypatch):
    monkeypatch.setattr(in_bulk, "AT_ONCE", 2)
    kept_out, looks = in_bulk._kept_out, []
    monkeypatch.setattr(in_bulk, "_kept_out", lambda ours, part: looks.append(len(part)) or kept_out(ours, part))
    bills(RIGHT, LOWER, RIGHT, LOWER, LOWER)
    codes = [f"ES{number}{cups_codes.parse(f'ES{number}').expected_letters}" for number in range(10**15, 10**15 + 4)]
    for cups in codes:  # of the same month twice
        place = factories.facility(organization=organization)
        bills(cups, place=place)
        bills(cups.lower(), place=place)

    plan = suggesting.plan_all(organization=organization, tier=0)
    assert ([each.target for each in plan.taken], looks) == ([RIGHT], [2, 2, 1])
    assert ([left.suggestion.target for left in plan.left_out], plan.later) == (codes, 0)

    bills(OTHER, OTHER.lower(), OTHER.lower(), place=factories.facility(organization=organization))
    plan = suggesting.plan_all(organization=organization, tier=0)
    assert [each.target for each in plan.taken] == [RIGHT, OTHER]
    assert (plan.left_out, plan.later) == ([], 4)


def test_everything_is_locked_at_once(bills, facility, organization, author, monkeypatch):
    bills(RIGHT, LETTERLESS)
    aliasing.make(organization=organization, aliases=[(facility.pk, LETTERLESS)], target="ES-BEFORE", by=author)
    lock, locked = grouping.lock, []

    def look(keys, *, where_present=()):
        keys, where_present = set(keys), set(where_present)
        locked.append(keys | where_present)
        return lock(keys, where_present=where_present)

    monkeypatch.setattr(grouping, "lock", look)
    plan = suggesting.plan_all(organization=organization, tier=2)
    suggesting.accept_all(organization=organization, tier=2, agreed=plan.digest, by=author)

    assert {key.cups for key in locked[0]} == {RIGHT, LETTERLESS, "ES-BEFORE"}
    assert all(later <= locked[0] for later in locked)


def test_nothing_is_accepted_when_anything_has_changed(bills, organization, author, monkeypatch):
    bills(RIGHT, LETTERLESS)
    plan = suggesting.plan_all(organization=organization, tier=2)
    hold = consolidating.hold

    def hold_late(**named):
        bills(LETTERLESS)
        return hold(**named)

    monkeypatch.setattr(consolidating, "hold", hold_late)
    with pytest.raises(BulkPlanChanged) as changed:
        suggesting.accept_all(organization=organization, tier=2, agreed=plan.digest, by=author)
    assert changed.value.plan.digest != plan.digest
    with pytest.raises(BulkPlanChanged):
        suggesting.accept_all(organization=organization, tier=2, agreed="", by=author)

    assert codes(organization) == [LETTERLESS, RIGHT]
    assert not Consolidation.objects.exists()


def test_an_unsafe_tier_and_an_empty_one_are_refused(organization, author):
    for tier in (3, 4, 5):
        with pytest.raises(suggesting.TierNotSafe):
            suggesting.plan_all(organization=organization, tier=tier)
    plan = suggesting.plan_all(organization=organization, tier=0)
    with pytest.raises(suggesting.NothingToAccept):
        suggesting.accept_all(organization=organization, tier=0, agreed=plan.digest, by=author)


@pytest.fixture
def batch(bills, organization, author):
    """Two suggestions accepted at once."""
    bills(RIGHT, LETTERLESS)
    bills(OTHER, OTHER[:18], place=factories.facility(organization=organization))
    plan = suggesting.plan_all(organization=organization, tier=2)
    return suggesting.accept_all(
        organization=organization, tier=2, agreed=plan.digest, by=author, make_aliases=False
    ).batch_id


def test_conflicts_of_a_batch_stop_it_or_are_skipped(batch, organization, author):
    Invoice.objects.filter(cups=RIGHT).update(cups="ES-MOVED-ON")

    with pytest.raises(undoing.ConflictsFound) as refused:
        undoing.undo_batch(organization=organization, batch_id=batch, by=author)
    assert (refused.value.total, len(refused.value.conflicts)) == (1, 1)
    assert codes(organization) == ["ES-MOVED-ON", "ES-MOVED-ON", OTHER, OTHER]
    assert not ConsolidationUndo.objects.exists()

    undoing.undo_batch(organization=organization, batch_id=batch, by=author, skip_conflicts=True)
    assert codes(organization) == ["ES-MOVED-ON", "ES-MOVED-ON", OTHER[:18], OTHER]
    with pytest.raises(undoing.ConflictsFound):
        undoing.undo_batch(organization=organization, batch_id=batch, by=author, skip_conflicts=True)


def test_what_of_a_batch_is_undone_while_it_is_waited_for_stops_nothing(batch, organization, author, monkeypatch):
    lock, first = grouping.lock, Consolidation.objects.filter(batch_id=batch).first()

    def lock_late(keys, **options):
        monkeypatch.setattr(grouping, "lock", lock)
        undoing.undo(organization=organization, consolidation_id=first.pk, by=author)
        return lock(keys, **options)

    monkeypatch.setattr(grouping, "lock", lock_late)
    [other] = undoing.undo_batch(organization=organization, batch_id=batch, by=author)

    assert other.consolidation_id != first.pk
    assert codes(organization) == sorted([RIGHT, LETTERLESS, OTHER, OTHER[:18]])


def test_a_batch_of_another_person_needs_a_message_and_of_another_organization_is_none(
    batch, organization, other_organization
):
    after = codes(organization)

    with pytest.raises(undoing.MessageRequired):
        undoing.undo_batch(organization=organization, batch_id=batch, by=factories.author(organization))
    for own, named in ((other_organization, batch), (organization, uuid4())):
        with pytest.raises(undoing.BatchNotFound):
            undoing.undo_batch(organization=own, batch_id=named, by=factories.author(own))

    assert codes(organization) == after
