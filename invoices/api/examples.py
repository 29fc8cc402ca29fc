"""
The requests and answers that the documented pages print, as the schema shows them.

Ids that the pages print with letters beyond f are no UUIDs: they stand here with other letters.
"""

from typing import Any, Final

Json = dict[str, Any]

FACILITY: Final = "da59c96f-995a-4ec3-88bd-465dcbabf63d"

# List CUPS groups

GROUPS: Final[Json] = {
    "items": [
        {
            "cups": "ES0021000000000000001AB",
            "facility_id": FACILITY,
            "facility_name": "Facility 1",
            "invoice_count": 45,
            "first_date": "2024-01-01",
            "last_date": "2024-12-31",
            "is_locked": False,
        }
    ],
    "total": 11,
    "page": 1,
    "size": 50,
    "total_pages": 1,
}

# Consolidate CUPS

CONSOLIDATE: Final[Json] = {
    "target_cups": "ES0021000000000000001AB",
    "sources": [
        {"cups": "ES0021000000000000001A", "facility_id": FACILITY},
        {"cups": "ES0021000000000000001", "facility_id": FACILITY},
    ],
}
CONSOLIDATED: Final[Json] = {"updated_count": 35, "affected_facilities": [FACILITY]}

# Aliases of codes

ALIAS: Final[Json] = {
    "facility_id": FACILITY,
    "cups": "ES0021000000000000001A",
    "target_cups": "ES0021000000000000001AB",
    "message": "The letters are cut off on this supplier's bills",
}
ALIASED: Final[Json] = {
    "id": "0193b2c4-0d3e-7a10-8f3a-5b1f6c2d9e01",
    "cups": "ES0021000000000000001A",
    "target_cups": "ES0021000000000000001AB",
    "facility_id": FACILITY,
    "facility_name": "Facility 1",
    "consolidation_id": None,
    "created_at": "2026-02-15T14:22:00.000Z",
    "by": "b2c3d4e5-f6a7-8901-bcde-fa2345678901",
    "message": "The letters are cut off on this supplier's bills",
}
ALIASES: Final[Json] = {"items": [ALIASED], "total": 1, "page": 1, "size": 50, "pages": 1}

# Create an invoice

_ORGANIZATION: Final = "d4e5f6a7-b8c9-0123-defa-b45678901234"
_MADRID: Final = "e5f6a7b8-c9d0-1234-efab-c56789012345"
_BARCELONA: Final = "b8c9d0e1-f2a3-4567-bcde-f89012345678"
_UPLOADER: Final = "b2c3d4e5-f6a7-8901-bcde-fa2345678901"
_SUPPLIER: Final = "c3d4e5f6-a7b8-9012-cdef-ab3456789012"


def _share(facility_id: str, percentage: float, facility_name: str) -> Json:
    return {
        "organization_id": _ORGANIZATION,
        "facility_id": facility_id,
        "percentage": percentage,
        "company_name": "Acme Corp",
        "facility_name": facility_name,
    }


CREATE: Final[Json] = {
    "type": "electricity",
    "base_quantity": 15000,
    "unit_id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
    "start_date": "2024-11-01",
    "end_date": "2024-11-30",
    "uploaded_by": _UPLOADER,
    "invoice_id": "E-2024-11-001",
    "cups": "ES0031406398765432GH0F",
    "supplier_id": _SUPPLIER,
    "facility_percentages": [_share(_MADRID, 1.0, "Madrid Office")],
}
CREATED: Final[Json] = {
    "id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
    "type": "electricity",
    "base_quantity": 15000.0,
    "quantity": 15000.0,
    "unit_id": "b2c3d4e5-f6a7-8901-bcde-fa2345678901",
    "original_quantity": None,
    "original_unit_id": None,
    "start_date": "2024-11-01",
    "end_date": "2024-11-30",
    "percentage": 1.0,
    "status": "loading",
    "facility_id": _MADRID,
    "uploaded_by": _UPLOADER,
    "facility_percentages": [_share(_MADRID, 1.0, "Madrid Office")],
    "source_invoice_id": None,
    "supplier_id": _SUPPLIER,
    "facility_fuel_id": None,
    "invoice_id": "E-2024-11-001",
    "cups": "ES0031406398765432GH0F",
    "file_url": None,
    "custom_emission_factor_id": None,
    "custom_emission_factor": None,
    "toc": None,
}
_PARENT: Final = "a7b8c9d0-e1f2-3456-abcd-e78901234567"
CREATED_DISTRIBUTED: Final[Json] = {
    **CREATED,
    "id": _PARENT,
    "type": "heat",
    "base_quantity": 5000.0,
    "quantity": 3000.0,
    "unit_id": "f6a7b8c9-d0e1-2345-fabc-d67890123456",
    "percentage": 0.6,
    "facility_percentages": [_share(_MADRID, 0.6, "Madrid Office"), _share(_BARCELONA, 0.4, "Barcelona Office")],
    "source_invoice_id": _PARENT,
    "supplier_id": None,
    "facility_fuel_id": "c9d0e1f2-a3b4-5678-cdef-a90123456789",
    "invoice_id": "H-2024-11-015",
    "cups": None,
}
INVALID_TOTAL_PERCENTAGE: Final[Json] = {"detail": "INVALID_TOTAL_PERCENTAGE", "code": "VALIDATION_ERROR"}
INVALID_INVOICE_TYPE: Final[Json] = {
    "detail": "Bad invoice type: xyz. It must be one of ('heat', 'electricity', 'water', 'recharge', 'process')",
    "code": "VALIDATION_ERROR",
}
INVALID_FACILITY: Final[Json] = {
    "detail": "Bad facility_id: xxx. It must belong to the provided organization_id yyy",
    "code": "VALIDATION_ERROR",
}
NOT_UNDER_PARENT: Final[Json] = {
    "detail": "ORGANIZATION_ID_IS_NOT_UNDER_PARENT_ORGANIZATION",
    "code": "FORBIDDEN",
}
ORGANIZATION_NOT_FOUND: Final[Json] = {
    "detail": "Bad organization_id: xxx. Organization not found",
    "code": "NOT_FOUND",
}


