"""What the schema says of suggestions, of dismissing them, and of undoing what was accepted at once."""

from typing import Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema_serializer, extend_schema_view
from rest_framework import serializers

from facilities.api.documenting import id_in_path, operation
from invoices import aliasing, consolidating, dismissing, grouping, suggesting, undoing
from invoices.api import examples_suggestions as examples
from invoices.api.dismissals import DismissalOutput, DismissalViewSet
from invoices.api.documented import ConsolidateConflict, ErrorOutput, UndoConflict
from invoices.api.serializers import ConsolidationOutput
from invoices.api.suggestions import (
    AcceptAllDeed,
    AcceptAllInput,
    AcceptAllOutput,
    AcceptInput,
    AcceptOutput,
    BatchViewSet,
    DismissInput,
    SuggestionViewSet,
    UndoBatchInput,
)
from invoices.matching import Reason, TargetReason, Tier
from invoices.suggesting import SAFE, Why
from invoices.timeline import State

SUGGESTION_FILTERS: Final = {
    "tier[]": "How sure: 0 the same code, 1 one digit, 2 letters, 3 both, 4 on a contract alone, 5 no CUPS.",
    "search": "Any part of a source or the target, in any case.",
    "cups": "A code, exactly: what is suggested around it alone; `search` is then ignored.",
}
_REASONS: Final = [reason.value for reason in Reason]


class SuggestionSource(serializers.Serializer[None]):
    """A group that would get the target, and why."""

    cups = serializers.CharField()
    facility_id = serializers.UUIDField()
    facility_name = serializers.CharField()
    invoice_count = serializers.IntegerField(min_value=1)
    first_date = serializers.DateField(allow_null=True)
    last_date = serializers.DateField(allow_null=True)
    reasons = serializers.ListField(child=serializers.ChoiceField(_REASONS))


class SuggestionMonth(serializers.Serializer[None]):
    """A month that has an invoice, or gets one."""

    month = serializers.RegexField(r"^\d{4}-\d\d$")
    state = serializers.ChoiceField([state.value for state in State])


class SuggestionEvidence(serializers.Serializer[None]):
    """The months that the target lacks and gets; the bills that would be counted twice, and for how many days."""

    missing = serializers.IntegerField(min_value=0)
    filled = serializers.IntegerField(min_value=0)
    overlaps = serializers.IntegerField(min_value=0)
    overlap_days = serializers.IntegerField(min_value=0)
    months = SuggestionMonth(many=True)


@extend_schema_serializer(component_name="CupsSuggestion")
class SuggestionListed(serializers.Serializer[None]):
    """Codes at one facility that seem to be the target's supply, as `output` writes them."""

    id = serializers.RegexField(r"^[0-9a-f]{32}$")
    tier = serializers.IntegerField(min_value=min(Tier), max_value=max(Tier))
    target_cups = serializers.CharField()
    reasons = serializers.ListField(child=serializers.ChoiceField(_REASONS))
    sources = SuggestionSource(many=True)
    facility_id = serializers.UUIDField()
    facility_name = serializers.CharField()
    target_reasons = serializers.ListField(child=serializers.ChoiceField([reason.value for reason in TargetReason]))
    other_targets = serializers.ListField(child=serializers.CharField())
    in_bulk = serializers.BooleanField(help_text="Whether it may be accepted together with the others of its tier.")
    evidence = SuggestionEvidence()


class BulkSuggestion(serializers.Serializer[None]):
    """A suggestion in a few words."""

    id = serializers.RegexField(r"^[0-9a-f]{32}$")
    target_cups = serializers.CharField()
    facility_id = serializers.UUIDField()
    source_count = serializers.IntegerField(min_value=1)
    invoice_count = serializers.IntegerField(min_value=0)


class BulkLeftOut(BulkSuggestion):
    """One that is to be looked at by itself, and why."""

    why = serializers.ChoiceField([why.value for why in Why])


