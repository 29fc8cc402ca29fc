"""GET /v1/invoices/cups"""

from datetime import date
from uuid import UUID, uuid4

import pytest

from tests import api, factories

pytestmark = pytest.mark.django_db

DOCUMENTED = ["cups", "facility_id", "facility_name", "invoice_count", "first_date", "last_date", "is_locked"]
OURS = ["locked_count", "facility_status", "check"]
RIGHT = "ES0021000000000000001AB"


def listed(caller, **query):
    response = caller.get(api.CUPS, query)
    assert response.status_code == 200, response.content
    return [item["cups"] for item in response.json()["items"]]


def grouped(facility, *codes, **fields):
    for code in codes:
        factories.invoice(facility=facility, cups=code, **fields)


def test_answers_as_documented(organization, caller):
    facility = factories.facility(
        id=UUID("da59c96f-995a-4ec3-88bd-465dcbabf63d"), organization=organization, name="Facility 1"
    )
    factories.invoices(12, facility=facility, cups=RIGHT)

    answer = caller.get(f"{api.CUPS}?facility_id={facility.pk}&page=1&size=50").json()

    assert list(answer) == ["items", "total", "page", "size", "total_pages"]
    assert {name: answer[name] for name in list(answer)[1:]} == {"total": 1, "page": 1, "size": 50, "total_pages": 1}
    [item] = answer["items"]
    assert list(item) == [*DOCUMENTED, *OURS]
    assert item == {
        "cups": RIGHT,
        "facility_id": "da59c96f-995a-4ec3-88bd-465dcbabf63d",
        "facility_name": "Facility 1",
        "invoice_count": 12,
        "first_date": "2024-01-01",
        "last_date": "2024-12-28",
        "is_locked": False,
        "locked_count": 0,
        "facility_status": "active",
        "check": "damaged",
    }
    assert (type(item["invoice_count"]), type(item["locked_count"]), type(item["is_locked"])) == (int, int, bool)


def test_dates_are_the_earliest_start_and_the_latest_end(facility, caller):
    grouped(facility, RIGHT, start_date=date(2024, 3, 1), end_date=date(2024, 3, 31))
    grouped(facility, RIGHT, start_date=date(2023, 5, 2), end_date=date(2024, 6, 3))

    [item] = caller.get(api.CUPS).json()["items"]

    assert (item["first_date"], item["last_date"], item["invoice_count"]) == ("2023-05-02", "2024-06-03", 2)


@pytest.mark.parametrize("is_active", [True, False])
def test_a_group_is_locked_by_one_invoice_of_datadis(facility, caller, is_active):
    contract = factories.datadis_contract(facility=facility, is_active=is_active)
    grouped(facility, RIGHT)
    grouped(facility, RIGHT, supply_contract=contract)
    grouped(facility, "FREE", supply_contract=factories.supply_contract(facility=facility))

    locked, free = caller.get(api.CUPS).json()["items"]

    assert (free["is_locked"], free["locked_count"]) == (False, 0)
    assert (locked["is_locked"], locked["locked_count"]) == (True, 1)


def test_lists_electricity_with_a_code_of_every_status_and_archived_facilities_too(organization, facility, caller):
    archived = factories.facility(organization=organization, status="archived")
    grouped(facility, "A", status="error")
    grouped(archived, "B", status="inactive")
    grouped(facility, "C", type="heat")
    grouped(facility, "")

    items = caller.get(api.CUPS).json()["items"]

    assert [(item["cups"], item["facility_status"]) for item in items] == [("A", "active"), ("B", "archived")]


def test_the_children_of_a_distributed_invoice_are_listed_and_the_parent_is_not(organization, caller):
    places = [factories.facility(organization=organization, name=name) for name in "ab"]
    factories.distributed(*places, cups=RIGHT)

    items = caller.get(api.CUPS).json()["items"]

    assert [(item["facility_name"], item["invoice_count"]) for item in items] == [("a", 1), ("b", 1)]


def test_an_empty_list_has_no_pages(caller):
    answer = caller.get(api.CUPS).json()

    assert answer == {"items": [], "total": 0, "page": 1, "size": 50, "total_pages": 0}


def test_another_organization_s_groups_are_never_seen(other_organization, caller):
    theirs = factories.facility(organization=other_organization)
    grouped(theirs, RIGHT)

    assert listed(caller) == []
    assert listed(caller, facility_id=str(theirs.pk)) == []
    assert listed(caller, facility_id=str(uuid4())) == []
    assert listed(caller, search=RIGHT) == []


def test_the_order_is_code_facility_name_facility_id(organization, caller):
    twins = sorted((factories.facility(organization=organization, name="Twin") for _ in range(2)), key=lambda f: f.pk)
    first = factories.facility(organization=organization, name="A")
    for place in (*reversed(twins), first):
        grouped(place, "B", "A")

    items = caller.get(api.CUPS).json()["items"]

    expected = [(code, str(place.pk)) for code in "AB" for place in (first, *twins)]
    assert [(item["cups"], item["facility_id"]) for item in items] == expected


def test_pages_share_no_row_and_leave_none_out(facility, caller):
    codes = [f"ES{number:02}" for number in range(7)]
    grouped(facility, *reversed(codes))

    pages = [caller.get(api.CUPS, {"page": page, "size": 3}).json() for page in (1, 2, 3, 4)]

    assert [item["cups"] for page in pages for item in page["items"]] == codes
    assert [len(page["items"]) for page in pages] == [3, 3, 1, 0]
    assert {(page["total"], page["size"], page["total_pages"]) for page in pages} == {(7, 3, 3)}
    assert [page["page"] for page in pages] == [1, 2, 3, 4]


