"""What a worker does with a chunk: once, whoever dies when, and however often it is told to."""

from contextlib import contextmanager
from datetime import date, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from invoices import calculating, evidencing, recalculating, tasks, tracking, waking, working
from invoices.calculating import Outcome
from invoices.models import ChunkState, InvoiceEmission, JobChunk, JobStatus, ProcessingJob
from tests import factories

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(hours=1)
JULY_2021 = date(2021, 7, 1)


class Calculator:
    """Stands in for the calculation, which has tests of its own: everything goes well unless a test says otherwise."""

    def __init__(self):
        self.calculated, self.failing, self.gone, self.meanwhile = [], {}, set(), None

    def work_out(self, *, organization_id, invoice_ids, category):
        if self.meanwhile:
            self.meanwhile()
        return [invoice_id for invoice_id in invoice_ids if invoice_id not in self.gone]

    def write(self, worked, *, job):
        self.calculated += worked
        failed = {invoice_id: sentences for invoice_id, sentences in self.failing.items() if invoice_id in worked}
        return Outcome([invoice_id for invoice_id in worked if invoice_id not in failed], failed)


@pytest.fixture
def calculator(monkeypatch):
    stand_in = Calculator()
    monkeypatch.setattr(calculating, "work_out", stand_in.work_out)
    monkeypatch.setattr(calculating, "write", stand_in.write)
    return stand_in


@pytest.fixture
def invoices(facility):
    return factories.invoices(4, facility=facility)


@pytest.fixture
def job(organization, invoices, author, monkeypatch):
    """A job of four invoices in two chunks."""
    monkeypatch.setattr(recalculating, "CHUNK_SIZE", 2)
    return queued(organization, invoices, author)


def queued(organization, invoices, author):
    return recalculating.queue_calculation(organization=organization, invoices=invoices, by=author)


def chunks(job):
    return list(job.chunks.order_by("position"))


def ids(chunk):
    return list(map(UUID, chunk.invoice_ids))


def fresh(job):
    job.refresh_from_db()
    return job


def counts(job):
    fresh(job)
    return job.status, job.items_success, job.items_failed


def states(job):
    return [chunk.state for chunk in chunks(job)]


def set_to(chunk, **values):
    JobChunk.objects.filter(pk=chunk.pk).update(**values)


def breaks(reason="no such thing"):
    def broken(**_asked):
        raise ValueError(reason)

    return broken


# How it goes


def test_a_job_ends_with_its_last_chunk(job, calculator):
    first, second = chunks(job)

    working.work(first.pk)

    assert counts(job) == (JobStatus.PROCESSING, 2, 0)
    assert (job.started_at is not None, job.completed_at) == (True, None)
    begun = job.started_at
    working.work(second.pk)
    assert counts(job) == (JobStatus.COMPLETED, 4, 0)
    assert job.started_at == begun <= job.completed_at
    assert [(chunk.state, chunk.attempt, chunk.leased_until) for chunk in chunks(job)] == [("done", 1, None)] * 2
    assert calculator.calculated == [*ids(first), *ids(second)]


def test_what_is_calculated_is_written_with_the_job(organization, facility, author):
    invoice = factories.invoice(facility=facility, status="loading")
    job = queued(organization, [invoice], author)

    tasks.work(str(chunks(job)[0].pk))

    job.refresh_from_db()
    assert job.status in {JobStatus.COMPLETED, JobStatus.FAILED}
    assert job.items_success + job.items_failed == 1
    assert InvoiceEmission.objects.filter(invoice=invoice).count() == 5


def test_what_fails_is_counted_and_told(job, calculator):
    first, second = chunks(job)
    lost = ids(first)[1]
    calculator.failing = {lost: ["No factor for Spain in 2031.", "No unit."]}

    working.work(first.pk)
    working.work(second.pk)

    assert counts(job) == (JobStatus.COMPLETED, 3, 1)
    message = "No factor for Spain in 2031. No unit."
    assert job.errors == [{"invoice_id": str(lost), "activity_category": None, "message": message}]


