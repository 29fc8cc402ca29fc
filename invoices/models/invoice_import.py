"""A file of invoices on its way into the books: it waits here, since workers may run on other machines."""

from typing import Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id
from facilities.models import Organization
from invoices.models.consolidation import Evidence
from invoices.models.processing_job import ProcessingJob


class ImportStatus(models.TextChoices):
    """How far a file is. What is being checked or taken has a job that says how far that is."""

    UPLOADED = "UPLOADED", _("uploaded")
    CHECKING = "CHECKING", _("being checked")
    CHECKED = "CHECKED", _("checked")
    TAKING = "TAKING", _("being taken")
    TAKEN = "TAKEN", _("taken")
    UNDOING = "UNDOING", _("being taken back")
    UNDONE = "UNDONE", _("undone")
    FAILED = "FAILED", _("failed")


class ImportQuerySet(models.QuerySet["InvoiceImport"]):
    def of(self, organization_id: UUID) -> Self:
        """Keep one organization's own."""
        return self.filter(organization_id=organization_id)


class InvoiceImport(Evidence):
    """
    One uploaded file, how it is to be read, and what became of its rows.

    `reading` says how: encoding, delimiter, decimal sign, order of dates, sheet, and the column of the file that is
    each canonical column. Written by `importing` alone.
    """

    file_name = models.CharField(_("file"), max_length=255)
    size_bytes = models.PositiveBigIntegerField(_("size in bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    reading = models.JSONField(_("how it is read"), default=dict)
    # As they stood in the file when it was checked.
    headers = models.JSONField(_("headers"), default=list)
    status = models.CharField(_("status"), max_length=10, choices=ImportStatus, default=ImportStatus.UPLOADED)
    # Of the rows that were checked: each is good, bad or already in the books.
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_good = models.PositiveIntegerField(_("good rows"), default=0)
    rows_bad = models.PositiveIntegerField(_("refused rows"), default=0)
    rows_repeated = models.PositiveIntegerField(_("rows already in the books"), default=0)
    rows_taken = models.PositiveIntegerField(_("invoices filed"), default=0)
    rows_undone = models.PositiveIntegerField(_("invoices removed again"), default=0)
    job = models.ForeignKey(
        ProcessingJob,
        verbose_name=_("job"),
        null=True,
        on_delete=models.PROTECT,
        related_name="imports",
        db_index=False,
    )
    error = models.CharField(_("error"), max_length=500, blank=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of invoices")
        verbose_name_plural = _("imports of invoices")
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=ImportStatus.values), name="import_status_is_known"),
            models.UniqueConstraint(fields=["id", "organization"], name="import_of_one_organization"),
        ]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="import_newest_first"),
            models.Index(fields=["job"], name="import_by_job"),
        ]

    def __str__(self) -> str:
        return self.file_name


class OfAnImport(models.Model):
    """What belongs to one import."""

    id = models.BigAutoField(primary_key=True)
    # `importing` deletes these first, in the organization's name; the database refuses an import that still has some.
    invoice_import = models.ForeignKey(InvoiceImport, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        abstract = True


class ImportPart(OfAnImport):
    """A piece of the uploaded file, in order: small enough to be read without the others."""

    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice_import", "number"], name="one_import_part_per_number")]

    def __str__(self) -> str:
        return f"{self.invoice_import_id} · {self.number}"


class BatchState(models.TextChoices):
    CHECKED = "checked"
    TAKEN = "taken"


class ImportBatch(OfAnImport):
    """
    At most 5,000 rows of the file as they were read: the cells of each as text, with its line, compressed.

    What is checked and what is taken are the same rows, checked by the same rules.
    """

    number = models.PositiveIntegerField()
    rows = models.BinaryField()
    row_count = models.PositiveIntegerField()
    good_count = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=BatchState, default=BatchState.CHECKED)
    taken_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice_import", "number"], name="one_import_batch_per_number"),
            models.CheckConstraint(condition=models.Q(state__in=BatchState.values), name="batch_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_import_id} · {self.number}"


class Severity(models.TextChoices):
    """What a problem means for its row."""

    ERROR = "error", _("refused")
    REPEATED = "repeated", _("already in the books")
    WARNING = "warning", _("to be looked at")


class ImportProblem(OfAnImport):
    """Something about a row: where it stands, what was read, and what would be right, as a code and its figures."""

    batch_number = models.PositiveIntegerField()
    line = models.PositiveIntegerField(_("line"))
    column = models.CharField(_("column"), max_length=255, blank=True)
    value = models.CharField(_("value"), max_length=255, blank=True)
    severity = models.CharField(_("kind"), max_length=10, choices=Severity)
    code = models.CharField(max_length=40)
    details = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("problem of an import")
        verbose_name_plural = _("problems of imports")
        constraints = [
            models.CheckConstraint(condition=models.Q(severity__in=Severity.values), name="problem_severity_is_known")
        ]
        indexes = [models.Index(fields=["invoice_import", "severity", "line", "id"], name="import_problem_by_line")]

    def __str__(self) -> str:
        return f"{self.line}: {self.code}"


class ImportedInvoice(models.Model):
    """
    An invoice that an import filed, and the identity of its row, so that no row is filed twice.

    `identity` digests organization and canonical columns: a row that says the same again, in the file or in another, is
    a repeat, so there is no second occurrence. No key to the invoice: it may be deleted.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    invoice_import = models.ForeignKey(
        InvoiceImport, on_delete=models.DO_NOTHING, related_name="imported_invoices", db_index=False
    )
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    invoice_id = models.UUIDField()
    identity = models.CharField(max_length=32)
    line = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "identity"], name="one_invoice_per_imported_row"),
        ]
        indexes = [
            models.Index(fields=["invoice_import", "line"], name="imported_by_import"),
            models.Index(fields=["organization", "invoice_id"], name="imported_by_invoice"),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_import_id} · {self.line}"
