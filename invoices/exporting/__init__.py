"""
Lists as files: groups, suggestions, consolidations, aliases and invoices, streamed.

Programs get the names and values of the API; people headings, words and numbers in their language.
"""

from invoices.exporting.columns import Words
from invoices.exporting.files import (
    CSV_TYPE,
    MOST_IN_XLSX,
    XLSX_TYPE,
    TooManyRows,
    csv_for_people,
    csv_for_programs,
    file_name,
    workbook,
)
from invoices.exporting.tables import Table, aliases, consolidations, groups, invoices, suggestions

__all__ = [
    "CSV_TYPE",
    "MOST_IN_XLSX",
    "XLSX_TYPE",
    "Table",
    "TooManyRows",
    "Words",
    "aliases",
    "consolidations",
    "csv_for_people",
    "csv_for_programs",
    "file_name",
    "groups",
    "invoices",
    "suggestions",
    "workbook",
]
