"""Create, change and delete an invoice, whole or distributed over facilities. Keeps the groups true."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from facilities import access
from facilities.access import Author
from facilities.models import Organization, Role, Supplier, SupplyContract, User
from invoices import (
    calculating,
    closed_years,
    families,
    grouping,
    linking,
    recalculating,
    recording,
    resolving,
    settling,
    vetting,
)
from invoices import cups as cups_codes
from invoices.closed_years import Period
from invoices.grouping import GroupKey
from invoices.models import CustomEmissionGroup, FacilityFuel, Invoice, InvoiceStatus, JobAction, ProcessingJob, Unit
from invoices.vetting import Share

# What the contract of an invoice follows from, and what its emissions follow from.
_LINKS_BY: Final = frozenset({"cups", "facility", "start_date"})
CALCULATED_FROM: Final = frozenset(
    {
        *("facility", "supplier", "supply_contract", "facility_fuel", "custom_emission_factor"),
        *("type", "unit", "base_quantity", "quantity", "start_date", "end_date"),
    }
)
# What may still change in a year that was reported: no figure follows from it.
_NEVER_REPORTED: Final = frozenset({"cups", "invoice_number", "file_id", "file_url", "uploaded_by", "toc"})
_ROWS_A_STATEMENT: Final = 1_000
_OWN_TO_A_PART: Final = frozenset({"facility", "supply_contract", "quantity", "base_quantity", "percentage", "type"})


class Details(TypedDict, total=False):
    """What an invoice may say besides what it must."""

    status: str
    source: str
    invoice_number: str
    supplier: Supplier | None
    facility_fuel: FacilityFuel | None
    supply_contract: SupplyContract | None
    uploaded_by: User
    file_url: str
    file_id: UUID | None
    custom_emission_factor: CustomEmissionGroup | None
    toc: str


class Changed(NamedTuple):
    """An invoice after a change, and the job that calculates it anew, None where no figure follows from the change."""

    invoice: Invoice
    job: ProcessingJob | None


class ContractOfAnotherFacility(ValueError):
    """The supply contract is not one of the invoice's facility."""


class FacilityOfAnotherOrganization(ValueError):
    """The facility is not one of the invoice's organization."""


class LockedByDatadis(Exception):
    """The invoice is backed by a Datadis supply contract: it can't be deleted, nor moved, nor be of another type."""


class CodeLockedByDatadis(LockedByDatadis):
    """The invoice is backed by a Datadis supply contract, so its code is the best there is."""


class DistributedInvoice(Exception):
    """It can't be done to one part of a distributed invoice, or to its parent."""


@transaction.atomic
def create(
    *,
    organization: Organization,
    by: Author,
    type: str,  # noqa: A002 (the field's own name in the API and the model)
    unit: Unit,
    base_quantity: Decimal,
    start_date: date,
    end_date: date,
    shares: Sequence[Share],
    cups: str = "",
    **details: Unpack[Details],
) -> Invoice:
    """
    File an invoice: one row for one facility, or a parent with a child per facility for several.

    Return the single invoice or the parent. The code is kept as it came in `printed_cups`; a code that stands for
    another at the facility is filed under that (resolving.codes_of). Where no supply contract is named, each row is
    linked to the one of its facility that fits. The calculation is queued.

    Raise vetting's refusals in their order, ContractOfAnotherFacility, cups.NotAcceptable, closed_years.PeriodClosed or
    grouping.GroupsKeptChanging, with nothing filed.
    """
    vetting.check_type(type)
    vetting.check_unit(type=type, unit=unit, fuel=details.get("facility_fuel"))
    vetting.check_period(start_date, end_date)
    percentages = vetting.whole([share.percentage for share in shares])
    vetting.check_fuel(type=type, has_fuel=details.get("facility_fuel") is not None)
    _check_contract(details.get("supply_contract"), shares)
    code = cups_codes.acceptable(cups) if cups else ""
    common: dict[str, Any] = {
        "type": type,
        "unit": unit,
        "base_quantity": base_quantity.quantize(vetting.QUANTITY_STEP),
        "start_date": start_date,
        "end_date": end_date,
        "cups": code,
        "printed_cups": code,
        "uploaded_by": by.user,
        **details,
    }

    whole = Invoice(organization=organization, quantity=common["base_quantity"], **common)
    if len(shares) == 1:
        whole.facility = shares[0].facility
        whole.organization = shares[0].facility.organization
        return _file([whole], for_organization=organization, by=by)
    whole.is_parent = True
    quantities = vetting.parts(common["base_quantity"], percentages)
    children = [
        Invoice(
            organization_id=share.facility.organization_id,
            facility=share.facility,
            percentage=percentage,
            quantity=quantity,
            source_invoice=whole,
            **common,
        )
        for share, percentage, quantity in zip(shares, percentages, quantities, strict=True)
    ]
    return _file([whole, *children], for_organization=organization, by=by)


