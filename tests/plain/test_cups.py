import random
import string
import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from stdnum.es import cups as published

from invoices import cups
from invoices.cups import Check, Problem

# The machine may be busy: how long an example takes says nothing of these functions.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SEPARATORS = [" ", "\N{NO-BREAK SPACE}", "-", ".", "/", "\N{EN DASH}", "\t", "\N{ZERO WIDTH SPACE}"]
LOOK_ALIKES = {"0": "OQD", "1": "IL", "2": "Z", "5": "S", "6": "G", "8": "B"}
LETTERS_AS_DIGITS = {"Q": "0", "D": "0", "L": "1", "Z": "2", "S": "5", "G": "6", "B": "8"}


def sound(body16, suffix=""):
    """Write the code of 16 digits by the formula, worked out apart from the module under test."""
    table = "TRWAGMYFPDXBNJZSQVHLCKE"
    remainder = int(body16) % 529
    return f"ES{body16}{table[remainder // 23]}{table[remainder % 23]}{suffix}"


def _one_wrong(body):
    return {body[:at] + digit + body[at + 1 :] for at in range(len(body)) for digit in "0123456789"} - {body}


def _swapped(body):
    return {body[:at] + body[at + 1] + body[at] + body[at + 2 :] for at in range(len(body) - 1)} - {body}


def _one_less(body):
    return {body[:at] + body[at + 1 :] for at in range(len(body))}


def _one_more(body):
    return {body[:at] + digit + body[at:] for at in range(len(body) + 1) for digit in "0123456789"}


bodies = st.text("0123456789", min_size=16, max_size=16)
suffixes = st.sampled_from(["", "0F", "1P", "9Z"])
sound_codes = st.builds(sound, bodies, suffixes)
texts = st.one_of(
    st.text(max_size=80),
    st.text(alphabet=[*string.ascii_letters, *string.digits, *SEPARATORS, ":", "ñ", "٣", "\ud800"], max_size=40),
    st.from_regex(r"\A(CUPS:? ?)?(E[S5])?[0-9OIZSB]{10,20}[A-Z]{0,3}[0-9]?[A-Z]?(A?[0-9]{3})?\Z"),
)


