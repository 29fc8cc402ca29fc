"""Filing, changing and deleting invoices: what comes in, checked strictly, and what the create page's answer is."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

from django.core.validators import URLValidator
from rest_framework import serializers, status
from rest_framework.response import Response

from facilities.api import output
from facilities.api.fields import DateField, LineField, NumberField, TextField, UUIDField
from facilities.api.requests import AuthorizedRequest, read
from facilities.api.viewsets import OrganizationViewSet
from invoices import filing, finding, receiving
from invoices.api import custom_factors
from invoices.api.reading import EndField, InvoiceOutput, PartOutput, StartField, invoice_id_of
from invoices.api.serializers import CupsField
from invoices.models import InvoiceStatus, InvoiceType, ProcessingJob
from invoices.receiving import Amendments, ClaimedShare, Received

# A whole is shared by the facilities of a company; no invoice names as many.
MOST_SHARES: Final = 1_000
LONGEST_ADDRESS: Final = 2_048
LONGEST_NUMBER: Final = 100
LONGEST_TOC: Final = 64

WARNING_HEADER: Final = "x-warning"
SAME_HEADER: Final = "x-duplicate-of"
JOB_HEADER: Final = "x-processing-job-id"
# A header is no list: the first few say enough.
SHOWN_SAME: Final = 10


class OptionalCupsField(CupsField):
    """A code, or null or nothing for none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_null=True, allow_blank=True, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        # Where a code is due, blanks alone are an error; here they are none.
        is_blank = isinstance(data, str) and not data.strip()
        return "" if is_blank else super().run_validation(data)


class SecureAddressField(TextField):
    """An https address. It is kept and never fetched."""

    def __init__(self, **options: Any) -> None:
        only_https = URLValidator(schemes=["https"], message="Enter a valid https address.")
        super().__init__(max_length=LONGEST_ADDRESS, validators=[only_https], **options)


class ShareInput(serializers.Serializer[Any]):
    organization_id = UUIDField()
    facility_id = UUIDField()
    percentage = NumberField(min_value=Decimal(0), max_value=Decimal(1))
    # For whoever reads the request: the answer gives the names that we know.
    company_name = TextField(required=False, allow_null=True, allow_blank=True)
    facility_name = TextField(required=False, allow_null=True, allow_blank=True)


class CreateInput(serializers.Serializer[Any]):
    type = TextField()
    base_quantity = NumberField(max_digits=15, decimal_places=6)
    unit_id = UUIDField()
    start_date = DateField()
    end_date = DateField()
    uploaded_by = UUIDField()
    # The types know no length of a list, REST framework does.
    facility_percentages = ShareInput(many=True, required=False, allow_null=True, max_length=MOST_SHARES)  # type: ignore[call-arg]
    facility_id = UUIDField(required=False, allow_null=True)
    invoice_id = LineField(required=False, allow_null=True, allow_blank=True, max_length=LONGEST_NUMBER)
    supplier_id = UUIDField(required=False, allow_null=True)
    facility_fuel_id = UUIDField(required=False, allow_null=True)
    cups = OptionalCupsField()
    file_id = UUIDField(required=False, allow_null=True)
    file_url = SecureAddressField(required=False, allow_null=True, allow_blank=True)
    custom_emission_factor_id = UUIDField(required=False, allow_null=True)
    toc = LineField(required=False, allow_null=True, allow_blank=True, max_length=LONGEST_TOC)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("facility_percentages") and not attrs.get("facility_id"):
            raise serializers.ValidationError(
                {"facility_percentages": [self.fields["type"].error_messages["required"]]}
            )
        return attrs


class UpdateInput(serializers.Serializer[Any]):
    uploaded_by = UUIDField(required=False)
    facility_id = UUIDField(required=False)
    supplier_id = UUIDField(required=False, allow_null=True)
    custom_emission_factor_id = UUIDField(required=False, allow_null=True)
    status = serializers.ChoiceField(choices=InvoiceStatus.values, required=False)
    invoice_id = LineField(required=False, allow_null=True, allow_blank=True, max_length=LONGEST_NUMBER)
    cups = OptionalCupsField()


