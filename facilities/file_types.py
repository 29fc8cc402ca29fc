"""
Which files are taken, and whether one is what somebody said it would be.

Plain Python. Each sentence names the field, the value that came, and what would be right.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_KB: Final = MOST_BYTES // 1024
LONGEST_NAME: Final = 200
# A scanner may put something before the first line of a PDF; every reader looks this far for it.
_PDF_STARTS_WITHIN: Final = 1024


class FileType(NamedTuple):
    """The names of a kind of file: extensions, MIME types (the first is the usual one), and how to know it."""

    extensions: tuple[str, ...]
    mime_types: tuple[str, ...]
    is_it: Callable[[bytes], bool]


class Problem(NamedTuple):
    """What is wrong with a declaration: the field, and a sentence."""

    field: str
    sentence: str


def _begins(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(marks)


def _is_text(content: bytes) -> bool:
    return b"\x00" not in content or content.startswith((b"\xff\xfe", b"\xfe\xff"))


def _is_xml(content: bytes) -> bool:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content[2:].strip(b"\x00 \t\r\n")[:1] == b"<"
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" and _is_text(content)


_SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES: Final = (
    FileType(("pdf",), ("application/pdf",), lambda content: b"%PDF-" in content[:_PDF_STARTS_WITHIN]),
    FileType(("png",), ("image/png",), _begins(b"\x89PNG\r\n\x1a\n")),
    FileType(("jpg", "jpeg"), ("image/jpeg",), _begins(b"\xff\xd8\xff")),
    FileType(("tiff", "tif"), ("image/tiff",), _begins(b"II*\x00", b"MM\x00*")),
    # Windows calls a CSV file what Excel would open it as.
    FileType(("csv",), ("text/csv", "application/vnd.ms-excel"), _is_text),
    FileType(("xlsx",), (_SHEET,), _begins(b"PK\x03\x04")),
    FileType(("xml",), ("application/xml", "text/xml"), _is_xml),
)
TYPES: Final[Mapping[str, FileType]] = {extension: kind for kind in _TYPES for extension in kind.extensions}


def plain_extension(extension: str) -> str:
    """Return an extension as it is kept: without its dot, in small letters."""
    return extension.strip().removeprefix(".").lower()


def plain_mime_type(mime_type: str) -> str:
    """Return a MIME type without its parameters, in small letters."""
    return mime_type.partition(";")[0].strip().lower()


def problem_of(*, name: str, extension: str, mime_type: str, size_kb: Decimal) -> Problem | None:
    """Return what is wrong with a file that somebody wants to send, or None."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable() or {"/", "\\"} & set(name):
        must = f"1 to {LONGEST_NAME} printable characters, without a slash"
        return Problem("name", f"name is {name[:80]!r}; it must have {must}, as in 'invoice-2024-001'")
    kind = TYPES.get(plain_extension(extension))
    if kind is None:
        return Problem("extension", f"extension is {extension[:80]!r}; it must be one of {', '.join(sorted(TYPES))}")
    if plain_mime_type(mime_type) not in kind.mime_types:
        right = " or ".join(kind.mime_types)
        return Problem("mime_type", f"mime_type is {mime_type[:80]!r}; for {plain_extension(extension)} it is {right}")
    if not 0 < size_kb <= MOST_KB:
        return Problem("size_kb", f"size_kb is {_told(size_kb)}; it must be more than 0 and at most {MOST_KB} (10 MB)")
    return None


def difference(content: bytes, *, extension: str, size_kb: Decimal) -> str | None:
    """
    Return in what a content differs from the declared file, as a sentence, or None.

    A kilobyte is 1,000 bytes to some and 1,024 to others, and both round: from `size_kb - 1` of the one to
    `size_kb + 1` of the other is right.
    """
    least, most = (size_kb - 1) * 1000, min((size_kb + 1) * 1024, Decimal(MOST_BYTES))
    if not content or not least <= len(content) <= most:
        return (
            f"{len(content)} bytes came where size_kb was declared as {_told(size_kb)}; "
            f"send from {max(1, int(least))} to {int(most)} bytes at once, with their Content-Length"
        )
    if not TYPES[extension].is_it(content):
        return f"the content is no {extension} file, which is what was declared; send the file that was declared"
    return None


def _told(size_kb: Decimal) -> str:
    """Return a size without the zeros that a database adds."""
    return f"{size_kb.normalize():f}"
