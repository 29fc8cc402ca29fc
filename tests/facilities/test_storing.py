"""Files: what is taken, that content comes once, and where it is kept."""

import hashlib
import threading
from contextlib import nullcontext
from decimal import Decimal

import pytest
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.test.utils import CaptureQueriesContext

from facilities import storing
from facilities.models import StoredFile
from facilities.storing import Announced
from tests import factories

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n" + b"x" * 1000
CONTENTS = {
    "pdf": PDF,
    "png": b"\x89PNG\r\n\x1a\n" + b"x" * 500,
    "jpg": b"\xff\xd8\xff" + b"x" * 500,
    "jpeg": b"\xff\xd8\xff" + b"x" * 500,
    "tif": b"II*\x00" + b"x" * 500,
    "tiff": b"MM\x00*" + b"x" * 500,
    "csv": "cups;kWh\nES…;1\n".encode() * 20,
    "xlsx": b"PK\x03\x04" + b"x" * 500,
    "xml": b'\xef\xbb\xbf <?xml version="1.0"?><Facturae/>' + b" " * 300,
}
MIME_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """Keep the files of a test in a folder of its own."""
    backend = {"BACKEND": "facilities.stores.folder.Folder", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = settings.STORAGES | {"files": backend}
    return tmp_path


def announced(**fields):
    return Announced(
        **{"name": "march", "extension": "pdf", "mime_type": "application/pdf", "size_kb": Decimal(1)} | fields
    )


def kept(folder):
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_announced_as_it_will_be_kept(organization, author):
    (file,) = storing.announce(
        organization=organization,
        files=[announced(extension=".PDF", mime_type="Application/PDF; charset=binary")],
        by=author,
    )

    assert (file.extension, file.mime_type, file.status) == ("pdf", "application/pdf", "pending")
    assert (file.organization, file.created_by) == (organization, author.user)
    assert StoredFile.objects.get() == file


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"name": " "}, "1 to 200 printable characters"),
        ({"name": "a" * 201}, "1 to 200 printable characters"),
        ({"name": "../../etc/passwd"}, "without a slash"),
        ({"name": "c:\\march"}, "without a slash"),
        ({"name": "mar\u202ech"}, "printable"),
        ({"extension": "exe"}, "one of csv, jpeg, jpg, pdf, png, tif, tiff, xlsx, xml"),
        ({"extension": "svg"}, "one of csv"),
        ({"extension": ""}, "one of csv"),
        ({"mime_type": "text/html"}, "for pdf it is application/pdf"),
        ({"size_kb": Decimal(0)}, "more than 0 and at most 10240"),
        ({"size_kb": Decimal("10240.001")}, "more than 0 and at most 10240"),
    ],
)
def test_what_is_not_taken_is_refused_by_field_value_and_what_would_be_right(wrong, right, organization, author):
    (field,) = wrong

    with pytest.raises(storing.NotStorable) as refusal:
        storing.announce(organization=organization, files=[announced(), announced(**wrong)], by=author)

    assert refusal.value.field == field
    assert str(refusal.value).startswith(f"{field} is ")
    assert right in str(refusal.value)
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize("extension", CONTENTS)
def test_content_of_each_type_is_kept_with_its_digest(extension, organization, folder):
    content = CONTENTS[extension]
    size = Decimal(len(content)) / 1024
    file = factories.stored_file(
        organization=organization, extension=extension, mime_type=MIME_TYPES[extension], size_kb=size
    )

    storing.receive(file=file, content=content, mime_type=MIME_TYPES[extension])

    file.refresh_from_db()
    assert (file.status, file.size_bytes) == ("uploaded", len(content))
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert file.uploaded_at is not None
    assert kept(folder) == [content]
    with storing.content_of(file) as opened:
        assert opened.read() == content


@pytest.mark.parametrize("extension", CONTENTS)
def test_content_that_is_of_another_type_is_refused(extension, organization, folder):
    wrong = b"\x00\x01<script>" + b"x" * 990
    file = factories.stored_file(organization=organization, extension=extension, mime_type=MIME_TYPES[extension])

    with pytest.raises(storing.NotAsDeclared, match=f"no {extension} file"):
        storing.receive(file=file, content=wrong, mime_type=MIME_TYPES[extension])

    file.refresh_from_db()
    assert (file.status, file.sha256) == ("pending", "")
    assert kept(folder) == []