def test_an_error_names_the_category_of_its_job(organization, facility, author, calculator):
    invoice = factories.invoice(facility=facility)
    calculator.failing = {invoice.pk: ["No."]}
    asked = {"invoice_ids": [invoice.pk], "activity_categories": ["energy"]}
    [job] = recalculating.recalculate(organization=organization, by=author, **asked).jobs

    working.work(chunks(job)[0].pk)

    assert fresh(job).errors == [{"invoice_id": str(invoice.pk), "activity_category": "energy", "message": "No."}]


def test_a_job_of_which_nothing_went_well_has_failed(job, calculator):
    calculator.failing = {invoice_id: ["No."] for chunk in chunks(job) for invoice_id in ids(chunk)}

    for chunk in chunks(job):
        working.work(chunk.pk)

    assert counts(job) == (JobStatus.FAILED, 0, 4)
    assert job.completed_at is not None


def test_only_the_first_errors_are_kept(job, calculator, monkeypatch):
    monkeypatch.setattr(working, "KEPT_ERRORS", 3)
    calculator.failing = {invoice_id: ["No."] for chunk in chunks(job) for invoice_id in ids(chunk)}

    for chunk in chunks(job):
        working.work(chunk.pk)

    assert (job.items_total, fresh(job).items_failed, len(job.errors)) == (4, 4, 3)


def test_invoices_that_are_gone_are_passed_over(job, calculator):
    first, second = chunks(job)
    calculator.gone = {*ids(first), ids(second)[0]}

    for chunk in (first, second):
        working.work(chunk.pk)

    assert counts(job) == (JobStatus.COMPLETED, 1, 0)


def test_a_job_of_nothing_is_done_at_once(organization, facility, author):
    parent, _children = factories.distributed(facility, factories.facility(organization=organization))

    job = queued(organization, [parent], author)

    assert (job.status, job.items_total, job.completed_at is not None, chunks(job)) == ("COMPLETED", 0, True, [])


def test_a_line_says_what_was_done_how_fast(job, calculator, caplog):
    caplog.set_level("INFO")

    working.work(chunks(job)[0].pk)

    [line] = [record.msg for record in caplog.records if record.name == "working"]
    assert (line["event"], line["job"], line["chunk"], line["invoices"]) == ("chunk done", str(job.pk), 0, 2)


# Whose a chunk is


class TestSmallJobs:
    @pytest.fixture
    def small(self, organization, facility, author, job, monkeypatch):
        """A job of one invoice, queued after the large one."""
        monkeypatch.setattr(working, "SMALL_JOB", 1)
        return queued(organization, [factories.invoice(facility=facility)], author)

    def test_do_not_wait_behind_a_large_one(self, job, small, calculator):
        working.answer(chunks(job)[0].pk)

        assert calculator.calculated == ids(chunks(small)[0]) + ids(chunks(job)[0])
        assert [chunk.state for chunk in chunks(job)] == [ChunkState.DONE, ChunkState.READY]

    def test_take_only_their_own(self, job, small, calculator):
        working.answer(chunks(small)[0].pk)

        assert calculator.calculated == ids(chunks(small)[0])

    def test_are_left_while_somebody_does_them(self, job, small, calculator):
        chunk = chunks(small)[0]
        JobChunk.objects.filter(pk=chunk.pk).update(
            state=ChunkState.RUNNING, leased_until=timezone.now() + timedelta(hours=1)
        )

        working.answer(chunks(job)[0].pk)

        assert calculator.calculated == ids(chunks(job)[0])


def test_a_message_that_comes_again_changes_nothing(job, calculator):
    first, _second = chunks(job)

    for _time in range(3):
        working.work(first.pk)

    assert counts(job) == (JobStatus.PROCESSING, 2, 0)
    assert calculator.calculated == ids(first)


def test_a_chunk_that_is_not_there_is_passed_over(job, calculator):
    working.work(uuid4())

    assert counts(job) == (JobStatus.PENDING, 0, 0)


def test_a_chunk_that_somebody_holds_is_left(job, calculator):
    first, _second = chunks(job)
    set_to(first, state="running", attempt=1, leased_until=timezone.now() + LONG_AGO)

    working.work(first.pk)

    assert (counts(job), calculator.calculated) == ((JobStatus.PENDING, 0, 0), [])


