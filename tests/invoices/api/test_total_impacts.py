"""GET /v1/total-impacts"""

import pytest

from tests import api, factories, figures

pytestmark = pytest.mark.django_db

TOTALS = "/v1/total-impacts"
YEAR = {"start_date": "2024-01-01", "end_date": "2024-12-31"}


@pytest.fixture
def billed(facility):
    """Two bills of January, and one that crosses into February, in kg of each category."""
    figures.results(factories.invoice(facility=facility), electricity="10", electricity_location_based="30.5")
    figures.result(
        factories.invoice(facility=facility), "stationary", "100", co2e_biomass="4", flags="custom year_fallback"
    )
    crossing = factories.invoice(facility=facility, start_date="2024-01-31", end_date="2024-02-01")
    figures.result(crossing, "stationary_generation", "5")
    factories.invoice(facility=facility, status="error")


def added_up(caller, **query):
    response = caller.get(TOTALS, YEAR | query)
    assert response.status_code == 200, response.content
    return response.json()


def test_answers_as_documented(organization, billed, caller):
    assert added_up(caller) == {
        "organization_id": str(organization.pk),
        "start_date": "2024-01-01",
        "end_date": "2024-12-31",
        "unit": "kg",
        "total_co2e": 115.0,
        "items": [
            {"group": "1", "co2e": 100.0, "co2e_biomass": 4.0, "in_total": True, "flagged_share": 1.0},
            {"group": "2_location", "co2e": 30.5, "co2e_biomass": 0.0, "in_total": False, "flagged_share": 0.0},
            {"group": "2_market", "co2e": 10.0, "co2e_biomass": 0.0, "in_total": True, "flagged_share": 0.0},
            {"group": "3", "co2e": 5.0, "co2e_biomass": 0.0, "in_total": True, "flagged_share": 0.0},
        ],
        "total_co2e_biomass": 4.0,
        "total_co2e_location_based": 30.5,
        "invoices_counted": 2,
        "not_calculated": {"active": 1, "error": 1},
        "flagged_share": 0.869565,
    }


@pytest.mark.parametrize(
    ("group_by", "groups"),
    [
        (
            "category",
            {
                "stationary": (100, True),
                "stationary_generation": (5, True),
                "electricity": (10, True),
                "electricity_location_based": (30.5, False),
            },
        ),
        ("month", {"2024-01": (112.5, True), "2024-02": (2.5, True)}),
        ("", {"1": (100, True), "2_location": (30.5, False), "2_market": (10, True), "3": (5, True)}),
    ],
)
def test_items_are_what_is_asked_for(billed, caller, group_by, groups):
    items = added_up(caller, group_by=group_by)["items"]

    assert [(item["group"], (item["co2e"], item["in_total"])) for item in items] == list(groups.items())


def test_without_invoices_the_sum_is_of_none(caller):
    answer = added_up(caller)

    assert (answer["total_co2e"], answer["items"], answer["total_co2e_location_based"]) == (0.0, [], 0.0)
    assert (answer["invoices_counted"], answer["not_calculated"], answer["flagged_share"]) == (0, {}, None)


def test_those_below_are_added_where_asked_for_and_reached(organization, facility):
    below = factories.facility(organization=factories.organization(parent=organization))
    figures.result(factories.invoice(facility=facility), co2e="1")
    figures.result(factories.invoice(facility=below), co2e="2")
    own, tree = api.client(organization), api.client(organization, reach="tree")

    sums = [
        added_up(caller, include_children=wanted)["total_co2e"]
        for caller in (own, tree)
        for wanted in ("", "false", "true")
    ]

    assert sums == [1, 1, 1, 1, 1, 3]


def test_another_organization_s_invoices_are_in_no_sum(other_organization, caller):
    figures.result(factories.invoice(facility=factories.facility(organization=other_organization)), co2e="9")

    assert added_up(caller, include_children="true")["total_co2e"] == 0


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"start_date": ""}, "start_date"),
        ({"start_date": "2024-1-1"}, "start_date"),
        ({"start_date": "20240101"}, "start_date"),
        ({"end_date": "2024-02-30"}, "end_date"),
        ({"end_date": "2024-12-31T00:00:00"}, "end_date"),
        ({"group_by": "facility"}, "group_by"),
        ({"include_children": "yes"}, "include_children"),
    ],
)
def test_what_makes_no_sense_is_refused(caller, query, place):
    answer = caller.get(TOTALS, YEAR | query)

    assert api.is_refused(answer, 422, "VALIDATION_ERROR")
    assert api.places(answer) == [["query", place]]


def test_the_days_are_required(caller):
    answer = caller.get(TOTALS)

    assert api.is_refused(answer, 422, "VALIDATION_ERROR")
    assert api.places(answer) == [["query", "start_date"], ["query", "end_date"]]


@pytest.mark.parametrize("end_date", ["2022-12-31", "2025-01-01"])
def test_a_window_that_is_none_is_refused(caller, end_date):
    answer = caller.get(TOTALS, {"start_date": "2023-01-01", "end_date": end_date})

    assert api.is_refused(answer, 400, "INVALID_PERIOD")


def test_730_days_are_a_window(caller):
    assert added_up(caller, start_date="2023-01-01", end_date="2024-12-30")["total_co2e"] == 0


def test_a_viewer_and_a_slash_at_the_end_are_answered(organization):
    assert api.client(organization, role="viewer").get(f"{TOTALS}/", YEAR).status_code == 200


def test_the_number_of_queries_does_not_grow(organization, billed, caller, django_assert_num_queries):
    added_up(caller)  # notes the first use of the key

    # The key with its creator; the creator's role; the organization; the sums; the invoices by status; those counted.
    with django_assert_num_queries(6):
        added_up(caller, group_by="month")
