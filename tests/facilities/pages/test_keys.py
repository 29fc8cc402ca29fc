"""The page of API keys."""

import pytest
from django.test import Client
from django.utils import timezone

from facilities import access, issuing
from facilities.models import ApiKey, IdempotentAnswer, Role
from facilities.models.api_key import digest_of
from tests import api, factories

pytestmark = pytest.mark.django_db

KEYS = "/keys/"
FORM = {"name": "Nightly import", "role": "editor", "reach": "own"}


@pytest.fixture
def admin(organization):
    return factories.member(organization, Role.ADMIN, first_name="Ana", last_name="Ruiz")


@pytest.fixture
def browser(admin):
    return speaking_english(admin)


def speaking_english(person):
    return api.browser(person, headers={"accept-language": "en"})


def revoke(browser, key):
    return browser.post(f"/keys/{key.pk}/revoke/")


def text(response):
    return " ".join(response.content.decode().split())


def test_the_list_shows_what_one_needs_to_know_of_each_key(browser, organization, admin):
    factories.api_key(
        organization=organization,
        name="Night",
        created_by=admin,
        role="viewer",
        reach="tree",
        last_used_at=timezone.now(),
    )
    factories.api_key(organization=organization, name="Old", revoked_at=timezone.now())
    gone = factories.member(organization, is_active=False)
    factories.api_key(organization=organization, name="Orphan", created_by=gone)

    shown = text(browser.get(KEYS))

    for said in (
        *("Night", "Viewer", "In Ours and every organization below it", "by Ana Ruiz", "never", "revoked"),
        *("Orphan", "opens nothing: its maker can't sign in"),
    ):
        assert said in shown
    key = ApiKey.objects.get(name="Night")
    assert f"{key.prefix}…" in shown
    assert key.digest not in shown


def test_keys_in_use_come_first_and_new_ones_before_old_ones(browser, organization):
    for name, fields in (("a", {}), ("b", {"revoked_at": timezone.now()}), ("c", {})):
        factories.api_key(organization=organization, name=name, **fields)

    assert [key.name for key in browser.get(KEYS).context["keys"]] == ["c", "a", "b"]


def test_a_key_is_made_and_its_secret_shown_this_once(browser, organization, admin):
    answer = browser.post(KEYS, FORM)

    key, secret = ApiKey.objects.get(), answer.context["secret"]
    assert (key.name, key.role, key.reach) == ("Nightly import", "editor", "own")
    assert (key.organization, key.created_by) == (organization, admin)
    assert key.digest == digest_of(secret)
    assert secret in answer.content.decode()
    assert str(organization.pk) in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert secret not in str(browser.cookies) + str(dict(browser.session))
    assert secret not in text(browser.get(KEYS))
    assert not IdempotentAnswer.objects.exists()
    assert api.client_with(secret, organization).get(api.CUPS).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "Say what the key is for."),
        ({"name": "a" * 101}, "at most 100 characters"),
        ({"role": "owner"}, "owner is not one of the available choices"),
        ({"role": ""}, "This field is required"),
        ({"reach": "world"}, "world is not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_nothing_is_made(browser, wrong, said):
    answer = browser.post(KEYS, FORM | wrong)

    assert answer.status_code == 422
    assert said in text(answer)
    assert not ApiKey.objects.exists()


def test_a_role_that_was_lost_in_between_is_refused_in_words(browser, monkeypatch):
    def refuse(**given):
        raise issuing.RoleAboveOnesOwn

    monkeypatch.setattr(issuing, "issue_key", refuse)

    answer = browser.post(KEYS, FORM)

    assert answer.status_code == 422
    assert "A key can&#x27;t do more than the person who makes it." in text(answer)


def test_a_key_is_revoked_once_somebody_has_confirmed_it(browser, organization):
    key, secret = factories.api_key(organization=organization, name="Night")

    asked = browser.get(f"/keys/{key.pk}/revoke/")
    assert "Revoke “Night”?" in text(asked)
    assert "never used" in text(asked)
    assert api.client_with(secret, organization).get(api.CUPS).status_code == 200

    answer = browser.post(f"/keys/{key.pk}/revoke/", follow=True)
    assert "The key “Night” opens nothing any more." in text(answer)
    assert api.client_with(secret, organization).get(api.CUPS).status_code == 401


def test_a_key_that_is_revoked_stays_so_since_then(browser, organization):
    key, _secret = factories.api_key(organization=organization)
    revoke(browser, key)
    (before,) = ApiKey.objects.values_list("revoked_at")

    assert "done already" in text(browser.get(f"/keys/{key.pk}/revoke/"))
    assert revoke(browser, key).status_code == 302
    assert ApiKey.objects.values_list("revoked_at").get() == before


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_who_is_no_administrator_is_refused_in_words(role, organization):
    key, _secret = factories.api_key(organization=organization)
    browser = speaking_english(factories.member(organization, role))

    for answer in (
        browser.get(KEYS),
        browser.post(KEYS, FORM),
        browser.get(f"/keys/{key.pk}/revoke/"),
        revoke(browser, key),
    ):
        assert answer.status_code == 403
        assert "The API keys of Ours are for its administrators" in text(answer)
    assert ApiKey.objects.filter(revoked_at=None).count() == 1
    assert 'href="/keys/"' not in text(browser.get("/cups/"))


def test_the_menu_leads_an_administrator_there(browser):
    assert 'href="/keys/"' in text(browser.get("/cups/"))
    assert 'href="/keys/" aria-current="page"' in text(browser.get(KEYS))


def test_another_organizations_keys_are_not_there(browser, other_organization):
    theirs, _secret = factories.api_key(organization=other_organization, name="Secret of theirs")

    assert "Secret of theirs" not in text(browser.get(KEYS))
    assert browser.get(f"/keys/{theirs.pk}/revoke/").status_code == 404
    assert revoke(browser, theirs).status_code == 404
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


def test_an_administrator_of_what_is_above_makes_keys_below(browser, organization):
    below = factories.organization(name="Below", parent=organization)
    browser.post("/organizations/switch/", {"organization_id": str(below.pk)})

    browser.post(KEYS, FORM)

    key = ApiKey.objects.get()
    assert key.organization == below
    assert access.role_of_key(key=key, organization_id=organization.pk) is None


def test_nobody_is_asked_to_sign_in_first():
    for method in ("get", "post"):
        answer = getattr(Client(), method)(KEYS)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/sign-in/")


def test_a_form_of_another_site_makes_no_key(admin):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin)

    assert browser.post(KEYS, FORM).status_code == 403
    assert not ApiKey.objects.exists()


def test_many_keys_cost_as_many_queries_as_none(browser, organization, django_assert_num_queries):
    with django_assert_num_queries(6):
        browser.get(KEYS)
    for _each in range(5):
        factories.api_key(organization=organization)

    with django_assert_num_queries(6):
        browser.get(KEYS)
