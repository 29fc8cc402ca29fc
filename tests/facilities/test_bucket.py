"""Files in a bucket: they come and go past us, and are checked before they count."""

import urllib.request
from pathlib import Path
from urllib.error import HTTPError

import pytest

from config.file_store import store_of
from facilities import storing
from facilities.models import StoredFile
from tests import factories, s3_server

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n" + b"x" * 1000


@pytest.fixture
def objects(settings):
    """What is in the bucket, by name."""
    with s3_server.running() as (address, objects):
        url = f"s3://key:a%2Fsecret@invoices?endpoint={address}&region=eu-west-1&prefix=files&addressing=path"
        settings.STORAGES = settings.STORAGES | {"files": store_of(url, root=Path("unused"))}
        yield objects


@pytest.fixture
def file(organization):
    return factories.stored_file(organization=organization, name="Factura de marzo")


def send(file, content, mime_type="application/pdf"):
    address = storing.upload_address(file)
    request = urllib.request.Request(address, content, {"Content-Type": mime_type}, method="PUT")  # noqa: S310
    return urllib.request.urlopen(request)  # noqa: S310 (a server of this test)


def settle(file, author, status="uploaded"):
    return storing.settle(organization=file.organization, outcomes={file.pk: status}, by=author)[0]


def test_content_goes_to_the_bucket_and_counts_once_it_is_checked(
    objects, file, author, django_capture_on_commit_callbacks
):
    send(file, PDF).close()
    file.refresh_from_db()
    assert file.status == "pending"

    with django_capture_on_commit_callbacks(execute=True):
        settled = settle(file, author)

    assert (settled.status, settled.size_bytes) == ("uploaded", len(PDF))
    # Where the address that took it no longer leads.
    assert {name: content for name, (content, _type) in objects.items()} == {f"invoices/files/{file.kept_as}": PDF}
    with storing.content_of(settled) as opened:
        assert opened.read() == PDF


def test_it_is_given_by_the_bucket_to_be_saved(objects, file, author):
    send(file, PDF).close()

    with urllib.request.urlopen(storing.download_address(settle(file, author))) as answer:  # noqa: S310
        assert answer.read() == PDF
        assert answer.headers["Content-Disposition"] == 'attachment; filename="Factura de marzo.pdf"'
        assert answer.headers["Content-Type"] == "application/pdf"


def test_addresses_are_signed_and_expire(objects, file, settings):
    address = storing.upload_address(file)

    assert "X-Amz-Signature=" in address
    assert f"X-Amz-Expires={settings.FILE_ADDRESS_SECONDS}" in address
    assert "content-type" in address
    with pytest.raises(HTTPError, match="403"):
        urllib.request.urlopen(address.partition("?")[0])  # noqa: S310


def test_what_never_came_is_not_uploaded(objects, file, author):
    with pytest.raises(storing.NotUploaded):
        settle(file, author)


@pytest.mark.parametrize("content", [b"MZ" + b"x" * 1000, PDF * 4, b""])
def test_what_came_otherwise_than_declared_does_not_count(objects, file, author, content):
    send(file, content).close()

    with pytest.raises(storing.NotAsDeclared):
        settle(file, author)

    assert StoredFile.objects.get().status == "pending"
    assert list(objects) == [f"invoices/files/{file.arrives_as}"]


def test_what_is_far_too_large_is_not_even_read(objects, file, author, monkeypatch):
    send(file, b"x" * (10 * 1024 * 1024 + 1)).close()
    monkeypatch.setattr("storages.backends.s3.S3Storage.open", None)

    with pytest.raises(storing.NotAsDeclared, match="at most 10485760 are taken"):
        settle(file, author)


def test_what_is_settled_stays_whatever_comes_after(objects, file, author):
    send(file, PDF).close()
    before = settle(file, author)
    send(file, PDF + b"another").close()

    again = settle(file, author)

    assert (again.sha256, again.uploaded_at) == (before.sha256, before.uploaded_at)
    with storing.content_of(again) as opened:
        assert opened.read() == PDF
