"""What an invoice reports, in the words of the calculation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CustomFactor:
    """
    A factor that the organization brings itself: kg of each gas for one `unit`, on the days from one to the other.

    `unit` is a name of the reference table of units. `category` is the one that it overrides; "", energy, purchases and
    wastes name none, and override the one that is the invoice's own `co2e`. `ghg_type`: 1 fossil, 2 biogenic, 3 mixed.
    """

    name: str
    unit: str
    category: str
    gases: Mapping[str, Decimal]
    ghg_type: int
    valid_from: date | None
    valid_to: date | None
    source_id: str


@dataclass(frozen=True, slots=True)
class Contract:
    """A supply contract with a guarantee of origin for a share (0 to 1) of it, and the evidence for that."""

    renewable_share: Decimal
    certificate_number: str
    certificate_year: int | None
    is_cogeneration: bool = False


@dataclass(frozen=True, slots=True)
class Activity:
    """
    What was used from `start` to `end`, both counted.

    `unit` is a name of the reference table of units, `country` the facility's ISO code, `fuel` a code of the reference
    table of fuels and `fuel_jurisdiction` that row's country, `supplier` the normalised name that somebody confirmed.
    """

    type: str
    quantity: Decimal
    unit: str
    start: date
    end: date
    country: str
    fuel: str = ""
    fuel_jurisdiction: str = ""
    supplier: str = ""
    contract: Contract | None = None
    custom: tuple[CustomFactor, ...] = ()
