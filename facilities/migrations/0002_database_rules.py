from django.db import migrations

from facilities.schema import SameOrganization, Unchanging, VendorSQL


class Migration(migrations.Migration):
    dependencies = [("facilities", "0001_initial")]

    operations = [
        # The order of lists must not follow the server's locale; SQLite compares bytes already.
        VendorSQL(
            postgresql=[
                'ALTER TABLE facilities_facility ALTER COLUMN name TYPE varchar(200) COLLATE "C"',
                'ALTER TABLE facilities_supplycontract ALTER COLUMN cups TYPE varchar(64) COLLATE "C"',
            ],
            undo={
                "postgresql": [
                    'ALTER TABLE facilities_facility ALTER COLUMN name TYPE varchar(200) COLLATE "default"',
                    'ALTER TABLE facilities_supplycontract ALTER COLUMN cups TYPE varchar(64) COLLATE "default"',
                ]
            },
        ),
        SameOrganization("facilities_supplycontract", "facility_id", "facilities_facility"),
        Unchanging("facilities_supplycontract", "source"),
        Unchanging("facilities_facility", "organization_id"),
    ]
