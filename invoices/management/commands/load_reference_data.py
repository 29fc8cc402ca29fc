from typing import Any

from django.core.management import BaseCommand, CommandError

from invoices import reference
from invoices.reference import factor_sets


class Command(BaseCommand):
    help = "Load units, fuels, suppliers and emission factors, which all share. Doing it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = reference.load()
        except factor_sets.FactorsChanged as refusal:
            raise CommandError(f"{refusal}.") from refusal
        if options["verbosity"] > 0:
            self.stdout.write(
                f"{loaded.units} units, {loaded.fuels} fuels, {loaded.suppliers} suppliers, "
                f"{loaded.factors:,} emission factors (version {loaded.version})."
            )
