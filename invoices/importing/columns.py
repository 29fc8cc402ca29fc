"""
The columns of an invoice in a file: their names, and which header is which. Plain Python.

Headers are guessed by what people call them in Spanish and English, without case, accents and punctuation; one that is
nearly such a name counts after those that are one. A person may choose otherwise.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from rapidfuzz import fuzz

# In the order in which they are shown, and in which a file that we make has them.
NAMES: Final = (
    *("type", "start_date", "end_date", "quantity", "unit", "facility_id", "facility"),
    *("cups", "invoice_number", "supplier", "fuel"),
)
REQUIRED: Final = ("type", "start_date", "end_date", "quantity", "unit")
# One of the two says where it was consumed.
PLACES: Final = ("facility_id", "facility")

# Whoever writes a header means one of these; none stands at two columns.
_CALLED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "type": "type|tipo|invoice type|tipo de factura|tipo de suministro|tipo de energia|energy type|supply type"
        "|vector energetico",
        "start_date": "start date|from|start|period start|billing start|date from|desde|fecha desde|inicio|fecha inicio"
        "|fecha de inicio|inicio periodo|inicio de periodo|periodo desde|fecha inicial|fecha inicio periodo"
        "|lectura desde|fecha lectura anterior|f desde",
        "end_date": "end date|to|until|end|period end|billing end|date to|hasta|fecha hasta|fin|fecha fin|fecha de fin"
        "|fin periodo|fin de periodo|periodo hasta|fecha final|fecha fin periodo|lectura hasta"
        "|fecha lectura actual|f hasta",
        "quantity": "quantity|amount consumed|consumption|usage|consumo|cantidad|consumo total|energia consumida"
        "|energia activa|consumo kwh|kwh|consumption kwh|total consumption|volumen|consumo facturado"
        "|base quantity|energy kwh",
        "unit": "unit|units|unidad|unidades|unidad de medida|ud|uds|uom|unit of measure|unit id",
        "facility_id": "facility id|id instalacion|id centro|id de instalacion|id del centro"
        "|facility uuid|instalacion id",
        "facility": "facility|facility name|site|building|location|plant|centro|instalacion|sede|edificio"
        "|nombre instalacion|nombre centro|nombre del centro|nombre de la instalacion|centro de consumo"
        "|centro de trabajo|planta|local|tienda|oficina|ubicacion",
        "cups": "cups|codigo cups|cups code|cups20|cups22|supply point|supply point code|codigo de suministro"
        "|punto de suministro|mpan",
        "invoice_number": "invoice number|invoice no|invoice|invoice id|n factura|no factura|num factura|numero factura"
        "|numero de factura|factura|n de factura|referencia factura|invoice ref|invoice reference",
        "supplier": "supplier|supplier name|provider|vendor|utility|proveedor|comercializadora|compania|suministrador"
        "|supplier id|empresa comercializadora|nombre comercializadora|company|retailer",
        "fuel": "fuel|fuel type|combustible|tipo de combustible|tipo combustible|facility fuel|fuel name"
        "|facility fuel id",
    }
)
_COLUMN_CALLED: Final = MappingProxyType(
    {name.strip(): column for column, names in _CALLED.items() for name in names.split("|")}
)
_NEAR: Final = 88
_EXACT: Final = 100.0
_OWN: Final = 101.0
_FEW_LETTERS: Final = 4


class _Candidate(NamedTuple):
    likeness: float
    place: int


def plain(text: str) -> str:
    """Return a text without case, accents and punctuation, one blank between words: “Fecha_Inicio:” is fecha inicio."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return " ".join(re.split(r"[\W_]+", kept)).strip()


def guess(headers: Sequence[str]) -> dict[str, int]:
    """
    Return which header seems to be which column; a header is one column at most, and two that fit alike are none.

    `["Tipo", "Fecha desde", "Importe"]` gives `{"type": 0, "start_date": 1}`.
    """
    candidates: dict[str, list[_Candidate]] = {}
    for index, header in enumerate(headers):
        if likest := _likest(header):
            column, likeness = likest
            candidates.setdefault(column, []).append(_Candidate(likeness, index))
    found = {}
    for column in NAMES:
        own = sorted(candidates.get(column, ()), key=lambda candidate: -candidate.likeness)
        if own and (len(own) == 1 or own[0].likeness > own[1].likeness):
            found[column] = own[0].place
    return found


def letter(index: int) -> str:
    """Return what a spreadsheet calls a column: A, B … Z, AA."""
    name = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def label(headers: Sequence[str], index: int) -> str:
    """Return what a problem calls a column: its header, with its letter where that alone does not say which it is."""
    header = headers[index].strip() if index < len(headers) else ""
    if not header:
        return letter(index)
    return header if headers.count(headers[index]) == 1 else f"{header} ({letter(index)})"


def _likest(header: str) -> tuple[str, float] | None:
    """Return the column whose name a header is most like, and how like, from _NEAR to _OWN; None where it is unlike."""
    name = plain(header)
    if column := _COLUMN_CALLED.get(name):
        # A file that we made has other columns that may be called so: "base_quantity" beside "quantity".
        return column, _OWN if name == plain(column) else _EXACT
    if len(name) < _FEW_LETTERS:
        return None
    near = {called: fuzz.ratio(name, called) for called in _COLUMN_CALLED if len(called) >= _FEW_LETTERS}
    best = max(near, key=lambda called: near[called])
    return (_COLUMN_CALLED[best], near[best]) if near[best] >= _NEAR else None
