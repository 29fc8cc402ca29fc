from django.db import migrations

from invoices import cups

_AT_ONCE = 2_000


def parse_codes(apps, schema_editor):
    groups = apps.get_model("invoices", "CupsGroup").objects.using(schema_editor.connection.alias)
    last = 0
    while part := list(groups.filter(pk__gt=last).order_by("pk")[:_AT_ONCE]):
        for group in part:
            parsed = cups.parse(group.cups)
            group.clean_cups, group.body16, group.suffix = parsed.clean, parsed.body16, parsed.suffix
            group.letters_ok = bool(parsed.body16) and parsed.letters == parsed.expected_letters
        groups.bulk_update(part, ["clean_cups", "body16", "letters_ok", "suffix"], batch_size=500)
        last = part[-1].pk


class Migration(migrations.Migration):
    dependencies = [("invoices", "0011_rules_of_duplicates_and_imports")]

    operations = [migrations.RunPython(parse_codes, migrations.RunPython.noop)]
