"""GET /v1/units and /api/v1/units"""

from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.response import Response

from facilities.api.filtering import Filters
from facilities.api.requests import AuthorizedRequest
from facilities.api.viewsets import OrganizationViewSet
from invoices import reference
from invoices.models import Unit, UnitType


class UnitFilters(Filters):
    type = django_filters.ChoiceFilter(choices=UnitType.choices)

    def filter_queryset(self, queryset: QuerySet[Unit]) -> QuerySet[Unit]:
        asked: dict[str, Any] = self.form.cleaned_data
        return reference.units(type=asked["type"])


class UnitOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    type = serializers.ChoiceField(UnitType.choices)


class UnitViewSet(OrganizationViewSet):
    """Units of measurement, which every organization shares."""

    queryset = Unit.objects.none()
    filterset_class = UnitFilters
    pagination_class = None

    def list(self, request: AuthorizedRequest) -> Response:
        """List the units, all at once."""
        rows = self.filter_queryset(self.get_queryset())
        return Response(UnitOutput(rows, many=True).data)