def test_a_chunk_that_is_not_due_is_left(job, calculator):
    first, _second = chunks(job)
    set_to(first, not_before=timezone.now() + LONG_AGO)

    working.work(first.pk)

    assert calculator.calculated == []


def test_a_chunk_whose_worker_died_is_taken_over(job, calculator):
    first, _second = chunks(job)
    set_to(first, state="running", attempt=1, leased_until=timezone.now() - LONG_AGO)

    working.work(first.pk)

    assert counts(job) == (JobStatus.PROCESSING, 2, 0)
    assert (chunks(job)[0].state, chunks(job)[0].attempt) == ("done", 2)


def test_a_lease_lasts_as_long_as_is_set(job, calculator, settings):
    settings.CHUNK_LEASE_SECONDS = 600
    first, _second = chunks(job)
    seen = []
    calculator.meanwhile = lambda: seen.append(JobChunk.objects.get(pk=first.pk).leased_until - timezone.now())

    working.work(first.pk)

    assert timedelta(seconds=580) < seen[0] < timedelta(seconds=620)


def test_who_lost_a_chunk_writes_nothing(job, calculator):
    first, _second = chunks(job)
    calculator.meanwhile = lambda: set_to(first, attempt=2)

    working.work(first.pk)

    assert (counts(job), calculator.calculated) == ((JobStatus.PROCESSING, 0, 0), [])
    assert chunks(job)[0].state == ChunkState.RUNNING


def test_who_lost_a_chunk_does_not_put_it_back_either(job, calculator):
    first, _second = chunks(job)

    def taken_and_broken():
        set_to(first, attempt=2)
        raise ValueError

    calculator.meanwhile = taken_and_broken

    working.work(first.pk)

    assert (chunks(job)[0].state, chunks(job)[0].last_error) == (ChunkState.RUNNING, "")


def test_a_lease_that_is_over_is_still_ones_own_while_nobody_takes_it(job, calculator):
    first, _second = chunks(job)
    calculator.meanwhile = lambda: set_to(first, leased_until=timezone.now() - LONG_AGO)

    working.work(first.pk)

    assert counts(job) == (JobStatus.PROCESSING, 2, 0)


# What breaks off


def test_what_breaks_off_is_tried_again_later_and_later(job, calculator):
    first, _second = chunks(job)
    waits = []

    for _time in range(working.MAX_ATTEMPTS - 1):
        calculator.meanwhile = breaks()
        working.work(first.pk)
        chunk = chunks(job)[0]
        assert (chunk.state, chunk.leased_until, chunk.last_error) == ("ready", None, "ValueError: no such thing")
        waits.append(round((chunk.not_before - timezone.now()).total_seconds()))
        set_to(first, not_before=timezone.now() - LONG_AGO)

    assert waits == [2, 4, 8, 16]
    calculator.meanwhile = None
    working.work(first.pk)
    assert (chunks(job)[0].state, chunks(job)[0].last_error) == ("done", "")
    assert counts(job) == (JobStatus.PROCESSING, 2, 0)


def test_nothing_is_kept_of_what_breaks_off_while_it_is_written(job, calculator, monkeypatch):
    def half_written(worked, *, job):
        ProcessingJob.objects.filter(pk=job.pk).update(items_success=1)
        raise ValueError("half written")

    monkeypatch.setattr(calculating, "write", half_written)

    working.work(chunks(job)[0].pk)

    assert counts(job) == (JobStatus.PROCESSING, 0, 0)
    assert states(job) == ["ready", "ready"]


def test_what_breaks_off_too_often_is_given_up_and_counted(job, calculator):
    first, second = chunks(job)
    set_to(first, attempt=working.MAX_ATTEMPTS - 1)
    working.work(second.pk)
    calculator.meanwhile = breaks("no\0 such thing")

    working.work(first.pk)

    assert states(job) == ["failed", "done"]
    assert counts(job) == (JobStatus.FAILED, 2, 2)
    assert [error["invoice_id"] for error in job.errors] == first.invoice_ids
    assert {error["message"] for error in job.errors} == {
        "This broke off 5 times and was given up. The last error: ValueError: no such thing"
    }


