from typing import Final

from django.db import models
from django.db.models.functions import Now

from facilities.keys import new_id
from facilities.models import Organization
from invoices.models.processing_job import ProcessingJob


class ChunkState(models.TextChoices):
    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


# What somebody still has to do.
OPEN_STATES: Final = (ChunkState.READY, ChunkState.RUNNING)


class JobChunk(models.Model):
    """
    A part of a job that one worker does at once: some invoices of one organization, in the order they were asked for.

    The organization is theirs, not the job's: a bill that is distributed over a tree is calculated in one job.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(ProcessingJob, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveIntegerField()
    # No keys to the invoices: one that is deleted meanwhile is passed over.
    invoice_ids = models.JSONField()
    state = models.CharField(max_length=12, choices=ChunkState, default=ChunkState.READY)
    # How often it was begun: whoever holds it writes only while this is still its own number.
    attempt = models.PositiveSmallIntegerField(default=0)
    # By the clock of the database, since workers have one each. A lease that has ended is anybody's to take.
    leased_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(db_default=Now())
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="one_chunk_per_job_and_position"),
            models.CheckConstraint(condition=models.Q(state__in=ChunkState.values), name="chunk_state_is_known"),
        ]
        indexes = [
            models.Index(fields=["not_before"], condition=models.Q(state__in=OPEN_STATES), name="chunk_to_be_done"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} · {self.position}"
