"""GET /v1/invoices"""

from datetime import UTC, date, datetime
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from invoices.models import FacilityFuel, Invoice
from tests import api, factories

pytestmark = pytest.mark.django_db

INVOICES = "/v1/invoices"


def listed(caller, *query, **more):
    """Return the numbers of the invoices that a query finds; its names may be repeated."""
    response = caller.get(f"{INVOICES}?{urlencode([*query, *more.items()])}")
    assert response.status_code == 200, response.content
    return [item["invoice_id"] for item in response.json()["items"]]


def numbered(facility, *numbers, **fields):
    """Save invoices of one month with these numbers, oldest id first, and return them."""
    return [factories.invoice(facility=facility, invoice_number=number, **fields) for number in numbers]


def dated(facility, number, first, last):
    return numbered(facility, number, start_date=date.fromisoformat(first), end_date=date.fromisoformat(last))


def created(facility, number, *moment):
    return numbered(facility, number, created_at=datetime(*moment, tzinfo=UTC))


def test_answers_in_the_envelope_of_invoices(facility, caller):
    [invoice] = numbered(facility, "A")

    answer = caller.get(INVOICES).json()

    assert list(answer) == ["items", "total", "page", "size", "pages"]
    assert {name: answer[name] for name in list(answer)[1:]} == {"total": 1, "page": 1, "size": 50, "pages": 1}
    assert answer["items"] == [caller.get(f"{INVOICES}/{invoice.pk}").json()]


def test_an_empty_list_has_no_pages(caller):
    assert caller.get(INVOICES).json() == {"items": [], "total": 0, "page": 1, "size": 50, "pages": 0}


def test_lists_singles_and_children_of_every_type_and_status_but_no_parent(organization, facility, caller):
    for type_ in ("electricity", "heat", "water", "recharge", "process"):
        numbered(facility, type_, type=type_)
    for status in ("uploaded", "loading", "active", "inactive", "review", "error"):
        numbered(facility, status, status=status)
    factories.distributed(facility, factories.facility(organization=organization), invoice_number="child")

    found = listed(caller)

    assert len(found) == 13
    assert found.count("child") == 2


def test_another_organization_s_invoices_are_never_seen(organization, other_organization, caller):
    below = factories.facility(organization=factories.organization(parent=organization))
    theirs = factories.facility(organization=other_organization)
    contract = factories.supply_contract(facility=theirs)
    person = factories.user()
    [foreign] = numbered(theirs, "foreign", supply_contract=contract, uploaded_by=person)
    numbered(below, "below")

    assert listed(caller) == []
    for name, value in (
        ("facility_id[]", theirs.pk),
        ("supply_contract_id[]", contract.pk),
        ("uploaded_by[]", person.pk),
        ("cups[]", foreign.cups),
        ("invoice_id", "foreign"),
    ):
        assert listed(caller, (name, value)) == []


def test_a_child_in_the_list_shows_the_parts_that_the_reader_may_see(organization, facility):
    company = factories.organization(parent=organization)
    factories.distributed(facility, factories.facility(organization=company))

    for owner, parts in ((organization, 2), (company, 1)):
        [item] = api.client(owner).get(INVOICES).json()["items"]
        assert len(item["facility_percentages"]) == parts


@pytest.mark.parametrize("name", ["type", "status", "source"])
def test_filters_by_some_of_the_known_values(facility, caller, name):
    values = {
        "type": ["heat", "water", "process"],
        "status": ["review", "error", "inactive"],
        "source": ["pdf", "bulk_file", "datadis"],
    }[name]
    for value in values:
        numbered(facility, value, **{name: value})

    assert listed(caller, (f"{name}[]", values[0])) == [values[0]]
    assert set(listed(caller, (f"{name}[]", values[0]), (f"{name}[]", values[2]))) == {values[0], values[2]}
    assert listed(caller, (f"{name}[]", "")) == listed(caller)
    # Without brackets it is a parameter that nobody knows.
    assert listed(caller, (name, values[0])) == listed(caller)


