"""What contracts and invoices know of each other: supplies without an invoice, codes on no contract."""

from facilities.models import Organization, SupplyContract
from invoices import elsewhere
from invoices.elsewhere import Place


def supplies_without_invoices(*, organization: Organization) -> list[SupplyContract]:
    """Return the contracts, by code, whose supply no electricity invoice names. Contracts are few: all are read."""
    contracts = SupplyContract.objects.filter(organization=organization).select_related("facility")
    named = {
        contract: elsewhere.supply_of(contract.cups) for contract in contracts.order_by("cups", "start_date", "pk")
    }
    billed = elsewhere.places_of(organization=organization, supplies=set(named.values()))
    return [contract for contract, supply in named.items() if supply not in billed]


def codes_on_no_contract(*, organization: Organization) -> list[Place]:
    """Return the codes, those on the most invoices first, whose supply is on no contract of the organization."""
    contracts = SupplyContract.objects.filter(organization=organization).values_list("cups", flat=True)
    contracted = {elsewhere.supply_of(cups) for cups in contracts}
    return [
        place
        for supply, own in elsewhere.places_of(organization=organization).items()
        if supply not in contracted
        for place in own
    ]
