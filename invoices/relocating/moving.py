"""Planning a move of invoices, and carrying it out."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from facilities import locating
from facilities.access import Author
from facilities.models import Facility, FacilityStatus, Organization, SupplyContract
from invoices import closed_years, elsewhere, filing, grouping, linking
from invoices.closed_years import Period
from invoices.double_counting import Clash, Clashes
from invoices.models import CupsGroup, Invoice, InvoiceQuerySet, ProcessingJob, RelocatedInvoice, Relocation
from invoices.relocating import placing
from invoices.relocating.placing import Wish

# A supply has twelve bills a year: what has more at one place is no wrong facility.
MAX_MOVED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What a move would do. `digest` changes when any invoice of either group does, or the contract that one fits.

    `fitting` are the contracts of the other facility that invoices would be linked to, by invoice; `clashes` what these
    and the bills that it has count twice.
    """

    cups: str
    from_facility: Facility
    to_facility: Facility
    invoices: Sequence[Invoice]
    fitting: Mapping[UUID, SupplyContract]
    clashes: Mapping[Clash, Clashes]
    digest: str

    @property
    def contracts(self) -> Counter[SupplyContract]:
        """Return the contracts with how many invoices each would get."""
        return Counter(self.fitting.values())


class Moved(NamedTuple):
    """What was moved, and the job that calculates it anew."""

    relocation: Relocation
    job: ProcessingJob


class SameFacility(ValueError):
    """The invoices are at that facility already."""


class FacilityArchived(Exception):
    """Nothing is moved to a facility that is archived."""


class NothingToMove(Exception):
    """No invoice of the facility carries the code."""


class TooManyToMove(Exception):
    """More invoices carry the code there than are moved at once."""


class PlanChanged(Exception):
    """What was agreed to is not what would happen now. Carries the new plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__("The invoices have changed since the preview; look at the new one and confirm it")


def plan(*, organization: Organization, wish: Wish) -> Plan:
    """Work out what `move` would do, and write nothing. Raise what `move` raises, but for PlanChanged."""
    between = _facilities(organization, wish)
    groups = grouping.read(placing.keys(organization, wish))
    return _plan(organization, wish, between, groups, _standing(organization, wish))


@transaction.atomic
def move(*, organization: Organization, wish: Wish, by: Author, message: str = "", agreed: str | None = None) -> Moved:
    """
    Move every invoice of the group to the other facility, link each to the contract that fits there, and record it.

    `agreed` is the digest of the plan that somebody saw: with it, nothing but that plan is carried out. The code stays
    as it is. The recalculation is queued.

    Raise locating.FacilityNotOfOrganization, SameFacility, FacilityArchived, NothingToMove, TooManyToMove,
    filing.LockedByDatadis, filing.DistributedInvoice, closed_years.PeriodClosed or PlanChanged, each with nothing
    changed.
    """
    between = _facilities(organization, wish, held=True)
    keys = placing.keys(organization, wish)
    locked = grouping.lock(keys)
    standing = _standing(organization, wish).select_for_update(of=("self",))
    planned = _plan(organization, wish, between, locked, standing)
    if agreed is not None and agreed != planned.digest:
        raise PlanChanged(planned)

    relocation = Relocation.objects.create(
        organization=organization,
        cups=wish.cups,
        from_facility=planned.from_facility,
        to_facility=planned.to_facility,
        moved_count=len(planned.invoices),
        message=message.strip(),
        **by.recorded(),
    )
    _record(relocation, planned.invoices)
    placing.write(planned.invoices, planned.to_facility, planned.fitting, by)
    grouping.refresh(keys)
    return Moved(relocation, placing.recalculate(organization, planned.invoices, by))


def _facilities(organization: Organization, wish: Wish, *, held: bool = False) -> tuple[Facility, Facility]:
    """Return both facilities. What was filed at a deleted one can leave it."""
    own = Facility.objects.filter(organization=organization)
    from_facility = own.filter(pk=wish.from_facility_id).first()
    if from_facility is None:
        raise locating.FacilityNotOfOrganization(wish.from_facility_id)
    # Before the groups, as an archiving waits for no group; and not its key, which who inserts a group shares.
    present = own.present().select_for_update(of=("self",), no_key=True) if held else own.present()
    to_facility = present.filter(pk=wish.to_facility_id).first()
    if to_facility is None:
        raise locating.FacilityNotOfOrganization(wish.to_facility_id)
    if from_facility == to_facility:
        raise SameFacility("The invoices are at that facility already")
    if to_facility.status == FacilityStatus.ARCHIVED:
        raise FacilityArchived(f"{to_facility.name} is archived; nothing is moved there")
    return from_facility, to_facility


def _standing(organization: Organization, wish: Wish) -> InvoiceQuerySet:
    """Return the invoices of the group that shall leave."""
    own = Invoice.objects.of(organization.pk).grouped().filter(facility=wish.from_facility_id, cups=wish.cups)
    return own.select_related("unit", "facility", "supply_contract").order_by("start_date", "pk")


def _plan(
    organization: Organization,
    wish: Wish,
    between: tuple[Facility, Facility],
    groups: Sequence[CupsGroup],
    standing: QuerySet[Invoice],
) -> Plan:
    """Work out the plan from the groups and invoices that are there, locked or only read."""
    from_facility, to_facility = between
    invoices = list(standing[: MAX_MOVED + 1])
    _check(wish, from_facility, invoices)
    fitting = placing.fitting(invoices, to_facility)
    return Plan(
        cups=wish.cups,
        from_facility=from_facility,
        to_facility=to_facility,
        invoices=invoices,
        fitting=fitting,
        clashes=elsewhere.clashes_between(
            organization=organization, moving=_standing(organization, wish), facility_id=to_facility.pk
        ),
        digest=_digest(wish, groups, fitting),
    )


def _check(wish: Wish, from_facility: Facility, invoices: Sequence[Invoice]) -> None:
    if not invoices:
        raise NothingToMove(f"No electricity invoice at {from_facility.name} carries {wish.cups}")
    if len(invoices) > MAX_MOVED:
        raise TooManyToMove(f"More than {MAX_MOVED} invoices carry {wish.cups} there: they are not moved at once")
    if any(map(linking.is_backed, invoices)):
        raise filing.LockedByDatadis("Invoices are backed by a Datadis supply contract: their facility can't change")
    if any(invoice.source_invoice_id is not None for invoice in invoices):
        raise filing.DistributedInvoice("Some are parts of a distributed invoice, whose facilities are its own")
    closed_years.check(map(Period.of, invoices))


def _digest(wish: Wish, groups: Sequence[CupsGroup], fitting: Mapping[UUID, SupplyContract]) -> str:
    """Digest what was asked, the revision of both groups, and which contract each invoice would have."""
    revisions = {group.facility_id: group.revision for group in groups if group.invoice_count}
    lines = [*map(str, wish), *(str(revisions.get(place)) for place in wish[1:])]
    lines += [f"{invoice_id} {contract.pk}" for invoice_id, contract in sorted(fitting.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _record(relocation: Relocation, invoices: Sequence[Invoice]) -> None:
    rows = [
        RelocatedInvoice(
            relocation=relocation,
            organization_id=relocation.organization_id,
            invoice_id=invoice.pk,
            invoice_number=invoice.invoice_number,
            start_date=invoice.start_date,
            end_date=invoice.end_date,
            previous_contract_id=invoice.supply_contract_id,
        )
        for invoice in invoices
    ]
    RelocatedInvoice.objects.bulk_create(rows, batch_size=500)
