"""GET /v1/total-impacts"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple

import django_filters
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from facilities.api.filtering import BooleanFilter, DateFilter, Filtering, Filters
from facilities.api.output import NumberField
from facilities.api.requests import AuthorizedRequest
from facilities.api.viewsets import OrganizationViewSet
from invoices import impacts
from invoices.impacts import Figure, Scope, Totals
from invoices.models import LOCATION_BASED, InvoiceEmission

UNIT: Final = "kg"


class GroupBy(StrEnum):
    SCOPE = "scope"
    CATEGORY = "category"
    MONTH = "month"


class WindowFilters(Filters):
    """Which days, added up by what."""

    start_date = DateFilter(required=True)
    end_date = DateFilter(required=True)
    group_by = django_filters.ChoiceFilter(choices=[(group.value, group.value) for group in GroupBy])
    include_children = BooleanFilter()


class Item(NamedTuple):
    """One group of the total, or what is location-based, which stands beside it."""

    group: str
    figure: Figure
    in_total: bool


class ItemOutput(serializers.Serializer[Item]):
    """What one scope, category or month emits."""

    group = serializers.CharField()
    co2e = NumberField(source="figure.co2e")
    co2e_biomass = NumberField(source="figure.co2e_biomass")
    in_total = serializers.BooleanField()
    flagged_share = NumberField(source="figure.flagged_share", allow_null=True)


class TotalsOutput(serializers.Serializer[Any]):
    """What an organization emits in a window, in kg CO2e: the documented fields first."""

    organization_id = serializers.UUIDField()
    start_date = serializers.DateField(source="totals.start")
    end_date = serializers.DateField(source="totals.end")
    unit = serializers.ChoiceField([UNIT])
    total_co2e = NumberField(source="totals.co2e")
    items = ItemOutput(many=True)
    total_co2e_biomass = NumberField(source="totals.total.co2e_biomass")
    total_co2e_location_based = serializers.SerializerMethodField()
    invoices_counted = serializers.IntegerField(source="totals.invoices_counted")
    not_calculated = serializers.DictField(child=serializers.IntegerField(), source="totals.not_calculated")
    flagged_share = NumberField(source="totals.total.flagged_share", allow_null=True)

    def get_total_co2e_location_based(self, shown: Mapping[str, Any]) -> float:
        found: Mapping[Scope, Figure] = shown["totals"].scopes
        return float(found[Scope.TWO_LOCATION].co2e if Scope.TWO_LOCATION in found else Decimal(0))


class ImpactViewSet(OrganizationViewSet):
    """What an organization emits."""

    queryset = InvoiceEmission.objects.none()
    filterset_class = WindowFilters

    @action(detail=False, url_path="total-impacts")
    def totals(self, request: AuthorizedRequest) -> Response:
        """Add up the active invoices by their days in the window: Scope 1, Scope 2 market-based and Scope 3."""
        asked = Filtering().asked(request, self)
        found = impacts.totals(
            organization=request.organization,
            start=asked["start_date"],
            end=asked["end_date"],
            include_children=bool(asked["include_children"]),
            by=request.author,
        )
        shown = {
            "organization_id": request.organization.pk,
            "unit": UNIT,
            "totals": found,
            "items": list(_items(found, GroupBy(asked["group_by"] or GroupBy.SCOPE))),
        }
        return Response(TotalsOutput(shown).data)


def _items(totals: Totals, group_by: GroupBy) -> Iterator[Item]:
    match group_by:
        case GroupBy.SCOPE:
            yield from (Item(scope, figure, scope.is_in_total) for scope, figure in totals.scopes.items())
        case GroupBy.CATEGORY:
            yield from (Item(name, figure, name != LOCATION_BASED) for name, figure in totals.categories.items())
        case _:
            yield from (Item(_month(first), figure, in_total=True) for first, figure in totals.months.items())


def _month(first: date) -> str:
    return first.isoformat()[:7]
