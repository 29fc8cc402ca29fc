import itertools
from datetime import date
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from stdnum.es import cups as published

from invoices import cups, matching
from invoices.demo import damage, world
from invoices.matching import Contract, Dismissed, Reason, TargetReason, Tier, slips
from tests.plain import brute, planted

# A field follows from its seed: there is nothing to shrink.
unhurried = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.reuse, Phase.generate]
)

HERE, THERE, NOWHERE = UUID(int=1), UUID(int=2), UUID(int=3)
SOUND = "ES1234123456789012JY"
LONG = f"{SOUND}0F"
SHORT = "ES0021000000000000001"
# Its 16 digits are one slip from SOUND's, its letters are right for SOUND and for no other code one slip away.
SLIPPED = "ES1234123456789112JY"


def code(cups_code, facility_id=HERE, **known):
    return matching.code_of(cups_code, facility_id, **({"invoice_count": 1} | known))


def suggest(*codes, **more):
    return matching.suggest([one if isinstance(one, matching.Code) else code(one) for one in codes], **more)


def only(*codes, **more):
    (suggestion,) = suggest(*codes, **more)
    return suggestion


def told(suggestion):
    return suggestion.tier, suggestion.target, [member.code.cups for member in suggestion.sources]


class TestTier:
    @pytest.mark.parametrize(
        ("tier", "written", "reasons"),
        [
            (Tier.SAME, "es 1234 1234 5678 9012 jy", {Reason.SEPARATORS}),
            (Tier.SAME, "ES123412345678901ZJY", {Reason.LOOK_ALIKES}),
            (Tier.SAME, LONG, None),
            (Tier.SAME, f"{SOUND}A000", {Reason.SELF_CONSUMPTION, Reason.LETTERS_FIT}),
            (Tier.SAME, f"{SOUND}001", {Reason.SELF_CONSUMPTION, Reason.LETTERS_FIT}),
            (Tier.SAME, "1234123456789012JY", {Reason.COUNTRY_MISSING, Reason.LETTERS_FIT}),
            (Tier.SAME, "123412345678901ZJY", {Reason.COUNTRY_MISSING, Reason.LOOK_ALIKES, Reason.LETTERS_FIT}),
            (Tier.SLIP, SLIPPED, {Reason.DIGIT_WRONG, Reason.LETTERS_FIT}),
            (Tier.SLIP, "ES1234132456789012JY", {Reason.DIGITS_SWAPPED, Reason.LETTERS_FIT}),
            (Tier.SLIP, "ES123412345679012JY", {Reason.DIGIT_MISSING, Reason.LETTERS_FIT}),
            (Tier.SLIP, "ES12341234567889012JY", {Reason.DIGIT_EXTRA, Reason.LETTERS_FIT}),
            (Tier.LETTERS, SOUND[:18], {Reason.LETTERS_MISSING}),
            (Tier.LETTERS, SOUND[:19], {Reason.LETTERS_MISSING}),
            (Tier.LETTERS, SOUND[2:18], {Reason.LETTERS_MISSING, Reason.COUNTRY_MISSING}),
            (Tier.LETTERS, f"{SOUND[:18]}XX", {Reason.LETTERS_WRONG}),
            (Tier.SLIP_AND_LETTERS, SLIPPED[:18], {Reason.DIGIT_WRONG, Reason.LETTERS_MISSING}),
            (Tier.SLIP_AND_LETTERS, f"{SLIPPED[:18]}XX", {Reason.DIGIT_WRONG, Reason.LETTERS_WRONG}),
            (Tier.SLIP_AND_LETTERS, "ES123412345679012", {Reason.DIGIT_MISSING, Reason.LETTERS_MISSING}),
            (Tier.SLIP_AND_LETTERS, "ES123412345678901Z", {Reason.LOOK_ALIKES, Reason.LETTERS_MISSING}),
            (Tier.ALIKE, "ES1234123456YY9012JY", {Reason.TWO_EDITS}),
            (Tier.ALIKE, SOUND[:16], {Reason.PREFIX}),
        ],
    )
    def test_says_how_sure_it_is_and_why(self, tier, written, reasons):
        suggestion = only(code(SOUND, invoice_count=9), code(written))

        assert suggestion.tier is tier
        assert suggestion.supply == SOUND
        if reasons is None:
            assert told(suggestion) == (tier, LONG, [SOUND])
        else:
            assert told(suggestion) == (tier, SOUND, [written])
            assert set(suggestion.sources[0].reasons) == reasons

    @pytest.mark.parametrize(
        "written",
        [
            "ES1234123456789013JF",  # the neighbour's meter
            "ES9999999999999999XX",
            "ZIV0012345678",
            "3,14064E+14",
        ],
    )
    def test_of_what_is_another_supply_or_nobodys_is_none(self, written):
        assert cups.parse("ES1234123456789013JF").supply

        assert suggest(SOUND, written) == []

    def test_of_a_lone_code_is_none_however_damaged(self):
        for written in (SOUND, "es1234123456789012jy", SOUND[:18], SHORT, "C-123456789"):
            assert suggest(written) == []

    def test_of_zeros_that_a_spreadsheet_took_away(self):
        sound = "ES0021000000000001RK"

        suggestion = only(sound, "21000000000001")

        assert told(suggestion) == (Tier.LETTERS, sound, ["21000000000001"])
        assert set(suggestion.sources[0].reasons) == {
            Reason.ZEROS_LOST,
            Reason.COUNTRY_MISSING,
            Reason.LETTERS_MISSING,
        }

    def test_joins_codes_with_the_same_digits_none_of_which_is_sound(self):
        suggestion = only(f"{SOUND[:18]}XX", SOUND[:18])

        assert told(suggestion) == (Tier.LETTERS, f"{SOUND[:18]}XX", [SOUND[:18]])
        assert (suggestion.supply, suggestion.in_bulk) == (SOUND, True)
        assert suggestion.other_targets == (SOUND[:18], SOUND)

    def test_joins_codes_that_are_no_cups_by_their_clean_form(self):
        suggestion = only(code("C-123456789", invoice_count=2), "c 123.456.789")

        assert told(suggestion) == (Tier.SAME, "C-123456789", ["c 123.456.789"])
        assert (suggestion.supply, suggestion.in_bulk) == ("C123456789", True)

    def test_compares_no_numbers_that_a_spreadsheet_spoilt(self):
        assert suggest("3,14064E+14", "3,14064e+14", "3.14065E+14", "-", "--") == []

    def test_joins_the_documented_codes_at_one_facility_alone(self):
        codes = [code(f"{SHORT}{end}", invoice_count=count) for end, count in (("AB", 5), ("A", 3), ("", 3))]

        assert told(only(*codes)) == (Tier.ALIKE, f"{SHORT}AB", [SHORT, f"{SHORT}A"])
        assert suggest(codes[0], code(SHORT, THERE)) == []

    def test_of_codes_that_are_alike_makes_stars_and_no_chains(self):
        first, second, third = "TEXT-ABCDEFGH", "TEXT-ABCDEFXY", "TEXT-ABCDVWXY"

        suggestion = only(code(first, invoice_count=3), code(second, invoice_count=2), third)

        assert told(suggestion) == (Tier.ALIKE, first, [second])


