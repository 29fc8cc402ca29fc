"""What the demo data is known by: `load_demo` makes it, and a deployment check refuses to run beside it."""

from typing import Final
from uuid import UUID

DEMO_KEY: Final = "sk_live_1234567890abcdef"
DEMO_PASSWORD: Final = "consolida-demo"  # noqa: S105 (printed for everyone; the deployment check refuses it)
DEMO_USER_IDS: Final = {
    "analyst": UUID("990e8400-e29b-41d4-a716-446655440000"),
    "viewer": UUID("991e8400-e29b-41d4-a716-446655440000"),
    "admin": UUID("992e8400-e29b-41d4-a716-446655440000"),
}
DEMO_ORGANIZATION_IDS: Final = {
    "group": UUID("ff4adcc7-8172-45fe-9cf1-e90a6de53aa9"),
    "iberia": UUID("01890000-0000-7000-8000-0000000000a1"),
    "britain": UUID("01890000-0000-7000-8000-0000000000a2"),
    "germany": UUID("01890000-0000-7000-8000-0000000000a3"),
    "unrelated": UUID("01890000-0000-7000-8000-0000000000b1"),
}
DEMO_FACILITY_IDS: Final = {
    "facility_1": UUID("da59c96f-995a-4ec3-88bd-465dcbabf63d"),
    "update_page": UUID("660e8400-e29b-41d4-a716-446655440000"),
}
DEMO_SUPPLIER_ID: Final = UUID("770e8400-e29b-41d4-a716-446655440000")
DEMO_FILE_ID: Final = UUID("880e8400-e29b-41d4-a716-446655440000")
DEMO_INVOICE_ID: Final = UUID("550e8400-e29b-41d4-a716-446655440000")
# Uploads for the unrelated organization. Nobody can sign in with it.
DEMO_NEIGHBOUR_ID: Final = UUID("993e8400-e29b-41d4-a716-446655440000")
