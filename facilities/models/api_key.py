import hashlib
import hmac
import secrets
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id
from facilities.models.membership import Role
from facilities.models.organization import Organization

PREFIX_LENGTH = 12


class Reach(models.TextChoices):
    """How far a key goes."""

    OWN = "own", _("its own organization")
    TREE = "tree", _("its organization and those below")


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def current(self) -> Self:
        """Keep the keys that nobody revoked and whose creator can still sign in."""
        return self.filter(revoked_at=None, created_by__is_active=True)

    def of_secret(self, secret: str) -> Self:
        """Keep the key with this secret."""
        return self.filter(digest=digest_of(secret))


class ApiKey(models.Model):
    """A program's way in. Only a digest of the secret is kept, and its first characters to tell keys apart."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.CASCADE, related_name="api_keys"
    )
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("begins with"), max_length=PREFIX_LENGTH, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.EDITOR)
    reach = models.CharField(_("reach"), max_length=10, choices=Reach, default=Reach.OWN)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("created by"), on_delete=models.CASCADE, related_name="api_keys"
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="api_key_role_is_known"),
            models.CheckConstraint(condition=models.Q(reach__in=Reach.values), name="api_key_reach_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


def new_secret() -> str:
    """Return a new secret: 32 random bytes behind a prefix that secret scanners know."""
    return f"sk_live_{secrets.token_urlsafe(32)}"


def digest_of(secret: str) -> str:
    """Return the HMAC-SHA-256 of a key's secret, 64 hexadecimal characters, under the installation's own secret."""
    return hmac.new(
        settings.API_KEY_SECRET.encode(), secret.encode("utf-8", "surrogatepass"), hashlib.sha256
    ).hexdigest()
