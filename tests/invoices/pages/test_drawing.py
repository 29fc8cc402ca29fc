"""Where the bars of the charts stand."""

from datetime import date
from decimal import Decimal

import pytest

from invoices.impacts import Figure, Scope
from invoices.pages import drawing

MONTHS = drawing.months_of(2024)
JANUARY = MONTHS[0]


def drawn(**kg):
    figures = {(JANUARY, Scope[name]): Figure(Decimal(co2e)) for name, co2e in kg.items()}
    return drawing.chart(months=MONTHS, figures=figures)


def test_scopes_stand_on_each_other_to_scale():
    chart = drawn(ONE="100", TWO_MARKET="50", TWO_LOCATION="999", THREE="50")

    bars = chart.columns[0].bars
    assert [bar.scope for bar in bars] == [Scope.ONE, Scope.TWO_MARKET, Scope.THREE]
    assert bars[0].y + bars[0].height == pytest.approx(chart.ground, abs=0.11)
    assert bars[1].y + bars[1].height == pytest.approx(bars[0].y, abs=0.11)
    assert bars[0].height == pytest.approx(bars[1].height * 2, abs=0.11)
    # 200 kg are the top line.
    assert (bars[2].y, chart.ticks[-1].value) == (chart.ticks[-1].y, Decimal(200))


def test_every_month_has_a_column_and_a_name_even_without_a_bar():
    chart = drawn(ONE="1")

    assert [column.month for column in chart.columns] == MONTHS
    assert [len(column.bars) for column in chart.columns] == [1] + [0] * 11
    assert all(chart.left < column.middle < chart.width for column in chart.columns)


@pytest.mark.parametrize(
    ("highest", "values"),
    [
        ("0", [0, 1]),
        ("-5", [0, 1]),
        ("7", [0, 2, 4, 6, 8]),
        ("10", [0, 2.5, 5, 7.5, 10]),
        ("1000", [0, 250, 500, 750, 1000]),
        ("0.037", [0, 0.01, 0.02, 0.03, 0.04]),
        ("1234567", [0, 500000, 1000000, 1500000]),
    ],
)
def test_lines_across_have_round_numbers(highest, values):
    assert [float(tick.value) for tick in drawn(ONE=highest).ticks] == pytest.approx(values)


def test_what_is_negative_is_not_drawn():
    assert drawn(ONE="-5", THREE="5").columns[0].bars[0].scope == Scope.THREE


@pytest.mark.parametrize(
    ("value", "most", "length"), [("5", "20", 25), ("-1", "20", 0), ("0", "0", 0), ("-1", "-1", 0)]
)
def test_a_bar_is_as_long_as_its_share(value, most, length):
    assert drawing.share_of(Decimal(value), Decimal(most)) == length


def test_a_year_has_twelve_months():
    assert (MONTHS[0], MONTHS[-1], len(MONTHS)) == (date(2024, 1, 1), date(2024, 12, 1), 12)
