"""What the tests of both apps' admin share: who signs in, and what a form posts."""

from django.contrib.messages import get_messages
from django.test import Client

from facilities.models import Role
from tests import factories

# The languages are tested on their own; here sentences are looked for in one.
ENGLISH = {"headers": {"accept-language": "en"}}


def superuser():
    """Return a client signed in as somebody who sees everything."""
    return _signed_in(factories.user(is_staff=True, is_superuser=True))


def staff(organization, role=Role.EDITOR):
    """Return a client signed in as a member of staff who is assigned to the organization."""
    return _signed_in(factories.member(organization, role, is_staff=True))


def messages(response):
    """Return what the admin told the user."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def errors(response):
    """Return the errors that a form shows, of no field and of each."""
    form = response.context["adminform"].form
    return [error for messages in form.errors.values() for error in messages]


def _signed_in(user):
    client = Client(**ENGLISH)
    client.force_login(user)
    client.user = user
    return client
