"""How drf-spectacular understands what is ours: who asks, and the filters of a list."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import django_filters
from django import forms
from django.conf import settings
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiFilterExtension,
    OpenApiSerializerFieldExtension,
)

from facilities.api import filtering

Json = dict[str, Any]


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its registry is untyped
    """One key, in either header."""

    target_class = "facilities.api.authentication.KeyAuthentication"
    name = ["key", "bearer"]

    def get_security_requirement(self, auto_schema: object) -> list[dict[str, list[Any]]]:
        return [{"key": []}, {"bearer": []}]

    def get_security_definition(self, auto_schema: object) -> list[Json]:
        return [
            {
                "type": "apiKey",
                "in": "header",
                "name": "x-api-key",
                "description": "A key of the organization, as shown once when it was made.",
            },
            {"type": "http", "scheme": "bearer", "description": "The same key in the Authorization header."},
        ]


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # as above
    """Somebody signed in to the pages."""

    target_class = "facilities.api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: object) -> Json:
        description = "The session of the pages, from the same origin. A change needs the X-CSRFToken header too."
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": description}


# What a filter takes; the first kind that fits says it.
_TYPES: Final[Mapping[type, Json]] = {
    filtering.BooleanFilter: {"type": "boolean"},
    filtering.CountryFilter: {"type": "string", "pattern": "^([A-Za-z]{2})?$"},
    filtering.MomentFilter: {
        "type": "string",
        "anyOf": [{"format": "date"}, {"format": "date-time"}],
        "examples": ["2024-01-31", "2024-01-31T10:30:00Z"],
    },
    django_filters.UUIDFilter: {"type": "string", "format": "uuid"},
    django_filters.DateFilter: {"type": "string", "format": "date"},
}


class FilteringParameters(OpenApiFilterExtension):  # type: ignore[no-untyped-call]  # as above
    """The filters of a list, each as it reads the query. drf-spectacular's own way asks the model for its columns."""

    target_class = "facilities.api.filtering.Filtering"
    priority = 1

    def get_schema_operation_parameters(self, auto_schema: Any, *args: object, **kwargs: object) -> list[Json]:
        filterset = getattr(auto_schema.view, "filterset_class", None)
        return list(_parameters(filterset.base_filters)) if filterset else []


def _parameters(filters: Mapping[str, Any]) -> Iterator[Json]:
    for name, narrowing in filters.items():
        parameter: Json = {"name": name, "in": "query", "allowEmptyValue": True, "schema": _schema(narrowing)}
        if narrowing.extra["required"]:
            parameter |= {"allowEmptyValue": False, "required": True}
        if parameter["schema"]["type"] == "array":
            parameter |= {"style": "form", "explode": True}
        yield parameter


def _schema(narrowing: Any) -> Json:
    if isinstance(narrowing, filtering.ListFilter):
        return {"type": "array", "items": _one_of_several(narrowing.extra["each"])}
    one = next((schema for kind, schema in _TYPES.items() if isinstance(narrowing, kind)), {"type": "string"})
    if one["type"] == "string" and (choices := narrowing.extra.get("choices")):
        one = one | {"enum": [value for value, _label in choices]}
    if "pattern" not in one and (length := narrowing.extra.get("max_length")):
        one = one | {"maxLength": length}
    return one


def _one_of_several(each: forms.Field) -> Json:
    match each:
        case forms.ChoiceField():
            return {"type": "string", "enum": [value for value, _label in cast("list[tuple[str, str]]", each.choices)]}
        case forms.UUIDField():
            return {"type": "string", "format": "uuid"}
    return {"type": "string", "minLength": 1, "maxLength": getattr(each, "max_length", None)}


class ListItems(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # as above
    """Says of a list that it can't be empty, and how long it may be."""

    target_class = "rest_framework.fields.ListField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Json:
        return _with_length(auto_schema, self.target, direction)


class SerializerItems(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # as above
    """The same of a list of objects."""

    target_class = "rest_framework.serializers.ListSerializer"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> Json:
        return _with_length(auto_schema, self.target, direction)


def _with_length(auto_schema: Any, field: Any, direction: str) -> Json:
    schema: Json = auto_schema._map_serializer_field(field, direction, bypass_extensions=True)  # noqa: SLF001 (its own way to go on)
    if "items" in schema and direction == "request":
        least = field.min_length or (0 if field.allow_empty else 1)
        schema |= {"minItems": least} if least else {}
        schema |= {"maxItems": field.max_length} if field.max_length else {}
    return schema
