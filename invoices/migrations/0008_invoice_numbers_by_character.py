from django.db import migrations

from facilities.schema import VendorSQL


def _collated(collation: str) -> list[str]:
    return [f'ALTER TABLE invoices_invoice ALTER COLUMN invoice_number TYPE varchar(100) COLLATE "{collation}"']


class Migration(migrations.Migration):
    dependencies = [("invoices", "0007_filing")]

    # A list sorted by number must not follow the server's locale; SQLite compares bytes already.
    operations = [VendorSQL(postgresql=_collated("C"), undo={"postgresql": _collated("default")})]