class TestCheck:
    @pytest.mark.parametrize(
        ("code", "check"),
        [
            ("ES0022000006089269MY1P", Check.VALID),
            ("ES1234123456789012JY", Check.VALID),
            ("ES1234123456789012JY1F", Check.VALID),
            ("ES0031406398765432GH0F", Check.LETTERS_WRONG),
            ("ES0021000000000001XX", Check.LETTERS_WRONG),
            ("ES0021000000000000001AB", Check.DAMAGED),
            ("ES0021000000000000001A", Check.DAMAGED),
            ("ES0021000000000000001", Check.DAMAGED),
            ("ES1234123456789012JYA000", Check.SELF_CONSUMPTION),
            ("ES1234123456789012JY0FA000", Check.SELF_CONSUMPTION),
            ("ES1234123456789012JY001", Check.SELF_CONSUMPTION),
            ("ES1234123456789012JY1F001", Check.SELF_CONSUMPTION),
        ],
    )
    def test_of_the_codes_that_are_known(self, code, check):
        assert cups.parse(code).check is check
        assert cups.parse(code).clean == cups.parse(code).written == code

    @pytest.mark.parametrize(
        "code",
        [
            "es1234123456789012jy",
            "ES 1234 1234 5678 9012 JY 1F",
            "ES-1234-123456789012-JY",
            "ES.1234.1234.5678.9012.JY",
            "ES1234/123456789012/JY",
            "\N{NO-BREAK SPACE}ES1234\N{NO-BREAK SPACE}123456789012\N{NO-BREAK SPACE}JY",
            "CUPS: ES1234123456789012JY",
            "cups es1234123456789012jy",
            "CUPS CUPS: ES1234123456789012JY",
            "Cups:ES1234123456789012JY",
        ],
    )
    def test_forgives_how_a_code_is_set(self, code):
        assert cups.parse(code).check is Check.NOT_CLEAN
        assert cups.parse(code).supply == "ES1234123456789012JY"

    @pytest.mark.parametrize(
        ("code", "supply", "suffix"),
        [
            ("ES123412345678901ZJY", "ES1234123456789012JY", ""),
            ("ESI2341Z34S67B9O12JY", "ES1234123456789012JY", ""),
            ("E51234123456789012JY0F", "ES1234123456789012JY", "0F"),
            ("ES1234123456789012JYOF", "ES1234123456789012JY", "0F"),
            ("cups: es 1234 l234 5678 9012 jy", "ES1234123456789012JY", ""),
            (sound("0031406398765432").replace("Q", "0"), "ES0031406398765432QR", ""),
            (sound("0031406398765432").replace("Q", "O"), "ES0031406398765432QR", ""),
        ],
    )
    def test_reads_look_alikes_where_the_letters_prove_it(self, code, supply, suffix):
        parsed = cups.parse(code)

        assert (parsed.check, parsed.supply, parsed.suffix) == (Check.LOOK_ALIKE, supply, suffix)

    def test_of_look_alikes_that_the_letters_do_not_prove_is_damaged(self):
        parsed = cups.parse("ES123412345678901ZJX")

        assert (parsed.check, parsed.body16, parsed.supply) == (Check.DAMAGED, "", "")

    def test_takes_one_legal_letter_for_another_as_wrong_even_if_they_look_alike(self):
        assert cups.parse(sound("0031406398765432").replace("Q", "D")).check is Check.LETTERS_WRONG

    @pytest.mark.parametrize(
        ("code", "letters", "suffix"),
        [
            ("ES1234123456789012", "", ""),
            ("ES1234123456789012J", "J", ""),
            ("ES1234123456789012Y", "Y", ""),
            ("ES12341234567890120F", "", "0F"),
            ("es 1234 1234 5678 9012 J 1P", "J", "1P"),
        ],
    )
    def test_of_letters_cut_off(self, code, letters, suffix):
        parsed = cups.parse(code)

        assert parsed.check is Check.LETTERS_MISSING
        assert (parsed.letters, parsed.suffix, parsed.expected_letters) == (letters, suffix, "JY")
        assert parsed.supply == ""

    @pytest.mark.parametrize(
        ("code", "body16"),
        [
            ("1234123456789012JY", "1234123456789012"),  # no ES, and the letters prove the digits
            ("1234123456789012JY0F", "1234123456789012"),
            ("ES1234123456789012JY0A", "1234123456789012"),  # no such border point
            ("ES1234123456789012JYF", "1234123456789012"),
            ("ES1234123456789012JYOI", "1234123456789012"),
            ("1234123456789012JX", ""),
            ("1234123456789012", ""),
            ("21000000000001", ""),  # the zeros in front lost in a spreadsheet
            ("ES123412345678901JY", ""),
            ("ES12341234567890123JY", ""),
            ("ES1234123456789012JÑ", ""),
            ("ES12X4123456789012JY", ""),
            ("ES1234", ""),
            ("eſ1234123456789012JY", ""),
        ],
    )
    def test_of_what_was_a_cups_once(self, code, body16):
        parsed = cups.parse(code)

        assert (parsed.check, parsed.body16, parsed.supply) == (Check.DAMAGED, body16, "")

    @pytest.mark.parametrize(
        "code",
        [
            *(
                "",
                " ",
                "CUPS",
                "CUPS:",
                "ES",
                "-",
                "ref CUPS: ES1234123456789012JY",
                "C-123456789",
                "ZIV0012345678",
                "no tiene",
                "ESTACIÓN 2024",
            ),
            *("3,14064E+14", "3.1406398765432E+14", "3,1406398765432E14", "3E+15", "912345678", "1" * 23),
            *("ES" + "1" * 300, " " * 300 + "ES1234123456789012JY", "ES١٢٣٤١٢٣٤٥٦٧٨٩٠١٢JY"),
        ],
    )
    def test_of_what_never_was_a_cups(self, code):
        parsed = cups.parse(code)

        assert (parsed.check, parsed.body16, parsed.supply) == (Check.OTHER, "", "")

    @unhurried
    @given(texts)
    def test_of_any_text_answers(self, text):
        parsed = cups.parse(text)

        assert parsed.written == text
        assert (len(parsed.body16), len(parsed.expected_letters)) in {(0, 0), (16, 2)}
        assert len(parsed.supply) in {0, 20}
        assert bool(parsed.supply) == (parsed.check in {Check.VALID, Check.NOT_CLEAN, Check.LOOK_ALIKE})
        assert not parsed.supply or published.is_valid(parsed.supply)
        assert (parsed.check is Check.VALID) == (published.is_valid(text) and published.compact(text) == text)

    @unhurried
    @given(texts)
    def test_of_the_clean_form_differs_in_cleanness_alone(self, text):
        parsed = cups.parse(text)
        again = cups.parse(parsed.clean)

        if parsed.check is not Check.OTHER:
            assert (again.clean, again.body16, again.suffix) == (parsed.clean, parsed.body16, parsed.suffix)
            assert again.check is (Check.VALID if parsed.check is Check.NOT_CLEAN else parsed.check)


