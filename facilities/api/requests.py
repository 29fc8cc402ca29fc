from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from facilities.access import Author
from facilities.api import fields, refusals
from facilities.api.refusals import Refused
from facilities.models import Organization, Role, User


class AuthorizedRequest(Request):
    """A request as an action gets it: MayActForOrganization has found out who asks, for whom, and as what."""

    user: User
    organization: Organization
    role: Role
    author: Author


def read(request: Request, serializer: type[Serializer[Any]]) -> dict[str, Any]:
    """Return the request's body as the serializer understands it; raise Malformed."""
    # No body under the content type of a form comes as an empty QueryDict, which serializers read as an HTML form.
    given = serializer(data={} if isinstance(request.data, QueryDict) else request.data)
    if given.is_valid():
        return dict(given.validated_data)
    raise refusals.malformed_in("body", given.errors)


def id_in_path(text: str, what: str) -> UUID:
    """Return the id that a path names; refuse what is none as something that is not there."""
    found = fields.uuid_of(text)
    if found is None:
        detail = f"{what} with id={text!r} not found"
        raise Refused(status=HTTPStatus.NOT_FOUND, code="NOT_FOUND", detail=detail)
    return found
