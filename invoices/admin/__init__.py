"""Door for staff: look up and correct invoices, consolidate codes, undo. Every write goes through the domain."""

from invoices.admin import aliases, consolidations, factors, groups, imports, invoices, records, relocations, years

__all__ = ["aliases", "consolidations", "factors", "groups", "imports", "invoices", "records", "relocations", "years"]
