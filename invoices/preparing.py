"""Reads what the calculation needs to know of invoices: an activity each, in few queries however many they are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from facilities.models import GuaranteeType, Organization
from invoices import grouping
from invoices.emissions.activity import Activity, Contract, CustomFactor
from invoices.models import CustomEmissionFactor, Invoice

_NEEDED: Final = (
    *("pk", "organization", "source_invoice", "type", "status", "updated_at"),
    *("quantity", "start_date", "end_date", "unit__name", "facility__country"),
    *("facility_fuel__code", "facility_fuel__country", "custom_emission_factor"),
    *("supplier", "supplier__register_link__register_name"),
    *("supply_contract", "supply_contract__supplier__register_link__register_name"),
    *("supply_contract__renewable_percentage", "supply_contract__guarantee_type"),
    *("supply_contract__certificate_number", "supply_contract__certificate_year"),
)


# The fields of a supply contract that say what it promises, in the order in which `promised` takes them.
PROMISED: Final = ("renewable_percentage", "certificate_number", "certificate_year", "guarantee_type")


@dataclass(frozen=True, slots=True)
class Prepared:
    """An invoice as the calculation sees it, and the moment that it was last changed when it was read."""

    invoice_id: UUID
    organization_id: UUID
    parent_id: UUID | None
    type: str
    status: str
    start_date: date
    end_date: date
    updated_at: datetime
    activity: Activity


def activities_of(*, organization_id: UUID, invoice_ids: Sequence[UUID]) -> dict[UUID, Prepared]:
    """
    Return what these invoices of an organization report, by id and in the order of their ids.

    Those that are not there, or not the organization's, are passed over; so are parents: their children stand for them.
    """
    rows = [row for part in grouping.sliced(sorted(set(invoice_ids))) for row in _read(organization_id, part)]
    custom = _custom_factors(organization_id, {row["custom_emission_factor"] for row in rows} - {None})
    return {row["pk"]: _prepared(row, custom.get(row["custom_emission_factor"], ())) for row in rows}


def promised(share: Decimal, certificate_number: str, certificate_year: int | None, guarantee_type: str) -> Contract:
    """Return what a supply contract promises, as the calculation sees it."""
    return Contract(
        renewable_share=share,
        certificate_number=certificate_number,
        certificate_year=certificate_year,
        is_cogeneration=guarantee_type == GuaranteeType.COGENERATION,
    )


def _read(organization_id: UUID, invoice_ids: Sequence[UUID]) -> Iterator[Mapping[str, Any]]:
    own = Invoice.objects.of(organization_id).counted().filter(pk__in=invoice_ids)
    yield from own.order_by("pk").values(*_NEEDED)


def _prepared(row: Mapping[str, Any], custom: tuple[CustomFactor, ...]) -> Prepared:
    return Prepared(
        invoice_id=row["pk"],
        organization_id=row["organization"],
        parent_id=row["source_invoice"],
        type=row["type"],
        status=row["status"],
        start_date=row["start_date"],
        end_date=row["end_date"],
        updated_at=row["updated_at"],
        activity=Activity(
            type=row["type"],
            quantity=row["quantity"],
            unit=row["unit__name"],
            start=row["start_date"],
            end=row["end_date"],
            country=row["facility__country"],
            fuel=row["facility_fuel__code"] or "",
            fuel_jurisdiction=row["facility_fuel__country"] or "",
            supplier=_supplier(row),
            contract=_contract(row),
            custom=custom,
        ),
    )


def _supplier(row: Mapping[str, Any]) -> str:
    """Return the name in the register of who supplied: the bill says it, else its contract does."""
    of_the = "" if row["supplier"] is not None else "supply_contract__"
    return row[f"{of_the}supplier__register_link__register_name"] or ""


def _contract(row: Mapping[str, Any]) -> Contract | None:
    if row["supply_contract"] is None:
        return None
    return promised(*(row[f"supply_contract__{name}"] for name in PROMISED))


def _custom_factors(organization_id: UUID, group_ids: set[UUID]) -> dict[UUID, tuple[CustomFactor, ...]]:
    """Return the factors of these groups, which are the organization's or of one above, by group, oldest first."""
    if not group_ids:
        return {}
    above = Organization.objects.line_of(organization_id)
    rows = CustomEmissionFactor.objects.filter(organization__in=above, group__in=group_ids)
    found: dict[UUID, tuple[CustomFactor, ...]] = {}
    for factor in rows.select_related("group", "unit").order_by("created_at", "pk"):
        found[factor.group_id] = (*found.get(factor.group_id, ()), _custom(factor))
    return found


def _custom(factor: CustomEmissionFactor) -> CustomFactor:
    return CustomFactor(
        name=factor.ef_name,
        unit=factor.unit.name,
        category=factor.group.category,
        gases={value["gas_type"]: Decimal(value["value"]) for value in factor.emission_factor_values},
        ghg_type=factor.group.ghg_type,
        valid_from=factor.factor_start_date,
        valid_to=factor.factor_end_date,
        source_id=str(factor.pk),
    )
