"""What keeps tests honest about tenants and evidence."""

import re
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

# Not from `operations`, which can be imported only through `base`.
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tuple(str(ROOT / folder) + "/" for folder in ("config", "facilities", "invoices"))

TENANT_TABLES = (
    "facilities_facility",
    "facilities_supplycontract",
    "facilities_storedfile",
    "invoices_invoice",
    "invoices_cupsgroup",
    "invoices_consolidation",
    "invoices_consolidatedinvoice",
    "invoices_consolidationundo",
    "invoices_undoneinvoice",
    "invoices_invoicechange",
    "invoices_processingjob",
    "invoices_jobchunk",
    "invoices_invoiceemission",
    "invoices_invoiceemissionhistory",
    "invoices_yearclosing",
    "invoices_evidencearchive",
    "invoices_cupsalias",
    "invoices_cupsdismissal",
    "invoices_invoiceimport",
    "invoices_importpart",
    "invoices_importbatch",
    "invoices_importproblem",
    "invoices_importedinvoice",
    "invoices_relocation",
    "invoices_relocatedinvoice",
    "invoices_relocationundo",
    "invoices_customemissiongroup",
    "invoices_customemissionfactor",
)
REFERENCE_TABLES = ("invoices_unit", "invoices_factorset", "invoices_emissionsource", "invoices_emissionfactor")
_READS_OR_CHANGES = re.compile(r'\b(?:FROM|JOIN|UPDATE)\s+"?(\w+)"?', re.IGNORECASE)
_SCOPE = re.compile(
    r'\bWHERE\b.*(?:organization_id"?\s*(?:=|IN)|"facilities_organization"\."id"\s*(?:=|IN))', re.IGNORECASE | re.DOTALL
)


class NamesNoOrganization(AssertionError):
    """A statement of the project reads or changes tenants' rows without naming the organization."""


def refuse_unscoped(execute, sql, params, many, context):
    """Wrap the cursor: the nearest frame of ours decides, so that a test itself may look at everything."""
    tables = set(_READS_OR_CHANGES.findall(sql)).intersection(TENANT_TABLES)
    if tables and not sql.lstrip().upper().startswith("INSERT") and not _SCOPE.search(sql) and _is_of_the_project():
        raise NamesNoOrganization(f"{sorted(tables)}: {sql[:600]}")
    return execute(sql, params, many, context)


def _is_of_the_project():
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(PROJECT):
            return "/migrations/" not in name
        if name.startswith(str(ROOT / "tests") + "/"):
            return False
        frame = frame.f_back
    return False


@contextmanager
def flush_what_tests_made():
    """
    Let the flush after a transactional test leave the units that migrations made, and the published factors.

    On SQLite it also drops the triggers that refuse DELETE, and makes them again; PostgreSQL truncates past its own.
    """
    operations = type(connection.ops)
    flush = operations.sql_flush

    def sql_flush(self, style, tables, **kwargs):
        statements = flush(self, style, [table for table in tables if table not in REFERENCE_TABLES], **kwargs)
        if self.connection.vendor != "sqlite":
            return statements
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
        return [*(f'DROP TRIGGER "{name}"' for name, _sql in triggers), *statements, *(sql for _name, sql in triggers)]

    with mock.patch.object(operations, "sql_flush", sql_flush):
        yield