def test_what_kills_each_of_its_workers_is_given_up(job, calculator):
    first, _second = chunks(job)
    long_ago = timezone.now() - LONG_AGO
    set_to(first, state="running", attempt=working.MAX_ATTEMPTS, leased_until=long_ago)

    working.work(first.pk)

    assert (states(job), calculator.calculated) == (["failed", "ready"], [])
    assert counts(job) == (JobStatus.PROCESSING, 0, 2)
    assert "the worker ended each time" in job.errors[0]["message"]


def test_invoices_that_waited_for_what_is_given_up_say_so_and_are_calculated_by_a_retry(
    organization, facility, author, monkeypatch
):
    below = factories.organization(parent=organization)
    places = [facility, factories.facility(organization=below)]
    parent, [child, _sibling] = factories.distributed(*places, organization=organization, status="loading")
    kept = factories.invoice(facility=facility, status="active")
    reported = factories.invoice(facility=facility, status="loading", start_date=JULY_2021, end_date=JULY_2021)
    factories.year_closing(organization=organization, year=2021)
    job = queued(organization, [child, kept, reported], author)
    last_attempt = {"attempt": working.MAX_ATTEMPTS - 1}
    set_to(chunks(job)[0], **last_attempt)

    with monkeypatch.context() as broken:
        broken.setattr(calculating, "work_out", breaks())
        working.work(chunks(job)[0].pk)

    sentence = "The calculation broke off 5 times and was given up. Its job says why; retry the job."
    rows = [parent, child, kept, reported]
    assert [said(row) for row in rows] == [("error", [sentence])] * 2 + [("active", []), ("loading", [])]
    again = tracking.retry(organization=organization, job_id=job.pk, by=author)
    working.work(chunks(again)[0].pk)
    assert said(child) == ("active", [])


def test_a_category_that_is_given_up_leaves_what_waits_for_all_of_them(organization, facility, author, monkeypatch):
    invoice = factories.invoice(facility=facility, status="loading")
    asked = {"invoice_ids": [invoice.pk], "activity_categories": ["energy"]}
    [job] = recalculating.recalculate(organization=organization, by=author, **asked).jobs
    set_to(chunks(job)[0], attempt=working.MAX_ATTEMPTS - 1)
    monkeypatch.setattr(calculating, "work_out", breaks())

    working.work(chunks(job)[0].pk)

    assert (counts(job), said(invoice)) == ((JobStatus.FAILED, 0, 1), ("loading", []))


def said(invoice):
    invoice.refresh_from_db()
    return invoice.status, invoice.error_messages


# Evidence


@pytest.fixture
def export(organization, author):
    job = ProcessingJob.objects.create(
        organization=organization,
        entity_name="EVIDENCE",
        action="EXPORT",
        trigger_type="WEB",
        items_total=1,
        created_by=author.user,
    )
    JobChunk.objects.create(job=job, organization=organization, position=0, invoice_ids=[])
    return job


@pytest.fixture
def evidence(monkeypatch):
    """Stands in for the making of evidence, which has tests of its own."""
    stand_in = SimpleNamespace(kept=[], meanwhile=lambda: None)

    @contextmanager
    def making(*, job, go_on):
        stand_in.meanwhile()
        go_on()
        yield job

    monkeypatch.setattr(evidencing, "making", making)
    monkeypatch.setattr(evidencing, "keep", stand_in.kept.append)
    return stand_in


def test_evidence_is_made_as_a_job(export, evidence):
    working.work(chunks(export)[0].pk)

    assert evidence.kept == [export]
    assert counts(export) == (JobStatus.COMPLETED, 1, 0)


def test_evidence_that_takes_long_is_held_for_as_long(export, evidence, monkeypatch):
    evidence.meanwhile = lambda: set_to(chunks(export)[0], leased_until=timezone.now())
    leases = []
    monkeypatch.setattr(evidencing, "keep", lambda _made: leases.append(chunks(export)[0].leased_until))

    working.work(chunks(export)[0].pk)

    assert leases[0] > timezone.now() + timedelta(seconds=50)
    assert counts(export) == (JobStatus.COMPLETED, 1, 0)


