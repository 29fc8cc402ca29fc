import django.db.models.deletion
import django.utils.timezone
import facilities.keys
from django.conf import settings
from django.db import migrations, models

from facilities.schema import Again, SameOrganization, VendorSQL

CATEGORIES = [('energy', 'energy'), ('purchases', 'purchases'), ('wastes', 'waste'), ('stationary', 'stationary combustion'), ('stationary_generation', 'upstream of fuels'), ('electricity', 'electricity, market-based'), ('electricity_location_based', 'electricity, location-based'), ('electricity_generation', 'upstream of electricity'), ('electricity_transmission_and_distribution', 'transmission and distribution of electricity'), ('water', 'water'), ('process', 'process')]


# What SQLite drops when it rebuilds the table of invoices.
OF_INVOICES = [
    SameOrganization('invoices_invoice', 'facility_id', 'facilities_facility'),
    SameOrganization('invoices_invoice', 'supply_contract_id', 'facilities_supplycontract'),
]


class Migration(migrations.Migration):
    dependencies = [
        ('facilities', '0002_database_rules'),
        ('invoices', '0004_job_chunks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomEmissionGroup',
            fields=[
                ('id', models.UUIDField(default=facilities.keys.new_id, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('description', models.CharField(blank=True, max_length=2000, verbose_name='description')),
                ('category', models.CharField(blank=True, choices=CATEGORIES, max_length=48, verbose_name='category')),
                ('ghg_type', models.PositiveSmallIntegerField(choices=[(1, 'fossil'), (2, 'biogenic'), (3, 'fossil and biogenic')], verbose_name='origin of the carbon')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created at')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='custom_emission_groups', to='facilities.organization', verbose_name='organization')),
            ],
            options={
                'verbose_name': 'group of custom emission factors',
                'verbose_name_plural': 'groups of custom emission factors',
                'constraints': [
                    models.UniqueConstraint(fields=('id', 'organization'), name='custom_group_of_one_organization'),
                    models.CheckConstraint(condition=models.Q(('category__in', ['', *(name for name, _label in CATEGORIES)])), name='custom_group_category_is_known'),
                    models.CheckConstraint(condition=models.Q(('ghg_type__in', [1, 2, 3])), name='custom_group_ghg_type_is_known'),
                ],
            },
        ),
        migrations.CreateModel(
            name='CustomEmissionFactor',
            fields=[
                ('id', models.UUIDField(default=facilities.keys.new_id, editable=False, primary_key=True, serialize=False)),
                ('ef_name', models.CharField(max_length=200, verbose_name='name')),
                ('tag', models.CharField(blank=True, choices=[('simple', 'simple'), ('advanced', 'by gas')], max_length=10, verbose_name='tag')),
                ('emission_factor_values', models.JSONField(verbose_name='kg a unit')),
                ('factor_start_date', models.DateField(blank=True, null=True, verbose_name='valid from')),
                ('factor_end_date', models.DateField(blank=True, null=True, verbose_name='valid to')),
                ('renewable_percentage', models.DecimalField(blank=True, decimal_places=6, max_digits=9, null=True, verbose_name='renewable share in percent')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created at')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('group', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='factors', to='invoices.customemissiongroup', verbose_name='group')),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.organization', verbose_name='organization')),
                ('unit', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='invoices.unit', verbose_name='unit')),
            ],
            options={
                'verbose_name': 'custom emission factor',
                'verbose_name_plural': 'custom emission factors',
                'indexes': [models.Index(fields=['organization', 'group', 'created_at'], name='custom_factor_by_group')],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('tag__in', ['', 'simple', 'advanced'])), name='custom_factor_tag_is_known'),
                    models.CheckConstraint(condition=models.Q(('factor_start_date', None), ('factor_end_date', None), ('factor_end_date__gte', models.F('factor_start_date')), _connector='OR'), name='custom_factor_ends_after_it_starts'),
                    models.CheckConstraint(condition=models.Q(('renewable_percentage', None), models.Q(('renewable_percentage__gte', 0), ('renewable_percentage__lte', 100)), _connector='OR'), name='custom_factor_renewable_share_is_in_percent'),
                ],
            },
        ),
        SameOrganization('invoices_customemissionfactor', 'group_id', 'invoices_customemissiongroup'),
        # On the way back the table is rebuilt too.
        VendorSQL(undo={'sqlite': [statement for rule in OF_INVOICES for statement in rule.sqlite]}),
        # The column keeps its name and what is in it; it only learns what it points at.
        migrations.AlterField(
            model_name='invoice',
            name='custom_emission_factor_id',
            field=models.UUIDField(blank=True, db_column='custom_emission_factor_id', editable=False, null=True, verbose_name='custom emission factor'),
        ),
        migrations.RenameField(
            model_name='invoice',
            old_name='custom_emission_factor_id',
            new_name='custom_emission_factor',
        ),
        migrations.AlterField(
            model_name='invoice',
            name='custom_emission_factor',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='invoices.customemissiongroup', verbose_name='custom emission factors'),
        ),
        *(Again(rule) for rule in OF_INVOICES),
    ]
