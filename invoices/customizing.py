"""
Emission factors that an organization brings itself, in groups that an invoice may name.

A group is used by its organization and all below it, and written by its organization alone. Factors are never changed:
what was calculated with them must stay explained.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from facilities import writing
from facilities.access import Author
from facilities.models import Organization
from invoices import vetting
from invoices.models import CustomEmissionFactor, CustomEmissionGroup, GasType, Unit


class GasValue(NamedTuple):
    """How much of a gas one unit emits, in kg."""

    gas_type: str
    value: Decimal


class FactorFields(TypedDict, total=False):
    """What a factor may say besides what it must. Both days count; one that is not given is open."""

    tag: str
    factor_start_date: date | None
    factor_end_date: date | None
    renewable_percentage: Decimal | None


class GroupNotFound(Exception):
    """No such group in this organization or above it."""

    def __init__(self, group_id: object) -> None:
        super().__init__(f"CustomEmissionGroup with id={group_id!r} not found")


class GroupOfOneAbove(Exception):
    """The group may be used here, but is written where it belongs."""


class RepeatedGas(ValueError):
    """A gas stands twice in one factor, or CO2e beside the gases that it is the sum of."""


def groups(*, organization: Organization) -> QuerySet[CustomEmissionGroup]:
    """Return the groups that an organization may use: its own and those of the ones above it, by name."""
    line = Organization.objects.line_of(organization.pk)
    return CustomEmissionGroup.objects.filter(organization__in=line).order_by("name", "pk")


def group(*, organization: Organization, group_id: UUID) -> CustomEmissionGroup:
    """Return one of those groups; raise GroupNotFound."""
    found = groups(organization=organization).filter(pk=group_id).first()
    if found is None:
        raise GroupNotFound(group_id)
    return found


def factors(*, organization: Organization, group_id: UUID) -> QuerySet[CustomEmissionFactor]:
    """Return the factors of a group with their units, the oldest first; raise GroupNotFound."""
    of = group(organization=organization, group_id=group_id)
    own = CustomEmissionFactor.objects.filter(organization=of.organization_id, group=of)
    return own.select_related("unit").order_by("created_at", "pk")


@transaction.atomic
def create_group(
    *, organization: Organization, name: str, ghg_type: int, by: Author, description: str = "", category: str = ""
) -> CustomEmissionGroup:
    """Make a group, without factors yet."""
    made = CustomEmissionGroup(
        organization=organization,
        name=name,
        description=description,
        category=category,
        ghg_type=ghg_type,
        created_by=by.user,
    )
    return writing.create(made, by)


@transaction.atomic
def create_factor(
    *,
    organization: Organization,
    group_id: UUID,
    ef_name: str,
    unit_id: UUID,
    values: Sequence[GasValue],
    by: Author,
    **fields: Unpack[FactorFields],
) -> CustomEmissionFactor:
    """
    Add a factor to a group of the organization.

    Raise GroupNotFound, GroupOfOneAbove, vetting.UnitDoesNotFit, RepeatedGas or vetting.InvalidPeriod.
    """
    of = group(organization=organization, group_id=group_id)
    if of.organization_id != organization.pk:
        raise GroupOfOneAbove(f"The group “{of.name}” belongs to an organization above: its factors are written there")
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None:
        raise vetting.UnitDoesNotFit(unit_id)
    _check_gases([value.gas_type for value in values])
    start, end = fields.get("factor_start_date"), fields.get("factor_end_date")
    if start is not None and end is not None:
        vetting.check_period(start, end)
    made = CustomEmissionFactor(
        organization=organization,
        group=of,
        ef_name=ef_name,
        unit=unit,
        # As text: a float would not give back what came.
        emission_factor_values=[{"gas_type": gas, "value": f"{value:f}"} for gas, value in values],
        created_by=by.user,
        **fields,
    )
    return writing.create(made, by)


def _check_gases(gases: Sequence[str]) -> None:
    if len(set(gases)) < len(gases):
        raise RepeatedGas("Each gas may stand once")
    if GasType.CO2E in gases and set(gases) - {GasType.CO2E, GasType.CO2_BIOGENIC}:
        raise RepeatedGas(f"{GasType.CO2E} is the sum of all gases: it stands alone, or beside {GasType.CO2_BIOGENIC}")
