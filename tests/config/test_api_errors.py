"""The shape of every error of the API."""

import io
import json
import logging
import sqlite3
from http import HTTPStatus

import psycopg
import pytest
from django.db import OperationalError
from django.http import Http404
from django.test import RequestFactory
from rest_framework.exceptions import Throttled, ValidationError

from config import api_errors
from config.wsgi import application
from facilities.access import NotAllowed
from facilities.api.requests import Request
from invoices import consolidating, families, grouping, undoing, vetting
from tests import api

V1, LEGACY = "/v1/invoices", "/api/v1/invoices"


def told(error, path=V1):
    response = api_errors.exception_handler(error, {"request": Request(RequestFactory().post(path))})
    return response and (response.status_code, response.data)


@pytest.mark.parametrize(
    ("error", "status", "v1", "legacy"),
    [
        (
            vetting.InvalidTotalPercentage("The shares add up to 0.9"),
            400,
            {"detail": "The shares add up to 0.9", "code": "INVALID_TOTAL_PERCENTAGE"},
            {"detail": "INVALID_TOTAL_PERCENTAGE", "code": "VALIDATION_ERROR"},
        ),
        (
            NotAllowed("This needs the role editor."),
            403,
            {"detail": "This needs the role editor.", "code": "FORBIDDEN"},
            {"detail": "This needs the role editor.", "code": "FORBIDDEN"},
        ),
        (
            families.InvoiceNotFound("7"),
            404,
            {"detail": "Invoice with id='7' not found", "code": "NOT_FOUND"},
            {"detail": "Invoice with id='7' not found", "code": "NOT_FOUND"},
        ),
        (
            consolidating.LockedByDatadis(["ES1"]),
            409,
            {"detail": "CUPS ES1 is backed by a Datadis supply contract", "code": "CUPS_LOCKED_BY_DATADIS"},
            {"detail": "CUPS_LOCKED_BY_DATADIS", "code": "CONFLICT"},
        ),
    ],
)
def test_an_error_of_the_domain_is_told_in_both_dialects(error, status, v1, legacy):
    assert told(error) == (status, v1)
    assert told(error, LEGACY) == (status, legacy)


def test_a_422_of_the_domain_says_where():
    _status, body = told(undoing.MessageRequired("Say why"))

    assert body["errors"] == [{"loc": ["body", "message"], "msg": "Say why", "type": "invalid"}]


@pytest.mark.parametrize("kind", api_errors.TABLE, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_row_of_the_table_is_a_refusal(kind):
    row = api_errors.TABLE[kind]

    assert 400 <= row.status < 500
    assert row.code.isupper()
    assert (row.status == HTTPStatus.UNPROCESSABLE_ENTITY) == (row.loc is not None)


def test_an_error_without_a_sentence_has_its_class_s():
    assert told(grouping.GroupsKeptChanging())[1]["detail"] == grouping.GroupsKeptChanging.__doc__


def test_what_the_frameworks_raise_is_told_in_the_same_shape():
    assert told(Http404("x")) == (404, {"detail": "Not found", "code": "NOT_FOUND"})
    assert told(ValidationError({"a": ["no"]}))[1]["errors"] == [{"loc": ["body", "a"], "msg": "no", "type": "invalid"}]


@pytest.mark.parametrize("error", [ValueError("secret"), Throttled(), OperationalError("disk is full")])
def test_a_fault_is_raised_on(error):
    assert told(error) is None


def _caused(error, **attributes):
    for name, value in attributes.items():
        setattr(error, name, value)
    outer = OperationalError(str(error))
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    "error",
    [
        _caused(psycopg.errors.DeadlockDetected("deadlock detected")),
        _caused(psycopg.errors.SerializationFailure("could not serialize")),
        _caused(psycopg.errors.LockNotAvailable("lock timeout")),
        _caused(sqlite3.OperationalError("database is locked"), sqlite_errorcode=sqlite3.SQLITE_BUSY),
        _caused(sqlite3.OperationalError("locked"), sqlite_errorcode=sqlite3.SQLITE_BUSY_SNAPSHOT),
    ],
)
def test_a_quarrel_over_rows_asks_to_try_again(error, caplog):
    caplog.set_level(logging.WARNING)
    request = Request(RequestFactory().post(V1))

    response = api_errors.exception_handler(error, {"request": request})

    assert (response.status_code, response.data["code"], response["Retry-After"]) == (503, "TRY_AGAIN", "1")
    assert "contention" in caplog.text


def test_the_database_s_other_troubles_are_faults():
    full = _caused(sqlite3.OperationalError("disk is full"), sqlite_errorcode=sqlite3.SQLITE_FULL)

    assert told(full) is None
    assert told(_caused(psycopg.OperationalError("connection refused"))) is None


@pytest.mark.django_db
def test_a_fault_is_logged_with_its_traceback_and_told_without(organization, monkeypatch, caplog):
    caller = api.client(organization)
    caller.raise_request_exception = False

    def fail(**fields):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("invoices.listing.groups", fail)
    response = caller.get(api.CUPS)

    assert api.is_refused(response, 500, "INTERNAL_ERROR")
    assert response.json() == {"detail": "Internal server error", "code": "INTERNAL_ERROR"}
    [record] = [record for record in caplog.records if record.exc_info and record.levelno == logging.ERROR]
    assert "a secret detail" in str(record.exc_info[1])
    assert response["x-request-id"]


@pytest.mark.parametrize("content_type", ["application/json; charset*=x'y'z", "text/plain; a*=b'c'd", "\xff;;;="])
def test_no_content_type_breaks_the_server(content_type, settings, db):
    settings.ALLOWED_HOSTS = ["testserver"]
    environ = RequestFactory()._base_environ(
        REQUEST_METHOD="POST", PATH_INFO=api.CONSOLIDATE, CONTENT_TYPE=content_type, CONTENT_LENGTH="2"
    )
    environ["wsgi.input"] = io.BytesIO(b"{}")
    answered = []

    body = b"".join(application(environ, lambda status, headers, exc_info=None: answered.append(status)))

    assert answered == ["401 Unauthorized"]
    assert json.loads(body)["code"] == "INVALID_API_KEY"
