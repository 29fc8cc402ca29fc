"""
Rows into CSV files, files into a ZIP. All of it grows in temporary files: memory does not grow with the rows.

The same rows give the same bytes: entries carry no time of their own. Plain Python, no Django.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final, Self

from invoices import tabular

MANIFEST: Final = "manifest.json"
_AT_ONCE: Final = 1 << 20
# The earliest time that a ZIP can say: it means nothing, which is the point.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)
_READABLE: Final = 0o644 << 16


class Sheet:
    """A CSV file that grows row by row. `row_count` leaves out its first, which names the columns."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.columns = columns
        self.row_count = 0
        self._file = path.open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._file, lineterminator="\r\n")
        self._rows.writerow(columns)

    def add(self, *values: object) -> None:
        """Add a row; raise ValueError unless there is a value for each column."""
        if len(values) != len(self.columns):
            raise ValueError(f"{self.path.name}: {len(values)} values for {len(self.columns)} columns")
        self._rows.writerow([tabular.cell(value) for value in values])
        self.row_count += 1

    def close(self) -> None:
        self._file.close()


class Folder:
    """The files of an archive until it is packed. Gone when the block ends that it is made for."""

    def __enter__(self) -> Self:
        self._open = ExitStack()
        self._path = Path(self._open.enter_context(TemporaryDirectory(prefix="evidence-")))
        self._sheets: list[Sheet] = []
        return self

    def __exit__(self, *broken_off: object) -> None:
        self._open.close()

    def sheet(self, name: str, columns: Sequence[str]) -> Sheet:
        """Begin a CSV file."""
        sheet = Sheet(self._path / name, columns)
        self._open.callback(sheet.close)
        self._sheets.append(sheet)
        return sheet

    def pack(self, *, texts: Mapping[str, str], about: Mapping[str, object], go_on: Callable[[], None]) -> IO[bytes]:
        """
        Return the ZIP, at its beginning: the texts, the CSV files, and a manifest with the digest of each.

        `about` is what else the manifest says; `go_on` is called before each file. The ZIP is gone with the block.
        """
        for sheet in self._sheets:
            sheet.close()
        packed = self._open.enter_context((self._path / "packed.zip").open("w+b"))
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            files = {name: _added(archive, name, io.BytesIO(text.encode())) for name, text in texts.items()}
            for sheet in self._sheets:
                go_on()
                with sheet.path.open("rb") as content:
                    files[sheet.path.name] = {**_added(archive, sheet.path.name, content), "rows": sheet.row_count}
            manifest = json.dumps({**about, "files": files}, ensure_ascii=False, indent=2)
            _added(archive, MANIFEST, io.BytesIO(manifest.encode()))
        packed.seek(0)
        return packed


def measured(content: IO[bytes]) -> tuple[int, str]:
    """Return how many bytes there are and their SHA-256; leave the file at its beginning."""
    digest, size = hashlib.sha256(), 0
    for part in _parts(content):
        digest.update(part)
        size += len(part)
    content.seek(0)
    return size, digest.hexdigest()


def _added(archive: zipfile.ZipFile, name: str, content: IO[bytes]) -> dict[str, object]:
    size, digest = measured(content)
    entry = zipfile.ZipInfo(name, _NO_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = _READABLE
    with archive.open(entry, "w", force_zip64=True) as packed:
        for part in _parts(content):
            packed.write(part)
    return {"bytes": size, "sha256": digest}


def _parts(content: IO[bytes]) -> Iterator[bytes]:
    while part := content.read(_AT_ONCE):
        yield part
