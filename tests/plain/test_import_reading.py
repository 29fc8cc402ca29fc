"""What cells and headers of a file of invoices say."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from invoices.importing import columns, values, wording
from invoices.importing.readings import Reading
from invoices.importing.refusals import NotReadable
from invoices.importing.values import NotUnderstood


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1234", ",", "1234"),
        ("1.234", ",", "1234"),
        ("1,234", ",", "1.234"),
        ("1.234.567,89", ",", "1234567.89"),
        ("1 234,5", ",", "1234.5"),
        ("1\u202f234,5", ",", "1234.5"),
        ("1'234.5", ".", "1234.5"),
        ("1,234.5", ".", "1234.5"),
        ("1.234", ".", "1.234"),
        ("+7", ".", "7"),
        ("-7,5", ",", "-7.5"),
        ("−7", ",", "-7"),
        ("0.14260000000000003", ".", "0.1426"),
        (" 5 ", ".", "5"),
    ],
)
def test_a_number_reads_with_the_stated_sign(text, decimal, number):
    assert values.number(text, decimal=decimal) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "decimal", "code", "right"),
    [
        ("1.5", ",", "number_sign", "1,5"),
        ("1,5", ".", "number_sign", "1.5"),
        ("1,234.5", ",", "number_sign", "1234,5"),
        ("1.234 567,8", ",", "number_unreadable", None),
        ("12.34.56", ",", "number_unreadable", None),
        ("5 kWh", ",", "number_unreadable", None),
        ("1,2E+05", ",", "number_scientific", None),
        ("999999999.9999999", ".", "number_too_large", None),
        ("9" * 50, ".", "number_too_large", None),
        ("٣", ".", "number_unreadable", None),
    ],
)
def test_a_number_that_does_not_fit_the_sign_is_refused_with_what_would(text, decimal, code, right):
    with pytest.raises(NotUnderstood) as refused:
        values.number(text, decimal=decimal)

    assert (refused.value.code, refused.value.details.get("right")) == (code, right)


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2024-02-03", "dmy", date(2024, 2, 3)),
        ("2024/2/3", "mdy", date(2024, 2, 3)),
        ("2024-01-31T23:59:59", "ymd", date(2024, 1, 31)),
        ("2024-01-31 00:00:00.000+01:00", "ymd", date(2024, 1, 31)),
        ("03/02/2024", "dmy", date(2024, 2, 3)),
        ("03/02/2024", "mdy", date(2024, 3, 2)),
        ("3.2.2024 0:00", "dmy", None),
        ("3.2.2024 00:00", "dmy", date(2024, 2, 3)),
    ],
)
def test_a_day_reads_in_the_stated_order(text, order, day):
    if day is None:
        with pytest.raises(NotUnderstood):
            values.day(text, order=order)
    else:
        assert values.day(text, order=order) == day


@pytest.mark.parametrize(
    ("text", "order", "code"),
    [
        ("03/02/2024", "ymd", "date_order"),
        ("31/12/2024", "mdy", "date_impossible"),
        ("2024-02-30", "ymd", "date_impossible"),
        ("03/02/24", "dmy", "date_short_year"),
        ("03-02/2024", "dmy", "date_unreadable"),
        ("45292", "dmy", "date_unreadable"),
        ("1989-12-31", "ymd", "date_far"),
        ("9999-12-31", "ymd", "date_far"),
    ],
)
def test_a_day_that_does_not_fit_is_refused(text, order, code):
    with pytest.raises(NotUnderstood) as refused:
        values.day(text, order=order)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        (list(columns.NAMES), {name: place for place, name in enumerate(columns.NAMES)}),
        (
            ["Tipo", "FECHA_INICIO:", "fecha fin", "Consumo (kWh)"],
            {"type": 0, "start_date": 1, "end_date": 2, "quantity": 3},
        ),
        (["Cantidad", "Instalación (id)", "Instalación"], {"quantity": 0, "facility_id": 1, "facility": 2}),
        (["Nº de factura", "Comercializadora", "Combustible"], {"invoice_number": 0, "supplier": 1, "fuel": 2}),
        (["Comercialisadora", "Fecha de inicío", "Importe", "Un"], {"supplier": 0, "start_date": 1}),
        (["Consumo", "Consumo"], {}),
        (["Consumos", "Consumo"], {"quantity": 1}),
        (["", "x"], {}),
    ],
)
def test_headers_are_guessed_in_both_languages(headers, found):
    assert columns.guess(headers) == found


def test_a_column_is_called_by_its_header_and_by_its_letter_where_that_is_not_enough():
    headers = ["Total", "Total", "", "CUPS"]

    assert [columns.label(headers, place) for place in range(4)] == ["Total (A)", "Total (B)", "C", "CUPS"]
    assert [columns.letter(place) for place in (25, 26, 701, 702)] == ["Z", "AA", "ZZ", "AAA"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"colour": "red"}, "Nothing is known of colour"),
        ({"format": "pdf"}, "format is"),
        ({"decimal": ";"}, "decimal is"),
        ({"encoding": "utf-7"}, "encoding is"),
        ({"delimiter": "::"}, "delimiter is"),
        ({"date_order": "ydm"}, "date_order is"),
        ({"columns": {"price": 1}}, "no column price"),
        ({"columns": {"type": 1}, "constants": {"type": "luz"}}, "not both"),
        ({"columns": {"type": -1}}, "named by its place"),
        ({"columns": {"type": True}}, "named by its place"),
        ({"columns": {"type": 1, "unit": 1}}, "can't be two"),
        ({"sheet": "Hoja1\0"}, "no sheet"),
        ({"constants": {"type": "x" * 201}}, "at most 200"),
    ],
)
def test_a_reading_that_makes_no_sense_is_refused(said, why):
    with pytest.raises(NotReadable, match=why):
        Reading.of(said)


def test_a_reading_is_kept_and_taken_as_it_was_and_names_columns_that_are_there():
    reading = Reading.of({"columns": {"type": 0, "unit": None}, "constants": {"unit": " kWh ", "fuel": " "}})

    assert Reading.of(reading.as_json()) == reading
    assert (reading.columns, reading.constants) == ({"type": 0}, {"unit": "kWh"})
    with pytest.raises(NotReadable, match="column 1; the file has 0"):
        reading.check_against([])


def test_each_word_that_is_said_of_a_row_is_a_sentence():
    assert all(
        str(wording._SENTENCES[code]).endswith((".", "s", "?")) for code in wording.CODES - {"cups_not_acceptable"}
    )
