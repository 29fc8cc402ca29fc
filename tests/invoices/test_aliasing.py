"""Codes that stand for another: making, ending, taking along and bringing back; and what arrives under one."""

from datetime import date
from decimal import Decimal

import pytest

from invoices import aliasing, assigning, consolidating, cups, filing, grouping, resolving, undoing, vetting
from invoices.consolidating import Source
from invoices.models import CupsAlias, CupsGroup, Invoice
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT = factories.VALID_CUPS
OTHER = factories.OTHER_VALID_CUPS
DAMAGED, WORSE = "ES1234123456789012J", "ES123412345678901J"


@pytest.fixture
def make(organization, facility, author):
    def make(*codes, target=RIGHT, at=facility, **fields):
        return aliasing.make(
            organization=organization, aliases=[(at.pk, code) for code in codes], target=target, by=author, **fields
        )

    return make


@pytest.fixture
def join(organization, facility, author):
    """Consolidate codes, and let them stand for the target."""

    def join(*codes, target=RIGHT, at=facility, **options):
        sources = [Source(code, at.pk) for code in codes]
        options = {"make_aliases": True, "confirmed": True} | options
        return consolidating.consolidate(
            organization=organization, sources=sources, target=target, by=author, **options
        )

    return join


@pytest.fixture
def file(organization, author):
    def file(*places, cups=DAMAGED, **fields):
        share = Decimal(1) / len(places)
        fields = {"type": "electricity", "unit": factories.unit(), "base_quantity": Decimal(10)} | fields
        return filing.create(
            organization=organization,
            by=author,
            start_date=date(2024, 1, 1),
            end_date=date(2024, 1, 31),
            shares=[vetting.Share(place, share) for place in places],
            cups=cups,
            **fields,
        )

    return file


@pytest.fixture
def elsewhere(organization):
    return factories.facility(organization=organization, name="Sevilla")


def change(invoice, author, **changes):
    return filing.change(organization=invoice.organization, invoice_id=invoice.pk, by=author, changes=changes)


def current():
    """Return what stands for what, each with the name of its facility left out."""
    return dict(CupsAlias.objects.current().order_by("cups").values_list("cups", "target_cups"))


def groups_are_true(organization):
    return list(grouping.differences(organization=organization)) == [] and not CupsGroup.objects.filter(invoice_count=0)


class TestMaking:
    def test_says_who_made_it_and_changes_no_invoice(self, make, organization, facility, author):
        invoice = factories.invoice(facility=facility, cups=DAMAGED)

        (alias,) = make(f" {DAMAGED} ", message="the March bills")

        assert (alias.cups, alias.target_cups, alias.clean_cups) == (DAMAGED, RIGHT, DAMAGED)
        assert (alias.by, alias.through, alias.message) == (author.user, "WEB", "the March bills")
        assert Invoice.objects.get(pk=invoice.pk).cups == DAMAGED
        assert groups_are_true(organization)

    def test_again_is_the_same_one(self, make):
        assert make(DAMAGED) == make(DAMAGED)
        assert CupsAlias.objects.count() == 1

    def test_for_another_target_ends_the_one_before(self, make, author):
        make(DAMAGED)

        make(DAMAGED, target=OTHER)

        assert current() == {DAMAGED: OTHER}
        ended = CupsAlias.objects.get(target_cups=RIGHT)
        assert ended.ended_at is not None
        assert (ended.ended_by, ended.replaced_by) == (author.user, None)

    def test_takes_along_what_stood_for_the_code(self, make):
        make(WORSE, target=DAMAGED)

        make(DAMAGED)

        assert current() == {DAMAGED: RIGHT, WORSE: RIGHT}

    def test_the_other_way_round_ends_the_first_way(self, make):
        make(DAMAGED, WORSE)

        make(RIGHT, target=DAMAGED)

        assert current() == {RIGHT: DAMAGED, WORSE: DAMAGED}

    def test_holds_at_its_facility_alone(self, make, facility, elsewhere):
        make(DAMAGED)
        make(RIGHT, target=OTHER, at=elsewhere)

        assert sorted(CupsAlias.objects.current().values_list("facility", "cups")) == sorted(
            [(facility.pk, DAMAGED), (elsewhere.pk, RIGHT)]
        )

    def test_is_refused_for_what_stands_for_another_itself(self, make):
        make(RIGHT, target=OTHER)

        with pytest.raises(aliasing.AliasOfAnAlias, match=f"{RIGHT} itself stands for {OTHER}"):
            make(DAMAGED)
        assert current() == {RIGHT: OTHER}

    @pytest.mark.parametrize(
        ("codes", "target", "refusal"),
        [
            ([DAMAGED, RIGHT], RIGHT, aliasing.AliasOfItself),
            (["\u200b"], RIGHT, cups.NotAcceptable),
            ([DAMAGED], "", cups.NotAcceptable),
        ],
    )
    def test_is_refused_for_what_makes_no_sense(self, make, codes, target, refusal):
        with pytest.raises(refusal):
            make(*codes, target=target)
        assert current() == {}

    def test_is_refused_where_datadis_backs_the_code(self, make, facility):
        contract = factories.datadis_contract(facility=facility, cups=DAMAGED)
        factories.invoice(facility=facility, cups=DAMAGED, supply_contract=contract)

        with pytest.raises(aliasing.CodeLockedByDatadis, match=DAMAGED):
            make(DAMAGED)
        assert current() == {}

    def test_is_refused_at_another_organizations_facility(self, make, other_organization):
        with pytest.raises(aliasing.FacilityNotInOrganization):
            make(DAMAGED, at=factories.facility(organization=other_organization))
        assert current() == {}

    def test_is_refused_when_the_aliases_change_before_they_are_locked(self, make, facility, author, monkeypatch):
        make(DAMAGED, target=OTHER)
        monkeypatch.setattr(aliasing, "keys_for", _first_without_old_targets(aliasing.keys_for))

        with pytest.raises(grouping.GroupsKeptChanging):
            make(DAMAGED)
        assert current() == {DAMAGED: OTHER}


