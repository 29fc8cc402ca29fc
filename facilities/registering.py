"""
Write down organizations, their members, people and facilities.

Django's ValidationError says that a field is wrong, with nothing changed; each function names its other refusals.
"""

from decimal import Decimal
from typing import Any, TypedDict, Unpack

from django.db import transaction

from facilities import archiving, writing
from facilities.access import Author
from facilities.models import Facility, FacilityStatus, Membership, Organization, User


class FacilityFields(TypedDict, total=False):
    """What a facility may say besides what it must."""

    name: str
    address: str
    country: str
    type: str
    status: str
    logistic_factor: Decimal
    categories: list[str]
    cups_list: list[str]
    facility_purpose_type: str


class UserFields(TypedDict, total=False):
    """What is known of a person, their password apart."""

    username: str
    first_name: str
    last_name: str
    email: str
    is_active: bool
    is_staff: bool
    is_superuser: bool


class OrganizationLoop(ValueError):
    """The organization would be a part of itself."""


@transaction.atomic
def create_organization(*, name: str, parent: Organization | None, by: Author) -> Organization:
    """Make an organization, alone or as a part of another."""
    return writing.create(Organization(name=name, parent=parent), by)


@transaction.atomic
def change_organization(*, organization: Organization, name: str, parent: Organization | None, by: Author) -> None:
    """
    Rename an organization or make it a part of another.

    Raise OrganizationLoop when the new parent is the organization itself or below it.
    """
    # Every organization is locked, in key order: of two moves at once that make a loop together, the second sees the
    # first. Moves are rare and organizations few.
    list(Organization.objects.order_by("pk").select_for_update().values_list("pk", flat=True))
    if parent is not None and Organization.objects.tree_of(organization.pk).filter(pk=parent.pk).exists():
        raise OrganizationLoop(f"{parent.name} is a part of {organization.name}")
    writing.change(writing.held(organization), {"name": name, "parent": parent}, by)


@transaction.atomic
def delete_organization(*, organization: Organization, by: Author) -> None:
    """
    Delete an organization that owns nothing, with its memberships and keys.

    Raise InUse when it owns something: a facility, a contract, an invoice, a part of itself, or evidence.
    """
    writing.delete(organization, by)


@transaction.atomic
def add_member(*, organization: Organization, user: User, role: str, by: Author) -> Membership:
    """Give a person a role in an organization and below it."""
    return writing.create(Membership(organization=organization, user=user, role=role), by)


@transaction.atomic
def change_role(*, membership: Membership, role: str, by: Author) -> None:
    """Give a member another role."""
    writing.change(writing.held(membership), {"role": role}, by)


@transaction.atomic
def remove_member(*, membership: Membership, by: Author) -> None:
    """Take a person's role away. Their keys stop at once, since rights are evaluated at each request."""
    writing.delete(membership, by)


@transaction.atomic
def create_facility(*, organization: Organization, by: Author, **fields: Unpack[FacilityFields]) -> Facility:
    """Write down a facility."""
    return writing.create(Facility(organization=organization, **fields), by)


@transaction.atomic
def change_facility(*, facility: Facility, by: Author, **changes: Unpack[FacilityFields]) -> Facility:
    """
    Change what is known of a facility; as archived, its contracts are deactivated too.

    Raise archiving.FacilityNotFound.
    """
    fields: dict[str, Any] = dict(changes)
    held = archiving.hold(facility)
    status = fields.pop("status", held.status)
    if status == FacilityStatus.ARCHIVED != held.status:
        held = archiving.archive(facility=held, by=by)
    elif status == FacilityStatus.ACTIVE != held.status:
        held = archiving.reopen(facility=held, by=by)
    return writing.change(held, {**fields, "status": status}, by)


@transaction.atomic
def create_user(*, password: str | None, by: Author, **fields: Unpack[UserFields]) -> User:
    """Let a person in: with a password, or with None until somebody sets one."""
    user = User(**fields)
    user.set_password(password)
    return writing.create(user, by)


@transaction.atomic
def change_user(*, user: User, by: Author, **changes: Unpack[UserFields]) -> None:
    """Correct what is known of a person. Nobody is deleted, since evidence names them; they can be made inactive."""
    writing.change(writing.held(user), changes, by)


@transaction.atomic
def set_password(*, user: User, password: str | None, by: Author) -> None:
    """Give a person another password, or with None take it away."""
    held = writing.held(user)
    held.set_password(password)
    held.save(update_fields=["password"])
    writing.note("password set", held, by)
