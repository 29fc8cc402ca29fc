"""Reads the project's own tables of factors: `data/*.csv`, each row with the id of its source."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Final

from invoices.emissions import names
from invoices.emissions.factors import WORLD, Factor, Kind

# Another figure or another row is another version: what was calculated says which one it was calculated with.
VERSION: Final = "2026.1"

_FOLDER: Final = Path(__file__).parent / "data"
_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Source:
    """A publication that figures were taken from. `year` is text: some cover several."""

    id: str
    title: str
    publisher: str
    year: str
    licence: str
    address: str

    @property
    def code(self) -> str:
        """The id, as the database calls it."""
        return self.id


def read() -> list[Factor]:
    """Return every factor of the tables; an empty field is None, and 0 a value."""
    return [
        *map(_grid, _rows("grid")),
        *map(_by_kind, _rows("residual_mix")),
        *map(_supplier, _rows("suppliers")),
        *map(_loss, _rows("losses")),
        *map(_by_kind, _rows("upstream")),
        *map(_fuel, _rows("fuels")),
        *map(_water, _rows("water")),
        *map(_gwp, _rows("gwp")),
        *conversions(),
    ]


def conversions() -> list[Factor]:
    """Return what units convert by: everywhere (ZZ), or one fuel (its label) in one country."""
    return [_conversion(row) for row in _rows("units")]


def sources() -> list[Source]:
    """Return the publications that `source_id` names; two of them are joined by a plus there."""
    return [Source(**row) for row in _rows("sources")]


def checksum() -> str:
    """Return the SHA-256 of the tables' bytes, file after file by name, in hexadecimal."""
    return sha256(b"".join(path.read_bytes() for path in sorted(_FOLDER.glob("*.csv")))).hexdigest()


def _rows(table: str) -> Iterator[dict[str, str]]:
    with (_FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _figure(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _year(row: Mapping[str, str]) -> tuple[date, date]:
    return date(int(row["year"]), 1, 1), date(int(row["year"]), 12, 31)


def _of_a_year(
    row: Mapping[str, str], *, kind: Kind, value: str, unit: str, label: str = "", detail: str = ""
) -> Factor:
    start, end = _year(row)
    return Factor(
        kind=kind,
        jurisdiction=row["country"],
        subject=names.normalised(label),
        unit=unit,
        valid_from=start,
        valid_to=end,
        value=_figure(row[value]),
        gas=row.get("gas", ""),
        source_id=row["source_id"],
        label=label,
        detail=detail,
    )


def _grid(row: Mapping[str, str]) -> Factor:
    kind = Kind(f"grid_{row['basis']}")
    return _of_a_year(row, kind=kind, value="kg_per_kwh", unit="kWh", detail=row["detail"])


def _by_kind(row: Mapping[str, str]) -> Factor:
    return _of_a_year(row, kind=Kind(row["kind"]), value="kg_per_kwh", unit="kWh")


def _supplier(row: Mapping[str, str]) -> Factor:
    return _of_a_year(
        row,
        kind=Kind.SUPPLIER,
        value="kg_per_kwh",
        unit="kWh",
        label=row["supplier"],
        detail=row["kind"],
    )


def _loss(row: Mapping[str, str]) -> Factor:
    return _of_a_year(row, kind=Kind.LOSS, value="share_of_output", unit="")


def _water(row: Mapping[str, str]) -> Factor:
    return _of_a_year(row, kind=Kind(f"water_{row['part']}"), value="kg_per_m3", unit="m³")


def _fuel(row: Mapping[str, str]) -> Factor:
    return Factor(
        kind=Kind.FUEL,
        jurisdiction=row["jurisdiction"],
        subject=row["fuel"],
        unit=row["unit"],
        valid_from=date(int(row["year_from"]), 1, 1),
        valid_to=date(int(row["year_to"]), 12, 31),
        value=_figure(row["kgco2e"]),
        gas=row["gas"],
        kgco2_fossil=_figure(row["kgco2_fossil"]),
        gch4=_figure(row["gch4"]),
        gn2o=_figure(row["gn2o"]),
        kgco2_biogenic=_figure(row["kgco2_biogenic"]),
        ncv_kwh=_figure(row["ncv_kwh"]),
        gcv_kwh=_figure(row["gcv_kwh"]),
        density_kg_per_l=_figure(row["density_kg_per_l"]),
        wtt=_figure(row["wtt"]),
        gwp_set=row["gwp_set"],
        source_id=row["source_id"],
        wtt_source_id=row["wtt_source_id"],
        label=row["name"],
        detail=row["detail"],
    )


def _gwp(row: Mapping[str, str]) -> Factor:
    return Factor(
        kind=Kind.GWP,
        jurisdiction=WORLD,
        subject=row["gas"],
        unit="kg",
        valid_from=_FIRST_DAY,
        valid_to=_LAST_DAY,
        value=_figure(row["gwp_100"]),
        gas=row["gas"],
        gwp_set=row["gwp_set"],
        source_id=row["source_id"],
    )


def _conversion(row: Mapping[str, str]) -> Factor:
    start, end = _year(row) if row["year"] else (_FIRST_DAY, _LAST_DAY)
    return Factor(
        kind=Kind.UNIT_CONVERSION,
        jurisdiction=row["jurisdiction"],
        subject=row["from_unit"],
        unit=row["to_unit"],
        valid_from=start,
        valid_to=end,
        value=_figure(row["factor"]),
        source_id=row["source_id"],
        label=row["fuel"],
        detail=row["status"],
    )
