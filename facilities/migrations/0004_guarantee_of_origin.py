from django.db import migrations, models

from facilities.schema import Again, SameOrganization, Unchanging


class Migration(migrations.Migration):

    dependencies = [
        ('facilities', '0003_stored_files'),
    ]

    operations = [
        migrations.AddField(
            model_name='supplycontract',
            name='guarantee_type',
            field=models.CharField(choices=[('renewable', 'renewable'), ('cogeneration', 'high-efficiency cogeneration')], default='renewable', max_length=12, verbose_name='guarantee of origin'),
        ),
        migrations.AddConstraint(
            model_name='supplycontract',
            constraint=models.CheckConstraint(condition=models.Q(('guarantee_type__in', ['renewable', 'cogeneration'])), name='supply_contract_guarantee_is_known'),
        ),
        Again(SameOrganization("facilities_supplycontract", "facility_id", "facilities_facility")),
        Again(Unchanging("facilities_supplycontract", "source")),
    ]
