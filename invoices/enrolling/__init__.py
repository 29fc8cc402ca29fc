"""
File the list of supplies that one copies from Datadis's page as supply contracts.

`read_text` and `read_file` read it, `plan` says what would be filed where, `enroll` files it. And what the contracts
and the invoices know of each other: supplies without an invoice, codes on no contract.
"""

from invoices.enrolling.comparing_lists import codes_on_no_contract, supplies_without_invoices
from invoices.enrolling.placing import Basis, Guess, Plan, Proposal, State, plan
from invoices.enrolling.reading import (
    COLUMNS,
    MOST_BYTES,
    MOST_ROWS,
    BadRow,
    ListNotReadable,
    Problem,
    Supplies,
    Supply,
    as_text,
    read_file,
    read_text,
)
from invoices.enrolling.taking import Enrolled, enroll

__all__ = [
    "COLUMNS",
    "MOST_BYTES",
    "MOST_ROWS",
    "BadRow",
    "Basis",
    "Enrolled",
    "Guess",
    "ListNotReadable",
    "Plan",
    "Problem",
    "Proposal",
    "State",
    "Supplies",
    "Supply",
    "as_text",
    "codes_on_no_contract",
    "enroll",
    "plan",
    "read_file",
    "read_text",
    "supplies_without_invoices",
]