class TestSoundCode:
    @unhurried
    @given(sound_codes)
    @example("ES1234123456789012JY1F")
    def test_is_valid_and_names_its_supply(self, code):
        parsed = cups.parse(code)

        assert (parsed.check, parsed.supply, parsed.suffix) == (Check.VALID, code[:20], code[20:])

    @unhurried
    @given(sound_codes, st.data())
    def test_survives_case_separators_and_label(self, code, data):
        spaced = "".join(
            data.draw(st.sampled_from(["", *SEPARATORS])) + data.draw(st.sampled_from([one, one.lower()]))
            for one in code
        )
        written = data.draw(st.sampled_from(["", "CUPS: ", "cups ", " Cups:"])) + spaced
        parsed = cups.parse(written)

        assert parsed.check is (Check.VALID if written == code else Check.NOT_CLEAN)
        assert (parsed.clean, parsed.supply, parsed.suffix) == (code, code[:20], code[20:])

    @unhurried
    @given(sound_codes, st.data())
    def test_survives_digits_and_letters_read_for_one_another(self, code, data):
        body = "".join(data.draw(st.sampled_from([digit, *LOOK_ALIKES.get(digit, "")])) for digit in code[2:18])
        letters = "".join(
            data.draw(st.sampled_from([letter, LETTERS_AS_DIGITS.get(letter, letter)])) for letter in code[18:20]
        )
        written = f"{data.draw(st.sampled_from(['ES', 'E5']))}{body}{letters}{code[20:]}"
        parsed = cups.parse(written)

        assert parsed.check is (Check.VALID if written == code else Check.LOOK_ALIKE)
        assert (parsed.supply, parsed.suffix, cups.complete(written)) == (code[:20], code[20:], code)

    @unhurried
    @given(sound_codes)
    def test_is_completed_from_its_digits(self, code):
        assert cups.complete(code[:18]) == code[:20]
        assert cups.complete(code[:19] + code[20:]) == code
        assert cups.complete(code[2:]) == code
        assert cups.complete(f"{code}A000") == code


