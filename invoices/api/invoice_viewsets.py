"""What one may do with invoices, put together from its parts."""

from invoices.api.filing import WriteInvoices
from invoices.api.reading import ReadInvoices
from invoices.api.recalculating import RecalculateInvoices


class InvoiceViewSet(RecalculateInvoices, WriteInvoices, ReadInvoices):
    """The invoices of an organization."""
