"""Requests and answers of the suggestions, as the schema shows them."""

from typing import Final

from invoices.api.examples import FACILITY, Json

_TYPO: Final = {
    "cups": "ES1234123456789013JY",
    "facility_id": FACILITY,
    "facility_name": "Facility 1",
    "invoice_count": 3,
    "first_date": "2024-04-01",
    "last_date": "2024-06-30",
    "reasons": ["digit_wrong", "letters_fit"],
}
SUGGESTIONS: Final[Json] = {
    "items": [
        {
            "id": "9f86d081884c7d659a2feaa0c55ad015",
            "tier": 1,
            "target_cups": "ES1234123456789012JY",
            "reasons": ["digit_wrong", "letters_fit"],
            "sources": [_TYPO],
            "facility_id": FACILITY,
            "facility_name": "Facility 1",
            "target_reasons": ["letters_right", "complete", "most_invoices"],
            "other_targets": ["ES1234123456789012JY0F"],
            "in_bulk": True,
            "evidence": {
                "missing": 3,
                "filled": 3,
                "overlaps": 0,
                "overlap_days": 0,
                "months": [{"month": "2024-03", "state": "target"}, {"month": "2024-04", "state": "filled"}],
            },
        }
    ],
    "total": 1,
    "page": 1,
    "size": 50,
    "pages": 1,
}
ACCEPT: Final[Json] = {
    "leave_out": [{"cups": "ES1234123456789013JY", "facility_id": FACILITY}],
    "message": "The 3 is another meter",
}
ACCEPTED: Final[Json] = {
    "updated_count": 3,
    "affected_facilities": [FACILITY],
    "consolidation_id": "d0e1f2a3-b4c5-6789-defa-b01234567890",
}
BULK_PREVIEW: Final[Json] = {
    "tier": 1,
    "facility_id": None,
    "suggestion_count": 1,
    "source_count": 1,
    "invoice_count": 3,
    "affected_facilities": [FACILITY],
    "suggestions": [
        {
            "id": "9f86d081884c7d659a2feaa0c55ad015",
            "target_cups": "ES1234123456789012JY",
            "facility_id": FACILITY,
            "source_count": 1,
            "invoice_count": 3,
        }
    ],
    "left_out": [],
    "left_out_count": 0,
    "later_count": 0,
    "plan": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
}
