"""
Keep files: announce them, take their content once, and hand it out again.

Addresses are signed, expire, and are made only for who may act for the organization. A folder takes content through
our own address, which checks it as it comes. A bucket takes it by itself, under a name of arrival: it is checked, and
copied to where nobody's address reaches, when somebody says that it is there (`settle`).
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Final, cast
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.files.storage import storages
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from facilities import file_types, writing
from facilities.access import Author, Channel
from facilities.models import FileStatus, Organization, StoredFile
from facilities.stores.store import Store

UPLOAD: Final = "file-upload"
DOWNLOAD: Final = "file-download"
# Each of a bucket's files is read and copied within the request.
MOST_AT_ONCE: Final = 100


class NotStorable(ValueError):
    """A file is announced that is not taken. `field` says what of it is wrong."""

    def __init__(self, problem: file_types.Problem) -> None:
        self.field = problem.field
        super().__init__(problem.sentence)


class FileNotFound(Exception):
    """The organization has no such file."""


class AddressNotValid(Exception):
    """The signature of this address is not ours, or of another file."""


class AddressExpired(AddressNotValid):
    """The address has expired; ask for a new one."""


class NotAsDeclared(ValueError):
    """The content is not what was announced."""


class AlreadyUploaded(Exception):
    """The content has come before, and never changes."""


class NotUploaded(Exception):
    """The content has not come yet."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What somebody says of a file before sending it."""

    name: str
    extension: str
    mime_type: str
    size_kb: Decimal


def check(announced: Announced) -> None:
    """Raise NotStorable for a file that would not be taken."""
    problem = file_types.problem_of(
        name=announced.name,
        extension=announced.extension,
        mime_type=announced.mime_type,
        size_kb=announced.size_kb,
    )
    if problem:
        raise NotStorable(problem)


@transaction.atomic
def announce(*, organization: Organization, files: Sequence[Announced], by: Author) -> list[StoredFile]:
    """Write down files that will come, in the order given; raise NotStorable."""
    for announced in files:
        check(announced)
    rows = StoredFile.objects.bulk_create(
        StoredFile(
            organization=organization,
            name=announced.name,
            extension=file_types.plain_extension(announced.extension),
            mime_type=file_types.plain_mime_type(announced.mime_type),
            size_kb=announced.size_kb,
            created_by=by.user,
        )
        for announced in files
    )
    for row in rows:
        writing.note("announced", row, by)
    return rows


def find(*, organization: Organization, file_id: UUID) -> StoredFile:
    """Return a file of the organization; raise FileNotFound, also for another's."""
    return find_among(organizations=[organization], file_id=file_id)


def find_among(*, organizations: Collection[Organization], file_id: UUID) -> StoredFile:
    """Return a file of one of the organizations; raise FileNotFound."""
    found = StoredFile.objects.filter(organization__in=organizations, pk=file_id).first()
    if found is None:
        raise FileNotFound(f"File with id={file_id!r} not found")
    return found


def upload_address(file: StoredFile) -> str:
    """Return the address that takes the content by PUT until it expires: the store's own, or a path of ours."""
    seconds = settings.FILE_ADDRESS_SECONDS
    own = _store().upload_address(file.arrives_as, mime_type=file.mime_type, seconds=seconds)
    return own or _signed_path(UPLOAD, file)


def download_address(file: StoredFile) -> str:
    """Return the address that gives the content until it expires; raise NotUploaded."""
    _check_uploaded(file)
    own = _store().download_address(
        file.kept_as, saved_as=file.file_name, mime_type=file.mime_type, seconds=settings.FILE_ADDRESS_SECONDS
    )
    return own or _signed_path(DOWNLOAD, file)


def found_by_signature(*, purpose: str, file_id: UUID, signature: str) -> StoredFile:
    """Return the file that an address of ours leads to; raise AddressNotValid, AddressExpired or FileNotFound."""
    try:
        signed = signing.loads(signature, salt=purpose, max_age=settings.FILE_ADDRESS_SECONDS)
    except signing.SignatureExpired as error:
        raise AddressExpired("This address has expired; ask for a new one") from error
    except signing.BadSignature as error:
        raise AddressNotValid("The signature of this address is not ours; send it exactly as it was given") from error
    organization_id, signed_id = (UUID(text) for text in signed)
    if signed_id != file_id:
        raise AddressNotValid("The signature of this address is of another file")
    return find(organization=Organization(pk=organization_id), file_id=file_id)


