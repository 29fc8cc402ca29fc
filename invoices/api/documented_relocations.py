"""What the schema says of codes at several places, and of moving invoices."""

from typing import Final

from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from facilities import locating
from facilities.api.documenting import id_in_path, operation
from invoices import closed_years, filing, grouping, relocating, undoing
from invoices.api.examples import FACILITY, Json
from invoices.api.relocations import (
    ElsewhereOutput,
    ElsewhereViewSet,
    RelocateInput,
    RelocationOutput,
    RelocationPreviewOutput,
    RelocationUndoInput,
    RelocationViewSet,
)

_LUGO: Final = "b8c9d0e1-f2a3-4567-bcde-f89012345678"
_OVERLAP: Final[Json] = {
    "code": "SAME_INVOICE",
    "invoice_count": 1,
    "days": 30,
    "kwh": 1500.0,
    "pairs": [
        [
            {
                "id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
                "invoice_id": "E-2024-01-001",
                "facility_id": FACILITY,
                "start_date": "2024-01-01",
                "end_date": "2024-01-31",
            },
            {
                "id": "e5f6a7b8-c9d0-1234-efab-c56789012345",
                "invoice_id": "E-2024-01-001",
                "facility_id": _LUGO,
                "start_date": "2024-01-01",
                "end_date": "2024-01-31",
            },
        ]
    ],
}


def _place(facility_id: str, name: str, count: int, circle: int) -> Json:
    return {
        "type": "electricity",
        "cups": "ES1234123456789012JY",
        "facility_id": facility_id,
        "facility_name": name,
        "invoice_count": count,
        "first_date": "2024-01-01",
        "last_date": "2024-12-31",
        "is_locked": False,
        "circle": circle,
    }


ELSEWHERE: Final[Json] = {
    "items": [
        {
            "code": "SAME_SUPPLY_TWO_FACILITIES",
            "cups": "ES1234123456789012JY",
            "invoice_count": 14,
            "places": [_place(FACILITY, "Madrid Office", 12, 0), _place(_LUGO, "Lugo Warehouse", 2, 1)],
            "overlaps": [_OVERLAP],
        }
    ],
    "total": 1,
    "page": 1,
    "size": 50,
    "total_pages": 1,
}
RELOCATE: Final[Json] = {
    "cups": "ES1234123456789012JY",
    "from_facility_id": _LUGO,
    "to_facility_id": FACILITY,
    "message": "Filed at the wrong place",
    "plan": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
}
RELOCATION_PREVIEW: Final[Json] = {
    "moved_count": 1,
    "invoice_ids": ["e5f6a7b8-c9d0-1234-efab-c56789012345"],
    "supply_contracts": [{"supply_contract_id": "c3d4e5f6-a7b8-9012-cdef-ab3456789012", "invoice_count": 1}],
    "overlaps": [_OVERLAP],
    "plan": RELOCATE["plan"],
}
RELOCATED: Final[Json] = {
    "id": "d0e1f2a3-b4c5-6789-defa-b01234567890",
    "created_at": "2024-12-01T10:30:00.000Z",
    "by": "b2c3d4e5-f6a7-8901-bcde-fa2345678901",
    "on_behalf_of": None,
    "through": "API",
    "message": RELOCATE["message"],
    "cups": RELOCATE["cups"],
    "from_facility_id": _LUGO,
    "to_facility_id": FACILITY,
    "moved_count": 1,
    "is_undone": False,
    "undone_at": None,
    "undone_by": None,
    "restored_count": 0,
    "conflict_count": 0,
}


class RelocationConflict(serializers.Serializer[None]):
    """A refusal; of PLAN_CHANGED with the preview as it is now."""

    detail = serializers.CharField()
    code = serializers.CharField()
    preview = RelocationPreviewOutput(required=False)


_REFUSALS: Final = (
    locating.FacilityNotOfOrganization,
    relocating.SameFacility,
    relocating.FacilityArchived,
    relocating.NothingToMove,
    relocating.TooManyToMove,
    filing.LockedByDatadis,
    filing.DistributedInvoice,
    closed_years.PeriodClosed,
)

extend_schema_view(
    elsewhere=operation(
        responses=ElsewhereOutput(many=True),
        filters={
            "facility_id": "Only what stands at this facility, among other places.",
            "code": "Supplies at several facilities that share no invoice, or codes on electricity and heat.",
        },
        answers={200: {"Two facilities": ELSEWHERE}},
    ),
)(ElsewhereViewSet)

extend_schema_view(
    list=operation(responses=RelocationOutput(many=True)),
    create=operation(
        request=RelocateInput,
        responses={201: RelocationOutput, 409: RelocationConflict},
        asked={"After a preview": RELOCATE},
        answers={201: {"Moved": RELOCATED}},
        refusals=[*_REFUSALS, relocating.PlanChanged, grouping.GroupsKeptChanging],
    ),
    preview=operation(
        request=RelocateInput,
        responses=RelocationPreviewOutput,
        asked={"Without a plan": {name: RELOCATE[name] for name in list(RELOCATE)[:3]}},
        answers={200: {"What would move": RELOCATION_PREVIEW}},
        refusals=_REFUSALS,
    ),
    undo=operation(
        parameters=[id_in_path("move")],
        request=RelocationUndoInput,
        responses=RelocationOutput,
        refusals=[
            relocating.AlreadyUndone,
            relocating.NothingToMoveBack,
            relocating.RelocationNotFound,
            undoing.MessageRequired,
            closed_years.PeriodClosed,
            grouping.GroupsKeptChanging,
        ],
    ),
)(RelocationViewSet)
