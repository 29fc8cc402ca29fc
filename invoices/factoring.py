"""The published factors that are in force: the newest set that is loaded, as the table that the calculation reads."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from invoices.emissions.factors import Factor, FactorTable, Kind
from invoices.models import EmissionFactor, FactorSet

# The set in force, and those that somebody compares it with.
_TABLES_KEPT: Final = 4
_FIELDS: Final = tuple(
    field.name for field in EmissionFactor._meta.concrete_fields if field.name not in {"id", "factor_set"}
)


class NoFactors(Exception):
    """No emission factors are loaded yet; “manage.py load_reference_data” loads them."""


def current() -> FactorSet:
    """Return the set of factors that was loaded last; raise NoFactors."""
    newest = FactorSet.objects.order_by("-pk").first()
    if newest is None:
        raise NoFactors(str(NoFactors.__doc__))
    return newest


def table_of(factor_set: FactorSet) -> FactorTable:
    """Return the factors of a set, which never change: each process reads them once."""
    return _table(factor_set.pk, factor_set.checksum)


@lru_cache(maxsize=_TABLES_KEPT)
def _table(factor_set_id: int, checksum: str) -> FactorTable:
    # The checksum is there for a database whose keys begin anew: a rolled back set, a test, a copy put back.
    rows = EmissionFactor.objects.filter(factor_set=factor_set_id).order_by("pk").values(*_FIELDS)
    return FactorTable([_factor(row) for row in rows.iterator()])


def _factor(row: Mapping[str, object]) -> Factor:
    # A test says that the fields of the model are those of the dataclass.
    plain = {name: _plain(value) for name, value in row.items()}
    return Factor(**{**plain, "kind": Kind(str(row["kind"]))})  # type: ignore[arg-type]


def _plain(value: object) -> object:
    """Return a figure as it was published, without the zeros that its column has room for."""
    return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) else value
