from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0013_clean_form_of_aliases")]

    operations = [
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("is_parent", False), ("type", "heat"), models.Q(("cups", ""), _negated=True)),
                fields=["organization", "cups"],
                name="invoice_by_heat_code",
            ),
        ),
    ]
