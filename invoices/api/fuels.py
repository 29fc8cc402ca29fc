"""GET /v1/facility_fuels and /api/v1/facility_fuels"""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from facilities.api.filtering import CountryFilter, Filters
from facilities.api.requests import AuthorizedRequest
from facilities.api.viewsets import OrganizationViewSet
from invoices import reference
from invoices.api.units import UnitOutput
from invoices.models import FacilityFuel, GHGType


class FuelFilters(Filters):
    country = CountryFilter()

    def filter_queryset(self, queryset: QuerySet[FacilityFuel]) -> QuerySet[FacilityFuel]:
        asked: dict[str, Any] = self.form.cleaned_data
        return reference.fuels(country=asked["country"])


class FuelOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    country = serializers.CharField()
    type = serializers.CharField()
    ghg_type = serializers.ChoiceField(GHGType.choices)
    units = serializers.SerializerMethodField()

    @extend_schema_field(UnitOutput(many=True))
    def get_units(self, fuel: FacilityFuel) -> list[Any]:
        """Return the units that the fuel is billed in, that of its emission factor first."""
        return list(UnitOutput([billed.unit for billed in fuel.fuel_units.all()], many=True).data)


class FuelViewSet(OrganizationViewSet):
    """Fuels, which every organization shares and any facility may burn."""

    queryset = FacilityFuel.objects.none()
    filterset_class = FuelFilters
    pagination_class = None

    def list(self, request: AuthorizedRequest) -> Response:
        """List the fuels, all at once. For a country without a table of its own they are the world's (ZZ)."""
        rows = self.filter_queryset(self.get_queryset())
        return Response(FuelOutput(rows, many=True).data)
