"""
Does what was queued, a chunk at a time: each counted once, whoever dies when, however often a message comes.

The tables are the truth. A worker takes a chunk for as long as its lease lasts, calculates outside a transaction, and
writes in one that first looks whether the chunk is still its own.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from time import perf_counter
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now
from django.utils import timezone

from facilities.models import Organization
from invoices import calculating, evidencing, importing, waking
from invoices.models import OPEN_STATES, ChunkState, JobAction, JobChunk, JobStatus, ProcessingJob

_log = structlog.stdlib.get_logger("working")

MAX_ATTEMPTS: Final = 5
# How many errors a job keeps: enough to see what is wrong, and a row that can still be read at once.
KEPT_ERRORS: Final = 1_000
# The oldest of what nobody holds. A worker needs longer for them than it is until the next sweep.
SWEPT_AT_ONCE: Final = 1_000
# Messages come in their order: without this, one new invoice would wait behind all the chunks of 100,000 old ones.
SMALL_JOB: Final = 100
SMALL_AT_ONCE: Final = 20
_ERROR_LENGTH: Final = JobChunk._meta.get_field("last_error").max_length or 0


class _Counted(NamedTuple):
    """What became of a chunk: how many went well, how many did not, and why, by invoice where there is one."""

    succeeded: int
    failed: int
    reasons: Sequence[tuple[str | None, str]] = ()


class _Lost(Exception):
    """The lease was over, and somebody else has the chunk."""


def answer(chunk_id: UUID) -> None:
    """Do the chunk that a message names; before one of a large job, the small jobs that somebody may wait for."""
    for waiting in _small_before(chunk_id):
        work(waiting)
    work(chunk_id)


def work(chunk_id: UUID, *, tell: Callable[[], None] = lambda: None) -> None:
    """
    Do a chunk that is ready, or whose worker died. One that somebody has, or that is done or not due, is left.

    `tell` is called now and then where the work on a chunk is long, so that somebody can say how far it is.
    """
    chunk = _claim(chunk_id)
    if chunk is None:
        return
    if chunk.attempt > MAX_ATTEMPTS:
        # It was taken so often, and nobody came to say why it was not done.
        _put_back(chunk, "the worker ended each time")
        return
    began = perf_counter()
    try:
        _do(chunk, tell)
    except _Lost:
        _log.warning("chunk lost", **_named(chunk))
    except Exception as error:  # noqa: BLE001 (whatever it is, it is tried again, and told)
        _log.exception("chunk broke off", **_named(chunk))
        _put_back(chunk, f"{type(error).__name__}: {error}")
    else:
        seconds = round(perf_counter() - began, 3)
        _log.info("chunk done", **_named(chunk), invoices=len(chunk.invoice_ids), seconds=seconds)


def sweep() -> int:
    """Send again the oldest chunks that nobody holds: ready and due, or with a worker that died. Return how many."""
    free = _all_chunks().filter(_is_free()).order_by("not_before", "pk")
    ids = list(free.values_list("pk", flat=True)[:SWEPT_AT_ONCE])
    waking.wake(ids)
    return len(ids)


def _small_before(chunk_id: UUID) -> list[UUID]:
    if not _all_chunks().filter(pk=chunk_id, job__items_total__gt=SMALL_JOB).exists():
        return []
    small = _all_chunks().filter(_is_free(), job__items_total__lte=SMALL_JOB).order_by("not_before", "pk")
    return list(small.values_list("pk", flat=True)[:SMALL_AT_ONCE])


@transaction.atomic(durable=True)
def _claim(chunk_id: UUID) -> JobChunk | None:
    """Take a chunk in one statement, with which one of several workers succeeds; return it, or None."""
    free = _all_chunks().filter(_is_free(), pk=chunk_id)
    if not free.update(state=ChunkState.RUNNING, attempt=F("attempt") + 1, leased_until=_lease()):
        return None
    chunk = _all_chunks().select_related("job").get(pk=chunk_id)
    waiting = _job(chunk).filter(status=JobStatus.PENDING)
    waiting.update(status=JobStatus.PROCESSING, started_at=timezone.now())
    return chunk


def _do(chunk: JobChunk, tell: Callable[[], None]) -> None:
    """Work a chunk out and write it down. Raise _Lost, or whatever goes wrong, with nothing written."""
    if chunk.job.action == JobAction.EXPORT:
        _export(chunk)
        return
    if chunk.job.action == JobAction.IMPORT:
        write = importing.run_chunk(chunk, go_on=lambda: _renew(chunk), tell=tell)
        _finish(chunk, lambda: _Counted(*write()))
        return
    worked = calculating.work_out(
        organization_id=chunk.organization_id,
        invoice_ids=[UUID(invoice_id) for invoice_id in chunk.invoice_ids],
        category=chunk.job.activity_category,
    )
    _finish(chunk, lambda: _write(chunk, worked))


def _export(chunk: JobChunk) -> None:
    """Make evidence, which may take longer than a lease: it is renewed meanwhile. Raise _Lost."""
    with evidencing.making(job=chunk.job, go_on=lambda: _renew(chunk)) as made:
        _finish(chunk, lambda: _keep(chunk, made))


def _keep(chunk: JobChunk, made: evidencing.Made) -> _Counted:
    evidencing.keep(made)
    return _Counted(succeeded=chunk.job.items_total, failed=0)


def _write(chunk: JobChunk, worked: calculating.Worked) -> _Counted:
    outcome = calculating.write(worked, job=chunk.job)
    reasons = [(str(invoice_id), " ".join(sentences)) for invoice_id, sentences in outcome.failed.items()]
    return _Counted(len(outcome.succeeded), len(reasons), reasons)


@transaction.atomic(durable=True)
def _finish(chunk: JobChunk, write: Callable[[], _Counted]) -> None:
    """Write what was worked out and close the chunk, both or none. Raise _Lost."""
    _hold(chunk)
    _settle(chunk, write(), state=ChunkState.DONE)


@transaction.atomic(durable=True)
def _put_back(chunk: JobChunk, reason: str) -> None:
    """Let a chunk that broke off be tried again, after a time that doubles with each attempt; or give it up."""
    with suppress(_Lost):
        _hold(chunk)
        last_error = reason.replace("\0", "")[:_ERROR_LENGTH]
        if chunk.attempt >= MAX_ATTEMPTS:
            _settle(chunk, _given_up(chunk, last_error), state=ChunkState.FAILED, last_error=last_error)
            _log.error("chunk failed", **_named(chunk), error=last_error)
            return
        later = Now() + timedelta(seconds=2**chunk.attempt)
        _own(chunk).update(state=ChunkState.READY, not_before=later, leased_until=None, last_error=last_error)


def _given_up(chunk: JobChunk, last_error: str) -> _Counted:
    """Count all of a chunk as failed, and tell it of the invoices that waited for this to be calculated at all."""
    sentence = f"This broke off {MAX_ATTEMPTS} times and was given up. The last error: {last_error}"
    if chunk.job.action == JobAction.EXPORT:
        return _Counted(succeeded=0, failed=chunk.job.items_total, reasons=[(None, sentence)])
    if chunk.job.action == JobAction.IMPORT:
        return _Counted(succeeded=0, failed=importing.given_up(chunk), reasons=[(None, sentence)])
    if not chunk.job.activity_category:
        # Else they would wait for ever, and nobody would see why.
        told = f"The calculation broke off {MAX_ATTEMPTS} times and was given up. Its job says why; retry the job."
        ids = [UUID(invoice_id) for invoice_id in chunk.invoice_ids]
        calculating.give_up(organization_id=chunk.organization_id, invoice_ids=ids, sentence=told)
    reasons = [(invoice_id, sentence) for invoice_id in chunk.invoice_ids]
    return _Counted(succeeded=0, failed=len(reasons), reasons=reasons)


def _hold(chunk: JobChunk) -> None:
    """Lock a chunk that is still held as it was taken. Raise _Lost."""
    own = _own(chunk).filter(state=ChunkState.RUNNING, attempt=chunk.attempt)
    if own.select_for_update().first() is None:
        raise _Lost


def _renew(chunk: JobChunk) -> None:
    """Keep a chunk as long again as a lease lasts, if it is still held as it was taken. Raise _Lost."""
    if not _own(chunk).filter(state=ChunkState.RUNNING, attempt=chunk.attempt).update(leased_until=_lease()):
        raise _Lost


def _lease() -> CombinedExpression:
    return Now() + timedelta(seconds=settings.CHUNK_LEASE_SECONDS)


def _settle(chunk: JobChunk, counted: _Counted, *, state: ChunkState, last_error: str = "") -> None:
    """Close a chunk and count it in its job, which ends with its last chunk."""
    _own(chunk).update(state=state, leased_until=None, last_error=last_error)
    # Locked last, and by every chunk of the job: who comes later sees what was closed and counted before.
    job = _job(chunk).select_for_update().get()
    succeeded, failed = job.items_success + counted.succeeded, job.items_failed + counted.failed
    ended = _ended(chunk, is_all_wrong=failed > 0 and succeeded == 0)
    _job(chunk).update(
        items_success=succeeded,
        items_failed=failed,
        errors=[*job.errors, *_errors(job, counted)][:KEPT_ERRORS],
        **ended,
    )
    if ended and job.action == JobAction.IMPORT:
        importing.ended(job)


def _errors(job: ProcessingJob, counted: _Counted) -> list[dict[str, str | None]]:
    category = job.activity_category or None
    return [
        {"invoice_id": invoice_id, "activity_category": category, "message": message}
        for invoice_id, message in counted.reasons[:KEPT_ERRORS]
    ]


def _ended(chunk: JobChunk, *, is_all_wrong: bool) -> dict[str, Any]:
    """Return how the job ends, or nothing while some of its chunks are still to be done."""
    states = set(_all_chunks().filter(job=chunk.job).values_list("state", flat=True).distinct())
    if not states.isdisjoint(OPEN_STATES):
        return {}
    has_failed = is_all_wrong or ChunkState.FAILED in states
    return {"status": JobStatus.FAILED if has_failed else JobStatus.COMPLETED, "completed_at": timezone.now()}


def _is_free() -> Q:
    """Return what is true of a chunk that anybody may take, by the clock of the database."""
    is_due = Q(state=ChunkState.READY, not_before__lte=Now())
    return is_due | Q(state=ChunkState.RUNNING, leased_until__lt=Now())


def _all_chunks() -> QuerySet[JobChunk]:
    """Return the chunks of every organization: a worker works for all of them."""
    return JobChunk.objects.filter(organization__in=Organization.objects.all())


def _own(chunk: JobChunk) -> QuerySet[JobChunk]:
    return JobChunk.objects.filter(organization=chunk.organization_id, pk=chunk.pk)


def _job(chunk: JobChunk) -> QuerySet[ProcessingJob]:
    return ProcessingJob.objects.filter(organization=chunk.job.organization_id, pk=chunk.job_id)


def _named(chunk: JobChunk) -> dict[str, Any]:
    return {
        "job": str(chunk.job_id),
        "chunk": chunk.position,
        "attempt": chunk.attempt,
        "action": chunk.job.action,
        "category": chunk.job.activity_category,
    }