class TestLetters:
    @unhurried
    @given(bodies)
    @example("1234123456789012")
    def test_are_those_of_the_published_formula(self, body16):
        assert cups.check_letters(body16) == sound(body16)[18:] == published.calc_check_digits(f"ES{body16}")

    @pytest.mark.parametrize(
        "body16",
        ["", "123412345678901", "12341234567890123", "123412345678901Z", "١٢٣٤١٢٣٤٥٦٧٨٩٠١٢", " 23412345678901 "],
    )
    def test_are_asked_of_16_digits_only(self, body16):
        with pytest.raises(ValueError, match="16 digits"):
            cups.check_letters(body16)

    def test_notice_every_wrong_digit_and_every_swap(self):
        chance = random.Random(20)  # noqa: S311 (the same codes each time)
        for _ in range(200):
            body16 = "".join(chance.choices("0123456789", k=16))
            letters = cups.check_letters(body16)

            assert letters not in {cups.check_letters(other) for other in [*_one_wrong(body16), *_swapped(body16)]}

    @pytest.mark.parametrize(
        ("damage", "repair", "unique"),
        [
            (_one_wrong, _one_wrong, 0.93),
            (_swapped, _swapped, 0.997),
            (_one_less, _one_more, 0.81),
            (_one_more, _one_less, 0.98),
        ],
    )
    def test_repair_most_damage_uniquely(self, damage, repair, unique):
        chance = random.Random(21)  # noqa: S311
        repaired = []
        for _ in range(400):
            body16 = f"00{chance.choice(['21', '22', '31'])}{chance.randrange(10**12):012}"
            damaged = chance.choice(sorted(damage(body16)))
            fitting = {one for one in repair(damaged) if cups.check_letters(one) == sound(body16)[18:]}
            assert body16 in fitting
            repaired.append(fitting == {body16})

        assert sum(repaired) / len(repaired) == pytest.approx(unique, abs=0.04)


class TestComplete:
    @pytest.mark.parametrize("letters", ["QF", "DF", "LP"])
    def test_names_the_supply_where_a_border_point_could_be_misread_letters(self, letters):
        body16 = next(body for body in (f"0021{at:012}" for at in range(10**4)) if sound(body)[18:] == letters)
        code = f"ES{body16}{LETTERS_AS_DIGITS[letters[0]]}{letters[1]}"

        assert cups.parse(code).check is Check.LOOK_ALIKE
        assert cups.complete(code) == cups.parse(code).supply == f"ES{body16}{letters}"

    @pytest.mark.parametrize(
        ("code", "complete"),
        [
            ("ES0031406398765432GH0F", "ES0031406398765432QR0F"),
            ("ES0021000000000001XX", "ES0021000000000001RK"),
            ("es 0021 0000 0000 0001", "ES0021000000000001RK"),
            ("ES1234123456789012JY0FA000", "ES1234123456789012JY0F"),
            ("ES1234123456789012JY0A", "ES1234123456789012JY"),
            ("ES0021000000000000001AB", ""),
            ("C-123456789", ""),
        ],
    )
    def test_offers_the_right_letters_where_the_digits_are_certain(self, code, complete):
        assert cups.complete(code) == complete


class TestReadings:
    @pytest.mark.parametrize(
        ("code", "readings"),
        [
            ("ES123412345678901JY", [("123412345678901", "JY", "", True, False)]),
            ("1234123456789012jx", [("1234123456789012", "JX", "", True, False)]),
            (
                "ES002100000000001BX0F",
                [("002100000000001", "BX", "0F", True, False), ("0021000000000018", "X", "0F", False, False)],
            ),
            (
                "21000000000001",
                [("0021000000000001", "", "", True, True), ("0002100000000000", "1", "", False, True)],
            ),
            ("ES0021000000000001XXA000", [("0021000000000001", "XX", "", True, False)]),
            ("ZIV0012345678", []),
            ("ES" + "1" * 300, []),
        ],
    )
    def test_are_all_the_ways_to_read_a_damaged_code(self, code, readings):
        assert [tuple(reading) for reading in cups.readings(code)] == readings

    @unhurried
    @given(sound_codes)
    def test_of_a_sound_code_hold_the_right_one(self, code):
        assert cups.Reading(code[2:18], code[18:20], code[20:]) in cups.readings(code)

    @unhurried
    @given(texts)
    def test_of_any_text_have_digits_letters_and_a_border_point(self, text):
        for reading in cups.readings(text):
            assert len(reading.digits) in {15, 16, 17}
            assert reading.digits.isdigit()
            assert len(reading.letters) <= 2
            assert len(reading.suffix) in {0, 2}

    @pytest.mark.parametrize(
        ("letters", "pairs"),
        [("JY", ["JY"]), ("OY", ["QY", "DY"]), ("05", ["QS", "DS"]), ("J", []), ("JU", []), ("", []), ("JYF", [])],
    )
    def test_of_letters_say_what_the_digits_leave(self, letters, pairs):
        assert {cups.LETTERS[remainder] for remainder in cups.remainders(letters)} == set(pairs)


