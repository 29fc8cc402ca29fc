import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from config.management.commands import run

# Lives until it is stopped.
SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def _own_signals():
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def kept_database(tmp_path_factory):
    """Keep one database for all runs: the second finds it as the first left it, as a person's second one does."""
    return tmp_path_factory.mktemp("kept") / "run.sqlite3"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped_and_leaves_nothing_running(number, port, tmp_path, kept_database):
    running = _start(port, tmp_path, DEBUG="1", DEMO="0", DATABASE_URL=f"sqlite:///{kept_database}")
    try:
        assert any(f"http://127.0.0.1:{port}/" in line for line in running.stdout)
        assert _status_of(port, "/healthz") == 200

        # The worker has seen its folder: it is there, too.
        wait_until((tmp_path / "broker" / "control" / "consolida.exchange").is_file)
        assert len(_below(running.pid)) >= 4

        running.send_signal(number)

        assert running.wait(40) == 0
        wait_until(lambda: _below(running.pid) == [])
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=2)
    finally:
        running.kill()
        running.stdout.close()


def test_a_taken_port_is_said_before_anything_is_done(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("PORT", str(other.getsockname()[1]))

        with pytest.raises(CommandError, match="PORT=8001 would take another"):
            call_command("run")


@pytest.mark.django_db
@pytest.mark.usefixtures("_own_signals")
def test_a_server_that_can_not_start_is_an_error(monkeypatch, port, settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    monkeypatch.setenv("PORT", str(port))
    monkeypatch.setattr(run, "_web_server", lambda host, port: [sys.executable, "-c", "raise SystemExit(3)"])
    monkeypatch.setattr(run, "_worker", lambda: SLEEPER)

    with pytest.raises(CommandError, match="did not start"):
        call_command("run")


@pytest.mark.django_db
@pytest.mark.usefixtures("_own_signals")
def test_a_process_that_ends_by_itself_is_an_error_and_the_accounts_were_shown(monkeypatch, port, settings):
    settings.DEBUG = True
    shown = []
    monkeypatch.setenv("PORT", str(port))
    monkeypatch.setattr(run, "_web_server", lambda host, port: [sys.executable, "-c", "import time; time.sleep(0.5)"])
    monkeypatch.setattr(run, "_worker", lambda: SLEEPER)
    monkeypatch.setattr(run, "_is_ready", lambda host, port: True)
    monkeypatch.setattr(run, "call_command", lambda name, **options: shown.append((name, options)))
    monkeypatch.setenv("DEMO", "1")

    with pytest.raises(CommandError, match="ended by itself"):
        call_command("run")

    assert shown == [
        ("migrate", {"verbosity": 0}),
        ("load_reference_data", {"verbosity": 0}),
        ("load_demo", {}),
        ("load_demo", {"summary_only": True}),
    ]


@pytest.mark.django_db
def test_a_demo_that_is_refused_does_not_keep_the_application_from_starting(monkeypatch, capsys):
    def refuse(name):
        raise CommandError("This database holds an organization of somebody's own.")

    monkeypatch.setenv("DEMO", "1")
    monkeypatch.setattr(run, "call_command", refuse)

    assert run.Command()._load_demo() is False
    assert "somebody's own" in capsys.readouterr().out


def test_a_server_without_debug_collects_its_files_and_gets_no_demo(monkeypatch, port, capsys):
    called = []
    monkeypatch.delenv("DEMO", raising=False)
    monkeypatch.setattr(run, "call_command", lambda name, **options: called.append(name))

    run.Command()._prepare()

    assert called == ["migrate", "load_reference_data", "collectstatic"]
    assert "DEMO=1 loads it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("host", "bound", "address"),
    [
        ("127.0.0.1", "127.0.0.1:8000", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "0.0.0.0:8000", "http://127.0.0.1:8000/"),
        ("::1", "[::1]:8000", "http://[::1]:8000/"),
    ],
)
def test_each_kind_of_host_is_bound_and_named(host, bound, address):
    assert bound in run._web_server(host, 8000)
    assert run._address(host, 8000) == address


def test_a_development_server_opened_to_others_answers_to_every_name(monkeypatch, settings):
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    settings.DEBUG = True

    assert run._environment("0.0.0.0")["ALLOWED_HOSTS"] == "*"
    assert "ALLOWED_HOSTS" not in run._environment("127.0.0.1")


def test_a_new_environment_keeps_what_is_said_and_makes_up_the_secrets():
    said = {name: value for name, value in os.environ.items() if not name.endswith(("SECRET", "SECRET_KEY"))}
    said["DATABASE_URL"] = "postgres://there/db"
    command = [sys.executable, "-m", "config.new_environment"]

    written = [subprocess.check_output(command, text=True, cwd=settings.BASE_DIR, env=said) for _time in range(2)]

    first, second = ({name: value for name, _is, value in map(_parted, text.splitlines())} for text in written)
    assert first["DATABASE_URL"] == "'postgres://there/db'"
    assert first["SECRET_KEY"] != second["SECRET_KEY"]
    assert first["API_KEY_SECRET"] != first["SECRET_KEY"]


def _parted(line):
    return line.partition("=")


def _start(port, tmp_path, **environment):
    environment |= {"PORT": str(port), "BROKER_URL": f"filesystem://{tmp_path}/broker"}
    return subprocess.Popen(
        [sys.executable, "manage.py", "run"],
        cwd=settings.BASE_DIR,
        env=os.environ | environment | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until(is_true):
    until = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < until
        time.sleep(0.1)


def _below(pid):
    """Return the processes of the group that a process leads, without itself."""
    listed = subprocess.check_output(["ps", "-eo", "pid=,pgid="], text=True)
    pairs = (map(int, line.split()) for line in listed.splitlines())
    return [each for each, group in pairs if group == pid != each]


def _status_of(port, path):
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status
