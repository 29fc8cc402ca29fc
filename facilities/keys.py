"""Primary keys: UUID version 7, which sort by time and so fill an index from one end."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new UUIDv7 of the standard library's own type."""
    return uuid7()