def test_manual_is_also_where_no_source_is_known(facility, caller):
    for source in ("", "manual", "pdf", "datadis"):
        numbered(facility, f"from {source}", source=source)

    assert listed(caller, ("source[]", "manual")) == ["from ", "from manual"]
    assert listed(caller, ("source[]", "manual"), ("source[]", "pdf")) == ["from ", "from manual", "from pdf"]
    assert listed(caller, ("source[]", "pdf")) == ["from pdf"]


@pytest.mark.parametrize(
    "name", ["facility_id", "supplier_id", "facility_fuel_id", "uploaded_by", "supply_contract_id"]
)
def test_filters_by_ids(organization, facility, caller, name):
    def pointing(number):
        place = factories.facility(organization=organization)
        fields = {
            "facility_id": {},
            "supplier_id": {"supplier": factories.supplier()},
            "facility_fuel_id": {
                "facility_fuel": FacilityFuel.objects.create(name=f"fuel {number}", country="ES", type="gas")
            },
            "uploaded_by": {"uploaded_by": factories.user()},
            "supply_contract_id": {"supply_contract": factories.supply_contract(facility=place)},
        }
        [invoice] = numbered(place, number, **fields[name])
        return getattr(invoice, name if name.endswith("_id") else f"{name}_id")

    first, second, _third = (pointing(number) for number in "ABC")

    assert listed(caller, (f"{name}[]", first)) == ["A"]
    assert listed(caller, (f"{name}[]", str(second).upper())) == ["B"]
    assert listed(caller, (f"{name}[]", second), (f"{name}[]", first), (f"{name}[]", uuid4())) == ["A", "B"]
    assert listed(caller, (f"{name}[]", uuid4())) == []


def test_filters_by_the_code_that_is_carried_or_was_printed(facility, caller):
    numbered(facility, "carried", cups="ES1")
    numbered(facility, "printed", cups="ES2", printed_cups="ES1")
    numbered(facility, "longer", cups="ES12", printed_cups="es1")

    assert listed(caller, ("cups[]", "ES1")) == ["carried", "printed"]
    assert listed(caller, ("cups[]", "ES12"), ("cups[]", "ES2")) == ["printed", "longer"]
    assert listed(caller, ("cups[]", " ES1")) == []


def test_filters_by_period(facility, caller):
    dated(facility, "december", "2023-12-01", "2023-12-31")
    dated(facility, "january", "2024-01-01", "2024-01-31")
    dated(facility, "quarter", "2024-01-01", "2024-03-31")

    assert listed(caller, start_date="2024-01-01") == ["january", "quarter"]
    assert listed(caller, start_date="2024-01-02") == []
    assert listed(caller, end_date="2024-01-31") == ["january", "december"]
    assert listed(caller, start_date="2024-01-01", end_date="2024-01-31") == ["january"]
    assert listed(caller, start_date="2024-02-01", end_date="2024-01-01") == []


def test_filters_by_the_day_or_the_moment_of_filing(facility, caller):
    created(facility, "eve", 2024, 1, 31, 23, 59, 59, 999_999)
    created(facility, "morning", 2024, 2, 1, 10, 30, 0, 500_000)
    created(facility, "night", 2024, 2, 1, 23, 59, 59, 600_000)
    created(facility, "after", 2024, 2, 2)

    assert listed(caller, created_from="2024-02-01") == ["morning", "night", "after"]
    assert listed(caller, created_until="2024-02-01") == ["eve", "morning", "night"]
    assert listed(caller, created_from="2024-02-01", created_until="2024-02-01") == ["morning", "night"]
    assert listed(caller, created_from="2024-02-01T10:30:00Z") == ["morning", "night", "after"]
    assert listed(caller, created_from="2024-02-01T11:30:01+01:00") == ["night", "after"]
    # As it is printed, without its fraction, it is still meant.
    assert listed(caller, created_until="2024-02-01T10:30:00Z") == ["eve", "morning"]
    assert listed(caller, created_until="2024-02-01T10:30:00.499999Z") == ["eve"]


