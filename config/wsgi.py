import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class _Request(WSGIRequest):
    # Its own types don't tell of the method.
    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Take a content type that can't be read for one that nobody knows: Django's own would be a 500."""
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # private in the stubs
        except ValueError:
            meta["CONTENT_TYPE"] = "application/octet-stream"
            super()._set_content_type_params(meta)  # type: ignore[misc]  # private in the stubs


class _Handler(WSGIHandler):
    request_class = _Request


django.setup(set_prefix=False)
application = _Handler()
