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
from invoices.models.custom_factor import (
    CustomCategory,
    CustomEmissionFactor,
    CustomEmissionGroup,
    FactorTag,
    GasType,
)
from invoices.models.fuel import FacilityFuel, FuelUnit, GHGType
from invoices.models.invoice import (
    BACKED_BY_DATADIS,
    Invoice,
    InvoiceQuerySet,
    InvoiceSource,
    InvoiceStatus,
    InvoiceType,
)
from invoices.models.invoice_change import ChangeAction, InvoiceChange
from invoices.models.job_chunk import ChunkState, JobChunk
from invoices.models.processing_job import ActivityCategory, JobAction, JobStatus, JobTrigger, ProcessingJob
from invoices.models.unit import Unit, UnitType

__all__ = [
    "BACKED_BY_DATADIS",
    "CHECK_NAMES",
    "MESSAGE_LENGTH",
    "ActivityCategory",
    "ChangeAction",
    "ChunkState",
    "ConsolidatedInvoice",
    "Consolidation",
    "ConsolidationUndo",
    "CupsGroup",
    "CustomCategory",
    "CustomEmissionFactor",
    "CustomEmissionGroup",
    "FacilityFuel",
    "FactorTag",
    "FuelUnit",
    "GHGType",
    "GasType",
    "Invoice",
    "InvoiceChange",
    "InvoiceQuerySet",
    "InvoiceSource",
    "InvoiceStatus",
    "InvoiceType",
    "JobAction",
    "JobChunk",
    "JobStatus",
    "JobTrigger",
    "ProcessingJob",
    "State",
    "UndoneInvoice",
    "Unit",
    "UnitType",
    "WithUndos",
]
