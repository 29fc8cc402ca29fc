"""Who asks."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from facilities.api import authentication
from facilities.models import ApiKey
from tests import api, factories

pytestmark = pytest.mark.django_db

REFUSAL = {"detail": "Invalid API key", "code": "INVALID_API_KEY"}


def is_unknown(response):
    assert (response.status_code, response.json()) == (401, REFUSAL)
    assert response["WWW-Authenticate"] == "Bearer"
    return True


def ask(organization, **headers):
    return Client().get(api.CUPS, headers={"x-organization-id": str(organization.pk), **headers})


def test_a_key_in_either_header_comes_in(organization):
    _key, secret = factories.api_key(organization=organization)

    assert ask(organization, **{"x-api-key": secret}).status_code == 200
    assert ask(organization, authorization=f"Bearer {secret}").status_code == 200
    assert ask(organization, authorization=f"bearer  {secret} ").status_code == 200


@pytest.mark.parametrize("path", [api.CUPS, api.CONSOLIDATIONS, f"{api.CUPS}/"])
def test_nobody_comes_in_without_a_key(organization, path):
    assert is_unknown(Client().get(path, headers={"x-organization-id": str(organization.pk)}))


@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": ""},
        {"x-api-key": "sk_live_wrong"},
        {"x-api-key": "\xff\x00ñ"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer \xff"},
        {"authorization": "Basic c2tfbGl2ZQ=="},
    ],
)
def test_a_wrong_key_is_refused(organization, headers):
    factories.api_key(organization=organization)

    assert is_unknown(ask(organization, **headers))


def test_a_key_with_one_character_more_or_less_is_another(organization):
    _key, secret = factories.api_key(organization=organization)

    assert is_unknown(ask(organization, **{"x-api-key": secret[:-1]}))
    assert is_unknown(ask(organization, **{"x-api-key": f"{secret}x"}))


def test_a_revoked_key_is_refused(organization):
    _key, secret = factories.api_key(organization=organization, revoked_at=timezone.now())

    assert is_unknown(ask(organization, **{"x-api-key": secret}))


def test_a_key_whose_creator_is_gone_is_refused(organization):
    key, secret = factories.api_key(organization=organization)
    key.created_by.is_active = False
    key.created_by.save()

    assert is_unknown(ask(organization, **{"x-api-key": secret}))


def test_a_wrong_key_is_refused_though_somebody_is_signed_in(organization):
    browser = api.browser(factories.member(organization))

    assert browser.get(api.CUPS).status_code == 200
    assert is_unknown(browser.get(api.CUPS, headers={"x-api-key": "wrong"}))


def test_with_a_key_the_session_counts_for_nothing(organization, other_organization):
    browser = api.browser(factories.member(other_organization))
    _key, secret = factories.api_key(organization=organization)

    response = browser.get(api.CUPS, headers={"x-api-key": secret, "x-organization-id": str(other_organization.pk)})

    assert api.is_refused(response, 404, "ORGANIZATION_NOT_FOUND")


def test_the_use_of_a_key_is_noted_but_not_at_each_request(organization):
    key, secret = factories.api_key(organization=organization)

    ask(organization, **{"x-api-key": secret})
    noted = ApiKey.objects.get(pk=key.pk).last_used_at
    ask(organization, **{"x-api-key": secret})

    assert timezone.now() - noted < timedelta(minutes=1)
    assert ApiKey.objects.get(pk=key.pk).last_used_at == noted


def test_the_use_of_a_key_is_noted_again_after_a_while(organization):
    before = timezone.now() - authentication.LAST_USED_STEP
    key, secret = factories.api_key(organization=organization, last_used_at=before)

    ask(organization, **{"x-api-key": secret})

    assert ApiKey.objects.get(pk=key.pk).last_used_at > before


def test_a_key_comes_in_though_its_use_can_not_be_noted(organization, monkeypatch):
    _key, secret = factories.api_key(organization=organization)

    def refuse(*args, **fields):
        raise DatabaseError("database is locked")

    monkeypatch.setattr("django.db.models.query.QuerySet.update", refuse)

    assert ask(organization, **{"x-api-key": secret}).status_code == 200


def test_a_signed_in_person_reads_without_a_token_and_changes_nothing_without_one(organization, facility):
    invoice = factories.invoice(facility=facility, cups="ES1")
    browser = api.browser(factories.member(organization), enforce_csrf_checks=True)

    assert browser.get(api.CUPS).status_code == 200
    assert api.is_refused(api.post(browser, api.CONSOLIDATE, api.merge("ES2", ("ES1", facility))), 403, "FORBIDDEN")
    invoice.refresh_from_db()
    assert invoice.cups == "ES1"


def test_a_signed_in_person_changes_with_the_token(organization, facility):
    factories.invoice(facility=facility, cups="ES1")
    browser = api.browser(factories.member(organization), enforce_csrf_checks=True)
    token = "a" * 32
    browser.cookies["csrftoken"] = token

    done = api.post(browser, api.CONSOLIDATE, api.merge("ES2", ("ES1", facility)), **{"x-csrftoken": token})

    assert (done.status_code, done.json()["updated_count"]) == (200, 1)


def test_a_form_of_a_signed_in_person_is_refused(organization):
    browser = api.browser(factories.member(organization))

    for content_type in ("application/x-www-form-urlencoded", "text/plain"):
        response = browser.post(api.CONSOLIDATE, "target_cups=ES2", content_type=content_type)
        assert api.is_refused(response, 415, "UNSUPPORTED_MEDIA_TYPE")
    assert api.is_refused(browser.post(api.CONSOLIDATE, {"target_cups": "ES2"}), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_person_who_may_no_longer_sign_in_is_refused(organization):
    person = factories.member(organization)
    browser = api.browser(person)
    person.is_active = False
    person.save()

    assert is_unknown(browser.get(api.CUPS))
