"""Imports: send a file of invoices, have it checked, take its good rows, and take that back."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from facilities.access import Channel
from facilities.api import fields, refusals
from facilities.api.filtering import Filtering, Filters, ListFilter
from facilities.api.output import NullableTextField
from facilities.api.paging import Paging
from facilities.api.parsers import JSONParser, UploadParser
from facilities.api.rendering import CSVRenderer
from facilities.api.requests import AuthorizedRequest, id_in_path, read
from facilities.api.viewsets import OrganizationViewSet
from invoices import importing, tabular
from invoices.api.serializers import TimestampField
from invoices.importing import Stays, wording
from invoices.models import ImportProblem, ImportStatus, InvoiceImport, Severity

_LONGEST_NAME: Final = InvoiceImport._meta.get_field("file_name").max_length


class ReadingInput(serializers.Serializer[Any]):
    """How a file is read. What is left out stays as it was guessed, or said before."""

    encoding = fields.TextField(required=False)
    delimiter = fields.TextField(required=False, help_text="Between cells.")
    decimal = fields.TextField(required=False, help_text="The decimal sign: a comma or a point.")
    date_order = fields.TextField(required=False, help_text="Of days that are not written 2024-01-31.")
    sheet = fields.TextField(required=False, allow_blank=True, help_text="Of a workbook; empty means the first.")
    columns = serializers.DictField(
        child=fields.IntegerField(allow_null=True),
        required=False,
        help_text="The place of each column in the file, from 0, by its name; null for none.",
    )
    constants = serializers.DictField(
        child=fields.TextField(allow_blank=True),
        required=False,
        help_text="A value for all rows in place of a column, by its name.",
    )


class ReadingOutput(serializers.Serializer[Any]):
    """How a file is read."""

    format = serializers.ChoiceField([importing.CSV, importing.XLSX])
    encoding = serializers.CharField()
    delimiter = serializers.CharField()
    decimal = serializers.CharField()
    date_order = serializers.CharField()
    sheet = serializers.CharField(help_text="Of a workbook; empty means the first.")
    columns = serializers.DictField(child=serializers.IntegerField())
    constants = serializers.DictField(child=serializers.CharField())


class UploadInput(serializers.Serializer[Any]):
    """A file, how it is read where the guess may be wrong, and whether its rows are checked at once."""

    file = serializers.FileField(max_length=_LONGEST_NAME, help_text="CSV or XLSX, with headers in its first row.")
    reading = fields.TextField(required=False, help_text="How it is read: the `reading` of a check, as JSON.")
    check = serializers.ChoiceField(
        ["true", "false"], default="true", help_text="Whether its rows are checked at once, read so."
    )

    def validate_reading(self, text: str) -> dict[str, Any]:
        try:
            said = json.loads(text)
        except (ValueError, RecursionError) as wrong:
            raise serializers.ValidationError("Must be JSON.", "json_invalid") from wrong
        if not isinstance(said, dict):
            raise serializers.ValidationError("Must be an object.", "json_invalid")
        given = ReadingInput(data=said)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "reading" in attrs and attrs["check"] == "false":
            raise serializers.ValidationError({"reading": ["Is said of a check: leave one of the two out."]}, "invalid")
        return attrs


class CheckInput(serializers.Serializer[Any]):
    """How the file is read, where that is to change."""

    reading = ReadingInput(required=False)


class ImportOutput(serializers.Serializer[Any]):
    """A file, how it is read, and what became of its rows."""

    id = serializers.UUIDField()
    file_name = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    status = serializers.ChoiceField(ImportStatus.choices)
    reading = ReadingOutput()
    rows_total = serializers.IntegerField()
    rows_good = serializers.IntegerField()
    rows_bad = serializers.IntegerField()
    rows_repeated = serializers.IntegerField(help_text="Already in the books, or earlier in the file.")
    rows_taken = serializers.IntegerField(help_text="Filed as invoices.")
    rows_undone = serializers.IntegerField(help_text="Filed, and removed again.")
    processing_job_id = serializers.UUIDField(source="job_id", allow_null=True)
    error = NullableTextField()
    created_at = TimestampField()
    by = serializers.UUIDField(source="by_id")
    on_behalf_of = serializers.UUIDField(source="on_behalf_of_id", allow_null=True)
    api_key_id = serializers.UUIDField(allow_null=True)
    through = serializers.ChoiceField(Channel.choices)


class SampleRowOutput(serializers.Serializer[Any]):
    """A row of the file as it would be read."""

    line = serializers.IntegerField()
    cells = serializers.ListField(child=serializers.CharField(), help_text="As they stand in the file.")
    values = serializers.DictField(child=serializers.CharField(), help_text="As they are read, by column.")
    problems = serializers.ListField(child=serializers.CharField(), help_text="Columns that can't be read so.")


class GuessOutput(serializers.Serializer[Any]):
    """How a file is read, and its first rows read so."""

    headers = serializers.ListField(child=serializers.CharField())
    sheets = serializers.ListField(child=serializers.CharField())
    reading = ReadingOutput()
    missing = serializers.ListField(child=serializers.CharField(), help_text="Columns that nothing says yet.")
    rows = SampleRowOutput(many=True)


class ProblemOutput(serializers.Serializer[Any]):
    """Something about a row: where it stands, what was read, what is wrong, and what would be right."""

    line = serializers.IntegerField()
    column = NullableTextField(help_text="As the file calls it; null where it is about the whole row.")
    value = serializers.CharField()
    severity = serializers.ChoiceField(Severity.choices)
    code = serializers.CharField()
    message = serializers.SerializerMethodField()
    details = serializers.DictField()

    def get_message(self, problem: ImportProblem) -> str:
        return wording.sentence(problem)


class StaysOutput(serializers.Serializer[Any]):
    """An invoice that undoing would leave, with the reason."""

    line = serializers.IntegerField()
    invoice_id = serializers.UUIDField()
    invoice_number = NullableTextField()
    reason = serializers.CharField()
    message = serializers.SerializerMethodField()

    def get_message(self, row: Stays) -> str:
        return wording.reason(row.reason)


class UndoPlanOutput(serializers.Serializer[Any]):
    """What undoing an import would do; of what stays, the first rows."""

    removed = serializers.IntegerField()
    stays_total = serializers.IntegerField()
    stays = StaysOutput(many=True)


class ProblemFilters(Filters):
    """The query of the problems."""

    severity = ListFilter.of_choices(Severity.values)


class ImportViewSet(OrganizationViewSet):
    """Files of invoices, newest first. Only where a file is sent, a form is taken in place of JSON."""

    queryset = InvoiceImport.objects.none()
    parser_classes = [UploadParser]
    filterset_class: type[Filters] | None = None
    pagination_class = Paging
    # Anything: what is no UUID is answered as an unknown import is.
    lookup_value_regex = "[^/]+"

    def list(self, request: AuthorizedRequest) -> Response:
        """List the imports, newest first."""
        rows = self.paginate_queryset(importing.listed(organization=request.organization))
        return self.get_paginated_response(ImportOutput(rows, many=True).data)

    def create(self, request: AuthorizedRequest) -> Response:
        """
        Send a file of invoices, and have its rows checked. Nothing is filed.

        Columns are guessed by their headers, Spanish or English. What is refused is not kept.
        """
        given = UploadInput(data=request.data)
        if not given.is_valid():
            raise refusals.malformed_in("body", given.errors)
        asked = given.validated_data
        one = importing.upload(
            organization=request.organization,
            by=request.author,
            file_name=asked["file"].name,
            chunks=asked["file"].chunks(),
        )
        reading = importing.restated(invoice_import=one, said=asked.get("reading") or {})
        if asked["check"] == "true":
            one = importing.check(
                organization=request.organization, import_id=one.pk, reading=reading, by=request.author
            )
        return Response(ImportOutput(one).data, status=HTTPStatus.CREATED)

    def retrieve(self, request: AuthorizedRequest, pk: str) -> Response:
        """Show one import with what became of its rows."""
        return Response(ImportOutput(_found(request, pk)).data)

    def destroy(self, request: AuthorizedRequest, pk: str) -> Response:
        """Throw a file away that filed nothing."""
        importing.discard(organization=request.organization, import_id=_import_id(pk), by=request.author)
        return Response(status=HTTPStatus.NO_CONTENT)

    @action(detail=True)
    def reading(self, request: AuthorizedRequest, pk: str) -> Response:
        """Show how the file is read: its headers, which column each is, and its first rows read so."""
        return Response(GuessOutput(importing.guess(invoice_import=_found(request, pk))).data)

    @action(detail=True, filterset_class=ProblemFilters)
    def problems(self, request: AuthorizedRequest, pk: str) -> Response:
        """List everything that is wrong with the rows, by line."""
        found = importing.problems(
            organization=request.organization,
            import_id=_found(request, pk).pk,
            severities=Filtering().asked(request, self)["severity[]"],
        )
        return self.get_paginated_response(ProblemOutput(self.paginate_queryset(found), many=True).data)

    @action(detail=True, renderer_classes=[JSONRenderer, CSVRenderer])
    def refused(self, request: AuthorizedRequest, pk: str) -> HttpResponseBase:
        """Give the refused rows as CSV: as they came, each with what is wrong with it."""
        one = _found(request, pk)
        rows = importing.refused_rows(organization=request.organization, import_id=one.pk)
        name = content_disposition_header(as_attachment=True, filename=f"refused-{one.pk}.csv")
        return StreamingHttpResponse(
            # Who asks for the headers alone reads no row.
            tabular.csv_lines(rows, tabular.API) if request.method == "GET" else (),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": str(name)},
        )

    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def check(self, request: AuthorizedRequest, pk: str) -> Response:
        """Have all rows checked, also once more and read otherwise. Nothing is filed."""
        checked = _checked(request, _found(request, pk), read(request, CheckInput).get("reading"))
        return Response(ImportOutput(checked).data, status=HTTPStatus.ACCEPTED)

    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def take(self, request: AuthorizedRequest, pk: str) -> Response:
        """File the good rows of a checked import as invoices."""
        taken = importing.take(organization=request.organization, import_id=_import_id(pk), by=request.author)
        return Response(ImportOutput(taken).data, status=HTTPStatus.ACCEPTED)

    @action(detail=True, methods=["post"], url_path="undo/preview", parser_classes=[JSONParser], writes=False)
    def preview_undo(self, request: AuthorizedRequest, pk: str) -> Response:
        """Say what undoing the import would remove, and what would stay; write nothing."""
        return Response(
            UndoPlanOutput(importing.undo_plan(organization=request.organization, import_id=_import_id(pk))).data
        )

    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def undo(self, request: AuthorizedRequest, pk: str) -> Response:
        """Remove the invoices that the import filed and nobody has changed since."""
        undone = importing.undo(organization=request.organization, import_id=_import_id(pk), by=request.author)
        return Response(ImportOutput(undone).data, status=HTTPStatus.ACCEPTED)


def _checked(request: AuthorizedRequest, one: InvoiceImport, said: Mapping[str, Any] | None) -> InvoiceImport:
    return importing.check(
        organization=request.organization,
        import_id=one.pk,
        reading=importing.restated(invoice_import=one, said=said or {}),
        by=request.author,
    )


def _found(request: AuthorizedRequest, text: str) -> InvoiceImport:
    return importing.find(organization=request.organization, import_id=_import_id(text))


def _import_id(text: str) -> UUID:
    return id_in_path(text, "Import")
