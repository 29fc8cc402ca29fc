"""How values go out."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field(OpenApiTypes.DOUBLE)
class NumberField(serializers.Field[Decimal | str, Any, float, Any]):
    """A decimal, or one written as text, as a JSON number: a float keeps the 15 significant digits that count."""

    def to_representation(self, value: Decimal | str) -> float:
        return float(value)


class NullableTextField(serializers.CharField):
    """Text that the database keeps empty where there is none; out it is null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_null=True, **options)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]  # null is what it is about
        return value or None


@extend_schema_field(OpenApiTypes.DATETIME)
class SecondField(serializers.Field[datetime, Any, str, Any]):
    """A moment in UTC to the second, with Z."""

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
