"""What somebody should know before codes are joined. A warning refuses nothing; it is said beside the preview."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from invoices import cups as cups_codes
from invoices import double_counting
from invoices.models import CupsAlias, CupsGroup, Invoice


class WarningCode(models.TextChoices):
    """What is warned of, with the sentence that says it."""

    TARGET_CHECK_FAILED = "TARGET_CHECK_FAILED", _("The target does not pass the CUPS check.")
    TARGET_NOT_CLEAN = "TARGET_NOT_CLEAN", _("The target is not written plainly: capitals, without separators.")
    TARGET_IS_ALIAS = "TARGET_IS_ALIAS", _("The target itself stands for another code.")
    VALID_CODES_DIFFER = "VALID_CODES_DIFFER", _("Two of the codes are sound CUPS of different supplies.")
    SAME_INVOICE = "SAME_INVOICE", _("The same invoice would stand twice on one code.")
    CORRECTION = "CORRECTION", _("Two invoices are of the same period: one may correct the other.")
    OVERLAPPING_PERIODS = "OVERLAPPING_PERIODS", _("Periods would overlap: consumption may be counted twice.")
    SOURCE_LOCKED_ELSEWHERE = (
        "SOURCE_LOCKED_ELSEWHERE",
        _("A source code is backed by Datadis at another facility: it may be right."),
    )
    DISTRIBUTED_SIBLINGS_LEFT = (
        "DISTRIBUTED_SIBLINGS_LEFT",
        _("Other parts of the same distributed invoices still carry another code."),
    )
    SAME_SUPPLY_TWO_FACILITIES = (
        "SAME_SUPPLY_TWO_FACILITIES",
        _("The supply would stand at several facilities, and no distributed invoice divides it between them."),
    )


@dataclass(frozen=True, slots=True)
class MergeWarning:
    """One warning: its code, and the figures and names behind it (JSON values, named as the API prints them)."""

    code: WarningCode
    details: Mapping[str, Any] = field(default_factory=dict)


def of_codes(*, target: str, sources: Sequence[str]) -> Iterator[MergeWarning]:
    """Yield what the codes alone tell: the check of the target, and sound codes that name different supplies."""
    parsed = cups_codes.parse(target)
    if parsed.check is not cups_codes.Check.VALID and not parsed.supply:
        yield MergeWarning(
            WarningCode.TARGET_CHECK_FAILED, {"check": parsed.check.value, "expected_letters": parsed.expected_letters}
        )
    if parsed.clean != target:
        yield MergeWarning(WarningCode.TARGET_NOT_CLEAN, {"clean": parsed.clean})
    sound = different_supplies([target, *sources])
    if sound:
        yield MergeWarning(WarningCode.VALID_CODES_DIFFER, {"cups": sound})


def of_aliases(aliases: Sequence[CupsAlias]) -> Iterator[MergeWarning]:
    """Yield that the target is an alias at some of the facilities, and what arrives under it goes elsewhere."""
    if aliases:
        named = [
            {
                "cups": alias.cups,
                "facility_id": str(alias.facility_id),
                "facility_name": alias.facility.name,
                "target_cups": alias.target_cups,
            }
            for alias in aliases
        ]
        yield MergeWarning(WarningCode.TARGET_IS_ALIAS, {"groups": named})


def different_supplies(codes: Sequence[str]) -> list[str]:
    """Return one sound code of each supply, in the order given, where there are two supplies or more; else nothing."""
    by_supply: dict[str, str] = {}
    for code in codes:
        supply = cups_codes.parse(code).supply
        if supply:
            by_supply.setdefault(supply, code)
    return list(by_supply.values()) if len(by_supply) > 1 else []


def of_bills(merged: QuerySet[Invoice]) -> Iterator[MergeWarning]:
    """Yield what the invoices that would share one code tell, facility by facility."""
    for clash, found in double_counting.clashes(merged).items():
        yield MergeWarning(
            WarningCode(clash.value),
            {
                "invoice_count": found.count,
                "days": found.days,
                "kwh": float(found.kwh),
                "pairs": [[_named(earlier), _named(later)] for earlier, later in found.pairs],
            },
        )


def of_groups(
    *, locked_elsewhere: Sequence[CupsGroup], siblings: Sequence[CupsGroup], places: Sequence[CupsGroup]
) -> Iterator[MergeWarning]:
    """
    Yield what other groups tell.

    A source's code may be locked at another facility, siblings be left under another code, or a supply be at several
    places.
    """
    for code, groups in (
        (WarningCode.SOURCE_LOCKED_ELSEWHERE, locked_elsewhere),
        (WarningCode.DISTRIBUTED_SIBLINGS_LEFT, siblings),
        (WarningCode.SAME_SUPPLY_TWO_FACILITIES, places),
    ):
        if groups:
            yield MergeWarning(
                code,
                {
                    "groups": [
                        {
                            "cups": group.cups,
                            "facility_id": str(group.facility_id),
                            "facility_name": group.facility.name,
                        }
                        for group in groups
                    ]
                },
            )


def _named(bill: double_counting.Bill) -> dict[str, str]:
    return {
        "id": str(bill.pk),
        "invoice_id": bill.number,
        "cups": bill.cups,
        "start_date": bill.start.isoformat(),
        "end_date": bill.end.isoformat(),
    }
