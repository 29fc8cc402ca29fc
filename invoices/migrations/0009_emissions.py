import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import facilities.keys
from django.conf import settings
from django.db import migrations, models

from facilities.schema import AppendOnly


class Migration(migrations.Migration):

    dependencies = [
        ('facilities', '0004_guarantee_of_origin'),
        ('invoices', '0008_invoice_numbers_by_character'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='EmissionFactor',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=32, verbose_name='kind')),
                ('jurisdiction', models.CharField(max_length=8, verbose_name='country')),
                ('subject', models.CharField(blank=True, max_length=200, verbose_name='of')),
                ('label', models.CharField(blank=True, max_length=200, verbose_name='name')),
                ('unit', models.CharField(blank=True, max_length=32, verbose_name='unit')),
                ('valid_from', models.DateField(verbose_name='valid from')),
                ('valid_to', models.DateField(verbose_name='valid to')),
                ('value', models.DecimalField(decimal_places=10, max_digits=18, null=True, verbose_name='value')),
                ('gas', models.CharField(blank=True, max_length=8, verbose_name='gas')),
                ('kgco2_fossil', models.DecimalField(decimal_places=10, max_digits=18, null=True, verbose_name='kg of fossil CO2')),
                ('gch4', models.DecimalField(decimal_places=10, max_digits=18, null=True, verbose_name='g of CH4')),
                ('gn2o', models.DecimalField(decimal_places=10, max_digits=18, null=True, verbose_name='g of N2O')),
                ('kgco2_biogenic', models.DecimalField(decimal_places=10, max_digits=18, null=True, verbose_name='kg of biogenic CO2')),
                ('ncv_kwh', models.DecimalField(decimal_places=10, max_digits=18, null=True, verbose_name='net calorific value in kWh')),
                ('gcv_kwh', models.DecimalField(decimal_places=10, max_digits=18, null=True, verbose_name='gross calorific value in kWh')),
                ('density_kg_per_l', models.DecimalField(decimal_places=10, max_digits=18, null=True, verbose_name='density in kg a litre')),
                ('wtt', models.DecimalField(decimal_places=10, max_digits=18, null=True, verbose_name='upstream in kg CO2e')),
                ('gwp_set', models.CharField(blank=True, max_length=8, verbose_name='warming potentials')),
                ('source_id', models.CharField(max_length=64, verbose_name='source')),
                ('wtt_source_id', models.CharField(blank=True, max_length=64, verbose_name='source of the upstream factor')),
                ('detail', models.CharField(blank=True, max_length=64, verbose_name='detail')),
            ],
            options={
                'verbose_name': 'emission factor',
                'verbose_name_plural': 'emission factors',
            },
        ),
        migrations.CreateModel(
            name='EmissionSource',
            fields=[
                ('code', models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name='code')),
                ('title', models.CharField(max_length=300, verbose_name='title')),
                ('publisher', models.CharField(max_length=200, verbose_name='publisher')),
                ('year', models.CharField(blank=True, max_length=16, verbose_name='year')),
                ('licence', models.CharField(blank=True, max_length=300, verbose_name='licence')),
                ('address', models.CharField(blank=True, max_length=500, verbose_name='address')),
            ],
            options={
                'verbose_name': 'source of emission factors',
                'verbose_name_plural': 'sources of emission factors',
            },
        ),
        migrations.CreateModel(
            name='EvidenceArchive',
            fields=[
                ('id', models.UUIDField(default=facilities.keys.new_id, editable=False, primary_key=True, serialize=False)),
                ('year', models.PositiveSmallIntegerField(verbose_name='year')),
                ('size_bytes', models.PositiveBigIntegerField(null=True, verbose_name='size in bytes')),
                ('sha256', models.CharField(blank=True, max_length=64, verbose_name='SHA-256')),
            ],
            options={
                'verbose_name': 'evidence of a year',
                'verbose_name_plural': 'evidence of years',
            },
        ),
        migrations.CreateModel(
            name='FactorSet',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('version', models.CharField(max_length=32, unique=True, verbose_name='version')),
                ('checksum', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('loaded_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='loaded at')),
            ],
            options={
                'verbose_name': 'set of emission factors',
                'verbose_name_plural': 'sets of emission factors',
            },
        ),
        migrations.CreateModel(
            name='InvoiceEmission',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('activity_category', models.CharField(choices=[('stationary', 'stationary combustion'), ('stationary_generation', 'upstream of fuels'), ('electricity', 'electricity, market-based'), ('electricity_location_based', 'electricity, location-based'), ('electricity_generation', 'upstream of electricity'), ('electricity_transmission_and_distribution', 'transmission and distribution of electricity'), ('water', 'water'), ('process', 'process'), ('energy', 'energy')], max_length=48, verbose_name='category')),
                ('scope', models.PositiveSmallIntegerField(null=True, verbose_name='scope')),
                ('co2e', models.DecimalField(decimal_places=6, max_digits=18, null=True, verbose_name='kg CO2e')),
                ('co2e_biomass', models.DecimalField(decimal_places=6, max_digits=18, null=True, verbose_name='kg of biogenic CO2')),
                ('energy_kwh', models.DecimalField(decimal_places=6, max_digits=18, null=True, verbose_name='energy in kWh')),
                ('flags', models.CharField(blank=True, max_length=300, verbose_name='flags')),
                ('error', models.CharField(blank=True, max_length=500, verbose_name='why there is none')),
                ('trace', models.JSONField(default=list, verbose_name='trace')),
                ('calculated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='calculated at')),
            ],
            options={
                'verbose_name': 'emission',
                'verbose_name_plural': 'emissions',
            },
        ),
        migrations.CreateModel(
            name='InvoiceEmissionHistory',
            fields=[
                ('activity_category', models.CharField(choices=[('stationary', 'stationary combustion'), ('stationary_generation', 'upstream of fuels'), ('electricity', 'electricity, market-based'), ('electricity_location_based', 'electricity, location-based'), ('electricity_generation', 'upstream of electricity'), ('electricity_transmission_and_distribution', 'transmission and distribution of electricity'), ('water', 'water'), ('process', 'process'), ('energy', 'energy')], max_length=48, verbose_name='category')),
                ('scope', models.PositiveSmallIntegerField(null=True, verbose_name='scope')),
                ('co2e', models.DecimalField(decimal_places=6, max_digits=18, null=True, verbose_name='kg CO2e')),
                ('co2e_biomass', models.DecimalField(decimal_places=6, max_digits=18, null=True, verbose_name='kg of biogenic CO2')),
                ('energy_kwh', models.DecimalField(decimal_places=6, max_digits=18, null=True, verbose_name='energy in kWh')),
                ('flags', models.CharField(blank=True, max_length=300, verbose_name='flags')),
                ('error', models.CharField(blank=True, max_length=500, verbose_name='why there is none')),
                ('trace', models.JSONField(default=list, verbose_name='trace')),
                ('calculated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='calculated at')),
                ('id', models.UUIDField(default=facilities.keys.new_id, editable=False, primary_key=True, serialize=False)),
                ('invoice_id', models.UUIDField()),
                ('replaced_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='replaced at')),
            ],
            options={
                'verbose_name': 'replaced emission',
                'verbose_name_plural': 'replaced emissions',
            },
        ),
        migrations.CreateModel(
            name='SupplierLink',
            fields=[
                ('supplier', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='register_link', serialize=False, to='facilities.supplier', verbose_name='supplier')),
                ('register_name', models.CharField(max_length=200, verbose_name='name in the register')),
                ('confirmed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='confirmed at')),
            ],
            options={
                'verbose_name': 'link of a supplier to its published factor',
                'verbose_name_plural': 'links of suppliers to their published factors',
            },
        ),
        migrations.CreateModel(
            name='YearClosing',
            fields=[
                ('id', models.UUIDField(default=facilities.keys.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='when')),
                ('through', models.CharField(choices=[('API', 'API'), ('WEB', 'page'), ('ADMIN', 'admin')], max_length=10, verbose_name='through')),
                ('message', models.CharField(blank=True, max_length=500, verbose_name='message')),
                ('action', models.CharField(choices=[('closed', 'closed'), ('reopened', 'reopened')], max_length=10, verbose_name='action')),
                ('year', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1990), django.core.validators.MaxValueValidator(2100)], verbose_name='year')),
                ('totals', models.JSONField(default=dict, verbose_name='totals')),
            ],
            options={
                'verbose_name': 'closing of a year',
                'verbose_name_plural': 'closings of years',
            },
        ),
        migrations.RemoveConstraint(
            model_name='jobchunk',
            name='chunk_state_is_known',
        ),
        migrations.AddField(
            model_name='jobchunk',
            name='attempt',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='jobchunk',
            name='last_error',
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name='jobchunk',
            name='leased_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='jobchunk',
            name='not_before',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AlterField(
            model_name='jobchunk',
            name='state',
            field=models.CharField(choices=[('ready', 'Ready'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='ready', max_length=12),
        ),
        migrations.AlterField(
            model_name='processingjob',
            name='action',
            field=models.CharField(choices=[('CREATE', 'calculate new'), ('RECALCULATE', 'recalculate'), ('IMPORT', 'import'), ('EXPORT', 'evidence')], max_length=12, verbose_name='action'),
        ),
        migrations.AddIndex(
            model_name='jobchunk',
            index=models.Index(condition=models.Q(('state__in', ('ready', 'running'))), fields=['not_before'], name='chunk_to_be_done'),
        ),
        migrations.AddConstraint(
            model_name='jobchunk',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['ready', 'running', 'done', 'failed'])), name='chunk_state_is_known'),
        ),
        migrations.AddField(
            model_name='evidencearchive',
            name='job',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='evidence_archive', to='invoices.processingjob', verbose_name='job'),
        ),
        migrations.AddField(
            model_name='evidencearchive',
            name='organization',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.organization', verbose_name='organization'),
        ),
        migrations.AddField(
            model_name='emissionfactor',
            name='factor_set',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='factors', to='invoices.factorset', verbose_name='set'),
        ),
        migrations.AddField(
            model_name='invoiceemission',
            name='factor_set',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='invoices.factorset', verbose_name='set of factors'),
        ),
        migrations.AddField(
            model_name='invoiceemission',
            name='invoice',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='emissions', to='invoices.invoice', verbose_name='invoice'),
        ),
        migrations.AddField(
            model_name='invoiceemission',
            name='organization',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.organization', verbose_name='organization'),
        ),
        migrations.AddField(
            model_name='invoiceemissionhistory',
            name='factor_set',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='invoices.factorset', verbose_name='set of factors'),
        ),
        migrations.AddField(
            model_name='invoiceemissionhistory',
            name='job',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='invoices.processingjob', verbose_name='job'),
        ),
        migrations.AddField(
            model_name='invoiceemissionhistory',
            name='organization',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.organization', verbose_name='organization'),
        ),
        migrations.AddField(
            model_name='supplierlink',
            name='confirmed_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='confirmed by'),
        ),
        migrations.AddField(
            model_name='yearclosing',
            name='api_key',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='facilities.apikey'),
        ),
        migrations.AddField(
            model_name='yearclosing',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='yearclosing',
            name='on_behalf_of',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='on behalf of'),
        ),
        migrations.AddField(
            model_name='yearclosing',
            name='organization',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='facilities.organization', verbose_name='organization'),
        ),
        migrations.AddIndex(
            model_name='evidencearchive',
            index=models.Index(fields=['organization', 'year', 'id'], name='evidence_by_year'),
        ),
        migrations.AddIndex(
            model_name='emissionfactor',
            index=models.Index(fields=['factor_set', 'kind', 'jurisdiction', 'subject'], name='emission_factor_by_subject'),
        ),
        migrations.AddConstraint(
            model_name='invoiceemission',
            constraint=models.UniqueConstraint(fields=('invoice', 'activity_category'), name='one_emission_per_category'),
        ),
        migrations.AddConstraint(
            model_name='invoiceemission',
            constraint=models.CheckConstraint(condition=models.Q(('activity_category__in', ['stationary', 'stationary_generation', 'electricity', 'electricity_location_based', 'electricity_generation', 'electricity_transmission_and_distribution', 'water', 'process', 'energy'])), name='emission_category_is_known'),
        ),
        migrations.AddConstraint(
            model_name='invoiceemission',
            constraint=models.CheckConstraint(condition=models.Q(('error', ''), models.Q(('co2e', None), ('co2e_biomass', None), ('energy_kwh', None)), _connector='OR'), name='emission_is_a_figure_or_an_error'),
        ),
        migrations.AddIndex(
            model_name='invoiceemissionhistory',
            index=models.Index(fields=['organization', 'invoice_id', 'replaced_at'], name='emission_history_by_invoice'),
        ),
        migrations.AddConstraint(
            model_name='supplierlink',
            constraint=models.CheckConstraint(condition=models.Q(('register_name', ''), _negated=True), name='supplier_link_names_one'),
        ),
        migrations.AddIndex(
            model_name='yearclosing',
            index=models.Index(fields=['organization', 'year', 'created_at'], name='closing_by_year'),
        ),
        migrations.AddConstraint(
            model_name='yearclosing',
            constraint=models.CheckConstraint(condition=models.Q(('action__in', ['closed', 'reopened'])), name='closing_action_is_known'),
        ),
        AppendOnly("invoices_invoiceemissionhistory"),
        AppendOnly("invoices_yearclosing"),
    ]
