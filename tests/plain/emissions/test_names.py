import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invoices.emissions import names
from invoices.emissions.factors import Kind
from tests.plain.emissions.making import TABLE, rows

# The machine may be busy: how long an example takes says nothing of these functions.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SOM ENERGÍA, S.C.C.L.", "som energia"),
        ("Som Energia SCCL", "som energia"),
        ("A-DOS ENERGíA, S.L.", "a dos energia"),
        ("24-7 UTILITIES, S.L.U.", "24 7 utilities"),
        ("ADS ENERGY 8,0, S.L.", "ads energy 8 0"),
        ("ADS ENERGY 8.0 SL", "ads energy 8 0"),
        ("HIDROCANTABRICO ENERGÍA, S.A. Unipersonal", "hidrocantabrico energia"),
        ("ELECTRACOMERCIAL CENTELLES, S.L.UNIPERSONAL", "electracomercial centelles"),
        ("RELUZCA ENERGÍA, S..L.", "reluzca energia"),
        ("Goiener S. Coop.", "goiener"),
        ("ECONACTIVA, S. COOP DE C-LM", "econactiva"),
        ("ELÉCTRICA DEL POZO, S.COOP.MAD.", "electrica del pozo"),
        ("SOCIEDAD ARAGONESA DE ENERGIA S. L. U.", "sociedad aragonesa de energia"),
        ("TOTALENERGIES MERCADO ESPAÑA, S.A.U. (EXTINGUIDA)", "totalenergies mercado espana"),
        ("  Endesa\tEnergía  ", "endesa energia"),
        ("S.A.", "sa"),
        ("¡!", ""),
        ("", ""),
    ],
)
def test_leaves_out_case_accents_punctuation_and_legal_form(name, expected):
    assert names.normalised(name) == expected


@given(st.one_of(st.text(), st.from_regex(r"\A([A-ZÁÉ8]{1,4}[ .,-]{0,2}){1,5}(S\.?L\.?U?|COOP\.? V)?\Z")))
@unhurried
def test_of_what_it_gave_gives_the_same(name):
    once = names.normalised(name)

    assert names.normalised(once) == once


def test_keeps_the_suppliers_of_one_year_apart():
    keys = [(row.valid_from, row.subject) for row in TABLE.all() if row.kind == Kind.SUPPLIER]

    assert len(keys) == len(set(keys))


def test_keeps_the_suppliers_of_the_reference_table_apart():
    found = [names.normalised(row["name"]) for row in rows("suppliers")]

    assert len(found) == len(set(found))


def test_finds_every_label_under_a_supplier_of_the_reference_table():
    found = {names.normalised(row["name"]) for row in rows("suppliers")}

    assert {row.subject for row in TABLE.all() if row.kind == Kind.SUPPLIER} <= found
