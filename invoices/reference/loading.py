"""Bring units, fuels, suppliers and factors up to date. Doing it again changes nothing."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction

from facilities.models import Supplier
from invoices.models import EmissionFactor, FacilityFuel, FuelUnit, Unit
from invoices.reference import factor_sets

_FOLDER: Final = Path(__file__).parent


class Loaded(NamedTuple):
    """How much reference data there is now."""

    units: int
    fuels: int
    suppliers: int
    version: str
    factors: int


@transaction.atomic
def load() -> Loaded:
    """
    Write what the tables hold and the database does not; return how much there is then.

    A unit and a fuel become what the table says. A supplier that is there already stays as it is, since staff may have
    corrected it. Nothing is deleted: invoices may name it. The factors of a version are written once.

    Raise factor_sets.FactorsChanged, with nothing written.
    """
    _load_units()
    _load_fuels()
    own, new = _load_suppliers()
    factor_set = factor_sets.load(own_suppliers=own, new_suppliers=new)
    units, fuels, suppliers = (model._default_manager.count() for model in (Unit, FacilityFuel, Supplier))
    factors = EmissionFactor.objects.filter(factor_set=factor_set).count()
    return Loaded(units, fuels, suppliers, factor_set.version, factors)


def _load_units() -> None:
    for row in _rows("units"):
        told = {"symbol": row["symbol"], "type": row["type"]}
        Unit.objects.update_or_create(name=row["name"], defaults=told, create_defaults={"id": UUID(row["id"]), **told})


def _load_fuels() -> None:
    units = dict(Unit.objects.values_list("name", "pk"))
    for row in _rows("fuels"):
        told = {"code": row["code"], "type": row["type"], "ghg_type": int(row["ghg_type"])}
        fuel, _is_new = FacilityFuel.objects.update_or_create(
            country=row["country"], name=row["name"], defaults=told, create_defaults={"id": UUID(row["id"]), **told}
        )
        _give_units(fuel, [units[name] for name in row["units"].split()])


def _give_units(fuel: FacilityFuel, unit_ids: list[UUID]) -> None:
    """Write the units of a fuel in their order, unless they stand so already."""
    known = FuelUnit.objects.filter(fuel=fuel)
    if list(known.order_by("position").values_list("unit_id", flat=True)) == unit_ids:
        return
    known.delete()
    FuelUnit.objects.bulk_create(
        FuelUnit(fuel=fuel, unit_id=unit_id, position=position) for position, unit_id in enumerate(unit_ids)
    )


def _load_suppliers() -> tuple[set[UUID], set[UUID]]:
    """Write the suppliers of the table that are not there; return the ids of all of them, and of those just written."""
    suppliers = [
        Supplier(id=UUID(row["id"]), country=row["country"], type=row["type"], name=row["name"])
        for row in _rows("suppliers")
    ]
    ids = {supplier.pk for supplier in suppliers}
    before = set(Supplier.objects.filter(pk__in=ids).values_list("pk", flat=True))
    # A conflict of the id or of the name: in both cases it is there.
    Supplier.objects.bulk_create(suppliers, ignore_conflicts=True)
    return ids, ids - before


def _rows(table: str) -> Iterator[Mapping[str, str]]:
    with (_FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