def _first_without_old_targets(keys_for):
    """Look at the aliases, the first time, as if that of the code had not been made yet."""
    calls = []

    def early(**given):
        calls.append(given)
        keys = keys_for(**given)
        return {key for key in keys if key.cups != OTHER} if len(calls) == 1 else keys

    return early


class TestRemoving:
    def test_ends_it_and_leaves_invoices(self, make, file, organization, facility, author):
        (alias,) = make(DAMAGED)
        invoice = file(facility)

        aliasing.remove(organization=organization, alias_id=alias.pk, by=author)

        alias.refresh_from_db()
        assert (alias.ended_by, alias.replaced_by) == (author.user, None)
        assert Invoice.objects.get(pk=invoice.pk).cups == RIGHT
        assert file(facility).cups == DAMAGED
        assert groups_are_true(organization)

    def test_finds_neither_an_ended_one_nor_anothers(self, make, organization, other_organization, author):
        (alias,) = make(DAMAGED)
        theirs = factories.author(other_organization)

        with pytest.raises(aliasing.AliasNotFound):
            aliasing.remove(organization=other_organization, alias_id=alias.pk, by=theirs)
        assert current() == {DAMAGED: RIGHT}
        aliasing.remove(organization=organization, alias_id=alias.pk, by=author)
        with pytest.raises(aliasing.AliasNotFound):
            aliasing.remove(organization=organization, alias_id=alias.pk, by=author)


