"""What comes in, checked strictly, and what goes out."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from facilities.access import Channel
from facilities.api.fields import BooleanField, TextField, UUIDField
from facilities.models import Facility
from invoices import aliasing, grouping, undoing
from invoices import cups as cups_codes
from invoices.consolidating import MAX_SOURCES, Plan, Source
from invoices.merge_warnings import MergeWarning
from invoices.models import MESSAGE_LENGTH, CupsGroup, State, WithUndos
from invoices.rewriting import Outcome


class CupsField(TextField):
    """A code that may be written onto an invoice, as it will be stored."""

    def to_internal_value(self, data: object) -> str:
        try:
            return cups_codes.acceptable(super().to_internal_value(data))
        except cups_codes.NotAcceptable as refusal:
            raise serializers.ValidationError(str(refusal), code="not_acceptable") from refusal


class SourceInput(serializers.Serializer[Source]):
    """One group to rewrite: its code exactly as listed, at one facility."""

    cups = TextField()
    facility_id = UUIDField()


class ConsolidateInput(serializers.Serializer[Any]):
    target_cups = CupsField()
    # The types know no length of a list, REST framework does.
    sources = SourceInput(many=True, allow_empty=False, max_length=MAX_SOURCES)  # type: ignore[call-arg]
    message = TextField(required=False, allow_null=True, allow_blank=True, max_length=MESSAGE_LENGTH)
    plan = TextField(required=False, allow_null=True, allow_blank=True)
    make_aliases = BooleanField(required=False, allow_null=True)

    def validate_sources(self, pairs: Sequence[dict[str, Any]]) -> list[Source]:
        return [Source(**pair) for pair in pairs]

    def validate(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Refuse sources that could not arrive as codes where they shall become aliases."""
        if wanted.get("make_aliases"):
            try:
                aliasing.checked((source.facility_id, source.cups) for source in wanted["sources"])
            except cups_codes.NotAcceptable as refusal:
                raise serializers.ValidationError({"sources": [str(refusal)]}, code="not_acceptable") from refusal
        return wanted


class ConsolidateOutput(serializers.Serializer[Outcome]):
    updated_count = serializers.IntegerField()
    affected_facilities = serializers.ListField(child=serializers.UUIDField())


class UndoInput(serializers.Serializer[Any]):
    invoice_ids = serializers.ListField(
        child=UUIDField(), required=False, allow_null=True, allow_empty=False, max_length=MAX_SOURCES
    )
    skip_conflicts = BooleanField(required=False, allow_null=True)
    remove_aliases = BooleanField(required=False, allow_null=True)
    message = TextField(required=False, allow_null=True, allow_blank=True, max_length=MESSAGE_LENGTH)


class GroupRow(NamedTuple):
    """One group as the list reads it. No serializer: a row of fifty costs more there than in the database."""

    cups: str
    facility_id: UUID
    facility_name: str
    invoice_count: int
    first_date: date
    last_date: date
    locked_count: int
    facility_status: str
    check: str

    def output(self) -> dict[str, Any]:
        """Return the documented fields first, in their order."""
        return {
            "cups": self.cups,
            "facility_id": str(self.facility_id),
            "facility_name": self.facility_name,
            "invoice_count": self.invoice_count,
            "first_date": self.first_date.isoformat(),
            "last_date": self.last_date.isoformat(),
            "is_locked": self.locked_count > 0,
            "locked_count": self.locked_count,
            "facility_status": self.facility_status,
            "check": self.check,
        }


GROUP_COLUMNS = (
    "cups",
    "facility_id",
    "facility__name",
    "invoice_count",
    "first_date",
    "last_date",
    "locked_count",
    "facility__status",
    "check_result",
)


class GroupOutput(serializers.Serializer[CupsGroup]):
    """A source group in a preview."""

    cups = serializers.CharField()
    facility_id = serializers.UUIDField()
    facility_name = serializers.CharField(source="facility.name")
    invoice_count = serializers.IntegerField()
    first_date = serializers.DateField()
    last_date = serializers.DateField()
    is_locked = serializers.BooleanField()
    check = serializers.CharField(source="check_result")