@pytest.mark.parametrize(
    ("declared", "size", "is_right"),
    [
        (1, 1000, True), (1, 1024, True), (100, 100_000, True), (100, 102_400, True), (100, 99_001, True),
        (1, 2048, True), (1, 2049, False), (100, 98_999, False), (100, 103_425, False), (100, 0, False),
        (10240, 10 * 1024 * 1024, True), (10240, 10 * 1024 * 1024 + 1, False),
    ],
)  # fmt: skip
def test_the_size_is_the_declared_one_whatever_a_kilobyte_is(declared, size, is_right, organization):
    file = factories.stored_file(organization=organization, size_kb=declared)
    content = PDF[:size].ljust(size, b"x")

    if is_right:
        assert storing.receive(file=file, content=content, mime_type="application/pdf").size_bytes == size
        return
    with pytest.raises(storing.NotAsDeclared, match=f"{size} bytes came where size_kb was declared as {declared}"):
        storing.receive(file=file, content=content, mime_type="application/pdf")


def test_the_content_type_is_the_declared_one(organization, folder):
    file = factories.stored_file(organization=organization)

    with pytest.raises(storing.NotAsDeclared, match="Content-Type is 'text/html'; mime_type was declared as"):
        storing.receive(file=file, content=PDF, mime_type="text/html")

    assert kept(folder) == []


def test_content_comes_once(organization, folder):
    file = factories.stored_file(organization=organization)
    first = storing.receive(file=file, content=PDF, mime_type="application/pdf")

    again = storing.receive(file=file, content=PDF, mime_type="application/pdf")
    with pytest.raises(storing.AlreadyUploaded):
        storing.receive(file=file, content=PDF + b"y", mime_type="application/pdf")

    assert again.uploaded_at == first.uploaded_at
    assert kept(folder) == [PDF]


def test_what_an_attempt_that_was_rolled_back_left_is_written_over(organization, folder):
    file = factories.stored_file(organization=organization)
    storing._store().write(file.kept_as, b"half of a")

    storing.receive(file=file, content=PDF, mime_type="application/pdf")

    assert kept(folder) == [PDF]


def test_another_organizations_file_is_not_found(organization, other_organization):
    file = factories.stored_file(organization=other_organization)

    with pytest.raises(storing.FileNotFound, match="not found"):
        storing.find(organization=organization, file_id=file.pk)
    assert storing.find(organization=other_organization, file_id=file.pk) == file


class TestSettling:
    def test_what_came_is_uploaded_and_what_did_not_has_failed(self, organization, author):
        came, lost = (factories.stored_file(organization=organization) for _each in range(2))
        storing.receive(file=came, content=PDF, mime_type="application/pdf")

        files = storing.settle(organization=organization, outcomes={lost.pk: "failed", came.pk: "uploaded"}, by=author)

        assert [(file.pk, file.status) for file in files] == [(lost.pk, "failed"), (came.pk, "uploaded")]
        assert dict(StoredFile.objects.values_list("pk", "status")) == {lost.pk: "failed", came.pk: "uploaded"}

    def test_a_file_that_failed_can_still_come(self, organization, author):
        file = factories.stored_file(organization=organization, status="failed")

        assert storing.receive(file=file, content=PDF, mime_type="application/pdf").status == "uploaded"

    def test_what_did_not_come_is_not_uploaded_and_nothing_changes(self, organization, author):
        lost, silent = (factories.stored_file(organization=organization) for _each in range(2))

        with pytest.raises(storing.NotUploaded, match="presigned_url"):
            storing.settle(organization=organization, outcomes={lost.pk: "failed", silent.pk: "uploaded"}, by=author)

        assert set(StoredFile.objects.values_list("status", flat=True)) == {"pending"}

    def test_what_is_there_has_not_failed(self, organization, author):
        file = factories.stored_file(organization=organization)
        storing.receive(file=file, content=PDF, mime_type="application/pdf")

        with pytest.raises(storing.AlreadyUploaded):
            storing.settle(organization=organization, outcomes={file.pk: "failed"}, by=author)

    def test_anothers_file_is_not_found_and_nothing_changes(self, organization, other_organization, author):
        mine = factories.stored_file(organization=organization)
        theirs = factories.stored_file(organization=other_organization)

        with pytest.raises(storing.FileNotFound):
            storing.settle(organization=organization, outcomes={mine.pk: "failed", theirs.pk: "failed"}, by=author)

        assert set(StoredFile.objects.values_list("status", flat=True)) == {"pending"}

    def test_many_cost_as_many_reads_as_one(self, organization, author):
        def reads(count):
            files = [factories.stored_file(organization=organization) for _each in range(count)]
            for file in files:
                storing.receive(file=file, content=PDF, mime_type="application/pdf")
            with CaptureQueriesContext(
                connection,
            ) as asked:
                storing.settle(organization=organization, outcomes={file.pk: "uploaded" for file in files}, by=author)
            return len(asked)

        assert reads(5) == reads(1)


