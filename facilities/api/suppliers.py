"""GET /v1/suppliers and /api/v1/suppliers"""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.response import Response

from facilities import locating
from facilities.api.filtering import CountryFilter, Filters
from facilities.api.requests import AuthorizedRequest
from facilities.api.viewsets import OrganizationViewSet
from facilities.models import Supplier


class SupplierFilters(Filters):
    country = CountryFilter()

    def filter_queryset(self, queryset: QuerySet[Supplier]) -> QuerySet[Supplier]:
        asked: dict[str, Any] = self.form.cleaned_data
        return locating.suppliers(country=asked["country"])


class SupplierOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    country = serializers.CharField()
    type = serializers.CharField()


class SupplierViewSet(OrganizationViewSet):
    """Companies that sell energy and water, which every organization shares."""

    queryset = Supplier.objects.none()
    filterset_class = SupplierFilters
    pagination_class = None

    def list(self, request: AuthorizedRequest) -> Response:
        """List the suppliers by name, all at once."""
        rows = self.filter_queryset(self.get_queryset())
        return Response(SupplierOutput(rows, many=True).data)
