"""How often somebody may ask."""

import shutil
import socket
import subprocess
import time

import pytest
from django.core.cache import CacheHandler, cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from config.counters import counters_of
from facilities.api import throttling
from tests import api, factories

pytestmark = pytest.mark.django_db

# Twenty seconds before the end of a minute.
NOW = 1_700_000_020.5


@pytest.fixture(autouse=True)
def minute(monkeypatch):
    """Stand still, in a minute in which nobody has asked yet."""
    clock = {"now": NOW}
    monkeypatch.setattr(throttling.time, "time", lambda: clock["now"])
    cache.clear()
    return clock


@pytest.fixture
def few(settings):
    settings.REQUESTS_PER_MINUTE = 2
    settings.WRONG_KEYS_PER_MINUTE = 2


def statuses(ask, count):
    return [ask().status_code for _each in range(count)]


def is_limited(response):
    assert api.is_refused(response, 429, "RATE_LIMITED")
    assert response["Retry-After"] == "20"
    assert "try again in 20 seconds" in response.json()["detail"]
    return True


def test_a_key_waits_for_the_next_minute(organization, few, minute):
    caller = api.client(organization)

    assert statuses(lambda: caller.get(api.CUPS), 2) == [200, 200]
    assert is_limited(caller.get(api.CUPS))
    minute["now"] += 20
    assert caller.get(api.CUPS).status_code == 200


def test_reads_and_writes_count_and_a_refused_write_changes_nothing(organization, facility, few):
    invoice = factories.invoice(facility=facility, cups="ES1")
    caller = api.client(organization)
    statuses(lambda: caller.get(api.CUPS), 2)

    assert is_limited(
        api.post(caller, api.CONSOLIDATE, api.merge("ES2", ("ES1", facility)), **{"idempotency-key": "a"})
    )

    invoice.refresh_from_db()
    assert invoice.cups == "ES1"


def test_each_key_and_each_organization_counts_for_itself(organization, few):
    below = factories.organization(parent=organization)
    one, other = api.client(organization, reach="tree"), api.client(organization)
    statuses(lambda: one.get(api.CUPS), 3)

    assert other.get(api.CUPS).status_code == 200
    assert one.get(api.CUPS, headers={"x-organization-id": str(below.pk)}).status_code == 200


def test_naming_other_organizations_is_no_way_around(organization, few):
    caller = api.client(organization)
    others = iter([factories.organization().pk, api.NOBODYS, factories.organization().pk])

    def ask():
        return caller.get(api.CUPS, headers={"x-organization-id": str(next(others))})

    assert statuses(ask, 3) == [404, 404, 429]


def test_what_a_role_does_not_allow_counts_too(organization, few):
    caller = api.client(organization, "viewer")

    assert statuses(lambda: api.post(caller, api.CONSOLIDATE, {}), 3) == [403, 403, 429]


def test_somebody_signed_in_counts_by_person(organization, few):
    browsers = [api.browser(factories.member(organization)) for _each in range(2)]

    assert statuses(lambda: browsers[0].get(api.CUPS), 3) == [200, 200, 429]
    assert browsers[1].get(api.CUPS).status_code == 200


def test_wrong_keys_are_counted_by_address(organization, few):
    def ask(**fields):
        return Client(headers={"x-api-key": "wrong", "x-organization-id": str(organization.pk)}).get(api.CUPS, **fields)

    assert statuses(ask, 2) == [401, 401]
    assert is_limited(ask())
    assert ask(REMOTE_ADDR="192.0.2.7").status_code == 401


def test_an_address_is_not_what_anybody_writes_into_a_header(organization, few):
    def ask(address):
        return Client(headers={"x-api-key": "wrong", "x-forwarded-for": address}).get(api.CUPS)

    assert [ask(f"192.0.2.{number}").status_code for number in range(3)] == [401, 401, 429]


def test_behind_a_proxy_of_ours_the_address_is_what_the_proxy_saw(organization, few, settings):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}

    def ask(seen):
        return Client(headers={"x-api-key": "wrong", "x-forwarded-for": f"10.0.0.1, {seen}"}).get(api.CUPS)

    assert [ask("192.0.2.1").status_code for _each in range(3)] == [401, 401, 429]
    assert ask("192.0.2.2").status_code == 401


def test_a_sound_key_comes_in_from_an_address_of_wrong_ones(organization, few):
    statuses(lambda: Client(headers={"x-api-key": "wrong"}).get(api.CUPS), 3)

    assert api.client(organization).get(api.CUPS).status_code == 200


def test_counting_is_one_operation_and_no_query(organization, monkeypatch):
    caller = api.client(organization)
    caller.get(api.CUPS)
    operations = []
    for name in ("incr", "add", "get", "set"):
        operation = getattr(type(cache._connections["default"]), name)
        monkeypatch.setattr(
            type(cache._connections["default"]),
            name,
            lambda self, *given, _name=name, _operation=operation, **more: (
                operations.append(_name) or _operation(self, *given, **more)
            ),
        )

    with CaptureQueriesContext(connection) as asked:
        caller.get(api.CUPS)

    assert operations == ["incr"]
    assert not [query for query in asked if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_cache_that_does_not_answer_stops_nobody(organization, few, settings, caplog):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.CACHES = {"default": counters_of(f"redis://127.0.0.1:{taken.getsockname()[1]}/0")}

        assert statuses(lambda: api.client(organization).get(api.CUPS), 3) == [200, 200, 200]

    assert "requests are not counted" in caplog.text


def test_of_two_firsts_at_once_both_count(monkeypatch):
    add = type(cache._connections["default"]).add

    def after_another(self, name, value, **fields):
        add(self, name, 1, **fields)
        return add(self, name, value, **fields)

    monkeypatch.setattr(type(cache._connections["default"]), "add", after_another)

    assert throttling._increased("both") == 2


@pytest.mark.parametrize("url", ["memcached://localhost", "localhost:6379", "http://localhost"])
def test_an_address_that_is_no_redis_is_refused(url):
    with pytest.raises(ValueError, match="CACHE_URL must read redis://"):
        counters_of(url)


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
def test_redis_counts_for_all_processes(organization, few, settings, tmp_path):
    address = tmp_path / "redis"
    options = ["--port", "0", "--unixsocket", str(address), "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    try:
        settings.CACHES = {"default": counters_of(f"unix://{address}")}
        until = time.monotonic() + 10
        while not address.exists() and time.monotonic() < until:
            time.sleep(0.02)
        caller = api.client(organization)

        assert statuses(lambda: caller.get(api.CUPS), 1) == [200]
        # As another process would: with a connection of its own.
        another = CacheHandler(settings.CACHES)["default"]
        (name,) = (key.decode() for key in another._cache.get_client().keys("*"))
        assert another.incr(name.split(":", 2)[2]) == 2
        assert another._cache.get_client().ttl(name) > 60
        assert is_limited(caller.get(api.CUPS))
    finally:
        server.terminate()
        server.wait()