@transaction.atomic
def receive(*, file: StoredFile, content: bytes, mime_type: str) -> StoredFile:
    """
    Take the content of an announced file: the signature of its address is the right to send it.

    The same content once more changes nothing. Raise NotAsDeclared, AlreadyUploaded or writing.Gone.
    """
    held = writing.held(file)
    if held.status == FileStatus.UPLOADED:
        if hashlib.sha256(content).hexdigest() == held.sha256:
            return held
        raise AlreadyUploaded(f"File with id={held.pk!r} has its content already; announce another file")
    if file_types.plain_mime_type(mime_type) != held.mime_type:
        raise NotAsDeclared(f"Content-Type is {mime_type[:80]!r}; mime_type was declared as {held.mime_type!r}")
    return _keep(held, content, by=Author(held.created_by, Channel.API))


@transaction.atomic
def settle(*, organization: Organization, outcomes: Mapping[UUID, str], by: Author) -> list[StoredFile]:
    """
    Say of files whether they were uploaded or have failed; return them in the order given.

    Raise, with nothing changed: FileNotFound; NotUploaded where nothing came; NotAsDeclared for what came to a bucket;
    AlreadyUploaded where what is there is said to have failed.
    """
    rows = StoredFile.objects.filter(organization=organization, pk__in=list(outcomes))
    held = {row.pk: row for row in rows.order_by("pk").select_for_update()}
    for file_id, outcome in outcomes.items():
        if file_id not in held:
            raise FileNotFound(f"File with id={file_id!r} not found")
        if outcome == FileStatus.UPLOADED:
            _settle_uploaded(held[file_id], by)
        else:
            _settle_failed(held[file_id], by)
    return [held[file_id] for file_id in outcomes]


def content_of(file: StoredFile) -> IO[bytes]:
    """Open the content of a file; raise NotUploaded."""
    _check_uploaded(file)
    return _store().open(file.kept_as)


def _check_uploaded(file: StoredFile) -> None:
    if file.status != FileStatus.UPLOADED:
        raise NotUploaded(f"File with id={file.pk!r} has no content yet; send it by PUT to its presigned_url")


def _settle_uploaded(file: StoredFile, by: Author) -> None:
    store = _store()
    if file.status == FileStatus.UPLOADED:
        return
    if not store.exists(file.arrives_as):
        raise NotUploaded(f"File with id={file.pk!r} has no content yet; send it by PUT to its presigned_url")
    size = store.size(file.arrives_as)
    if size > file_types.MOST_BYTES:
        raise NotAsDeclared(f"{size} bytes came; at most {file_types.MOST_BYTES} are taken")
    with store.open(file.arrives_as) as arrived:
        _keep(file, arrived.read(), by=by)
    transaction.on_commit(lambda: store.delete(file.arrives_as), robust=True)


def _settle_failed(file: StoredFile, by: Author) -> None:
    if file.status == FileStatus.UPLOADED:
        raise AlreadyUploaded(f"File with id={file.pk!r} has its content, so it can't be said to have failed")
    _write(file, status=FileStatus.FAILED)
    writing.note("failed", file, by)


def _keep(file: StoredFile, content: bytes, *, by: Author) -> StoredFile:
    """Check the content, put it where it stays, and write down what came. The store first: a row never promises."""
    difference = file_types.difference(content, extension=file.extension, size_kb=file.size_kb)
    if difference:
        raise NotAsDeclared(f"File with id={file.pk!r}: {difference}")
    _store().write(file.kept_as, content)
    _write(
        file,
        status=FileStatus.UPLOADED,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_at=timezone.now(),
    )
    writing.note("uploaded", file, by)
    return file


def _write(file: StoredFile, **values: object) -> None:
    for name, value in values.items():
        setattr(file, name, value)
    StoredFile.objects.filter(organization=file.organization_id, pk=file.pk).update(**values)


def _store() -> Store:
    return cast("Store", storages["files"])


def _signed_path(purpose: str, file: StoredFile) -> str:
    signature = signing.dumps([file.organization_id.hex, file.pk.hex], salt=purpose)
    return f"{reverse(purpose, args=[file.pk])}?{urlencode({'signature': signature})}"