class TestWhatArrives:
    def test_under_an_alias_is_filed_under_the_target(self, make, file, organization, facility):
        make(DAMAGED)

        invoice = file(facility)

        assert (invoice.cups, invoice.printed_cups) == (RIGHT, DAMAGED)
        assert list(CupsGroup.objects.values_list("cups", "invoice_count")) == [(RIGHT, 1)]
        assert groups_are_true(organization)

    def test_on_another_type_too(self, make, file, facility):
        make(DAMAGED)

        heat = file(facility, type="heat", facility_fuel=factories.fuel())

        assert (heat.cups, heat.printed_cups) == (RIGHT, DAMAGED)

    def test_at_another_facility_is_filed_as_it_is(self, make, file, elsewhere):
        make(DAMAGED)

        assert file(elsewhere).cups == DAMAGED

    @pytest.mark.parametrize("printed", [DAMAGED.lower(), "ES 1234 1234 5678 9012 J", f"CUPS: {DAMAGED}"])
    def test_printed_a_little_differently_is_taken_for_it(self, make, file, facility, printed):
        make(DAMAGED)

        assert (file(facility, cups=printed).cups) == RIGHT

    def test_with_invoices_of_its_own_is_not(self, make, file, facility):
        make(DAMAGED)
        factories.invoice(facility=facility, cups=DAMAGED.lower())

        assert file(facility, cups=DAMAGED.lower()).cups == DAMAGED.lower()

    def test_that_others_stand_for_is_not(self, make, file, facility):
        make(DAMAGED)
        make(WORSE, target=DAMAGED.lower())

        assert file(facility, cups=DAMAGED.lower()).cups == DAMAGED.lower()

    def test_like_two_that_mean_different_codes_is_not(self, make, file, facility):
        make(DAMAGED)
        make(f"{DAMAGED[:-1]} {DAMAGED[-1]}", target=OTHER)

        assert file(facility, cups=DAMAGED.lower()).cups == DAMAGED.lower()
        assert file(facility, cups=f"{DAMAGED[:-1]} {DAMAGED[-1]}").cups == OTHER

    def test_as_the_target_is_no_alias_of_it(self, make, organization, facility):
        make(RIGHT.lower())

        asked = [(facility.pk, RIGHT), (facility.pk, RIGHT.lower()), (facility.pk, "")]
        assert resolving.resolve(organization_id=organization.pk, codes=asked) == {(facility.pk, RIGHT.lower()): RIGHT}

    def test_is_asked_of_thousands_at_once(self, make, organization, facility, django_assert_num_queries):
        make(DAMAGED)
        codes = [(facility.pk, DAMAGED), *((facility.pk, f"ES{number}") for number in range(3_000))]

        with django_assert_num_queries(1):
            found = resolving.resolve(organization_id=organization.pk, codes=codes)

        assert found == {(facility.pk, DAMAGED): RIGHT}

    def test_in_parts_follows_each_facility_and_the_whole_what_they_agree_on(self, make, file, facility, elsewhere):
        make(DAMAGED)

        divided = file(facility, elsewhere)
        make(DAMAGED, at=elsewhere)
        agreed = file(facility, elsewhere)

        def codes(whole):
            parts = whole.children.filter(organization=whole.organization)
            return whole.cups, sorted(parts.values_list("cups", flat=True))

        assert codes(divided) == (DAMAGED, [DAMAGED, RIGHT])
        assert codes(agreed) == (RIGHT, [RIGHT, RIGHT])
        assert set(Invoice.objects.values_list("printed_cups", flat=True)) == {DAMAGED}

    def test_while_the_aliases_change_is_looked_up_again(self, make, file, organization, facility, monkeypatch):
        lock, made = grouping.lock, []

        def lock_late(keys, **options):
            if not made:
                made.append(DAMAGED)
                monkeypatch.setattr(resolving, "resolve", lambda **_asked: {(facility.pk, DAMAGED): RIGHT})
            return lock(keys, **options)

        monkeypatch.setattr(grouping, "lock", lock_late)

        assert file(facility).cups == RIGHT
        assert groups_are_true(organization)

    def test_is_given_up_where_they_never_stand_still(self, file, facility, monkeypatch):
        codes = iter(range(100))
        monkeypatch.setattr(resolving, "resolve", lambda **_asked: {(facility.pk, DAMAGED): f"ES{next(codes)}"})

        with pytest.raises(grouping.GroupsKeptChanging):
            file(facility)
        assert not Invoice.objects.exists()
        assert not CupsGroup.objects.exists()


