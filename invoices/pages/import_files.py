"""What an import gives to be saved: a sample of a file, and the rows that were refused, to be mended and sent again."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, cast
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import translation
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from facilities.models import Facility, FacilityStatus
from facilities.pages.current import PageRequest, for_organization
from invoices import importing, tabular
from invoices.exporting.columns import INVOICES
from invoices.importing import columns
from invoices.models import InvoiceType
from invoices.pages.import_report import found

_SAMPLE_CUPS: Final = "ES1234123456789012JY"


@require_safe
@for_organization
def refused(request: PageRequest, import_id: UUID) -> HttpResponse:
    """Give the refused rows as they came, each with what is wrong with it, in the reader's language."""
    one = found(request, import_id)
    rows = importing.refused_rows(organization=request.organization, import_id=one.pk)
    stem = one.file_name.rpartition(".")[0] or one.file_name
    return _saved(rows, _("refused-%(file)s.csv") % {"file": get_valid_filename(stem)})


@require_safe
@for_organization
def sample(request: PageRequest) -> HttpResponse:
    """Give a file as it should be, with a facility of one's own: two rows to put others in the place of."""
    places = Facility.objects.present().filter(organization=request.organization, status=FacilityStatus.ACTIVE)
    place = places.order_by("name", "pk").first()
    name = place.name if place else _("Name of a facility")
    start, end = date(2025, 1, 1), date(2025, 1, 31)
    headings = [column.heading for column in INVOICES if column.name in columns.NAMES and column.name != "facility_id"]
    electricity, water = str(InvoiceType.ELECTRICITY.label), str(InvoiceType.WATER.label)
    rows: list[Sequence[object]] = [
        [str(heading) for heading in headings],
        [electricity, start, end, Decimal("1234.56"), "kWh", name, _SAMPLE_CUPS, "E-2025-001", "", ""],
        [water, start, end, Decimal("12.5"), "m3", name, "", "W-2025-001", "", ""],
    ]
    return _saved(rows, _("sample of invoices.csv"))


def _saved(rows: Iterable[Sequence[object]], file_name: str) -> HttpResponse:
    language = translation.get_language() or ""
    dialect = tabular.SPANISH if language.startswith("es") else tabular.ENGLISH_PAGE
    answer = StreamingHttpResponse(
        _spoken(tabular.csv_lines(rows, dialect), language),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(as_attachment=True, filename=file_name) or ""},
    )
    # It streams, which the type of a page does not know.
    return cast("HttpResponse", answer)


def _spoken(lines: Iterator[bytes], language: str) -> Iterator[bytes]:
    """Go on in the language of the request: the rows are written after it is over."""
    while True:
        with translation.override(language):
            line = next(lines, None)
        if line is None:
            return
        yield line
