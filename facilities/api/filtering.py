import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.views import APIView

from facilities.api import fields, refusals

# Not what `fromisoformat` takes besides: 20240131, 2024-W05-3.
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_LAST_MICROSECOND = 999_999


# django-filter ships no types: its classes are Any to mypy.
class Filtering(DjangoFilterBackend):  # type: ignore[misc]
    """Filter a list by its view's `filterset_class`; what makes no sense is refused, with its place."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        """Return the rows that the query asks for; raise Malformed."""
        return self._checked(request, queryset, view).qs  # type: ignore[no-any-return]

    def asked(self, request: Request, view: GenericAPIView[Any]) -> dict[str, Any]:
        """Return what the query asks for by name, where it is not rows; raise Malformed."""
        return self._checked(request, view.get_queryset(), view).form.cleaned_data  # type: ignore[no-any-return]

    def _checked(self, request: Request, queryset: QuerySet[Any], view: APIView) -> Any:
        filters = self.get_filterset(request, queryset, view)
        if filters.is_valid():
            return filters
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


class _DateFormField(forms.DateField):
    def to_python(self, value: object) -> date | None:
        if value in self.empty_values:
            return None
        try:
            return _date(str(value))
        except ValueError as error:
            raise ValidationError("Must be a date: YYYY-MM-DD.", code="invalid") from error


class DateFilter(django_filters.DateFilter):  # type: ignore[misc]
    """A day as YYYY-MM-DD alone; Django's own also takes what the server's locale does."""

    field_class = _DateFormField


class _MomentFormField(forms.Field):
    def __init__(self, *, is_end: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.is_end = is_end

    def to_python(self, value: object) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            return _moment(str(value), is_end=self.is_end)
        except (ValueError, OverflowError) as error:
            message = "Must be a date (YYYY-MM-DD) or a moment (2024-01-31T10:30:00Z)."
            raise ValidationError(message, code="invalid") from error


class MomentFilter(django_filters.Filter):  # type: ignore[misc]
    """
    A day of UTC, or a moment in ISO 8601.

    With `is_end` all of the day or second that is named is meant: moments are printed without their fractions.
    """

    field_class = _MomentFormField


class _CountryFormField(forms.CharField):
    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        if text and not _COUNTRY.fullmatch(text):
            raise ValidationError("Must be two letters, as in ES (ISO 3166-1).", code="invalid")
        return text.upper()


class CountryFilter(django_filters.CharFilter):  # type: ignore[misc]
    """A country by the two letters of ISO 3166-1, in any case."""

    field_class = _CountryFormField

    def __init__(self, **options: Any) -> None:
        super().__init__(min_length=2, max_length=2, **options)


class _ListFormField(forms.Field):
    # Reads every value of its name.
    widget = forms.SelectMultiple

    def __init__(self, *, each: forms.Field, **options: Any) -> None:
        super().__init__(**options)
        self.each = each

    def clean(self, value: Sequence[str]) -> list[Any]:
        return [self.each.clean(text) for text in value if text]


class ListFilter(django_filters.Filter):  # type: ignore[misc]
    """A filter of several values: `name[]=one&name[]=two`. Each is read as the form field `each` does."""

    field_class = _ListFormField

    @classmethod
    def of_uuids(cls) -> "ListFilter":
        return cls(each=_UUIDFormField())

    @classmethod
    def of_choices(cls, choices: Sequence[str]) -> "ListFilter":
        return cls(each=forms.ChoiceField(choices=[(choice, choice) for choice in choices]))

    @classmethod
    def of_texts(cls, *, max_length: int) -> "ListFilter":
        return cls(each=forms.CharField(strip=False, max_length=max_length))


class Filters(django_filters.FilterSet):  # type: ignore[misc]
    """The query of a list. A ListFilter is known by its name with brackets, which no attribute can have."""

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        """Return the filters by the names of their parameters."""
        filters: dict[str, Any] = super().get_filters()
        return {f"{name}[]" if isinstance(filter_, ListFilter) else name: filter_ for name, filter_ in filters.items()}


def _date(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _moment(text: str, *, is_end: bool) -> datetime:
    if _DATE.fullmatch(text):
        return datetime.combine(_date(text), time.max if is_end else time.min, tzinfo=UTC)
    if not _MOMENT.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text).astimezone(UTC)
    names_second = "." not in text
    return moment.replace(microsecond=_LAST_MICROSECOND) if is_end and names_second else moment
