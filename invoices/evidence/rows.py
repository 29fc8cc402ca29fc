"""The columns of each file of an archive, and what a row of it says. Identifiers are those of the API."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from invoices.models import (
    ConsolidatedInvoice,
    EmissionCategory,
    EmissionSource,
    FactorSet,
    Invoice,
    InvoiceChange,
    InvoiceEmission,
    InvoiceEmissionHistory,
    UndoneInvoice,
    YearClosing,
)
from invoices.models.consolidation import Evidence
from invoices.models.invoice_emission import Emission

Row = tuple[object, ...]

_WHO: Final = ("at", "by", "through", "api_key", "on_behalf_of", "message")

INVOICES: Final = (
    *("invoice_id", "invoice_number", "type", "status", "source", "start_date", "end_date", "days", "days_in_year"),
    *("facility_id", "facility", "country", "supplier_id", "supplier", "quantity", "unit"),
    *("billed_quantity", "share", "part_of_invoice_id", "original_quantity", "original_unit", "fuel"),
    *("custom_factors_id", "custom_factors", "printed_cups", "cups", "contract_id", "contract_cups", "contract_source"),
    *("contract_renewable_share", "guarantee", "certificate_number", "certificate_year", "certificate_file_id"),
    *("file_id", "file_sha256", "file_url", "uploaded_by", "filed_at", "changed_at"),
)
FIGURES: Final = (
    *("invoice_id", "category", "scope", "co2e_kg", "biogenic_co2_kg", "energy_kwh", "flags", "error"),
    *("factor_set", "calculated_at"),
)
RESULTS: Final = (
    *("invoice_id", "category", "scope", "line", "first_day", "last_day", "share", "quantity", "unit"),
    *("factor", "biogenic_factor", "source_id", "factor_year", "gwp_set", "flags", "kind", "label", "terms"),
    *("co2e_kg", "biogenic_co2_kg", "energy_kwh", "error", "factor_set"),
)
HISTORY: Final = (*FIGURES, "replaced_at", "job_id", "trace")
CONSOLIDATIONS: Final = ("consolidation_id", *_WHO, "target_cups", "invoice_id", "invoice_number", "previous_cups")
UNDOS: Final = ("undo_id", *_WHO, "consolidation_id", "invoice_id", "invoice_number", "restored_cups")
CHANGES: Final = ("change_id", *_WHO, "action", "invoice_id", "invoice_number", "before", "after")
CLOSINGS: Final = (
    *("closing_id", *_WHO, "action", "year", "scope_1_kg", "scope_2_market_kg", "scope_2_location_kg", "scope_3_kg"),
    "biogenic_co2_kg",
)
GAPS: Final = ("supply", "facility_id", "facility", "month", "is_between_invoices", "first_date", "last_date")
FACTORS: Final = (
    *("factor_set", "kind", "label", "unit", "factor", "biogenic_factor", "source_id", "factor_year", "gwp_set"),
    *("terms", "line_count"),
)
SOURCES: Final = ("source_id", "title", "publisher", "year", "licence", "address")

_OF_A_CLOSING: Final = ("1", "2_market", "2_location", "3", "biomass")


def of_invoice(invoice: Invoice, *, first: date, last: date, digests: Mapping[Any, str]) -> Row:
    """Say all of an invoice that its figures follow from; its days in the year are those from first to last."""
    days_in_year = (min(invoice.end_date, last) - max(invoice.start_date, first)).days + 1
    return (
        *(invoice.pk, invoice.invoice_number, invoice.type, invoice.status, invoice.source),
        *(invoice.start_date, invoice.end_date, (invoice.end_date - invoice.start_date).days + 1, days_in_year),
        *(invoice.facility_id, *_of(invoice.facility, "name", "country")),
        *(invoice.supplier_id, *_of(invoice.supplier, "name")),
        *(invoice.quantity, invoice.unit.name, invoice.base_quantity, invoice.percentage, invoice.source_invoice_id),
        *(invoice.original_quantity, *_of(invoice.original_unit, "name"), *_of(invoice.facility_fuel, "name")),
        *(invoice.custom_emission_factor_id, *_of(invoice.custom_emission_factor, "name")),
        *(invoice.printed_cups, invoice.cups, invoice.supply_contract_id),
        *_of(invoice.supply_contract, "cups", "source", "renewable_percentage", "guarantee_type"),
        *_of(invoice.supply_contract, "certificate_number", "certificate_year", "certificate_file_id"),
        *(invoice.file_id, digests.get(invoice.file_id), invoice.file_url),
        *(invoice.uploaded_by.display_name, invoice.created_at, invoice.updated_at),
    )


def of_figure(result: Emission, invoice_id: object) -> Row:
    return (
        *(invoice_id, result.activity_category, result.scope, result.co2e, result.co2e_biomass, result.energy_kwh),
        *(result.flags, result.error, result.factor_set.version, result.calculated_at),
    )


def of_lines(result: InvoiceEmission) -> Iterator[Row]:
    """Yield a row for each line of the calculation, or the one that says why there is none."""
    of_all = (result.invoice_id, result.activity_category, result.scope)
    if result.error:
        yield (*of_all, *(None for _name in RESULTS[len(of_all) : -2]), result.error, result.factor_set.version)
    for number_, line in enumerate(result.trace, start=1):
        quantity, factor_, biogenic = (Decimal(line[name]) for name in ("quantity", "factor", "biomass_factor"))
        # The same product is an energy where the category is.
        is_energy = result.activity_category == EmissionCategory.ENERGY
        yield (
            *(*of_all, number_, line["start"], line["end"], Decimal(line["share"]), quantity, line["unit"]),
            *(factor_, biogenic, line["source_id"], line["factor_year"], line["gwp_set"], " ".join(line["flags"])),
            *(line["kind"], line["label"], _json(line["terms"])),
            *(None if is_energy else quantity * factor_, None if is_energy else quantity * biogenic),
            *(quantity * factor_ if is_energy else None, "", result.factor_set.version),
        )


def of_factor(factor_set: FactorSet, line: Mapping[str, Any]) -> list[Any]:
    """Return what a line says of its factor, in what JSON knows; `factor` gives the row of it."""
    names = ("kind", "label", "unit", "factor", "biomass_factor", "source_id", "factor_year", "gwp_set")
    return [factor_set.version, *(line[name] for name in names), _json(line["terms"])]


def factor(kept: Sequence[Any]) -> Row:
    version, kind, label, unit, value, biogenic, *rest = kept
    return (version, kind, label, unit, Decimal(value), Decimal(biogenic), *rest)


def of_replaced(result: InvoiceEmissionHistory) -> Row:
    return (*of_figure(result, result.invoice_id), result.replaced_at, result.job_id, _json(result.trace))


def of_consolidated(row: ConsolidatedInvoice) -> Row:
    done = row.consolidation
    return (done.pk, *_who(done), done.target_cups, row.invoice_id, row.invoice_number, row.previous_cups)


def of_undone(row: UndoneInvoice) -> Row:
    rewritten = row.consolidated_invoice
    return (
        *(row.undo_id, *_who(row.undo), row.undo.consolidation_id),
        *(rewritten.invoice_id, rewritten.invoice_number, rewritten.previous_cups),
    )


def of_change(row: InvoiceChange) -> Row:
    return (
        *(row.pk, *_who(row), row.action, row.invoice_id, row.invoice_number),
        *(_json(row.before), _json(row.after)),
    )


def of_closing(row: YearClosing) -> Row:
    return (row.pk, *_who(row), row.action, row.year, *(number(row.totals.get(name)) for name in _OF_A_CLOSING))


def of_source(source: EmissionSource) -> Row:
    return (source.code, source.title, source.publisher, source.year, source.licence, source.address)


def number(text: object) -> Decimal | None:
    """Return a figure as JSON keeps it, as text, or None where there is none."""
    return None if text is None else Decimal(str(text))


def _who(row: Evidence) -> Row:
    key = row.api_key
    return (
        *(row.created_at, row.by.display_name, row.through, key.prefix if key else None),
        *(row.on_behalf_of.display_name if row.on_behalf_of else None, row.message),
    )


def _of(row: object, *names: str) -> Row:
    """Return what a row says, and nothing where there is no row."""
    return tuple(getattr(row, name) if row is not None else None for name in names)


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True)
