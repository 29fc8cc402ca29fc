"""The grid of a facility's months: what is there, what lacks, what overlaps, and what corrects."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from invoices.pages import month_grid
from invoices.pages.month_grid import State
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT = factories.VALID_CUPS
SHORT = RIGHT[:18]


@pytest.fixture
def web(client, organization):
    client.force_login(factories.member(organization))
    client.cookies["django_language"] = "en"
    return client


def bill(facility, month, cups=RIGHT, first=1, last=28, year=2024, **fields):
    return factories.invoice(
        facility=facility,
        cups=cups,
        start_date=date(year, month, first),
        end_date=date(year, month, last),
        **fields,
    )


def shown(web, **query):
    return web.get(reverse("cups-months"), query)


def drawn(answer):
    """Return of each code the cells of its row, named by their month."""
    months = [name for name, _letter in answer.context["months"]]
    return {
        row.cups: {name: cell.state for name, cell in zip(months, row.cells, strict=True)}
        for rows in answer.context["supplies"]
        for row in rows
    }


def test_what_lacks_between_the_first_and_the_last_is_missing(web, facility):
    for month in (3, 4, 6):
        bill(facility, month)

    answer = shown(web)

    row = drawn(answer)[RIGHT]
    assert len(row) == 36
    assert list(row)[-1] == "Jun 2024"
    assert [row[f"{name} 2024"] for name in ("Feb", "Mar", "Apr", "May", "Jun")] == [
        State.OUTSIDE,
        State.PRESENT,
        State.PRESENT,
        State.MISSING,
        State.PRESENT,
    ]
    assert 'title="May 2024: missing"' in answer.text
    assert f"/invoices/?facility_id={facility.pk}&amp;search={RIGHT}" in answer.text


def test_a_damaged_code_stands_under_its_supply_and_fills_what_that_lacks(web, facility):
    for month in (1, 3):
        bill(facility, month)
    bill(facility, 2, cups=SHORT)

    answer = shown(web)

    assert [[row.cups for row in rows] for rows in answer.context["supplies"]] == [[RIGHT, SHORT]]
    states = drawn(answer)
    assert states[RIGHT]["Feb 2024"] == State.MISSING
    assert states[SHORT]["Feb 2024"] == State.PRESENT
    assert states[SHORT]["Jan 2024"] == State.OUTSIDE


def test_what_overlaps_and_what_corrects(web, facility):
    bill(facility, 1)
    bill(facility, 1, first=10)
    bill(facility, 2)
    bill(facility, 2, quantity=-100)
    bill(facility, 3, quantity=100)
    bill(facility, 3, quantity=90)
    bill(facility, 4)
    bill(facility, 4, cups=SHORT, last=14)
    bill(facility, 4, cups=SHORT, first=14)
    bill(facility, 5, last=15)
    bill(facility, 5, first=15)

    states = drawn(shown(web))

    assert [states[RIGHT][f"{name} 2024"] for name in ("Jan", "Feb", "Mar", "Apr", "May")] == [
        State.OVERLAP,
        State.CORRECTION,
        State.CORRECTION,
        State.OVERLAP,
        State.PRESENT,
    ]
    assert states[SHORT]["Apr 2024"] == State.OVERLAP


def test_one_goes_back_and_forth_by_a_year(web, facility):
    bill(facility, 6, year=2019)
    bill(facility, 6)

    assert shown(web).context["earlier"] == "2023-06"
    answer = shown(web, until="2020-01")

    assert drawn(answer)[RIGHT]["Jun 2019"] == State.PRESENT
    assert list(drawn(answer)[RIGHT])[-1] == "Jan 2020"
    assert answer.context["later"] == "2021-01"
    assert "until=2021-01" in answer.text


@pytest.mark.parametrize("until", ["0001-01", "9999-12", "x"])
def test_a_time_without_invoices_is_empty_and_one_that_makes_no_sense_is_passed_over(web, facility, until):
    bill(facility, 6)

    assert shown(web, until=until).status_code == 200


def test_an_invoice_of_the_future_does_not_push_all_others_out(web, facility):
    bill(facility, 6)
    bill(facility, 1, year=2099)

    today = timezone.localdate()
    assert shown(web).context["months"][-1][0] == month_grid.month_name(today.year, today.month)


def test_a_facility_is_chosen_and_anothers_is_not_shown(web, facility, organization, other_organization):
    bill(facility, 6)
    elsewhere = factories.facility(organization=organization, name="Bilbao")
    bill(elsewhere, 6, cups="ES8")
    theirs = factories.facility(organization=other_organization, name="Theirs")
    bill(theirs, 6, cups="ES9")

    assert drawn(shown(web)).keys() == {"ES8"}
    assert drawn(shown(web, facility=str(facility.pk))).keys() == {RIGHT}
    answer = shown(web, facility=str(theirs.pk))
    assert answer.context["facility"] == elsewhere
    assert "Theirs" not in answer.text


def test_supplies_are_paged_and_their_number_takes_no_more_queries(
    web, facility, monkeypatch, django_assert_num_queries
):
    for month, cups in enumerate(("ES3", "ES1", "ES2"), start=1):
        bill(facility, month, cups=cups)
    shown(web)

    monkeypatch.setattr(month_grid, "SUPPLIES_A_PAGE", 2)
    with django_assert_num_queries(11):
        answer = shown(web)
    assert list(drawn(answer)) == ["ES1", "ES2"]
    assert "1–2 of 3 supplies" in " ".join(answer.text.split())
    assert list(drawn(shown(web, page=2))) == ["ES3"]


def test_without_codes_it_says_so(web):
    assert "No CUPS yet" in shown(web).text
