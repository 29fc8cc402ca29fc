"""What the schema says of every route: shapes of errors, headers, and the refusals that no route is spared."""

from http import HTTPStatus
from typing import Final

from config.api_schema_parts import Json
from facilities.api.documenting import Printed

ERROR: Final[Json] = {
    "type": "object",
    "description": (
        "Any refusal. Under /v1 and /v2 `code` is its name and `detail` a sentence; under /api/v1 `detail` is the name"
        " and `code` its class: VALIDATION_ERROR, FORBIDDEN, NOT_FOUND, CONFLICT."
    ),
    "required": ["detail", "code"],
    "properties": {"detail": {"type": "string"}, "code": {"type": "string"}},
}
VALIDATION_ERROR: Final[Json] = {
    "type": "object",
    "description": "What is malformed, missing, empty, out of range or of another type, with each place.",
    "required": ["detail", "code"],
    "properties": {
        "detail": {"type": "string", "description": "The first problem."},
        "code": {"type": "string", "examples": ["VALIDATION_ERROR"]},
        "errors": {
            "type": "array",
            "maxItems": 100,
            "items": {
                "type": "object",
                "required": ["loc", "msg", "type"],
                "properties": {
                    "loc": {
                        "type": "array",
                        "description": 'Starts at "body", "query", "path" or "header".',
                        "items": {"type": ["string", "integer"]},
                    },
                    "msg": {"type": "string"},
                    "type": {"type": "string"},
                },
            },
        },
    },
}
HEADERS: Final[Json] = {
    "x-request-id": {
        "description": "Names this request in the server's log; the caller's own if it sent a sane one.",
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed": {
        "description": "The answer of an earlier request with the same Idempotency-Key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": {"description": "Seconds to wait before trying again.", "schema": {"type": "integer", "minimum": 0}},
    "WWW-Authenticate": {"description": "How to say who asks.", "schema": {"type": "string"}},
}

ORGANIZATION: Final[Json] = {
    "name": "x-organization-id",
    "in": "header",
    "required": True,
    "description": "The organization to act for. With a session it may be left out: then the current one is meant.",
    "schema": {"type": "string", "format": "uuid"},
    "example": "ff4adcc7-8172-45fe-9cf1-e90a6de53aa9",
}
USER: Final[Json] = {
    "name": "x-user-id",
    "in": "header",
    "required": False,
    "description": "A member for whom the key's creator acts. It is recorded and widens no right.",
    "schema": {"type": "string", "format": "uuid"},
}
IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again within 24 hours with the same body, it gives the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}


def _printed(status: HTTPStatus, code: str, detail: str, **more: object) -> Printed:
    return Printed(status, code, {"detail": detail, "code": code, **more})


OF_ALL: Final = (
    _printed(HTTPStatus.UNAUTHORIZED, "INVALID_API_KEY", "Invalid API key"),
    _printed(
        HTTPStatus.NOT_FOUND,
        "ORGANIZATION_NOT_FOUND",
        "Organization with id=UUID('00000000-0000-7000-8000-000000000000') not found",
    ),
    _printed(HTTPStatus.NOT_ACCEPTABLE, "NOT_ACCEPTABLE", "Could not satisfy the request Accept header."),
    _printed(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "VALIDATION_ERROR",
        "Must be a valid UUID.",
        errors=[{"loc": ["header", "x-organization-id"], "msg": "Must be a valid UUID.", "type": "invalid"}],
    ),
    _printed(HTTPStatus.TOO_MANY_REQUESTS, "RATE_LIMITED", "Too many requests; try again later"),
    _printed(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Internal server error"),
    _printed(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "TRY_AGAIN",
        "The database is busy with another change of the same rows; try again",
    ),
)
OF_ONE_OBJECT: Final = _printed(HTTPStatus.NOT_FOUND, "NOT_FOUND", "Not found")
OF_WRITES: Final = (_printed(HTTPStatus.FORBIDDEN, "FORBIDDEN", "Your role in this organization does not allow this"),)
OF_BODIES: Final = (
    _printed(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "REQUEST_TOO_LARGE",
        "The request body is larger than this server takes",
    ),
    _printed(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", 'Unsupported media type "text/plain" in request.'
    ),
)
OF_POSTS: Final = (
    _printed(
        HTTPStatus.CONFLICT, "IDEMPOTENCY_IN_PROGRESS", "A request with this Idempotency-Key is still in progress"
    ),
    _printed(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "IDEMPOTENCY_KEY_REUSED",
        "This Idempotency-Key was used with another request body",
    ),
)
