"""Supply contracts of the demo: those that the distributors' platform knows, and those that somebody typed in."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from facilities.models import ContractSource, SupplyContract
from invoices.demo.drawing import chance, key
from invoices.demo.reference import Reference
from invoices.demo.supplies import Supply
from invoices.models import Invoice, InvoiceSource

_CODE_LENGTH: Final = 20
_RENEWABLE_SHARES: Final = (Decimal(0), Decimal(0), Decimal("0.5"), Decimal(1))


def of_supplies(supplies: Iterable[Supply], reference: Reference) -> dict[str, SupplyContract]:
    """Return the contract of each supply that has one, by the supply's code."""
    return {supply.cups: _contract(supply, supply.contract, reference) for supply in supplies if supply.contract}


def link(invoice: Invoice, supply: Supply, contracts: Mapping[str, SupplyContract]) -> None:
    """
    Back an invoice by its supply's contract where filing would: at the contract's facility, from its first day on.

    Datadis brings the code as it is; a bill that was typed in matches by the 20 characters that identify a supply.
    """
    contract = contracts.get(supply.cups)
    if contract is None or invoice.facility_id != contract.facility_id or invoice.start_date < contract.start_date:
        return
    if contract.source == ContractSource.DATADIS:
        if invoice.cups == contract.cups:
            invoice.supply_contract_id = contract.pk
            invoice.source = InvoiceSource.DATADIS
    elif invoice.cups[:_CODE_LENGTH] == contract.cups[:_CODE_LENGTH]:
        invoice.supply_contract_id = contract.pk


def _contract(supply: Supply, source: ContractSource, reference: Reference) -> SupplyContract:
    draw = chance(f"contract of {supply.cups}")
    signed = date(draw.choice([2022, 2023, 2024]), draw.randint(1, 12), 1)
    share = draw.choice(_RENEWABLE_SHARES)
    return SupplyContract(
        id=contract_id(supply.cups),
        organization_id=supply.place.organization_id,
        facility_id=supply.place.id,
        cups=supply.cups,
        supplier_id=reference.suppliers[supply.sellers[-1]],
        source=source,
        distributor_code=supply.cups[2:6],
        start_date=signed,
        # Archiving a facility ends what was agreed for it.
        is_active=not supply.place.is_archived,
        end_date=date(2024, 12, 31) if supply.place.is_archived else None,
        renewable_percentage=share,
        certificate_number=f"GDO-{draw.randrange(10**5, 10**6)}" if share else "",
        certificate_year=2024 if share else None,
        created_at=datetime(signed.year, signed.month, 1, 9, tzinfo=UTC),
        updated_at=datetime(signed.year, signed.month, 1, 9, tzinfo=UTC),
    )


def contract_id(code: str) -> UUID:
    """Return the key of the contract of a supply."""
    return key("contract", code)
