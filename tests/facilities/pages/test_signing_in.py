"""Signing in, and for which organization one looks."""

import pytest
from django.urls import reverse

from facilities.models import Role
from tests import factories

pytestmark = pytest.mark.django_db
ENGLISH = {"headers": {"accept-language": "en"}}


@pytest.fixture
def person(organization):
    return factories.member(organization, Role.EDITOR)


@pytest.fixture
def signed_in(client, person):
    client.force_login(person)
    return client


def sign_in(client, person, **fields):
    person.set_password("consolida-demo")
    person.save(update_fields=["password"])
    return client.post(
        reverse("sign-in"), {"username": person.username, "password": "consolida-demo", **fields}, **ENGLISH
    )


def test_the_start_is_the_cups_page(client):
    assert client.get("/")["Location"] == "/cups/"


def test_who_is_signed_out_is_led_to_sign_in_and_back(client, person):
    away = client.get("/cups/?search=0031&page=2")
    assert away["Location"] == "/sign-in/?next=/cups/%3Fsearch%3D0031%26page%3D2"

    back = sign_in(client, person, next="/cups/?search=0031&page=2")

    assert back["Location"] == "/cups/?search=0031&page=2"


def test_a_form_that_was_sent_signed_out_leads_back_to_a_page(client):
    assert client.post("/cups/consolidate/")["Location"] == "/sign-in/?next=/cups/"


def test_a_script_that_asks_signed_out_leaves_the_page_for_the_sign_in(client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/cups/?page=3"}

    answer = client.get("/cups/?page=4", headers=headers)

    assert answer["HX-Redirect"] == "/sign-in/?next=/cups/%3Fpage%3D3"


def test_a_script_that_hides_its_page_leads_back_to_the_start(client):
    assert client.get("/cups/", headers={"HX-Request": "true"})["HX-Redirect"] == "/sign-in/?next=/cups/"


def test_signing_in_without_a_page_before_leads_to_the_groups(client, person):
    assert sign_in(client, person)["Location"] == "/cups/"


def test_signing_in_never_leads_to_another_site(client, person):
    assert sign_in(client, person, next="https://example.org/")["Location"] == "/cups/"


def test_a_wrong_password_is_said_in_words(client, person):
    answer = client.post(reverse("sign-in"), {"username": person.username, "password": "wrong"}, **ENGLISH)

    assert "do not fit together" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_who_is_signed_in_already_is_led_on(signed_in):
    assert signed_in.get(reverse("sign-in"))["Location"] == "/cups/"


def test_signing_out_takes_a_post(signed_in):
    assert signed_in.get(reverse("sign-out")).status_code == 405
    assert signed_in.post(reverse("sign-out"))["Location"] == "/sign-in/"
    assert signed_in.get("/cups/").status_code == 302


def test_the_first_organization_is_the_highest(client, organization):
    child = factories.organization(name="A child", parent=organization)
    person = factories.member(organization)
    factories.membership(organization=child, user=person, role=Role.VIEWER)
    client.force_login(person)

    assert client.get("/cups/").wsgi_request.organization == organization


def test_switching_holds_until_one_switches_again(signed_in, organization):
    child = factories.organization(name="A child", parent=organization)

    answer = signed_in.post(reverse("switch-organization"), {"organization_id": str(child.pk)})

    assert answer["Location"] == "/cups/"
    request = signed_in.get("/cups/").wsgi_request
    assert request.organization == child
    assert request.role == Role.EDITOR
    assert request.author.user == request.user


def test_switching_leads_back_to_the_page_that_asked(signed_in, organization):
    sent = {"organization_id": str(organization.pk), "next": "/history/"}

    assert signed_in.post(reverse("switch-organization"), sent)["Location"] == "/history/"
    assert signed_in.post(reverse("switch-organization"), {**sent, "next": "//example.org"})["Location"] == "/cups/"


@pytest.mark.parametrize("wanted", ["", "no-uuid", "theirs"])
def test_nobody_switches_to_another_ones_organization(signed_in, organization, other_organization, wanted):
    answer = signed_in.post(
        reverse("switch-organization"),
        {"organization_id": str(other_organization.pk) if wanted == "theirs" else wanted},
    )

    assert answer.status_code == 404
    assert signed_in.get("/cups/").wsgi_request.organization == organization


def test_switching_takes_a_post(signed_in):
    assert signed_in.get(reverse("switch-organization")).status_code == 405


def test_who_lost_the_chosen_organization_is_back_in_the_highest(signed_in, person, organization, other_organization):
    membership = factories.membership(organization=other_organization, user=person)
    signed_in.post(reverse("switch-organization"), {"organization_id": str(other_organization.pk)})
    membership.delete()

    assert signed_in.get("/cups/").wsgi_request.organization == organization


def test_the_switch_lists_ones_own_organizations_alone(signed_in, organization, other_organization):
    factories.organization(name="A child", parent=organization)

    page = signed_in.get("/cups/").content.decode()

    assert "A child" in page
    assert "Theirs" not in page


def test_who_belongs_nowhere_is_told_whom_to_ask(client):
    client.force_login(factories.user())

    answer = client.get("/cups/", **ENGLISH)

    assert answer.status_code == 403
    assert "You belong to no organization yet" in answer.content.decode()


def test_staff_find_the_admin(client, organization):
    client.force_login(factories.member(organization, is_staff=True))

    assert 'href="/admin/"' in client.get("/cups/").content.decode()


def test_the_language_is_chosen_in_the_frame(signed_in):
    signed_in.post(reverse("set_language"), {"language": "en"}, headers={"referer": "http://testserver/cups/"})
    assert '<html lang="en">' in signed_in.get("/cups/").content.decode()

    answer = signed_in.post(
        reverse("set_language"), {"language": "es"}, headers={"referer": "http://testserver/cups/?page=2"}
    )
    assert answer["Location"] == "http://testserver/cups/?page=2"
    assert '<html lang="es">' in signed_in.get("/cups/").content.decode()


def test_what_is_not_there_is_said_in_words(signed_in):
    answer = signed_in.get("/nowhere/", **ENGLISH)

    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_a_form_from_elsewhere_is_refused_in_words(person):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(person)

    answer = client.post("/cups/consolidate/", **ENGLISH)

    assert answer.status_code == 403
    assert "The form was not accepted" in answer.content.decode()


def test_our_own_fault_is_said_in_words(client, monkeypatch, signed_in):
    from invoices.pages import asking

    def broken(*args, **kwargs):
        raise RuntimeError("broken")

    monkeypatch.setattr(asking, "context", broken)
    signed_in.raise_request_exception = False

    answer = signed_in.get("/cups/", **ENGLISH)

    assert answer.status_code == 500
    assert "Something went wrong" in answer.content.decode()
    assert "broken" not in answer.content.decode()
