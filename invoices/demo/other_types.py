"""Bills that no CUPS group holds: heat, water, recharging, processes, and electricity outside Spain."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from invoices.demo import gases
from invoices.demo.bills import Book, consumed
from invoices.demo.drawing import chance, key
from invoices.demo.periods import MONTHS, Period, index_of, of_month
from invoices.demo.places import Place
from invoices.demo.supplies import sound_code
from invoices.models import Invoice, InvoiceSource, InvoiceType

_SPANISH_GAS: Final = ("naturgy_gas", "endesa_gas")
# Spanish gas has CUPS of its own distributors, always of 20 characters.
_GAS_DISTRIBUTORS: Final = ("0221", "0229", "0230")
_HEATED_BY_OIL: Final = ("Burgos · Fábrica (cerrada)", "Zaragoza · Plataforma logística")


@dataclass(frozen=True, slots=True)
class _Meter:
    """One series of monthly bills at a facility."""

    name: str
    place: Place
    type: InvoiceType
    seller: str
    unit: str
    yearly: float
    season: str = "even"
    cups: str = ""
    fuel: str = ""


def bills_of(place: Place, book: Book) -> Iterator[Invoice]:
    """Yield all bills of a facility but those of its Spanish electricity."""
    for meter in _meters(place):
        last = index_of(2024, 12) if place.is_archived else MONTHS - 1
        for month in range(last + 1):
            yield _bill(meter, of_month(month), book)


def _meters(place: Place) -> Iterator[_Meter]:
    draw = chance(f"meters of {place.name}")
    country, scale = place.country, draw.uniform(0.7, 1.4)
    if country == "ES":
        yield from _spanish_heat(place)
    else:
        yield _meter(place, InvoiceType.HEAT, "kWh GCV" if country == "GB" else "m³", 90_000 * scale, season="heating")
        for number in range(1, 3):
            # A British MPAN or a German market location is no CUPS: the field stays empty there.
            yearly = draw.randint(*place.kwh)
            yield _meter(place, InvoiceType.ELECTRICITY, "kWh", yearly, name=f"supply {number}", season=place.type)
    yield _meter(place, InvoiceType.WATER, "m³", 900 * scale)
    if place.has_chargers:
        yield _meter(place, InvoiceType.RECHARGE, "kWh", 16_000 * scale)
    if place.has_process:
        yield _meter(place, InvoiceType.PROCESS, "kg", 5_200 * scale, season="factory")


def _meter(
    place: Place, kind: InvoiceType, unit: str, yearly: float, *, name: str = "", season: str = "even"
) -> _Meter:
    fuel = f"gas_{place.country}" if kind == InvoiceType.HEAT else ""
    seller = f"{kind}_{place.country}"
    return _Meter(name or str(kind), place, kind, seller, unit, yearly, season=season, fuel=fuel)


def _spanish_heat(place: Place) -> Iterator[_Meter]:
    draw = chance(f"gas of {place.name}")
    for number in range(1, place.gas + 1):
        yield _Meter(
            *(
                f"gas {number}",
                place,
                InvoiceType.HEAT,
                draw.choice(_SPANISH_GAS),
                "kWh GCV",
                draw.randint(9_000, 160_000),
            ),
            season="heating",
            cups=sound_code(draw.choice(_GAS_DISTRIBUTORS), draw.randrange(10**6, 10**10)),
            fuel="gas_ES",
        )
    if place.name in _HEATED_BY_OIL:
        yield _Meter(
            "oil",
            place,
            InvoiceType.HEAT,
            "repsol_oil",
            "l",
            draw.randint(9_000, 24_000),
            season="heating",
            fuel="gas_oil_ES",
        )


def _bill(meter: _Meter, period: Period, book: Book) -> Invoice:
    more: dict[str, Any] = {"facility_fuel_id": book.reference.fuels[meter.fuel]} if meter.fuel else {}
    if meter.type == InvoiceType.PROCESS:
        # Nobody publishes a factor of a process.
        more["custom_emission_factor_id"] = gases.GROUP_ID
    return book.bill(
        key(meter.type, meter.place.id, meter.name, period.start),
        place=meter.place,
        period=period,
        type=meter.type,
        seller=meter.seller,
        number=book.number(meter.seller, period),
        quantity=consumed(meter.yearly, meter.season, period, meter.place.id, meter.name),
        unit=meter.unit,
        cups=meter.cups,
        source=InvoiceSource.PDF,
        **more,
    )
