"""GET /v1/invoices/cups/suggestions with what can be done to them, and POST /v1/consolidations/batches/{id}/undo"""

from collections.abc import Sequence
from typing import Any, Final

import django_filters
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from facilities.api.fields import BooleanField, IntegerField, TextField, UUIDField
from facilities.api.filtering import Filtering, Filters, ListFilter, UUIDFilter
from facilities.api.paging import Paging
from facilities.api.requests import AuthorizedRequest, id_in_path, read
from facilities.api.viewsets import OrganizationViewSet
from invoices import cups as cups_codes
from invoices import suggesting, undoing
from invoices.api.dismissals import DismissalOutput
from invoices.api.filters import LONGEST_SEARCH
from invoices.api.serializers import ConsolidateOutput, ConsolidationOutput, CupsField, SourceInput
from invoices.consolidating import MAX_SOURCES, Source
from invoices.matching import Member, Suggestion, Tier
from invoices.models import MESSAGE_LENGTH, CupsGroup
from invoices.suggesting import SAFE, BulkPlan, Shown

# As many of what is left out as a person looks at; the count says how many there are.
SHOWN_LEFT_OUT: Final = 100


class SuggestionFilters(Filters):
    """The query of the suggestions."""

    facility_id = UUIDFilter()
    tier = ListFilter.of_choices([str(tier.value) for tier in Tier])
    search = django_filters.CharFilter(strip=False, max_length=LONGEST_SEARCH)
    cups = django_filters.CharFilter(strip=False, max_length=cups_codes.MAX_LENGTH)


def asked_for(request: AuthorizedRequest, view: OrganizationViewSet) -> Sequence[Suggestion]:
    """Return the suggestions that the query asks for, of all pages; raise Malformed."""
    asked = Filtering().asked(request, view)
    narrowed: dict[str, Any] = {
        "organization": request.organization,
        "facility_id": asked["facility_id"],
        "tiers": [int(tier) for tier in asked["tier[]"]],
    }
    if cups := asked["cups"]:
        return suggesting.near(cups=cups, **narrowed)
    return suggesting.listed(search=asked["search"], **narrowed)


def output(shown: Shown) -> dict[str, Any]:
    """Return a suggestion as it is printed. No serializer: the members of a page are thousands."""
    suggestion, evidence = shown.suggestion, shown.evidence
    return {
        "id": suggestion.id,
        "tier": int(suggestion.tier),
        "target_cups": suggestion.target,
        "reasons": list(dict.fromkeys(reason for member in suggestion.sources for reason in member.reasons)),
        "sources": [_source(member, shown.facility_name) for member in suggestion.sources],
        "facility_id": str(suggestion.facility_id),
        "facility_name": shown.facility_name,
        "target_reasons": list(suggestion.target_reasons),
        "other_targets": list(suggestion.other_targets),
        "in_bulk": shown.in_bulk,
        "evidence": {
            "missing": evidence.missing,
            "filled": evidence.filled,
            "overlaps": evidence.overlaps,
            "overlap_days": evidence.overlap_days,
            "months": [
                {"month": f"{month.year:04}-{month.month:02}", "state": state.value}
                for month, state in evidence.months.items()
            ],
        },
    }


def bulk_output(plan: BulkPlan) -> dict[str, Any]:
    """Return what accepting a tier at once would do as it is printed."""
    return {
        "tier": int(plan.tier),
        "facility_id": str(plan.facility_id) if plan.facility_id else None,
        "suggestion_count": len(plan.taken),
        "source_count": plan.source_count,
        "invoice_count": plan.invoice_count,
        "affected_facilities": [str(facility_id) for facility_id in plan.facility_ids],
        "suggestions": [_brief(suggestion) for suggestion in plan.taken],
        "left_out": [{**_brief(left.suggestion), "why": left.why.value} for left in plan.left_out[:SHOWN_LEFT_OUT]],
        "left_out_count": len(plan.left_out),
        "later_count": plan.later,
        "plan": plan.digest,
    }


class AcceptInput(serializers.Serializer[Any]):
    target_cups = CupsField(required=False, allow_null=True)
    # Lists spelled out: `many=True` would let null stand for a source, too.
    leave_out: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=SourceInput(), required=False, allow_null=True, max_length=MAX_SOURCES
    )
    message = TextField(required=False, allow_null=True, allow_blank=True, max_length=MESSAGE_LENGTH)
    make_aliases = BooleanField(required=False, default=True)
    plan = TextField(required=False, allow_null=True, allow_blank=True)


class AcceptOutput(ConsolidateOutput):
    """What was rewritten, and where it is recorded; null where nothing was."""

    consolidation_id = serializers.UUIDField(source="consolidation.pk", allow_null=True)


class DismissInput(serializers.Serializer[Any]):
    sources: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=SourceInput(), required=False, allow_null=True, allow_empty=False, max_length=MAX_SOURCES
    )
    message = TextField(required=False, allow_null=True, allow_blank=True, max_length=MESSAGE_LENGTH)


class AcceptAllInput(serializers.Serializer[Any]):
    tier = IntegerField(min_value=min(SAFE), max_value=max(SAFE))
    facility_id = UUIDField(required=False, allow_null=True)


class AcceptAllDeed(AcceptAllInput):
    plan = TextField()
    message = TextField(required=False, allow_null=True, allow_blank=True, max_length=MESSAGE_LENGTH)
    make_aliases = BooleanField(required=False, default=True)


