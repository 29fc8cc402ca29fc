"""What the schema says of groups and consolidations. Fields that the documented pages do not print are optional."""

from drf_spectacular.utils import extend_schema_serializer, extend_schema_view
from rest_framework import serializers

from facilities.api.documenting import id_in_path, operation
from facilities.models import FacilityStatus
from invoices import aliasing, consolidating, grouping, undoing
from invoices.api import examples
from invoices.api.aliases import AliasInput, AliasOutput, AliasViewSet
from invoices.api.serializers import (
    ConflictOutput,
    ConsolidateInput,
    ConsolidateOutput,
    ConsolidationOutput,
    PreviewOutput,
    UndoInput,
)
from invoices.api.viewsets import ConsolidationViewSet, CupsViewSet
from invoices.cups import Check


@extend_schema_serializer(component_name="CupsGroup")
class GroupListed(serializers.Serializer[None]):
    """The invoices of one code at one facility, as `GroupRow.output` writes them."""

    cups = serializers.CharField()
    facility_id = serializers.UUIDField()
    facility_name = serializers.CharField()
    invoice_count = serializers.IntegerField(min_value=1)
    first_date = serializers.DateField()
    last_date = serializers.DateField()
    is_locked = serializers.BooleanField(help_text="Whether any of the invoices is backed by a Datadis contract.")
    locked_count = serializers.IntegerField(min_value=0, required=False)
    facility_status = serializers.ChoiceField(FacilityStatus.choices, required=False)
    check = serializers.ChoiceField(
        [check.value for check in Check], required=False, help_text="What the check letters say of the code."
    )


class ErrorOutput(serializers.Serializer[None]):
    """A refusal, and what stands beside it."""

    detail = serializers.CharField()
    code = serializers.CharField()


class ConsolidateConflict(ErrorOutput):
    """A refusal; of PLAN_CHANGED with the preview as it is now."""

    preview = PreviewOutput(required=False)


class UndoConflict(ErrorOutput):
    """A refusal; of CONSOLIDATION_CONFLICT with the first conflicts, and how many there are."""

    conflicts = ConflictOutput(many=True, required=False)
    total = serializers.IntegerField(required=False)


GROUP_FILTERS = {
    "search": "Any part of the code, in any case. `%` and `_` are ordinary characters.",
    "is_locked": "Whether any of the invoices is backed by a Datadis contract.",
    "check": "What the check letters say; `invalid` is everything but `valid`.",
    "sort": "Descending with `-`; by code, facility name and facility unless said.",
}
_MERGE_REFUSALS = (
    consolidating.FacilityNotInOrganization,
    consolidating.LockedByDatadis,
    consolidating.MalformedSources,
)

extend_schema_view(
    cups=operation(
        responses=GroupListed(many=True),
        filters=GROUP_FILTERS,
        answers={200: {"Documented": examples.GROUPS}},
    ),
    consolidate_cups=operation(
        request=ConsolidateInput,
        responses={200: ConsolidateOutput, 409: ConsolidateConflict},
        asked={"Documented": examples.CONSOLIDATE},
        answers={200: {"Documented": examples.CONSOLIDATED}},
        refusals=[
            *_MERGE_REFUSALS,
            consolidating.PlanChanged,
            aliasing.AliasOfAnAlias,
            grouping.GroupsKeptChanging,
        ],
    ),
    preview_consolidate_cups=operation(
        request=ConsolidateInput,
        responses=PreviewOutput,
        asked={"Documented": examples.CONSOLIDATE},
        refusals=_MERGE_REFUSALS,
    ),
)(CupsViewSet)

_consolidation_id = id_in_path("consolidation")

extend_schema_view(
    list=operation(responses=ConsolidationOutput(many=True)),
    retrieve=operation(parameters=[_consolidation_id], responses=ConsolidationOutput),
    undo=operation(
        parameters=[_consolidation_id],
        request=UndoInput,
        responses={200: ConsolidationOutput, 409: UndoConflict},
        refusals=[
            undoing.AlreadyUndone,
            undoing.ConflictsFound,
            undoing.MessageRequired,
            undoing.NotOfTheConsolidation,
            grouping.GroupsKeptChanging,
        ],
    ),
)(ConsolidationViewSet)

extend_schema_view(
    list=operation(
        responses=AliasOutput(many=True),
        filters={"search": "Any part of the code or of its target, in any case. `%` and `_` are ordinary characters."},
        answers={200: {"Ours": examples.ALIASES}},
    ),
    create=operation(
        request=AliasInput,
        responses={201: AliasOutput},
        asked={"Ours": examples.ALIAS},
        answers={201: {"Ours": examples.ALIASED}},
        refusals=[
            aliasing.FacilityNotInOrganization,
            aliasing.AliasOfItself,
            aliasing.AliasOfAnAlias,
            aliasing.CodeLockedByDatadis,
            grouping.GroupsKeptChanging,
        ],
    ),
    destroy=operation(parameters=[id_in_path("alias")], responses={204: None}, refusals=[grouping.GroupsKeptChanging]),
)(AliasViewSet)