def test_nothing_is_calculated_yet(facility, caller):
    numbered(facility, "A")

    assert listed(caller, co2e_status="not_calculated") == ["A"]
    assert listed(caller, co2e_status="calculated") == []


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("inv-2024", ["INV-2024-001", "INV-2024-002"]),
        ("001", ["INV-2024-001"]),
        ("%", ["100%_sure"]),
        ("_", ["100%_sure"]),
        ("\\", []),
        (" ", []),
        ("'", []),
        ("nothing", []),
    ],
)
def test_finds_a_literal_part_of_the_number_whatever_its_case(facility, caller, part, found):
    numbered(facility, "INV-2024-001", "INV-2024-002", "100%_sure")

    assert listed(caller, invoice_id=part) == found


def test_filters_narrow_each_other(facility, caller):
    numbered(facility, "A", type="heat", status="error")
    numbered(facility, "B", type="heat")
    numbered(facility, "C", status="error")

    assert listed(caller, ("type[]", "heat"), ("status[]", "error")) == ["A"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("start_date", "BAC"),
        ("-start_date", "CAB"),
        ("end_date", "BCA"),
        ("-end_date", "ACB"),
        ("created_at", "CBA"),
        ("-created_at", "ABC"),
        ("quantity", "ACB"),
        ("-quantity", "BCA"),
        ("invoice_id", "ABC"),
        ("-invoice_id", "CBA"),
    ],
)
def test_sorts(facility, caller, sort, order):
    for number, first, last, day, quantity in (
        ("A", "2024-02-01", "2024-12-31", 3, -5),
        ("B", "2024-01-01", "2024-01-31", 2, 30),
        ("C", "2024-03-01", "2024-03-31", 1, 4),
    ):
        numbered(
            facility,
            number,
            start_date=date.fromisoformat(first),
            end_date=date.fromisoformat(last),
            created_at=datetime(2025, 1, day, tzinfo=UTC),
            quantity=quantity,
        )

    assert "".join(listed(caller, sort=sort)) == order


def test_numbers_sort_by_their_characters(facility, caller):
    numbered(facility, "b", "B", "_", "10", "9", "á")

    assert listed(caller, sort="invoice_id") == ["10", "9", "B", "_", "b", "á"]


@pytest.mark.parametrize("sort", ["", "start_date", "-start_date", "quantity", "-quantity", "-invoice_id"])
def test_what_is_equal_is_in_the_order_of_ids(facility, caller, sort):
    factories.invoices(5, facility=facility, start_date=date(2024, 1, 1), invoice_number="same")

    items = caller.get(INVOICES, {"sort": sort}).json()["items"]

    assert [item["id"] for item in items] == sorted(item["id"] for item in items)


def test_the_latest_come_first_unless_asked_otherwise(facility, caller):
    dated(facility, "old", "2023-01-01", "2025-01-31")
    dated(facility, "new", "2024-01-01", "2024-01-31")

    assert listed(caller) == listed(caller, sort="") == ["new", "old"]


def test_pages_share_no_row_and_leave_none_out(facility, caller):
    numbered(facility, *"ABCDEFG")

    pages = [caller.get(INVOICES, {"page": page, "size": 3}).json() for page in (1, 2, 3, 4)]

    assert [item["invoice_id"] for page in pages for item in page["items"]] == list("ABCDEFG")
    assert [len(page["items"]) for page in pages] == [3, 3, 1, 0]
    assert {(page["total"], page["size"], page["pages"]) for page in pages} == {(7, 3, 3)}
    assert [page["page"] for page in pages] == [1, 2, 3, 4]


