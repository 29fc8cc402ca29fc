"""How a row is written down: locked, checked as its model states it, saved and noted in the log."""

from collections.abc import Mapping
from typing import Any, TypeVar

import structlog
from django.db import models, router
from django.db.models import QuerySet
from django.utils import timezone

from facilities.access import Author
from facilities.models import Organization

Row = TypeVar("Row", bound=models.Model)
_log = structlog.stdlib.get_logger("writing")


class Gone(Exception):
    """Somebody deleted the row in between."""


class InUse(Exception):
    """Other rows need this one, so it can't be deleted."""


def create(row: Row, by: Author) -> Row:
    """Check a new row, save it and return it. Raise ValidationError."""
    _check(row)
    row.save(force_insert=True)
    note("created", row, by)
    return row


def change(row: Row, changes: Mapping[str, Any], by: Author) -> Row:
    """Set fields of a row that is held, check it and save them. Raise ValidationError."""
    stamp = {"updated_at": timezone.now()} if hasattr(row, "updated_at") else {}
    values = {**changes, **stamp}
    for name, value in values.items():
        setattr(row, name, value)
    _check(row)
    _only(row).update(**values)
    note("changed", row, by)
    return row


def delete(row: models.Model, by: Author) -> None:
    """Delete a row that no other needs. Raise Gone or InUse."""
    current = held(row)
    check_unused(current)
    if _relations(current, models.CASCADE):
        current.delete()
    else:
        # Nothing goes with it and nothing needs it, as Django would find out by asking every tenant's rows.
        _only(current)._raw_delete(using=router.db_for_write(type(current)))  # noqa: SLF001 (no public way)
    note("deleted", current, by)


def held(row: Row) -> Row:
    """Lock a row until the transaction ends and return it as it is now. Raise Gone."""
    current = _only(row).select_for_update().first()
    if current is None:
        raise Gone(f"{row._meta.verbose_name} with id={row.pk!r} not found")
    return current


def check_unused(row: models.Model) -> None:
    """Raise InUse when a row that protects this one points at it, whichever app it is of."""
    owner = getattr(row, "organization_id", None)
    for relation in _relations(row, models.PROTECT):
        field = relation.field
        pointing = field.model._base_manager.filter(**{field.name: row})
        if hasattr(field.model, "organization_id"):
            # A tenant's row is pointed at by that tenant's alone; what all share, by anybody's.
            whose = {"organization": owner} if owner else {"organization__in": Organization.objects.all()}
            pointing = pointing.filter(**whose)
        if pointing.exists():
            raise InUse(f"{row} is in use: {field.model._meta.verbose_name_plural}")


def note(event: str, row: models.Model, by: Author) -> None:
    """Write a log line that says who did what to which row."""
    _log.info(event, model=row._meta.label_lower, id=str(row.pk), by=str(by.user.pk), through=by.through)


def _check(row: models.Model) -> None:
    """Raise ValidationError for a field or constraint. Keys are the database's to check: they came as objects."""
    keys = {field.name for field in row._meta.fields if field.is_relation}
    row.clean_fields(exclude=keys | {"password"})
    row.clean()
    row.validate_unique(exclude={"id"})
    row.validate_constraints(exclude={"id"})


def _only(row: Row) -> QuerySet[Row]:
    """Return the row as a queryset, which names its organization where it has one."""
    rows: QuerySet[Row] = type(row)._default_manager.filter(pk=row.pk)
    owner = getattr(row, "organization_id", None)
    return rows if owner is None else rows.filter(organization=owner)


def _relations(row: models.Model, on_delete: Any) -> list[models.ManyToOneRel]:
    """Return what points at rows like this one and does this when one is deleted."""
    pointing = row._meta.get_fields(include_hidden=True)
    return [one for one in pointing if isinstance(one, models.ManyToOneRel) and one.on_delete is on_delete]
