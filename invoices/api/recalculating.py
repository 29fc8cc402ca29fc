"""POST /v1/invoices/recalculate"""

from http import HTTPStatus
from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from facilities.api.fields import TextField, UUIDField
from facilities.api.requests import AuthorizedRequest, read
from facilities.api.viewsets import OrganizationViewSet
from invoices import recalculating
from invoices.models import ActivityCategory
from invoices.recalculating import MAX_INVOICES, Recalculation

_MOST_CATEGORIES = 1_000


class CategoryField(serializers.ChoiceField):
    """One of the documented categories, as a string."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=ActivityCategory.choices, **options)

    def to_internal_value(self, data: object) -> ActivityCategory:
        # A choice is looked up by str(): a number or a list would be read as text.
        return ActivityCategory(super().to_internal_value(TextField().to_internal_value(data)))


class RecalculateInput(serializers.Serializer[Any]):
    invoice_ids = serializers.ListField(child=UUIDField(), allow_empty=False, max_length=MAX_INVOICES)
    activity_categories = serializers.ListField(child=CategoryField(), allow_empty=False, max_length=_MOST_CATEGORIES)


class RecalculateOutput(serializers.Serializer[Recalculation]):
    invoice_ids = serializers.ListField(child=serializers.UUIDField())
    count = serializers.SerializerMethodField()
    processing_job_ids = serializers.SerializerMethodField()

    def get_count(self, done: Recalculation) -> int:
        return len(done.invoice_ids)

    def get_processing_job_ids(self, done: Recalculation) -> list[str]:
        return [str(job.pk) for job in done.jobs]


class RecalculateInvoices(OrganizationViewSet):
    """Calculating again what is there."""

    @action(detail=False, methods=["post"])
    def recalculate(self, request: AuthorizedRequest) -> Response:
        """Queue the recalculation of some invoices, one job for each category."""
        wanted = read(request, RecalculateInput)
        done = recalculating.recalculate(organization=request.organization, by=request.author, **wanted)
        return Response(RecalculateOutput(done).data, status=HTTPStatus.ACCEPTED)
