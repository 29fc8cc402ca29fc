"""How figures read on a page."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from invoices.emissions.trace import Flag
from invoices.impacts import Scope
from invoices.models import EmissionCategory
from invoices.pages import figures


@pytest.fixture(params=["es", "en"])
def language(request):
    with translation.override(request.param):
        yield request.param


@pytest.fixture
def spanish():
    with translation.override("es"):
        yield


def spaced(text):
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("0", "0"),
        ("0.0004", "0,000"),
        ("0.1234", "0,123"),
        ("-1.239", "-1,24"),
        ("12.349", "12,3"),
        ("123.5", "124"),
        ("1234567.8", "1 234 568"),
    ],
)
def test_kilograms_are_rounded_by_their_size(spanish, value, text):
    assert spaced(figures.kg(None if value is None else Decimal(value))) == text


@pytest.mark.parametrize(("value", "text"), [(None, "–"), ("0", "0 t"), ("1234.5", "1,23 t"), ("1000000", "1 000 t")])
def test_tonnes_are_a_thousandth(spanish, value, text):
    assert spaced(figures.tonnes(None if value is None else Decimal(value))) == text


@pytest.mark.parametrize(
    ("share", "text"), [(None, "–"), ("0", "0 %"), ("0.0001", "< 0,1 %"), ("0.3333", "33,3 %"), ("1", "100 %")]
)
def test_shares_are_in_percent(spanish, share, text):
    assert spaced(figures.percent(None if share is None else Decimal(share))) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), ("", "–"), ("0.2830", "0,283"), ("1500.000000", "1 500"), ("0", "0"), (Decimal("1E+3"), "1 000")],
)
def test_factors_keep_all_their_decimals(spanish, value, text):
    assert spaced(figures.exactly(value)) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), ("0.25932203389830508474576", "0,259322"), ("0.283", "0,283"), ("0", "0")]
)
def test_factors_that_were_worked_out_keep_the_digits_that_matter(spanish, value, text):
    assert figures.significant(value) == text


def test_every_flag_scope_and_category_has_words(language):
    assert all(figures.flag_words([flag.value]) != [flag.value] for flag in Flag)
    assert len({figures.scope_name(scope) for scope in Scope}) == 4
    assert len({figures.category_name(category) for category in EmissionCategory}) == 9


def test_what_is_new_is_said_by_its_name():
    assert figures.flag_words(["brand_new"]) == ["brand_new"]
    assert figures.term_words("brand_new") == "brand new"


def test_days_are_written_as_the_reader_does(spanish):
    assert figures.day("2024-03-09") == figures.day(date(2024, 3, 9)) == "09/03/2024"


def test_a_status_has_a_colour_only_where_it_means_something():
    assert [figures.status_tag(status) for status in ("active", "error", "review", "inactive")] == [
        "ok",
        "bad",
        "warn",
        "",
    ]
