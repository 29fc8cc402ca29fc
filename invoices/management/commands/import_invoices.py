import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.core.management import BaseCommand, CommandError
from django.db import transaction
from django.utils import translation

from facilities import access
from facilities.access import Author, Channel
from facilities.models import Membership, Organization, Role, User
from invoices import importing, working
from invoices.importing import Reading, columns, values, wording
from invoices.importing.readings import DECIMALS, ENCODINGS
from invoices.models import OPEN_STATES, ImportStatus, InvoiceImport, JobChunk, ProcessingJob, Severity

_PIECE: Final = 1 << 20
_BAD_ARGUMENTS: Final = 2
_PAUSE: Final = 1.0


class Command(BaseCommand):
    help = (
        "Import the invoices of a CSV or XLSX file: check all of it, then file the good rows. Ends with status 0 when "
        "no row was refused, 1 when some were, 2 when it can't be done at all."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--organization", type=UUID, metavar="UUID", required=True, help="Whose invoices they are.")
        parser.add_argument("--user", metavar="EMAIL", help="Who files them; the first administrator if left out.")
        parser.add_argument("--encoding", choices=ENCODINGS, help="Guessed if left out.")
        parser.add_argument("--delimiter", help="Between cells. Guessed if left out.")
        parser.add_argument("--decimal", choices=DECIMALS, help="The decimal sign. Guessed if left out.")
        parser.add_argument(
            "--date-order", choices=values.ORDERS, help="Of days that are not written 2024-01-31. Never guessed."
        )
        parser.add_argument("--sheet", help="Of a workbook; the first if left out.")
        parser.add_argument(
            "--map",
            type=_mapped,
            action="append",
            default=[],
            metavar="COLUMN=HEADER",
            help=f"Which header of the file is which column ({', '.join(columns.NAMES)}), where the guess is wrong.",
        )
        parser.add_argument(
            "--set",
            type=_mapped,
            action="append",
            default=[],
            metavar="COLUMN=VALUE",
            help="A value for all rows, where no column says it.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Check alone, and keep nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        # What the command says is English, and so is what it says of the rows.
        with translation.override("en"):
            self._import(**options)

    def _import(self, *, dry_run: bool, **options: Any) -> None:
        organization = _organization(options["organization"])
        by = Author(_user(organization, options["user"]), Channel.ADMIN)
        try:
            one = _checked(organization, by, options)
        except (OSError, ValueError, access.NotAllowed) as refused:
            raise CommandError(str(refused), returncode=_BAD_ARGUMENTS) from refused
        try:
            one = self._taken(one, by, dry_run=dry_run)
        finally:
            if dry_run:
                with transaction.atomic(durable=True):
                    importing.discard(organization=organization, import_id=one.pk, by=by)
        if one.rows_bad or one.error:
            raise CommandError(_refused(one), returncode=1)

    def _taken(self, one: InvoiceImport, by: Author, *, dry_run: bool) -> InvoiceImport:
        """Follow the check, say what it found, and file the good rows unless it is a dry run."""
        one = self._followed(one)
        if one.status == ImportStatus.FAILED:
            raise CommandError(one.error, returncode=_BAD_ARGUMENTS)
        self._tell_problems(one)
        if one.rows_good and not dry_run:
            with transaction.atomic(durable=True):
                one = importing.take(organization=one.organization, import_id=one.pk, by=by)
            one = self._followed(one)
        self._sum_up(one)
        return one

    def _followed(self, one: InvoiceImport) -> InvoiceImport:
        self._follow(one)
        return importing.find(organization=one.organization, import_id=one.pk)

    def _follow(self, one: InvoiceImport) -> None:
        """Do the chunks of an import's job here, or wait for the worker that was quicker; say how far it is."""
        while chunks := _open_chunks(one):
            for chunk_id in chunks:
                working.work(chunk_id, tell=lambda: self._tell_progress(one))
                self._tell_progress(one)
            if _open_chunks(one):
                time.sleep(_PAUSE)

    def _tell_progress(self, one: InvoiceImport) -> None:
        job = ProcessingJob.objects.get(organization=one.organization_id, imports=one)
        doing = "checked" if one.status == ImportStatus.CHECKING else "taken"
        self.stdout.write(f"{job.items_success + job.items_failed:,} of {job.items_total:,} rows {doing}")

    def _tell_problems(self, one: InvoiceImport) -> None:
        found = importing.problems(organization=one.organization, import_id=one.pk)
        for problem in found.iterator(chunk_size=1_000):
            where = f"line {problem.line}" + (f", {problem.column}" if problem.column else "")
            value = f" “{problem.value}”" if problem.value else ""
            self.stdout.write(f"{Severity(problem.severity).value}: {where}{value}: {wording.sentence(problem)}")

    def _sum_up(self, one: InvoiceImport) -> None:
        filed = f"{one.rows_taken:,} filed" if one.rows_taken else f"{one.rows_good:,} good, none filed"
        self.stdout.write(
            f"{one.rows_total:,} rows: {filed}, {one.rows_repeated:,} in the books already, {one.rows_bad:,} refused."
        )
        if one.rows_taken:
            self.stdout.write("Their emissions are queued: a worker calculates them.")


def _mapped(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or name not in columns.NAMES:
        raise ArgumentTypeError(f"{text!r} is not COLUMN=…, with one of {', '.join(columns.NAMES)}")
    return name, value


def _organization(organization_id: UUID) -> Organization:
    found = Organization.objects.filter(pk=organization_id).first()
    if found is None:
        raise CommandError(f"There is no organization {organization_id}.", returncode=_BAD_ARGUMENTS)
    return found


def _user(organization: Organization, email: str | None) -> User:
    """Return the person of this address, or the organization's first administrator, or of the nearest above."""
    if email is None:
        line = Organization.objects.line_of(organization.pk)
        admins = Membership.objects.filter(organization__in=line, role=Role.ADMIN).select_related("user")
        # The organization's own come before those of the ones above it.
        own_first = sorted(admins.order_by("created_at", "pk"), key=lambda one: one.organization_id != organization.pk)
        if not own_first:
            raise CommandError("Nobody administers the organization: name somebody.", returncode=_BAD_ARGUMENTS)
        return own_first[0].user
    found = list(User.objects.filter(email__iexact=email)[:2])
    if len(found) != 1:
        raise CommandError(f"{len(found) or 'No'} person has the address {email}.", returncode=_BAD_ARGUMENTS)
    return found[0]


def _checked(organization: Organization, by: Author, options: dict[str, Any]) -> InvoiceImport:
    """Keep the file and queue its check. Raise OSError, importing's refusals or access.NotAllowed."""
    with transaction.atomic(durable=True):
        one = importing.upload(
            organization=organization, by=by, file_name=options["file"].name, chunks=_pieces(options["file"])
        )
        return importing.check(organization=organization, import_id=one.pk, reading=_reading(one, options), by=by)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _reading(one: InvoiceImport, options: dict[str, Any]) -> Reading:
    stated = {
        name: options[name]
        for name in ("encoding", "delimiter", "decimal", "date_order", "sheet")
        if options[name] is not None
    }
    parted = Reading.of({**one.reading, **stated})
    if not options["map"] and not options["set"] and not stated:
        return parted
    guessed = importing.reguessed(invoice_import=one, reading=parted)
    headers = importing.guess(invoice_import=one, reading=guessed).headers
    columns_ = {**guessed.columns, **{name: _index(headers, header) for name, header in options["map"]}}
    constants = dict(options["set"])
    return Reading.of(
        {
            **guessed.as_json(),
            "columns": {name: index for name, index in columns_.items() if name not in constants},
            "constants": constants,
        }
    )


def _index(headers: list[str], header: str) -> int:
    if headers.count(header) != 1:
        raise importing.NotReadable(f"The file has {headers.count(header)} columns called {header!r}")
    return headers.index(header)


def _open_chunks(one: InvoiceImport) -> list[UUID]:
    own = JobChunk.objects.filter(organization=one.organization_id, job=one.job_id, state__in=OPEN_STATES)
    return list(own.order_by("position").values_list("pk", flat=True))


def _refused(one: InvoiceImport) -> str:
    return one.error or f"{one.rows_bad:,} rows were refused."