class TestSlip:
    def test_is_not_certain_where_one_wrong_letter_explains_the_code_as_well(self):
        neighbours = [f"ES002100000000{number}" for number in range(1000, 1100)]
        one, other = next(
            (a, b)
            for a, b in itertools.pairwise([f"{body}{cups.check_letters(body[2:])}" for body in neighbours])
            if a[18] == b[18]
        )
        written = other[:18] + one[18:]

        suggestion = only(one, other, written)

        assert told(suggestion) == (Tier.LETTERS, other, [written])
        assert not suggestion.in_bulk
        assert one in suggestion.other_targets
        assert told(only(one, written))[0] is Tier.SLIP_AND_LETTERS
        assert told(only(one, code(other, THERE), written))[:2] == (Tier.SLIP_AND_LETTERS, one)

    def test_is_not_certain_where_the_letters_fit_another_code_too(self):
        written, right = _ambiguous()

        suggestion = only(right[0], written)

        assert told(suggestion) == (Tier.SLIP_AND_LETTERS, right[0], [written])
        assert set(suggestion.sources[0].reasons) == {Reason.DIGIT_WRONG, Reason.LETTERS_FIT}
        both = only(right[0], code(right[1], invoice_count=5), written)
        assert told(both) == (Tier.SLIP_AND_LETTERS, right[1], [written])
        assert right[0] in both.other_targets
        assert told(only(right[0], code(right[1], THERE, invoice_count=5), written))[1] == right[0]
        assert only(written, contracts=[Contract(right[0], HERE)]).tier is Tier.CONTRACT
        assert only(written, contracts=[Contract(one, HERE) for one in right]).tier is Tier.SLIP_AND_LETTERS

    @given(st.text("0123456789", min_size=15, max_size=17))
    def test_is_undone_in_every_way(self, digits):
        assert {f"{number:016}" for number in slips.undone(digits)} - {digits} == {
            one for one in brute.one_slip(digits) if len(one) == 16
        }

    def test_of_more_than_one_digit_is_none(self):
        assert list(slips.undone("1" * 14)) == []


