"""The evidence of a year for an auditor: a ZIP that a job makes once and that never changes after."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import IO, Any, Final, NamedTuple

from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from facilities import access
from facilities.access import Author
from facilities.models import Organization, Role
from invoices import closed_years, impacts, waking
from invoices.evidence import packing, readme
from invoices.evidence.gathering import Gathering
from invoices.models import ClosingAction, EvidenceArchive, Invoice, JobAction, JobChunk, ProcessingJob

ENTITY: Final = "EVIDENCE"


class Made(NamedTuple):
    """An archive's content as it was made for a job, at its beginning, and what is known of it."""

    archive: EvidenceArchive
    job: ProcessingJob
    content: IO[bytes]
    invoice_count: int
    size_bytes: int
    sha256: str


class NothingToShow(Exception):
    """The organization has no invoice with a day in this year."""


class ArchiveNotFound(Exception):
    """The organization has no such archive, or it is not made yet."""


@transaction.atomic
def request(*, organization: Organization, year: int, by: Author) -> EvidenceArchive:
    """
    Queue the making of a year's evidence, and return the archive that it will be.

    Raise access.NotAllowed or NothingToShow, with nothing queued.
    """
    access.require(access.role_of_author(by, organization_id=organization.pk), Role.EDITOR)
    count = _invoice_count(organization, year)
    if not count:
        raise NothingToShow(f"There is no invoice with a day in {year}")
    job = ProcessingJob.objects.create(
        organization=organization,
        entity_name=ENTITY,
        action=JobAction.EXPORT,
        trigger_type=by.through.value,
        items_total=count,
        created_by=by.user,
    )
    chunk = JobChunk.objects.create(job=job, organization=organization, position=0, invoice_ids=[])
    archive = EvidenceArchive.objects.create(organization=organization, job=job, year=year)
    waking.wake([chunk.pk])
    return archive


@contextmanager
def making(*, job: ProcessingJob, go_on: Callable[[], None]) -> Iterator[Made]:
    """
    Make the archive that a job is for, in a file that is gone with the block; write nothing. `keep` keeps it.

    It may take minutes, and belongs outside a transaction. `go_on` is called every few seconds: what it raises ends it.
    """
    archive = EvidenceArchive.objects.select_related("organization").get(organization=job.organization_id, job=job)
    with packing.Folder() as folder:
        gathering = Gathering(folder, archive.organization, archive.year)
        gathering.gather(go_on=go_on)
        about = _about(archive, gathering, job)
        packed = folder.pack(texts={readme.NAME: readme.text(about)}, about=about, go_on=go_on)
        size, digest = packing.measured(packed)
        yield Made(archive, job, packed, gathering.invoice_count, size, digest)


@transaction.atomic
def keep(made: Made) -> None:
    """
    Keep an archive in the store, in the transaction of the worker that holds the job: no other writes it meanwhile.

    The job's total becomes the number of invoices that are in it, should some have come or gone since. What another
    attempt left in the store is written over; the row comes last, so it never promises what is not there.
    """
    _keep(made.archive.kept_as, made.content)
    job = made.job
    job.items_total = made.invoice_count
    ProcessingJob.objects.filter(organization=job.organization_id, pk=job.pk).update(items_total=job.items_total)
    own = EvidenceArchive.objects.filter(organization=job.organization_id, pk=made.archive.pk)
    own.update(size_bytes=made.size_bytes, sha256=made.sha256)


def content_of(archive: EvidenceArchive) -> IO[bytes]:
    """Open an archive; raise ArchiveNotFound where it is not made, or the store has lost it."""
    if not archive.sha256:
        raise ArchiveNotFound(f"The evidence {archive.pk} is not made yet")
    try:
        return storages["files"].open(archive.kept_as)
    except FileNotFoundError as missing:
        raise ArchiveNotFound(f"The store has no {archive.kept_as}") from missing


def file_name_of(archive: EvidenceArchive) -> str:
    """Return the name under which somebody saves an archive."""
    return "-".join(filter(None, ("consolida", str(archive.year), slugify(archive.organization.name)))) + ".zip"


def _invoice_count(organization: Organization, year: int) -> int:
    own = Invoice.objects.of(organization.pk).counted()
    return own.filter(start_date__lte=date(year, 12, 31), end_date__gte=date(year, 1, 1)).count()


def _about(archive: EvidenceArchive, gathering: Gathering, job: ProcessingJob) -> dict[str, Any]:
    """Return what the manifest says besides its files."""
    organization = archive.organization
    author = Author(job.created_by, access.Channel.WEB)
    last = closed_years.last_words(organization_id=organization.pk).get(archive.year)
    totals = impacts.totals(organization=organization, start=gathering.first, end=gathering.last, by=author)
    return {
        "organization": {"id": str(organization.pk), "name": organization.name},
        "year": archive.year,
        "is_closed": last is not None and last.action == ClosingAction.CLOSED,
        "requested_by": job.created_by.display_name,
        "requested_at": job.created_at.isoformat(),
        "made_at": timezone.now().isoformat(),
        "invoices": gathering.invoice_count,
        "kg_co2e": {scope.value: f"{figure.co2e:f}" for scope, figure in totals.scopes.items()},
        "factor_sets": gathering.used.factor_sets(),
    }


def _keep(name: str, content: IO[bytes]) -> None:
    store = storages["files"]
    store.delete(name)
    store.save(name, File(content))
