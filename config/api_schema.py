"""
The schema of the API and its page: what holds for every route, added to what `*/api/documented.py` says of each.

Both are readable without a key: they tell what the code tells, and nothing of anybody.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from config import api_errors
from config import api_schema_words as words
from config.api_schema_parts import Json
from facilities.api import documented as of_facilities
from facilities.api.documenting import ANSWERS, BODY, FILTERS, REFUSALS, Printed, Refusal
from invoices.api import documented as of_groups
from invoices.api import documented_exports as of_exports
from invoices.api import documented_figures as of_figures
from invoices.api import documented_imports as of_imports
from invoices.api import documented_invoices as of_invoices
from invoices.api import documented_reference as of_reference
from invoices.api import documented_relocations as of_relocations
from invoices.api import documented_suggestions as of_suggestions

# Imported to be said: each puts its words beside the actions that it names.
DOCUMENTED: Final = (
    of_facilities,
    of_groups,
    of_suggestions,
    of_relocations,
    of_invoices,
    of_figures,
    of_reference,
    of_exports,
    of_imports,
)

# In the order of the page: what one comes for first.
TAGS: Final = (
    *("invoices", "consolidations", "processing jobs", "total impacts", "facilities", "supply contracts", "files"),
    *("cups aliases", "exports", "imports"),
    "relocations",
    *("organizations", "units", "suppliers", "facility fuels", "custom emission groups", "custom emission factors"),
)
METHODS: Final = ("get", "put", "post", "patch", "delete")
_VERSION: Final = re.compile(r"^/(?:api/)?v\d+/")
_TRAILING_SLASH: Final = re.compile(r"(?<=.)/$")


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_rendered(), content_type="application/json")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    return render(request, "api_docs.html")


@cache
def _rendered() -> bytes:
    """Return the schema, made once a process: it changes with the code alone."""
    # Limits of numbers are Decimal.
    return json.dumps(_document(), ensure_ascii=False, default=float).encode()


def _document() -> Json:
    return dict(SchemaGenerator().get_schema(request=None, public=True))  # type: ignore[no-untyped-call]  # untyped there


def document() -> Json:
    """Return the schema as a client reads it."""
    return cast("Json", json.loads(_rendered()))


def without_trailing_slash(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Return the endpoints under their documented path: one with a slash at its end answers too."""
    return [(_TRAILING_SLASH.sub("", path), regex, method, view) for path, regex, method, view in endpoints]


def complete(result: Json, generator: object, request: object, public: bool) -> Json:  # noqa: FBT001 (its caller's)
    """Add to every operation the headers and errors that all of them have."""
    schemas = result["components"].setdefault("schemas", {})
    schemas |= {"Error": words.ERROR, "ValidationError": words.VALIDATION_ERROR}
    result["components"]["headers"] = words.HEADERS
    result["tags"] = [{"name": name} for name in TAGS]
    for module in DOCUMENTED:
        for name, amendment in getattr(module, "AMENDMENTS", {}).items():
            _amend(schemas[name], amendment)
    for path, method, operation in operations(result):
        operation["tags"] = [_VERSION.sub("", path).split("/")[0].replace("_", " ").replace("-", " ")]
        _split_description(operation)
        _say_of_filters(operation)
        _add_header_parameters(operation, path, method)
        _add_errors(operation, path, method)
        _add_examples(operation)
        _say_of_body(operation, schemas)
        _add_answer_headers(operation, method)
    return cast("Json", _tidy(result))


def _amend(schema: Json, amendment: Json) -> None:
    """Put into a schema what no serializer says of itself: what else is `required`, what is `optional` after all."""
    for name, value in amendment.items():
        if name == "optional":
            schema["required"] = [field for field in schema["required"] if field not in value]
        elif name == "required":
            schema["required"] = [*schema.get("required", ()), *value]
        elif isinstance(value, dict) and isinstance(schema.get(name), dict):
            _amend(schema[name], value)
        else:
            schema[name] = value


