"""
Which invoices match a contract since their code was rewritten, and linking them to it.

A wrong code matched no contract; the right one may. Nothing is linked by itself: a person sees the kilograms before and
after, and says so. What Datadis says of its own contracts is the connector's to link.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypedDict, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from facilities import locating
from facilities.access import Author
from facilities.models import ContractSource, Organization, SupplyContract
from invoices import (
    calculating,
    closed_years,
    factoring,
    grouping,
    linking,
    preparing,
    recalculating,
    recording,
    undoing,
)
from invoices.calculating import Figures
from invoices.closed_years import Period
from invoices.emissions.activity import Activity
from invoices.emissions.trace import Flag
from invoices.grouping import GroupKey
from invoices.models import (
    ClosingAction,
    Consolidation,
    EmissionCategory,
    Invoice,
    InvoiceEmission,
    JobAction,
    ProcessingJob,
)

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

# The one category that a contract changes.
_CHANGED: Final = EmissionCategory.ELECTRICITY

# What is worked out while somebody waits, and linked at once. The next ones show once these are linked.
MAX_LINKED: Final = 1_000


class _Fitting(TypedDict):
    """What is added to an invoice: the id of the contract that it fits."""

    fitting: UUID


_Fitted: TypeAlias = "WithAnnotations[Invoice, _Fitting]"


@dataclass(frozen=True, slots=True)
class Match:
    """
    A contract that invoices of a consolidation fit and are not linked to.

    `invoice_count` of them can be linked, `closed_count` have days in a closed year and stay as they are.
    """

    contract: SupplyContract
    invoice_count: int
    closed_count: int


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What `link` would do to these invoices. `digest` changes when one of them or the contract does.

    `before` is kg CO2e market-based as stored, `after` as it would be with the contract; each the sum of the invoices
    that have such a figure, None where none has. `missing_before` and `missing_after` have none; `unproved` have a day
    in a year that the contract's evidence is not for.
    """

    contract: SupplyContract
    invoices: Sequence[Invoice]
    digest: str
    before: Decimal | None
    after: Decimal | None
    missing_before: int
    missing_after: int
    unproved: int


class Linked(NamedTuple):
    """How many invoices were linked, and the job that calculates them anew."""

    invoice_count: int
    job: ProcessingJob


class MatchChanged(Exception):
    """What was agreed to is not what would happen now."""

    def __init__(self) -> None:
        super().__init__("The invoices or the contract have changed since the preview; look again and confirm")


def matches(*, organization: Organization, consolidation: Consolidation) -> list[Match]:
    """Return the contracts that standing invoices of a consolidation fit and are not linked to, the fullest first."""
    contracts = _candidates(organization, consolidation)
    if not contracts:
        return []
    closed = _closed(organization)
    unlinked = _unlinked(organization, consolidation, contracts).values_list(
        "fitting", "start_date__year", "end_date__year"
    )
    counts: dict[UUID, list[int]] = {}
    for contract_id, first, last, count in unlinked.annotate(count=Count("pk")).order_by():
        is_closed = not closed.isdisjoint(range(first, last + 1))
        counts.setdefault(contract_id, [0, 0])[is_closed] += count
    found = [Match(contracts[contract_id], *count) for contract_id, count in counts.items()]
    return sorted(found, key=lambda match: (-match.invoice_count, -match.closed_count, match.contract.pk))


def plan(*, organization: Organization, consolidation: Consolidation, contract_id: UUID) -> Plan:
    """
    Work out what `link` would do, and write nothing.

    Raise locating.ContractNotFound for a contract that no invoice of the consolidation could fit, factoring.NoFactors.
    """
    contracts = _candidates(organization, consolidation)
    contract = _among(contracts, contract_id)
    linkable = _linkable(organization, consolidation, contracts, contract).select_related("unit")
    invoices = list(linkable[:MAX_LINKED])
    before = _stored(organization, invoices)
    results = _with_contract(organization, invoices, contract)
    after = [figures.co2e for figures in results if figures.co2e is not None]
    return Plan(
        contract=contract,
        invoices=invoices,
        digest=_digest(contract, invoices),
        before=sum(before, Decimal(0)) if before else None,
        after=sum(after, Decimal(0)) if after else None,
        missing_before=len(invoices) - len(before),
        missing_after=len(results) - len(after),
        unproved=sum(Flag.NO_EVIDENCE in figures.flags.split() for figures in results),
    )


@transaction.atomic
def link(*, organization: Organization, consolidation_id: UUID, contract_id: UUID, by: Author, agreed: str) -> Linked:
    """
    Link the invoices of a consolidation that fit a contract to it, and queue their recalculation as one job.

    `agreed` is the digest of the plan that somebody saw: nothing but that plan is carried out. Each link is logged as a
    change of its invoice.

    Raise undoing.ConsolidationNotFound, locating.ContractNotFound, MatchChanged or closed_years.PeriodClosed, each with
    nothing changed.
    """
    done = undoing.find(organization=organization, consolidation_id=consolidation_id)
    seen = _among(_candidates(organization, done), contract_id)
    key = GroupKey(organization.pk, seen.facility_id, done.target_cups)
    grouping.lock((), where_present=[key])
    # Once the group is held no invoice comes or goes; the contracts may have changed until now.
    contracts = _candidates(organization, done, held=True)
    contract = _among(contracts, contract_id)
    linkable = _linkable(organization, done, contracts, contract)
    invoices = list(linkable.select_for_update(of=("self",))[:MAX_LINKED])
    if not invoices or agreed != _digest(contract, invoices):
        raise MatchChanged
    closed_years.check(map(Period.of, invoices))

    for invoice in invoices:
        recording.changed(invoice, {"supply_contract": contract}, by)
    own = Invoice.objects.of(organization.pk).filter(pk__in=[invoice.pk for invoice in invoices])
    own.update(supply_contract=contract, updated_at=timezone.now())
    grouping.refresh([key])
    job = recalculating.queue_calculation(
        organization=organization, invoices=invoices, by=by, action=JobAction.RECALCULATE
    )
    return Linked(len(invoices), job)


