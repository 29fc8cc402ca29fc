"""Codes one under the other, each character beside its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoices.pages import aligning
from invoices.pages.aligning import Kind

RIGHT = "ES0031405722189043FF0F"
PRINTED = {Kind.SAME: "{}", Kind.DIFFERS: "[{}]", Kind.LACKING: "{}", Kind.BLANK: "<{}>"}
CODES = st.text(alphabet="ES012- a", max_size=12)


def drawn(first, *others):
    return [
        " ".join("".join(PRINTED[piece.kind].format(piece.text) for piece in group) for group in line)
        for line in aligning.lines(first, others)
    ]


@pytest.mark.parametrize(
    ("other", "line"),
    [
        pytest.param("ES0031405722789043FF0F", "ES 0031 4057 22[7]8 9043 FF 0F", id="a wrong digit"),
        pytest.param("ES0031405722819043FF0F", "ES 0031 4057 22[81] 9043 FF 0F", id="two swapped"),
        pytest.param("ES003140572218943FF0F", "ES 0031 4057 2218 9·43 FF 0F", id="one missing"),
        pytest.param("ES0031405722189043", "ES 0031 4057 2218 9043 ·· ··", id="letters and border point missing"),
        pytest.param("ES00314057228190431F", "ES 0031 4057 22[81] 9043 [1]F ··", id="several at once"),
        pytest.param("", "·· ···· ···· ···· ···· ·· ··", id="nothing at all"),
    ],
)
def test_what_differs_is_marked_in_its_place(other, line):
    assert drawn(RIGHT, other) == ["ES 0031 4057 2218 9043 FF 0F", line]


def test_what_is_too_many_leaves_a_column_free_in_all_the_others():
    assert drawn(RIGHT, "ES00314057221890433FF", "es 0031-4057-2218-9043-ff", "ES0031405722189043") == [
        "ES<·> 0031<·> 4057<·> 2218<·> 9043<·> FF 0F",
        "ES<·> 0031<·> 4057<·> 2218<·> 9043[3] FF ··",
        "[es ] 0031[-] 4057[-] 2218[-] 9043[-] [ff] ··",
        "ES<·> 0031<·> 4057<·> 2218<·> 9043<·> ·· ··",
    ]


def test_what_stands_in_front_or_behind_is_too_many_as_well():
    assert drawn("12", "x12y") == ["<·>12<·>", "[x]12[y]"]


@given(CODES, st.lists(CODES, max_size=3))
def test_every_line_is_its_code_and_all_are_equally_wide(first, others):
    lines = aligning.lines(first, others)

    widths = {sum(len(piece.text) for group in line for piece in group) for line in lines}
    assert len(widths) == 1
    for code, line in zip([first, *others], lines, strict=True):
        held = (piece.text for group in line for piece in group if piece.kind in (Kind.SAME, Kind.DIFFERS))
        assert "".join(held) == code


@given(CODES, CODES)
def test_only_what_differs_is_marked(source, target):
    pairs = list(aligning.pairs(source, target))

    assert ("", "") not in pairs
    assert all(own == right for own, right in pairs) == (source == target)
