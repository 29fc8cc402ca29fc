"""GET, POST /v1/supply-contracts and GET, PATCH, DELETE /v1/supply-contracts/{id}"""

from http import HTTPStatus
from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.response import Response

from facilities import contracting, locating
from facilities.api.fields import BooleanField, DateField, IntegerField, LineField, NumberField, UUIDField
from facilities.api.filtering import BooleanFilter, Filters, UUIDFilter
from facilities.api.output import NullableTextField, SecondField
from facilities.api.output import NumberField as NumberOut
from facilities.api.paging import Paging
from facilities.api.requests import AuthorizedRequest, id_in_path, read
from facilities.api.viewsets import OrganizationViewSet
from facilities.models import ContractSource, GuaranteeType, SupplyContract

_LONGEST_CUPS = 64
_IDS = frozenset({"facility_id", "supplier_id", "certificate_file_id"})


class ContractFilters(Filters):
    """The query of the list of supply contracts."""

    facility_id = UUIDFilter()
    cups = django_filters.CharFilter(strip=False, max_length=_LONGEST_CUPS)
    source = django_filters.ChoiceFilter(choices=ContractSource.choices)
    is_active = BooleanFilter()

    def filter_queryset(self, queryset: QuerySet[SupplyContract]) -> QuerySet[SupplyContract]:
        asked: dict[str, Any] = self.form.cleaned_data
        given = {name: value for name, value in asked.items() if value not in {None, ""}}
        return locating.contracts(organization=self.request.organization, **given)


class ContractInput(serializers.Serializer[Any]):
    """What a POST says. The source is not among it: what comes this way was typed in."""

    facility_id = UUIDField()
    cups = LineField(max_length=_LONGEST_CUPS)
    supplier_id = UUIDField(required=False, allow_null=True)
    distributor_code = LineField(required=False, allow_null=True, allow_blank=True, max_length=10)
    start_date = DateField()
    end_date = DateField(required=False, allow_null=True)
    is_active = BooleanField(required=False)
    renewable_percentage = NumberField(required=False, min_value=0, max_value=1, max_digits=7, decimal_places=6)
    guarantee_type = serializers.ChoiceField(GuaranteeType.choices, required=False)
    certificate_number = LineField(required=False, allow_null=True, allow_blank=True, max_length=100)
    certificate_year = IntegerField(required=False, allow_null=True, min_value=1900, max_value=9999)
    certificate_file_id = UUIDField(required=False, allow_null=True)

    def validate_distributor_code(self, code: str | None) -> str:
        return code or ""

    def validate_certificate_number(self, number: str | None) -> str:
        return number or ""


class ContractChanges(ContractInput):
    """What a PATCH may name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, partial=True)


class ContractOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    facility_id = serializers.UUIDField()
    cups = serializers.CharField()
    supplier_id = serializers.UUIDField(allow_null=True)
    source = serializers.ChoiceField(ContractSource.choices)  # type: ignore[assignment]  # the name is a serializer's own
    distributor_code = NullableTextField()
    start_date = serializers.DateField()
    end_date = serializers.DateField(allow_null=True)
    is_active = serializers.BooleanField()
    renewable_percentage = NumberOut()
    guarantee_type = serializers.ChoiceField(GuaranteeType.choices)
    certificate_number = NullableTextField()
    certificate_year = serializers.IntegerField(allow_null=True)
    certificate_file_id = serializers.UUIDField(allow_null=True)
    created_at = SecondField()
    updated_at = SecondField()


class ContractViewSet(OrganizationViewSet):
    """What suppliers agreed to deliver at the supply points of an organization."""

    queryset = SupplyContract.objects.none()
    filterset_class = ContractFilters
    pagination_class = Paging
    lookup_value_regex = "[^/]+"

    def list(self, request: AuthorizedRequest) -> Response:
        """List the supply contracts by code, the oldest first."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(ContractOutput(rows, many=True).data)

    def create(self, request: AuthorizedRequest) -> Response:
        """Write down a supply contract. It links no invoice."""
        made = contracting.create_contract(by=request.author, **_fields(request, read(request, ContractInput)))
        return Response(ContractOutput(made).data, status=HTTPStatus.CREATED)

    def retrieve(self, request: AuthorizedRequest, pk: str) -> Response:
        """Show one supply contract."""
        return Response(ContractOutput(_found(request, pk)).data)

    def partial_update(self, request: AuthorizedRequest, pk: str) -> Response:
        """Change what the body names; of a Datadis contract, what a guarantee of origin says alone."""
        contract = _found(request, pk)
        changes = _fields(request, read(request, ContractChanges))
        contracting.change_contract(contract=contract, by=request.author, **changes)
        return Response(ContractOutput(_found(request, pk)).data)

    def destroy(self, request: AuthorizedRequest, pk: str) -> Response:
        """Delete a supply contract that no invoice is linked to."""
        contracting.delete_contract(contract=_found(request, pk), by=request.author)
        return Response(status=HTTPStatus.NO_CONTENT)


def _fields(request: AuthorizedRequest, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the model, with what the body names by id."""
    ids: Any = {name: wanted.pop(name) for name in _IDS.intersection(wanted)}
    return {**wanted, **locating.named_by_contract(organization=request.organization, **ids)}


def _found(request: AuthorizedRequest, pk: str) -> SupplyContract:
    return locating.contract(organization=request.organization, contract_id=id_in_path(pk, "SupplyContract"))
