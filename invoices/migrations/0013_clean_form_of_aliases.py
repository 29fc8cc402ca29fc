from django.db import migrations, models

from facilities.schema import Again, SameOrganization, VendorSQL

_COLUMN = "ALTER TABLE invoices_cupsalias ALTER COLUMN clean_cups TYPE varchar(64) COLLATE"


class Migration(migrations.Migration):
    dependencies = [("invoices", "0012_parse_codes_of_groups")]

    operations = [
        # Nothing makes aliases before this: there is no row to fill.
        migrations.AddField(
            model_name="cupsalias",
            name="clean_cups",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="cupsalias",
            index=models.Index(
                condition=models.Q(("ended_at", None)),
                fields=["organization", "clean_cups", "facility"],
                name="alias_by_clean_form",
            ),
        ),
        Again(SameOrganization("invoices_cupsalias", "facility_id", "facilities_facility")),
        VendorSQL(postgresql=[f'{_COLUMN} "C"'], undo={"postgresql": [f'{_COLUMN} "default"']}),
    ]
