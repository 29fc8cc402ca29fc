"""Reference data that the demo's bills name: units and fuels of the project's tables, and suppliers."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

from facilities.demo import DEMO_SUPPLIER_ID
from facilities.models import Supplier
from invoices import reference
from invoices.demo import drawing
from invoices.models import FacilityFuel, Unit


class Seller(NamedTuple):
    """A supplier, and how its invoice numbers look: {year}, {month} and a running {number}."""

    country: str
    type: str
    name: str
    numbers: str


# Real companies, named as the Spanish register of electricity labels names them.
SELLERS: Final[Mapping[str, Seller]] = MappingProxyType(
    {
        "iberdrola": Seller("ES", "electricity", "IBERDROLA CLIENTES, S.A.U.", "21{year:02}{month:02}0{number:09}"),
        "endesa": Seller("ES", "electricity", "ENDESA ENERGÍA S.A.U.", "P{year:02}CON{number:08}"),
        "naturgy": Seller("ES", "electricity", "NATURGY IBERIA, S.A.", "FE{year:02}{month:02}{number:08}"),
        "repsol": Seller(
            *("ES", "electricity", "REPSOL COMERCIALIZADORA DE ELECTRICIDAD Y GAS, S.L.U", "R{year:02}-{number:07}")
        ),
        "edp": Seller("ES", "electricity", "EDP CLIENTES SAU", "{year:02}{month:02}EDP{number:06}"),
        "acciona": Seller("ES", "electricity", "ACCIONA GREEN ENERGY DEVELOPMENTS SL", "AGE/{year:02}/{number:06}"),
        "naturgy_gas": Seller("ES", "gas", "NATURGY IBERIA, S.A.", "FG{year:02}{month:02}{number:08}"),
        "endesa_gas": Seller("ES", "gas", "ENDESA ENERGÍA S.A.U.", "G{year:02}CON{number:08}"),
        "repsol_oil": Seller("ES", "fuel", "Repsol Comercial de Productos Petrolíferos", "RC{year:02}{number:06}"),
        "water_ES": Seller("ES", "water", "Aqualia Gestión Integral del Agua", "A-{year:02}{month:02}-{number:06}"),
        "recharge_ES": Seller("ES", "recharge", "Zunder Recarga", "ZR{year:02}{number:06}"),
        "process_ES": Seller("ES", "process", "Carburos Metálicos", "CM{year:02}{number:06}"),
        "electricity_GB": Seller("GB", "electricity", "EDF Energy Customers Limited", "{number:012}"),
        "heat_GB": Seller("GB", "gas", "British Gas Trading Limited", "BG{number:09}"),
        "water_GB": Seller("GB", "water", "Castle Water Limited", "CW{number:08}"),
        "recharge_GB": Seller("GB", "recharge", "Octopus Electroverse", "OE-{year:02}{month:02}-{number:05}"),
        "electricity_DE": Seller("DE", "electricity", "E.ON Energie Deutschland GmbH", "{year:02}{number:010}"),
        "heat_DE": Seller("DE", "gas", "VNG Handel & Vertrieb GmbH", "VNG{year:02}{number:07}"),
        "water_DE": Seller("DE", "water", "Gelsenwasser AG", "W{year:02}{number:07}"),
        "recharge_DE": Seller("DE", "recharge", "EnBW mobility+", "EMP{year:02}{month:02}{number:06}"),
        "process_DE": Seller("DE", "process", "Linde Gas Deutschland", "LG{year:02}{number:06}"),
    }
)
SPANISH_ELECTRICITY: Final = ("iberdrola", "endesa", "naturgy", "repsol", "edp", "acciona")

_FUELS: Final = MappingProxyType(
    {
        "gas_ES": ("ES", "natural_gas"),
        "gas_oil_ES": ("ES", "gas_oil_c"),
        "gas_GB": ("GB", "natural_gas"),
        # Germany has no table of its own: it burns the world's.
        "gas_DE": (reference.WORLD, "natural_gas"),
    }
)
_UNITS: Final = MappingProxyType(
    {
        "kWh": "kilowatt_hour_(kwh)",
        "kWh GCV": "kilowatt_hour_gcv_(kwh)",
        "m³": "cubic_meter_(m³)",
        "l": "liter_(l)",
        "kg": "kilogram_(kg)",
    }
)


@dataclass(frozen=True, slots=True)
class Reference:
    """The keys of units by symbol, and of suppliers and fuels by the demo's own names for them."""

    units: Mapping[str, UUID]
    suppliers: Mapping[str, UUID]
    fuels: Mapping[str, UUID]


def stored() -> Reference:
    """Return the keys as they stand in the database, once the reference data and the demo's own suppliers are there."""
    reference.load()
    units = dict(Unit.objects.values_list("name", "pk"))
    fuels = {(country, code): pk for country, code, pk in FacilityFuel.objects.values_list("country", "code", "pk")}
    return Reference(
        units={symbol: units[name] for symbol, name in _UNITS.items()},
        suppliers={name: _stored_supplier(name, seller) for name, seller in SELLERS.items()},
        fuels={name: fuels[fuel] for name, fuel in _FUELS.items()},
    )


def _stored_supplier(name: str, seller: Seller) -> UUID:
    supplier_id = DEMO_SUPPLIER_ID if name == "iberdrola" else drawing.key("supplier", name)
    supplier, _is_new = Supplier.objects.get_or_create(
        country=seller.country, type=seller.type, name=seller.name, defaults={"id": supplier_id}
    )
    return supplier.pk


def planned() -> Reference:
    """Return made-up keys: for reading the demo without a database."""
    return Reference(
        units={symbol: drawing.key("unit", symbol) for symbol in _UNITS},
        suppliers={name: drawing.key("supplier", name) for name in SELLERS},
        fuels={name: drawing.key("fuel", name) for name in _FUELS},
    )