class TestContract:
    def test_is_a_centre_that_no_invoice_has_yet(self):
        for contract in (Contract(LONG, HERE), Contract("es1234-123456789012-jy 0f", HERE)):
            suggestion = only("es1234123456789012jy", contracts=[contract])
            assert told(suggestion) == (Tier.SAME, LONG, ["es1234123456789012jy"])
            assert suggestion.in_bulk
            assert Reason.ON_CONTRACT in suggestion.sources[0].reasons
            assert TargetReason.CONSTRUCTED in suggestion.target_reasons

        assert only(SOUND[:18], contracts=[Contract(SOUND, HERE)]).tier is Tier.LETTERS
        assert only(f"{SOUND}A000", contracts=[Contract(SOUND, HERE)]).tier is Tier.SAME

    def test_repairs_a_code_by_its_letters_one_by_one(self):
        suggestion = only(SLIPPED, contracts=[Contract(SOUND, HERE)])

        assert told(suggestion) == (Tier.CONTRACT, SOUND, [SLIPPED])
        assert not suggestion.in_bulk
        assert suggestion.sources[0].reasons == (Reason.DIGIT_WRONG, Reason.LETTERS_FIT, Reason.ON_CONTRACT)

    def test_that_names_no_supply_changes_nothing(self):
        assert suggest(SLIPPED, SOUND[:18], contracts=[Contract("C-1", HERE)]) == suggest(SLIPPED, SOUND[:18])

    def test_spells_the_target_the_commonest_way(self):
        contracts = [Contract(one, HERE) for one in (SOUND, LONG, LONG)]

        assert told(only(SOUND, contracts=contracts)) == (Tier.SAME, LONG, [SOUND])
        assert suggest(LONG, contracts=contracts) == []


