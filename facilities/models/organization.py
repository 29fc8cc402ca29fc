from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import connections, models
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id

# UNION, not UNION ALL: a loop in the tree, which the domain refuses, would still end.
_BELOW = """
    WITH RECURSIVE below(id) AS (
        {seeds}
        UNION SELECT child.id FROM facilities_organization child JOIN below ON child.parent_id = below.id
    ) SELECT id FROM below"""
_TREE = _BELOW.format(seeds="SELECT id FROM facilities_organization WHERE id = %s")
_REACH = _BELOW.format(seeds="SELECT organization_id FROM facilities_membership WHERE user_id = %s")
_LINE = """
    WITH RECURSIVE above(id, parent_id) AS (
        SELECT id, parent_id FROM facilities_organization WHERE id = %s
        UNION SELECT over.id, over.parent_id FROM facilities_organization over JOIN above ON over.id = above.parent_id
    ) SELECT id FROM above"""


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def tree_of(self, organization_id: UUID) -> Self:
        """Keep the organization itself and everything below it."""
        return self._found_by(_TREE, organization_id)

    def line_of(self, organization_id: UUID) -> Self:
        """Keep the organization itself and everything above it."""
        return self._found_by(_LINE, organization_id)

    def reached_by(self, user_id: UUID) -> Self:
        """Keep the organizations that a person is a member of, and everything below them."""
        return self._found_by(_REACH, user_id)

    def _found_by(self, sql: str, key: UUID) -> Self:
        # Raw SQL gets no conversion from Django, and SQLite stores a UUID as 32 characters.
        native = connections[self.db].features.has_native_uuid_field
        return self.filter(pk__in=RawSQL(sql, [key if native else key.hex]))  # noqa: S611 (constant SQL, bound value)


class Organization(models.Model):
    """A company, or a part of one: the tenant that owns facilities, contracts and invoices."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=200)
    parent = models.ForeignKey(
        "self", verbose_name=_("part of"), null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="facilities.Membership", related_name="organizations", editable=False
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("id")), name="organization_is_not_its_own_parent"
            )
        ]

    def __str__(self) -> str:
        return self.name
