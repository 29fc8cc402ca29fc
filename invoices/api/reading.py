"""GET /v1/invoices and /v1/invoices/{id}"""

from datetime import date
from http import HTTPStatus
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from facilities.api import fields
from facilities.api.fields import NumberField
from facilities.api.filtering import DateFilter, Filters, ListFilter, MomentFilter
from facilities.api.output import NullableTextField, SecondField
from facilities.api.paging import Paging
from facilities.api.refusals import Refused
from facilities.api.requests import AuthorizedRequest
from facilities.api.viewsets import OrganizationViewSet
from invoices import cups as cups_codes
from invoices import finding, listing
from invoices.finding import Found
from invoices.models import EmissionCategory, Invoice, InvoiceSource, InvoiceStatus, InvoiceType

_LONGEST_NUMBER = Invoice._meta.get_field("invoice_number").max_length or 0
_CO2E_STATUSES = {"calculated": True, "not_calculated": False}


class InvoiceFilters(Filters):
    """The query of the list of invoices."""

    type = ListFilter.of_choices(InvoiceType.values)
    status = ListFilter.of_choices(InvoiceStatus.values)
    source = ListFilter.of_choices(InvoiceSource.values)
    facility_id = ListFilter.of_uuids()
    supplier_id = ListFilter.of_uuids()
    facility_fuel_id = ListFilter.of_uuids()
    uploaded_by = ListFilter.of_uuids()
    supply_contract_id = ListFilter.of_uuids()
    cups = ListFilter.of_texts(max_length=cups_codes.MAX_LENGTH)
    start_date = DateFilter()
    end_date = DateFilter()
    created_from = MomentFilter()
    created_until = MomentFilter(is_end=True)
    co2e_status = django_filters.ChoiceFilter(choices=[(status, status) for status in _CO2E_STATUSES])
    invoice_id = django_filters.CharFilter(strip=False, max_length=_LONGEST_NUMBER)
    sort = django_filters.ChoiceFilter(choices=[(sort, sort) for sort in sorted(listing.INVOICE_SORTS)])

    def filter_queryset(self, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        asked: dict[str, Any] = self.form.cleaned_data
        return listing.invoices(
            organization=self.request.organization,
            types=asked["type[]"],
            statuses=asked["status[]"],
            sources=asked["source[]"],
            facility_ids=asked["facility_id[]"],
            supplier_ids=asked["supplier_id[]"],
            facility_fuel_ids=asked["facility_fuel_id[]"],
            uploader_ids=asked["uploaded_by[]"],
            supply_contract_ids=asked["supply_contract_id[]"],
            cups=asked["cups[]"],
            start_date=asked["start_date"],
            end_date=asked["end_date"],
            created_from=asked["created_from"],
            created_until=asked["created_until"],
            is_calculated=_CO2E_STATUSES.get(asked["co2e_status"]),
            invoice_number=asked["invoice_id"],
            sort=asked["sort"],
        )


@extend_schema_field({"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT00:00:00$"})
class StartField(serializers.Field[date, Any, str, Any]):
    """The first moment of a day."""

    def to_representation(self, value: date) -> str:
        return f"{value.isoformat()}T00:00:00"


@extend_schema_field({"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT23:59:59$"})
class EndField(serializers.Field[date, Any, str, Any]):
    """The last second of a day."""

    def to_representation(self, value: date) -> str:
        return f"{value.isoformat()}T23:59:59"


class PartOutput(serializers.Serializer[Invoice]):
    """The share of a bill that one facility bears."""

    organization_id = serializers.UUIDField()
    facility_id = serializers.UUIDField()
    percentage = NumberField()
    company_name = serializers.CharField(source="organization.name")
    facility_name = serializers.CharField(source="facility.name")


class TermOutput(serializers.Serializer[Any]):
    """A figure that a factor is the product of, or was made from."""

    name = serializers.CharField()
    value = NumberField()
    unit = serializers.CharField()
    source_id = serializers.CharField()
    year = serializers.IntegerField(allow_null=True)


class LineOutput(serializers.Serializer[Any]):
    """
    The part of a quantity that one factor applies to.

    `quantity`, which `share` is of the invoice's, times `factor` in kg (kWh for `energy`) a unit is added to the
    result; `biomass_factor` is in kg of biogenic CO2 a unit.
    """

    share = NumberField()
    quantity = NumberField()
    factor = NumberField()
    unit = serializers.CharField()
    source_id = serializers.CharField()
    factor_year = serializers.IntegerField(allow_null=True)
    gwp_set = serializers.CharField(allow_null=True)
    flags = serializers.ListField(child=serializers.CharField())
    start_date = serializers.DateField(source="start")
    end_date = serializers.DateField(source="end")
    biomass_factor = NumberField()
    terms = TermOutput(many=True)
    kind = serializers.CharField()
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # as `source` below


class ResultOutput(serializers.Serializer[Any]):
    """What was calculated of an invoice for one category; null with the reason in `error`."""

    activity_category = serializers.ChoiceField(EmissionCategory.choices)
    co2e = NumberField(allow_null=True)
    co2e_biomass = NumberField(allow_null=True)
    calculated_at = SecondField()
    trace = LineOutput(many=True)
    scope = serializers.IntegerField(allow_null=True)
    energy_kwh = NumberField(allow_null=True)
    flags = serializers.ListField(child=serializers.CharField())
    error = NullableTextField()


class InvoiceOutput(serializers.Serializer[Any]):
    """An invoice: the fields of the documented object first, in their order."""

    id = serializers.UUIDField(source="invoice.id")
    type = serializers.ChoiceField(InvoiceType.choices, source="invoice.type")
    status = serializers.ChoiceField(InvoiceStatus.choices, source="invoice.status")
    quantity = NumberField(source="primary.quantity")
    base_quantity = NumberField(source="invoice.base_quantity")
    unit_id = serializers.UUIDField(source="invoice.unit_id")
    start_date = StartField(source="invoice.start_date")
    end_date = EndField(source="invoice.end_date")
    invoice_id = NullableTextField(source="invoice.invoice_number")
    facility_id = serializers.UUIDField(source="primary.facility_id", allow_null=True)
    facility_fuel_id = serializers.UUIDField(source="invoice.facility_fuel_id", allow_null=True)
    supplier_id = serializers.UUIDField(source="invoice.supplier_id", allow_null=True)
    custom_emission_factor_id = serializers.UUIDField(source="invoice.custom_emission_factor_id", allow_null=True)
    co2e = NumberField(allow_null=True)
    co2e_biomass = NumberField(allow_null=True)
    cups = NullableTextField(source="invoice.cups")
    file_id = serializers.UUIDField(source="invoice.file_id", allow_null=True)
    file_url = NullableTextField(source="invoice.file_url")
    uploaded_by = serializers.UUIDField(source="invoice.uploaded_by_id")
    percentage = NumberField(source="primary.percentage")
    enabled = serializers.BooleanField(source="invoice.enabled")
    created_at = SecondField(source="invoice.created_at")
    updated_at = SecondField(source="invoice.updated_at")
    # Two names that a serializer has itself; its metaclass takes the fields out of its way.
    error_messages = serializers.ListField(  # type: ignore[assignment]
        child=serializers.CharField(), source="invoice.error_messages"
    )
    source = NullableTextField(source="invoice.source")  # type: ignore[assignment]
    source_invoice_id = serializers.SerializerMethodField()
    facility_percentages = PartOutput(many=True, source="parts")
    supply_contract_id = serializers.UUIDField(source="invoice.supply_contract_id", allow_null=True)
    total_energy_kwh = NumberField(allow_null=True)
    emissions = ResultOutput(many=True)
    printed_cups = NullableTextField(source="invoice.printed_cups")
    is_parent = serializers.BooleanField(source="invoice.is_parent")

    def get_source_invoice_id(self, found: Found) -> UUID | None:
        """Return the parent's id, which a parent prints too."""
        return found.invoice.pk if found.invoice.is_parent else found.invoice.source_invoice_id


class ReadInvoices(OrganizationViewSet):
    """Invoices as they are: singles and children in the list; a parent by its id alone."""

    queryset = Invoice.objects.none()
    filterset_class = InvoiceFilters
    pagination_class = Paging
    # Anything: what is no UUID is answered as an unknown invoice is.
    lookup_value_regex = "[^/]+"

    def list(self, request: AuthorizedRequest) -> Response:
        """List the invoices, the latest first."""
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or ()
        found = finding.described(rows, organization=request.organization, by=request.author)
        return self.get_paginated_response(InvoiceOutput(found, many=True).data)

    def retrieve(self, request: AuthorizedRequest, pk: str) -> Response:
        """Show one invoice."""
        found = finding.find(organization=request.organization, invoice_id=invoice_id_of(pk), by=request.author)
        return Response(InvoiceOutput(found).data)


def invoice_id_of(text: str) -> UUID:
    """Return the id that a path names; refuse what is none as an invoice that is not there."""
    found = fields.uuid_of(text)
    if found is None:
        detail = f"Invoice with id={text!r} not found"
        raise Refused(status=HTTPStatus.NOT_FOUND, code="NOT_FOUND", detail=detail)
    return found