@transaction.atomic
def change(*, organization: Organization, invoice_id: UUID, by: Author, changes: Mapping[str, Any]) -> Changed:
    """
    Change fields of an invoice, by the names of the model, and log what they were.

    What a parent shares with its children is passed on to them. A code that is said is resolved at each facility, as
    one that is filed; a code that stands is left alone, wherever it moves. With another code, place or start an invoice
    is linked to the contract that fits, unless the changes name one. What its emissions follow from queues their
    recalculation, and the status stays; the status `loading` queues the first calculation, as `active` does where there
    is no figure. Another status than `error` takes away what was said of errors.

    Raise families.InvoiceNotFound, access.NotAllowed (a child is in an organization where the author can't write),
    CodeLockedByDatadis, LockedByDatadis (its place or type), DistributedInvoice (a part's own fields on a parent),
    vetting.InvalidPeriod, FacilityOfAnotherOrganization, ContractOfAnotherFacility, cups.NotAcceptable or
    closed_years.PeriodClosed (what figures follow from, before or after), with nothing changed.
    """
    cleaned = _cleaned(organization, changes)
    family, touched = families.hold(organization, invoice_id, also=cleaned)
    invoice = family[0]
    filed = families.filed(family, cleaned)
    changes_of = [
        (row, _differing(row, cleaned, is_first=row is invoice, code=copy.cups))
        for row, copy in zip(family, filed, strict=True)
    ]
    _check_rights(organization, family, by)
    _check_change(invoice, family, {name: value for _row, own in changes_of for name, value in own.items()})
    changes_of = [(row, own | _relinked(row, own) | _without_errors(row, own)) for row, own in changes_of]
    closed_years.check(_reported(changes_of))

    written = {name for row, own in changes_of for name in _write(row, own, by)}
    if written:
        grouping.refresh(touched)
    if "status" in written and invoice.source_invoice_id is not None:
        _settle_parent(invoice, by)
    is_wanted = _wants_figures(cleaned.get("status"), family)
    if is_wanted and "status" not in written and closed_years.is_any_closed(_periods(family)):
        # A status that is said again as it stands is no change; nor is it a reason to calculate a reported year.
        return Changed(invoice, None)
    if not is_wanted and not written & CALCULATED_FROM:
        return Changed(invoice, None)
    action = JobAction.CREATE if is_wanted else JobAction.RECALCULATE
    job = recalculating.queue_calculation(organization=organization, invoices=family, by=by, action=action)
    return Changed(invoice, job)


