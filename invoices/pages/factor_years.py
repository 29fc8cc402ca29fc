"""Which factor would be used where: the calculation itself, asked for one unit in each year of a country."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from typing import Any, Final, NamedTuple

from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facilities.models import Organization
from invoices import calculating
from invoices.emissions.activity import Activity
from invoices.emissions.factors import FactorTable
from invoices.models import EmissionCategory, Invoice, InvoiceType

# How many years stand side by side, and how many fuels under each other.
YEARS: Final = 5
FUELS: Final = 20
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100
_KWH: Final = "kilowatt_hour_(kwh)"
_CUBIC_METRE: Final = "cubic_meter_(m³)"

_ALWAYS: Final = (
    (_("Electricity, location-based"), InvoiceType.ELECTRICITY, _KWH, EmissionCategory.ELECTRICITY_LOCATION_BASED),
    (
        _("Electricity, market-based, supplier unknown"),
        InvoiceType.ELECTRICITY,
        _KWH,
        EmissionCategory.ELECTRICITY,
    ),
    (_("Upstream of electricity"), InvoiceType.ELECTRICITY, _KWH, EmissionCategory.ELECTRICITY_GENERATION),
    (
        _("Transmission and distribution losses"),
        InvoiceType.ELECTRICITY,
        _KWH,
        EmissionCategory.ELECTRICITY_TRANSMISSION_AND_DISTRIBUTION,
    ),
    (_("Water"), InvoiceType.WATER, _CUBIC_METRE, EmissionCategory.WATER),
)


# What fits into a cell; the whole sentence stands behind it.
_SHORT: Final[Mapping[str, Any]] = {
    "year_fallback": _("of another year"),
    "country_fallback": _("of another country"),
    "market_fallback_to_location": _("the grid's average"),
    "estimated_direct": _("estimated"),
    "proxy_ratio": _("by the British ratio"),
    "proxy_wtt": _("the British figure"),
    "missing_wtt": _("not known: 0"),
    "co2_only": _("CO2 alone"),
    "unit_approximate": _("unit approximate"),
    "biogenic_unknown": _("biogenic part not known"),
}
# What each of several factors is for.
_PARTS: Final[Mapping[str, Any]] = {
    "td_loss": _("at the power stations"),
    "wtt_td_loss": _("before the power stations"),
    "water_supply": _("supply"),
    "water_treatment": _("treatment"),
}
# Digits enough to compare with, and enough to calculate with behind them.
_SHOWN: Final = Context(prec=4)
_DETAILED: Final = Context(prec=10)


class Fuel(NamedTuple):
    """A fuel as invoices bill it: its name, code and country, and the unit with its symbol."""

    name: str
    code: str
    jurisdiction: str
    unit: str
    symbol: str


@dataclass(frozen=True, slots=True)
class Used:
    """
    A factor in kg CO2e a unit, the published figures that it is made from, and what to know of it.

    `part` says what it is for where there are several, `said` the flags in a word or two.
    """

    part: str
    shown: Decimal
    detailed: Decimal
    unit: str
    year: int | None
    sources: Sequence[str]
    terms: Sequence[Mapping[str, Any]]
    flags: Sequence[str]
    said: Sequence[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """What is used in a year, or why there is nothing to use and invoices get an error."""

    year: int
    used: Sequence[Used]
    gap: str

    @property
    def is_fallback(self) -> bool:
        return any(used.flags for used in self.used)


@dataclass(frozen=True, slots=True)
class Row:
    """A thing that is calculated, with what is used for it in each year."""

    label: str
    cells: Sequence[Cell]


def last_year_of(organization: Organization) -> int:
    """Return the year of the organization's latest invoice, or this year while it has none."""
    latest = Invoice.objects.of(organization.pk).aggregate(latest=Max("start_date"))["latest"]
    return latest.year if latest else timezone.localdate().year


def fuels_in(organization: Organization, country: str) -> list[Fuel]:
    """Return the fuels that are billed at facilities in a country, those of the most invoices first."""
    heat = Invoice.objects.of(organization.pk).counted().filter(type=InvoiceType.HEAT, facility__country=country)
    fields = ("facility_fuel__name", "facility_fuel__code", "facility_fuel__country", "unit__name", "unit__symbol")
    counted = heat.filter(facility_fuel__isnull=False).values_list(*fields).annotate(count=Count("pk"))
    return [Fuel(*row[:5]) for row in counted.order_by("-count", *fields)[:FUELS]]


def rows(country: str, years: Sequence[int], fuels: Iterable[Fuel], table: FactorTable) -> list[Row]:
    """Return what is used for one unit of each thing in each year."""
    found = [
        Row(str(label), [_cell(_activity(type_, unit, country, year), category, table) for year in years])
        for label, type_, unit, category in _ALWAYS
    ]
    for fuel in fuels:
        for category in (EmissionCategory.STATIONARY, EmissionCategory.STATIONARY_GENERATION):
            activities = [_activity(InvoiceType.HEAT, fuel.unit, country, year, fuel) for year in years]
            label = f"{fuel.name}, {fuel.symbol}: {category.label}"
            found.append(Row(label, [_cell(activity, category, table) for activity in activities]))
    return found


def _activity(type_: InvoiceType, unit: str, country: str, year: int, fuel: Fuel | None = None) -> Activity:
    return Activity(
        type=type_.value,
        quantity=Decimal(1),
        unit=unit,
        start=date(year, 1, 1),
        end=date(year, 12, 31),
        country=country,
        fuel=fuel.code if fuel else "",
        fuel_jurisdiction=fuel.jurisdiction if fuel else "",
        supplier="",
        contract=None,
        custom=(),
    )


def _cell(activity: Activity, category: EmissionCategory, table: FactorTable) -> Cell:
    figures = calculating.computed(activity, table, category)[category]
    return Cell(activity.start.year, [_used(line) for line in figures.trace], figures.error)


def _used(line: Mapping[str, Any]) -> Used:
    # A factor that is made from others names their sources together.
    sources = [term["source_id"] for term in line["terms"]] or [line["source_id"]]
    return Used(
        part=str(_PARTS.get(line["kind"], "")),
        shown=_SHOWN.create_decimal(line["factor"]),
        detailed=_DETAILED.create_decimal(line["factor"]),
        unit=line["unit"],
        year=line["factor_year"],
        sources=list(dict.fromkeys(sources)),
        terms=line["terms"],
        flags=line["flags"],
        said=[str(_SHORT.get(flag, flag)) for flag in line["flags"]],
    )
