"""Door for staff: look up and correct invoices, consolidate codes, undo. Every write goes through the domain."""

from invoices.admin import consolidations, factors, groups, invoices, records, relocations, years

__all__ = ["consolidations", "factors", "groups", "invoices", "records", "relocations", "years"]
