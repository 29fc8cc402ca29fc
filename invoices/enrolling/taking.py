"""Filing what somebody chose of the list."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from facilities import contracting, locating
from facilities.access import Author
from facilities.models import Facility, Organization, SupplyContract
from invoices import elsewhere
from invoices.enrolling import placing
from invoices.enrolling.placing import State
from invoices.enrolling.reading import Supplies


class Enrolled(NamedTuple):
    """The contracts that were filed, and how many rows were chosen and are covered by others meanwhile."""

    contracts: Sequence[SupplyContract]
    known_count: int


@transaction.atomic
def enroll(*, organization: Organization, supplies: Supplies, chosen: Mapping[int, UUID], by: Author) -> Enrolled:
    """
    File the rows that somebody chose a facility for (by line) as manual contracts. It links no invoice.

    A row whose days are covered by a contract, or by a row above, is skipped. Raise locating.FacilityNotOfOrganization
    with nothing filed.
    """
    facilities = _hold(organization, set(chosen.values()))
    rows = [row for row in supplies.rows if row.line in chosen]
    contracts = placing.contracts_of(organization, {elsewhere.supply_of(row.cups) for row in rows})
    states = placing.states_of(rows, contracts)
    made = [
        contracting.create_contract(
            by=by,
            facility=facilities[chosen[row.line]],
            cups=row.cups,
            distributor_code=row.distributor,
            start_date=row.start_date,
            end_date=row.end_date,
        )
        for row in rows
        if states[row.line] is State.NEW
    ]
    return Enrolled(made, len(rows) - len(made))


def _hold(organization: Organization, ids: set[UUID]) -> dict[UUID, Facility]:
    """Lock the facilities in key order: of two who file one list, the second sees what the first has filed."""
    own = locating.facilities(organization=organization).filter(pk__in=ids).order_by("pk")
    # Not their keys, as archiving.hold has it.
    held = {facility.pk: facility for facility in own.select_for_update(no_key=True)}
    if foreign := ids - held.keys():
        raise locating.FacilityNotOfOrganization(min(foreign))
    return held
