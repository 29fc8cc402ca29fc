import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('invoices', '0005_custom_factors')]

    operations = [
        migrations.AddField(
            model_name='facilityfuel',
            name='code',
            field=models.CharField(blank=True, max_length=32, default='', verbose_name='code'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='facilityfuel',
            name='ghg_type',
            field=models.PositiveSmallIntegerField(choices=[(1, 'fossil'), (2, 'biogenic'), (3, 'fossil and biogenic')], default=1, verbose_name='origin of the carbon'),
        ),
        migrations.AddConstraint(
            model_name='facilityfuel',
            constraint=models.UniqueConstraint(condition=models.Q(('code', ''), _negated=True), fields=('country', 'code'), name='one_fuel_per_country_and_code'),
        ),
        migrations.AddConstraint(
            model_name='facilityfuel',
            constraint=models.CheckConstraint(condition=models.Q(('ghg_type__in', [1, 2, 3])), name='fuel_ghg_type_is_known'),
        ),
        migrations.CreateModel(
            name='FuelUnit',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('fuel', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='fuel_units', to='invoices.facilityfuel')),
                ('unit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='fuel_units', to='invoices.unit')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('fuel', 'position'), name='one_unit_per_fuel_and_position'),
                    models.UniqueConstraint(fields=('fuel', 'unit'), name='one_position_per_fuel_and_unit'),
                ],
            },
        ),
        migrations.AddField(
            model_name='facilityfuel',
            name='units',
            field=models.ManyToManyField(related_name='fuels', through='invoices.FuelUnit', to='invoices.unit', verbose_name='units'),
        ),
    ]
