"""Bring units, fuels and suppliers up to date. Doing it again changes nothing."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction

from facilities.models import Supplier
from invoices.models import FacilityFuel, FuelUnit, Unit

_FOLDER: Final = Path(__file__).parent


class Loaded(NamedTuple):
    """How much reference data there is now."""

    units: int
    fuels: int
    suppliers: int


@transaction.atomic
def load() -> Loaded:
    """
    Write what the tables hold and the database does not; return how much there is then.

    A unit and a fuel become what the table says. A supplier that is there already stays as it is, since staff may have
    corrected it. Nothing is deleted: invoices may name it.
    """
    _load_units()
    _load_fuels()
    _load_suppliers()
    return Loaded(*(model._default_manager.count() for model in (Unit, FacilityFuel, Supplier)))


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


def _load_suppliers() -> None:
    suppliers = [
        Supplier(id=UUID(row["id"]), country=row["country"], type=row["type"], name=row["name"])
        for row in _rows("suppliers")
    ]
    # A conflict of the id or of the name: in both cases it is there.
    Supplier.objects.bulk_create(suppliers, ignore_conflicts=True)


def _rows(table: str) -> Iterator[Mapping[str, str]]:
    with (_FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