def in_v1(created: Json) -> Json:
    """Return the create page's answer as v1 gives it: moments for days."""
    return {
        **created,
        "start_date": f"{created['start_date']}T00:00:00",
        "end_date": f"{created['end_date']}T23:59:59",
    }


# Update an invoice

UPDATE: Final[Json] = {"status": "active", "invoice_id": "INV-2024-001-UPDATED"}
INVOICE: Final[Json] = {
    "id": "550e8400-e29b-41d4-a716-446655440000",
    "type": "electricity",
    "status": "active",
    "quantity": 1500.00,
    "base_quantity": 3000.00,
    "unit_id": "ba80e6cb-86a4-4bb1-a0c5-8104365d523c",
    "start_date": "2024-01-01T00:00:00",
    "end_date": "2024-01-31T23:59:59",
    "invoice_id": "INV-2024-001-UPDATED",
    "facility_id": "660e8400-e29b-41d4-a716-446655440000",
    "facility_fuel_id": None,
    "supplier_id": "770e8400-e29b-41d4-a716-446655440000",
    "custom_emission_factor_id": None,
    "co2e": 245.5,
    "co2e_biomass": 0,
    "cups": "ES0021000000000001XX",
    "file_id": "880e8400-e29b-41d4-a716-446655440000",
    "file_url": "https://storage.dcycle.io/invoices/invoice-2024-001.pdf",
    "uploaded_by": "990e8400-e29b-41d4-a716-446655440000",
    "percentage": 0.5,
    "enabled": True,
    "created_at": "2024-02-01T10:30:00Z",
    "updated_at": "2024-02-15T14:22:00Z",
}

# The same once its emissions are calculated: 1,500 kWh, of a supplier whose factor is not published.
CALCULATED: Final[Json] = {
    **INVOICE,
    "co2e": 424.5,
    "total_energy_kwh": 1500.0,
    "emissions": [
        {
            "activity_category": "electricity",
            "co2e": 424.5,
            "co2e_biomass": 0.0,
            "calculated_at": "2026-02-15T14:22:00Z",
            "trace": [
                {
                    "share": 1.0,
                    "quantity": 1500.0,
                    "factor": 0.283,
                    "unit": "kWh",
                    "source_id": "MITECO_V31",
                    "factor_year": 2024,
                    "gwp_set": None,
                    "flags": ["co2_only"],
                    "start_date": "2024-01-01",
                    "end_date": "2024-01-31",
                    "biomass_factor": 0.0,
                    "terms": [],
                    "kind": "residual_mix",
                    "label": "",
                }
            ],
            "scope": 2,
            "energy_kwh": None,
            "flags": ["co2_only"],
            "error": None,
        },
        {
            "activity_category": "electricity_generation",
            "co2e": None,
            "co2e_biomass": None,
            "calculated_at": "2026-02-15T14:22:00Z",
            "trace": [],
            "scope": None,
            "energy_kwh": None,
            "flags": [],
            "error": "There is no factor for the upstream of electricity in XX in 2024 per kWh.",
        },
    ],
}

# Recalculate invoices

RECALCULATE: Final[Json] = {
    "invoice_ids": ["a1b2c3d4-e5f6-7890-abcd-ef1234567890", "e5f6a7b8-c9d0-1234-efab-c56789012345"],
    "activity_categories": ["electricity", "electricity_location_based"],
}
RECALCULATED: Final[Json] = {
    "invoice_ids": RECALCULATE["invoice_ids"],
    "count": 2,
    "processing_job_ids": ["d0e1f2a3-b4c5-6789-defa-b01234567890", "e1f2a3b4-c5d6-7890-efab-c12345678901"],
}

# Total impacts

TOTALS: Final[Json] = {
    "organization_id": "ff4adcc7-8172-45fe-9cf1-e90a6de53aa9",
    "start_date": "2024-01-01",
    "end_date": "2024-12-31",
    "unit": "kg",
    "total_co2e": 26380.5,
    "items": [
        {"group": "1", "co2e": 18200.0, "co2e_biomass": 0, "in_total": True, "flagged_share": 0},
        {"group": "2_location", "co2e": 2710.25, "co2e_biomass": 0, "in_total": False, "flagged_share": 0},
        {"group": "2_market", "co2e": 6508.0, "co2e_biomass": 0, "in_total": True, "flagged_share": 0.25},
        {"group": "3", "co2e": 1672.5, "co2e_biomass": 0, "in_total": True, "flagged_share": 1},
    ],
    "total_co2e_biomass": 0,
    "total_co2e_location_based": 2710.25,
    "invoices_counted": 35,
    "not_calculated": {"error": 2, "review": 1},
    "flagged_share": 0.125074,
}
