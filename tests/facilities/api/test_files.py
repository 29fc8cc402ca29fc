"""Files through the API and by their addresses."""

import hashlib
import json
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.test import Client

from facilities import storing
from facilities.models import IdempotentAnswer, StoredFile
from tests import api, factories

pytestmark = pytest.mark.django_db

PRESIGN = "/v1/files/presigned-urls"
SETTLE = "/v1/files/batch-update"
PDF = b"%PDF-1.7\n" + b"x" * 1000
ROW = {"name": "march", "extension": "pdf", "mime_type": "application/pdf", "size_kb": 1.01}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    """Keep the files of a test in a folder of its own."""
    backend = {"BACKEND": "facilities.stores.folder.Folder", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = settings.STORAGES | {"files": backend}
    return tmp_path


@pytest.fixture
def caller(organization):
    return api.client(organization)


def announce(caller, *rows, **headers):
    return api.post(caller, PRESIGN, list(rows) or [ROW], **headers)


def path_of(address):
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def put(address, content=PDF, content_type="application/pdf"):
    """Send content as anybody may who has the address: without a key or a session."""
    return Client().put(path_of(address), content, content_type=content_type)


def settle(caller, *rows):
    return caller.patch(SETTLE, json.dumps(list(rows)), content_type="application/json")


@pytest.fixture
def uploaded(caller):
    """The API's object of a file whose content came."""
    (row,) = announce(caller).json()
    put(row["presigned_url"])
    return caller.get(f"/v1/files/{row['id']}").json()


def test_files_are_announced_sent_settled_and_looked_at(caller, organization):
    answer = announce(caller, ROW, ROW | {"name": "april"})
    first, second = answer.json()
    assert answer.status_code == 200
    assert list(first) == ["id", "status", "url", "presigned_url"]
    assert first["status"] == "pending"
    assert first["url"] == f"http://testserver/files/{first['id']}"
    assert first["presigned_url"].startswith(f"{first['url']}/upload?signature=")

    sent = put(first["presigned_url"])
    assert (sent.status_code, sent.json()["status"]) == (200, "uploaded")
    assert sent.json()["sha256"] == hashlib.sha256(PDF).hexdigest()

    settled = settle(caller, {"id": second["id"], "status": "failed"}, {"id": first["id"], "status": "uploaded"})
    assert [(row["id"], row["status"]) for row in settled.json()] == [
        (second["id"], "failed"),
        (first["id"], "uploaded"),
    ]
    shown = caller.get(f"/v1/files/{first['id']}")
    assert shown.json() == settled.json()[1] | {"download_url": shown.json()["download_url"]}
    file = StoredFile.objects.get(pk=first["id"])
    assert {name: shown.json()[name] for name in shown.json() if not name.endswith("url")} == {
        "id": first["id"],
        "status": "uploaded",
        "name": "march",
        "extension": "pdf",
        "mime_type": "application/pdf",
        "size_kb": 1.01,
        "size_bytes": len(PDF),
        "sha256": hashlib.sha256(PDF).hexdigest(),
        "created_by": str(file.created_by_id),
        "created_at": file.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "uploaded_at": file.uploaded_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def test_what_was_only_announced_says_so(caller):
    (row,) = announce(caller).json()

    shown = caller.get(f"/v1/files/{row['id']}").json()

    assert {shown[name] for name in ("size_bytes", "sha256", "download_url", "uploaded_at")} == {None}


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"extension": "exe"}, ["body", 1, "extension"]),
        ({"size_kb": 10241}, ["body", 1, "size_kb"]),
        ({"size_kb": "1"}, ["body", 1, "size_kb"]),
        ({"size_kb": True}, ["body", 1, "size_kb"]),
        ({"size_kb": 0}, ["body", 1, "size_kb"]),
        ({"size_kb": -1e300}, ["body", 1, "size_kb"]),
        ({"size_kb": 10**400}, ["body", 1, "size_kb"]),
        ({"mime_type": "text/html"}, ["body", 1, "mime_type"]),
        ({"name": ""}, ["body", 1, "name"]),
        ({"name": 7}, ["body", 1, "name"]),
        ({"name": "a\x00"}, ["body", 1, "name"]),
    ],
)
def test_a_wrong_row_refuses_all_and_is_named(caller, wrong, place):
    response = announce(caller, ROW, ROW | wrong)

    assert api.is_refused(response, 422, "VALIDATION_ERROR")
    assert api.places(response) == [place]
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize("body", ["[]", "{}", "7", "null", "[7]", "", "[{}]", json.dumps([ROW] * 101)])
def test_a_body_that_is_no_array_of_files_is_refused(caller, body):
    assert api.is_refused(api.post(caller, PRESIGN, body), 422, "VALIDATION_ERROR")
    assert not StoredFile.objects.exists()


