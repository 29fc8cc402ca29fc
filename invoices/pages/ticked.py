"""What a page sends of its tick boxes."""

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID


def ids_of(values: Iterable[str]) -> list[UUID]:
    """Return the ids among the values, each once, in their order; what is no id is nothing of ours."""
    found: dict[UUID, None] = {}
    for value in values:
        with suppress(ValueError):
            found.setdefault(UUID(value))
    return list(found)
