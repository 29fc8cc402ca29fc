"""Every text is there in Spanish, and the compiled file that is kept beside it says the same."""

from pathlib import Path

import polib
import pytest
from django.conf import settings

CATALOGUES = sorted(settings.LOCALE_PATHS[0].rglob("*.po"))


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_text_is_translated(path: Path):
    catalogue = polib.pofile(str(path))

    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_the_compiled_texts_are_those_that_were_translated(path: Path):
    compiled = polib.mofile(str(path.with_suffix(".mo")))

    assert _texts(compiled) == _texts(polib.pofile(str(path)))


def _texts(catalogue: polib.MOFile | polib.POFile) -> dict[object, object]:
    return {
        (entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr for entry in catalogue if not entry.obsolete
    }
