"""What a member of staff may see and do, worked out once a request."""

from functools import cached_property
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from facilities import access
from facilities.access import Author, Channel
from facilities.models import Membership, Organization, Role, User


class Assigned:
    """The organizations assigned to a member of staff, with a role in each; a superuser has all, as administrator."""

    def __init__(self, user: User) -> None:
        self.user = user

    @cached_property
    def roles(self) -> dict[UUID, Role]:
        return access.roles_of(self.user)

    def is_anyone(self, least: Role = Role.VIEWER) -> bool:
        """Tell whether they have at least this role somewhere."""
        return self.user.is_superuser or any(role.includes(least) for role in self.roles.values())

    def is_allowed(self, least: Role, organization_id: UUID | None) -> bool:
        """Tell whether they have at least this role in the organization."""
        if self.user.is_superuser:
            return True
        role = self.roles.get(organization_id) if organization_id else None
        return role is not None and role.includes(least)

    def organizations(self, least: Role = Role.VIEWER) -> QuerySet[Organization]:
        """Return the organizations where they have at least this role."""
        if least == Role.VIEWER or self.user.is_superuser:
            return access.organizations_for_staff(self.user)
        return Organization.objects.filter(pk__in=[pk for pk, role in self.roles.items() if role.includes(least)])

    def users(self) -> QuerySet[User]:
        """Return the people of these organizations; a superuser sees everyone."""
        if self.user.is_superuser:
            return User.objects.all()
        members = Membership.objects.filter(organization__in=self.organizations()).values("user")
        return User.objects.filter(Q(pk__in=members) | Q(pk=self.user.pk))


def assigned(request: HttpRequest) -> Assigned:
    """Return what the one who asks is assigned to."""
    assert isinstance(request.user, User)  # noqa: S101 (the admin asks nobody in who is not signed in)
    found: Assigned = vars(request).setdefault("assigned", Assigned(request.user))
    return found


def author(request: HttpRequest) -> Author:
    """Return who is acting, for the domain to record."""
    return Author(user=assigned(request).user, through=Channel.ADMIN)


def owner_of(row: Model) -> UUID | None:
    """Return the organization that a row is of, or None where every organization shares it."""
    if isinstance(row, Organization):
        return row.pk
    found: UUID | None = getattr(row, "organization_id", None)
    return found