def test_a_sentence_says_field_value_and_what_would_be_right(caller):
    answer = announce(caller, ROW | {"extension": "docx"}).json()

    must = "it must be one of csv, jpeg, jpg, pdf, png, tif, tiff, xlsx, xml"
    assert answer["detail"] == f"extension is 'docx'; {must}"


def test_a_viewer_announces_and_settles_nothing(organization):
    caller = api.client(organization, "viewer")
    file = factories.stored_file(organization=organization)

    assert api.is_refused(announce(caller), 403, "FORBIDDEN")
    assert api.is_refused(settle(caller, {"id": str(file.pk), "status": "failed"}), 403, "FORBIDDEN")
    assert caller.get(f"/v1/files/{file.pk}").status_code == 200
    assert list(StoredFile.objects.values_list("status", flat=True)) == ["pending"]


def test_another_organizations_file_is_as_one_that_is_not_there(caller, other_organization):
    theirs = factories.stored_file(organization=other_organization).pk

    for file_id in (theirs, api.NOBODYS, "x"):
        shown = caller.get(f"/v1/files/{file_id}")
        assert api.is_refused(shown, 404, "NOT_FOUND")
        assert str(file_id) in shown.json()["detail"]
    assert api.is_refused(settle(caller, {"id": str(theirs), "status": "failed"}), 404, "NOT_FOUND")
    assert StoredFile.objects.get().status == "pending"


class TestSettling:
    @pytest.mark.parametrize("status", ["pending", "done", "", 1, None])
    def test_knows_two_outcomes(self, caller, organization, status):
        file = factories.stored_file(organization=organization)

        response = settle(caller, {"id": str(file.pk), "status": status})

        assert api.is_refused(response, 422, "VALIDATION_ERROR")
        assert api.places(response) == [["body", 0, "status"]]

    def test_takes_each_file_once(self, caller, organization):
        row = {"id": str(factories.stored_file(organization=organization).pk), "status": "failed"}

        assert api.is_refused(settle(caller, row, row), 422, "VALIDATION_ERROR")

    def test_refuses_what_did_not_come_and_what_is_there(self, caller, uploaded, organization):
        silent = factories.stored_file(organization=organization)

        response = settle(caller, {"id": str(silent.pk), "status": "uploaded"})
        assert api.is_refused(response, 409, "FILE_NOT_UPLOADED")
        response = settle(caller, {"id": uploaded["id"], "status": "failed"})
        assert api.is_refused(response, 409, "FILE_ALREADY_UPLOADED")


class TestTheAddressThatTakesIt:
    @pytest.fixture
    def address(self, caller):
        return announce(caller).json()[0]["presigned_url"]

    def test_takes_what_was_declared_alone(self, address, folder):
        for content, content_type in (
            (b"MZ" + b"x" * 1000, "application/pdf"),
            (PDF, "text/html"),
            (PDF * 9, "application/pdf"),
        ):
            assert api.is_refused(put(address, content, content_type), 400, "FILE_NOT_AS_DECLARED")
        assert StoredFile.objects.get().status == "pending"
        assert not list(folder.iterdir())

    def test_takes_it_once(self, address):
        assert put(address).status_code == 200
        assert put(address).status_code == 200
        assert api.is_refused(put(address, PDF + b"y"), 409, "FILE_ALREADY_UPLOADED")

    def test_takes_no_more_than_the_server_takes(self, address):
        response = put(address, b"%PDF-" + b"x" * (12 * 1024 * 1024))

        assert api.is_refused(response, 413, "REQUEST_TOO_LARGE")

    def test_expires(self, address, settings):
        settings.FILE_ADDRESS_SECONDS = -1

        assert api.is_refused(put(address), 403, "FILE_ADDRESS_EXPIRED")

    @pytest.mark.parametrize(
        "change", [lambda text: text[:-1], lambda text: text.partition("?")[0], lambda text: text + "x"]
    )
    def test_is_good_only_as_it_was_given(self, address, change):
        assert api.is_refused(put(change(address)), 403, "FILE_ADDRESS_NOT_VALID")
        assert StoredFile.objects.get().status == "pending"

    def test_is_good_for_its_own_file_alone(self, address, caller):
        other = announce(caller).json()[0]
        stolen = address.replace(urlsplit(address).path.split("/")[2], other["id"])

        assert api.is_refused(put(stolen), 403, "FILE_ADDRESS_NOT_VALID")

    def test_gives_nothing(self, address, uploaded):
        assert api.is_refused(Client().get(path_of(address)), 405, "METHOD_NOT_ALLOWED")
        assert api.is_refused(
            put(uploaded["download_url"].replace("/download", "/upload")), 403, "FILE_ADDRESS_NOT_VALID"
        )

    def test_needs_no_key_and_looks_at_none(self, address):
        response = Client(headers={"x-api-key": "wrong"}).put(path_of(address), PDF, content_type="application/pdf")

        assert response.status_code == 200


