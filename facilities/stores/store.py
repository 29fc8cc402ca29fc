from typing import IO, Protocol


class Store(Protocol):
    """What `storing` asks of a place for files. Names are ours, never a client's."""

    def upload_address(self, name: str, *, mime_type: str, seconds: int) -> str | None:
        """Return an address of the store's own that takes a PUT for so long; None where ours must take it."""
        ...

    def download_address(self, name: str, *, saved_as: str, mime_type: str, seconds: int) -> str | None:
        """Return an address of the store's own that gives the file for so long, to be saved; None where ours must."""
        ...

    def exists(self, name: str, /) -> bool: ...

    def size(self, name: str, /) -> int: ...

    def open(self, name: str, /) -> IO[bytes]: ...

    def write(self, name: str, content: bytes) -> None:
        """Write a file, over one that an attempt before left there."""
        ...

    def delete(self, name: str, /) -> None: ...
