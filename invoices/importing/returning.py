"""The rows that were refused, as they came, with why: to be mended and sent again."""

from collections.abc import Iterator
from uuid import UUID

from django.utils.translation import gettext as _

from facilities.models import Organization
from invoices.importing import content, wording
from invoices.importing.uploading import find
from invoices.models import ImportBatch, ImportProblem, InvoiceImport, Severity


def refused_rows(*, organization: Organization, import_id: UUID) -> Iterator[list[str]]:
    """
    Yield the headers, then each refused row as it came, with a column more that says why, in the reader's language.

    The same file with its cells mended can be imported again: that column is passed over. Raise ImportNotFound at once.
    """
    row = find(organization=organization, import_id=import_id)
    return _refused(row)


def _refused(row: InvoiceImport) -> Iterator[list[str]]:
    width = len(row.headers)
    yield [*row.headers, _("Why it was refused")]
    own = {"organization": row.organization_id, "invoice_import": row}
    numbers = ImportBatch.objects.filter(**own).order_by("number").values_list("pk", "number")
    for pk, number in list(numbers):
        errors = ImportProblem.objects.filter(**own, batch_number=number, severity=Severity.ERROR)
        why: dict[int, list[str]] = {}
        for problem in errors.order_by("line", "pk"):
            why.setdefault(problem.line, []).append(wording.sentence(problem))
        if not why:
            continue
        batch = ImportBatch.objects.get(organization=row.organization_id, pk=pk)
        for line, cells in content.rows_of(batch):
            if line in why:
                yield [*cells, *[""] * (width - len(cells)), " ".join(why[line])]