def test_a_size_is_at_most_one_hundred(caller):
    assert caller.get(INVOICES, {"size": "100"}).json()["size"] == 100
    assert api.places(caller.get(INVOICES, {"size": "101"})) == [["query", "size"]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type[]", "gas"),
        ("type[]", "Heat"),
        ("type[]", "heat\x00"),
        ("status[]", "done"),
        ("source[]", "api"),
        ("facility_id[]", "x"),
        ("supplier_id[]", "{da59c96f-995a-4ec3-88bd-465dcbabf63d}"),
        ("facility_fuel_id[]", "\x00"),
        ("uploaded_by[]", "1"),
        ("supply_contract_id[]", "null"),
        ("cups[]", "E" * 65),
        ("cups[]", "E\x00"),
        ("start_date", "01/02/2024"),
        ("start_date", "20240131"),
        ("start_date", "2024-W05-3"),
        ("start_date", "2024-02-30"),
        ("start_date", "٢٠٢٤-01-01"),
        ("end_date", "2024-01-31T00:00:00"),
        ("end_date", "2024-1-1"),
        ("created_from", "yesterday"),
        ("created_from", "2024-01-31T10:30:00"),
        ("created_from", "2024-01-31T25:30:00Z"),
        ("created_from", "0001-01-01T00:00:00+10:00"),
        ("created_until", "2024-13-01"),
        ("created_until", "9999-12-31T23:59:59-01:00"),
        ("co2e_status", "perhaps"),
        ("invoice_id", "a" * 101),
        ("invoice_id", "a\x00"),
        ("sort", "cups"),
        ("sort", "--start_date"),
        ("page", "0"),
        ("size", "x"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(caller, name, value):
    response = caller.get(INVOICES, {name: value})

    assert api.is_refused(response, 422, "VALIDATION_ERROR")
    assert api.places(response) == [["query", name]]


def test_one_senseless_value_among_good_ones_is_refused(caller):
    response = caller.get(INVOICES, {"type[]": ["heat", "gas"]})

    assert api.places(response) == [["query", "type[]"]]


def test_every_filter_that_makes_no_sense_is_told_at_once(caller):
    response = caller.get(INVOICES, {"sort": "x", "facility_id[]": "y", "end_date": "z"})

    assert sorted(api.places(response)) == [["query", "end_date"], ["query", "facility_id[]"], ["query", "sort"]]


def test_an_empty_filter_is_none_and_an_unknown_parameter_is_ignored(facility, caller):
    numbered(facility, "A")
    names = ["type[]", "facility_id[]", "cups[]", "start_date", "created_until", "co2e_status", "invoice_id", "sort"]

    assert listed(caller, *((name, "") for name in names), format="csv", whatever="1") == ["A"]


def test_a_viewer_lists_too(organization, facility):
    numbered(facility, "A")

    assert listed(api.client(organization, role="viewer")) == ["A"]


def test_a_slash_at_the_end_is_no_redirect(caller):
    assert caller.get(f"{INVOICES}/").status_code == 200


def test_the_number_of_queries_does_not_grow(organization, facility, caller, django_assert_num_queries):
    factories.invoices(30, facility=facility)
    listed(caller)  # notes the first use of the key

    # The key with its creator; the creator's role; the organization; the count; the page; its results.
    with django_assert_num_queries(6):
        assert len(listed(caller, ("type[]", "electricity"), sort="-quantity")) == 30

    company = factories.facility(organization=factories.organization(parent=organization))
    for _ in range(10):
        factories.distributed(facility, factories.facility(organization=organization), company)
    # And, where bills were divided, how far up the reader reaches; the parts of all of them.
    with django_assert_num_queries(8):
        assert len(listed(caller)) == 50
    assert Invoice.objects.count() == 70


def test_more_parameters_than_anyone_sends_are_refused(caller, settings):
    too_many = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1

    assert api.is_refused(caller.get(INVOICES, {"cups[]": ["A"] * too_many}), 400, "BAD_REQUEST")
