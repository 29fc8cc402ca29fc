"""One invoice, or a page of them, with how its bill was divided: as much of that as the reader may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from facilities import access
from facilities.access import Author
from facilities.models import Organization
from invoices.filing import InvoiceNotFound
from invoices.models import Invoice


@dataclass(frozen=True, slots=True)
class Found:
    """
    An invoice as it is shown.

    `parts` are the rows whose shares are shown with it, each with its facility and organization: its own; all children
    of a parent; a child's siblings too where the reader reaches the parent's organization. Masses are in kg, energy in
    kWh; None is "not calculated", never zero.
    """

    invoice: Invoice
    parts: Sequence[Invoice]
    co2e: Decimal | None = None
    co2e_biomass: Decimal | None = None
    total_energy_kwh: Decimal | None = None
    emissions: Sequence[dict[str, Any]] = ()

    @property
    def primary(self) -> Invoice:
        """The row whose facility, share and quantity are shown: a parent shows its first child's."""
        return self.parts[0] if self.invoice.is_parent and self.parts else self.invoice


def find(*, organization: Organization, invoice_id: UUID, by: Author) -> Found:
    """Return the organization's single, child or parent with this id; raise InvoiceNotFound."""
    invoice = Invoice.objects.of(organization.pk).select_related("facility").filter(pk=invoice_id).first()
    if invoice is None:
        raise InvoiceNotFound(invoice_id)
    return described([invoice], organization=organization, by=by)[0]


def described(invoices: Sequence[Invoice], *, organization: Organization, by: Author) -> list[Found]:
    """Return the organization's invoices, which come with their facilities, as they are shown to somebody."""
    for invoice in invoices:
        invoice.organization = organization
    families = _families(invoices, organization, by)
    return [Found(invoice, families.get(_whole(invoice)) or _alone(invoice)) for invoice in invoices]


def _whole(invoice: Invoice) -> UUID | None:
    """Return the id of the bill that was divided, None where none was."""
    return invoice.pk if invoice.is_parent else invoice.source_invoice_id


def _alone(invoice: Invoice) -> Sequence[Invoice]:
    return () if invoice.is_parent else (invoice,)


def _families(invoices: Sequence[Invoice], organization: Organization, by: Author) -> dict[UUID | None, list[Invoice]]:
    """Return the children of each divided bill whose organization the reader reaches, by the parent's id."""
    wholes = {whole for invoice in invoices if (whole := _whole(invoice)) is not None}
    if not wholes:
        return {}
    # Who reads an invoice of it without being a member (a superuser) reaches this organization and none above.
    line = access.line_in_reach(by=by, organization_id=organization.pk) or [organization.pk]
    children = (
        Invoice.objects.filter(source_invoice__in=wholes, source_invoice__organization__in=line)
        # An organization that has left the tree since keeps its part to itself.
        .filter(organization__in=Organization.objects.tree_of(line[-1]))
        .select_related("facility", "organization")
        .order_by("pk")
    )
    families: dict[UUID | None, list[Invoice]] = {}
    for child in children:
        families.setdefault(child.source_invoice_id, []).append(child)
    return families
