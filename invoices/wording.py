"""How a text that can't be a code is refused, in the reader's language and at every door for people."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy

from invoices import cups as cups_codes
from invoices.cups import Problem

_PROBLEMS: Final[Mapping[Problem, Any]] = {
    Problem.EMPTY: gettext_lazy("A code has at least one character."),
    Problem.TOO_LONG: gettext_lazy("A code has at most %(count)s characters."),
    Problem.CONTROL: gettext_lazy("The code contains a control character (%(character)s)."),
    Problem.DIRECTION: gettext_lazy(
        "The code contains a character that changes the direction of writing (%(character)s)."
    ),
    Problem.INVISIBLE: gettext_lazy("The code contains a character that can't be seen (%(character)s)."),
    Problem.SURROGATE: gettext_lazy("The code contains half of a character (%(character)s)."),
}


def not_acceptable(refusal: cups_codes.NotAcceptable) -> str:
    """Say why a text can't be stored as a code."""
    return str(_PROBLEMS[refusal.problem]) % {"count": cups_codes.MAX_LENGTH, "character": refusal.character}