@transaction.atomic
def delete(*, organization: Organization, invoice_id: UUID, by: Author) -> None:
    """
    Delete an invoice, a parent with its children. Its content stays in the log.

    Raise families.InvoiceNotFound, access.NotAllowed (a child is in an organization where the author can't write),
    LockedByDatadis, DistributedInvoice for one child alone, or closed_years.PeriodClosed, with nothing deleted.
    """
    family, touched = families.hold(organization, invoice_id)
    _check_rights(organization, family, by)
    if family[0].source_invoice_id is not None:
        raise DistributedInvoice("This is one part of a distributed invoice; delete the whole")
    if any(map(linking.is_backed, family)):
        raise LockedByDatadis("The invoice is backed by a Datadis supply contract and can't be deleted")
    closed_years.check(_periods(family))

    calculating.forget(family)
    for row in reversed(family):  # children first: the parent's key is theirs
        recording.deleted([row], by)
        Invoice.objects.of(row.organization_id).filter(pk=row.pk).delete()
    grouping.refresh(touched)


@transaction.atomic
def file_rows(
    *, organization: Organization, rows: Sequence[Invoice], held: Collection[GroupKey], by: Author
) -> ProcessingJob | None:
    """
    File thousands of new invoices at once, and return the job that calculates them; None where there are none.

    The caller has checked them, given each its code by `resolving.hold`, and holds what that returned, which is
    refreshed: also the groups of invoices that it left out.
    """
    contracts = linking.contracts_of([row for row in rows if row.supply_contract is None])
    for row in rows:
        row.supply_contract = contracts.get(row.pk, row.supply_contract)
    Invoice.objects.bulk_create(rows, batch_size=_ROWS_A_STATEMENT)
    recording.filed(rows, by)
    grouping.refresh(held)
    return recalculating.queue_calculation(organization=organization, invoices=rows, by=by) if rows else None


@transaction.atomic
def delete_rows(rows: Sequence[Invoice], *, held: Collection[GroupKey], by: Author) -> None:
    """
    Delete thousands of single invoices of one organization at once. Their content stays in the log.

    The caller has asked whether each may go, and holds the invoices and their groups.
    """
    calculating.forget(rows)
    recording.deleted(rows, by)
    for part in grouping.sliced(rows):
        Invoice.objects.of(part[0].organization_id).filter(pk__in=[row.pk for row in part]).delete()
    grouping.refresh(held)


def _file(rows: Sequence[Invoice], *, for_organization: Organization, by: Author) -> Invoice:
    keys = resolving.hold(rows)
    closed_years.check(_periods(rows))
    file_rows(organization=for_organization, rows=rows, held=keys, by=by)
    return rows[0]


def _write(row: Invoice, own: dict[str, Any], by: Author) -> set[str]:
    """Write and log a row's changes; return the fields that changed."""
    if not own:
        return set()
    recording.changed(row, own, by)
    for name, value in {**own, "updated_at": timezone.now()}.items():
        setattr(row, name, value)
    Invoice.objects.of(row.organization_id).filter(pk=row.pk).update(**own, updated_at=row.updated_at)
    return set(own)


def _settle_parent(child: Invoice, by: Author) -> None:
    """Give a distributed invoice the status that its parts make of it, and log it."""
    above = Organization.objects.line_of(child.organization_id)
    whole = Invoice.objects.filter(organization__in=above, pk=child.source_invoice_id)
    for parent in whole.select_for_update(of=("self",), no_key=True):
        below = Organization.objects.tree_of(parent.organization_id)
        parts = Invoice.objects.filter(organization__in=below, source_invoice=parent)
        settled = settling.status_of_whole(set(parts.values_list("status", flat=True)))
        if settled is not None and settled != parent.status:
            own = {"status": settled}
            _write(parent, own | _without_errors(parent, own), by)


def _wants_figures(status: str | None, family: Sequence[Invoice]) -> bool:
    """Tell whether a status asks for a calculation: `loading` does, and `active` of what has no figure yet."""
    if status != InvoiceStatus.ACTIVE:
        return status == InvoiceStatus.LOADING
    parts = [row for row in family if not row.is_parent]
    own = Invoice.objects.filter(organization__in={row.organization_id for row in parts})
    return own.filter(pk__in=[row.pk for row in parts]).not_calculated().exists()


def _periods(rows: Sequence[Invoice]) -> list[Period]:
    """Return the days of what holds figures: of a distributed invoice its parts."""
    return [Period.of(row) for row in rows if not row.is_parent]


