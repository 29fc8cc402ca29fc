"""
Runs every test on everything that is here: SQLite, Chromium, PostgreSQL. `make test` calls it.

Plain Python, the doors for people, and what asks the same of every route and model, run once and not for each
database: a run takes ten minutes at most.

REQUIRE_ALL=1 (CI) refuses to leave anything out, and then judges the coverage.
"""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent
COVERAGE = ROOT / "var" / "coverage"
LOCAL_SERVER = "postgres://postgres@127.0.0.1:5432/consolida"
RABBITMQ = ("127.0.0.1", 5672)
EXIT_NO_TESTS = 5


def main() -> int:
    shutil.rmtree(COVERAGE, ignore_errors=True)
    left_out, failed, ran = [], [], []

    def run(name: str, *arguments: str, **environment: str) -> None:
        print(f"\n== {name}", flush=True)
        ran.append(name)
        if not _passes(name, *arguments, **environment):
            failed.append(name)

    run("SQLite", "-m", "not browser", *IN_PARALLEL, DATABASE_URL="sqlite://:memory:")

    if shutil.which("chromium"):
        run("Chromium", "-m", "browser", *IN_BROWSERS, DATABASE_URL="sqlite://:memory:", DJANGO_ALLOW_ASYNC_UNSAFE="1")
    else:
        left_out.append("Chromium is not installed: no test used a browser")

    if not shutil.which("redis-server"):
        left_out.append("redis-server is not installed: requests were counted in one process alone")

    if not _answers(RABBITMQ):
        left_out.append("RabbitMQ does not answer on 127.0.0.1:5672: workers were called through a folder alone")

    if url := _postgresql():
        run(
            "PostgreSQL",
            "-m",
            "not browser and not plain and not once",
            *IN_PARALLEL,
            DATABASE_URL=url,
            **_own_database(),
        )
        run("Contract", *CONTRACT, DATABASE_URL=url, **_own_database())
    else:
        left_out.append("PostgreSQL: DATABASE_URL names none and 127.0.0.1:5432 does not answer")

    is_covered = _report_coverage(is_judged=not left_out and not failed)
    print(f"\nRan: {', '.join(ran)}.")
    for reason in left_out:
        print(f"Left out: {reason}.")
    for name in failed:
        print(f"Failed: {name}.")
    is_refused = bool(left_out) and os.environ.get("REQUIRE_ALL") == "1"
    return int(bool(failed) or is_refused or not is_covered)


# Playwright's event loop would stay in the process and be in the way of the other tests.
IN_PARALLEL = ("-n", "2", "--dist", "loadscope", "--no-loadscope-reorder", "-p", "no:playwright")
IN_BROWSERS = ("-n", "2", "--dist", "loadfile")
# Schemathesis in the process would slow every other test down.
CONTRACT = ("tests/contract", "-p", "schemathesis", *IN_PARALLEL, "--dist", "load")


def _passes(name: str, *arguments: str, **environment: str) -> bool:
    """Run pytest; return whether every test passed. Nothing to run counts as passed."""
    coverage = ("--cov", "--cov-report=", "--cov-fail-under=0")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--quiet", *coverage, *arguments, *sys.argv[1:]],
        cwd=ROOT,
        env=os.environ | environment | {"COVERAGE_FILE": str(COVERAGE / f"data.{name}")},
        check=False,
    )
    return done.returncode in (0, EXIT_NO_TESTS)


def _postgresql() -> str | None:
    """Return the address of the server to test on: the one that DATABASE_URL names, or one that answers here."""
    named = os.environ.get("DATABASE_URL") or dotenv_values(ROOT / ".env").get("DATABASE_URL") or ""
    if named.startswith(("postgres:", "postgresql:")):
        return named
    try:
        psycopg.connect(LOCAL_SERVER.replace("/consolida", "/postgres"), connect_timeout=3).close()
    except psycopg.OperationalError:
        return None
    return LOCAL_SERVER


def _answers(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=3).close()
    except OSError:
        return False
    return True


def _own_database() -> dict[str, str]:
    """Return a name that no other run on the same server uses."""
    return {"TEST_DATABASE_NAME": os.environ.get("TEST_DATABASE_NAME", f"test_consolida_{os.getpid()}")}


def _report_coverage(*, is_judged: bool) -> bool:
    """Print the branches covered by all runs together; return whether that is enough, or nobody judges it."""
    command = [sys.executable, "-m", "coverage"]
    subprocess.run([*command, "combine", "--quiet", str(COVERAGE)], cwd=ROOT, check=False)
    limit = [] if is_judged else ["--fail-under=0"]
    return subprocess.run([*command, "report", *limit], cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
