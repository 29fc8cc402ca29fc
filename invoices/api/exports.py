"""GET /v1/exports/…: the lists as files, narrowed as the lists are."""

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from rest_framework.renderers import JSONRenderer

from facilities.api.rendering import CSVRenderer
from facilities.api.requests import AuthorizedRequest
from facilities.api.viewsets import OrganizationViewSet
from invoices import exporting, undoing
from invoices.api import aliases, filters, reading, suggestions
from invoices.exporting import Table
from invoices.models import Consolidation, CupsAlias, CupsGroup, Invoice


class WorkbookRenderer(CSVRenderer):
    """Lets a request that accepts XLSX alone in."""

    media_type = exporting.XLSX_TYPE
    format = "xlsx"


class Exports(OrganizationViewSet):
    """A list as a CSV file, streamed."""

    renderer_classes = [JSONRenderer, CSVRenderer]

    def csv(self, request: AuthorizedRequest, table: Table) -> HttpResponseBase:
        name = exporting.file_name(table, organization=request.organization, extension="csv")
        # Who asks for the headers alone reads no row.
        content = exporting.csv_for_programs(table) if request.method == "GET" else ()
        return StreamingHttpResponse(content, content_type=exporting.CSV_TYPE, headers=_saved_as(name))


class GroupsExport(Exports):
    queryset = CupsGroup.objects.none()
    filterset_class = filters.GroupFilters

    def list(self, request: AuthorizedRequest) -> HttpResponseBase:
        """Export the CUPS groups as CSV: one row per code and facility."""
        return self.csv(request, exporting.groups(self.filter_queryset(self.get_queryset())))


class InvoicesExport(Exports):
    queryset = Invoice.objects.none()
    filterset_class = reading.InvoiceFilters

    def list(self, request: AuthorizedRequest) -> HttpResponseBase:
        """
        Export the invoices as CSV, the latest first.

        An import takes the file as it is. Quantities of a distributed invoice are those of each facility.
        """
        found = self.filter_queryset(self.get_queryset())
        return self.csv(request, exporting.invoices(found, organization=request.organization))


class InvoicesWorkbook(OrganizationViewSet):
    queryset = Invoice.objects.none()
    filterset_class = reading.InvoiceFilters
    renderer_classes = [JSONRenderer, WorkbookRenderer]

    def list(self, request: AuthorizedRequest) -> HttpResponseBase:
        """Export the invoices as XLSX, at most 100,000 of them, the latest first."""
        table = exporting.invoices(self.filter_queryset(self.get_queryset()), organization=request.organization)
        content = exporting.workbook(table, for_people=False)
        name = exporting.file_name(table, organization=request.organization, extension="xlsx")
        return StreamingHttpResponse(content, content_type=exporting.XLSX_TYPE, headers=_saved_as(name))


class ConsolidationsExport(Exports):
    queryset = Consolidation.objects.none()
    filter_backends = []

    def list(self, request: AuthorizedRequest) -> HttpResponseBase:
        """Export the consolidations as CSV, newest first: one row for each code that was rewritten."""
        found = undoing.history(organization=request.organization)
        return self.csv(request, exporting.consolidations(found, organization=request.organization))


class AliasesExport(Exports):
    queryset = CupsAlias.objects.none()
    filterset_class = aliases.AliasFilters

    def list(self, request: AuthorizedRequest) -> HttpResponseBase:
        """Export the aliases that hold as CSV."""
        return self.csv(request, exporting.aliases(self.filter_queryset(self.get_queryset())))


class SuggestionsExport(Exports):
    # None of the database: they are worked out. The groups are what they are about.
    queryset = CupsGroup.objects.none()
    filterset_class = suggestions.SuggestionFilters

    def list(self, request: AuthorizedRequest) -> HttpResponseBase:
        """Export the suggestions as CSV: one row for each code that would be joined."""
        found = suggestions.asked_for(request, self)
        return self.csv(request, exporting.suggestions(found, organization=request.organization))


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": str(content_disposition_header(as_attachment=True, filename=name))}
