from django.db import models
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id
from facilities.models import Organization
from invoices.models.processing_job import ProcessingJob


class EvidenceArchive(models.Model):
    """A ZIP with everything that an auditor asks of a year, made by a job; without a digest it is not there yet."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    job = models.OneToOneField(
        ProcessingJob, verbose_name=_("job"), on_delete=models.PROTECT, related_name="evidence_archive"
    )
    year = models.PositiveSmallIntegerField(_("year"))
    size_bytes = models.PositiveBigIntegerField(_("size in bytes"), null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)

    class Meta:
        verbose_name = _("evidence of a year")
        verbose_name_plural = _("evidence of years")
        indexes = [models.Index(fields=["organization", "year", "id"], name="evidence_by_year")]

    def __str__(self) -> str:
        return str(self.year)

    @property
    def kept_as(self) -> str:
        """The name of the content in the store."""
        return f"{self.organization_id}/evidence/{self.pk}.zip"