@pytest.mark.parametrize("page", ["2", str(10**9), "9" * 18])
def test_a_page_past_the_end_is_empty(facility, caller, page):
    grouped(facility, RIGHT)

    answer = caller.get(api.CUPS, {"page": page, "size": "200"}).json()

    assert (answer["items"], answer["total"], answer["page"]) == ([], 1, int(page))


@pytest.mark.parametrize("name", ["page", "size"])
@pytest.mark.parametrize("value", ["0", "-1", "1.0", "x", "", " 1", "+1", "1_0", "١", "1e3", "9" * 5000, "\x00"])
def test_a_page_or_size_that_is_no_number_from_one_up_is_refused(caller, name, value):
    response = caller.get(api.CUPS, {name: value})

    assert api.is_refused(response, 422, "VALIDATION_ERROR")
    assert api.places(response) == [["query", name]]


def test_a_size_is_at_most_two_hundred(caller):
    assert caller.get(api.CUPS, {"size": "200"}).json()["size"] == 200
    assert api.places(caller.get(api.CUPS, {"size": "201"})) == [["query", "size"]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("facility_id", "x"),
        ("facility_id", "\x00"),
        ("facility_id", "{da59c96f-995a-4ec3-88bd-465dcbabf63d}"),
        ("sort", "facility"),
        ("sort", "cups;"),
        ("is_locked", "1"),
        ("is_locked", "True"),
        ("check", "perhaps"),
        ("search", "a\x00"),
        ("search", "a" * 60_000),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(caller, name, value):
    response = caller.get(api.CUPS, {name: value})

    assert api.is_refused(response, 422, "VALIDATION_ERROR")
    assert api.places(response) == [["query", name]]


def test_every_filter_that_makes_no_sense_is_told_at_once(caller):
    response = caller.get(api.CUPS, {"sort": "x", "facility_id": "y"})

    assert sorted(api.places(response)) == [["query", "facility_id"], ["query", "sort"]]


def test_an_empty_filter_is_none_and_an_unknown_parameter_is_ignored(facility, caller):
    grouped(facility, RIGHT)

    empty = dict.fromkeys(["facility_id", "search", "sort", "is_locked", "check"], "")
    assert listed(caller, **empty, format="csv", whatever="1") == [RIGHT]


def test_filters_by_facility(organization, facility, caller):
    grouped(facility, "HERE")
    grouped(factories.facility(organization=organization), "THERE")

    assert listed(caller, facility_id=str(facility.pk)) == ["HERE"]
    assert listed(caller, facility_id=str(facility.pk).upper()) == ["HERE"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("000001ab", ["ES0021000000000000001AB"]),
        ("ES", ["ES 0_1%", "ES0021000000000000001AB", "ES0911%"]),
        ("%", ["ES 0_1%", "ES0911%"]),
        ("_", ["ES 0_1%"]),
        ("0_1", ["ES 0_1%"]),
        (" ", ["ES 0_1%"]),
        ("\\", []),
        ("'", []),
        ("nothing", []),
    ],
)
def test_searches_a_literal_part_whatever_its_case(facility, caller, search, found):
    grouped(facility, RIGHT, "ES 0_1%", "ES0911%")

    assert sorted(listed(caller, search=search)) == sorted(found)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("cups", "ABC"),
        ("-cups", "CBA"),
        ("invoice_count", "BCA"),
        ("-invoice_count", "ABC"),
        ("first_date", "CAB"),
        ("-first_date", "ABC"),
        ("last_date", "CBA"),
        ("-last_date", "ABC"),
    ],
)
def test_sorts_and_then_by_code(facility, caller, sort, order):
    grouped(facility, "A", start_date=date(2024, 2, 1), end_date=date(2024, 12, 31))
    grouped(facility, "A", "B", start_date=date(2024, 2, 1), end_date=date(2024, 2, 29))
    grouped(facility, "C", start_date=date(2024, 1, 1), end_date=date(2024, 1, 31))

    assert listed(caller, sort=sort) == list(order)


def test_filters_by_lock(facility, caller):
    grouped(facility, "LOCKED", supply_contract=factories.datadis_contract(facility=facility))
    grouped(facility, "FREE")

    assert listed(caller, is_locked="true") == ["LOCKED"]
    assert listed(caller, is_locked="false") == ["FREE"]


def test_filters_by_what_the_check_says(facility, caller):
    missing, wrong = "ES1234123456789012", "ES0021000000000001XX"
    grouped(facility, factories.VALID_CUPS, missing, wrong)

    assert listed(caller, check="valid") == [factories.VALID_CUPS]
    assert listed(caller, check="invalid") == [wrong, missing]
    assert listed(caller, check="letters_missing") == [missing]
    assert listed(caller, check="letters_wrong", search="0021") == [wrong]
    assert listed(caller, check="other") == []


def test_the_number_of_queries_does_not_grow(organization, caller, django_assert_num_queries):
    for number in range(30):
        grouped(factories.facility(organization=organization), f"ES{number}")
    caller.get(api.CUPS)  # notes the first use of the key

    # The key with its creator; the creator's role; the organization; the count; the page.
    with django_assert_num_queries(5):
        assert len(listed(caller, size=30, search="ES", sort="-invoice_count")) == 30


def test_a_slash_at_the_end_is_no_redirect(caller):
    assert caller.get(f"{api.CUPS}/").status_code == 200
