import json
import logging
import os
import subprocess
import sys

import pytest
import structlog
from django.conf import settings

from config.log_lines import LogFormat, logging_of
from config.settings import _database

PRODUCTION = {"DEBUG": "0", "SECRET_KEY": "s", "API_KEY_SECRET": "k", "DATABASE_URL": "sqlite://:memory:"}


def _load(**environment):
    """Load the settings in a process of their own."""
    return subprocess.run(
        [sys.executable, "-c", "from config import settings; print(settings.SECURE_SSL_REDIRECT)"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("name", "value"), [("DEBUG", "perhaps"), ("HTTPS", "perhaps"), ("LOG_FORMAT", "xml")])
def test_a_setting_that_makes_no_sense_is_refused_by_name(name, value):
    refused = _load(**PRODUCTION | {name: value})

    assert refused.returncode == 1
    assert name in refused.stderr


def test_production_speaks_https_until_told_otherwise():
    assert _load(**PRODUCTION).stdout == "True\n"
    assert _load(**PRODUCTION, HTTPS="0").stdout == "False\n"


def test_postgresql_gets_a_pool_whose_connections_are_checked(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody@db.example/consolida?sslmode=require")

    database = _database()

    assert database["CONN_HEALTH_CHECKS"] is True
    assert database["OPTIONS"]["pool"]["max_size"] == 8
    assert database["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:///var/here.sqlite3", str(settings.BASE_DIR / "var" / "here.sqlite3")),
        ("sqlite:////tmp/there.sqlite3", "/tmp/there.sqlite3"),
        ("sqlite://:memory:", ":memory:"),
    ],
)
def test_a_file_is_found_from_any_working_directory(monkeypatch, url, name):
    monkeypatch.setenv("DATABASE_URL", url)

    assert _database()["NAME"] == name


@pytest.mark.parametrize("log_format", LogFormat)
def test_a_line_of_a_library_looks_like_our_own(log_format):
    line = logging_of(log_format)["formatters"]["line"]
    formatter = structlog.stdlib.ProcessorFormatter(**{name: line[name] for name in line if name != "()"})
    record = logging.LogRecord("urllib3", logging.WARNING, __file__, 1, "slow: %s s", (3,), None)

    text = formatter.format(record)

    assert "slow: 3 s" in text
    if log_format is LogFormat.JSON:
        assert json.loads(text)["logger"] == "urllib3"
