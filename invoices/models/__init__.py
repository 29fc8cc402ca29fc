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
from invoices.models.cups_alias import CupsAlias
from invoices.models.cups_dismissal import CupsDismissal
from invoices.models.cups_group import CHECK_NAMES, CupsGroup
from invoices.models.custom_factor import (
    CustomCategory,
    CustomEmissionFactor,
    CustomEmissionGroup,
    FactorTag,
    GasType,
)
from invoices.models.emission_factor import EmissionFactor, EmissionSource, FactorSet, SupplierLink
from invoices.models.evidence_archive import EvidenceArchive
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
from invoices.models.invoice_emission import (
    HEADLINES,
    LOCATION_BASED,
    EmissionCategory,
    InvoiceEmission,
    InvoiceEmissionHistory,
)
from invoices.models.invoice_import import (
    BatchState,
    ImportBatch,
    ImportedInvoice,
    ImportPart,
    ImportProblem,
    ImportStatus,
    InvoiceImport,
    Severity,
)
from invoices.models.job_chunk import OPEN_STATES, ChunkState, JobChunk
from invoices.models.processing_job import ActivityCategory, JobAction, JobStatus, JobTrigger, ProcessingJob
from invoices.models.relocation import RelocatedInvoice, Relocation, RelocationUndo
from invoices.models.unit import Unit, UnitType
from invoices.models.year_closing import ClosingAction, YearClosing

__all__ = [
    "BACKED_BY_DATADIS",
    "CHECK_NAMES",
    "HEADLINES",
    "LOCATION_BASED",
    "MESSAGE_LENGTH",
    "OPEN_STATES",
    "ActivityCategory",
    "BatchState",
    "ChangeAction",
    "ChunkState",
    "ClosingAction",
    "ConsolidatedInvoice",
    "Consolidation",
    "ConsolidationUndo",
    "CupsAlias",
    "CupsDismissal",
    "CupsGroup",
    "CustomCategory",
    "CustomEmissionFactor",
    "CustomEmissionGroup",
    "EmissionCategory",
    "EmissionFactor",
    "EmissionSource",
    "EvidenceArchive",
    "FacilityFuel",
    "FactorSet",
    "FactorTag",
    "FuelUnit",
    "GHGType",
    "GasType",
    "ImportBatch",
    "ImportPart",
    "ImportProblem",
    "ImportStatus",
    "ImportedInvoice",
    "Invoice",
    "InvoiceChange",
    "InvoiceEmission",
    "InvoiceEmissionHistory",
    "InvoiceImport",
    "InvoiceQuerySet",
    "InvoiceSource",
    "InvoiceStatus",
    "InvoiceType",
    "JobAction",
    "JobChunk",
    "JobStatus",
    "JobTrigger",
    "ProcessingJob",
    "RelocatedInvoice",
    "Relocation",
    "RelocationUndo",
    "Severity",
    "State",
    "SupplierLink",
    "UndoneInvoice",
    "Unit",
    "UnitType",
    "WithUndos",
    "YearClosing",
]
