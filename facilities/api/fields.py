"""Fields that take what they say and nothing near it: REST framework's own turn 1 into "1", and "yes" into true."""

import re
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import UUID

from rest_framework import serializers

_UUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def uuid_of(text: object) -> UUID | None:
    """Return the UUID that a text spells, with or without its hyphens, else None. `UUID()` itself takes far more."""
    return UUID(text) if isinstance(text, str) and _UUID.fullmatch(text) else None


class TextField(serializers.CharField):
    """Text exactly as sent: a string, untrimmed, without NUL and lone surrogates, which no database stores."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class LineField(TextField):
    """One line of text, without the white space around it and without what can't be seen."""

    default_error_messages = {"unprintable": "Must hold nothing but printable characters."}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(data.strip() if isinstance(data, str) else data)

    def to_internal_value(self, data: object) -> str:
        text = super().to_internal_value(data)
        if not text.isprintable():
            self.fail("unprintable")
        return text


class UUIDField(serializers.UUIDField):
    """A UUID in a string."""

    def to_internal_value(self, data: object) -> UUID:
        found = uuid_of(data)
        if found is None:
            self.fail("invalid", value="")
        return found


class BooleanField(serializers.BooleanField):
    """True or false, in JSON's own words."""

    def to_internal_value(self, data: object) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input="")
        return data


class IntegerField(serializers.IntegerField):
    """A JSON number without a fraction: 2024, and 2024.0, which is the same number."""

    def to_internal_value(self, data: object) -> int:
        if isinstance(data, float) and data.is_integer():
            return int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class DateField(serializers.DateField):
    """A day as YYYY-MM-DD, and in no other of the ways that ISO 8601 knows."""

    def to_internal_value(self, data: object) -> date:
        if not (isinstance(data, str) and _DAY.fullmatch(data)):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(data)


class NumberField(serializers.DecimalField):
    """A JSON number with any count of decimals, which are rounded to `decimal_places`, or kept where that is None."""

    def __init__(self, **options: Any) -> None:
        super().__init__(coerce_to_string=False, **{"max_digits": None, "decimal_places": None, **options})

    def to_internal_value(self, data: object) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        number = Decimal(str(data))
        if not number.is_finite():
            self.fail("invalid")
        if self.max_digits is None or self.decimal_places is None:
            return number
        whole_digits = self.max_digits - self.decimal_places
        if abs(number) >= 10**whole_digits:
            self.fail("max_whole_digits", max_whole_digits=whole_digits)
        rounded = round(number, self.decimal_places)
        if abs(rounded) < 10**whole_digits:
            return rounded
        # Just inside the limit, where rounding would step out of it.
        return number.quantize(Decimal(1).scaleb(-self.decimal_places), rounding=ROUND_DOWN)

    def to_representation(self, value: Decimal) -> float:  # type: ignore[override]  # a number, never a string
        return float(value)