class TestTarget:
    @pytest.mark.parametrize(
        ("codes", "target", "reasons"),
        [
            ([SOUND, LONG], LONG, {TargetReason.LETTERS_RIGHT, TargetReason.COMPLETE, TargetReason.AGREED_SUFFIX}),
            ([SOUND, LONG, f"{SOUND}1P"], SOUND, {TargetReason.LETTERS_RIGHT, TargetReason.COMPLETE}),
            (["es1234123456789012jy", SOUND[:18]], SOUND, None),
            ([f"{SOUND}A000", SOUND[2:]], SOUND, None),
        ],
    )
    def test_is_spelled_as_the_codes_agree(self, codes, target, reasons):
        proposed, why = matching.propose([code(one) for one in codes])

        assert proposed == target
        assert {one.target for one in suggest(*codes)} == {target}
        expected = reasons or {TargetReason.LETTERS_RIGHT, TargetReason.COMPLETE, TargetReason.CONSTRUCTED}
        assert set(why) - {TargetReason.SMALLEST} == expected

    def test_is_ranked_in_the_order_of_what_speaks_for_it(self):
        last = {"first_date": date(2025, 1, 1), "last_date": date(2025, 12, 31)}
        worse_and_worse = [
            code("ES2", is_locked=True),
            code("ES0021000000000001RK"),
            code(SOUND),
            code("ES0021000000000001XX"),
            code("ES0021000000000009X"),
            code("ES3", invoice_count=3),
            code("ES4", invoice_count=2, **last),
            code("ES5", invoice_count=2, **last | {"first_date": date(2025, 2, 1)}),
            code("ES6", invoice_count=2, **last | {"last_date": date(2025, 12, 30)}),
            code("ES7", invoice_count=2),
            code("ES8", invoice_count=2),
        ]

        assert matching.ranked(reversed(worse_and_worse)) == [one.cups for one in worse_and_worse]

    def test_of_several_facilities_counts_them_together(self):
        codes = [
            code("ES1", HERE, invoice_count=3, first_date=date(2024, 1, 1), last_date=date(2024, 3, 1)),
            code("ES2", HERE, invoice_count=2),
            code("ES2", THERE, invoice_count=2, first_date=date(2025, 1, 1), last_date=date(2025, 2, 1)),
        ]

        assert matching.propose(codes) == ("ES2", (TargetReason.MOST_INVOICES, TargetReason.LATEST))

    def test_of_nothing_is_nothing(self):
        assert matching.propose([]) == ("", ())
        assert matching.ranked([]) == []

    def test_says_that_only_the_spelling_decided(self):
        assert TargetReason.SMALLEST in matching.propose([code("ES1"), code("ES2")])[1]

    def test_backed_by_datadis_wins_as_it_is_written_and_is_never_a_source(self):
        locked = code(SOUND, is_locked=True)

        assert told(only(locked, code(LONG, invoice_count=9))) == (Tier.SAME, SOUND, [LONG])
        found = suggest(code("es1234123456789012jy", is_locked=True), code(SOUND, invoice_count=9), SOUND[:18])
        assert {suggestion.target for suggestion in found} == {"es1234123456789012jy"}
        assert [suggestion.tier for suggestion in found] == [Tier.SAME, Tier.LETTERS]
        assert suggest(locked, code(LONG, is_locked=True)) == []

    def test_backed_at_the_facility_goes_before_what_is_backed_elsewhere(self):
        codes = [code(SOUND, HERE, is_locked=True), code(LONG, THERE, is_locked=True)]
        codes += [code(SOUND[:18], HERE), code(SOUND[:18], THERE), code(SOUND[:18], NOWHERE)]

        found = {suggestion.facility_id: suggestion.target for suggestion in suggest(*codes)}

        assert (found[HERE], found[THERE]) == (SOUND, LONG)
        assert found[NOWHERE] == SOUND

    def test_that_is_damaged_but_backed_takes_the_others_in_at_its_own_tier(self):
        suggestion = only(code(SOUND[:18], is_locked=True), SOUND)

        assert told(suggestion) == (Tier.LETTERS, SOUND[:18], [SOUND])

    def test_is_the_same_at_every_facility(self):
        found = suggest(SOUND, code(LONG, THERE), code(SOUND[:18], NOWHERE), code(SLIPPED, THERE))

        assert {suggestion.target for suggestion in found} == {LONG}
        assert [suggestion.facility_id for suggestion in found] == [HERE, THERE, NOWHERE]

    def test_comes_with_the_others_that_there_are(self):
        suggestion = only(SOUND, f"{SOUND}1P", LONG, "es1234123456789012jy")

        assert suggestion.other_targets == (LONG, f"{SOUND}1P")


