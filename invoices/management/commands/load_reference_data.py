from typing import Any

from django.core.management import BaseCommand

from invoices import reference


class Command(BaseCommand):
    help = "Load units, fuels and suppliers, which every organization shares. Doing it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = reference.load()
        if options["verbosity"] > 0:
            self.stdout.write(f"{loaded.units} units, {loaded.fuels} fuels, {loaded.suppliers} suppliers.")
