import re
from pathlib import Path

import jsonschema
import pytest
from django.contrib.staticfiles import finders
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from config import api_schema
from invoices.api import examples
from tests.architecture.test_api_walk import ROUTES

SCHEMA = api_schema.document()
OPERATIONS = [(method, path, operation) for path, method, operation in api_schema.operations(SCHEMA)]
every_operation = pytest.mark.parametrize(
    ("method", "path", "operation"), OPERATIONS, ids=[f"{method.upper()} {path}" for method, path, _ in OPERATIONS]
)


def of(method, path):
    return SCHEMA["paths"][path][method]


def names(operation, where):
    return {parameter["name"]: parameter for parameter in operation["parameters"] if parameter["in"] == where}


def bodies(operation):
    """Yield the schema and the examples of each body of an operation, with where it stands."""
    contents = [("request", operation.get("requestBody", {})), *operation["responses"].items()]
    for where, body in contents:
        for media in body.get("content", {}).values():
            yield where, media["schema"], {name: each["value"] for name, each in media.get("examples", {}).items()}


def validator(schema):
    """Return what judges a value after a schema that refers to the components."""
    whole = {**schema, "components": SCHEMA["components"]}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(whole, format_checker=checker)


def test_the_schema_is_sound_and_nothing_of_it_was_guessed():
    GENERATOR_STATS.reset()

    made = api_schema._document()

    assert not GENERATOR_STATS
    validate_schema(made)


def test_every_route_is_in_the_schema():
    without_names = re.compile(r"{\w+}")

    documented = {(method.upper(), without_names.sub("{}", path)) for method, path, _ in OPERATIONS}

    assert documented == {(route.method, without_names.sub("{}", route.path)) for route in ROUTES}


def test_the_page_has_a_place_for_every_kind_of_route():
    assert {tag for _, _, operation in OPERATIONS for tag in operation["tags"]} == {
        tag["name"] for tag in SCHEMA["tags"]
    }


@every_operation
def test_every_operation_says_who_asks_and_what_may_go_wrong(method, path, operation):
    headers = names(operation, "header")
    statuses = operation["responses"].keys()

    assert operation["summary"]
    assert operation["security"] == [{"key": []}, {"bearer": []}, {"session": []}]
    assert headers["x-organization-id"]["required"] is True
    assert ("x-user-id" in headers) == path.startswith("/api/")
    assert ("Idempotency-Key" in headers) == (method == "post")
    assert {"401", "404", "422", "429", "500"} <= statuses
    assert ("403" in statuses) == (method != "get" or path.startswith("/api/"))
    assert ("409" in statuses) >= (method == "post")
    assert not [name for name in operation if name.startswith("x-")]
    for response in operation["responses"].values():
        assert "x-request-id" in response["headers"]


@every_operation
def test_every_example_is_valid(method, path, operation):
    for where, schema, found in bodies(operation):
        for name, value in found.items():
            problems = [f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(value)]
            assert problems == [], f"{name} at {where}"


@pytest.mark.parametrize(
    ("method", "path", "where", "printed"),
    [
        ("get", "/v1/invoices/cups", "200", [examples.GROUPS]),
        ("post", "/v1/invoices/consolidate-cups", "request", [examples.CONSOLIDATE]),
        ("post", "/v1/invoices/consolidate-cups", "200", [examples.CONSOLIDATED]),
        ("post", "/api/v1/invoices", "request", [examples.CREATE]),
        ("post", "/api/v1/invoices", "201", [examples.CREATED, examples.CREATED_DISTRIBUTED]),
        (
            *("post", "/api/v1/invoices", "400"),
            [examples.INVALID_TOTAL_PERCENTAGE, examples.INVALID_INVOICE_TYPE, examples.INVALID_FACILITY],
        ),
        ("post", "/api/v1/invoices", "403", [examples.NOT_UNDER_PARENT]),
        ("post", "/api/v1/invoices", "404", [examples.ORGANIZATION_NOT_FOUND]),
        ("patch", "/v1/invoices/{id}", "request", [examples.UPDATE]),
        ("patch", "/v1/invoices/{id}", "200", [examples.INVOICE]),
        ("post", "/v1/invoices/recalculate", "request", [examples.RECALCULATE]),
        ("post", "/v1/invoices/recalculate", "202", [examples.RECALCULATED]),
    ],
)
def test_what_the_documented_pages_print_are_the_examples(method, path, where, printed):
    found = {name: values for name, _schema, values in bodies(of(method, path))}

    shown = list(found[where].values())
    assert [value for value in printed if value not in shown] == []


def test_a_refusal_of_the_domain_is_shown_in_the_dialect_of_its_route():
    shown = {
        path: of("post", path)["responses"]["400"]["content"]["application/json"]["examples"]["InvalidPeriod"]["value"]
        for path in ("/v1/invoices", "/api/v1/invoices")
    }

    assert shown["/v1/invoices"]["code"] == "INVALID_PERIOD"
    assert shown["/api/v1/invoices"] == {"detail": "INVALID_PERIOD", "code": "VALIDATION_ERROR"}


def test_a_list_says_its_filters_and_its_envelope():
    query = names(of("get", "/v1/invoices"), "query")

    assert query["type[]"]["schema"]["items"]["enum"] == ["heat", "electricity", "water", "recharge", "process"]
    assert query["type[]"]["explode"] is True
    assert query["facility_id[]"]["schema"]["items"]["format"] == "uuid"
    assert query["size"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
    assert query["start_date"]["description"] == "Starting on this day or later."
    groups = names(of("get", "/v1/invoices/cups"), "query")
    assert groups["is_locked"]["schema"] == {"type": "boolean"}
    assert groups["size"]["schema"]["maximum"] == 200


def test_a_sum_says_which_of_its_parameters_are_required():
    query = names(of("get", "/v1/total-impacts"), "query")

    assert sorted(query) == ["end_date", "group_by", "include_children", "start_date"]
    assert {name for name in query if query[name].get("required")} == {"start_date", "end_date"}
    assert query["group_by"]["schema"]["enum"] == ["scope", "category", "month"]
    assert query["end_date"]["description"] == "The last day that counts; at most 730 with the first."


@pytest.mark.parametrize("path", ["/v1/openapi.json", "/v1/openapi.json/"])
def test_the_schema_needs_no_key(client, path):
    answer = client.get(path)

    assert answer.json() == SCHEMA
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["/v1/docs", "/v1/openapi.json"])
def test_nothing_is_sent_to_the_schema_or_its_page(client, path):
    answer = client.post(path)

    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_the_page_takes_no_file_from_outside(client):
    answer = client.get("/v1/docs")

    sources = re.findall(r'(?:src|href)="([^"]+)"', answer.content.decode())
    files = [source.removeprefix("/static/") for source in sources if source.startswith("/static/")]
    assert {source for source in sources if not source.startswith("/static/")} == {"/v1/openapi.json"}
    assert [file for file in files if not Path(finders.find(file) or "missing").exists()] == []
    assert "<script>" not in answer.content.decode()
    assert "script-src 'self'" in answer["Content-Security-Policy"]
