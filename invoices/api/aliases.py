"""GET, POST /v1/cups-aliases and DELETE /v1/cups-aliases/{id}"""

from http import HTTPStatus
from typing import Any

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.response import Response

from facilities.api.fields import TextField, UUIDField
from facilities.api.filtering import UUIDFilter
from facilities.api.paging import Paging
from facilities.api.requests import AuthorizedRequest, id_in_path, read
from facilities.api.viewsets import OrganizationViewSet
from invoices import aliasing
from invoices.api.filters import LONGEST_SEARCH
from invoices.api.serializers import CupsField, TimestampField
from invoices.models import MESSAGE_LENGTH, CupsAlias


# django-filter ships no types: its classes are Any to mypy.
class AliasFilters(django_filters.FilterSet):  # type: ignore[misc]
    """The query of the list of aliases."""

    facility_id = UUIDFilter()
    search = django_filters.CharFilter(strip=False, max_length=LONGEST_SEARCH)

    def filter_queryset(self, queryset: QuerySet[CupsAlias]) -> QuerySet[CupsAlias]:
        asked: dict[str, Any] = self.form.cleaned_data
        return aliasing.listed(
            organization=self.request.organization, facility_id=asked["facility_id"], search=asked["search"]
        )


class AliasInput(serializers.Serializer[Any]):
    facility_id = UUIDField()
    cups = CupsField()
    target_cups = CupsField()
    message = TextField(required=False, allow_null=True, allow_blank=True, max_length=MESSAGE_LENGTH)


class AliasOutput(serializers.Serializer[Any]):
    """A code that stands for another at one facility, who made it, and with which consolidation."""

    id = serializers.UUIDField()
    cups = serializers.CharField()
    target_cups = serializers.CharField()
    facility_id = serializers.UUIDField()
    facility_name = serializers.CharField(source="facility.name")
    consolidation_id = serializers.UUIDField(allow_null=True)
    created_at = TimestampField()
    by = serializers.UUIDField(source="by_id")
    message = serializers.CharField()


class AliasViewSet(OrganizationViewSet):
    """The codes that stand for another at a facility."""

    queryset = CupsAlias.objects.none()
    filterset_class = AliasFilters
    pagination_class = Paging
    # Anything: what is no UUID is answered as an unknown alias is.
    lookup_value_regex = "[^/]+"

    def list(self, request: AuthorizedRequest) -> Response:
        """List the aliases that hold, by code and facility."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(AliasOutput(rows, many=True).data)

    def create(self, request: AuthorizedRequest) -> Response:
        """
        Let a code stand for another at a facility from now on.

        What arrives there under the code is filed under the target, its `printed_cups` kept; invoices in the books stay
        as they are. What the code stood for before ends, and what stands for the code stands for the target. An alias
        that holds already is given back.
        """
        wanted = read(request, AliasInput)
        (alias,) = aliasing.make(
            organization=request.organization,
            aliases=[(wanted["facility_id"], wanted["cups"])],
            target=wanted["target_cups"],
            by=request.author,
            message=wanted.get("message") or "",
        )
        made = aliasing.find(organization=request.organization, alias_id=alias.pk)
        return Response(AliasOutput(made).data, status=HTTPStatus.CREATED)

    def destroy(self, request: AuthorizedRequest, pk: str) -> Response:
        """End an alias. What was filed under its target stays there."""
        aliasing.remove(organization=request.organization, alias_id=id_in_path(pk, "Alias"), by=request.author)
        return Response(status=HTTPStatus.NO_CONTENT)