class BulkPreview(serializers.Serializer[None]):
    """What accepting a tier at once would do, the first hundred that it leaves out, and the digest to send along."""

    tier = serializers.IntegerField(min_value=min(SAFE), max_value=max(SAFE))
    facility_id = serializers.UUIDField(allow_null=True)
    suggestion_count = serializers.IntegerField(min_value=0)
    source_count = serializers.IntegerField(min_value=0)
    invoice_count = serializers.IntegerField(min_value=0)
    affected_facilities = serializers.ListField(child=serializers.UUIDField())
    suggestions = BulkSuggestion(many=True)
    left_out = BulkLeftOut(many=True)
    left_out_count = serializers.IntegerField(min_value=0)
    later_count = serializers.IntegerField(min_value=0)
    plan = serializers.CharField()


class AcceptAllConflict(ErrorOutput):
    """A refusal; of PLAN_CHANGED with the preview as it is now."""

    preview = BulkPreview(required=False)


_suggestion_id = OpenApiParameter(
    "id", OpenApiTypes.STR, OpenApiParameter.PATH, required=True, description="Of the suggestion."
)
_CONSOLIDATING: Final = (
    aliasing.AliasOfAnAlias,
    consolidating.LockedByDatadis,
    consolidating.ValidCodesDiffer,
    grouping.GroupsKeptChanging,
)

extend_schema_view(
    list=operation(
        responses=SuggestionListed(many=True),
        filters=SUGGESTION_FILTERS,
        answers={200: {"One digit and a code without its letters": examples.SUGGESTIONS}},
    ),
    retrieve=operation(
        parameters=[_suggestion_id], responses=SuggestionListed, refusals=[suggesting.SuggestionNotFound]
    ),
    accept=operation(
        parameters=[_suggestion_id],
        request=AcceptInput,
        responses={200: AcceptOutput, 409: ConsolidateConflict},
        asked={"As proposed": {}, "One member left out": examples.ACCEPT},
        answers={200: {"Accepted": examples.ACCEPTED}},
        refusals=[
            suggesting.SuggestionNotFound,
            suggesting.NotOfTheSuggestion,
            suggesting.NothingLeft,
            consolidating.PlanChanged,
            *_CONSOLIDATING,
        ],
    ),
    dismiss=operation(
        parameters=[_suggestion_id],
        request=DismissInput,
        responses=DismissalOutput(many=True),
        refusals=[suggesting.SuggestionNotFound, suggesting.NotOfTheSuggestion],
    ),
    preview_accept_all=operation(
        request=AcceptAllInput,
        responses=BulkPreview,
        asked={"Of one tier": {"tier": 1}},
        answers={200: {"What would be accepted": examples.BULK_PREVIEW}},
    ),
    accept_all=operation(
        request=AcceptAllDeed,
        responses={200: AcceptAllOutput, 409: AcceptAllConflict},
        asked={"After a preview": {"tier": 1, "plan": examples.BULK_PREVIEW["plan"]}},
        refusals=[suggesting.BulkPlanChanged, suggesting.NothingToAccept, *_CONSOLIDATING],
    ),
)(SuggestionViewSet)

extend_schema_view(
    list=operation(responses=DismissalOutput(many=True)),
    restore=operation(
        parameters=[id_in_path("dismissal")],
        request=None,
        responses={204: None},
        refusals=[dismissing.DismissalNotFound],
    ),
)(DismissalViewSet)

extend_schema_view(
    undo=operation(
        parameters=[id_in_path("batch")],
        request=UndoBatchInput,
        responses={200: ConsolidationOutput(many=True), 409: UndoConflict},
        refusals=[
            undoing.BatchNotFound,
            undoing.AlreadyUndone,
            undoing.ConflictsFound,
            undoing.MessageRequired,
            grouping.GroupsKeptChanging,
        ],
    ),
)(BatchViewSet)