def _tidy(part: Any) -> Any:
    """Take out what drf-spectacular leaves behind: its marks of enums, and a second null among types."""
    match part:
        case dict():
            return {
                name: _types(value) if name == "type" else _tidy(value)
                for name, value in part.items()
                if name != "x-spec-enum-id"
            }
        case list():
            return [_tidy(value) for value in part]
    return part


def _types(value: Any) -> Any:
    return list(dict.fromkeys(value)) if isinstance(value, list) else _tidy(value)


def operations(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, Json]]:
    """Yield path, method and operation of everything in a schema."""
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                yield path, method, methods[method]


def is_legacy(path: str) -> bool:
    return path.startswith("/api/")


def _refusals(operation: Json, path: str, method: str) -> Iterator[Refusal]:
    yield from words.OF_ALL
    if "{" in path:
        yield words.OF_ONE_OBJECT
    if method != "get" or is_legacy(path):
        yield from words.OF_WRITES
    if method in {"post", "put", "patch"}:
        yield from words.OF_BODIES
    if method == "post":
        yield from words.OF_POSTS
    yield from operation.pop(REFUSALS, ())


def _add_errors(operation: Json, path: str, method: str) -> None:
    for refusal in _refusals(operation, path, method):
        printed = refusal if isinstance(refusal, Printed) else _of_the_domain(refusal, legacy=is_legacy(path))
        status = HTTPStatus(printed.status)
        kind = "ValidationError" if status == HTTPStatus.UNPROCESSABLE_ENTITY else "Error"
        response = operation["responses"].setdefault(str(status.value), {"description": status.phrase})
        content = response.setdefault("content", {}).setdefault("application/json", {})
        content.setdefault("schema", {"$ref": f"#/components/schemas/{kind}"})
        content.setdefault("examples", {})[printed.name] = {"value": printed.body}


def _say_of_body(operation: Json, schemas: Json) -> None:
    more = operation.pop(BODY, {})
    if "requestBody" not in operation:
        return
    (content,) = operation["requestBody"]["content"].values()
    schema = content["schema"]
    schema.update(more)
    named = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    # A body of which nothing is required may be left out: it names nothing.
    if schema.get("type") != "array" and not named.get("required"):
        operation["requestBody"].pop("required", None)


def _add_examples(operation: Json) -> None:
    for status, examples in operation.pop(ANSWERS, {}).items():
        (content,) = operation["responses"][str(status)]["content"].values()
        content["examples"] = {name: {"value": value} for name, value in examples.items()} | content.get("examples", {})


def _of_the_domain(kind: type[Exception], *, legacy: bool) -> Printed:
    """Return how the one table of errors answers an exception whose sentence is its docstring."""
    row, sentence = api_errors.TABLE[kind], str(kind.__doc__)
    detail, code = row.told(sentence, is_legacy=legacy)
    errors = {"errors": [{"loc": list(row.loc), "msg": sentence, "type": "invalid"}]} if row.loc else {}
    return Printed(row.status, kind.__name__, {"detail": detail, "code": code, **errors})


def _split_description(operation: Json) -> None:
    """Make the first sentence of the docstring the operation's title."""
    first, _, rest = str(operation.get("description", "")).strip().partition("\n")
    operation.setdefault("summary", first.rstrip("."))
    operation["description"] = rest.strip()


def _say_of_filters(operation: Json) -> None:
    meanings = operation.pop(FILTERS, {})
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in meanings:
            parameter["description"] = meanings[parameter["name"]]


def _add_header_parameters(operation: Json, path: str, method: str) -> None:
    wanted = [words.ORGANIZATION]
    if is_legacy(path):
        wanted.append(words.USER)
    if method == "post":
        wanted.append(words.IDEMPOTENCY_KEY)
    operation["parameters"] = [*wanted, *operation.get("parameters", [])]


def _add_answer_headers(operation: Json, method: str) -> None:
    for status, response in operation["responses"].items():
        names = ["x-request-id"]
        if status == "401":
            names.append("WWW-Authenticate")
        if status in {"409", "429", "503"}:
            names.append("Retry-After")
        if method == "post" and status[0] in "24":
            names.append("Idempotency-Replayed")
        headers = response.setdefault("headers", {})
        headers.update({name: {"$ref": f"#/components/headers/{name}"} for name in names})
