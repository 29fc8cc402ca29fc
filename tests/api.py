"""How tests call the REST routes."""

import json
from uuid import UUID

from django.test import Client

from tests import factories

CUPS = "/v1/invoices/cups"
CONSOLIDATE = "/v1/invoices/consolidate-cups"
PREVIEW = "/v1/invoices/consolidate-cups/preview"
CONSOLIDATIONS = "/v1/consolidations"
INVOICES = "/v1/invoices"
LEGACY_INVOICES = "/api/v1/invoices"

# An id that nothing has; the same in every process, as names of tests must be.
NOBODYS = UUID("00000000-0000-7000-8000-000000000000")


def client(organization, role="editor", **fields):
    """Return a client that sends a new key of the organization."""
    _key, secret = factories.api_key(organization=organization, role=role, **fields)
    return client_with(secret, organization)


def client_with(secret, organization):
    return Client(headers={"x-api-key": secret, "x-organization-id": str(organization.pk)})


def browser(person, **options):
    """Return a client that somebody signed in with."""
    signed_in = Client(**options)
    signed_in.force_login(person)
    return signed_in


def post(caller, path, body, **headers):
    """POST a body as JSON."""
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return caller.post(path, content, content_type="application/json", headers=headers)


def patch(caller, path, body, **headers):
    """PATCH a body as JSON."""
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return caller.patch(path, content, content_type="application/json", headers=headers)


def merge(target, *pairs, **fields):
    """Return the body that consolidates (code, facility) pairs."""
    sources = [{"cups": cups, "facility_id": str(facility.pk)} for cups, facility in pairs]
    return {"target_cups": target, "sources": sources, **fields}


def is_refused(response, status, code):
    """Check the shape of an error and that it is this one."""
    answer = response.json()
    assert (response.status_code, answer["code"]) == (status, code), answer
    assert isinstance(answer["detail"], str)
    assert answer["detail"]
    assert response["Content-Type"] == "application/json"
    for problem in answer.get("errors", ()):
        assert set(problem) == {"loc", "msg", "type"}
        assert problem["loc"][0] in {"body", "query", "header"}
    assert ("errors" in answer) == (code == "VALIDATION_ERROR")
    return True


def places(response):
    """Return where a 422 points."""
    return [problem["loc"] for problem in response.json()["errors"]]