class CreatedOutput(serializers.Serializer[Received]):
    """The create page's object: of a distributed invoice the parent's id, and the first facility's part."""

    id = serializers.UUIDField(source="invoice.id")
    type = serializers.ChoiceField(InvoiceType.choices, source="invoice.type")
    base_quantity = output.NumberField(source="invoice.base_quantity")
    quantity = output.NumberField(source="primary.quantity")
    unit_id = serializers.UUIDField(source="invoice.unit_id")
    original_quantity = output.NumberField(source="invoice.original_quantity", allow_null=True)
    original_unit_id = serializers.UUIDField(source="invoice.original_unit_id", allow_null=True)
    start_date: serializers.Field[Any, Any, str, Any] = DateField(source="invoice.start_date")
    end_date: serializers.Field[Any, Any, str, Any] = DateField(source="invoice.end_date")
    percentage = output.NumberField(source="primary.percentage")
    status = serializers.ChoiceField(InvoiceStatus.choices, source="invoice.status")
    facility_id = serializers.UUIDField(source="primary.facility_id")
    uploaded_by = serializers.UUIDField(source="invoice.uploaded_by_id")
    facility_percentages = PartOutput(many=True, source="parts")
    source_invoice_id = serializers.SerializerMethodField()
    supplier_id = serializers.UUIDField(source="invoice.supplier_id", allow_null=True)
    facility_fuel_id = serializers.UUIDField(source="invoice.facility_fuel_id", allow_null=True)
    invoice_id = output.NullableTextField(source="invoice.invoice_number")
    cups = output.NullableTextField(source="invoice.cups")
    file_url = output.NullableTextField(source="invoice.file_url")
    custom_emission_factor_id = serializers.UUIDField(source="invoice.custom_emission_factor_id", allow_null=True)
    custom_emission_factor = custom_factors.GroupOutput(source="invoice.custom_emission_factor", allow_null=True)
    toc = output.NullableTextField(source="invoice.toc")

    def get_source_invoice_id(self, received: Received) -> UUID | None:
        """Return the id of a distributed invoice once more."""
        return received.invoice.pk if received.invoice.is_parent else None


class CreatedInV1Output(CreatedOutput):
    """The same with the moments that v1 gives where the create page prints days."""

    start_date = StartField(source="invoice.start_date")
    end_date = EndField(source="invoice.end_date")


class WriteInvoices(OrganizationViewSet):
    """Filing, changing and deleting invoices."""

    created_output: type[CreatedOutput] = CreatedInV1Output

    def create(self, request: AuthorizedRequest) -> Response:
        """File an invoice of one facility, or of several that share it."""
        sent = read(request, CreateInput)
        received = receiving.receive(
            organization=request.organization,
            by=request.author,
            type=sent["type"],
            unit_id=sent["unit_id"],
            base_quantity=sent["base_quantity"],
            start_date=sent["start_date"],
            end_date=sent["end_date"],
            shares=_claimed(sent, request.organization.pk),
            uploaded_by=sent["uploaded_by"],
            supplier_id=sent.get("supplier_id"),
            facility_fuel_id=sent.get("facility_fuel_id"),
            file_id=sent.get("file_id"),
            custom_emission_factor_id=sent.get("custom_emission_factor_id"),
            cups=sent.get("cups") or "",
            invoice_number=sent.get("invoice_id") or "",
            file_url=sent.get("file_url") or "",
            toc=sent.get("toc") or "",
        )
        answer = self.created_output(received).data
        return Response(answer, status=status.HTTP_201_CREATED, headers=_warning(received.same_as))

    def partial_update(self, request: AuthorizedRequest, pk: str) -> Response:
        """Change what the body names of an invoice; what a distributed one shares, on all of it."""
        invoice_id = invoice_id_of(pk)
        sent = read(request, UpdateInput)
        changed = receiving.amend(
            organization=request.organization, invoice_id=invoice_id, by=request.author, **_amendments(sent)
        )
        found = finding.find(organization=request.organization, invoice_id=invoice_id, by=request.author)
        return Response(InvoiceOutput(found).data, headers=_told(changed.job))

    def destroy(self, request: AuthorizedRequest, pk: str) -> Response:
        """Delete an invoice, a distributed one with its parts."""
        filing.delete(organization=request.organization, invoice_id=invoice_id_of(pk), by=request.author)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LegacyInvoiceViewSet(OrganizationViewSet):
    """What the create page documents under /api/v1/."""

    created_output = CreatedOutput
    create = WriteInvoices.create


def _amendments(sent: dict[str, Any]) -> Amendments:
    """Return the changes by the domain's names; where text is null the database keeps none."""
    texts = {"invoice_id": "invoice_number", "cups": "cups"}
    return cast(
        "Amendments",
        {texts.get(name, name): value or "" if name in texts else value for name, value in sent.items()},
    )


def _told(job: ProcessingJob | None) -> dict[str, str]:
    return {JOB_HEADER: str(job.pk)} if job else {}


def _warning(same_as: Sequence[UUID]) -> dict[str, str]:
    if not same_as:
        return {}
    return {WARNING_HEADER: "POSSIBLE_DUPLICATE", SAME_HEADER: ", ".join(map(str, same_as[:SHOWN_SAME]))}


def _claimed(sent: dict[str, Any], organization_id: UUID) -> list[ClaimedShare]:
    """Return the shares that were sent, or the whole for the one facility of the deprecated form."""
    if not sent.get("facility_percentages"):
        return [ClaimedShare(organization_id, sent["facility_id"], Decimal(1))]
    return [
        ClaimedShare(share["organization_id"], share["facility_id"], share["percentage"])
        for share in sent["facility_percentages"]
    ]
