"""
Tables in and out: CSV and XLSX. Plain Python, no Django.

A spreadsheet takes a text for a formula when it begins as one, and does what it says. What is written here carries an
apostrophe before such a text, and `undefused` takes exactly that mark off again. Numbers and days are never marked.
"""

from invoices.tabular.cells import DANGEROUS, Row, cell, defused, undefused
from invoices.tabular.delimited import API, ENGLISH_PAGE, LONGEST_ROW, SPANISH, Dialect, csv_lines, read_csv
from invoices.tabular.refusals import SheetNotFound, TooManyRows, Unreadable
from invoices.tabular.sniffing import DELIMITERS, Guess, sniff
from invoices.tabular.workbooks import MOST_CELLS, Number, read_xlsx, write_xlsx

__all__ = [
    "API",
    "DANGEROUS",
    "DELIMITERS",
    "ENGLISH_PAGE",
    "LONGEST_ROW",
    "MOST_CELLS",
    "SPANISH",
    "Dialect",
    "Guess",
    "Number",
    "Row",
    "SheetNotFound",
    "TooManyRows",
    "Unreadable",
    "cell",
    "csv_lines",
    "defused",
    "read_csv",
    "read_xlsx",
    "sniff",
    "undefused",
    "write_xlsx",
]
