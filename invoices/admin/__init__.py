"""Door for staff: look up and correct invoices, consolidate codes, undo. Every write goes through the domain."""

from invoices.admin import consolidations, groups, invoices, records

__all__ = ["consolidations", "groups", "invoices", "records"]
