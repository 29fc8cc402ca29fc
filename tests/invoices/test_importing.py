"""A file of invoices, from its upload to its undo."""

from decimal import Decimal

import pytest

from invoices import importing, working
from invoices.models import Invoice, JobChunk
from tests import factories

pytestmark = pytest.mark.django_db

HEADER = "Tipo;Desde;Hasta;Consumo;Unidad;Instalación;CUPS;Nº factura;Comercializadora;Combustible"


def row(**said):
    cells = {
        "type": "electricidad",
        "start": "01/01/2024",
        "end": "31/01/2024",
        "quantity": "1.234,5",
        "unit": "kWh",
        "facility": "Madrid",
        "cups": factories.VALID_CUPS,
        "number": "",
        "supplier": "",
        "fuel": "",
        **said,
    }
    return ";".join(cells.values())


@pytest.fixture
def upload(organization, author):
    """Upload rows as a CSV file, and state the order of its days."""

    def upload(*rows, header=HEADER, by=author, **stated):
        content = "\r\n".join([header, *rows]).encode()
        one = importing.upload(organization=organization, by=by, file_name="enero.csv", chunks=[content])
        return importing.check(
            organization=organization,
            import_id=one.pk,
            reading=importing.Reading.of({**one.reading, "date_order": "dmy", **stated}),
            by=by,
        )

    return upload


def work(one):
    """Do the job of an import as a worker does; return the import as it is then."""
    for pk in JobChunk.objects.filter(job=one.job).order_by("position").values_list("pk", flat=True):
        working.work(pk)
    one.refresh_from_db()
    return one


def test_a_good_row_is_filed(upload, facility, organization, author):
    one = work(upload(row()))
    assert (one.status, one.error, one.rows_total, one.rows_good) == ("CHECKED", "", 1, 1)

    one = work(importing.take(organization=organization, import_id=one.pk, by=author))

    assert (one.status, one.rows_taken) == ("TAKEN", 1)
    invoice = Invoice.objects.get()
    assert (invoice.quantity, invoice.facility, invoice.source) == (Decimal("1234.5"), facility, "bulk_file")
