"""Chance that falls the same way each time, and keys that follow from names."""

from random import Random
from typing import Final
from uuid import UUID, uuid5

_NAMESPACE: Final = UUID("01890000-0000-7000-8000-00000000de30")


def chance(purpose: str) -> Random:
    """Return a generator of its own for one purpose, so that a change of one part leaves the others as they were."""
    return Random(f"consolida demo: {purpose}")  # noqa: S311 (figures for show, no secret)


def key(*parts: object) -> UUID:
    """Return the key of the row that these parts name."""
    return uuid5(_NAMESPACE, "/".join(map(str, parts)))
