"""
What is said of a route beside its code: the words of the schema at /v1/openapi.json.

`config/api_schema.py` adds what holds for all of them: headers, and the errors that any route can give.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema

# Where these wait for config/api_schema.py: it knows how each refusal is answered, and puts the examples in whole.
REFUSALS = "x-refusals"
ANSWERS = "x-answers"
BODY = "x-body"
FILTERS = "x-filters"

Documented = TypeVar("Documented", bound=Callable[..., Any])


class Printed(NamedTuple):
    """An error body that the documented pages print, or that no exception of the domain stands for."""

    status: int
    name: str
    body: dict[str, object]


Refusal = type[Exception] | Printed


Examples = Mapping[int, Mapping[str, object]]


def operation(
    *,
    asked: Mapping[str, object] | None = None,
    answers: Examples | None = None,
    body: Mapping[str, object] | None = None,
    filters: Mapping[str, str] | None = None,
    refusals: Sequence[Refusal] = (),
    **words: Any,
) -> Callable[[Documented], Documented]:
    """
    Document an action, with `words` as drf-spectacular's extend_schema takes them.

    `asked` are examples of the request's body by name, `answers` those of answers by status and name, exactly as sent;
    `body` is what its schema says besides, `filters` what each means; `refusals` is what the domain may refuse.
    """
    examples = [OpenApiExample(name, value=value, request_only=True) for name, value in (asked or {}).items()]
    more = {
        REFUSALS: tuple(refusals),
        ANSWERS: dict(answers or {}),
        BODY: dict(body or {}),
        FILTERS: dict(filters or {}),
    }
    # Said, since drf-spectacular looks for filters at lists alone.
    return extend_schema(extensions=more, examples=examples, filters=True if filters else None, **words)


def id_in_path(what: str, *, name: str = "id", example: str | None = None) -> OpenApiParameter:
    """Return the parameter of a path that names one object."""
    examples = [OpenApiExample("Documented", value=example)] if example else []
    return OpenApiParameter(
        name, OpenApiTypes.UUID, OpenApiParameter.PATH, required=True, description=f"Of the {what}.", examples=examples
    )
