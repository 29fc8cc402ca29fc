"""GET /v1/invoices/cups/elsewhere; GET, POST /v1/relocations with their preview and undo"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import django_filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from facilities.access import Channel
from facilities.api.fields import TextField, UUIDField
from facilities.api.filtering import Filtering, Filters, UUIDFilter
from facilities.api.paging import Paging
from facilities.api.requests import AuthorizedRequest, id_in_path, read
from facilities.api.viewsets import OrganizationViewSet
from invoices import elsewhere, relocating
from invoices.api.serializers import TimestampField
from invoices.api.viewsets import GroupPaging
from invoices.double_counting import Clash, Clashes
from invoices.elsewhere import Why
from invoices.models import MESSAGE_LENGTH, CupsGroup, InvoiceType, Relocation
from invoices.relocating import Wish

# As many pairs as a person looks at; the count says how many there are.
SHOWN_PAIRS: Final = 20


class ElsewhereFilters(Filters):
    """Which of what is found."""

    facility_id = UUIDFilter()
    code = django_filters.ChoiceFilter(choices=[(why.value, why.value) for why in Why])


class ClashInvoiceOutput(serializers.Serializer[Any]):
    """One of two invoices that clash."""

    id = serializers.UUIDField(source="pk")
    invoice_id = serializers.CharField(source="number")
    facility_id = serializers.UUIDField()
    start_date = serializers.DateField(source="start")
    end_date = serializers.DateField(source="end")


class ClashOutput(serializers.Serializer[Any]):
    """What is counted twice: how many invoices, days and kWh, and the first pairs."""

    code = serializers.ChoiceField([clash.value for clash in Clash])
    invoice_count = serializers.IntegerField()
    days = serializers.IntegerField()
    kwh = serializers.FloatField()
    pairs = serializers.ListField(child=ClashInvoiceOutput(many=True))


class PlaceOutput(serializers.Serializer[elsewhere.Place]):
    """The invoices of one type and code at one facility; places of one `circle` share a distributed invoice."""

    type = serializers.ChoiceField([InvoiceType.ELECTRICITY.value, InvoiceType.HEAT.value])
    cups = serializers.CharField()
    facility_id = serializers.UUIDField()
    facility_name = serializers.CharField()
    invoice_count = serializers.IntegerField()
    first_date = serializers.DateField()
    last_date = serializers.DateField()
    is_locked = serializers.BooleanField()
    circle = serializers.IntegerField()


class ElsewhereOutput(serializers.Serializer[Any]):
    """A code that stands where it can hardly belong, with all its places."""

    code = serializers.ChoiceField([why.value for why in Why], source="elsewhere.why.value")
    cups = serializers.CharField(source="elsewhere.cups")
    invoice_count = serializers.IntegerField(source="elsewhere.invoice_count")
    places = PlaceOutput(many=True, source="elsewhere.places")
    overlaps = serializers.SerializerMethodField()

    @extend_schema_field(ClashOutput(many=True))
    def get_overlaps(self, shown: elsewhere.Shown) -> list[Mapping[str, Any]]:
        return clashes_output(shown.clashes)


class RelocateInput(serializers.Serializer[Any]):
    """All electricity invoices of a code, exactly as listed, from one facility to another."""

    cups = TextField()
    from_facility_id = UUIDField()
    to_facility_id = UUIDField()
    message = TextField(required=False, allow_null=True, allow_blank=True, max_length=MESSAGE_LENGTH)
    plan = TextField(required=False, allow_null=True, allow_blank=True)


class RelocationUndoInput(serializers.Serializer[Any]):
    message = TextField(required=False, allow_null=True, allow_blank=True, max_length=MESSAGE_LENGTH)


class LinkedOutput(serializers.Serializer[Any]):
    """A contract of the other facility, and how many invoices would be linked to it."""

    supply_contract_id = serializers.UUIDField()
    invoice_count = serializers.IntegerField()


class RelocationPreviewOutput(serializers.Serializer[relocating.Plan]):
    """What a move would do, and the digest to send along with it."""

    moved_count = serializers.SerializerMethodField()
    invoice_ids = serializers.SerializerMethodField()
    supply_contracts = serializers.SerializerMethodField()
    overlaps = serializers.SerializerMethodField()
    plan = serializers.CharField(source="digest")

    def get_moved_count(self, plan: relocating.Plan) -> int:
        return len(plan.invoices)

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_invoice_ids(self, plan: relocating.Plan) -> list[str]:
        return [str(invoice.pk) for invoice in plan.invoices]

    @extend_schema_field(LinkedOutput(many=True))
    def get_supply_contracts(self, plan: relocating.Plan) -> list[dict[str, Any]]:
        return [
            {"supply_contract_id": str(contract.pk), "invoice_count": count}
            for contract, count in plan.contracts.most_common()
        ]

    @extend_schema_field(ClashOutput(many=True))
    def get_overlaps(self, plan: relocating.Plan) -> list[Mapping[str, Any]]:
        return clashes_output(plan.clashes)


class RelocationOutput(serializers.Serializer[Any]):
    """A move with its undo, as `relocating.find` and `relocating.history` give it."""

    id = serializers.UUIDField()
    created_at = TimestampField()
    by = serializers.UUIDField(source="by_id")
    on_behalf_of = serializers.UUIDField(source="on_behalf_of_id", allow_null=True)
    through = serializers.ChoiceField(Channel.choices)
    message = serializers.CharField()
    cups = serializers.CharField()
    from_facility_id = serializers.UUIDField()
    to_facility_id = serializers.UUIDField()
    moved_count = serializers.IntegerField()
    is_undone = serializers.SerializerMethodField()
    undone_at = serializers.SerializerMethodField()
    undone_by = serializers.SerializerMethodField()
    restored_count = serializers.SerializerMethodField()
    conflict_count = serializers.SerializerMethodField()

    def get_is_undone(self, relocation: Relocation) -> bool:
        return relocating.is_undone(relocation)

    @extend_schema_field(TimestampField(allow_null=True))
    def get_undone_at(self, relocation: Relocation) -> str | None:
        undone = relocating.is_undone(relocation)
        return TimestampField().to_representation(relocation.undo.created_at) if undone else None

    def get_undone_by(self, relocation: Relocation) -> UUID | None:
        return relocation.undo.by_id if relocating.is_undone(relocation) else None

    def get_restored_count(self, relocation: Relocation) -> int:
        return relocation.undo.restored_count if relocating.is_undone(relocation) else 0

    def get_conflict_count(self, relocation: Relocation) -> int:
        return relocation.undo.conflict_count if relocating.is_undone(relocation) else 0


class ElsewhereViewSet(OrganizationViewSet):
    """Codes that stand where they can hardly all belong."""

    queryset = CupsGroup.objects.none()
    filterset_class = ElsewhereFilters
    pagination_class = GroupPaging

    @action(detail=False, url_path="cups/elsewhere")
    def elsewhere(self, request: AuthorizedRequest) -> Response:
        """List the supplies at several facilities that share no invoice, and those on bills of gas too."""
        asked = Filtering().asked(request, self)
        organization = request.organization
        found = elsewhere.listed(organization=organization, facility_id=asked["facility_id"], why=asked["code"])
        page = self.paginate_queryset(found) or ()
        rows = elsewhere.shown(organization=organization, found=page)
        return self.get_paginated_response(ElsewhereOutput(rows, many=True).data)


class RelocationViewSet(OrganizationViewSet):
    """Moving the invoices of a code to the facility where they belong."""

    lookup_value_regex = "[^/]+"
    pagination_class = Paging

    def list(self, request: AuthorizedRequest) -> Response:
        """List the moves, newest first."""
        rows = self.paginate_queryset(relocating.history(organization=request.organization))
        return self.get_paginated_response(RelocationOutput(rows, many=True).data)

    def create(self, request: AuthorizedRequest) -> Response:
        """Move the invoices, link them to the contract that fits there, and calculate them anew."""
        wanted = read(request, RelocateInput)
        moved = relocating.move(
            organization=request.organization,
            wish=_wish(wanted),
            by=request.author,
            message=wanted.get("message") or "",
            agreed=wanted.get("plan"),
        )
        return self._one(request, moved.relocation.pk, HTTPStatus.CREATED)

    @action(detail=False, methods=["post"], writes=False)
    def preview(self, request: AuthorizedRequest) -> Response:
        """Say what the same call would do, and write nothing."""
        plan = relocating.plan(organization=request.organization, wish=_wish(read(request, RelocateInput)))
        return Response(RelocationPreviewOutput(plan).data)

    @action(detail=True, methods=["post"])
    def undo(self, request: AuthorizedRequest, pk: str) -> Response:
        """Move the invoices back. What has changed since stays where it is, and is counted."""
        relocation_id = id_in_path(pk, "Relocation")
        wanted = read(request, RelocationUndoInput)
        message = wanted.get("message") or ""
        relocating.undo(
            organization=request.organization, relocation_id=relocation_id, by=request.author, message=message
        )
        return self._one(request, relocation_id, HTTPStatus.OK)

    def _one(self, request: AuthorizedRequest, relocation_id: UUID, status: HTTPStatus) -> Response:
        found = relocating.find(organization=request.organization, relocation_id=relocation_id)
        return Response(RelocationOutput(found).data, status=status)


def clashes_output(clashes: Mapping[Clash, Clashes]) -> list[Mapping[str, Any]]:
    """Return what is counted twice as it goes out."""
    return [
        {
            "code": clash.value,
            "invoice_count": found.count,
            "days": found.days,
            "kwh": float(found.kwh),
            "pairs": [ClashInvoiceOutput(pair, many=True).data for pair in found.pairs[:SHOWN_PAIRS]],
        }
        for clash, found in clashes.items()
    ]


def _wish(wanted: Mapping[str, Any]) -> Wish:
    return Wish(wanted["cups"], wanted["from_facility_id"], wanted["to_facility_id"])
