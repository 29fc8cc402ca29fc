"""
GET, POST /v1/facilities and GET, PUT, DELETE /v1/facilities/{id}

Registered in `invoices.api`, which adds what a facility emits: nothing here knows of invoices.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Protocol
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.response import Response

from facilities import archiving, locating, registering
from facilities.api.fields import LineField, NumberField
from facilities.api.filtering import CountryFilter, Filters, ListFilter
from facilities.api.output import NullableTextField, SecondField
from facilities.api.output import NumberField as NumberOut
from facilities.api.paging import Paging
from facilities.api.requests import AuthorizedRequest, id_in_path, read
from facilities.api.viewsets import OrganizationViewSet
from facilities.models import Facility, FacilityStatus

CATEGORIES = ("heat", "electricity", "water", "recharge")
_LONGEST_NAME = 200
_LONGEST_ADDRESS = 500
_LONGEST_TYPE = 64
_LONGEST_CUPS = 64
_MOST_CUPS = 1_000


class FacilityFilters(Filters):
    """The query of the list of facilities."""

    name = django_filters.CharFilter(strip=False, max_length=_LONGEST_NAME)
    country = CountryFilter()
    type = django_filters.CharFilter(strip=False, max_length=_LONGEST_TYPE)
    status = ListFilter.of_choices(FacilityStatus.values)

    def filter_queryset(self, queryset: QuerySet[Facility]) -> QuerySet[Facility]:
        asked: dict[str, Any] = self.form.cleaned_data
        return locating.facilities(
            organization=self.request.organization,
            name=asked["name"],
            country=asked["country"],
            type=asked["type"],
            statuses=asked["status[]"],
        )


class FacilityChanges(serializers.Serializer[Any]):
    """What a PUT may name; null empties a text that may be empty."""

    name = LineField(required=False, max_length=_LONGEST_NAME)
    type = LineField(required=False, max_length=_LONGEST_TYPE)
    country = serializers.RegexField(
        r"\A[A-Z]{2}\Z", required=False, error_messages={"invalid": "Two capital letters, as in ES (ISO 3166-1)."}
    )
    address = LineField(required=False, allow_null=True, allow_blank=True, max_length=_LONGEST_ADDRESS)
    status = serializers.ChoiceField(FacilityStatus.values, required=False)
    logistic_factor = NumberField(required=False, min_value=0, max_value=1, max_digits=5, decimal_places=4)
    categories = serializers.ListField(child=serializers.ChoiceField(CATEGORIES), required=False)
    cups_list = serializers.ListField(child=LineField(max_length=_LONGEST_CUPS), required=False, max_length=_MOST_CUPS)
    facility_purpose_type = LineField(required=False, allow_null=True, allow_blank=True, max_length=_LONGEST_TYPE)

    def validate_categories(self, categories: list[str]) -> list[str]:
        return list(dict.fromkeys(categories))

    def validate_cups_list(self, codes: list[str]) -> list[str]:
        return list(dict.fromkeys(codes))

    def validate_address(self, address: str | None) -> str:
        return address or ""

    def validate_facility_purpose_type(self, purpose: str | None) -> str:
        return purpose or ""


class FacilityInput(FacilityChanges):
    """What a POST says. Nobody looks up the country of an address."""

    name = LineField(max_length=_LONGEST_NAME)
    type = LineField(max_length=_LONGEST_TYPE)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "country" not in attrs:
            why = (
                "The country of an address is not looked up: name it." if attrs.get("address") else "Name the country."
            )
            raise serializers.ValidationError({"country": why}, code="required")
        return attrs


class Emitted(Protocol):
    """What a facility emits in kg; None where nothing is calculated, which is not 0."""

    @property
    def co2e(self) -> Decimal | None: ...

    @property
    def co2e_biomass(self) -> Decimal | None: ...


class FacilityOutput(serializers.Serializer[Any]):
    """A facility: the fields of the documented object in their order. The context holds what each emits by its id."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    address = NullableTextField()
    country = serializers.CharField()
    type = serializers.CharField()
    status = serializers.ChoiceField(FacilityStatus.choices)
    co2e = serializers.SerializerMethodField()
    co2e_biomass = serializers.SerializerMethodField()
    logistic_factor = NumberOut()
    categories = serializers.ListField(child=serializers.ChoiceField(CATEGORIES))
    cups_list = serializers.ListField(child=serializers.CharField())
    facility_purpose_type = NullableTextField()
    created_at = SecondField()
    updated_at = SecondField()

    def get_co2e(self, facility: Facility) -> float | None:
        return self._kg(facility, "co2e")

    def get_co2e_biomass(self, facility: Facility) -> float | None:
        return self._kg(facility, "co2e_biomass")

    def _kg(self, facility: Facility, name: str) -> float | None:
        kg: Decimal | None = getattr(self.context["emitted"].get(facility.pk), name, None)
        return None if kg is None else float(kg)


class FacilityPaging(Paging):
    default_size = 10


class FacilityViewSet(OrganizationViewSet, ABC):
    """The places of an organization."""

    queryset = Facility.objects.none()
    filterset_class = FacilityFilters
    pagination_class = FacilityPaging
    # Anything: what is no UUID is answered as an unknown facility is.
    lookup_value_regex = "[^/]+"

    def list(self, request: AuthorizedRequest) -> Response:
        """List the facilities by name."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        context = {"emitted": self.emitted(request, rows)}
        return self.get_paginated_response(FacilityOutput(rows, many=True, context=context).data)

    def create(self, request: AuthorizedRequest) -> Response:
        """Write down a facility."""
        wanted = read(request, FacilityInput)
        made = registering.create_facility(organization=request.organization, by=request.author, **wanted)
        return Response(self._output(request, made), status=HTTPStatus.CREATED)

    def retrieve(self, request: AuthorizedRequest, pk: str) -> Response:
        """Show one facility."""
        return Response(self._output(request, _found(request, pk)))

    def update(self, request: AuthorizedRequest, pk: str) -> Response:
        """Change what the body names. Archiving deactivates the facility's supply contracts."""
        facility = _found(request, pk)
        wanted = read(request, FacilityChanges)
        changed = registering.change_facility(facility=facility, by=request.author, **wanted)
        return Response(self._output(request, changed))

    def destroy(self, request: AuthorizedRequest, pk: str) -> Response:
        """Delete a facility. Its contracts are deactivated; its invoices and groups stay."""
        archiving.delete(facility=_found(request, pk), by=request.author)
        return Response(status=HTTPStatus.NO_CONTENT)

    @abstractmethod
    def emitted(self, request: AuthorizedRequest, facilities: Sequence[Facility]) -> Mapping[UUID, Emitted]:
        """Return what facilities of the organization emit, by id; without those of which nothing is calculated."""
        ...

    def _output(self, request: AuthorizedRequest, facility: Facility) -> dict[str, Any]:
        return FacilityOutput(facility, context={"emitted": self.emitted(request, [facility])}).data


def _found(request: AuthorizedRequest, pk: str) -> Facility:
    return locating.facility(organization=request.organization, facility_id=id_in_path(pk, "Facility"))
