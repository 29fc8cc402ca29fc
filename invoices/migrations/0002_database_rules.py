from django.db import migrations

from facilities.schema import AppendOnly, SameOrganization, VendorSQL

_CODES = {
    "invoices_invoice": ["cups", "printed_cups"],
    "invoices_cupsgroup": ["cups"],
    "invoices_consolidation": ["target_cups"],
    "invoices_consolidatedinvoice": ["previous_cups"],
}


def _collated(collation: str) -> list[str]:
    return [
        f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar(64) COLLATE "{collation}"'
        for table, columns in _CODES.items()
        for column in columns
    ]


class Migration(migrations.Migration):
    dependencies = [("invoices", "0001_initial"), ("facilities", "0002_database_rules")]

    operations = [
        # Codes sort by their characters, whatever the server's locale, and in the order in which writers take locks.
        VendorSQL(postgresql=_collated("C"), undo={"postgresql": _collated("default")}),
        SameOrganization("invoices_invoice", "facility_id", "facilities_facility"),
        SameOrganization("invoices_invoice", "supply_contract_id", "facilities_supplycontract"),
        SameOrganization("invoices_cupsgroup", "facility_id", "facilities_facility"),
        AppendOnly("invoices_consolidation"),
        AppendOnly("invoices_consolidatedinvoice"),
        AppendOnly("invoices_consolidationundo"),
        AppendOnly("invoices_undoneinvoice"),
        AppendOnly("invoices_invoicechange"),
        VendorSQL(
            postgresql=[
                # Scattered edits of columns without an index then stay on their page.
                "ALTER TABLE invoices_invoice SET (fillfactor = 85)",
                "CREATE EXTENSION IF NOT EXISTS pg_trgm",
                "CREATE EXTENSION IF NOT EXISTS btree_gin",
                # As Django writes a search that ignores case.
                "CREATE INDEX group_by_part_of_cups ON invoices_cupsgroup "
                "USING gin (organization_id, upper(cups::text) gin_trgm_ops)",
            ],
            undo={"postgresql": ["DROP INDEX group_by_part_of_cups", "ALTER TABLE invoices_invoice RESET (fillfactor)"]},
        ),
    ]
