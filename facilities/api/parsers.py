from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.core.exceptions import TooManyFieldsSent, TooManyFilesSent
from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """JSON of a bounded size and depth."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return what the body says; raise ParseError, or RequestDataTooBig beyond DATA_UPLOAD_MAX_MEMORY_SIZE."""
        context = parser_context or {}
        # The stream itself has no limit; Django's has, where the body is asked for.
        body = BytesIO(context["request"].body) if "request" in context else stream
        try:
            return super().parse(body, media_type, context)
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply") from error


class UploadParser(parsers.MultiPartParser):
    """A form with files, which wait on disk and not in memory; FILE_UPLOAD_HANDLERS say how large they may be."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return fields and files; raise ParseError, or RequestDataTooBig where either is too large."""
        try:
            return super().parse(stream, media_type, parser_context)
        except (TooManyFieldsSent, TooManyFilesSent) as error:
            raise ParseError("Multipart form parse error - too many parts") from error
