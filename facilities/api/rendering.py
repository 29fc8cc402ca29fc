from collections.abc import Mapping
from typing import Any, cast

from rest_framework.renderers import JSONRenderer


class CSVRenderer(JSONRenderer):
    """
    Lets a request that accepts CSV alone in.

    The CSV itself streams past renderers. What is left to this one are refusals, which are JSON as everywhere.
    """

    media_type = "text/csv"
    format = "csv"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> Any:
        # REST framework's Response always gives itself along.
        cast("dict[str, Any]", renderer_context)["response"]["Content-Type"] = JSONRenderer.media_type
        return super().render(data, JSONRenderer.media_type, renderer_context)
