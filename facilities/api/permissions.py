"""For which organization, and as what."""

from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from facilities import access
from facilities.access import Author, Channel
from facilities.api import fields, refusals
from facilities.api.refusals import Refused
from facilities.api.requests import AuthorizedRequest
from facilities.models import ApiKey, Organization, Role, User

ORGANIZATION_HEADER = "x-organization-id"
MEMBER_HEADER = "x-user-id"
LEGACY_ROUTES = "/api/"
# Where pages keep the organization that somebody works for.
SESSION_KEY = "organization_id"


class OrganizationNotFound(Refused):
    """There is no such organization, or none within reach: nobody learns which."""

    def __init__(self, organization_id: UUID) -> None:
        super().__init__(
            status=HTTPStatus.NOT_FOUND,
            code="ORGANIZATION_NOT_FOUND",
            detail=f"Organization with id={organization_id!r} not found",
        )


class MayActForOrganization(BasePermission):
    """Let through who has the role that the action needs, and set organization, role and author on the request."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """
        Raise in this order: NotAuthenticated, Malformed for the header, OrganizationNotFound, access.NotAllowed.

        On legacy routes the headers may name a member too, for whom it is done: Malformed and NotAllowed are of both.
        """
        if not isinstance(request.user, User):
            raise NotAuthenticated
        authorized = cast("AuthorizedRequest", request)
        key = request.auth if isinstance(request.auth, ApiKey) else None
        authorized.organization, authorized.role = _organization(request, request.user, key)
        member = _member(request, authorized.organization)
        authorized.author = Author(request.user, Channel.API if key else Channel.WEB, api_key=key, on_behalf_of=member)
        access.require(authorized.role, view.least_role)
        return True


def _organization(request: Request, user: User, key: ApiKey | None) -> tuple[Organization, Role]:
    if ORGANIZATION_HEADER in request.headers:
        return _named(request.headers[ORGANIZATION_HEADER], user, key)
    current = None if key else _current(request, user)
    if current is None:
        raise refusals.malformed("header", ORGANIZATION_HEADER, "This header is required.", "required")
    return current


def _named(text: str, user: User, key: ApiKey | None) -> tuple[Organization, Role]:
    organization_id = fields.uuid_of(text)
    if organization_id is None:
        raise refusals.malformed("header", ORGANIZATION_HEADER, "Must be a valid UUID.")
    found = _reached(organization_id, user, key)
    if found is None:
        raise OrganizationNotFound(organization_id)
    return found


def _member(request: Request, organization: Organization) -> User | None:
    """Return the member for whom a legacy route is called, which gives no right; None where nobody is named."""
    if not request.path.startswith(LEGACY_ROUTES) or MEMBER_HEADER not in request.headers:
        return None
    user_id = fields.uuid_of(request.headers[MEMBER_HEADER])
    if user_id is None:
        raise refusals.malformed("header", MEMBER_HEADER, "Must be a valid UUID.")
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is None or access.role_of(user=person, organization_id=organization.pk) is None:
        raise access.NotAllowed(f"User {user_id} is no member of this organization.")
    return person


def _current(request: Request, user: User) -> tuple[Organization, Role] | None:
    """Return the organization that the session works for; the highest one where that is out of reach by now."""
    chosen = fields.uuid_of(request.session.get(SESSION_KEY))
    if chosen is not None and (found := _reached(chosen, user, None)):
        return found
    highest = access.highest_organization_of(user)
    return _reached(highest.pk, user, None) if highest else None


def _reached(organization_id: UUID, user: User, key: ApiKey | None) -> tuple[Organization, Role] | None:
    if key is not None:
        role = access.role_of_key(key=key, organization_id=organization_id)
    else:
        role = access.role_of(user=user, organization_id=organization_id)
    organization = Organization.objects.filter(pk=organization_id).first() if role else None
    return (organization, role) if organization and role else None
