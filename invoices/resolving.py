"""What a code that arrives is filed under: itself, or what it stands for at its facility (`aliasing` makes those)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from invoices import cups as cups_codes
from invoices import grouping, linking
from invoices.grouping import GroupKey
from invoices.models import CupsAlias, CupsGroup, Invoice

_ATTEMPTS: Final = 10


def resolve(*, organization_id: UUID, codes: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], str]:
    """
    Return what the aliases among these codes, each with its facility, stand for; in one statement for thousands.

    A code is an alias as it is written. One that is not, but differs from an alias only in capitals, separators or a
    label, is taken for it, unless the code has invoices of its own at the facility, or other codes stand for it.
    """
    clean = {(facility_id, cups): cups_codes.parse(cups).clean for facility_id, cups in codes if cups}
    exact: dict[tuple[UUID, str], str] = {}
    alike: dict[tuple[UUID, str], set[str]] = {}
    for alias in _written_like(organization_id, clean):
        exact[alias.facility_id, alias.cups] = alias.target_cups
        alike.setdefault((alias.facility_id, alias.clean_cups), set()).add(alias.target_cups)

    found = {place: exact[place] for place in clean if place in exact}
    near: dict[tuple[UUID, str], str] = {}
    for place in clean.keys() - exact.keys():
        targets = alike.get((place[0], clean[place]), set())
        if len(targets) == 1 and place[1] not in targets:
            near[place] = next(iter(targets))
    for place in near.keys() - _in_their_own_right(organization_id, near):
        found[place] = near[place]
    return found


def codes_of(rows: Sequence[Invoice]) -> list[str]:
    """
    Return what each of these rows is filed under, in their order, when its `cups` is what came.

    Each part of a distributed invoice follows the aliases of its own facility. The whole, which comes with its parts,
    takes the code that they agree on; where they do not, it keeps what came. What Datadis backs comes under a code that
    is right, whatever that stood for until then.
    """
    asked = {
        row.pk: (row.organization_id, row.facility_id, row.cups)
        for row in rows
        if row.facility_id is not None and row.cups and not linking.is_backed(row)
    }
    found = {
        (organization_id, *place): target
        for organization_id, part in groupby(sorted(asked.values()), key=lambda place: place[0])
        for place, target in resolve(organization_id=organization_id, codes=(place[1:] for place in part)).items()
    }
    codes = {pk: found.get(place, place[2]) for pk, place in asked.items()}
    agreed: dict[UUID, set[str]] = {}
    for row in rows:
        if row.source_invoice_id is not None and row.facility_id is not None:
            agreed.setdefault(row.source_invoice_id, set()).add(codes.get(row.pk, row.cups))
    return [_code(row, codes, agreed) for row in rows]


def hold(rows: Sequence[Invoice]) -> set[GroupKey]:
    """
    Give new rows, whose `printed_cups` is what came, the code to be filed under; lock the groups that they will be in.

    Read the aliases, lock, read them again: a consolidation that makes aliases holds both groups, so an invoice that
    is filed at that moment under the old code waits, and then meets the alias. What an attempt locked in vain is given
    back before the next. Return the keys, which the caller refreshes; raise grouping.GroupsKeptChanging.
    """
    for row in rows:
        row.cups = row.printed_cups
    for _attempt in range(_ATTEMPTS):
        try:
            codes, keys = _hold(rows)
        except _AliasesChanged:
            continue
        for row, code in zip(rows, codes, strict=True):
            row.cups = code
        return keys
    raise grouping.GroupsKeptChanging("The aliases of these codes kept changing; try again.")


class _AliasesChanged(Exception):
    pass


@transaction.atomic
def _hold(rows: Sequence[Invoice]) -> tuple[list[str], set[GroupKey]]:
    codes = codes_of(rows)
    came = [(GroupKey.of(row), code) for row, code in zip(rows, codes, strict=True)]
    keys = {key._replace(cups=code) for key, code in came if key is not None}
    grouping.lock(keys, where_present={key for key, _code in came if key is not None})
    if codes_of(rows) != codes:
        raise _AliasesChanged
    return codes, keys


def _code(row: Invoice, codes: Mapping[UUID, str], agreed: Mapping[UUID, set[str]]) -> str:
    if row.facility_id is not None:
        return codes.get(row.pk, row.cups)
    shared = agreed.get(row.pk, set())
    return next(iter(shared)) if len(shared) == 1 else row.cups


def _written_like(organization_id: UUID, clean: Mapping[tuple[UUID, str], str]) -> Iterator[CupsAlias]:
    """Yield the current aliases at these facilities that are written as one of the codes, or read the same."""
    facilities = {facility_id for facility_id, _cups in clean}
    texts = {cups for _facility_id, cups in clean} | {text for text in clean.values() if text}
    for part in grouping.sliced(sorted(texts)):
        current = CupsAlias.objects.of(organization_id).current()
        for alias in current.filter(Q(cups__in=part) | Q(clean_cups__in=part)):
            if alias.facility_id in facilities:
                yield alias


def _in_their_own_right(organization_id: UUID, places: Collection[tuple[UUID, str]]) -> set[tuple[UUID, str]]:
    """Return those of the places where invoices carry the code, or other codes stand for it."""
    found: set[tuple[UUID, str]] = set()
    for part in grouping.sliced(sorted({cups for _facility_id, cups in places})):
        groups = CupsGroup.objects.of(organization_id).listed().filter(cups__in=part)
        targets = CupsAlias.objects.of(organization_id).current().filter(target_cups__in=part)
        found.update(groups.values_list("facility_id", "cups"))
        found.update(targets.values_list("facility_id", "target_cups"))
    return found.intersection(places)
