"""What an invoice must obey to be filed, whichever door it comes through; and how a whole is shared out."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from facilities.models import Facility
from invoices.models import FacilityFuel, InvoiceType, Unit, UnitType

# Clients round: the page's own sample does. The last facility takes what is missing, so that parts add up to the whole.
PERCENTAGE_TOLERANCE: Final = Decimal("0.0001")
QUANTITY_STEP: Final = Decimal("0.000001")
_SHARE_STEP: Final = Decimal("0.0000000001")

# A unit that no row names fits any type; heat takes what its fuel is measured in.
_UNIT_TYPES: Final = {
    InvoiceType.ELECTRICITY: frozenset({UnitType.ENERGY}),
    InvoiceType.RECHARGE: frozenset({UnitType.ENERGY, UnitType.MASS}),
    InvoiceType.WATER: frozenset({UnitType.VOLUME}),
}
# Both forms that the documented pages print; whether the letters are right is not asked.
_CUPS_OF_ELECTRICITY: Final = re.compile(r"ES(?:[0-9]{16}[A-Z]{2}(?:[0-9][A-Z])?|[0-9]{20}[A-Z]{2})")


@dataclass(frozen=True, slots=True)
class Share:
    """The part of an invoice that one facility bears: a fraction of one."""

    facility: Facility
    percentage: Decimal = Decimal(1)


class UnknownType(ValueError):
    """There is no such type of invoice."""


class UnitDoesNotFit(ValueError):
    """There is no such unit, or nothing of this type is measured in it."""

    def __init__(self, unit_id: UUID, why: str = "") -> None:
        super().__init__(f"Bad unit_id: {unit_id}" + (f". {why}" if why else ""))


class InvalidPeriod(ValueError):
    """The period ends before it starts."""


class InvalidTotalPercentage(ValueError):
    """The shares do not add up to one."""


class FuelRequired(ValueError):
    """Heat needs the fuel that was burnt."""


class MisshapenCups(ValueError):
    """The code of an electricity invoice does not have the shape of a CUPS."""


def check_type(type: str) -> None:  # noqa: A002 (the field's own name in the API and the model)
    """Raise UnknownType unless invoices of this type exist."""
    if type not in InvoiceType.values:
        raise UnknownType(f"Bad invoice type: {type}. It must be one of {tuple(InvoiceType.values)}")


def check_unit(*, type: str, unit: Unit, fuel: FacilityFuel | None) -> None:  # noqa: A002 (as above)
    """Raise UnitDoesNotFit unless invoices of this type, and of this fuel if one is named, are measured in the unit."""
    if kinds := unfit_kinds(type=type, unit=unit):
        raise UnitDoesNotFit(unit.pk, f"It must be a unit of {' or '.join(kinds)}")
    if type == InvoiceType.HEAT and fuel is not None:
        units = dict(fuel.fuel_units.order_by("position").values_list("unit_id", "unit__name"))
        if is_foreign(unit=unit, to=units):
            raise UnitDoesNotFit(unit.pk, f"{fuel.name} is measured in {', '.join(units.values())}")


def unfit_kinds(*, type: str, unit: Unit) -> list[str]:  # noqa: A002 (as above)
    """Return the kinds of unit that invoices of this type are measured in, unless the unit is of one of them."""
    fitting = _UNIT_TYPES.get(InvoiceType(type))
    return [] if fitting is None or unit.type in fitting else sorted(fitting)


def is_foreign(*, unit: Unit, to: Collection[UUID]) -> bool:
    """Tell whether a fuel is not measured in the unit: `to` are those that it is, none where nobody knows."""
    return bool(to) and unit.pk not in to


def check_period(start: date, end: date) -> None:
    """Raise InvalidPeriod when the end lies before the start."""
    if end < start:
        raise InvalidPeriod(f"The period ends on {end}, before it starts on {start}")


def check_fuel(*, type: str, has_fuel: bool) -> None:  # noqa: A002 (as above)
    """Raise FuelRequired for heat without one."""
    if type == InvoiceType.HEAT and not has_fuel:
        raise FuelRequired("A heat invoice needs facility_fuel_id")


def check_cups(*, type: str, cups: str) -> None:  # noqa: A002 (as above)
    """
    Raise MisshapenCups when an electricity invoice names a code of another shape than the documented ones.

    For what a client sends now. What is on paper and in files may be damaged, and is corrected once it is filed.
    """
    if type == InvoiceType.ELECTRICITY and cups and not _CUPS_OF_ELECTRICITY.fullmatch(cups):
        raise MisshapenCups(
            f"Bad cups: {cups}. It must be ES, 16 digits and 2 letters, optionally a digit and a letter; "
            "or ES, 20 digits and 2 letters"
        )


def whole(percentages: Sequence[Decimal]) -> list[Decimal]:
    """
    Return the shares with what rounding left out given to the last one, so that they add up to one exactly.

    What the last one is too small to give back comes from those before it. Raise InvalidTotalPercentage.
    """
    total = sum(percentages, Decimal(0))
    if not percentages or abs(total - 1) > PERCENTAGE_TOLERANCE or min(percentages) < 0:
        raise InvalidTotalPercentage(f"The shares add up to {total}; they must add up to 1")
    shares = [percentage.quantize(_SHARE_STEP) for percentage in percentages]
    missing = 1 - sum(shares, Decimal(0))
    for place in reversed(range(len(shares))):
        given = max(missing, -shares[place])
        shares[place] += given
        missing -= given
    return shares


def parts(quantity: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """Return each share's quantity; the last one that bears anything takes the remainder, so that they add up."""
    each = [(quantity * share).quantize(QUANTITY_STEP) for share in shares]
    last = max(place for place, share in enumerate(shares) if share)
    each[last] += quantity - sum(each, Decimal(0))
    return each
