"""Where the demo's companies consume: 25 facilities of the group, and one of an unrelated company."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from facilities.demo import DEMO_FACILITY_IDS, DEMO_ORGANIZATION_IDS
from invoices.demo import drawing


@dataclass(frozen=True, slots=True)
class Place:
    """
    A facility, with what decides how much it consumes.

    `supplies` and `gas` count its supply points of electricity and of gas; `kwh` is the least and the most that one of
    the former takes in a year; `distributors` are those whose wires reach it.
    """

    id: UUID
    organization: str
    name: str
    address: str
    type: str
    kwh: tuple[int, int]
    country: str = "ES"
    distributors: tuple[str, ...] = ()
    supplies: int = 0
    gas: int = 0
    has_chargers: bool = False
    has_process: bool = False
    is_archived: bool = False

    @property
    def organization_id(self) -> UUID:
        return DEMO_ORGANIZATION_IDS[self.organization]


_STORE: Final = (28_000, 95_000)
_WAREHOUSE: Final = (60_000, 320_000)
_FACTORY: Final = (180_000, 1_900_000)
_OFFICE: Final = (40_000, 260_000)


def _key(name: str) -> UUID:
    return drawing.key("facility", name)


FACILITY_1: Final = Place(
    DEMO_FACILITY_IDS["facility_1"],
    *("group", "Facility 1", "Calle de Julián Camarillo 42, 28037 Madrid", "office", _OFFICE),
    distributors=("0021",),
    supplies=3,
    gas=1,
)
HEAD_OFFICE: Final = Place(
    DEMO_FACILITY_IDS["update_page"],
    *("group", "Madrid · Oficina central", "Paseo de la Castellana 89, 28046 Madrid", "office", _OFFICE),
    distributors=("0021", "0022"),
    supplies=9,
    gas=2,
    has_chargers=True,
)
DATA_CENTRE: Final = Place(
    _key("data centre"),
    *("group", "Madrid · Centro de datos", "Avenida de la Industria 13, 28108 Alcobendas", "data_center"),
    kwh=(600_000, 2_400_000),
    distributors=("0021",),
    supplies=4,
)
BILBAO: Final = Place(
    _key("Bilbao"),
    *("group", "Bilbao · Almacén", "Carretera Bilbao-Plentzia 30, 48950 Erandio", "warehouse", _WAREHOUSE),
    distributors=("0021",),
    supplies=15,
    gas=3,
    has_chargers=True,
)
VALENCIA: Final = Place(
    _key("Valencia"),
    *("group", "Valencia · Centro logístico", "Carrer dels Traginers 8, 46014 València", "warehouse", _WAREHOUSE),
    distributors=("0021",),
    supplies=25,
    gas=4,
    has_chargers=True,
)
BARCELONA: Final = Place(
    _key("Barcelona"),
    *("group", "Barcelona · Red de tiendas", "Carrer de Pallars 193, 08005 Barcelona", "store", _STORE),
    distributors=("0031",),
    supplies=39,
    gas=6,
    has_chargers=True,
)
VALLADOLID: Final = Place(
    _key("Valladolid"),
    *("iberia", "Valladolid · Red de tiendas", "Calle de la Mantería 22, 47004 Valladolid", "store", _STORE),
    distributors=("0021",),
    supplies=44,
    gas=8,
)
MURCIA: Final = Place(
    _key("Murcia"),
    *("iberia", "Murcia · Red de tiendas", "Gran Vía Escultor Salzillo 9, 30004 Murcia", "store", _STORE),
    distributors=("0021",),
    supplies=42,
    gas=4,
    has_chargers=True,
)
LONDON: Final = Place(
    _key("London"),
    *("britain", "London · Office", "14 Finsbury Square, London EC2A 1AH", "office", _OFFICE),
    country="GB",
)
BERLIN: Final = Place(
    _key("Berlin"), *("germany", "Berlin · Büro", "Köpenicker Straße 48, 10179 Berlin", "office", _OFFICE), country="DE"
)

PLACES: Final = (
    *(FACILITY_1, HEAD_OFFICE, DATA_CENTRE, BARCELONA, BILBAO, VALENCIA),
    Place(
        _key("A Coruña"),
        *("group", "A Coruña · Fábrica", "Rúa da Gutenberg 38, 15008 A Coruña", "factory", _FACTORY),
        distributors=("0022",),
        supplies=13,
        gas=5,
        has_process=True,
    ),
    Place(
        _key("Sevilla"),
        *("group", "Sevilla · Red de tiendas", "Avenida de la Constitución 18, 41001 Sevilla", "store", _STORE),
        distributors=("0024", "0031"),
        supplies=37,
        gas=4,
    ),
    Place(
        _key("Zaragoza"),
        *("group", "Zaragoza · Plataforma logística", "Calle Osca 4, 50197 Zaragoza", "warehouse", _WAREHOUSE),
        distributors=("0029",),
        supplies=23,
        gas=5,
        has_chargers=True,
    ),
    Place(
        _key("Málaga"),
        *("group", "Málaga · Red de tiendas", "Calle Marqués de Larios 5, 29005 Málaga", "store", _STORE),
        distributors=("0023", "0031"),
        supplies=35,
        gas=2,
    ),
    Place(
        _key("Vigo"),
        *("group", "Vigo · Planta de conservas", "Avenida de Beiramar 71, 36202 Vigo", "factory", _FACTORY),
        distributors=("0022", "0390"),
        supplies=15,
        gas=5,
        has_process=True,
    ),
    Place(
        _key("Burgos"),
        *("group", "Burgos · Fábrica (cerrada)", "Calle López Bravo 61, 09001 Burgos", "factory", _FACTORY),
        distributors=("0021",),
        supplies=10,
        gas=3,
        is_archived=True,
    ),
    *(VALLADOLID, MURCIA),
    Place(
        _key("Palma"),
        *("iberia", "Palma · Red de tiendas", "Carrer de Sant Miquel 30, 07002 Palma", "store", _STORE),
        distributors=("0120",),
        supplies=36,
        gas=3,
    ),
    Place(
        _key("Las Palmas"),
        *("iberia", "Las Palmas · Red de tiendas", "Calle Mayor de Triana 54, 35002 Las Palmas", "store", _STORE),
        distributors=("0363",),
        supplies=40,
    ),
    Place(
        _key("Oviedo"),
        *("iberia", "Oviedo · Red de tiendas", "Calle Uría 20, 33003 Oviedo", "store", _STORE),
        distributors=("0026", "0027"),
        supplies=38,
        gas=9,
        has_chargers=True,
    ),
    LONDON,
    Place(
        _key("Manchester"),
        *(
            "britain",
            "Manchester · Distribution centre",
            "Trafford Wharf Road, Manchester M17 1AB",
            "warehouse",
            _WAREHOUSE,
        ),
        country="GB",
        has_chargers=True,
    ),
    Place(
        _key("Birmingham"),
        *("britain", "Birmingham · Shops", "112 New Street, Birmingham B2 4EU", "store", _STORE),
        country="GB",
    ),
    Place(
        _key("Bristol"),
        *("britain", "Bristol · Warehouse", "Avonmouth Way, Bristol BS11 9YB", "warehouse", _WAREHOUSE),
        country="GB",
    ),
    BERLIN,
    Place(
        _key("Hamburg"),
        *("germany", "Hamburg · Lager", "Billstraße 180, 20539 Hamburg", "warehouse", _WAREHOUSE),
        country="DE",
        has_chargers=True,
    ),
    Place(
        _key("München"),
        *("germany", "München · Filialen", "Sendlinger Straße 24, 80331 München", "store", _STORE),
        country="DE",
    ),
    Place(
        _key("Leipzig"),
        *("germany", "Leipzig · Werk", "Torgauer Straße 231, 04347 Leipzig", "factory", _FACTORY),
        country="DE",
        has_process=True,
    ),
)
NEIGHBOUR: Final = Place(
    _key("Logroño"),
    *("unrelated", "Logroño · Bodega", "Avenida de Burgos 104, 26006 Logroño", "factory", (90_000, 240_000)),
    distributors=("0021",),
    supplies=4,
    gas=1,
)
EVERYWHERE: Final = (*PLACES, NEIGHBOUR)
