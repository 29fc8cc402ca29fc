"""What the door itself refuses, before the domain is asked. config/api_errors.py gives each its shape."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from rest_framework.exceptions import APIException, ErrorDetail

# A list of ten thousand wrong rows needs no answer of ten thousand errors.
SHOWN_PROBLEMS = 100


class Problem(NamedTuple):
    """One thing that is wrong with a request: where, in words, and of what kind."""

    loc: tuple[str | int, ...]
    msg: str
    type: str


class Malformed(APIException):
    """The request is not what the route takes. Each problem's place starts at "body", "query" or "header"."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = problems[:SHOWN_PROBLEMS]
        super().__init__(problems[0].msg)


class Refused(APIException):
    """A refusal with a code of its own, and seconds to wait where trying again makes sense."""

    def __init__(self, *, status: HTTPStatus, code: str, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status_code = status
        self.refusal_code = code
        self.retry_after = retry_after


def malformed(where: str, name: str, msg: str, kind: str = "invalid") -> Malformed:
    """Return the refusal of one header, parameter or field."""
    return Malformed([Problem((where, name), msg, kind)])


def malformed_in(where: str, detail: Any) -> Malformed:
    """Return the refusal of everything that a serializer or a form found wrong."""
    return Malformed(list(_problems((where,), detail)))


def _problems(loc: tuple[str | int, ...], detail: Any) -> Iterator[Problem]:
    """Walk the nested errors of REST framework: mappings by field or index down to lists of sentences."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _problems(loc if name == "non_field_errors" else (*loc, name), inner)
    elif isinstance(detail, list):
        for inner in detail:
            yield from _problems(loc, inner)
    else:
        yield Problem(loc, str(detail), (isinstance(detail, ErrorDetail) and detail.code) or "invalid")