def test_says_which_digits_a_text_looks_like():
    assert cups.as_digits("ESOQDILZSGBX") == "E5000112568X"


class TestDiffer:
    def test_says_that_two_neighbouring_meters_are_two_supplies(self):
        assert cups.differ(sound("0021000000000001"), sound("0021000000000002", "0F"))

    @pytest.mark.parametrize(
        ("a", "b"),
        [
            ("ES1234123456789012JY", "es 1234 1234 5678 9012 jy 1F"),
            ("ES1234123456789012JY0F", "ES1234123456789012JY1P"),
            ("ES1234123456789012JY", "ES0021000000000001XX"),
            ("ES0021000000000001", "ES1234123456789012JY"),
            ("", ""),
        ],
    )
    def test_says_nothing_of_one_supply_or_of_an_unsound_code(self, a, b):
        assert not cups.differ(a, b)


class TestDistributor:
    @pytest.mark.parametrize(
        ("code", "name"),
        [
            ("ES0021000000000001XX", "i-DE (Iberdrola)"),
            ("es 0397 0000 0000 0001", "UFD (Naturgy)"),
            ("ES0031406398765432GH0F", "e-distribución (Endesa)"),
            ("ES0021000000000000001AB", "i-DE (Iberdrola)"),
            (sound("0026000000000001")[2:], "E-REDES (EDP)"),
            ("ES1234123456789012JY", ""),
            ("C-0021", ""),
            ("", ""),
        ],
    )
    def test_is_told_by_the_first_four_digits(self, code, name):
        assert cups.distributor(code) == name


class TestAcceptable:
    @pytest.mark.parametrize(
        ("text", "stored"),
        [
            ("ES0021000000000000001AB", "ES0021000000000000001AB"),
            ("\N{NO-BREAK SPACE} \t\n es 1234 x \N{IDEOGRAPHIC SPACE}\N{NO-BREAK SPACE}", "es 1234 x"),
            ("contrato nº 12", "contrato nº 12"),
            ("x", "x"),
            (f"  {'x' * 64}  ", "x" * 64),
        ],
    )
    def test_is_any_text_without_its_outer_blanks(self, text, stored):
        assert cups.acceptable(text) == stored

    @pytest.mark.parametrize(
        ("text", "problem", "character"),
        [
            ("", Problem.EMPTY, ""),
            (" \N{NO-BREAK SPACE}\t", Problem.EMPTY, ""),
            ("x" * 65, Problem.TOO_LONG, ""),
            ("a\x00b", Problem.CONTROL, "U+0000"),
            ("a\nb", Problem.CONTROL, "U+000A"),
            ("a\x7fb", Problem.CONTROL, "U+007F"),
            ("a\u2028b", Problem.CONTROL, "U+2028"),
            ("\u200bES", Problem.INVISIBLE, "U+200B"),
            ("ES\ufeff", Problem.INVISIBLE, "U+FEFF"),
            ("E\u00adS", Problem.INVISIBLE, "U+00AD"),
            ("E\u3164S", Problem.INVISIBLE, "U+3164"),
            ("E\U000e0101S", Problem.INVISIBLE, "U+E0101"),
            ("E\u202eS", Problem.DIRECTION, "U+202E"),
            ("E\u200fS", Problem.DIRECTION, "U+200F"),
            ("E\ud800S", Problem.SURROGATE, "U+D800"),
        ],
    )
    def test_is_not_a_text_that_nobody_can_see_or_store(self, text, problem, character):
        with pytest.raises(cups.NotAcceptable) as refused:
            cups.acceptable(text)

        assert (refused.value.problem, refused.value.character) == (problem, character)
        assert character in str(refused.value)
        assert str(refused.value).startswith("The code ")

    @unhurried
    @given(texts)
    def test_is_stable_and_clean(self, text):
        try:
            stored = cups.acceptable(text)
        except cups.NotAcceptable:
            return

        assert cups.acceptable(stored) == stored
        assert 1 <= len(stored) <= cups.MAX_LENGTH
        assert not {unicodedata.category(one) for one in stored} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
        stored.encode()


