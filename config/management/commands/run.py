import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connection

from invoices.demo import loading

SECONDS_TO_START = 60
SECONDS_TO_STOP = 40
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (compared with, never bound by default)
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Command(BaseCommand):
    help = "Prepare the database and run everything that serves, until Ctrl-C. Obeys HOST, PORT, DATABASE_URL, DEMO."

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
        _refuse_a_taken_port(host, port)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _stop)

        has_demo = self._prepare()
        commands = [_web_server(host, port), _worker()]
        with _running(commands, environment=_environment(host)) as processes:
            _wait_until_ready(host, port, processes)
            self.stdout.write(f"\nConsolida is at {_address(host, port)} — Ctrl-C stops it.")
            if has_demo:
                call_command("load_demo", summary_only=True)
            self.stdout.flush()
            while all(process.poll() is None for process in processes):
                time.sleep(0.2)
        raise CommandError("A process ended by itself; its last lines above say why.")

    def _prepare(self) -> bool:
        """Bring the database and the static files up to date; return whether the demo is there."""
        call_command("migrate", verbosity=0)
        call_command("load_reference_data", verbosity=0)
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        return self._load_demo()

    def _load_demo(self) -> bool:
        """Load the demo where nobody's own data can be; return whether it is there."""
        usual = "1" if settings.DEBUG and connection.vendor == "sqlite" else "0"
        if os.environ.get("DEMO", usual) != "1":
            self.stdout.write("The demo is left out; DEMO=1 loads it.")
            return False
        try:
            call_command("load_demo")
        except CommandError as refusal:
            self.stdout.write(f"The demo is left as it is. {refusal}")
            return loading.is_loaded()
        return True


def _web_server(host: str, port: int) -> list[str]:
    flags = "--worker-class gthread --workers 2 --threads 4 --max-requests 2000 --max-requests-jitter 200"
    return [
        *(sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"{_in_address(host)}:{port}", *flags.split()),
        *("--no-control-socket", "--log-level", "warning"),
    ]


def _worker() -> list[str]:
    """Return the command of a worker, with the clock that sends again what nobody holds."""
    # On one host two of the same name would take each other's messages.
    name = f"consolida-{os.getpid()}@%h"
    # SQLite lets one write at a time.
    processes = 1 if connection.vendor == "sqlite" else 2
    # In a container one is root, and Celery's four lines about it are of no use.
    quiet = ("-W", "ignore:You're running the worker with superuser privileges")
    flags = "--pool prefork --loglevel WARNING --without-gossip --without-mingle --without-heartbeat"
    return [
        *(sys.executable, *quiet, "-m", "celery", "--quiet", "--app", "config"),
        *("worker", "--beat", "--hostname", name, "--concurrency", str(processes), *flags.split()),
    ]


def _environment(host: str) -> dict[str, str]:
    # Who opens a development server to others is called by a name that we can't know.
    is_open = settings.DEBUG and host not in LOOPBACK
    return {"ALLOWED_HOSTS": "*", **os.environ} if is_open else dict(os.environ)


def _address(host: str, port: int) -> str:
    return f"http://{_in_address('127.0.0.1' if host in EVERYWHERE else host)}:{port}/"


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _refuse_a_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise CommandError(f"{host}:{port} can't be used: {reason}. PORT=8001 would take another port.") from error


def _stop(number: int, frame: object) -> NoReturn:
    raise SystemExit(0)


@contextmanager
def _running(commands: Sequence[list[str]], *, environment: dict[str, str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start the processes; stop them all when the block ends, however it ends."""
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)  # noqa: S603 (our own)
            processes.append(process)
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(SECONDS_TO_STOP)


def _wait_until_ready(host: str, port: int, processes: Sequence[subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and all(process.poll() is None for process in processes):
        if _is_ready(host, port):
            return
        time.sleep(0.1)
    raise CommandError("The web server did not start; its last lines above say why.")


def _is_ready(host: str, port: int) -> bool:
    probe = HTTPConnection("127.0.0.1" if host in EVERYWHERE else host, port, timeout=5)
    try:
        probe.request("GET", "/healthz")
        return probe.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        probe.close()
