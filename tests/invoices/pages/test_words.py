"""How codes, periods and figures read."""

from datetime import date

import pytest
from django.utils import translation

from invoices.merge_warnings import MergeWarning, WarningCode
from invoices.pages import words


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def test_a_code_is_shown_in_groups():
    assert words.code("ES1234567890123456KY") == (
        '<code translate="no"><span>ES</span><span>1234</span><span>5678</span><span>9012</span><span>3456</span>'
        "<span><mark>KY</mark></span></code>"
    )


def test_what_lacks_is_drawn_and_not_written():
    assert words.code("ES1234567890123456").endswith('<span>3456</span><ins class="missing-2"></ins></code>')


def test_no_code_is_said():
    assert "no code" in words.code("")


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (None, None, "–"),
        (date(2024, 7, 1), date(2024, 7, 31), "Jul 2024"),
        (date(2024, 3, 1), date(2024, 5, 31), "Mar – May 2024"),
        (date(2023, 1, 1), date(2025, 12, 31), "Jan 2023 – Dec 2025"),
    ],
)
def test_a_period_is_said_briefly(first, last, said):
    assert words.period(first, last) == said


def test_a_warning_without_days_or_energy_names_neither():
    warning = MergeWarning(WarningCode.SAME_INVOICE, {"invoice_count": 2, "days": 0, "kwh": 0.0, "pairs": []})

    assert words.in_words(warning).figures == "2 invoices"


def test_every_warning_can_be_told():
    for code in WarningCode:
        details = {"check": "other", "expected_letters": "", "clean": "ES", "cups": ["A", "B"]}
        assert words.in_words(MergeWarning(code, details)).title