class TestTheAddressThatGivesIt:
    def test_gives_it_to_be_saved_and_never_shown(self, uploaded):
        answer = Client().get(path_of(uploaded["download_url"]))

        assert b"".join(answer.streaming_content) == PDF
        assert answer["Content-Disposition"] == 'attachment; filename="march.pdf"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Type"] == "application/pdf"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "no-store" in answer["Cache-Control"]

    def test_expires(self, uploaded, settings):
        settings.FILE_ADDRESS_SECONDS = -1

        assert Client().get(path_of(uploaded["download_url"])).status_code == 403

    def test_is_good_only_as_it_was_given(self, uploaded):
        assert Client().get(path_of(uploaded["download_url"])[:-1]).status_code == 403
        assert Client().get(urlsplit(uploaded["download_url"]).path).status_code == 403

    def test_leads_nowhere_when_there_is_no_such_file(self, organization):
        signature = signing.dumps([organization.pk.hex, api.NOBODYS.hex], salt=storing.DOWNLOAD)

        assert Client().get(f"/files/{api.NOBODYS}/download?signature={signature}").status_code == 404


class TestTheAddressForPeople:
    def test_leads_who_has_a_role_to_the_content(self, uploaded, organization):
        browser = api.browser(factories.member(organization, "viewer"))

        answer = browser.get(path_of(uploaded["url"]), follow=True)

        assert b"".join(answer.streaming_content) == PDF
        assert answer.redirect_chain[0][1] == 302

    def test_asks_who_is_not_signed_in_to_sign_in(self, uploaded):
        answer = Client().get(path_of(uploaded["url"]))

        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/?next=/files/")

    def test_is_another_organizations_not_there(self, uploaded, other_organization):
        assert api.browser(factories.member(other_organization)).get(path_of(uploaded["url"])).status_code == 404

    def test_leads_nowhere_before_the_content_came(self, organization):
        file = factories.stored_file(organization=organization)

        assert api.browser(factories.member(organization)).get(f"/files/{file.pk}").status_code == 404


class TestSentAgain:
    def test_names_the_same_files_by_addresses_signed_anew_and_keeps_no_signature(self, caller):
        first = announce(caller, **{"idempotency-key": "a"})
        (kept,) = IdempotentAnswer.objects.values_list("body", flat=True)

        again = announce(caller, **{"idempotency-key": "a"})

        assert "signature" not in kept
        assert again["Idempotency-Replayed"] == "true"
        assert [{**row, "presigned_url": ""} for row in again.json()] == [
            {**row, "presigned_url": ""} for row in first.json()
        ]
        assert put(again.json()[0]["presigned_url"]).status_code == 200
        assert StoredFile.objects.count() == 1

    def test_a_refusal_is_as_it_was(self, caller):
        for _each in range(2):
            assert api.is_refused(announce(caller, {}, **{"idempotency-key": "a"}), 422, "VALIDATION_ERROR")


def test_announcing_many_costs_as_much_as_announcing_one(caller, django_assert_max_num_queries):
    announce(caller)

    with django_assert_max_num_queries(8):
        assert announce(caller, *[ROW] * 50).status_code == 200
