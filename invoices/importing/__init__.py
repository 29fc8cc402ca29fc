"""
Import of invoices from a file: kept, read, checked to the last row, taken without its bad rows, and taken back.

A file is uploaded, its reading guessed and then stated, and checked in a dry run; its good rows are filed in batches,
each in one commit; those that nobody touched can be removed again. What takes long is queued as a job.
"""

from invoices.importing.asking import ENTITY, again, check, take, undo
from invoices.importing.columns import NAMES as COLUMNS
from invoices.importing.columns import PLACES, REQUIRED
from invoices.importing.content import BATCH, most_bytes
from invoices.importing.readings import CSV, XLSX, Reading
from invoices.importing.refusals import (
    ImportNotFound,
    ImportTooLarge,
    MappingIncomplete,
    NothingToTake,
    NotReadable,
    WrongState,
)
from invoices.importing.removing import Stays, UndoPlan, undo_plan
from invoices.importing.restating import restated
from invoices.importing.returning import refused_rows
from invoices.importing.running import Counted, ended, given_up, run_chunk
from invoices.importing.uploading import Guessed, SampleRow, discard, find, guess, listed, problems, reguessed, upload

__all__ = [
    "BATCH",
    "COLUMNS",
    "CSV",
    "ENTITY",
    "PLACES",
    "REQUIRED",
    "XLSX",
    "Counted",
    "Guessed",
    "ImportNotFound",
    "ImportTooLarge",
    "MappingIncomplete",
    "NotReadable",
    "NothingToTake",
    "Reading",
    "SampleRow",
    "Stays",
    "UndoPlan",
    "WrongState",
    "again",
    "check",
    "discard",
    "ended",
    "find",
    "given_up",
    "guess",
    "listed",
    "most_bytes",
    "problems",
    "refused_rows",
    "reguessed",
    "restated",
    "run_chunk",
    "take",
    "undo",
    "undo_plan",
    "upload",
]