class TestAChangedCode:
    def test_is_resolved_as_one_that_arrives(self, make, organization, facility, author):
        make(DAMAGED)
        invoice = factories.invoice(facility=facility, cups=OTHER)

        change(invoice, author, cups=DAMAGED)

        assert Invoice.objects.get().cups == RIGHT
        assert groups_are_true(organization)

    def test_as_it_stands_is_no_change(self, make, facility, author):
        invoice = factories.invoice(facility=facility, cups=DAMAGED)
        make(DAMAGED)

        change(invoice, author, cups=DAMAGED)

        assert Invoice.objects.get().cups == DAMAGED

    def test_is_left_by_a_move(self, make, facility, elsewhere, author):
        make(DAMAGED, at=elsewhere)
        invoice = factories.invoice(facility=facility, cups=DAMAGED)

        change(invoice, author, facility=elsewhere)

        assert Invoice.objects.get().cups == DAMAGED

    def test_of_a_whole_follows_each_parts_facility(self, make, facility, elsewhere, author):
        make(DAMAGED)
        whole, _parts = factories.distributed(facility, elsewhere, cups=OTHER)

        change(whole, author, cups=DAMAGED)

        by_place = dict(Invoice.objects.values_list("facility", "cups"))
        assert by_place == {None: DAMAGED, facility.pk: RIGHT, elsewhere.pk: DAMAGED}


class TestConsolidating:
    def test_makes_its_sources_aliases_also_those_without_invoices(self, join, file, organization, facility):
        factories.invoice(facility=facility, cups=DAMAGED)
        factories.invoice(facility=facility, cups=RIGHT)

        outcome = join(DAMAGED, WORSE, RIGHT)

        assert (outcome.updated_count, outcome.alias_count) == (1, 2)
        assert current() == {DAMAGED: RIGHT, WORSE: RIGHT}
        assert set(CupsAlias.objects.values_list("consolidation", flat=True)) == {outcome.consolidation.pk}
        assert file(facility, cups=WORSE).cups == RIGHT
        assert groups_are_true(organization)

    def test_makes_none_unless_asked(self, join, facility):
        factories.invoice(facility=facility, cups=DAMAGED)

        assert join(DAMAGED, make_aliases=False).alias_count == 0
        assert current() == {}

    def test_of_what_no_invoice_carries_makes_aliases_alone(self, join, organization):
        outcome = join(DAMAGED)

        assert (outcome.updated_count, outcome.consolidation, outcome.alias_count) == (0, None, 1)
        assert current() == {DAMAGED: RIGHT}
        assert groups_are_true(organization)

    def test_further_takes_older_aliases_along(self, join, facility):
        factories.invoice(facility=facility, cups=DAMAGED)
        join(WORSE, target=DAMAGED)

        outcome = join(DAMAGED)

        assert current() == {DAMAGED: RIGHT, WORSE: RIGHT}
        assert CupsAlias.objects.get(target_cups=DAMAGED).replaced_by == outcome.consolidation

    def test_to_an_alias_is_warned_of_and_can_not_make_one(self, join, make, organization, facility):
        factories.invoice(facility=facility, cups=DAMAGED)
        make(RIGHT, target=OTHER)

        plan = consolidating.plan(organization=organization, sources=[Source(DAMAGED, facility.pk)], target=RIGHT)
        (warning,) = [warning for warning in plan.warnings if warning.code == "TARGET_IS_ALIAS"]
        assert [group["target_cups"] for group in warning.details["groups"]] == [OTHER]
        with pytest.raises(aliasing.AliasOfAnAlias):
            join(DAMAGED)
        assert Invoice.objects.get().cups == DAMAGED
        assert join(DAMAGED, make_aliases=False).updated_count == 1

    def test_as_previewed_is_not_disturbed_by_what_an_alias_stood_for(self, join, make, organization, facility):
        factories.invoice(facility=facility, cups=DAMAGED)
        factories.invoice(facility=facility, cups=OTHER)
        make(DAMAGED, target=OTHER)
        plan = consolidating.plan(organization=organization, sources=[Source(DAMAGED, facility.pk)], target=RIGHT)

        join(DAMAGED, agreed=plan.digest)

        assert current() == {DAMAGED: RIGHT}

    def test_an_assignment_to_an_alias_is_warned_of(self, make, organization, facility):
        make(RIGHT, target=OTHER)
        invoice = factories.invoice(facility=facility, cups="")

        plan = assigning.plan(organization=organization, invoice_ids=[invoice.pk], target=RIGHT)

        assert "TARGET_IS_ALIAS" in {warning.code for warning in plan.warnings}

    def test_what_datadis_backs_keeps_its_code(self, make, file, facility):
        contract = factories.datadis_contract(facility=facility, cups=DAMAGED)
        make(DAMAGED)

        assert file(facility, supply_contract=contract).cups == DAMAGED
        assert file(facility).cups == RIGHT


