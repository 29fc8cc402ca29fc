"""How large a file may come: refused by what the request says of itself, before anything of it is read."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

# For the other fields of the form, and what a multipart body is made of.
_ROOM = 1024 * 1024


class BoundedUploadHandler(FileUploadHandler):
    """Stands before the handlers that keep a file, and lets through no more than UPLOAD_MAX_BYTES."""

    def handle_raw_input(
        self, input_data: Any, meta: dict[str, str], content_length: int, boundary: str, encoding: str | None = None
    ) -> None:
        """Raise RequestDataTooBig; a server hands on no more of a body than its length says."""
        if content_length > settings.UPLOAD_MAX_BYTES + _ROOM:
            raise RequestDataTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
