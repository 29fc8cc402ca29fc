"""What carries the messages to the workers."""

import os
from pathlib import Path
from queue import Empty

import pytest
from celery import Celery, current_app
from celery.worker.consumer.delayed_delivery import DelayedDelivery
from kombu import Connection

from config import broker, celery, folder_broker

ROOT = Path("/somewhere")


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("filesystem://", "/somewhere/var/broker"),
        ("filesystem://there", "/somewhere/there"),
        ("filesystem:///elsewhere/there", "/elsewhere/there"),
    ],
)
def test_a_folder_serves_one_machine(url, folder):
    found = broker.broker_of(url, root=ROOT)

    assert (found.url, found.queue_type) == ("filesystem://localhost", "classic")
    assert found.options == {"folder": folder, "polling_interval": 0.2}


@pytest.mark.parametrize("url", ["amqp://me:secret@there:5672/vhost", "amqps://there"])
def test_rabbitmq_keeps_each_message_on_most_of_its_machines_and_says_so(url):
    assert broker.broker_of(url, root=ROOT) == (url, {"confirm_publish": True}, "quorum")


@pytest.mark.parametrize("url", ["", "redis://there", "var/broker"])
def test_another_kind_of_broker_is_refused(url):
    with pytest.raises(ValueError, match="BROKER_URL must read"):
        broker.broker_of(url, root=ROOT)


def test_whoever_sends_finds_the_application_and_its_tasks():
    current_app.loader.import_default_modules()

    assert current_app.main == "consolida"
    assert {"invoices.work", "invoices.sweep"} <= set(current_app.tasks)
    assert current_app.conf.task_acks_late
    assert current_app.conf.worker_prefetch_multiplier == 1


def test_a_worker_that_starts_looks_for_what_nobody_holds(monkeypatch):
    sent = []
    application = Celery(set_as_current=False)
    monkeypatch.setattr(application, "send_task", sent.append)
    celery._look_for_what_nobody_holds(sender=type("Worker", (), {"app": application}))

    assert sent == ["invoices.sweep"]


def test_a_look_that_waited_as_long_as_the_next_one_is_left_out():
    """Else those that waited behind a long job would each send again all that waits behind them."""
    sweep = current_app.conf.beat_schedule["sweep"]

    assert sweep["options"]["expires"] == sweep["schedule"] == 30


def test_a_worker_makes_no_queues_for_messages_of_later(monkeypatch):
    monkeypatch.setattr(DelayedDelivery, "include_if", lambda step, consumer: True)

    celery._send_nothing_later()

    assert not DelayedDelivery.include_if(None, None)


def test_the_clock_ends_with_its_worker(monkeypatch):
    class Ended(Exception):
        pass

    def end(status):
        raise Ended

    parents = iter([7, 7, 1])
    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr(celery, "_SECONDS_BETWEEN_LOOKS", 0)

    with pytest.raises(Ended):
        celery._end_after(7)


def test_the_clock_looks_in_a_thread_that_keeps_nothing_alive(monkeypatch):
    started = []
    monkeypatch.setattr(celery, "_end_after", started.append)

    celery._end_with_the_worker()

    assert started == [os.getppid()]


def test_celery_leaves_the_log_lines_alone():
    assert celery._leave_logging_alone(loglevel=30) is None


# The folder


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "made" / "here"


@pytest.fixture
def channel(folder):
    with Connection(transport=folder_broker.Transport, transport_options={"folder": str(folder)}) as connection:
        yield connection.default_channel


def test_messages_come_out_in_their_order_and_once(channel, folder):
    for number in range(3):
        channel._put("mine", {"number": number})
    channel._put("another", {"number": 9})

    assert [channel._get("mine")["number"] for _time in range(3)] == [0, 1, 2]
    with pytest.raises(Empty):
        channel._get("mine")
    assert [file.name.split(".", 1)[1] for file in folder.glob("*.*")] == ["another.msg"]


def test_a_message_that_is_still_being_written_is_not_read(channel, folder):
    (folder / "1_x.mine.new").write_text('{"half":')

    with pytest.raises(Empty):
        channel._get("mine")


def test_a_message_that_another_worker_takes_at_this_moment_is_left_to_it(channel, monkeypatch):
    for number in range(2):
        channel._put("mine", {"number": number})
    rename, taken = Path.rename, []

    def after_somebody_else(path, target):
        if not taken:
            taken.append(path.name)
            path.unlink()
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", after_somebody_else)

    assert channel._get("mine") == {"number": 1}


def test_its_notes_stand_beside_the_messages(channel, folder):
    queue = channel.queue_declare("mine")
    channel.exchange_declare("mine")
    channel.queue_bind(queue.queue, exchange="mine", routing_key="mine")

    assert (folder / "control" / "mine.exchange").is_file()
    assert channel._size("mine") == 0
