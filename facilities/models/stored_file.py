from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from facilities.keys import new_id
from facilities.models.organization import Organization


class FileStatus(models.TextChoices):
    """Whether the content is there: announced, checked and kept, or given up by whoever announced it."""

    PENDING = "pending", _("announced")
    UPLOADED = "uploaded", _("uploaded")
    FAILED = "failed", _("failed")


class StoredFile(models.Model):
    """
    A document that somebody keeps here: the invoice on paper, a certificate.

    First it is announced, then its content comes once and never changes. The content is in the store that the settings
    name; here is what was declared, and what came.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.PROTECT, related_name="files"
    )
    name = models.CharField(_("name"), max_length=200)
    extension = models.CharField(_("extension"), max_length=8)
    mime_type = models.CharField(_("type"), max_length=100)
    size_kb = models.DecimalField(_("declared size in kB"), max_digits=9, decimal_places=3)
    status = models.CharField(_("status"), max_length=10, choices=FileStatus, default=FileStatus.PENDING)
    size_bytes = models.PositiveIntegerField(_("size in bytes"), null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("announced by"), on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("announced at"), default=timezone.now, editable=False)
    uploaded_at = models.DateTimeField(_("uploaded at"), null=True, editable=False)

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=FileStatus.values), name="file_status_is_known"),
            models.CheckConstraint(
                condition=~models.Q(status=FileStatus.UPLOADED)
                | (models.Q(size_bytes__isnull=False, uploaded_at__isnull=False) & ~models.Q(sha256="")),
                name="uploaded_file_says_what_came",
            ),
        ]
        indexes = [models.Index(fields=["organization", "-created_at"], name="file_by_age")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def file_name(self) -> str:
        """The name under which somebody saves it."""
        ending = f".{self.extension}"
        return self.name if self.name.lower().endswith(ending) else f"{self.name}{ending}"

    @property
    def kept_as(self) -> str:
        """The name of the content in the store."""
        return f"{self.organization_id}/{self.pk}.{self.extension}"

    @property
    def arrives_as(self) -> str:
        """The name under which a bucket takes the content, until it is checked."""
        return f"arriving/{self.organization_id}/{self.pk}"