class TestBulk:
    @pytest.mark.parametrize(
        ("codes", "in_bulk"),
        [
            ([SOUND, LONG], True),
            ([SOUND, f"{SOUND}A000"], True),
            ([SOUND, f"{SOUND}0FA000"], False),
            ([SOUND, f"{SOUND}001"], False),
            ([LONG, f"{SOUND}1P"], False),
            ([LONG, f"{SOUND[:18]}1P"], False),
            ([SOUND, SLIPPED], True),
            ([SOUND, SOUND[:18]], True),
            ([SOUND, SLIPPED[:18]], False),
            ([SOUND, SOUND[:16]], False),
        ],
    )
    def test_takes_what_the_codes_alone_make_safe(self, codes, in_bulk):
        assert {suggestion.in_bulk for suggestion in suggest(*codes)} == {in_bulk}

    @pytest.mark.parametrize("written", ["es1234123456789012jy", SLIPPED, SOUND[:18]])
    def test_crosses_no_facilities(self, written):
        is_sound = bool(cups.parse(written).supply)

        away = only(code(SOUND, THERE), written)
        assert away.in_bulk is is_sound
        assert (Reason.OTHER_FACILITY in away.sources[0].reasons) is not is_sound
        assert only(code(SOUND, THERE), code(SOUND, HERE), written).in_bulk
        assert only(code(SOUND, THERE), written, contracts=[Contract(SOUND, HERE)]).in_bulk

    def test_crosses_none_where_no_code_is_sound(self):
        assert not only(code(f"{SOUND[:18]}XX", THERE), SOUND[:18]).in_bulk
        assert not only(code("C-123456789", THERE), "c123456789").in_bulk


class TestDismissed:
    def test_is_left_out_and_another_supply_suggested(self):
        written, right = _ambiguous()
        best = only(code(right[0], invoice_count=5), right[1], written)
        dismissed = [Dismissed(written, HERE, best.supply)]

        again = only(code(right[0], invoice_count=5), right[1], written, dismissed=dismissed)

        assert (best.supply, again.supply) == right
        assert suggest(right[0], written, dismissed=dismissed) == []

    @pytest.mark.parametrize("written", [LONG, SLIPPED, SOUND[:18], f"{SLIPPED[:18]}XX", f"{SOUND}A000", SOUND[:16]])
    def test_stays_so_in_every_tier(self, written):
        suggestion = only(SOUND, written)
        dismissed = [Dismissed(member.code.cups, HERE, suggestion.supply) for member in suggestion.sources]

        assert suggest(SOUND, written, dismissed=dismissed) == []
        elsewhere = [one._replace(facility_id=THERE) for one in dismissed]
        assert suggest(SOUND, written, dismissed=elsewhere) == [suggestion]

    def test_stays_so_when_the_other_becomes_the_better_target(self):
        few, many = code(SHORT, invoice_count=2), code(f"{SHORT}A", invoice_count=3)
        suggestion = only(few, many)
        dismissed = [Dismissed(few.cups, HERE, suggestion.supply)]

        assert suggestion.supply == many.clean
        assert suggest(few._replace(invoice_count=9), many, dismissed=dismissed) == []
        assert told(only(SOUND, LONG)) == (Tier.SAME, LONG, [SOUND])
        assert suggest(SOUND, f"{SOUND}1P", LONG, dismissed=[Dismissed(SOUND, HERE, SOUND)]) == []

    def test_of_codes_with_the_same_digits_leaves_the_others_together(self):
        codes = [f"{SOUND[:18]}XX", SOUND[:18], f"{SOUND[:18]}YX"]

        suggestion = only(*codes, dismissed=[Dismissed(SOUND[:18], HERE, SOUND)])

        assert told(suggestion) == (Tier.LETTERS, f"{SOUND[:18]}XX", [f"{SOUND[:18]}YX"])
        assert suggest(*codes[:2], dismissed=[Dismissed(SOUND[:18], HERE, SOUND)]) == []


class TestId:
    def test_follows_from_what_the_suggestion_is_made_of(self):
        codes = [code(SOUND, invoice_count=5), code(SOUND[:18]), code(f"{SOUND[:18]}XX")]
        suggestion = only(*codes)

        assert only(*reversed(codes)).id == suggestion.id
        assert only(codes[0], codes[1], codes[2]._replace(invoice_count=4)).id == suggestion.id
        others = [only(*codes[:2]), only(*codes[1:], contracts=[Contract(LONG, HERE)]), only(codes[0], SLIPPED)]
        assert len({suggestion.id, *(other.id for other in others)}) == 4
        assert (len(suggestion.id), int(suggestion.id, 16) > 0) == (32, True)


