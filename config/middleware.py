"""What every request passes: its id and log line, and what differs between pages and the API."""

import re
import time
from collections.abc import Callable
from http import HTTPStatus
from uuid import uuid4

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.common import CommonMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.functional import LazyObject, empty

API_PATHS = ("/v1/", "/v2/", "/api/")
GetResponse = Callable[[HttpRequest], HttpResponse]

_log = structlog.stdlib.get_logger("requests")
_sane_id = re.compile(r"[A-Za-z0-9._-]{8,64}")


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith(API_PATHS)


def request_log_middleware(get_response: GetResponse) -> GetResponse:
    """Give each request an id, answered as `x-request-id` and borne by every log line, and write one line for it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request_id = _request_id(request)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.monotonic()
        response = get_response(request)
        _log.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            duration_ms=round((time.monotonic() - started) * 1000, 1),
            user_id=_user_id(request),
        )
        response["x-request-id"] = request_id
        return response

    return middleware


def api_errors_middleware(get_response: GetResponse) -> GetResponse:
    """Answer JSON under the API's paths whatever went wrong, also where REST framework was never reached."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_json = response.get("Content-Type", "").startswith("application/json")
        if is_json or response.status_code < HTTPStatus.BAD_REQUEST or not is_api(request):
            return response
        return _as_json(HTTPStatus(response.status_code))

    return middleware


class PageLocaleMiddleware(LocaleMiddleware):
    """Choose the language of a page; the API speaks English, always."""

    def process_request(self, request: HttpRequest) -> None:
        if not is_api(request):
            super().process_request(request)
            return
        translation.activate("en")
        request.LANGUAGE_CODE = "en"


class PageCommonMiddleware(CommonMiddleware):
    """Redirect a page's address to the one with a slash; the API never redirects, since a POST would lose its body."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return not is_api(request) and super().should_redirect_with_slash(request)


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("x-request-id", "")
    return given if _sane_id.fullmatch(given) else str(uuid4())


def _user_id(request: HttpRequest) -> str | None:
    user = getattr(request, "user", None)
    # Looking at a user that nobody has looked at yet would cost a query, for the log alone.
    if user is None or (isinstance(user, LazyObject) and user._wrapped is empty):  # noqa: SLF001 (no public way)
        return None
    return str(user.pk) if user.pk else None


def _as_json(status: HTTPStatus) -> JsonResponse:
    code = "INTERNAL_ERROR" if status == HTTPStatus.INTERNAL_SERVER_ERROR else status.name
    return JsonResponse({"detail": status.phrase.capitalize(), "code": code}, status=status)