class AcceptAllOutput(serializers.Serializer[Any]):
    """What was accepted at once; the batch can be undone at once."""

    batch_id = serializers.UUIDField()
    updated_count = serializers.IntegerField()
    affected_facilities = serializers.ListField(child=serializers.UUIDField())
    consolidation_ids = serializers.SerializerMethodField()

    def get_consolidation_ids(self, outcome: suggesting.BulkOutcome) -> list[str]:
        return [str(done.pk) for done in outcome.consolidations]


class UndoBatchInput(serializers.Serializer[Any]):
    skip_conflicts = BooleanField(required=False, default=False)
    remove_aliases = BooleanField(required=False, default=False)
    message = TextField(required=False, allow_null=True, allow_blank=True, max_length=MESSAGE_LENGTH)


class SuggestionViewSet(OrganizationViewSet):
    """Codes that seem to be one supply: look at them, accept them, dismiss them."""

    # None of the database: they are worked out. The groups are what they are about.
    queryset = CupsGroup.objects.none()
    filterset_class = SuggestionFilters
    pagination_class = Paging
    # Anything: what is no id is answered as an unknown suggestion is.
    lookup_value_regex = "[^/]+"

    def list(self, request: AuthorizedRequest) -> Response:
        """List the suggestions, the surest first; with `cups` those around one code alone, at once."""
        page = self.paginate_queryset(asked_for(request, self)) or ()
        shown = suggesting.shown(organization=request.organization, suggestions=list(page))
        return self.get_paginated_response([output(each) for each in shown])

    def retrieve(self, request: AuthorizedRequest, pk: str) -> Response:
        """Show one suggestion."""
        found = suggesting.find(organization=request.organization, suggestion_id=pk)
        [shown] = suggesting.shown(organization=request.organization, suggestions=[found])
        return Response(output(shown))

    @action(detail=True, methods=["post"])
    def accept(self, request: AuthorizedRequest, pk: str) -> Response:
        """
        Rewrite the sources of a suggestion, but for those left out, to its target or another code.

        The sources become aliases of the target unless `make_aliases` is false. Another spelling of the supply as
        `target_cups` takes the invoices of the proposed target too.
        """
        wanted = read(request, AcceptInput)
        outcome = suggesting.accept(
            organization=request.organization,
            suggestion_id=pk,
            target=wanted.get("target_cups"),
            leave_out=_named(wanted.get("leave_out")) or (),
            by=request.author,
            message=wanted.get("message") or "",
            agreed=wanted.get("plan"),
            make_aliases=wanted["make_aliases"],
        )
        return Response(AcceptOutput(outcome).data)

    @action(detail=True, methods=["post"])
    def dismiss(self, request: AuthorizedRequest, pk: str) -> Response:
        """Say that the sources of a suggestion, or some of them, are not its supply: they are not suggested again."""
        wanted = read(request, DismissInput)
        dismissed = suggesting.dismiss(
            organization=request.organization,
            suggestion_id=pk,
            members=_named(wanted.get("sources")),
            by=request.author,
            message=wanted.get("message") or "",
        )
        return Response(DismissalOutput(dismissed, many=True).data)

    @action(detail=False, methods=["post"], url_path="accept-all/preview", writes=False)
    def preview_accept_all(self, request: AuthorizedRequest) -> Response:
        """Say what accepting a safe tier at once would do, and what it would leave out; write nothing."""
        wanted = read(request, AcceptAllInput)
        plan = suggesting.plan_all(
            organization=request.organization, tier=wanted["tier"], facility_id=wanted.get("facility_id")
        )
        return Response(bulk_output(plan))

    @action(detail=False, methods=["post"], url_path="accept-all")
    def accept_all(self, request: AuthorizedRequest) -> Response:
        """Accept what a preview showed: all of it or nothing, each suggestion as a consolidation of its own."""
        wanted = read(request, AcceptAllDeed)
        outcome = suggesting.accept_all(
            organization=request.organization,
            tier=wanted["tier"],
            facility_id=wanted.get("facility_id"),
            agreed=wanted["plan"],
            by=request.author,
            message=wanted.get("message") or "",
            make_aliases=wanted["make_aliases"],
        )
        return Response(AcceptAllOutput(outcome).data)


class BatchViewSet(OrganizationViewSet):
    """What was accepted at once."""

    lookup_value_regex = "[^/]+"

    @action(detail=True, methods=["post"])
    def undo(self, request: AuthorizedRequest, pk: str) -> Response:
        """Undo all consolidations of a batch that are left: all of them, or with `skip_conflicts` what can be."""
        wanted = read(request, UndoBatchInput)
        undone = undoing.undo_batch(
            organization=request.organization,
            batch_id=id_in_path(pk, "Batch"),
            by=request.author,
            skip_conflicts=wanted["skip_conflicts"],
            remove_aliases=wanted["remove_aliases"],
            message=wanted.get("message") or "",
        )
        rows = undoing.history(organization=request.organization).filter(
            pk__in=[each.consolidation_id for each in undone]
        )
        return Response(ConsolidationOutput(rows, many=True).data)


def _named(pairs: list[dict[str, Any]] | None) -> list[Source] | None:
    return None if pairs is None else [Source(**pair) for pair in pairs]


def _source(member: Member, facility_name: str) -> dict[str, Any]:
    code = member.code
    return {
        "cups": code.cups,
        "facility_id": str(code.facility_id),
        "facility_name": facility_name,
        "invoice_count": code.invoice_count,
        "first_date": code.first_date.isoformat() if code.first_date else None,
        "last_date": code.last_date.isoformat() if code.last_date else None,
        "reasons": list(member.reasons),
    }


def _brief(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "id": suggestion.id,
        "target_cups": suggestion.target,
        "facility_id": str(suggestion.facility_id),
        "source_count": len(suggestion.sources),
        "invoice_count": sum(member.code.invoice_count for member in suggestion.sources),
    }
