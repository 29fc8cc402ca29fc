"""What tests/load/kill.py does once Django is set up."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from datetime import date, timedelta

from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from config.management.commands import run as running
from facilities.access import Author, Channel
from invoices import calculating, factoring, grouping, recalculating
from invoices.models import Invoice, InvoiceEmission, InvoiceEmissionHistory, JobChunk
from tests import factories

SECONDS_TO_WAIT = 300


def run(*, invoice_count, chunk_size, kills):
    """Calculate so many invoices with workers that are killed; return what is wrong with what came of it."""
    call_command("migrate", verbosity=0)
    call_command("load_reference_data", verbosity=0)
    recalculating.CHUNK_SIZE = chunk_size
    try:
        job = _queued(invoice_count)
        began = time.perf_counter()
        for number in range(1, kills + 1):
            _kill_in_the_middle(job, after=number * job.chunks.count() // (kills + 1))
        with _worker():
            _wait_until(lambda: _fresh(job).completed_at is not None)
        _tell(job, kills, time.perf_counter() - began)
        return _faults(job)
    finally:
        with current_app.connection_for_write() as broker:
            broker.default_channel.queue_delete(settings.CELERY_TASK_DEFAULT_QUEUE)
            broker.default_channel.exchange_delete(settings.CELERY_TASK_DEFAULT_QUEUE)
        connections.close_all()
        for database in connections.all():
            getattr(database, "close_pool", lambda: None)()


def _queued(count):
    facility = factories.facility()
    person = factories.member(facility.organization)
    shared = {"facility": facility, "unit": factories.unit(), "uploaded_by": person, "status": "loading"}
    rows = [
        factories.build_invoice(
            **shared,
            quantity=100 + number,
            start_date=(day := date(2023, 1, 1) + timedelta(number % 600)),
            end_date=day,
        )
        for number in range(count)
    ]
    Invoice.objects.bulk_create(rows, batch_size=500)
    author = Author(person, Channel.API)
    return recalculating.queue_calculation(organization=facility.organization, invoices=rows, by=author)


@contextmanager
def _worker():
    """Start a worker as `manage.py run` does; kill it when the block ends, which is quicker than asking it to stop."""
    # Its children are of its group, and die with it.
    worker = subprocess.Popen(running._worker(), cwd=settings.BASE_DIR, start_new_session=True)
    try:
        yield worker
    finally:
        _kill(worker)


def _kill(worker):
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(60)


def _kill_in_the_middle(job, *, after):
    """Kill a worker that is at a chunk, once so many are done."""
    left = _held(job)
    while _held(job) <= left:
        with _worker() as worker:
            _wait_until(lambda: _is_done(job) or (_states(job).count("done") >= after and not _held(job) <= left))
            _kill(worker)
        assert not _is_done(job), "the work was done before anybody could be killed"


def _held(job):
    """Return what workers are at, or were when they were killed."""
    return set(job.chunks.filter(state="running").values_list("pk", "attempt"))


def _is_done(job):
    return set(_states(job)) == {"done"}


def _states(job):
    return list(job.chunks.values_list("state", flat=True))


def _fresh(job):
    job.refresh_from_db()
    return job


def _wait_until(is_true):
    until = time.monotonic() + SECONDS_TO_WAIT
    while not is_true():
        assert time.monotonic() < until, "nothing happened for too long"
        time.sleep(0.01)


def _tell(job, kills, seconds):
    chunks = job.chunks.count()
    again = JobChunk.objects.filter(job=job, attempt__gt=1).count()
    kind = f"{connections['default'].vendor}, {settings.CELERY_BROKER_URL.partition(':')[0]}"
    print(
        f"{kind}: {job.items_total} invoices in {chunks} chunks, {kills} workers killed, {again} chunks begun again:"
        f" {seconds:.1f} s, {job.items_total / seconds:.0f} invoices/s; {job.items_success} done,"
        f" {job.items_failed} failed, {job.status}",
        flush=True,
    )


def _faults(job):
    """Compare with what a calculation in this process gives."""
    faults = []
    if job.items_success + job.items_failed != job.items_total:
        faults.append(f"{job.items_success} + {job.items_failed} of {job.items_total} invoices were counted")
    if left := set(_states(job)) - {"done"}:
        faults.append(f"chunks are {left}")
    expected = _expected(job)
    own = InvoiceEmission.objects.filter(organization=job.organization)
    columns = ("invoice", "activity_category", "co2e", "energy_kwh", "error")
    stored = list(own.values_list(*columns))
    if len(stored) != len(expected):
        faults.append(f"{len(stored)} results instead of {len(expected)}")
    if wrong := expected.symmetric_difference(stored):
        faults.append(f"{len(wrong)} results differ, such as {sorted(map(str, wrong))[:2]}")
    if again := InvoiceEmissionHistory.objects.filter(organization=job.organization).count():
        faults.append(f"{again} results were replaced, though nothing had changed")
    return faults


def _expected(job):
    table = factoring.table_of(factoring.current())
    ids = list(Invoice.objects.of(job.organization_id).values_list("pk", flat=True))
    found = set()
    for part in grouping.sliced(ids):
        prepared = calculating.activities_of(organization_id=job.organization_id, invoice_ids=part)
        for invoice_id, invoice in prepared.items():
            for category, figures in calculating.computed(invoice, table).items():
                found.add((invoice_id, category.value, figures.co2e, figures.energy_kwh, figures.error))
    return found
