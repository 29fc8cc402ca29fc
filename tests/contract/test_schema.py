"""
Random requests after the schema, against the whole application. Each operation runs on rows that are thrown away.

Ids that the schema can't know are replaced by real ones half of the time: else every answer would be a 404.
"""

import re
from http import HTTPStatus
from uuid import UUID

import pytest
import schemathesis
from django.conf import settings as project
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from hypothesis import HealthCheck
from hypothesis import settings as examples
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from config import api_schema
from tests import factories

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="once, on the database that is strict about types"),
]

CONFIG = SchemathesisConfig.from_dict(
    {
        # No database keeps NUL in a text: it is refused with 422, which the schema says in words.
        "generation": {"allow-x00": False, "codec": "utf-8", "with-security-parameters": False},
        "checks": {
            # A sound request may be refused by the business: rows that are not there, codes that are locked.
            "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "403", "404", "409"]},
        },
    }
)
schema = schemathesis.openapi.from_dict(api_schema.document(), config=CONFIG)
schema.app = get_wsgi_application()


# What no schema says: control characters, blanks alone, the checks of a code and of a file's name, an id twice, and
# what JSON in a field of a form holds.
BEYOND_SCHEMA = {
    "blank",
    "json_invalid",
    "not_acceptable",
    "not_storable",
    "null_characters_not_allowed",
    "repeated",
    "surrogate_characters_not_allowed",
    "unprintable",
}


@pytest.fixture
def world(organization, settings):
    """An organization with a row of each kind, by the name that a request gives its id."""
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.REQUESTS_PER_MINUTE = settings.WRONG_KEYS_PER_MINUTE = 10**9
    key, secret = factories.api_key(organization=organization, role="admin")
    place = factories.facility(organization=organization)
    contract = factories.supply_contract(facility=place)
    row = factories.invoice(facility=place)
    ids = {
        "x-organization-id": organization,
        "organization_id": organization,
        "facility_id": place,
        "unit_id": factories.unit(),
        "supplier_id": factories.supplier(),
        "uploaded_by": key.created_by,
        "invoice_ids": row,
        "/v1/invoices/": row,
        "/v1/facilities/": place,
        "/v1/supply-contracts/": contract,
    }
    return {name: str(row.pk) for name, row in ids.items()} | {"secret": secret}


@pytest.fixture(autouse=True)
def _one_connection(db):
    """Keep the connection between requests, as Django's own test client does: the test's transaction is on it."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@schema.parametrize()
@examples(
    max_examples=project.EXAMPLES_A_ROUTE,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_the_schema_says(case, world):
    aim(case, world)

    sent = {"headers": {"x-api-key": world["secret"]}}
    answer = case.call(**sent)

    case.validate_response(
        answer, CHECKS.get_all(), excluded_checks=excluded(case, answer), transport_kwargs=sent, **sent
    )


def excluded(case, answer):
    """Return the checks that can't judge an answer."""
    # A filter without a value is none, as everywhere on the web.
    if answer.status_code == HTTPStatus.OK and "" in (case.query or {}).values():
        return [negative_data_rejection]
    # In a form all values are text: false for "false" arrives as the same bytes.
    if answer.status_code == HTTPStatus.CREATED and case.media_type == "multipart/form-data":
        return [negative_data_rejection]
    if answer.status_code != HTTPStatus.UNPROCESSABLE_ENTITY:
        return []
    refusal = answer.json()
    kinds = {problem["type"] for problem in refusal.get("errors", ())}
    # The same key with another body is refused, and each key comes with many bodies here.
    is_beyond_schema = refusal["code"] == "IDEMPOTENCY_KEY_REUSED" or (kinds and kinds <= BEYOND_SCHEMA)
    return [positive_data_acceptance] if is_beyond_schema else []


def aim(case, world):
    """Put real ids in the place of every second random one, wherever the request is meant to be sound."""
    if _is_id((case.headers or {}).get("x-organization-id")):
        case.headers["x-organization-id"] = world["x-organization-id"]
    if not case.meta.generation.mode.is_positive:
        return
    for name, value in (case.path_parameters or {}).items():
        known = next((row for path, row in world.items() if case.operation.path.startswith(path)), None)
        if known and _is_chosen(value):
            case.path_parameters[name] = known
    if isinstance(case.body, (dict, list)):
        case.body = _aimed(case.body, "", world)


def _aimed(part, name, world):
    if isinstance(part, dict):
        return {inner: _aimed(value, inner, world) for inner, value in part.items()}
    if isinstance(part, list):
        return [_aimed(value, name, world) for value in part]
    return world[name] if name in world and _is_chosen(part) else part


def _is_chosen(value):
    return _is_id(value) and UUID(value).int % 2 == 0


def _is_id(value):
    return isinstance(value, str) and bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value))
