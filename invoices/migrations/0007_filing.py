from django.db import migrations, models

from facilities.schema import VendorSQL

# Without waiting for writers on PostgreSQL: the table is the biggest one.
_BY_NUMBER = "invoice_by_number ON invoices_invoice (organization_id, invoice_number) WHERE NOT (invoice_number = '')"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [('invoices', '0006_fuel_units')]

    operations = [
        migrations.AlterField(
            model_name='invoicechange',
            name='action',
            field=models.CharField(choices=[('created', 'filed'), ('changed', 'changed'), ('deleted', 'deleted')], max_length=10, verbose_name='action'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(
                    model_name='invoice',
                    index=models.Index(condition=models.Q(('invoice_number', ''), _negated=True), fields=['organization', 'invoice_number'], name='invoice_by_number'),
                ),
            ],
            database_operations=[
                VendorSQL(
                    postgresql=[f"CREATE INDEX CONCURRENTLY {_BY_NUMBER}"],
                    sqlite=[f"CREATE INDEX {_BY_NUMBER}"],
                    undo={vendor: ["DROP INDEX invoice_by_number"] for vendor in ("postgresql", "sqlite")},
                ),
            ],
        ),
    ]
