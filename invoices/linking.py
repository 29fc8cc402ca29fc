"""Which supply contract an invoice is backed by when nobody names one."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from uuid import UUID

from facilities.models import ContractSource, SupplyContract
from invoices import cups as cups_codes
from invoices.models import Invoice

# ES, 16 digits and 2 letters name the supply; what follows names a point of it.
_OF_THE_SUPPLY = 20


def contracts_of(rows: Sequence[Invoice]) -> dict[UUID, SupplyContract]:
    """
    Return by invoice the manual contract of its facility for the same supply whose dates cover its start.

    The same supply is the same first 20 characters, written plainly. Of several contracts it is the one that began
    last; active or not, since an old invoice was billed under an old contract. Never one of Datadis: those links are
    the connector's.
    """
    coded = [row for row in rows if row.cups and row.facility_id]
    newest_first = list(
        SupplyContract.objects.filter(
            organization__in={row.organization_id for row in coded},
            facility__in={row.facility_id for row in coded},
            source=ContractSource.MANUAL,
        ).order_by("-start_date", "-pk")
        if coded
        else ()
    )
    by_supply: dict[tuple[UUID | None, str], list[SupplyContract]] = {}
    for contract in newest_first:
        by_supply.setdefault((contract.facility_id, supply_of(contract.cups)), []).append(contract)
    found: dict[UUID, SupplyContract] = {}
    for row in coded:
        own = by_supply.get((row.facility_id, supply_of(row.cups)), ())
        fitting = next((contract for contract in own if _covers(contract, row.start_date)), None)
        if fitting is not None:
            found[row.pk] = fitting
    return found


def is_backed(invoice: Invoice) -> bool:
    """Tell whether a Datadis contract backs the invoice, whose contract is read unless it is at hand."""
    return invoice.supply_contract is not None and invoice.supply_contract.source == ContractSource.DATADIS


@lru_cache(maxsize=16_384)
def supply_of(code: str) -> str:
    """Return the first 20 characters of a code, capitals without separators; fewer where it has fewer."""
    return cups_codes.parse(code).clean[:_OF_THE_SUPPLY]


def _covers(contract: SupplyContract, day: date) -> bool:
    return contract.start_date <= day and (contract.end_date is None or day <= contract.end_date)
