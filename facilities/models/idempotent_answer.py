from django.conf import settings
from django.db import models
from django.utils import timezone

from facilities.models.organization import Organization


class IdempotentAnswer(models.Model):
    """The answer given to a POST that carried an Idempotency-Key; without a status it is still in flight."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    caller = models.CharField(max_length=40, help_text="The API key's id, or empty for a browser session.", blank=True)
    method = models.CharField(max_length=7)
    path = models.CharField(max_length=300)
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    started_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user", "caller", "method", "path", "key"],
                name="one_answer_per_idempotency_key",
            )
        ]
        indexes = [models.Index(fields=["started_at"], name="idempotent_answer_by_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"
