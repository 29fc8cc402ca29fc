"""What a result was made from: one line for each interval and factor, as it is kept and shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, cast


class Flag(StrEnum):
    """What a reader has to know of a figure."""

    YEAR_FALLBACK = "year_fallback"  # the factor is another year's
    COUNTRY_FALLBACK = "country_fallback"  # the factor is another country's, or the world's
    MARKET_FALLBACK_TO_LOCATION = "market_fallback_to_location"  # no residual mix: the grid's average
    ESTIMATED_DIRECT = "estimated_direct"  # worked back from the lifecycle figure
    PROXY_RATIO = "proxy_ratio"  # upstream by the British ratio of upstream to direct
    PROXY_WTT = "proxy_wtt"  # upstream of a fuel by the British figure
    MISSING_WTT = "missing_wtt"  # nobody published the upstream of this fuel: counted 0
    CO2_ONLY = "co2_only"  # CH4 and N2O are not in the factor
    UNIT_APPROXIMATE = "unit_approximate"  # converted with an approximate figure
    CUSTOM = "custom"  # the organization's own factor
    NO_EVIDENCE = "no_evidence"  # a renewable share that no certificate of that year stands behind
    BIOGENIC_UNKNOWN = "biogenic_unknown"  # nobody published the biogenic CO2 of this blend: counted 0
    MISSING_CALORIFIC_VALUE = "missing_calorific_value"  # the energy is not known


@dataclass(frozen=True, slots=True)
class Term:
    """A figure that a factor is the product of, or was made from."""

    name: str
    value: Decimal
    unit: str
    source_id: str
    year: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """
    The part of a quantity that one factor applies to: from `start` to `end`, both counted.

    `share` is of the invoice's quantity, `quantity` in `unit`, the factors in kg (kWh for `energy`) for one `unit`.
    The sum of quantity × factor over all lines is the result. `kind` says what sort of factor it is, `label` whose.
    """

    start: date
    end: date
    share: Decimal
    quantity: Decimal
    unit: str
    factor: Decimal
    biomass_factor: Decimal
    source_id: str
    factor_year: int | None
    gwp_set: str | None
    flags: tuple[Flag, ...]
    terms: tuple[Term, ...]
    kind: str = ""
    label: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the same in what JSON knows: decimals as text, dates as year-month-day."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "share": f"{self.share:f}",
            "quantity": f"{self.quantity:f}",
            "unit": self.unit,
            "factor": f"{self.factor:f}",
            "biomass_factor": f"{self.biomass_factor:f}",
            "source_id": self.source_id,
            "factor_year": self.factor_year,
            "gwp_set": self.gwp_set,
            "flags": [flag.value for flag in self.flags],
            "terms": [_term_as_json(term) for term in self.terms],
            "kind": self.kind,
            "label": self.label,
        }


def from_json(kept: Mapping[str, object]) -> Line:
    """Return the line that `Line.as_json` gave; raise KeyError or ValueError for anything else."""
    line = cast("Mapping[str, Any]", kept)
    return Line(
        start=date.fromisoformat(line["start"]),
        end=date.fromisoformat(line["end"]),
        share=Decimal(line["share"]),
        quantity=Decimal(line["quantity"]),
        unit=line["unit"],
        factor=Decimal(line["factor"]),
        biomass_factor=Decimal(line["biomass_factor"]),
        source_id=line["source_id"],
        factor_year=line["factor_year"],
        gwp_set=line["gwp_set"],
        flags=tuple(Flag(flag) for flag in line["flags"]),
        terms=_terms(line["terms"]),
        kind=line["kind"],
        label=line["label"],
    )


def _term_as_json(term: Term) -> dict[str, object]:
    return {
        "name": term.name,
        "value": f"{term.value:f}",
        "unit": term.unit,
        "source_id": term.source_id,
        "year": term.year,
    }


def _terms(kept: Sequence[Mapping[str, Any]]) -> tuple[Term, ...]:
    return tuple(Term(**{**term, "value": Decimal(term["value"])}) for term in kept)
