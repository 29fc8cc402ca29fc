"""The setting that says where files are kept."""

from pathlib import Path

import pytest

from config.file_store import store_of

ROOT = Path("somewhere")


def test_without_an_address_files_are_in_a_folder_that_nobody_else_reads():
    store = store_of("", root=ROOT)

    assert store["BACKEND"] == "facilities.stores.folder.Folder"
    assert store["OPTIONS"] == {
        "location": "somewhere",
        "file_permissions_mode": 0o600,
        "directory_permissions_mode": 0o700,
    }


def test_a_bucket_says_where_it_is_and_the_environment_who_may():
    options = store_of("s3://My.invoices?region=eu-west-1", root=ROOT)["OPTIONS"]

    assert (options["bucket_name"], options["region_name"]) == ("My.invoices", "eu-west-1")
    assert {"access_key", "secret_key", "endpoint_url"}.isdisjoint(options)


def test_a_store_of_ones_own_may_have_its_key_in_the_address():
    options = store_of("s3://me:a%2Fb@invoices?endpoint=https://s3.example:9000&prefix=x", root=ROOT)["OPTIONS"]

    assert (options["access_key"], options["secret_key"]) == ("me", "a/b")
    assert (options["endpoint_url"], options["location"]) == ("https://s3.example:9000", "x")


@pytest.mark.parametrize(
    "url", ["s3://", "gs://invoices", "invoices", "s3://invoices/folder", "s3://invoices?regoin=x", "s3://invoices?x"]
)
def test_an_address_that_makes_no_sense_is_refused(url):
    with pytest.raises(ValueError, match="FILES_URL must read s3://bucket"):
        store_of(url, root=ROOT)
