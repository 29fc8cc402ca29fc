"""How a file is read, said anew: what somebody says of it, over what was guessed or said before."""

from collections.abc import Mapping
from typing import Any, Final

from invoices.importing import columns
from invoices.importing.readings import Reading
from invoices.importing.uploading import reguessed
from invoices.models import InvoiceImport

# What decides into which cells a file falls.
_CELLS: Final = ("encoding", "delimiter", "sheet")


def restated(*, invoice_import: InvoiceImport, said: Mapping[str, Any]) -> Reading:
    """
    Return how a file is read with what is said over what was kept; what is not said stays, column by column.

    Of other cells the columns are guessed anew. A column named None is none; a value for all rows takes the place of a
    column, and a facility that of its name too; a column that is said now takes the place of a value that was said
    before. Raise NotReadable.
    """
    kept = invoice_import.reading
    reading = Reading.of({**kept, **said, "columns": {}, "constants": {}})
    if all(kept[name] == getattr(reading, name) for name in _CELLS):
        places = dict(kept["columns"])
    else:
        places = dict(reguessed(invoice_import=invoice_import, reading=reading).columns)
    chosen = said.get("columns") or {}
    places |= chosen
    constants = {**_still_meant(kept["constants"], chosen), **(said.get("constants") or {})}
    stated = {name for name, text in constants.items() if text.strip()}
    stated |= set(columns.PLACES) if "facility_id" in stated else set()
    return Reading.of(
        {
            **reading.as_json(),
            "columns": {name: place for name, place in places.items() if name not in stated},
            "constants": constants,
        }
    )


def _still_meant(constants: Mapping[str, str], chosen: Mapping[str, int | None]) -> dict[str, str]:
    """Return the values for all rows that no column which is chosen now replaces; either column names the facility."""
    replaced = {name for name, place in chosen.items() if place is not None}
    if not replaced.isdisjoint(columns.PLACES):
        replaced |= set(columns.PLACES)
    return {name: text for name, text in constants.items() if name not in replaced}
