"""Recalculation of many invoices, first, again and unchanged, against a bare UPDATE of the same rows."""

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import django

django.setup()

from django.db import connection, transaction
from django.db.models import F
from django.test.utils import setup_databases, teardown_databases

from facilities.access import Author, Channel
from facilities.models import Facility, Supplier
from invoices import factoring, recalculating, reference, working
from invoices.models import ActivityCategory, EmissionFactor, Invoice, InvoiceEmission, JobChunk
from tests import factories
from tests.bench import telling

# A line for each chunk would be timed, too.
logging.disable(logging.INFO)
REPETITIONS = int(os.environ.get("REPETITIONS", "5"))
MONTHS = 36
FLOOR = "bare UPDATE of the invoices"
BATCH = 5_000


def main(count: int, path: Path) -> None:
    old = setup_databases(verbosity=0, interactive=False)
    try:
        path.write_text(json.dumps(_measured(count), indent=2) + "\n")
    finally:
        teardown_databases(old, verbosity=0)


def _measured(count: int) -> dict:
    reference.load()
    organization = factories.organization(name="Bench")
    by = Author(factories.member(organization), Channel.API)
    _fill(organization, count)
    ids = list(Invoice.objects.filter(organization=organization).order_by("pk").values_list("pk", flat=True))
    times: dict[str, list[float]] = {}

    def timed(name: str, deed: Callable[[], None]) -> None:
        _quiet()
        start = time.perf_counter()
        deed()
        times.setdefault(name, []).append(time.perf_counter() - start)

    def recalculate() -> None:
        done = recalculating.recalculate(
            organization=organization, invoice_ids=ids, activity_categories=[ActivityCategory.ELECTRICITY], by=by
        )
        chunks = JobChunk.objects.filter(job__in=done.jobs, organization=organization).order_by("position")
        for chunk_id in chunks.values_list("pk", flat=True):
            working.work(chunk_id)

    def floor() -> None:
        with transaction.atomic():
            Invoice.objects.filter(organization=organization).update(percentage=F("percentage"))

    for _ in range(REPETITIONS):
        timed(FLOOR, floor)
        InvoiceEmission.objects.filter(organization=organization).delete()
        timed("recalculation, first", recalculate)
        timed("recalculation, unchanged", recalculate)
        # Another figure in every row: as a newer set of factors would give.
        EmissionFactor.objects.filter(kind__in=["supplier", "residual_mix"]).update(value=F("value") + Decimal("0.001"))
        # The process keeps the tables of a set, which never change but here.
        factoring._table.cache_clear()
        timed("recalculation, again", recalculate)
    return telling.told(
        times,
        floor=FLOOR,
        count=count,
        counted="invoices",
        measured_on=telling.server(connection),
        repetitions=REPETITIONS,
    )


def _fill(organization, count: int) -> None:
    """File invoices month by month over all facilities and suppliers, as they come in."""
    chance = Random(4)  # noqa: S311 (a bench wants the same rows each time)
    places = Facility.objects.bulk_create(
        Facility(organization=organization, name=f"Place {number}", country="ES", type="office") for number in range(50)
    )
    sellers = list(Supplier.objects.filter(country="ES", type="electricity").order_by("name")[:40])
    kwh, person = factories.unit(), factories.user()
    per_month = -(-count // MONTHS)
    for start in range(0, count, BATCH):
        Invoice.objects.bulk_create(
            Invoice(
                organization=organization,
                facility=chance.choice(places),
                supplier=chance.choice(sellers),
                type="electricity",
                status="active",
                invoice_number=f"B-{number}",
                start_date=date(2022 + number // per_month // 12, number // per_month % 12 + 1, 1),
                end_date=date(2022 + number // per_month // 12, number // per_month % 12 + 1, 28),
                base_quantity=(quantity := Decimal(chance.randint(100, 90_000))),
                quantity=quantity,
                unit=kwh,
                uploaded_by=person,
            )
            for number in range(start, min(start + BATCH, count))
        )


def _quiet() -> None:
    """Let nothing that was left to do later fall into what is timed next."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("CHECKPOINT")
            cursor.execute("VACUUM ANALYZE invoices_invoice, invoices_invoiceemission")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