fields = st.builds(
    planted.plant,
    st.integers(20, 70),
    seed=st.integers(0, 10**6),
    damaged=st.sampled_from([0.5, 0.8]),
    doubled=st.sampled_from([0.1, 0.8]),
    absent=st.sampled_from([0.1, 0.6]),
    signed=st.sampled_from([0.0, 0.3]),
    neighbours=st.sampled_from([2, 60]),
    facilities=st.sampled_from([1, 3]),
    distributors=st.sampled_from([("0021",), ("0021", "1234")]),
)


class TestAnyCodes:
    @unhurried
    @given(fields, st.randoms(use_true_random=False))
    def test_make_stars_in_which_no_two_supplies_are_joined(self, field, chance):
        codes = [one._replace(is_locked=chance.random() < 0.05) for one in field.codes]
        found = matching.suggest(codes, contracts=field.contracts)

        shuffled = chance.sample(codes, len(codes))
        assert matching.suggest(shuffled, contracts=field.contracts) == found

        sources = [member.code for suggestion in found for member in suggestion.sources]
        assert len(sources) == len(set(sources))
        assert not any(source.is_locked for source in sources)
        assert len({suggestion.id for suggestion in found}) == len(found)
        assert len({(one.tier, one.supply, one.facility_id) for one in found}) == len(found)
        for suggestion in found:
            members = [suggestion.target, *(member.code.cups for member in suggestion.sources)]
            assert len({supply for one in members if (supply := cups.parse(one).supply)}) <= 1
            assert suggestion.target not in members[1:]
            assert suggestion.target not in suggestion.other_targets
            assert len(suggestion.other_targets) <= 6
            assert {member.code.facility_id for member in suggestion.sources} == {suggestion.facility_id}
            assert not suggestion.in_bulk or suggestion.tier <= Tier.LETTERS

    @unhurried
    @given(fields, st.randoms(use_true_random=False))
    def test_point_where_brute_force_says(self, field, chance):
        first = matching.suggest(field.codes, contracts=field.contracts)
        members = [
            Dismissed(member.code.cups, member.code.facility_id, suggestion.supply)
            for suggestion in first
            for member in suggestion.sources
        ]
        dismissed = [one for one in members if chance.random() < 0.3]

        _agree(field, dismissed)

    @unhurried
    @given(fields)
    def test_are_of_one_supply_only_if_the_probes_of_one_hold_the_other(self, field):
        for suggestion in matching.suggest(field.codes, contracts=field.contracts):
            if suggestion.tier is Tier.ALIKE or not cups.parse(suggestion.supply).supply:
                continue
            for member in suggestion.sources:
                assert suggestion.supply[2:18] in matching.probes(member.code.cups)

    @unhurried
    @given(fields, st.data())
    def test_are_found_around_one_code_by_the_probes(self, field, data):
        one = data.draw(st.sampled_from(field.codes))

        assert _about(one, matching.suggest(_around(one, field.codes), contracts=field.contracts)) == _about(
            one, matching.suggest(field.codes, contracts=field.contracts)
        )


class TestPlanted:
    def test_points_where_brute_force_says(self):
        _agree(planted.plant(600, seed=5, damaged=0.3, neighbours=200, facilities=4), [])

    def test_is_found_with_nothing_wrong_in_the_safest_tiers(self):
        field = planted.plant(2000, seed=2, damaged=0.4)

        result = planted.told(field, matching.suggest(field.codes, contracts=field.contracts))
        assert not result.wrong[Tier.SAME], "\n".join(result.lines())
        assert not result.wrong[Tier.SLIP]
        assert result.right[Tier.SAME] > 350
        assert result.right[Tier.SLIP] > 60
        assert result.precision(Tier.LETTERS) > 0.97
        assert result.recall(Tier.SAME) > 0.99
        assert result.recall(Tier.SLIP) > 0.95
        assert result.share_at(Tier.SLIP) > 0.75
        assert result.recall(Tier.LETTERS) == 1
        assert result.recall(Tier.CONTRACT) > 0.9

    @pytest.mark.parametrize(
        "stress",
        [
            {"absent": 0.6},
            {"neighbours": 2000, "facilities": 3},
            {"neighbours": 2000, "absent": 0.5, "distributors": ("0021",)},
            {"signed": 0.5},
        ],
        ids=str,
    )
    def test_under_stress_has_nothing_wrong_in_the_safest_tiers(self, stress):
        field = planted.plant(2000, seed=3, damaged=0.5, **stress)

        result = planted.told(field, matching.suggest(field.codes, contracts=field.contracts))

        assert not result.wrong[Tier.SAME]
        assert not result.wrong[Tier.SLIP]
        assert result.right[Tier.SAME] > 200

    def test_has_every_kind_of_damage_in_the_order_in_which_it_befalls_a_code(self):
        assert planted.ORDER.keys() == damage.KINDS.keys()


