"""A published factor, and the table of all of them with what is looked up in it."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar, cast

WORLD: Final = "ZZ"
_DAY: Final = timedelta(days=1)

T = TypeVar("T")


class Kind(StrEnum):
    """What a row states."""

    GRID_DIRECT = "grid_direct"  # kg CO2e per kWh generated, at the power stations
    GRID_LIFECYCLE = "grid_lifecycle"  # the same with what comes before them
    RESIDUAL_MIX = "residual_mix"  # kg CO2e per kWh whose origin nobody was promised
    GUARANTEE_RENEWABLE = "guarantee_renewable"  # kg CO2e per kWh with a guarantee of origin
    GUARANTEE_CHP = "guarantee_chp"  # the same, of cogeneration
    SUPPLIER = "supplier"  # kg CO2e per kWh of one supplier
    LOSS = "loss"  # share of the output that is lost on the way
    UPSTREAM_GENERATION = "upstream_generation"  # kg CO2e per kWh, before the power stations
    TD_LOSS = "td_loss"  # kg CO2e per kWh for what is lost on the way
    WTT_TD_LOSS = "wtt_td_loss"  # the same, before the power stations
    FUEL = "fuel"  # kg CO2e per unit burnt
    WATER_SUPPLY = "water_supply"  # kg CO2e per m³
    WATER_TREATMENT = "water_treatment"
    GWP = "gwp"  # kg CO2e per kg of a gas
    UNIT_CONVERSION = "unit_conversion"  # `unit` per `subject`, which is a unit, too


ELECTRICITY: Final = (
    *(Kind.GRID_DIRECT, Kind.GRID_LIFECYCLE, Kind.RESIDUAL_MIX, Kind.GUARANTEE_RENEWABLE, Kind.GUARANTEE_CHP),
    *(Kind.SUPPLIER, Kind.LOSS, Kind.UPSTREAM_GENERATION, Kind.TD_LOSS, Kind.WTT_TD_LOSS),
)
WATER: Final = (Kind.WATER_SUPPLY, Kind.WATER_TREATMENT)


@dataclass(frozen=True, slots=True)
class Factor:
    """
    One row of a table, valid from one day to another, both counted.

    `subject` is "", a fuel's code, a supplier's normalised name, a gas or a unit; `label` the printed name. Gases in kg
    (CO2) and g (CH4, N2O) per unit, calorific values in kWh per unit, `wtt` in kg CO2e per unit.
    """

    kind: Kind
    jurisdiction: str
    subject: str
    unit: str
    valid_from: date
    valid_to: date
    value: Decimal | None
    gas: str = ""
    kgco2_fossil: Decimal | None = None
    gch4: Decimal | None = None
    gn2o: Decimal | None = None
    kgco2_biogenic: Decimal | None = None
    ncv_kwh: Decimal | None = None
    gcv_kwh: Decimal | None = None
    density_kg_per_l: Decimal | None = None
    wtt: Decimal | None = None
    gwp_set: str = ""
    source_id: str = ""
    wtt_source_id: str = ""
    label: str = ""
    detail: str = ""

    def is_valid_on(self, day: date) -> bool:
        """Say whether a day is among those that the row is for."""
        return self.valid_from <= day <= self.valid_to

    def year_for(self, day: date) -> int:
        """Return the year of the factor that serves this day: its own, or the nearest that the row covers."""
        return min(max(day.year, self.valid_from.year), self.valid_to.year)

    @property
    def figure(self) -> Decimal:
        """The value of a row that can't be without one."""
        return cast("Decimal", self.value)


class FactorTable:
    """All factors, indexed once. Look-ups are remembered; threads may share it."""

    def __init__(self, factors: Iterable[Factor]) -> None:
        self._all = tuple(factors)
        rows: dict[tuple[str, str, str], list[Factor]] = defaultdict(list)
        self._labelled: set[tuple[str, int]] = set()
        cuts: dict[tuple[str, str], set[date]] = defaultdict(set)
        for factor in self._all:
            rows[factor.kind, factor.jurisdiction, factor.subject].append(factor)
            if factor.kind == Kind.SUPPLIER:
                years = range(factor.valid_from.year, factor.valid_to.year + 1)
                self._labelled.update((factor.jurisdiction, year) for year in years)
            cuts[factor.kind, factor.jurisdiction].update(_bounds_within_years(factor))
        self._rows = {key: tuple(found) for key, found in rows.items()}
        self._cuts = {key: frozenset(found) for key, found in cuts.items() if found}
        self._remembered: dict[tuple[object, ...], Any] = {}

    def all(self) -> tuple[Factor, ...]:
        """Return every factor, in the order in which they came."""
        return self._all

    def rows(self, kind: Kind, jurisdiction: str, subject: str = "") -> tuple[Factor, ...]:
        """Return the factors of one kind, place and subject, whatever their years."""
        return self._rows.get((kind, jurisdiction, subject), ())

    def on(self, kind: Kind, jurisdiction: str, day: date, subject: str = "") -> Factor | None:
        """Return the factor of a day: a country's own before the EEA's, then the one for the fewest days."""
        return on(self.rows(kind, jurisdiction, subject), day)

    def before(self, kind: Kind, jurisdiction: str, day: date, subject: str = "") -> Factor | None:
        """Return the latest factor that was valid until before a day."""
        return before(self.rows(kind, jurisdiction, subject), day)

    def has_suppliers(self, jurisdiction: str, year: int) -> bool:
        """Say whether any supplier of a country has a factor for that year."""
        return (jurisdiction, year) in self._labelled

    def cuts(self, kinds: Iterable[Kind], jurisdictions: Iterable[str]) -> frozenset[date]:
        """Return the days, other than 1 January, on which a factor of these begins or has just ended."""
        if not self._cuts:
            return frozenset()
        places = tuple(jurisdictions)
        return frozenset().union(
            *(self._cuts.get((kind, jurisdiction), frozenset()) for kind in kinds for jurisdiction in places)
        )

    def remembered(self, key: tuple[object, ...], work: Callable[[], T]) -> T:
        """Return what `work` gives, which is done once for a key; what it raises is not remembered."""
        try:
            return cast("T", self._remembered[key])
        except KeyError:
            found = self._remembered[key] = work()
            return found


def on(rows: Iterable[Factor], day: date) -> Factor | None:
    """Return the one of these factors that is valid on a day, or None."""
    return min((row for row in rows if row.is_valid_on(day)), key=_rank, default=None)


def before(rows: Iterable[Factor], day: date) -> Factor | None:
    """Return the one of these factors that ended last before a day, or None."""
    return min(
        (row for row in rows if row.valid_to < day),
        key=lambda row: (-row.valid_to.toordinal(), _rank(row)),
        default=None,
    )


def nearest(rows: Iterable[Factor], day: date) -> Factor | None:
    """Return the factor of a day, else the latest earlier one, else the earliest later one; None if there is none."""
    found = tuple(rows)
    return (
        on(found, day) or before(found, day) or min(found, key=lambda row: (row.valid_from, _rank(row)), default=None)
    )


def _rank(row: Factor) -> tuple[bool, int]:
    return row.source_id.startswith("EEA_"), (row.valid_to - row.valid_from).days


def _bounds_within_years(factor: Factor) -> Iterable[date]:
    if factor.valid_from.month != 1 or factor.valid_from.day != 1:
        yield factor.valid_from
    if factor.valid_to.month != 12 or factor.valid_to.day != 31:  # noqa: PLR2004 (31 December)
        yield factor.valid_to + _DAY
