import logging

import pytest
import structlog
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from config import urls as real_urls


def _broken(request):
    raise RuntimeError("a secret detail")


def _hello(request):
    structlog.get_logger("hello").info("said hello")
    return HttpResponse(request.LANGUAGE_CODE)


def _who(request):
    return HttpResponse(request.user.username)


api = [path("broken", _broken), path("hello/", _hello)]
urlpatterns = [*real_urls.urlpatterns, path("v1/", include(api)), path("page/", _hello), path("who/", _who)]


@pytest.fixture(autouse=True)
def _urls(settings):
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="requests")
    return lambda: [record.msg for record in caplog.records if record.name in {"requests", "hello"}]


def test_a_request_is_one_line_with_its_id(client, lines):
    response = client.get("/page/?search=ES00")

    [hello, line] = lines()
    assert hello["request_id"] == line["request_id"] == response["x-request-id"]
    assert (line["method"], line["path"], line["status"], line["user_id"]) == ("GET", "/page/", 200, None)
    assert line["duration_ms"] >= 0


@pytest.mark.django_db
def test_a_line_names_the_user_whom_the_request_asked_for(client, lines):
    user = get_user_model().objects.create(username="analyst")
    client.force_login(user)

    client.get("/who/")
    client.get("/page/")

    asked, _hello, not_asked = lines()
    assert asked["user_id"] == str(user.pk)
    assert not_asked["user_id"] is None


@pytest.mark.parametrize(("given", "is_kept"), [("0b29f5ff-aa11", True), ("x", False), ("a\nforged line", False)])
def test_a_request_id_from_outside_is_kept_when_it_looks_like_one(client, given, is_kept):
    response = client.get("/page/", headers={"x-request-id": given})

    assert (response["x-request-id"] == given) is is_kept


@pytest.mark.parametrize("path", ["/v1/nothing", "/v2/nothing/", "/api/v1/nothing", "/v1/hello.json"])
@pytest.mark.parametrize("debug", [True, False])
def test_an_unknown_path_of_the_api_is_told_in_json(client, settings, path, debug):
    settings.DEBUG = debug

    response = client.post(path)

    assert response.status_code == 404
    assert response.json() == {"detail": "Not found", "code": "NOT_FOUND"}


@pytest.mark.parametrize("debug", [True, False])
def test_a_failure_of_the_api_shows_no_traceback(client, settings, debug):
    settings.DEBUG = debug

    response = client.get("/v1/broken")

    assert response.status_code == 500
    assert response.json() == {"detail": "Internal server error", "code": "INTERNAL_ERROR"}
    assert response["x-request-id"]


def test_a_host_that_is_not_ours_is_told_in_json(client):
    response = client.get("/v1/hello/", headers={"host": "elsewhere.example"})

    assert response.status_code == 400
    assert response.json() == {"detail": "Bad request", "code": "BAD_REQUEST"}


def test_a_page_redirects_to_its_slash_and_the_api_never_does(client):
    assert client.get("/page").status_code == 301
    assert client.get("/v1/hello").status_code == 404


def test_a_page_speaks_the_reader_s_language_and_the_api_english(client):
    spanish = {"accept-language": "es"}

    assert client.get("/page/", headers=spanish).content == b"es"
    assert client.get("/v1/hello/", headers=spanish).content == b"en"


def test_nothing_may_come_from_another_host_or_stand_inline(client):
    policy = client.get("/page/")["Content-Security-Policy"]

    assert {"default-src 'self'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert "unsafe" not in policy
