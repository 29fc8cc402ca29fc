"""Lengths of the bars before and after."""

from decimal import Decimal

from invoices.pages import weighing


def test_all_bars_have_one_measure_and_what_is_there_is_seen():
    small, large = weighing.pairs([("a", Decimal(1), Decimal(50)), ("b", Decimal(1000), Decimal(0))])

    assert (small.before_length, small.after_length) == (1, 5)
    assert (large.before_length, large.after_length) == (100, 0)
    assert small.difference == 49


def test_a_credit_is_as_long_as_a_charge():
    (pair,) = weighing.pairs([("a", Decimal(-10), Decimal(5))])

    assert (pair.before_length, pair.after_length) == (100, 50)


def test_what_is_not_known_has_no_length_and_no_difference():
    (pair,) = weighing.pairs([("a", None, Decimal(0))])

    assert (pair.before_length, pair.after_length, pair.difference) == (0, 0, None)
