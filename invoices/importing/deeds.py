"""What a chunk of an import's job is to do, and for whom: kept where other jobs keep their invoices."""

from typing import Any, NamedTuple, Self
from uuid import UUID

from facilities.access import Author, Channel
from facilities.models import ApiKey, User
from invoices.models import JobChunk


class Deed(NamedTuple):
    """
    `check` a whole file, `take` one of its batches, or `undo` the lines from `first` to `last`.

    `through`, `api_key` and `on_behalf_of` say who asked, besides the user of the job.
    """

    name: str
    first: int = 0
    last: int = 0
    through: str = Channel.WEB
    api_key: str = ""
    on_behalf_of: str = ""

    @classmethod
    def check(cls, by: Author) -> Self:
        return cls("check", 0, 0, *_recorded(by))

    @classmethod
    def take(cls, by: Author, batch: int) -> Self:
        return cls("take", batch, batch, *_recorded(by))

    @classmethod
    def undo(cls, by: Author, first: int, last: int) -> Self:
        return cls("undo", first, last, *_recorded(by))

    @classmethod
    def of(cls, chunk: JobChunk) -> Self:
        """Return what a chunk is to do."""
        [said] = chunk.invoice_ids
        return cls(**said)

    def as_json(self) -> list[dict[str, Any]]:
        return [self._asdict()]

    def author(self, chunk: JobChunk) -> Author:
        """Return who asked, whatever has become of their rights since."""
        return Author(
            chunk.job.created_by,
            Channel(self.through),
            ApiKey.objects.filter(pk=UUID(self.api_key)).first() if self.api_key else None,
            User.objects.filter(pk=UUID(self.on_behalf_of)).first() if self.on_behalf_of else None,
        )


def _recorded(by: Author) -> tuple[str, str, str]:
    key, behalf = by.api_key, by.on_behalf_of
    return by.through.value, str(key.pk) if key else "", str(behalf.pk) if behalf else ""