def _candidates(organization: Organization, done: Consolidation, *, held: bool = False) -> dict[UUID, SupplyContract]:
    """Return the manual contracts of the rewritten facilities that are for the supply which the target names."""
    supply = linking.supply_of(done.target_cups)
    manual = SupplyContract.objects.filter(organization=organization, source=ContractSource.MANUAL)
    manual = manual.select_related("facility", "supplier__register_link").order_by("pk")
    if held:
        # Their keys stay: who links another invoice to one need not wait.
        manual = manual.select_for_update(of=("self",), no_key=True)
    return {
        contract.pk: contract
        for part in grouping.sliced(sorted(map(UUID, done.affected_facilities)))
        for contract in manual.filter(facility__in=part)
        if linking.supply_of(contract.cups) == supply
    }


def _among(contracts: Mapping[UUID, SupplyContract], contract_id: UUID) -> SupplyContract:
    if contract_id not in contracts:
        raise locating.ContractNotFound(contract_id)
    return contracts[contract_id]


def _unlinked(
    organization: Organization, done: Consolidation, contracts: Collection[UUID]
) -> "QuerySet[_Fitted, _Fitted]":
    """
    Return the invoices that stand as the consolidation left them and fit a contract (`fitting`) other than their own.

    As one statement however many they are, by the rule of `linking.contracts_of`: a test holds them together.
    """
    fitting = (
        SupplyContract.objects.filter(
            organization=organization,
            pk__in=list(contracts),
            facility=OuterRef("facility"),
            start_date__lte=OuterRef("start_date"),
        )
        .filter(Q(end_date=None) | Q(end_date__gte=OuterRef("start_date")))
        .order_by("-start_date", "-pk")
    )
    rewritten = undoing.outstanding(done).values("invoice_id")
    standing = (
        Invoice.objects.of(organization.pk).grouped().rewritable().filter(pk__in=rewritten, cups=done.target_cups)
    )
    found = standing.annotate(fitting=Subquery(fitting.values("pk")[:1])).filter(fitting__isnull=False)
    # The plugin knows the name but not our type of what was added.
    return cast("QuerySet[_Fitted, _Fitted]", found.exclude(supply_contract=F("fitting")))


def _linkable(
    organization: Organization, done: Consolidation, contracts: Collection[UUID], contract: SupplyContract
) -> "QuerySet[_Fitted, _Fitted]":
    """Return the unlinked invoices that fit a contract and have no day in a closed year, the oldest first."""
    found = _unlinked(organization, done, contracts).filter(fitting=contract.pk)
    for year in sorted(_closed(organization)):
        found = found.exclude(start_date__lte=date(year, 12, 31), end_date__gte=date(year, 1, 1))
    return found.order_by("start_date", "pk")


def _closed(organization: Organization) -> set[int]:
    words = closed_years.last_words(organization_id=organization.pk)
    return {year for year, event in words.items() if event.action == ClosingAction.CLOSED}


def _digest(contract: SupplyContract, invoices: Sequence[Invoice]) -> str:
    """Digest the contract and the invoices, each with the moment when it was last changed."""
    moments = {row.pk: row.updated_at for row in invoices}
    lines = [f"{pk} {moment.isoformat()}" for pk, moment in {contract.pk: contract.updated_at, **moments}.items()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _stored(organization: Organization, invoices: Sequence[Invoice]) -> list[Decimal]:
    """Return the results that stand, in kg CO2e, of the invoices that have one."""
    ids = [invoice.pk for invoice in invoices]
    results = InvoiceEmission.objects.filter(organization=organization, invoice__in=ids, activity_category=_CHANGED)
    return [co2e for co2e in results.values_list("co2e", flat=True) if co2e is not None]


def _with_contract(organization: Organization, invoices: Sequence[Invoice], contract: SupplyContract) -> list[Figures]:
    """Return the results that there would be."""
    table = factoring.table_of(factoring.current())
    linked = {invoice.pk: invoice for invoice in invoices}
    reported = calculating.activities_of(organization_id=organization.pk, invoice_ids=list(linked))
    imagined = (_linked(linked[pk], prepared.activity, contract) for pk, prepared in reported.items())
    return [calculating.computed(activity, table, _CHANGED)[_CHANGED] for activity in imagined]


def _linked(invoice: Invoice, reported: Activity, contract: SupplyContract) -> Activity:
    """Return what an invoice would report if it were linked to the contract, as `preparing` would then read it."""
    supplier = reported.supplier if invoice.supplier_id else _register_name(contract)
    promised = preparing.promised(*(getattr(contract, name) for name in preparing.PROMISED))
    return replace(reported, supplier=supplier, contract=promised)


def _register_name(contract: SupplyContract) -> str:
    link = getattr(contract.supplier, "register_link", None)
    return link.register_name if link else ""
