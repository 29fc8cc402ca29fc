"""What suppliers billed, and what was done with it."""

from invoices.models.consolidation import (
    MESSAGE_LENGTH,
    ConsolidatedInvoice,
    Consolidation,
    ConsolidationUndo,
    State,
    UndoneInvoice,
    WithUndos,
)
from invoices.models.cups_group import CHECK_NAMES, CupsGroup
from invoices.models.fuel import FacilityFuel
from invoices.models.invoice import (
    BACKED_BY_DATADIS,
    Invoice,
    InvoiceQuerySet,
    InvoiceSource,
    InvoiceStatus,
    InvoiceType,
)
from invoices.models.invoice_change import ChangeAction, InvoiceChange
from invoices.models.processing_job import JobAction, JobStatus, JobTrigger, ProcessingJob
from invoices.models.unit import Unit, UnitType

__all__ = [
    "BACKED_BY_DATADIS",
    "CHECK_NAMES",
    "MESSAGE_LENGTH",
    "ChangeAction",
    "ConsolidatedInvoice",
    "Consolidation",
    "ConsolidationUndo",
    "CupsGroup",
    "FacilityFuel",
    "Invoice",
    "InvoiceChange",
    "InvoiceQuerySet",
    "InvoiceSource",
    "InvoiceStatus",
    "InvoiceType",
    "JobAction",
    "JobStatus",
    "JobTrigger",
    "ProcessingJob",
    "State",
    "UndoneInvoice",
    "Unit",
    "UnitType",
    "WithUndos",
]