class WarningOutput(serializers.Serializer[MergeWarning]):
    """A warning: its code, the sentence that says it, and the figures and names behind it."""

    code = serializers.CharField(source="code.value")
    detail = serializers.CharField(source="code.label")

    def to_representation(self, instance: MergeWarning) -> dict[str, Any]:
        return {**super().to_representation(instance), **instance.details}


class TargetOutput(serializers.Serializer[None]):
    """The code that the invoices would get: what its check says, and how it would read with its letters right."""

    cups = serializers.CharField()
    check = serializers.ChoiceField([check.value for check in cups_codes.Check])
    expected = serializers.CharField(allow_null=True)


class PreviewOutput(serializers.Serializer[Plan]):
    """What a consolidation would do, and the digest to send along with it."""

    updated_count = serializers.IntegerField()
    affected_facilities = serializers.ListField(child=serializers.UUIDField())
    groups = GroupOutput(many=True)
    target = serializers.SerializerMethodField()
    rows_left = serializers.IntegerField()
    warnings = WarningOutput(many=True)
    plan = serializers.CharField(source="digest")

    @extend_schema_field(TargetOutput)
    def get_target(self, plan: Plan) -> dict[str, str | None]:
        parsed = cups_codes.parse(plan.target)
        return {"cups": plan.target, "check": parsed.check.value, "expected": cups_codes.complete(plan.target) or None}

    def to_representation(self, instance: Plan) -> dict[str, Any]:
        _give_facilities(instance.groups)
        return super().to_representation(instance)


@extend_schema_field(OpenApiTypes.DATETIME)
class TimestampField(serializers.Field[datetime, Any, str, Any]):
    """A moment in UTC, ISO 8601, with Z."""

    def to_representation(self, value: datetime) -> str:
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class SourceOutput(serializers.Serializer[Any]):
    """A group that was named as a source."""

    cups = serializers.CharField()
    facility_id = serializers.UUIDField()


# Both are JSON in the database and go out as they are: ten thousand times fifty are too many for a serializer.
@extend_schema_field(SourceOutput(many=True))
class SourcesField(serializers.JSONField):
    pass


@extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
class FacilityIdsField(serializers.JSONField):
    pass


class ConsolidationOutput(serializers.Serializer[Any]):
    """A consolidation with what was undone of it, as `undoing.find` and `undoing.history` give it."""

    id = serializers.UUIDField()
    state = serializers.SerializerMethodField()
    created_at = TimestampField()
    by = serializers.UUIDField(source="by_id")
    on_behalf_of = serializers.UUIDField(source="on_behalf_of_id", allow_null=True)
    api_key_id = serializers.UUIDField(allow_null=True)
    through = serializers.ChoiceField(Channel.choices)
    message = serializers.CharField()
    target_cups = serializers.CharField()
    sources = SourcesField()
    updated_count = serializers.IntegerField()
    affected_facilities = FacilityIdsField()
    undone_at = TimestampField(allow_null=True)
    undone_by = serializers.UUIDField(source="undone_by_id", allow_null=True)

    @extend_schema_field(serializers.ChoiceField(State.choices))
    def get_state(self, done: WithUndos) -> str:
        return undoing.state_of(done).value


class ConflictOutput(serializers.Serializer[Any]):
    """An invoice that can't be put back: `cups` is what it carries now, `previous_cups` what it would get."""

    id = serializers.UUIDField(source="rewritten.invoice_id")
    invoice_id = serializers.CharField(source="rewritten.invoice_number")
    facility_id = serializers.UUIDField(source="rewritten.facility_id")
    start_date = serializers.DateField(source="rewritten.start_date")
    end_date = serializers.DateField(source="rewritten.end_date")
    reason = serializers.CharField(source="reason.value")
    cups = serializers.CharField()
    previous_cups = serializers.CharField(source="rewritten.previous_cups")
    later_consolidation_id = serializers.UUIDField(allow_null=True)


def _give_facilities(groups: Sequence[CupsGroup]) -> None:
    """Read the facilities of all groups at once: a plan has the groups alone."""
    wanted = {group.facility_id: group.organization_id for group in groups}
    facilities = {
        facility.pk: facility
        for part in grouping.sliced(sorted(wanted))
        for facility in Facility.objects.filter(organization__in=set(wanted.values()), pk__in=part)
    }
    for group in groups:
        group.facility = facilities[group.facility_id]
