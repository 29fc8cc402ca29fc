"""GET /v1/invoices/cups/dismissals and POST /v1/invoices/cups/dismissals/{id}/restore"""

from http import HTTPStatus
from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from facilities.api.paging import Paging
from facilities.api.requests import AuthorizedRequest, id_in_path
from facilities.api.viewsets import OrganizationViewSet
from invoices import dismissing
from invoices.api.serializers import TimestampField
from invoices.models import CupsDismissal


class DismissalOutput(serializers.Serializer[Any]):
    """A code that is not to be suggested for a supply again, and who said so."""

    id = serializers.UUIDField()
    tier = serializers.IntegerField()
    cups = serializers.CharField()
    facility_id = serializers.UUIDField()
    target_cups = serializers.CharField()
    created_at = TimestampField()
    by = serializers.UUIDField(source="by_id")
    message = serializers.CharField()


class DismissalViewSet(OrganizationViewSet):
    """What somebody said is no duplicate."""

    queryset = CupsDismissal.objects.none()
    pagination_class = Paging
    # Anything: what is no UUID is answered as an unknown dismissal is.
    lookup_value_regex = "[^/]+"

    def list(self, request: AuthorizedRequest) -> Response:
        """List what holds, newest first."""
        rows = self.paginate_queryset(dismissing.listed(organization=request.organization))
        return self.get_paginated_response(DismissalOutput(rows, many=True).data)

    @action(detail=True, methods=["post"])
    def restore(self, request: AuthorizedRequest, pk: str) -> Response:
        """Take a dismissal back: its code is suggested again."""
        dismissing.restore(
            organization=request.organization, dismissal_id=id_in_path(pk, "Dismissal"), by=request.author
        )
        return Response(status=HTTPStatus.NO_CONTENT)
