"""Custom emission groups and factors, under /api/v1/"""

from http import HTTPStatus
from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from facilities.api.fields import DateField, IntegerField, LineField, NumberField, TextField, UUIDField
from facilities.api.output import NullableTextField
from facilities.api.output import NumberField as NumberOut
from facilities.api.paging import Paging
from facilities.api.requests import AuthorizedRequest, id_in_path, read
from facilities.api.viewsets import OrganizationViewSet
from invoices import customizing
from invoices.api.units import UnitOutput
from invoices.customizing import GasValue
from invoices.models import (
    CustomCategory,
    CustomEmissionFactor,
    CustomEmissionGroup,
    FactorTag,
    GasType,
    GHGType,
)

_GASES = {gas.value.lower(): gas.value for gas in GasType}


class GroupInput(serializers.Serializer[Any]):
    name = LineField(max_length=200)
    description = TextField(required=False, allow_null=True, allow_blank=True, max_length=2_000)
    category = serializers.ChoiceField(CustomCategory.choices, required=False, allow_null=True, allow_blank=True)
    ghg_type = IntegerField(min_value=min(GHGType.values), max_value=max(GHGType.values))

    def validate_description(self, description: str | None) -> str:
        return description or ""

    def validate_category(self, category: str | None) -> str:
        return category or ""


class GroupOutput(serializers.Serializer[Any]):
    """A group; `organization_id` says whose, since those above are listed too."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    category = NullableTextField()
    description = NullableTextField()
    ghg_type = serializers.ChoiceField(GHGType.choices)
    organization_id = serializers.UUIDField()


class GasField(serializers.ChoiceField):
    """A gas, in whatever case it is written."""

    def __init__(self, **options: Any) -> None:
        super().__init__(GasType.choices, **options)

    def to_internal_value(self, data: Any) -> str:
        known = _GASES.get(data.lower(), data) if isinstance(data, str) else data
        return str(super().to_internal_value(known))


class ValueInput(serializers.Serializer[Any]):
    """How much of a gas one unit emits, in kg."""

    gas_type = GasField()
    value = NumberField(min_value=0, max_digits=21, decimal_places=12)


class FactorInput(serializers.Serializer[Any]):
    ef_name = LineField(max_length=200)
    unit_id = UUIDField()
    tag = serializers.ChoiceField(FactorTag.choices, required=False, allow_null=True, allow_blank=True)
    # The types know no length of a list, REST framework does.
    emission_factor_values = ValueInput(many=True, allow_empty=False, max_length=len(_GASES))  # type: ignore[call-arg]
    factor_start_date = DateField(required=False, allow_null=True)
    factor_end_date = DateField(required=False, allow_null=True)
    renewable_percentage = NumberField(
        required=False, allow_null=True, min_value=0, max_value=100, max_digits=9, decimal_places=6
    )

    def validate_tag(self, tag: str | None) -> str:
        return tag or ""

    def validate_emission_factor_values(self, values: list[dict[str, Any]]) -> list[GasValue]:
        return [GasValue(**value) for value in values]


class ValueOutput(serializers.Serializer[Any]):
    gas_type = serializers.ChoiceField(GasType.choices)
    value = NumberOut()


class FactorOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    group_id = serializers.UUIDField()
    ef_name = serializers.CharField()
    unit_id = serializers.UUIDField()
    unit = UnitOutput()
    tag = NullableTextField()
    emission_factor_values = ValueOutput(many=True)
    factor_start_date = serializers.DateField(allow_null=True)
    factor_end_date = serializers.DateField(allow_null=True)
    renewable_percentage = NumberOut(allow_null=True)


class CustomGroupViewSet(OrganizationViewSet):
    """Groups of emission factors that the organization, or one above it, brought itself."""

    queryset = CustomEmissionGroup.objects.none()
    filter_backends = []
    pagination_class = Paging
    lookup_value_regex = "[^/]+"

    def list(self, request: AuthorizedRequest) -> Response:
        """List the groups that an invoice may name, by name."""
        rows = self.paginate_queryset(customizing.groups(organization=request.organization))
        return self.get_paginated_response(GroupOutput(rows, many=True).data)

    def create(self, request: AuthorizedRequest) -> Response:
        """Make a group; its factors come after it."""
        wanted = read(request, GroupInput)
        made = customizing.create_group(organization=request.organization, by=request.author, **wanted)
        return Response(GroupOutput(made).data, status=HTTPStatus.CREATED)

    def retrieve(self, request: AuthorizedRequest, pk: str) -> Response:
        """Show one group."""
        group_id = id_in_path(pk, "CustomEmissionGroup")
        return Response(GroupOutput(customizing.group(organization=request.organization, group_id=group_id)).data)


class CustomFactorViewSet(OrganizationViewSet):
    """The factors of a group."""

    queryset = CustomEmissionFactor.objects.none()
    filter_backends = []
    pagination_class = Paging

    @action(detail=False, methods=["post"], url_path="(?P<group_id>[^/]+)")
    def add(self, request: AuthorizedRequest, group_id: str) -> Response:
        """Add a factor to a group of the organization itself."""
        wanted = read(request, FactorInput)
        made = customizing.create_factor(
            organization=request.organization,
            group_id=id_in_path(group_id, "CustomEmissionGroup"),
            values=wanted.pop("emission_factor_values"),
            by=request.author,
            **wanted,
        )
        return Response(FactorOutput(made).data, status=HTTPStatus.CREATED)

    @action(detail=False, url_path="list/(?P<group_id>[^/]+)", url_name="of-group")
    def of_group(self, request: AuthorizedRequest, group_id: str) -> Response:
        """List the factors of a group, the oldest first."""
        found = customizing.factors(
            organization=request.organization, group_id=id_in_path(group_id, "CustomEmissionGroup")
        )
        return self.get_paginated_response(FactorOutput(self.paginate_queryset(found), many=True).data)
