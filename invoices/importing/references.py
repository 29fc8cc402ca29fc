"""What the names in a file mean: facilities of the organization, units, fuels and suppliers, by id, name or symbol."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Generic, TypeVar
from uuid import UUID

from rapidfuzz import fuzz, process

from facilities.models import Facility, FacilityStatus, Organization, Supplier
from invoices.emissions import names
from invoices.importing.columns import plain
from invoices.importing.values import NotUnderstood
from invoices.models import FacilityFuel, FuelUnit, Unit

_Named = TypeVar("_Named", Facility, Supplier, Unit, FacilityFuel)

_CLOSE: Final = 60
_CLOSE_SHOWN: Final = 3
_ANYWHERE: Final = "ZZ"

# How units are written besides their names and symbols, without case, accents and punctuation.
_UNITS_CALLED: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("kw h", "kilovatio hora", "kilovatios hora", "kilowatt hour", "kilowatt hours"), "kWh"),
        **dict.fromkeys(("mw h", "megavatio hora", "megavatios hora", "megawatt hour", "megawatt hours"), "MWh"),
        **dict.fromkeys(("kwh pcs", "kwh hcv", "kwh hhv", "kwh gross"), "kWh GCV"),
        **dict.fromkeys(("kwh pci", "kwh lhv", "kwh net"), "kWh NCV"),
        **dict.fromkeys(("metro cubico", "metros cubicos", "cubic meter", "cubic meters", "cubic metre", "mc"), "m³"),
        **dict.fromkeys(("litro", "litros", "lt", "lts", "liter", "liters", "litre", "litres"), "l"),
        **dict.fromkeys(("kilogramo", "kilogramos", "kilo", "kilos", "kilogram", "kilograms", "kgs"), "kg"),
        **dict.fromkeys(("tonelada", "toneladas", "tonne", "tonnes"), "t"),
    }
)


class Names(Generic[_Named]):
    """Rows by id and by the names that people give them."""

    def __init__(
        self, rows: Iterable[_Named], *, called: Callable[[_Named], Iterable[str]], shown: Callable[[_Named], str]
    ) -> None:
        self._by_id: dict[UUID, _Named] = {}
        self._by_name: dict[str, list[_Named]] = {}
        self._shown: dict[str, str] = {}
        for row in rows:
            self._by_id[row.pk] = row
            for name in dict.fromkeys(called(row)):
                self._by_name.setdefault(name, []).append(row)
                self._shown.setdefault(name, shown(row))

    def by_id(self, text: str) -> _Named | None:
        """Return the row whose id this is; raise ValueError for what is no id."""
        return self._by_id.get(UUID(text))

    def named(self, name: str) -> Sequence[_Named]:
        """Return the rows that are called so."""
        return self._by_name.get(name, ())

    def close_to(self, name: str) -> list[str]:
        """Return the names that are most like this one, the likest first."""
        near = process.extract(name, self._by_name.keys(), scorer=fuzz.WRatio, limit=10, score_cutoff=_CLOSE)
        return list(dict.fromkeys(self._shown[found] for found, _likeness, _place in near))[:_CLOSE_SHOWN]


class References:
    """What an organization's file may name. Read once; a lookup asks nothing of the database."""

    def __init__(self, organization: Organization) -> None:
        present = Facility.objects.present().filter(organization=organization).order_by("name", "pk")
        self._facilities = Names(present, called=lambda row: [plain(row.name)], shown=lambda row: row.name)
        self._units = Names(Unit.objects.order_by("name"), called=_unit_names, shown=lambda row: row.symbol)
        self._fuels = Names(
            FacilityFuel.objects.order_by("name", "pk"),
            called=lambda row: filter(None, (plain(row.name), plain(row.code))),
            shown=lambda row: row.name,
        )
        self._suppliers = Names(
            Supplier.objects.order_by("name", "pk"),
            called=lambda row: [names.normalised(row.name)],
            shown=lambda row: row.name,
        )
        self._fuel_units: dict[UUID, dict[UUID, str]] = {}
        for fuel_id, unit_id, symbol in FuelUnit.objects.order_by("position").values_list(
            "fuel", "unit", "unit__symbol"
        ):
            self._fuel_units.setdefault(fuel_id, {})[unit_id] = symbol

    def facility(self, text: str) -> Facility:
        """Return the active facility that an id or a name means; raise NotUnderstood."""
        if (own := _by_id(self._facilities, text)) is not None:
            found: Sequence[Facility] = [own]
        else:
            found = self._facilities.named(plain(text))
        active = [row for row in found if row.status == FacilityStatus.ACTIVE]
        if found and not active:
            raise NotUnderstood("facility_archived", name=found[0].name)
        if not active:
            raise NotUnderstood("facility_unknown", close=self._facilities.close_to(plain(text)))
        if len(active) > 1:
            raise NotUnderstood("facility_ambiguous", ids=[str(row.pk) for row in active[:_CLOSE_SHOWN]])
        return active[0]

    def unit(self, text: str) -> Unit:
        """Return the unit that an id, a name or a symbol means; raise NotUnderstood."""
        if (own := _by_id(self._units, text)) is not None:
            return own
        name = plain(text)
        found = self._units.named(plain(_UNITS_CALLED.get(name, name)))
        if not found:
            raise NotUnderstood("unit_unknown", right=["kWh", "MWh", "m³", "l", "kg", "t"])
        return found[0]

    def fuel(self, text: str, *, country: str) -> FacilityFuel:
        """Return the fuel that an id or a name means in a country; raise NotUnderstood."""
        if (own := _by_id(self._fuels, text)) is not None:
            return own
        found = self._fuels.named(plain(text))
        if not found:
            raise NotUnderstood("fuel_unknown", close=self._fuels.close_to(plain(text)))
        for place in (country, _ANYWHERE):
            fitting = [row for row in found if row.country == place]
            if len(fitting) == 1:
                return fitting[0]
        raise NotUnderstood("fuel_ambiguous", countries=sorted({row.country for row in found}))

    def fuel_units(self, fuel: FacilityFuel | None) -> Mapping[UUID, str]:
        """Return the symbols of the units that a fuel is measured in, by id; none where nobody knows."""
        return self._fuel_units.get(fuel.pk, {}) if fuel is not None else {}

    def supplier(self, text: str, *, country: str, type: str) -> Supplier:  # noqa: A002 (as the invoice's own field)
        """Return the supplier that an id or a name means, of this country and kind if several; raise NotUnderstood."""
        if (own := _by_id(self._suppliers, text)) is not None:
            return own
        found = list(self._suppliers.named(names.normalised(text)))
        if not found:
            raise NotUnderstood("supplier_unknown", close=self._suppliers.close_to(names.normalised(text)))
        found = [row for row in found if row.country == country] or found
        found = [row for row in found if row.type == type] or found
        if len(found) > 1:
            raise NotUnderstood("supplier_ambiguous", ids=[str(row.pk) for row in found[:_CLOSE_SHOWN]])
        return found[0]


def _by_id(known: Names[_Named], text: str) -> _Named | None:
    """Return the row that an id names, None for a text that is no id; raise NotUnderstood for an id of nothing."""
    try:
        own = known.by_id(text)
    except ValueError:
        return None
    if own is None:
        raise NotUnderstood("id_unknown")
    return own


def _unit_names(unit: Unit) -> list[str]:
    return [plain(unit.name), plain(unit.symbol)]
