from django.db import migrations

from facilities.schema import Again, AppendOnly, SameOrganization, VendorSQL

_CODES = {
    "invoices_cupsgroup": ["clean_cups"],
    "invoices_cupsalias": ["cups", "target_cups"],
    "invoices_cupsdismissal": ["cups", "supply", "target_cups"],
    "invoices_relocation": ["cups"],
}


def _collated(collation):
    return [
        f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar(64) COLLATE "{collation}"'
        for table, columns in _CODES.items()
        for column in columns
    ]


class Migration(migrations.Migration):
    dependencies = [("invoices", "0010_duplicates_and_imports")]

    operations = [
        Again(SameOrganization("invoices_cupsgroup", "facility_id", "facilities_facility")),
        VendorSQL(postgresql=_collated("C"), undo={"postgresql": _collated("default")}),
        SameOrganization("invoices_cupsalias", "facility_id", "facilities_facility"),
        SameOrganization("invoices_cupsdismissal", "facility_id", "facilities_facility"),
        SameOrganization("invoices_relocation", "from_facility_id", "facilities_facility"),
        SameOrganization("invoices_relocation", "to_facility_id", "facilities_facility"),
        *(
            SameOrganization(f"invoices_{table}", "invoice_import_id", "invoices_invoiceimport")
            for table in ("importpart", "importbatch", "importproblem", "importedinvoice")
        ),
        AppendOnly("invoices_relocation"),
        AppendOnly("invoices_relocatedinvoice"),
        AppendOnly("invoices_relocationundo"),
    ]