def test_finds_the_demos_planted_codes():
    truths = list(world.truths())
    supplies = world.planned_supplies()
    codes = {(one.cups, one.place.organization_id, one.place.id) for one in supplies}
    codes |= {(one.written, one.organization_id, one.facility_id) for one in truths}
    found, wrong = {}, []
    for organization_id in {one.organization_id for one in truths}:
        own = [
            code(written, place) for written, organization, place in sorted(codes) if organization == organization_id
        ]
        meant = {(one.written, one.facility_id): one.cups[:20] for one in truths}
        for suggestion in matching.suggest(own):
            for member in suggestion.sources:
                key = (member.code.cups, member.code.facility_id)
                found[key] = suggestion.tier
                found.setdefault((suggestion.target, suggestion.facility_id), suggestion.tier)
                if meant.get(key, member.code.cups[:20]) != suggestion.supply:
                    wrong.append((suggestion.tier, suggestion.in_bulk))

    missed = {one.kind for one in truths if (one.written, one.facility_id) not in found}
    assert all(tier > Tier.SLIP and not in_bulk for tier, in_bulk in wrong), wrong
    assert missed <= {"contract_number", "meter_number", "scientific_notation"}
    assert len(found) > 100


def _agree(field, dismissed):
    """Compare where codes that are not sound point with what brute force says."""
    suggestions = matching.suggest(field.codes, contracts=field.contracts, dismissed=dismissed)
    assert brute.differing(field.codes, suggestions, brute.found(field.codes, field.contracts, dismissed)) == []


def _around(one, codes):
    """Return the codes that can matter to one, tier 5 left aside, and those at its facility, which matter to that."""
    own = matching.probes(one.cups)
    near = [
        other
        for other in codes
        if other.body16 in own
        or one.body16 in matching.probes(other.cups)
        or other.facility_id == one.facility_id
        or not other.body16
    ]
    for _ in range(3):
        may_be = {
            digits for other in near if not cups.parse(other.cups).supply for digits in matching.probes(other.cups)
        }
        near = [other for other in codes if other in near or other.body16 in may_be]
    return near


def _about(one, suggestions):
    return [
        suggestion
        for suggestion in suggestions
        if suggestion.facility_id == one.facility_id
        and (suggestion.target == one.cups or any(member.code == one for member in suggestion.sources))
    ]


def _ambiguous():
    """Return a code with one digit wrong, and two whose letters it fits."""
    for number in range(10**6, 2 * 10**6):
        digits = f"0021{number:012}"
        letters = published.calc_check_digits(f"ES{digits[:-1]}{(int(digits[-1]) + 5) % 10}")
        right = [
            f"ES{one}{letters}"
            for one in sorted(brute.one_slip(digits))
            if len(one) == 16 and published.calc_check_digits(f"ES{one}") == letters and one[:4] == "0021"
        ]
        own = published.calc_check_digits(f"ES{digits}")
        is_plain = all(sum(a != b for a, b in zip(one[2:18], digits, strict=True)) == 1 for one in right)
        if len(right) == 2 and is_plain and letters[0] != own[0] and letters[1] != own[1]:
            return f"ES{digits}{letters}", tuple(right)
    raise AssertionError
