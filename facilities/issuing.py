"""Issue, rename and revoke API keys. Django's ValidationError says that a field is wrong, with nothing changed."""

from django.db import transaction
from django.utils import timezone

from facilities import access, writing
from facilities.access import Author
from facilities.models import ApiKey, Organization, Reach, Role
from facilities.models.api_key import PREFIX_LENGTH, digest_of, new_secret


class RoleAboveOnesOwn(Exception):
    """A key would have a role that its maker has not."""


@transaction.atomic
def issue_key(
    *, organization: Organization, name: str, role: str, by: Author, reach: str = Reach.OWN
) -> tuple[ApiKey, str]:
    """
    Make an API key in its maker's name; return it with its secret, which is nowhere else and never comes again.

    Raise RoleAboveOnesOwn when the maker's own role in the organization does not include the key's.
    """
    own = access.role_of(user=by.user, organization_id=organization.pk)
    if role in Role.values and (own is None or not own.includes(Role(role))):
        raise RoleAboveOnesOwn(f"Your role in {organization.name} does not include {role}")
    secret = new_secret()
    key = ApiKey(
        organization=organization,
        name=name,
        prefix=secret[:PREFIX_LENGTH],
        digest=digest_of(secret),
        role=role,
        reach=reach,
        created_by=by.user,
    )
    return writing.create(key, by), secret


@transaction.atomic
def rename_key(*, key: ApiKey, name: str, by: Author) -> None:
    """Call a key something else. Its role and reach never change: issue another."""
    writing.change(writing.held(key), {"name": name}, by)


@transaction.atomic
def revoke_key(*, key: ApiKey, by: Author) -> None:
    """Make a key useless, for ever. One that is revoked stays so, with the moment it was."""
    held = writing.held(key)
    if held.revoked_at is None:
        writing.change(held, {"revoked_at": timezone.now()}, by)
