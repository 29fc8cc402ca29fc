"""Fields that take what they say and nothing near it: REST framework's own turn 1 into "1", and "yes" into true."""

import re
from typing import Any
from uuid import UUID

from rest_framework import serializers

_UUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


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
