import pytest
from django.db import OperationalError

from config import checks
from facilities import demo
from facilities.models import ApiKey, Organization, Role, User
from facilities.models.api_key import digest_of

pytestmark = pytest.mark.django_db


def test_a_database_without_the_demo_may_be_deployed():
    User.objects.create(username="somebody")

    assert checks.demo_is_absent(None) == []


def test_a_demo_account_may_not_be_deployed():
    User.objects.create(pk=demo.DEMO_USER_IDS["viewer"], username="viewer")

    assert [error.msg for error in checks.demo_is_absent(None)] == ["The demo account “viewer” exists."]


def test_the_demo_key_may_not_be_deployed():
    ApiKey.objects.create(
        organization=Organization.objects.create(name="Acme"),
        name="copied from the documentation",
        prefix=demo.DEMO_KEY[:12],
        digest=digest_of(demo.DEMO_KEY),
        role=Role.VIEWER,
        created_by=User.objects.create(username="somebody"),
    )

    assert [error.id for error in checks.demo_is_absent(None)] == ["config.E001"]


def test_a_database_that_is_not_there_yet_holds_no_demo(monkeypatch):
    def fail(*args):
        raise OperationalError("no such table")

    monkeypatch.setattr(checks, "_found", fail)

    assert checks.demo_is_absent(None) == []
