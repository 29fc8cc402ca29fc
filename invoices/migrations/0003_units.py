from uuid import UUID

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Names as the API prints them; the first id is documented, the others are ours for good.
UNITS = [
    ("ba80e6cb-86a4-4bb1-a0c5-8104365d523c", "kilowatt_hour_(kwh)", "kWh", "energy"),
    ("01890000-0000-7000-8001-000000000001", "megawatt_hour_(mwh)", "MWh", "energy"),
    ("01890000-0000-7000-8001-000000000002", "kilowatt_hour_gcv_(kwh)", "kWh GCV", "energy"),
    ("01890000-0000-7000-8001-000000000003", "kilowatt_hour_ncv_(kwh)", "kWh NCV", "energy"),
    ("01890000-0000-7000-8001-000000000004", "cubic_meter_(m³)", "m³", "volume"),
    ("01890000-0000-7000-8001-000000000005", "liter_(l)", "l", "volume"),
    ("01890000-0000-7000-8001-000000000006", "kilogram_(kg)", "kg", "mass"),
]


def load(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    model = apps.get_model("invoices", "Unit")
    for pk, name, symbol, kind in UNITS:
        model.objects.update_or_create(name=name, defaults={"symbol": symbol, "type": kind}, create_defaults={"id": UUID(pk), "symbol": symbol, "type": kind})


class Migration(migrations.Migration):
    dependencies = [("invoices", "0002_database_rules")]

    # Reversing leaves the units: invoices may use them.
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
