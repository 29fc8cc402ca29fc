"""Real workers, one of which is killed in the middle of its work: each invoice is calculated and counted once."""

import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from tests import run
from tests.load.kill import RABBITMQ_URL

BROKERS = [
    "filesystem://",
    pytest.param(
        RABBITMQ_URL,
        marks=[
            pytest.mark.skipif(not run._answers(run.RABBITMQ), reason="RabbitMQ does not answer"),
            pytest.mark.skipif(connection.vendor != "postgresql", reason="who has RabbitMQ has PostgreSQL"),
        ],
    ),
]


@pytest.mark.parametrize("broker", BROKERS)
def test_a_killed_worker_loses_nothing_and_doubles_nothing(broker):
    named = settings.DATABASES["default"]
    server = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format_map(named) if named["HOST"] else "sqlite"
    asked = ["--invoices", "200", "--chunk", "20", "--kills", "1", "--broker", broker, "--database", server]

    done = subprocess.run(
        [sys.executable, "-m", "tests.load.kill", *asked],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "200 invoices in 10 chunks, 1 workers killed" in done.stdout
    assert "200 done, 0 failed, COMPLETED" in done.stdout
