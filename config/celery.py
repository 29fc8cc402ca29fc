"""
The application of the workers: `celery -A config worker -B`.

Its settings are Django's own, with CELERY_ before them.
"""

import os
import threading
import time
from typing import Any, Final

from celery import Celery, signals
from kombu.transport import TRANSPORT_ALIASES

# Under Kombu's own name: the `celery` command takes BROKER_URL from the environment past the settings.
TRANSPORT_ALIASES["filesystem"] = "config.folder_broker:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_SECONDS_BETWEEN_LOOKS: Final = 2.0

app = Celery("consolida")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _leave_logging_alone(**_what: Any) -> None:
    """Keep Django's log lines: who listens here sets the log up, says Celery."""


@signals.celeryd_init.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _send_nothing_later(**_what: Any) -> None:
    """Leave out the 28 queues that a worker makes on RabbitMQ for messages of later: we have none, and no setting."""
    from celery.worker.consumer.delayed_delivery import DelayedDelivery

    DelayedDelivery.include_if = lambda _step, _consumer: False


@signals.worker_ready.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _look_for_what_nobody_holds(sender: Any, **_what: Any) -> None:
    # As a task: the parent of the worker's processes must open no connection to the database that they would share.
    sender.app.send_task("invoices.sweep")


@signals.beat_embedded_init.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _end_with_the_worker(**_what: Any) -> None:
    """Let the clock, a process of its own, end when its worker is killed; else it would call for ever."""
    threading.Thread(target=_end_after, args=[os.getppid()], daemon=True).start()


def _end_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(0)
