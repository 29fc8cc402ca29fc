from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request
from rest_framework.views import APIView

from facilities.api import fields, refusals


# django-filter ships no types: its classes are Any to mypy.
class Filtering(DjangoFilterBackend):  # type: ignore[misc]
    """Filter a list by its view's `filterset_class`; what makes no sense is refused, with its place."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        """Return the rows that the query asks for; raise Malformed."""
        filters = self.get_filterset(request, queryset, view)
        if filters.is_valid():
            return filters.qs  # type: ignore[no-any-return]
        found = filters.form.errors.as_data().items()
        raise refusals.Malformed(
            [
                refusals.Problem(("query", name), message, error.code or "invalid")
                for name, errors in found
                for error in errors
                for message in error.messages
            ]
        )


class _UUIDFormField(forms.UUIDField):
    def to_python(self, value: object) -> UUID | None:  # type: ignore[override]  # as Django's own
        if value in self.empty_values:
            return None
        found = fields.uuid_of(value)
        if found is None:
            raise ValidationError("Must be a valid UUID.", code="invalid")
        return found


class UUIDFilter(django_filters.UUIDFilter):  # type: ignore[misc]
    field_class = _UUIDFormField


class BooleanFilter(django_filters.TypedChoiceFilter):  # type: ignore[misc]
    """`true` or `false`; django-filter's own takes anything else for no filter at all."""

    def __init__(self, **options: Any) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(choices=choices, coerce=lambda text: text == "true", **options)
