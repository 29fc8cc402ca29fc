"""GET /v1/processing-jobs and /v1/processing-jobs/{id}, POST /v1/processing-jobs/{id}/retry"""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from facilities.api.filtering import Filters, ListFilter
from facilities.api.output import NullableTextField
from facilities.api.paging import Paging
from facilities.api.requests import AuthorizedRequest, id_in_path
from facilities.api.viewsets import OrganizationViewSet
from invoices import tracking
from invoices.api.serializers import TimestampField
from invoices.models import JobAction, JobStatus, JobTrigger, ProcessingJob

_LONGEST_NAME = ProcessingJob._meta.get_field("entity_name").max_length or 0


class JobFilters(Filters):
    """The query of the list of jobs."""

    status = ListFilter.of_choices(JobStatus.values)
    entity_name = django_filters.CharFilter(strip=False, max_length=_LONGEST_NAME)

    def filter_queryset(self, queryset: QuerySet[ProcessingJob]) -> QuerySet[ProcessingJob]:
        asked: dict[str, Any] = self.form.cleaned_data
        return tracking.jobs(
            organization=self.request.organization, statuses=asked["status[]"], entity_name=asked["entity_name"]
        )


class JobOutput(serializers.Serializer[Any]):
    """A job. Its category is null where it calculates all of them."""

    id = serializers.UUIDField()
    entity_name = serializers.CharField()
    action = serializers.ChoiceField(JobAction.choices)
    trigger_type = serializers.ChoiceField(JobTrigger.choices)
    activity_category = NullableTextField()
    items_total = serializers.IntegerField()
    items_success = serializers.IntegerField()
    items_failed = serializers.IntegerField()
    status = serializers.ChoiceField(JobStatus.choices)
    errors = serializers.ListField(child=serializers.JSONField())  # type: ignore[assignment]  # the documented name is one of the serializer's own
    created_at = TimestampField()
    started_at = TimestampField(allow_null=True)
    completed_at = TimestampField(allow_null=True)


class JobViewSet(OrganizationViewSet):
    """What goes on in the background, newest first."""

    queryset = ProcessingJob.objects.none()
    filterset_class = JobFilters
    pagination_class = Paging
    lookup_value_regex = "[^/]+"

    def list(self, request: AuthorizedRequest) -> Response:
        """List the jobs, newest first."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(JobOutput(rows, many=True).data)

    def retrieve(self, request: AuthorizedRequest, pk: str) -> Response:
        """Show one job with its progress."""
        return Response(
            JobOutput(tracking.find(organization=request.organization, job_id=id_in_path(pk, "ProcessingJob"))).data
        )

    @action(detail=True, methods=["post"])
    def retry(self, request: AuthorizedRequest, pk: str) -> Response:
        """Queue what failed of a job as a new job, and show that one."""
        again = tracking.retry(organization=request.organization, job_id=_job_id(pk), by=request.author)
        return Response(JobOutput(again).data, status=HTTPStatus.ACCEPTED)


def _job_id(text: str) -> UUID:
    return id_in_path(text, "ProcessingJob")