class TestUndoing:
    @pytest.fixture
    def undo(self, organization, author):
        def undo(outcome, **options):
            options = {"remove_aliases": True} | options
            return undoing.undo(
                organization=organization, consolidation_id=outcome.consolidation.pk, by=author, **options
            )

        return undo

    def test_removes_the_aliases_and_brings_back_what_they_replaced(self, join, undo, organization, facility, author):
        factories.invoice(facility=facility, cups=DAMAGED)
        factories.invoice(facility=facility, cups=WORSE)
        first = join(WORSE, target=DAMAGED)
        second = join(DAMAGED)

        undo(second)
        assert current() == {WORSE: DAMAGED}
        assert CupsAlias.objects.current().get().consolidation == first.consolidation
        undo(first)
        assert current() == {}
        assert groups_are_true(organization)

    def test_leaves_them_unless_asked(self, join, undo, facility):
        factories.invoice(facility=facility, cups=DAMAGED)

        undo(join(DAMAGED), remove_aliases=False)

        assert current() == {DAMAGED: RIGHT}
        assert Invoice.objects.get().cups == DAMAGED

    def test_brings_none_back_that_would_stand_beside_another_or_make_a_chain(
        self, join, make, undo, organization, facility, author
    ):
        factories.invoice(facility=facility, cups=DAMAGED)
        make(WORSE, "ES-WORST", "ES-AGAIN", target=DAMAGED)
        done = join(DAMAGED)
        make(WORSE, target=OTHER)
        worst = CupsAlias.objects.current().get(cups="ES-WORST")
        aliasing.remove(organization=organization, alias_id=worst.pk, by=author)
        make("ES-NEW", target="ES-WORST")

        undo(done)

        # WORSE has another by now, and others stand for ES-WORST.
        assert current() == {WORSE: OTHER, "ES-NEW": "ES-WORST", "ES-AGAIN": DAMAGED}

    def test_brings_back_the_targets_own_that_gave_way(self, make, join, undo, facility):
        factories.invoice(facility=facility, cups=DAMAGED)
        make(RIGHT, target=DAMAGED)
        done = join(DAMAGED)
        assert current() == {DAMAGED: RIGHT}

        undo(done)

        assert current() == {RIGHT: DAMAGED}

    def test_in_two_steps_brings_back_once(self, make, join, undo, organization, facility, author):
        first, _second = (factories.invoice(facility=facility, cups=DAMAGED) for _ in range(2))
        make(WORSE, target=DAMAGED)
        done = join(DAMAGED)
        undo(done, invoice_ids=[first.pk])
        back = CupsAlias.objects.current().get(cups=WORSE)
        aliasing.remove(organization=organization, alias_id=back.pk, by=author)

        undo(done)

        assert current() == {}

    def test_that_is_refused_leaves_them(self, join, undo, facility):
        invoice = factories.invoice(facility=facility, cups=DAMAGED)
        done = join(DAMAGED)
        Invoice.objects.filter(pk=invoice.pk).update(cups=OTHER)

        with pytest.raises(undoing.ConflictsFound):
            undo(done)
        assert current() == {DAMAGED: RIGHT}


class TestTheList:
    def test_is_searched_and_narrowed_and_nobody_elses(self, make, organization, facility, elsewhere):
        make(DAMAGED)
        make(WORSE, target=OTHER, at=elsewhere)

        def found(**asked):
            return [alias.cups for alias in aliasing.listed(organization=organization, **asked)]

        assert found() == [DAMAGED, WORSE]
        assert found(search=DAMAGED.lower()) == [DAMAGED]
        assert found(search=OTHER[2:9]) == [WORSE]
        assert found(search="%") == []
        assert found(facility_id=facility.pk) == [DAMAGED]
        assert list(aliasing.listed(organization=factories.organization())) == []

    def test_says_how_many_invoices_are_printed_so(self, make, file, organization, facility, django_assert_num_queries):
        make(DAMAGED, WORSE)
        file(facility)
        file(facility)
        aliases = list(aliasing.listed(organization=organization))

        with django_assert_num_queries(1):
            counts = aliasing.invoice_counts(aliases)

        assert [counts[alias.pk] for alias in aliases] == [2, 0]
        assert aliasing.invoice_counts([]) == {}
