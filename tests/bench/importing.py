"""Import of a CSV file, checked and taken, against a bare COPY of the same rows into a table with only its key."""

import json
import logging
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryFile

import django

django.setup()

from django.db import connection, transaction
from django.test.utils import setup_databases, teardown_databases

from facilities.access import Author, Channel
from facilities.models import Facility
from invoices import cups, importing, reference, working
from invoices.models import Invoice, InvoiceImport, JobChunk
from tests import factories
from tests.bench import telling

logging.disable(logging.INFO)
REPETITIONS = int(os.environ.get("REPETITIONS", "3"))
MONTHS = 36
PLACES = 50
FLOOR = "bare COPY of the invoices"


def main(count: int, path: Path) -> None:
    old = setup_databases(verbosity=0, interactive=False)
    try:
        path.write_text(json.dumps(_measured(count), indent=2) + "\n")
    finally:
        teardown_databases(old, verbosity=0)


def _measured(count: int) -> dict:
    reference.load()
    times: dict[str, list[float]] = {}

    def timed(name: str, deed: Callable[[], None]) -> None:
        start = time.perf_counter()
        deed()
        times.setdefault(name, []).append(time.perf_counter() - start)

    peaks = [_once(number, count, timed) for number in range(REPETITIONS)]
    times["all of it"] = [sum(runs) for runs in zip(times["upload"], times["dry run"], times["taking"], strict=True)]
    return telling.told(
        times,
        floor=FLOOR,
        count=count,
        counted="invoices",
        measured_on=telling.server(connection),
        repetitions=REPETITIONS,
        remarks=[f"Memory: {_peak():.0f} MB at most in all; the first import added {peaks[0]:.0f} MB."],
    )


def _once(number: int, count: int, timed: Callable[[str, Callable[[], None]], None]) -> float:
    """Import a file into an organization of its own; return by how much that raised the peak of memory, in MB."""
    organization = factories.organization(name=f"Bench {number}")
    by = Author(factories.member(organization), Channel.API)
    Facility.objects.bulk_create(
        Facility(organization=organization, name=f"Place {place}", country="ES", type="office")
        for place in range(PLACES)
    )
    own = {"organization": organization, "by": by}
    one: list[InvoiceImport] = []
    before = _peak()
    timed("upload", lambda: one.append(importing.upload(**own, file_name="bench.csv", chunks=_lines(count))))
    asked = {**own, "import_id": one[0].pk}
    timed("dry run", lambda: _work(importing.check(**asked, reading=None)))
    timed("taking", lambda: _work(importing.take(**asked)))
    added = _peak() - before
    done = importing.find(organization=organization, import_id=one[0].pk)
    if done.rows_taken != count:
        raise AssertionError(f"{done.rows_taken} of {count} rows were taken: {done.error}")
    timed("the same file again", lambda: _again(own, count))
    with TemporaryFile() as content:
        _dump(organization, content)
        timed(FLOOR, lambda: _floor(content))
    return added


def _work(one: InvoiceImport) -> None:
    chunks = JobChunk.objects.filter(organization=one.organization_id, job=one.job_id).order_by("position")
    for chunk_id in chunks.values_list("pk", flat=True):
        working.work(chunk_id)


def _again(own: dict, count: int) -> None:
    """Check the same file once more: all of it is in the books."""
    one = importing.upload(**own, file_name="again.csv", chunks=_lines(count))
    _work(importing.check(**own, import_id=one.pk, reading=None))
    one.refresh_from_db()
    if one.rows_repeated != count:
        raise AssertionError(f"{one.rows_repeated} of {count} rows were found in the books")


def _lines(count: int) -> Iterator[bytes]:
    """Yield a file month by month over all supplies, as bills come in; one code of fifty is damaged."""
    chance = Random(7)  # noqa: S311 (a bench wants the same rows each time)
    yield b"type,start_date,end_date,quantity,unit,facility,cups,invoice_number,supplier\n"
    supplies = -(-count // MONTHS)
    for number in range(count):
        month, supply = divmod(number, supplies)
        body = f"{21 + supply % 9:04}{supply:012}"
        code = f"ES{body}{cups.check_letters(body)}0F"
        if chance.random() < 1 / 50:
            code = code[:7] + code[8] + code[7] + code[9:]
        year = 2021 + month // 12
        start, end = f"{year}-{month % 12 + 1:02}-01", f"{year}-{month % 12 + 1:02}-28"
        quantity = f"{chance.randint(100, 90_000)}.{chance.randint(0, 99):02}"
        yield (
            f"electricity,{start},{end},{quantity},kWh,Place {supply % PLACES},{code},B-{number},"
            "IBERDROLA CLIENTES S.A.U\n"
        ).encode()


def _dump(organization, content) -> None:
    """Write the rows as a COPY has them."""
    if connection.vendor != "postgresql":
        return
    columns = ", ".join(field.column for field in Invoice._meta.concrete_fields)
    statement = f"COPY (SELECT {columns} FROM invoices_invoice WHERE organization_id = '{organization.pk}') TO STDOUT"  # noqa: S608 (names of ours)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:
            content.write(block)


def _floor(content) -> None:
    """Copy the rows into a table that has only its key; SQLite, which has no COPY, inserts from its own table."""
    columns = ", ".join(field.column for field in Invoice._meta.concrete_fields)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_floor")
        cursor.execute(f"CREATE TABLE bench_floor AS SELECT {columns} FROM invoices_invoice WHERE false")  # noqa: S608 (as above)
        if connection.vendor != "postgresql":
            last = "(SELECT organization_id FROM invoices_invoice ORDER BY created_at DESC LIMIT 1)"
            cursor.execute("CREATE UNIQUE INDEX bench_floor_key ON bench_floor (id)")
            cursor.execute(
                f"INSERT INTO bench_floor SELECT {columns} FROM invoices_invoice WHERE organization_id = {last}"  # noqa: S608 (as above)
            )
            return
        cursor.execute("ALTER TABLE bench_floor ADD PRIMARY KEY (id)")
        content.seek(0)
        with cursor.copy(f"COPY bench_floor ({columns}) FROM STDIN") as copy:
            while block := content.read(1 << 16):
                copy.write(block)


def _peak() -> float:
    """Return the most memory that the process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