class TestSegments:
    @pytest.mark.parametrize(
        ("code", "shown"),
        [
            ("ES1234123456789012JY1F", "ES 1234 1234 5678 9012 JY 1F"),
            ("ES1234123456789012JY", "ES 1234 1234 5678 9012 JY"),
            ("ES1234123456789012", "ES 1234 1234 5678 9012 ++"),
            ("ES12341234567890120F", "ES 1234 1234 5678 9012 ++ 0F"),
            ("ES1234123456789012J1P", "ES 1234 1234 5678 9012 J+ 1P"),
            ("ES0021000000000001XX", "ES 0021 0000 0000 0001 [X][X]"),
            ("ES1234123456789012JX", "ES 1234 1234 5678 9012 J[X]"),
            ("ES1234123456789012JYA000", "ES 1234 1234 5678 9012 JY A000"),
            ("ES1234123456789012JY0FA000", "ES 1234 1234 5678 9012 JY 0F A000"),
            ("E5I23412345678901ZJYOF", "E[5] [I]234 1234 5678 901[Z] JY [O]F"),
            ("ES0031406398765432O" + "R", "ES 0031 4063 9876 5432 [O]R"),
            ("es1234-123456789012jY", "[e][s] 1234[-] 1234 5678 9012 [j]Y"),
            ("CUPS:ES1234123456789012JY.", "[C][U][P][S][:] ES 1234 1234 5678 9012 JY[.]"),
            ("ES0021000000000000001AB", "ES 0021 0000 0000 0000 001A B"),
            ("ES12X4123456789O1jy", "ES 12[X]4 1234 5678 9[O]1[j] [y]"),
            ("1234123456789012JY", "1234123456789012JY"),
            ("C-123456789", "C-123456789"),
            ("", ""),
        ],
    )
    def test_are_the_groups_that_a_person_reads(self, code, shown):
        assert " ".join(_shown(segment) for segment in cups.segments(code)) == shown

    @unhurried
    @given(texts)
    def test_joined_are_the_code_exactly_as_written(self, text):
        cut = cups.segments(text)

        assert "".join(segment.text for segment in cut) == text
        assert all(len(segment.marks) == len(segment.text) for segment in cut)
        assert all(segment.text or segment.missing for segment in cut)

    @unhurried
    @given(sound_codes)
    def test_of_a_sound_code_have_no_mark(self, code):
        cut = cups.segments(code)

        assert [len(segment.text) for segment in cut] == [2, 4, 4, 4, 4, 2, *([2] if len(code) == 22 else [])]
        assert not any(any(segment.marks) or segment.missing for segment in cut)


def _shown(segment):
    marked = "".join(f"[{one}]" if mark else one for one, mark in zip(segment.text, segment.marks, strict=True))
    return marked + "+" * segment.missing


@pytest.mark.parametrize(
    ("code", "complete"),
    [
        ("ES1234123456789012JY", True),
        ("ES1234123456789012JY1F", True),
        ("ES0031406398765432GH0F", True),
        ("ES1234123456789012", False),
        ("ES1234123456789012JYA000", False),
        ("ES0021000000000000001A", False),
    ],
)
def test_is_complete_when_nothing_lacks_whatever_the_letters(code, complete):
    assert cups.is_complete(code) is complete
