"""How a worker hears that something is to be done. The tables say what; a message that is lost is sent again."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction

# Once more, without a wait: the broker may only have closed a connection that was kept.
_AT_ONCE: Final = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
_log = structlog.stdlib.get_logger("waking")


def wake(chunk_ids: Iterable[UUID]) -> None:
    """Tell the workers, once the transaction has been committed, that these chunks are ready."""
    ids = [str(chunk_id) for chunk_id in chunk_ids]
    transaction.on_commit(lambda: _send(ids), robust=True)


def _send(ids: list[str]) -> None:
    """Send a message for each chunk. A broker that does not answer costs nobody their work: a sweep sends again."""
    try:
        for chunk_id in ids:
            current_app.send_task("invoices.work", [chunk_id], ignore_result=True, retry_policy=_AT_ONCE)
    except Exception as error:  # noqa: BLE001 (each kind of broker has errors of its own)
        _log.warning("not sent", chunks=len(ids), error=f"{type(error).__name__}: {error}")
