"""Names of suppliers without what two spellings of the same company differ in."""

import unicodedata
from typing import Final

# Read after punctuation is gone: "S. COOP. V." is "s coop v". A longer one is tried first.
_LEGAL_FORMS: Final = sorted(
    (
        form.split()
        for form in (
            *("sl", "s l", "slu", "s l u", "slunipersonal", "sll", "slp", "slne", "srl", "sa", "s a", "sau", "s a u"),
            *("sociedad limitada", "sociedad de responsabilidad limitada", "sociedad anonima", "unipersonal"),
            *("sc", "scl", "sccl", "scv", "scg", "coop", "coopv", "coop v", "scoop", "s coop", "scoopv", "s coopv"),
            *("scoop v", "s coop v", "scoopmad", "s coop mad", "scoopand", "s coop and", "s coop de c lm"),
            *("soc coop", "sdad coop", "sdad coop valenciana", "sociedad cooperativa"),
            *("sociedad cooperativa valenciana", "sociedad cooperativa cyl", "sociedade coop galega"),
            *("ltd", "limited", "plc", "gmbh", "lda"),
            # What a register notes beside it: the company is no more.
            "extinguida",
        )
    ),
    key=len,
    reverse=True,
)
# "S.L." is one word, "24-7" two.
_JOINS: Final = frozenset(".'’´`")


def normalised(name: str) -> str:
    """Return a name without case, accents, punctuation and legal form; of such a name, itself."""
    words = _plain(name).split()
    while form := _form_at_end(words):
        words = words[: -len(form)]
    return " ".join(words)


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold()).casefold()
    kept = [character for character in decomposed if not unicodedata.combining(character)]
    return "".join(_written(character, before) for character, before in zip(kept, ["", *kept], strict=False))


def _written(character: str, before: str) -> str:
    if character.isalnum():
        return character
    # "8.0" and "8,0" are one name.
    return "" if character in _JOINS and not before.isdecimal() else " "


def _form_at_end(words: list[str]) -> list[str]:
    """Return the legal form that a name of more words ends with, or nothing."""
    found = (form for form in _LEGAL_FORMS if len(words) > len(form) and words[-len(form) :] == form)
    return next(found, [])