class TestTheDatabase:
    def test_knows_no_upload_without_what_came(self, organization):
        with pytest.raises(IntegrityError), transaction.atomic():
            factories.stored_file(organization=organization, status="uploaded")

    def test_leaves_a_file_with_its_organization(self, organization, other_organization):
        file = factories.stored_file(organization=organization)

        with pytest.raises(Exception, match="never changes"), transaction.atomic():
            StoredFile.objects.filter(organization=organization).update(organization=other_organization)

        file.refresh_from_db()
        assert file.organization == organization


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_locked", [True, False])
def test_of_two_contents_at_once_one_is_refused(organization, monkeypatch, is_locked):
    if connection.vendor == "sqlite" and not is_locked:
        pytest.skip("SQLite has one writer at a time and needs no lock")
    if not is_locked:
        monkeypatch.setattr(storing.writing, "held", lambda file: StoredFile.objects.get(pk=file.pk))
    file = factories.stored_file(organization=organization)
    both = threading.Barrier(2)
    write, refusals = storing._write, []

    def meet():
        # With the lock taken out both come here, before either has written; with it, only one does, and goes on alone.
        with pytest.raises(threading.BrokenBarrierError) if is_locked else nullcontext():
            both.wait(timeout=1)

    def send(content):
        try:
            storing.receive(file=file, content=content, mime_type="application/pdf")
        except storing.AlreadyUploaded as refusal:
            refusals.append(refusal)
        finally:
            close_old_connections()
            connection.close()

    monkeypatch.setattr(storing, "_write", lambda *given, **values: (meet(), write(*given, **values)))
    threads = [threading.Thread(target=send, args=[PDF + letter]) for letter in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refusals) == (1 if is_locked else 0)
    with storing.content_of(StoredFile.objects.get(organization=organization)) as opened:
        if is_locked:
            assert hashlib.sha256(opened.read()).hexdigest() == StoredFile.objects.get(organization=organization).sha256


@pytest.mark.parametrize(("content", "is_xml"), [("<Facturae/>" * 90, True), ("Facturae" * 120, False)])
def test_xml_may_be_written_in_two_bytes_a_character(organization, content, is_xml):
    written = content.encode("utf-16")
    file = factories.stored_file(
        organization=organization, extension="xml", mime_type="text/xml", size_kb=Decimal(len(written)) / 1024
    )

    if is_xml:
        assert storing.receive(file=file, content=written, mime_type="text/xml").status == "uploaded"
        return
    with pytest.raises(storing.NotAsDeclared):
        storing.receive(file=file, content=written, mime_type="text/xml")


@pytest.mark.parametrize(("name", "saved_as"), [("march", "march.pdf"), ("march.PDF", "march.PDF"), ("a.b", "a.b.pdf")])
def test_a_file_is_saved_with_its_ending_once(organization, name, saved_as):
    assert str(factories.stored_file(organization=organization, name=name)) == saved_as
