"""
The `Idempotency-Key` header: a POST that is sent again gets the first answer again, and nothing is done twice.

A request first claims its key in a transaction of its own, so that every other process sees it in flight. The answer
is stored in the transaction of the deed: there is no moment when one is there without the other.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import is_success

from facilities.api import refusals
from facilities.api.refusals import Refused
from facilities.api.requests import AuthorizedRequest
from facilities.models import ApiKey, IdempotentAnswer

HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotency-Replayed"
KEPT_FOR: Final = timedelta(hours=24)
# What is in flight for longer died with its process.
GIVEN_UP_AFTER: Final = timedelta(minutes=5)
_LONGEST_KEY: Final = 255
_CLEARED_AT_ONCE: Final = 100


class KeyReused(Refused):
    """The key came with another body before."""

    def __init__(self) -> None:
        super().__init__(
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            code="IDEMPOTENCY_KEY_REUSED",
            detail="This Idempotency-Key was used with another request body",
        )


class InProgress(Refused):
    """The first request with this key has no answer yet."""

    def __init__(self) -> None:
        super().__init__(
            status=HTTPStatus.CONFLICT,
            code="IDEMPOTENCY_IN_PROGRESS",
            detail="A request with this Idempotency-Key is still in progress",
            retry_after=1,
        )


def answer_once(
    request: Request,
    deed: Callable[[], HttpResponseBase],
    *,
    refuse: Callable[[Exception], Response],
    kept: Callable[[Any], Any],
    repeated: Callable[[str], str],
) -> HttpResponseBase:
    """
    Do the deed in a transaction and keep its answer, or give the answer that was kept.

    `refuse` makes an answer of an exception, or raises what nobody expected; `kept` leaves out of an answer what must
    not be stored, and `repeated` puts it back into the body. Raise Malformed, KeyReused or InProgress.
    """
    # Before the claim: reading a large body takes time, and a transaction would keep others waiting meanwhile.
    claim, is_new = _claim(cast("AuthorizedRequest", request), _digest_of(request))
    if not is_new:
        return _replayed(claim, repeated)
    try:
        with transaction.atomic(durable=True):
            answer = deed()
            _keep(claim, answer, kept)
    except Exception as error:  # noqa: BLE001 (whatever it was, the key must not stay in flight)
        return _after_failure(claim, error, refuse)
    return answer


@transaction.atomic(durable=True)
def _claim(request: AuthorizedRequest, digest: str) -> tuple[IdempotentAnswer, bool]:
    """Return the row of this key, and whether it is this request that answers."""
    now = timezone.now()
    found, is_new = IdempotentAnswer.objects.get_or_create(
        **_scope(request), defaults={"body_digest": digest, "started_at": now}
    )
    if is_new:
        _clear_old(request)
        return found, True
    if _is_void(found) and _take_over(found, digest):
        return found, True
    if found.body_digest != digest:
        raise KeyReused
    if found.status is None:
        raise InProgress
    return found, False


def _digest_of(request: Request) -> str:
    """
    Return what tells one body from another.

    Of a form with files that is its fields and what is in the files: their boundary is another each time they are sent.
    """
    if not str(request.content_type).startswith("multipart/"):
        return hashlib.sha256(request.body).hexdigest()
    digest = hashlib.sha256()
    for name, values in sorted(cast("QueryDict", request.data).lists()):
        for value in values:
            digest.update(json.dumps([name, *_described(value)]).encode())
    return digest.hexdigest()


def _described(value: "str | UploadedFile[bytes]") -> list[str]:
    if isinstance(value, str):
        return [value]
    content = hashlib.sha256()
    for piece in value.chunks():
        content.update(piece)
    return [str(value.name), content.hexdigest()]


def _scope(request: AuthorizedRequest) -> dict[str, Any]:
    return {
        "organization": request.organization,
        "user": request.user,
        "caller": str(request.auth.pk) if isinstance(request.auth, ApiKey) else "",
        "method": request.method,
        "path": request.path.rstrip("/"),
        "key": _key(request),
    }


def _key(request: Request) -> str:
    key = request.headers[HEADER]
    if not 1 <= len(key) <= _LONGEST_KEY:
        raise refusals.malformed("header", HEADER, f"Must have 1 to {_LONGEST_KEY} characters.", "max_length")
    if not key.isprintable():
        raise refusals.malformed("header", HEADER, "Must be printable.")
    return str(key)


def _is_void(answer: IdempotentAnswer) -> bool:
    """Tell whether an answer has expired, or whoever was to give it is gone."""
    age = timezone.now() - answer.started_at
    return age > KEPT_FOR or (answer.status is None and age > GIVEN_UP_AFTER)


def _take_over(answer: IdempotentAnswer, digest: str) -> bool:
    """Make an expired or abandoned row this request's; return False where another one was quicker."""
    is_same_body = answer.body_digest == digest
    if not is_same_body and timezone.now() - answer.started_at <= KEPT_FOR:
        return False
    before, answer.started_at = _mine(answer), timezone.now()
    return bool(before.update(started_at=answer.started_at, body_digest=digest, status=None, body=None))


def _mine(answer: IdempotentAnswer) -> QuerySet[IdempotentAnswer]:
    """Return the row as long as nobody has taken it over since it was read."""
    return IdempotentAnswer.objects.filter(
        organization_id=answer.organization_id, pk=answer.pk, started_at=answer.started_at
    )


def _keep(
    claim: IdempotentAnswer, answer: HttpResponseBase, kept: Callable[[Any], Any] = lambda answered: answered
) -> None:
    """
    Store the answer as it will be sent, its secrets apart.

    Undo the deed by raising InProgress if another request has taken over.
    """
    content = JSONRenderer().render(kept(answer.data)).decode() if isinstance(answer, Response) else ""
    if not _mine(claim).filter(status=None).update(status=answer.status_code, body=content):
        raise InProgress


def _after_failure(
    claim: IdempotentAnswer, error: Exception, refuse: Callable[[Exception], Response]
) -> HttpResponseBase:
    """Keep a refusal of the business; give the key back after anything else, so that trying again can go well."""
    kept = False
    try:
        answer = refuse(error)
        kept = not isinstance(error, APIException) and _is_final(answer)
        if kept:
            with transaction.atomic(durable=True):
                _keep(claim, answer)
    finally:
        if not kept:
            _mine(claim).filter(status=None).delete()
    return answer


def _is_final(answer: Response) -> bool:
    return answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR and "Retry-After" not in answer.headers


def _replayed(answer: IdempotentAnswer, repeated: Callable[[str], str]) -> HttpResponse:
    body = cast("str", answer.body)
    return HttpResponse(
        repeated(body) if answer.status is not None and is_success(answer.status) else body,
        status=answer.status,
        content_type="application/json",
        headers={REPLAYED_HEADER: "true"},
    )


def _clear_old(request: AuthorizedRequest) -> None:
    """Delete some answers that have expired; rows that another request is clearing are passed over."""
    own = IdempotentAnswer.objects.filter(organization=request.organization)
    expired = own.filter(Q(started_at__lt=timezone.now() - KEPT_FOR)).select_for_update(skip_locked=True)
    if ids := list(expired.values_list("pk", flat=True)[:_CLEARED_AT_ONCE]):
        own.filter(pk__in=ids).delete()
