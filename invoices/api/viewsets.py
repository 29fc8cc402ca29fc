from http import HTTPStatus
from uuid import UUID

from rest_framework.decorators import action
from rest_framework.response import Response

from facilities.api import fields
from facilities.api.paging import Paging
from facilities.api.refusals import Refused
from facilities.api.requests import AuthorizedRequest, read
from facilities.api.viewsets import OrganizationViewSet
from invoices import consolidating, undoing
from invoices.api import filters
from invoices.api.serializers import (
    GROUP_COLUMNS,
    ConsolidateInput,
    ConsolidateOutput,
    ConsolidationOutput,
    GroupRow,
    PreviewOutput,
    UndoInput,
)
from invoices.models import CupsGroup


class GroupPaging(Paging):
    most = 200
    pages_name = "total_pages"


class CupsViewSet(OrganizationViewSet):
    """The CUPS groups of an organization, and joining them."""

    queryset = CupsGroup.objects.none()
    filterset_class = filters.GroupFilters
    pagination_class = GroupPaging

    @action(detail=False)
    def cups(self, request: AuthorizedRequest) -> Response:
        """List the groups: one row per code and facility."""
        groups = self.filter_queryset(self.get_queryset())
        rows = self.paginate_queryset(groups.values_list(*GROUP_COLUMNS)) or ()
        return self.get_paginated_response([GroupRow(*row).output() for row in rows])

    @action(detail=False, methods=["post"], url_path="consolidate-cups")
    def consolidate_cups(self, request: AuthorizedRequest) -> Response:
        """Rewrite the invoices of several groups to one code. Who sends the documented call has confirmed it."""
        wanted = read(request, ConsolidateInput)
        outcome = consolidating.consolidate(
            organization=request.organization,
            sources=wanted["sources"],
            target=wanted["target_cups"],
            by=request.author,
            message=wanted.get("message") or "",
            agreed=wanted.get("plan"),
            confirmed=True,
            make_aliases=wanted.get("make_aliases") or False,
        )
        return Response(ConsolidateOutput(outcome).data)

    @action(detail=False, methods=["post"], url_path="consolidate-cups/preview", writes=False)
    def preview_consolidate_cups(self, request: AuthorizedRequest) -> Response:
        """Say what the same call would do, and write nothing."""
        wanted = read(request, ConsolidateInput)
        plan = consolidating.plan(
            organization=request.organization, sources=wanted["sources"], target=wanted["target_cups"]
        )
        return Response(PreviewOutput(plan).data)


class ConsolidationViewSet(OrganizationViewSet):
    """What was consolidated, newest first, and taking it back."""

    # Anything: what is no UUID is answered as an unknown consolidation is.
    lookup_value_regex = "[^/]+"
    pagination_class = Paging

    def list(self, request: AuthorizedRequest) -> Response:
        """List the consolidations, newest first."""
        rows = self.paginate_queryset(undoing.history(organization=request.organization))
        return self.get_paginated_response(ConsolidationOutput(rows, many=True).data)

    def retrieve(self, request: AuthorizedRequest, pk: str) -> Response:
        """Show one consolidation."""
        done = undoing.find(organization=request.organization, consolidation_id=_consolidation_id(pk))
        return Response(ConsolidationOutput(done).data)

    @action(detail=True, methods=["post"])
    def undo(self, request: AuthorizedRequest, pk: str) -> Response:
        """Give the invoices back the codes that they had: all of them, or those named."""
        wanted = read(request, UndoInput)
        consolidation_id = _consolidation_id(pk)
        undoing.undo(
            organization=request.organization,
            consolidation_id=consolidation_id,
            by=request.author,
            invoice_ids=wanted.get("invoice_ids"),
            skip_conflicts=wanted.get("skip_conflicts") or False,
            message=wanted.get("message") or "",
            remove_aliases=wanted.get("remove_aliases") or False,
        )
        done = undoing.find(organization=request.organization, consolidation_id=consolidation_id)
        return Response(ConsolidationOutput(done).data)


def _consolidation_id(text: str) -> UUID:
    found = fields.uuid_of(text)
    if found is None:
        detail = f"Consolidation with id={text!r} not found"
        raise Refused(status=HTTPStatus.NOT_FOUND, code="NOT_FOUND", detail=detail)
    return found
