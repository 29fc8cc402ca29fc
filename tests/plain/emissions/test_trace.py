import json
from datetime import date
from decimal import Decimal

import pytest

from invoices.emissions import periods, trace
from invoices.emissions.trace import Flag, Line, Term
from tests.plain.emissions.making import KG, activity, calculate, custom, heat

LINE = Line(
    start=date(2024, 1, 1),
    end=date(2024, 1, 31),
    share=Decimal("0.5"),
    quantity=Decimal("1E+3"),
    unit="kWh",
    factor=Decimal("1E-7"),
    biomass_factor=Decimal(0),
    source_id="MITECO_V31",
    factor_year=2024,
    gwp_set=None,
    flags=(Flag.YEAR_FALLBACK, Flag.CO2_ONLY),
    terms=(Term("loss", Decimal("0.1"), "", "WB_EG_ELC_LOSS", 2023),),
    kind="supplier",
    label="WEKIWI, S.L.",
)


def test_a_line_is_kept_as_text_that_anybody_can_read():
    kept = LINE.as_json()

    assert kept == {
        "start": "2024-01-01",
        "end": "2024-01-31",
        "share": "0.5",
        "quantity": "1000",
        "unit": "kWh",
        "factor": "0.0000001",
        "biomass_factor": "0",
        "source_id": "MITECO_V31",
        "factor_year": 2024,
        "gwp_set": None,
        "flags": ["year_fallback", "co2_only"],
        "terms": [{"name": "loss", "value": "0.1", "unit": "", "source_id": "WB_EG_ELC_LOSS", "year": 2023}],
        "kind": "supplier",
        "label": "WEKIWI, S.L.",
    }


@pytest.mark.parametrize(
    ("of", "category"),
    [
        (activity(), "electricity_transmission_and_distribution"),
        (heat("wood", 3, KG, of="ZZ"), "stationary"),
        (activity("recharge", 1, KG, custom=(custom(KG, CO2="1", CH4="2"),)), "process"),
    ],
)
def test_a_line_comes_back_from_json_as_it_was(of, category):
    for line in (LINE, *calculate(of, category).lines):
        assert trace.from_json(json.loads(json.dumps(line.as_json()))) == line


def test_what_is_no_line_does_not_come_back():
    with pytest.raises(KeyError):
        trace.from_json({})


def test_the_days_of_a_period_are_those_of_its_intervals():
    intervals = periods.split(
        date(2023, 12, 30),
        date(2025, 1, 2),
        published=[date(2024, 6, 1), date(2030, 1, 1)],
        others=[date(2024, 12, 31), date(2023, 12, 30)],
    )

    assert [(each.start, each.end, each.days, each.since) for each in intervals] == [
        (date(2023, 12, 30), date(2023, 12, 31), 2, date(2023, 1, 1)),
        (date(2024, 1, 1), date(2024, 5, 31), 152, date(2024, 1, 1)),
        (date(2024, 6, 1), date(2024, 12, 30), 213, date(2024, 6, 1)),
        (date(2024, 12, 31), date(2024, 12, 31), 1, date(2024, 6, 1)),
        (date(2025, 1, 1), date(2025, 1, 2), 2, date(2025, 1, 1)),
    ]
    assert sum(each.days for each in intervals) == periods.days(date(2023, 12, 30), date(2025, 1, 2))
