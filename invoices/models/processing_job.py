from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities.keys import new_id
from facilities.models import Organization


class JobAction(models.TextChoices):
    CREATE = "CREATE", _("calculate new")
    RECALCULATE = "RECALCULATE", _("recalculate")
    IMPORT = "IMPORT", _("import")
    EXPORT = "EXPORT", pgettext_lazy("job", "evidence")


class JobTrigger(models.TextChoices):
    API = "API", "API"
    WEB = "WEB", _("page")
    ADMIN = "ADMIN", _("admin")
    FILE_UPLOAD = "FILE_UPLOAD", _("file")


class JobStatus(models.TextChoices):
    PENDING = "PENDING", _("waiting")
    PROCESSING = "PROCESSING", _("working")
    COMPLETED = "COMPLETED", _("completed")
    FAILED = "FAILED", _("failed")


class ActivityCategory(models.TextChoices):
    """What of an invoice is calculated: one result each, by the names that the API documents."""

    STATIONARY = "stationary"
    STATIONARY_GENERATION = "stationary_generation"
    ELECTRICITY = "electricity"
    ELECTRICITY_LOCATION_BASED = "electricity_location_based"
    ELECTRICITY_GENERATION = "electricity_generation"
    ELECTRICITY_TRANSMISSION_AND_DISTRIBUTION = "electricity_transmission_and_distribution"
    ENERGY = "energy"


class ProcessingJob(models.Model):
    """Work on many invoices that goes on in the background, with its progress."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        Organization, verbose_name=_("organization"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    entity_name = models.CharField(_("of"), max_length=20, default="INVOICES")
    action = models.CharField(_("action"), max_length=12, choices=JobAction)
    trigger_type = models.CharField(_("through"), max_length=12, choices=JobTrigger)
    activity_category = models.CharField(_("category"), max_length=48, blank=True)
    items_total = models.PositiveIntegerField(_("in all"), default=0)
    items_success = models.PositiveIntegerField(_("done"), default=0)
    items_failed = models.PositiveIntegerField(_("failed"), default=0)
    status = models.CharField(_("status"), max_length=12, choices=JobStatus, default=JobStatus.PENDING)
    errors = models.JSONField(_("errors"), default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    started_at = models.DateTimeField(_("started at"), null=True)
    completed_at = models.DateTimeField(_("completed at"), null=True)

    class Meta:
        verbose_name = _("processing job")
        verbose_name_plural = _("processing jobs")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(items_total__gte=models.F("items_success") + models.F("items_failed")),
                name="job_counts_do_not_exceed_the_total",
            ),
            models.CheckConstraint(condition=models.Q(status__in=JobStatus.values), name="job_status_is_known"),
        ]
        indexes = [models.Index(fields=["organization", "-created_at", "-id"], name="job_newest_first")]

    def __str__(self) -> str:
        return f"{self.get_action_display()} · {self.get_status_display()}"
