"""Keeps the cups_group rows true to the invoices, and is the lock that writers share."""

import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Final, NamedTuple, Self, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Min, QuerySet

from facilities.models import Organization
from invoices import cups as cups_codes
from invoices.models import BACKED_BY_DATADIS, CupsGroup, Invoice, InvoiceType

_Value = TypeVar("_Value")

# SQLite takes 32,766 variables in one statement; a slice stays far below it on both databases.
_SLICE = 4_000
_ATTEMPTS = 10
# What a code is by itself, kept on its row.
PARSED: Final = ("check_result", "clean_cups", "body16", "letters_ok", "suffix")


class GroupKey(NamedTuple):
    """What makes a group: one code at one facility. The order of keys is the order of locks."""

    organization_id: UUID
    facility_id: UUID
    cups: str

    @classmethod
    def of(cls, invoice: Invoice) -> Self | None:
        """Return the key of the group that an invoice stands in, or None where it stands in none."""
        if (
            invoice.type != InvoiceType.ELECTRICITY
            or invoice.is_parent
            or not invoice.cups
            or invoice.facility_id is None
        ):
            return None
        return cls(invoice.organization_id, invoice.facility_id, invoice.cups)


class Aggregates(NamedTuple):
    """What the invoices of one group add up to."""

    invoice_count: int
    locked_count: int
    first_date: date
    last_date: date


class GroupsKeptChanging(Exception):
    """Other writers emptied the groups again and again while they were being locked."""


class Difference(NamedTuple):
    """A group that does not say what its invoices say; None where there is no group, or no invoice."""

    key: GroupKey
    group: Aggregates | None
    invoices: Aggregates | None


def lock(keys: Iterable[GroupKey], *, where_present: Iterable[GroupKey] = ()) -> list[CupsGroup]:
    """
    Lock the groups of these keys until the transaction ends, and return them in key order.

    Missing rows are inserted (empty), then all are locked, both in key order, so that two writers never wait for each
    other in a circle. A row that another transaction deleted in between makes the attempt start again, from a savepoint
    that gives back what it held. The keys of `where_present` are locked too, but never inserted nor waited for: where
    nothing stands under an old code there is nothing to protect.

    Call it once in a transaction, with every key that the transaction will touch, and read the invoices after it.
    """
    needed = sorted(set(keys))
    wanted = sorted({*needed, *where_present})
    for _attempt in range(_ATTEMPTS):
        try:
            return _lock_all(needed, wanted)
        except _SomeVanished:
            continue
    raise GroupsKeptChanging(f"{len(needed)} CUPS groups could not be locked in {_ATTEMPTS} attempts; try again.")


def read(keys: Iterable[GroupKey]) -> list[CupsGroup]:
    """Return the groups of these keys that are there with their facilities, in key order, unlocked: for a preview."""
    wanted = set(keys)
    return [
        group
        for part in _by_organization(sorted(wanted))
        for group in _with_codes(part)
        if key_of(group) in wanted and group.invoice_count
    ]


def key_of(group: CupsGroup) -> GroupKey:
    """Return the key of a group."""
    return GroupKey(group.organization_id, group.facility_id, group.cups)


def refresh(keys: Iterable[GroupKey]) -> None:
    """
    Make the groups of these keys say what their invoices say; delete those without an invoice.

    Aggregates are recomputed, never incremented, so a wrong one heals. The rows are locked first (at no cost where the
    transaction holds them already).
    """
    wanted = sorted(set(keys))
    groups = lock(wanted)
    truth = {key: found for part in _by_organization(wanted) for key, found in _aggregates(part).items()}
    for group in groups:
        _set(group, truth.get(key_of(group)))

    fields = ["invoice_count", "locked_count", "first_date", "last_date", *PARSED, "revision"]
    kept = [group for group in groups if group.invoice_count]
    # An upsert on the key: one statement a slice, where bulk_update would build a CASE of thousands of branches.
    CupsGroup.objects.bulk_create(
        kept,
        batch_size=500,
        update_conflicts=True,
        update_fields=fields,
        unique_fields=["organization", "facility", "cups"],
    )
    _delete([group for group in groups if not group.invoice_count])


def differences(*, organization: Organization) -> Iterator[Difference]:
    """Compare every group of an organization with its invoices; yield those that differ, in key order."""
    groups = {key_of(group): _said(group) for group in CupsGroup.objects.of(organization.pk).iterator()}
    truth = _grouped(Invoice.objects.of(organization.pk).grouped(), organization.pk)
    for key in sorted(groups.keys() | truth.keys()):
        if groups.get(key) != truth.get(key):
            yield Difference(key, groups.get(key), truth.get(key))


