"""Says whether this process can serve: its database answers and has every migration."""

from collections.abc import Callable
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse

PATH = "/healthz"


def health_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer `/healthz` before anything looks at the host name: a probe calls by address, and without HTTPS."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return _health() if request.path == PATH else get_response(request)

    return middleware


def _health() -> JsonResponse:
    reason = _reason_not_to_serve()
    if reason:
        return JsonResponse({"status": "unavailable", "reason": reason}, status=503)
    return JsonResponse({"status": "ok"})


def _reason_not_to_serve() -> str:
    try:
        missing = _migrations_on_disk() - MigrationRecorder(connection).applied_migrations().keys()
    except DatabaseError:
        return "The database does not answer."
    if missing:
        return f"Migrations are not applied: {', '.join(sorted('.'.join(migration) for migration in missing))}."
    return ""


@cache
def _migrations_on_disk() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)
