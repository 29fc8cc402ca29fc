"""Reads the setting that says where files are kept. Imported by the settings: no Django here."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_OPTIONS = {"region": "region_name", "endpoint": "endpoint_url", "prefix": "location", "addressing": "addressing_style"}


def store_of(url: str, *, root: Path) -> dict[str, Any]:
    """
    Return the entry of STORAGES: a folder, or the bucket of `s3://bucket?region=…&endpoint=https://…&prefix=…`.

    The bucket's credentials are those of the environment (AWS_ACCESS_KEY_ID, …), or stand in the address as
    `s3://key:secret@bucket`. Raise ValueError for an address that makes no sense.
    """
    if not url:
        # Nobody else on the machine reads an invoice.
        options = {"location": str(root), "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
        return {"BACKEND": "facilities.stores.folder.Folder", "OPTIONS": options}
    parts = urlsplit(url)
    given = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    unknown = given.keys() - _OPTIONS.keys()
    if parts.scheme != "s3" or not parts.hostname or parts.path.strip("/") or unknown:
        raise ValueError(
            "FILES_URL must read s3://bucket or s3://key:secret@bucket, "
            f"then ? and any of {', '.join(f'{name}=…' for name in _OPTIONS)}"
        )
    options = {_OPTIONS[name]: value for name, value in given.items()} | {
        "bucket_name": parts.netloc.rpartition("@")[2],
        "default_acl": None,
        "file_overwrite": True,
        "signature_version": "s3v4",
    }
    if parts.username and parts.password:
        options |= {"access_key": unquote(parts.username), "secret_key": unquote(parts.password)}
    return {"BACKEND": "facilities.stores.bucket.Bucket", "OPTIONS": options}
