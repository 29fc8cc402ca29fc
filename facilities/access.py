"""Who may act for which organization, and as what. Evaluated anew at each request."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import models
from django.db.models import FilteredRelation, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from facilities.models import ApiKey, Organization, Reach, Role, User


class Channel(models.TextChoices):
    """The door that somebody came through."""

    API = "API", "API"
    WEB = "WEB", _("page")
    ADMIN = "ADMIN", _("admin")


@dataclass(frozen=True, slots=True)
class Author:
    """
    Who does something, and through what.

    A key acts with the rights of `user`, its creator; `on_behalf_of` is recorded beside both and gives no right.
    """

    user: User
    through: Channel
    api_key: ApiKey | None = None
    on_behalf_of: User | None = None

    def recorded(self) -> dict[str, object]:
        """Return the columns of evidence that say who it was."""
        return {
            "by": self.user,
            "through": self.through,
            "api_key": self.api_key,
            "on_behalf_of": self.on_behalf_of,
        }


class NotAllowed(Exception):
    """The role in this organization does not allow it."""


def role_of(*, user: User, organization_id: UUID) -> Role | None:
    """Return a person's role in an organization: that of the nearest membership at or above it, or None."""
    line = (
        Organization.objects.line_of(organization_id)
        .annotate(mine=FilteredRelation("memberships", condition=Q(memberships__user=user)))
        .values_list("pk", "parent_id", "mine__role")
    )
    return _nearest(organization_id, {pk: (parent_id, role) for pk, parent_id, role in line})


def roles_of(user: User) -> dict[UUID, Role]:
    """Return a person's role in each organization that they reach, as `role_of` says it, in one query."""
    reached = (
        organizations_of(user)
        .annotate(mine=FilteredRelation("memberships", condition=Q(memberships__user=user)))
        .values_list("pk", "parent_id", "mine__role")
    )
    above = {pk: (parent_id, role) for pk, parent_id, role in reached}
    return {pk: role for pk in above if (role := _nearest(pk, above)) is not None}


def role_of_key(*, key: ApiKey, organization_id: UUID) -> Role | None:
    """Return what a key may do in an organization: never more than its creator may, and None out of its reach."""
    creators = role_of(user=key.created_by, organization_id=organization_id)
    if creators is None or not _is_in_reach(key, organization_id):
        return None
    return min(creators, Role(key.role), key=lambda role: role.rank)


def role_of_author(by: Author, *, organization_id: UUID) -> Role | None:
    """Return what an author may do in an organization: a key within its reach, a superuser in the admin all."""
    if by.api_key is not None:
        return role_of_key(key=by.api_key, organization_id=organization_id)
    if by.through == Channel.ADMIN and by.user.is_superuser:
        return Role.ADMIN
    return role_of(user=by.user, organization_id=organization_id)


def require(role: Role | None, least: Role) -> None:
    """Raise NotAllowed unless the role includes the least one that is needed."""
    if role is None or not role.includes(least):
        raise NotAllowed(f"This needs the role {least.value}.")


def organizations_of(user: User) -> QuerySet[Organization]:
    """Return the organizations where a person has a role."""
    return Organization.objects.reached_by(user.pk)


def line_in_reach(*, by: Author, organization_id: UUID) -> list[UUID]:
    """
    Return an organization and those above it, nearest first, as far up as somebody reaches.

    With a key that is no further than both the key and its creator go.
    """
    line = organizations_in_reach(by) & Organization.objects.line_of(organization_id)
    parents = dict(line.values_list("pk", "parent_id"))
    found: list[UUID] = []
    current: UUID | None = organization_id
    while current in parents and current not in found:
        found.append(current)
        current = parents[current]
    return found


def organizations_in_reach(by: Author) -> QuerySet[Organization]:
    """Return the organizations where somebody may read: with a key, those that both the key and its creator reach."""
    reached = organizations_of(by.user)
    if by.api_key is None:
        return reached
    own = by.api_key.organization_id
    return reached & Organization.objects.tree_of(own) if by.api_key.reach == Reach.TREE else reached.filter(pk=own)


def organizations_for_staff(user: User) -> QuerySet[Organization]:
    """Return the organizations that a person sees in the admin: a superuser all, others those they are assigned to."""
    return Organization.objects.all() if user.is_superuser else organizations_of(user)


def highest_organization_of(user: User) -> Organization | None:
    """Return the topmost organization that a person reaches (the first by name of several), or None."""
    reached = organizations_of(user)
    return reached.exclude(parent__in=organizations_of(user)).order_by("name", "pk").first()


def _nearest(organization_id: UUID, above: Mapping[UUID, tuple[UUID | None, str | None]]) -> Role | None:
    current: UUID | None = organization_id
    seen: set[UUID] = set()  # so that a loop in the tree ends too
    while current is not None and current in above and current not in seen:
        seen.add(current)
        current, role = above[current]
        if role is not None:
            return Role(role)
    return None


def _is_in_reach(key: ApiKey, organization_id: UUID) -> bool:
    if key.organization_id == organization_id:
        return True
    return (
        key.reach == Reach.TREE
        and Organization.objects.tree_of(key.organization_id).filter(pk=organization_id).exists()
    )
