"""What the schema says of lists as files."""

from functools import partial
from http import HTTPStatus
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema_view

from facilities.api.documenting import operation
from invoices import exporting
from invoices.api import documented, documented_invoices, documented_suggestions, exports

_FILE_NAME: Final = OpenApiParameter(
    "Content-Disposition",
    str,
    OpenApiParameter.HEADER,
    response=[HTTPStatus.OK],
    description="An attachment, named for what it holds, the organization and the day.",
)
_CSV: Final = (
    "UTF-8 with commas and points. The first row names the columns; more may be added after them. A text that begins"
    " with = + - @, tab or carriage return has an apostrophe before it. What is unknown is empty."
)


def _file(description: str, content_type: str, kind: OpenApiTypes, **words: Any) -> Any:
    response = OpenApiResponse(kind, description=description)
    return operation(parameters=[_FILE_NAME], responses={(HTTPStatus.OK.value, content_type): response}, **words)


_csv: Final = partial(_file, _CSV, "text/csv", OpenApiTypes.STR)

extend_schema_view(list=_csv(filters=documented.GROUP_FILTERS))(exports.GroupsExport)
extend_schema_view(list=_csv(filters=documented_invoices.INVOICE_FILTERS))(exports.InvoicesExport)
extend_schema_view(
    list=_file(
        "One sheet, its first row the names of the columns.",
        exporting.XLSX_TYPE,
        OpenApiTypes.BINARY,
        filters=documented_invoices.INVOICE_FILTERS,
        refusals=[exporting.TooManyRows],
    )
)(exports.InvoicesWorkbook)
extend_schema_view(list=_csv())(exports.ConsolidationsExport)
extend_schema_view(list=_csv(filters={"search": "Any part of the code or of its target, in any case."}))(
    exports.AliasesExport
)
extend_schema_view(list=_csv(filters=documented_suggestions.SUGGESTION_FILTERS))(exports.SuggestionsExport)
