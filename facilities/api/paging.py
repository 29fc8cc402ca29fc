import re
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from facilities.api import refusals

# Not int() alone, which takes signs, spaces, underscores and the digits of every script.
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


class Paging(BasePagination):
    """Pages by number, in the envelope that the route documents. What is out of range is refused, never mended."""

    default_size: ClassVar[int] = 50
    most: ClassVar[int] = 100
    pages_name: ClassVar[str] = "pages"

    def paginate_queryset(
        self, queryset: QuerySet[Any, Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        """Return the rows of the page asked for, or what was worked out in place of rows; raise Malformed."""
        self.page = _number(request, "page", default=1, most=None)
        self.size = _number(request, "size", default=self.default_size, most=self.most)
        self.total = queryset.count() if isinstance(queryset, QuerySet) else len(queryset)
        start = (self.page - 1) * self.size
        # Past the end nothing is asked: the database would count up to there, or refuse an offset so great.
        return list(queryset[start : start + self.size]) if start < self.total else []

    def get_paginated_response(self, data: Sequence[object]) -> Response:
        return Response(
            {
                "items": data,
                "total": self.total,
                "page": self.page,
                "size": self.size,
                self.pages_name: -(-self.total // self.size),
            }
        )

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """Return the two parameters, for the schema of the API."""
        size = {"type": "integer", "minimum": 1, "maximum": self.most, "default": self.default_size}
        page = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1, "default": 1}
        return [
            {"name": "page", "in": "query", "description": "Past the end `items` is empty.", "schema": page},
            {"name": "size", "in": "query", "description": "Items a page.", "schema": size},
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the envelope around what one page holds, for the schema of the API."""
        count = {"type": "integer", "minimum": 0}
        properties = {
            "items": schema,
            "total": count,
            "page": {"type": "integer", "minimum": 1},
            "size": {"type": "integer", "minimum": 1},
            self.pages_name: count,
        }
        return {"type": "object", "required": list(properties), "properties": properties}


def _number(request: Request, name: str, *, default: int, most: int | None) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not _NUMBER.fullmatch(text):
        raise refusals.malformed("query", name, "A valid integer is required.")
    number = int(text)
    if number < 1:
        raise refusals.malformed("query", name, "Ensure this value is greater than or equal to 1.", "min_value")
    if most is not None and number > most:
        raise refusals.malformed("query", name, f"Ensure this value is less than or equal to {most}.", "max_value")
    return number