def test_evidence_that_somebody_else_makes_by_now_is_not_kept(export, evidence):
    evidence.meanwhile = lambda: set_to(chunks(export)[0], attempt=2)

    working.work(chunks(export)[0].pk)

    assert (evidence.kept, states(export)) == ([], ["running"])
    assert counts(export) == (JobStatus.PROCESSING, 0, 0)


def test_evidence_that_can_not_be_made_fails_as_one(export, evidence):
    evidence.meanwhile = breaks("no room")
    set_to(chunks(export)[0], attempt=working.MAX_ATTEMPTS - 1)

    working.work(chunks(export)[0].pk)

    assert counts(export) == (JobStatus.FAILED, 0, 1)
    assert [(error["invoice_id"], "no room" in error["message"]) for error in export.errors] == [(None, True)]


# Being told


@pytest.fixture
def sent(monkeypatch):
    """The messages that would have gone to a worker."""
    messages = []
    send = lambda name, arguments=(), **how: messages.append((name, *arguments))  # noqa: E731 (a stand-in)
    monkeypatch.setattr(current_app, "send_task", send)
    return messages


def of(*some):
    return [("invoices.work", str(chunk.pk)) for chunk in some]


def test_workers_are_told_of_each_chunk_once_it_is_kept(
    organization, invoices, author, sent, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(recalculating, "CHUNK_SIZE", 3)
    with django_capture_on_commit_callbacks(execute=True):
        job = queued(organization, invoices, author)
        assert sent == []

    assert sent == of(*chunks(job))


def test_a_broker_that_does_not_answer_costs_one_line_and_one_wait(
    job, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    tried = []

    def refuse(name, arguments, **how):
        tried.append(arguments)
        raise ConnectionRefusedError("nobody there")

    monkeypatch.setattr(current_app, "send_task", refuse)

    with django_capture_on_commit_callbacks(execute=True):
        waking.wake(chunk.pk for chunk in chunks(job))

    assert len(tried) == 1
    [line] = [record.msg for record in caplog.records if record.name == "waking"]
    assert (line["event"], line["chunks"], line["error"]) == ("not sent", 2, "ConnectionRefusedError: nobody there")


def swept(capture):
    with capture(execute=True):
        return working.sweep()


def test_a_sweep_sends_again_what_nobody_holds(
    organization, other_organization, invoices, author, sent, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(recalculating, "CHUNK_SIZE", 1)
    job = queued(organization, invoices, author)
    dead, held, done, later = chunks(job)
    now = timezone.now()
    set_to(dead, state="running", leased_until=now - LONG_AGO, not_before=now - LONG_AGO)
    set_to(held, state="running", leased_until=now + LONG_AGO)
    set_to(done, state="done")
    set_to(later, not_before=now + LONG_AGO)
    elsewhere = factories.invoice(facility=factories.facility(organization=other_organization))
    theirs = queued(other_organization, [elsewhere], author)

    count = swept(django_capture_on_commit_callbacks)

    assert (count, sent) == (2, of(dead, *chunks(theirs)))


def test_a_sweep_takes_the_oldest_first_and_no_more_than_it_may(
    job, sent, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(working, "SWEPT_AT_ONCE", 1)
    _first, second = chunks(job)
    set_to(second, not_before=timezone.now() - LONG_AGO)

    swept(django_capture_on_commit_callbacks)

    assert sent == of(second)


def test_nothing_to_sweep_sends_nothing(sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep()

    assert sent == []


def test_a_chunk_takes_as_many_statements_however_many_invoices_it_has(
    organization, facility, author, calculator, django_assert_num_queries
):
    job = queued(organization, factories.invoices(12, facility=facility), author)
    chunk = chunks(job)[0]
    in_transactions = 2 * 2 if connection.vendor == "sqlite" else 4

    # Taken: the chunk, read, its job begun. Finished: held, closed, the job locked, its chunks looked at, counted.
    with django_assert_num_queries(8 + in_transactions):
        working.work(chunk.pk)
