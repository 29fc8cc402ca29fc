"""What the schema says of imports."""

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_view

from facilities.api.documenting import id_in_path, operation
from invoices import closed_years, importing
from invoices.api import imports

_ID: Final = "01890000-0000-7000-8000-0000000000c1"
_READING: Final[dict[str, Any]] = {
    "format": "csv",
    "encoding": "utf-8",
    "delimiter": ";",
    "decimal": ",",
    "date_order": "dmy",
    "sheet": "",
    "columns": {"start_date": 1, "end_date": 2, "quantity": 3, "facility": 0, "cups": 4},
    "constants": {"type": "electricity", "unit": "kWh"},
}
_CHECKED: Final[dict[str, Any]] = {
    "id": _ID,
    "file_name": "march.csv",
    "size_bytes": 48211,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "status": "CHECKED",
    "reading": _READING,
    "rows_total": 412,
    "rows_good": 398,
    "rows_bad": 3,
    "rows_repeated": 11,
    "rows_taken": 0,
    "rows_undone": 0,
    "processing_job_id": "01890000-0000-7000-8000-0000000000c2",
    "error": None,
    "created_at": "2025-04-02T08:15:00.000Z",
    "by": "990e8400-e29b-41d4-a716-446655440000",
    "on_behalf_of": None,
    "api_key_id": "01890000-0000-7000-8000-0000000000c3",
    "through": "API",
}
_CHECKING: Final = _CHECKED | {"status": "CHECKING", "rows_total": 0, "rows_good": 0, "rows_bad": 0, "rows_repeated": 0}
_TAKING: Final = _CHECKED | {"status": "TAKING"}
_UNDOING: Final = _CHECKED | {"status": "UNDOING", "rows_taken": 398}
_FILE: Final = "Centro;Desde;Hasta;Consumo;CUPS\nMadrid;01/03/2025;31/03/2025;1.234,5;ES1234123456789012JY\n"
_SAID: Final = {"columns": {"facility": 0, "cups": 4}, "constants": {"type": "electricity", "unit": "kWh"}}
_PLAN: Final = {
    "removed": 397,
    "stays_total": 1,
    "stays": [
        {
            "line": 7,
            "invoice_id": "550e8400-e29b-41d4-a716-446655440000",
            "invoice_number": "E-2025-03-007",
            "reason": "stays_changed",
            "message": "It stays: somebody has changed it since.",
        }
    ],
}

_import_id = id_in_path("import")

extend_schema_view(
    list=operation(
        responses=imports.ImportOutput(many=True),
        answers={200: {"One": {"items": [_CHECKED], "total": 1, "page": 1, "size": 50, "pages": 1}}},
    ),
    create=operation(
        request=imports.UploadInput,
        responses={201: imports.ImportOutput},
        asked={"A file, and what its headers do not say": {"file": _FILE, "reading": '{"date_order": "dmy"}'}},
        answers={201: {"Being checked": _CHECKING}},
        refusals=[importing.NotReadable, importing.ImportTooLarge, importing.MappingIncomplete],
    ),
    retrieve=operation(parameters=[_import_id], responses=imports.ImportOutput, answers={200: {"Checked": _CHECKED}}),
    destroy=operation(parameters=[_import_id], responses={204: None}, refusals=[importing.WrongState]),
    reading=operation(parameters=[_import_id], responses=imports.GuessOutput, refusals=[importing.NotReadable]),
    problems=operation(
        parameters=[_import_id],
        responses=imports.ProblemOutput(many=True),
        filters={"severity[]": "`error`: the row is refused. `repeated`: it is filed already. `warning`: it is good."},
    ),
    refused=operation(parameters=[_import_id], responses={(200, "text/csv"): OpenApiTypes.STR}),
    check=operation(
        parameters=[_import_id],
        request=imports.CheckInput,
        responses={202: imports.ImportOutput},
        asked={"Columns, and what is the same in all rows": {"reading": _SAID}},
        answers={202: {"Being checked": _CHECKING}},
        refusals=[importing.NotReadable, importing.MappingIncomplete, importing.WrongState],
    ),
    take=operation(
        parameters=[_import_id],
        request=None,
        responses={202: imports.ImportOutput},
        answers={202: {"Being filed": _TAKING}},
        refusals=[importing.WrongState, importing.NothingToTake],
    ),
    preview_undo=operation(
        parameters=[_import_id],
        request=None,
        responses=imports.UndoPlanOutput,
        answers={200: {"All but one": _PLAN}},
    ),
    undo=operation(
        parameters=[_import_id],
        request=None,
        responses={202: imports.ImportOutput},
        answers={202: {"Being undone": _UNDOING}},
        refusals=[importing.WrongState, closed_years.PeriodClosed],
    ),
)(imports.ImportViewSet)