def _reported(changes_of: Sequence[tuple[Invoice, Mapping[str, Any]]]) -> list[Period]:
    """Return the days, before and after, of the rows whose changes move what a year's report says."""
    moved = [(row, own) for row, own in changes_of if own.keys() - _NEVER_REPORTED]
    after = [
        Period(row.organization_id, own.get("start_date", row.start_date), own.get("end_date", row.end_date))
        for row, own in moved
        if not row.is_parent
    ]
    return [*_periods([row for row, _own in moved]), *after]


def _relinked(row: Invoice, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the contract that fits the row after the changes, if that is another than it has now."""
    if not _LINKS_BY & own.keys() or "supply_contract" in own or linking.is_backed(row):
        return {}
    imagined = families.imagined([row], own)
    contract = linking.contracts_of(imagined).get(imagined[0].pk)
    return {} if contract == row.supply_contract else {"supply_contract": contract}


def _without_errors(row: Invoice, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return what takes the sentences about errors away from a row that is given another status."""
    is_left = row.error_messages and own.get("status", InvoiceStatus.ERROR) != InvoiceStatus.ERROR
    return {"error_messages": []} if is_left else {}


def _cleaned(organization: Organization, changes: Mapping[str, Any]) -> dict[str, Any]:
    cleaned = dict(changes)
    facility = cleaned.get("facility")
    # Before any lock: a group at another organization's facility can't even be inserted.
    if facility is not None and facility.organization_id != organization.pk:
        raise FacilityOfAnotherOrganization(f"Facility {facility.pk} does not belong to the invoice's organization")
    if cleaned.get("cups"):
        cleaned["cups"] = cups_codes.acceptable(cleaned["cups"])
    return cleaned


def _check_rights(organization: Organization, family: Sequence[Invoice], by: Author) -> None:
    """Raise access.NotAllowed unless the author may write wherever a child is. Its own door has asked for the rest."""
    for organization_id in sorted({row.organization_id for row in family} - {organization.pk}):
        access.require(access.role_of_author(by, organization_id=organization_id), Role.EDITOR)


def _differing(row: Invoice, changes: Mapping[str, Any], *, is_first: bool, code: str) -> dict[str, Any]:
    """
    Return what the changes mean for a row: all for the one that was named, the shared ones for its children.

    `code` is what the row would be filed under.
    """
    own = {name: value for name, value in changes.items() if is_first or name in families.PASSED_ON}
    if "cups" in own:
        own["cups"] = code
    if "base_quantity" in own:
        own["quantity"] = (own["base_quantity"] * row.percentage).quantize(vetting.QUANTITY_STEP)
    return {name: value for name, value in own.items() if getattr(row, name) != value}


def _check_change(invoice: Invoice, family: Sequence[Invoice], changed: Mapping[str, Any]) -> None:
    is_backed = any(map(linking.is_backed, family))
    if is_backed and "cups" in changed:
        raise CodeLockedByDatadis("The invoice is backed by a Datadis supply contract; its code can't change")
    if is_backed and {"facility", "type"} & changed.keys():
        raise LockedByDatadis("The invoice is backed by a Datadis supply contract; its facility and type can't change")
    if invoice.is_parent and (own := sorted(_OWN_TO_A_PART & changed.keys())):
        raise DistributedInvoice(f"{', '.join(own)} can't change on a distributed invoice; change its parts")
    vetting.check_period(changed.get("start_date", invoice.start_date), changed.get("end_date", invoice.end_date))
    facility = changed.get("facility", invoice.facility)
    if facility is not None:
        _check_contract(changed.get("supply_contract"), [Share(facility)])


def _check_contract(contract: SupplyContract | None, shares: Sequence[Share]) -> None:
    if contract is not None and any(share.facility.pk != contract.facility_id for share in shares):
        raise ContractOfAnotherFacility(f"Supply contract {contract.pk} is not one of the invoice's facility")
