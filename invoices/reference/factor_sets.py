"""
Brings the published factors into the database: one set for each version of the tables, which never changes again.

Nothing is recalculated by it. Suppliers of our own table are linked to the published factor of their name when they are
new, or when the first factors come: a link that a person made stays, and one that a person withdrew stays away.
"""

from collections.abc import Collection
from dataclasses import asdict
from typing import Final
from uuid import UUID

from facilities.models import Supplier
from invoices.emissions import names, tables
from invoices.emissions.factors import Factor, Kind
from invoices.models import EmissionFactor, EmissionSource, FactorSet, SupplierLink

_ROWS_A_STATEMENT: Final = 1_000
_OF_A_SOURCE: Final = ("title", "publisher", "year", "licence", "address")


class FactorsChanged(Exception):
    """The tables of emission factors hold something else than what was loaded under the same version."""


def load(*, own_suppliers: Collection[UUID], new_suppliers: Collection[UUID]) -> FactorSet:
    """
    Write the sources, and the set of the tables' version unless it is there; return the set.

    The suppliers are those of our own table, and those of them that were just written. Raise FactorsChanged.
    """
    _load_sources()
    checksum = tables.checksum()
    is_first = not FactorSet.objects.exists()
    # Who loads the same version at the same moment waits here, and then finds it done.
    found, is_new = FactorSet.objects.get_or_create(version=tables.VERSION, defaults={"checksum": checksum})
    if found.checksum != checksum:
        raise FactorsChanged(
            f"Other emission factors were loaded as version {found.version}. What was calculated with them must stay "
            "explained: give the changed tables a version of their own"
        )
    factors = tables.read()
    if is_new:
        rows = [EmissionFactor(factor_set=found, **asdict(factor)) for factor in factors]
        EmissionFactor.objects.bulk_create(rows, batch_size=_ROWS_A_STATEMENT)
    _link(own_suppliers if is_first else new_suppliers, factors)
    return found


def _load_sources() -> None:
    sources = [
        EmissionSource(code=source.code, **{name: getattr(source, name) for name in _OF_A_SOURCE})
        for source in tables.sources()
    ]
    EmissionSource.objects.bulk_create(
        sources, update_conflicts=True, unique_fields=["code"], update_fields=_OF_A_SOURCE
    )


def _link(supplier_ids: Collection[UUID], factors: Collection[Factor]) -> None:
    """Link these suppliers to the published factor of their name, where there is one of exactly that name."""
    published = {(factor.jurisdiction, factor.subject) for factor in factors if factor.kind == Kind.SUPPLIER}
    known = Supplier.objects.filter(pk__in=supplier_ids).values_list("pk", "country", "name")
    named = [(pk, country, names.normalised(name)) for pk, country, name in known]
    links = [
        SupplierLink(supplier_id=pk, register_name=name) for pk, country, name in named if (country, name) in published
    ]
    SupplierLink.objects.bulk_create(links, ignore_conflicts=True)
