from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from facilities.demo import (
    DEMO_FACILITY_IDS,
    DEMO_KEY,
    DEMO_ORGANIZATION_IDS,
    DEMO_PASSWORD,
)
from invoices.demo import loading


class Command(BaseCommand):
    help = "Load the demo: a company with three years of invoices. Only in development, into a database of its own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--summary-only", action="store_true", help="Load nothing; say what is there and how to use it."
        )

    def handle(self, *args: Any, summary_only: bool, **options: Any) -> None:
        if not summary_only:
            self._load()
        if not loading.is_loaded():
            raise CommandError("The demo is not in this database; “manage.py load_demo” loads it.")
        self._summarize()

    def _load(self) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "The demo's key and passwords are known to everyone: it is loaded only where DEBUG is on."
            )
        try:
            loading.check_organizations()
            if loading.is_loaded():
                loading.renew_key()
                self.stdout.write("The demo is there already, and is left as it is.")
            else:
                self.stdout.write("Loading the demo…")
                loading.load()
        except loading.NotEmpty as refusal:
            raise CommandError(f"{refusal}; the demo goes into a database of its own.") from refusal

    def _summarize(self) -> None:
        own, everything = loading.counts("group"), loading.counts(*DEMO_ORGANIZATION_IDS)
        accounts = ", ".join(f"{username} ({role})" for username, role in loading.roles())
        self.stdout.write(
            f"""
  Sign in        {accounts}
  Password       {DEMO_PASSWORD}
  API key        {DEMO_KEY}
  Organization   {DEMO_ORGANIZATION_IDS["group"]}
  Facility 1     {DEMO_FACILITY_IDS["facility_1"]}

  There          {_said(own)}
  With the rest  {_said(everything)}
"""
        )


def _said(counts: loading.Counts) -> str:
    return (
        f"{counts.facilities} facilities, {counts.invoices:,} invoices, {counts.groups:,} CUPS groups, "
        f"{counts.contracts} supply contracts"
    )
