from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.management import BaseCommand, CommandError

from facilities.models import Facility, Organization
from invoices import grouping
from invoices.grouping import Aggregates, Difference
from invoices.models import CupsGroup


class Command(BaseCommand):
    help = "Compare every CUPS group with the invoices. Ends with status 1 when one differs and was not repaired."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair", action="store_true", help="Make the groups that differ say what the invoices say."
        )
        parser.add_argument(
            "--organization", type=UUID, metavar="UUID", help="Compare this organization's groups alone."
        )

    def handle(self, *args: Any, repair: bool, organization: UUID | None, **options: Any) -> None:
        compared = found = 0
        for each in _organizations(organization):
            there = CupsGroup.objects.of(each.pk).count()
            differences = _differences(each, repair=repair)
            compared += there + sum(difference.group is None for difference in differences)
            found += len(differences)
            if differences:
                self._tell(each, differences)

        self.stdout.write(f"{_counted(compared, 'CUPS group')} compared, {found} differed.")
        if found and not repair:
            raise CommandError(f"{_counted(found, 'CUPS group')} must be repaired; --repair does it.")
        if found:
            self.stdout.write(f"{_counted(found, 'CUPS group')} repaired.")

    def _tell(self, organization: Organization, differences: Sequence[Difference]) -> None:
        facilities = dict(Facility.objects.filter(organization=organization).values_list("pk", "name"))
        for key, group, invoices in differences:
            where = f"{organization} · {facilities[key.facility_id]} · {key.cups}"
            self.stdout.write(f"{where}: the group says {_said(group)}; the invoices say {_said(invoices)}.")


def _organizations(chosen: UUID | None) -> list[Organization]:
    organizations = Organization.objects.order_by("name", "pk")
    if chosen is None:
        return list(organizations)
    found = list(organizations.filter(pk=chosen))
    if not found:
        raise CommandError(f"There is no organization {chosen}.")
    return found


def _differences(organization: Organization, *, repair: bool) -> list[Difference]:
    if repair:
        return grouping.repair(organization=organization)
    return list(grouping.differences(organization=organization))


def _said(aggregates: Aggregates | None) -> str:
    if aggregates is None:
        return "nothing"
    count, locked, first, last = aggregates
    return f"{_counted(count, 'invoice')}, {locked} backed by Datadis, from {first} to {last}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
