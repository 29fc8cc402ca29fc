"""
Kills workers in the middle of their work, and looks whether each invoice was calculated, and counted, once.

`python -m tests.load.kill` does so with 10,000 invoices, called through a folder and through RabbitMQ, on databases of
its own: PostgreSQL where it answers, else SQLite. `--help` names what can be asked for otherwise.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from tests import run

RABBITMQ_URL = "amqp://guest:guest@{}:{}//".format(*run.RABBITMQ)


def main() -> int:
    asked = _arguments()
    if asked.broker:
        return _once(asked)
    brokers = ["filesystem://", *([RABBITMQ_URL] if run._answers(run.RABBITMQ) else [])]
    # Django is set up once a process, with one broker.
    again = [sys.executable, "-m", "tests.load.kill", *sys.argv[1:]]
    return max(subprocess.run([*again, "--broker", broker], cwd=run.ROOT, check=False).returncode for broker in brokers)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, default=10_000)
    parser.add_argument("--chunk", type=int, default=250, help="invoices a chunk")
    parser.add_argument("--kills", type=int, default=3, help="how many workers are killed; 0 only takes the time")
    parser.add_argument("--broker", help="a BROKER_URL; both kinds unless said")
    parser.add_argument("--database", help="of a PostgreSQL server, or `sqlite`; the one that answers unless said")
    return parser.parse_args()


def _once(asked: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder, _database(asked.database, Path(folder)) as database:
        broker = asked.broker if asked.broker != "filesystem://" else f"filesystem://{folder}/broker"
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": "1",
            "DATABASE_URL": database,
            "BROKER_URL": broker,
            "BROKER_QUEUE": f"kill-{uuid4()}",
            "CHUNK_LEASE_SECONDS": "3",
            "SWEEP_SECONDS": "1",
            "LOG_FORMAT": "json",
        }
        import django

        django.setup()
        from tests.load import killing

        faults = killing.run(invoice_count=asked.invoices, chunk_size=asked.chunk, kills=asked.kills)
    for fault in faults:
        print(f"WRONG: {fault}")
    return int(bool(faults))


@contextmanager
def _database(server: str | None, folder: Path):
    """Make a database that is gone afterwards; give its address."""
    server = server or run._postgresql() or "sqlite"
    if server == "sqlite":
        yield f"sqlite:///{folder}/kill.sqlite3"
        return
    own = f"consolida_kill_{os.getpid()}"
    base = server.rpartition("/")[0]
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{own}"')
        try:
            yield f"{base}/{own}"
        finally:
            connection.execute(f'DROP DATABASE "{own}" WITH (FORCE)')


if __name__ == "__main__":
    sys.exit(main())