@transaction.atomic
def repair(*, organization: Organization) -> list[Difference]:
    """Refresh every group that differs from its invoices, and return what differed."""
    found = list(differences(organization=organization))
    refresh(difference.key for difference in found)
    return found


class _SomeVanished(Exception):
    pass


@transaction.atomic
def _lock_all(needed: Sequence[GroupKey], wanted: Sequence[GroupKey]) -> list[CupsGroup]:
    CupsGroup.objects.bulk_create(
        [
            CupsGroup(
                organization_id=key.organization_id,
                facility_id=key.facility_id,
                cups=key.cups,
                **_parsed(key.cups),
            )
            for key in needed
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    locked = [group for part in _by_organization(wanted) for group in _lock_existing(part)]
    if {key_of(group) for group in locked}.issuperset(needed):
        return locked
    raise _SomeVanished


def _lock_existing(keys: Sequence[GroupKey]) -> Iterator[CupsGroup]:
    wanted = set(keys)
    ids = [group.pk for group in _with_codes(keys) if key_of(group) in wanted]
    for part in sliced(ids):
        yield from (
            CupsGroup.objects.of(keys[0].organization_id)
            .filter(pk__in=part)
            .order_by("facility_id", "cups")
            .select_for_update(of=("self",))
        )


def _with_codes(keys: Sequence[GroupKey]) -> Iterator[CupsGroup]:
    """Yield, in key order, at least the groups of one organization's keys: all with such a code at their facilities."""
    groups = CupsGroup.objects.of(keys[0].organization_id).select_related("facility")
    facilities = {key.facility_id for key in keys}
    found = [
        group
        for part in sliced(sorted({key.cups for key in keys}))
        for group in groups.filter(cups__in=part)
        if group.facility_id in facilities
    ]
    yield from sorted(found, key=key_of)


def _aggregates(keys: Sequence[GroupKey]) -> dict[GroupKey, Aggregates]:
    organization_id = keys[0].organization_id
    invoices = Invoice.objects.of(organization_id).grouped()
    wanted = set(keys)
    facilities = sorted({key.facility_id for key in keys})
    found: dict[GroupKey, Aggregates] = {}
    for part in sliced(sorted({key.cups for key in keys})):
        # A code at a facility that nobody asked for costs a row and is passed over.
        near = invoices.filter(cups__in=part)
        found |= _grouped(
            near.filter(facility_id__in=facilities) if len(facilities) < _SLICE else near, organization_id
        )
    return {key: aggregates for key, aggregates in found.items() if key in wanted}


def _grouped(invoices: QuerySet[Invoice], organization_id: UUID) -> dict[GroupKey, Aggregates]:
    rows = invoices.values_list("facility_id", "cups").annotate(
        count=Count("pk"),
        locked=Count("pk", filter=BACKED_BY_DATADIS),
        first=Min("start_date"),
        last=Max("end_date"),
    )
    return {
        GroupKey(organization_id, facility_id, cups): Aggregates(count, locked, first, last)
        for facility_id, cups, count, locked, first, last in rows
    }


def _set(group: CupsGroup, truth: Aggregates | None) -> None:
    group.invoice_count = truth.invoice_count if truth else 0
    group.locked_count = truth.locked_count if truth else 0
    group.first_date = truth.first_date if truth else None
    group.last_date = truth.last_date if truth else None
    for name, value in _parsed(group.cups).items():
        setattr(group, name, value)
    group.revision = secrets.randbits(62)


def _parsed(code: str) -> dict[str, str | bool]:
    """Return the columns of a group that follow from its code alone."""
    parsed = cups_codes.parse(code)
    return {
        "check_result": parsed.check,
        "clean_cups": parsed.clean,
        "body16": parsed.body16,
        "letters_ok": bool(parsed.body16) and parsed.letters == parsed.expected_letters,
        "suffix": parsed.suffix,
    }


def _delete(empty: Collection[CupsGroup]) -> None:
    for part in sliced([group.pk for group in empty]):
        organizations = {group.organization_id for group in empty}
        CupsGroup.objects.filter(organization_id__in=organizations, pk__in=part).delete()


def _said(group: CupsGroup) -> Aggregates:
    # An empty group outside the transaction that made it is a difference too: no invoice says "0, no date".
    return Aggregates(group.invoice_count, group.locked_count, group.first_date, group.last_date)  # type: ignore[arg-type]


def _by_organization(keys: Sequence[GroupKey]) -> Iterator[list[GroupKey]]:
    for _organization_id, part in groupby(keys, key=lambda key: key.organization_id):
        yield list(part)


def sliced(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    """Yield the values in slices that fit into one statement."""
    for start in range(0, len(values), _SLICE):
        yield values[start : start + _SLICE]
