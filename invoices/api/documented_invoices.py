"""What the schema says of invoices, their recalculation, and jobs."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema_view

from facilities.api.documenting import Printed, id_in_path, operation
from invoices import closed_years, filing, recalculating, receiving, tracking, vetting
from invoices.api import examples, jobs, reading
from invoices.api import filing as writing_doors
from invoices.api import recalculating as recalculating_doors
from invoices.api.invoice_viewsets import InvoiceViewSet

_invoice_id = id_in_path("invoice", example="550e8400-e29b-41d4-a716-446655440000")
# What no serializer can say of itself.
AMENDMENTS: Final = {
    # The documented page does not print them.
    "InvoiceOutput": {
        "optional": [
            *("error_messages", "source", "source_invoice_id", "facility_percentages", "supply_contract_id"),
            *("total_energy_kwh", "emissions", "printed_cups", "is_parent"),
        ]
    },
    # The facilities, or the one facility of the deprecated form.
    "CreateInputRequest": {
        "anyOf": [
            {
                "required": ["facility_percentages"],
                "properties": {"facility_percentages": {"type": "array", "minItems": 1}},
            },
            {"required": ["facility_id"], "properties": {"facility_id": {"type": "string", "format": "uuid"}}},
        ],
        "properties": {"facility_id": {"deprecated": True}},
    },
}
INVOICE_FILTERS: Final = {
    "start_date": "Starting on this day or later.",
    "end_date": "Ending on this day or earlier.",
    "created_from": "Filed on this day of UTC, or at this moment, or later.",
    "created_until": "Filed on this day of UTC, or at this moment, or earlier.",
    "co2e_status": "Whether its emissions have been calculated.",
    "invoice_id": "Any part of the supplier's number, in any case.",
    "source[]": "`manual` also means those without a source.",
    "cups[]": "The code as it is, or as it was printed.",
    "sort": "Descending with `-`; `-start_date` unless said. Then by id.",
}
_WARNINGS = [
    OpenApiParameter(
        name,
        str,
        OpenApiParameter.HEADER,
        response=[HTTPStatus.CREATED],
        description=description,
    )
    for name, description in (
        (writing_doors.WARNING_HEADER, "POSSIBLE_DUPLICATE where the same invoice seems to be there already."),
        (writing_doors.SAME_HEADER, "The ids of those invoices, the first ten."),
    )
]
_JOB = OpenApiParameter(
    writing_doors.JOB_HEADER,
    UUID,
    OpenApiParameter.HEADER,
    response=[HTTPStatus.OK],
    description="The job that calculates the invoice anew, where its figures follow from what was changed.",
)
_OF_CREATE = (
    vetting.UnknownType,
    vetting.UnitDoesNotFit,
    vetting.InvalidPeriod,
    vetting.InvalidTotalPercentage,
    receiving.OrganizationNotFound,
    receiving.OrganizationNotBelow,
    receiving.FacilityNotOfOrganization,
    vetting.FuelRequired,
    receiving.UnknownReference,
    vetting.MisshapenCups,
    closed_years.PeriodClosed,
)


def _of_the_create_page() -> list[Printed]:
    return [
        Printed(status, f"Documented: {name}", body)
        for status, name, body in (
            (400, "Invalid total percentage", examples.INVALID_TOTAL_PERCENTAGE),
            (400, "Invalid invoice type", examples.INVALID_INVOICE_TYPE),
            (400, "Invalid facility", examples.INVALID_FACILITY),
            (403, "Forbidden", examples.NOT_UNDER_PARENT),
            (404, "Organization not found", examples.ORGANIZATION_NOT_FOUND),
        )
    ]


def _created(single: Mapping[str, Any], distributed: Mapping[str, Any]) -> dict[int, dict[str, object]]:
    return {201: {"Documented: single": single, "Documented: distributed": distributed}}


extend_schema_view(
    create=operation(
        parameters=_WARNINGS,
        request=writing_doors.CreateInput,
        responses={201: writing_doors.CreatedOutput},
        asked={"Documented: single": examples.CREATE},
        answers=_created(examples.CREATED, examples.CREATED_DISTRIBUTED),
        refusals=_of_the_create_page() + list(_OF_CREATE),
    ),
)(writing_doors.LegacyInvoiceViewSet)

extend_schema_view(
    list=operation(
        responses=reading.InvoiceOutput(many=True),
        filters=INVOICE_FILTERS,
    ),
    create=operation(
        parameters=_WARNINGS,
        request=writing_doors.CreateInput,
        responses={201: writing_doors.CreatedInV1Output},
        asked={"Documented: single": examples.CREATE},
        answers=_created(examples.in_v1(examples.CREATED), examples.in_v1(examples.CREATED_DISTRIBUTED)),
        refusals=_OF_CREATE,
    ),
    retrieve=operation(
        parameters=[_invoice_id],
        responses=reading.InvoiceOutput,
        answers={200: {"Documented": examples.INVOICE, "With its results": examples.CALCULATED}},
    ),
    partial_update=operation(
        parameters=[_invoice_id, _JOB],
        request=writing_doors.UpdateInput,
        responses=reading.InvoiceOutput,
        asked={"Documented": examples.UPDATE},
        answers={200: {"Documented": examples.INVOICE}},
        refusals=[
            receiving.FacilityNotOfOrganization,
            receiving.UnknownReference,
            vetting.MisshapenCups,
            filing.CodeLockedByDatadis,
            filing.DistributedInvoice,
            closed_years.PeriodClosed,
        ],
    ),
    destroy=operation(
        parameters=[_invoice_id],
        responses={204: None},
        refusals=[filing.LockedByDatadis, filing.DistributedInvoice, closed_years.PeriodClosed],
    ),
    recalculate=operation(
        request=recalculating_doors.RecalculateInput,
        responses={202: recalculating_doors.RecalculateOutput},
        asked={"Documented": examples.RECALCULATE},
        answers={202: {"Documented": examples.RECALCULATED}},
        refusals=[
            recalculating.MixedInvoiceTypes,
            recalculating.UnsupportedInvoiceType,
            recalculating.ActivityCategoryMismatch,
            closed_years.PeriodClosed,
        ],
    ),
)(InvoiceViewSet)

extend_schema_view(
    list=operation(responses=jobs.JobOutput(many=True)),
    retrieve=operation(parameters=[id_in_path("job")], responses=jobs.JobOutput),
    retry=operation(
        parameters=[id_in_path("job")],
        request=None,
        responses={202: jobs.JobOutput},
        refusals=[tracking.NothingToRetry],
    ),
)(jobs.JobViewSet)
