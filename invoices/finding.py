"""One invoice, or a page of them, with its figures and how its bill was divided: as much as the reader may see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from facilities import access
from facilities.access import Author
from facilities.models import Organization
from invoices.families import InvoiceNotFound
from invoices.models import HEADLINES, EmissionCategory, Invoice, InvoiceEmission


@dataclass(frozen=True, slots=True)
class Result:
    """
    What was calculated of an invoice for one category: kg, or kWh at net calorific value, or why there is none.

    Of a parent the sums of its children, each figure None while any of them lacks it, and what is said of any of them.
    `trace` holds lines as `emissions.trace.Line.as_json()` gives them.
    """

    activity_category: EmissionCategory
    scope: int | None
    co2e: Decimal | None
    co2e_biomass: Decimal | None
    energy_kwh: Decimal | None
    error: str
    flags: Sequence[str]
    calculated_at: datetime
    factor_set_id: int
    trace: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Found:
    """
    An invoice as it is shown.

    `parts` are the rows whose shares are shown with it, each with its facility and organization: its own; all children
    of a parent; a child's siblings too where the reader reaches the parent's organization. `emissions` holds a result
    for each category, in the order of EmissionCategory. Masses are in kg, energy in kWh; None is "not calculated",
    never zero.
    """

    invoice: Invoice
    parts: Sequence[Invoice]
    emissions: Sequence[Result] = ()

    @property
    def primary(self) -> Invoice:
        """The row whose facility, share and quantity are shown: a parent shows its first child's."""
        return self.parts[0] if self.invoice.is_parent and self.parts else self.invoice

    @property
    def headline(self) -> Result | None:
        """The one result that is the invoice's own figure, by its type."""
        return next((result for result in self.emissions if result.activity_category in HEADLINES), None)

    @property
    def co2e(self) -> Decimal | None:
        return self.headline.co2e if self.headline else None

    @property
    def co2e_biomass(self) -> Decimal | None:
        return self.headline.co2e_biomass if self.headline else None

    @property
    def total_energy_kwh(self) -> Decimal | None:
        energy = (result for result in self.emissions if result.activity_category == EmissionCategory.ENERGY)
        return next((result.energy_kwh for result in energy), None)

    @property
    def bearers(self) -> Sequence[Invoice]:
        """The rows that hold its results: itself, or a parent's children."""
        return bearers_of(self.invoice, self.parts)


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
    parts = {invoice.pk: families.get(_whole(invoice)) or _alone(invoice) for invoice in invoices}
    rows = _results(bearer for invoice in invoices for bearer in bearers_of(invoice, parts[invoice.pk]))
    return [
        Found(
            invoice,
            parts[invoice.pk],
            _together([rows.get(bearer.pk, {}) for bearer in bearers_of(invoice, parts[invoice.pk])]),
        )
        for invoice in invoices
    ]


def bearers_of(invoice: Invoice, parts: Sequence[Invoice]) -> Sequence[Invoice]:
    """Return the rows that hold an invoice's results: itself, or those of a parent's children that are shown."""
    return parts if invoice.is_parent else (invoice,)


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


_Rows = Mapping[str, InvoiceEmission]


def _results(bearers: Iterable[Invoice]) -> dict[UUID, dict[str, InvoiceEmission]]:
    """Return the results of singles and children by invoice and category."""
    owners = {bearer.pk: bearer.organization_id for bearer in bearers}
    found: dict[UUID, dict[str, InvoiceEmission]] = {}
    if owners:
        rows = InvoiceEmission.objects.filter(organization__in=set(owners.values()), invoice__in=list(owners))
        for row in rows:
            found.setdefault(row.invoice_id, {})[row.activity_category] = row
    return found


def _together(rows: Sequence[_Rows]) -> list[Result]:
    """Return a result for each category that any of the bearers has."""
    categories = (category for category in EmissionCategory if any(category in own for own in rows))
    return [_sum(category, [own.get(category) for own in rows]) for category in categories]


def _sum(category: EmissionCategory, rows: Sequence[InvoiceEmission | None]) -> Result:
    there = [row for row in rows if row is not None]
    return Result(
        activity_category=category,
        # One that could not be calculated has none.
        scope=next((row.scope for row in there if row.scope), None),
        co2e=_added([row.co2e if row else None for row in rows]),
        co2e_biomass=_added([row.co2e_biomass if row else None for row in rows]),
        energy_kwh=_added([row.energy_kwh if row else None for row in rows]),
        error=" ".join(dict.fromkeys(row.error for row in there if row.error)),
        flags=sorted({flag for row in there for flag in row.flags.split()}),
        calculated_at=max(row.calculated_at for row in there),
        factor_set_id=max(row.factor_set_id for row in there),
        trace=[line for row in there for line in row.trace],
    )


def _added(figures: Sequence[Decimal | None]) -> Decimal | None:
    known = [figure for figure in figures if figure is not None]
    return sum(known, Decimal(0)) if len(known) == len(figures) else None
