"""The columns of each file: as programs know them, and as people read them."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from facilities.access import Channel
from facilities.models import FacilityStatus
from invoices.models import CHECK_NAMES, InvoiceSource, InvoiceStatus, InvoiceType, State

Words = Mapping[Any, str | Promise]


class Column(NamedTuple):
    """
    A column by its name in the API, what heads it for people, and how they read its values where these are codes.

    `field` is where its value stands on the row that is listed; one without is worked out.
    """

    name: str
    heading: str | Promise
    field: str = ""
    words: Words = {}


_YES_OR_NO: Final[Words] = {True: _("yes"), False: _("no")}

GROUPS: Final = (
    Column("cups", "CUPS", "cups"),
    Column("facility_id", _("Facility (id)"), "facility_id"),
    Column("facility_name", _("Facility"), "facility__name"),
    Column("invoice_count", _("Invoices"), "invoice_count"),
    Column("first_date", _("First day"), "first_date"),
    Column("last_date", _("Last day"), "last_date"),
    Column("locked_count", _("Invoices backed by Datadis"), "locked_count"),
    Column("facility_status", _("Status of the facility"), "facility__status", dict(FacilityStatus.choices)),
    Column("check", _("Check"), "check_result", {check.value: name for check, name in CHECK_NAMES.items()}),
    Column("is_locked", _("Locked by Datadis"), words=_YES_OR_NO),
)
# Those that an import takes come first, by its names: an exported file can be imported as it is.
INVOICES: Final = (
    Column("type", _("Type"), "type", dict(InvoiceType.choices)),
    Column("start_date", _("Start date"), "start_date"),
    Column("end_date", _("End date"), "end_date"),
    Column("quantity", _("Quantity"), "quantity"),
    Column("unit", _("Unit"), "unit__symbol"),
    Column("facility_id", _("Facility (id)"), "facility_id"),
    Column("facility", _("Facility"), "facility__name"),
    Column("cups", "CUPS", "cups"),
    Column("invoice_number", _("Invoice number"), "invoice_number"),
    Column("supplier", _("Supplier"), "supplier__name"),
    Column("fuel", _("Fuel"), "facility_fuel__name"),
    Column("printed_cups", _("CUPS as printed"), "printed_cups"),
    Column("id", _("Invoice (id)"), "pk"),
    Column("status", _("Status"), "status", dict(InvoiceStatus.choices)),
    Column("source", _("Source"), "source", dict(InvoiceSource.choices)),
    Column("base_quantity", _("Billed quantity"), "base_quantity"),
    Column("percentage", _("Share"), "percentage"),
    Column("source_invoice_id", _("Part of the invoice (id)"), "source_invoice_id"),
    Column("supply_contract_id", _("Supply contract (id)"), "supply_contract_id"),
    Column("created_at", _("Filed at"), "created_at"),
    Column("co2e", "kg CO₂e"),
    Column("co2e_biomass", _("kg of biogenic CO₂")),
    Column("total_energy_kwh", _("Energy in kWh")),
)
CONSOLIDATIONS: Final = (
    Column("id", _("Consolidation (id)")),
    Column("created_at", _("When")),
    Column("by", _("Who (id)")),
    Column("by_name", _("Who")),
    Column("on_behalf_of", _("On behalf of (id)")),
    Column("through", _("Through"), words=dict(Channel.choices)),
    Column("message", _("Message")),
    Column("state", _("State"), words=dict(State.choices)),
    Column("cups", _("CUPS before")),
    Column("facility_id", _("Facility (id)")),
    Column("facility_name", _("Facility")),
    Column("target_cups", _("CUPS after")),
    Column("invoice_count", _("Invoices rewritten")),
    Column("restored_count", _("Invoices put back")),
)
ALIASES: Final = (
    Column("id", _("Alias (id)"), "pk"),
    Column("cups", "CUPS", "cups"),
    Column("target_cups", _("Stands for"), "target_cups"),
    Column("facility_id", _("Facility (id)"), "facility_id"),
    Column("facility_name", _("Facility"), "facility__name"),
    Column("created_at", _("When"), "created_at"),
    Column("by", _("Who (id)"), "by_id"),
    Column("message", _("Message"), "message"),
    Column("consolidation_id", _("Consolidation (id)"), "consolidation_id"),
)
# How tiers and reasons are said is for the page to say, which says it beside each suggestion too.
SUGGESTIONS: Final = (
    Column("id", _("Suggestion (id)")),
    Column("tier", _("Tier")),
    Column("target_cups", _("Target")),
    Column("cups", "CUPS"),
    Column("facility_id", _("Facility (id)")),
    Column("facility_name", _("Facility")),
    Column("invoice_count", _("Invoices")),
    Column("first_date", _("First day")),
    Column("last_date", _("Last day")),
    Column("reasons", _("Reasons")),
    Column("in_bulk", _("May be accepted with others"), words=_YES_OR_NO),
    Column("missing_months", _("Months missing")),
    Column("filled_months", _("Months filled")),
    Column("overlaps", _("Bills counted twice")),
)
