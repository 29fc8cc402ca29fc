"""What the domain refuses, in words that a member of staff can act on."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facilities import access
from facilities.admin import refusals
from facilities.admin.refusals import Refusals
from invoices import (
    aliasing,
    closed_years,
    consolidating,
    factoring,
    families,
    filing,
    grouping,
    labelling,
    tracking,
    undoing,
    vetting,
    wording,
)
from invoices import cups as cups_codes

SHOWN_CODES = 5


def _locked(refusal: consolidating.LockedByDatadis) -> str:
    return _(
        "Backed by a Datadis contract, so it can't be rewritten: %(codes)s. Untick it; it can be the target instead."
    ) % {"codes": _listed(refusal.codes)}


def _alias_of_an_alias(refusal: aliasing.AliasOfAnAlias) -> str:
    said = _("%(cups)s itself stands for %(target)s there: choose that one, or remove that alias first.")
    return said % {"cups": refusal.cups, "target": refusal.target}


def _different(refusal: consolidating.ValidCodesDiffer) -> str:
    return _(
        "These are correct CUPS of different supplies: %(codes)s. To join them all the same, type the target again."
    ) % {"codes": _listed(refusal.codes)}


def _closed(refusal: closed_years.PeriodClosed) -> str:
    years = sorted({year for years in refusal.closed.values() for year in years})
    return _(
        "%(years)s is closed in %(organization)s: what its invoices emit stays. An administrator can open it again."
    ) % {
        "years": ", ".join(map(str, years)),
        "organization": ", ".join(sorted(refusal.closed)),
    }


def _conflicts(refusal: undoing.ConflictsFound) -> str:
    return _("%(count)d of the invoices have changed since. Skip them to undo the others.") % {"count": refusal.total}


def _listed(codes: Sequence[str]) -> str:
    few = ", ".join(dict.fromkeys(codes[:SHOWN_CODES]))
    return few if len(codes) <= SHOWN_CODES else f"{few}…"


REFUSALS: Refusals = {
    **refusals.REFUSALS,
    cups_codes.NotAcceptable: wording.not_acceptable,
    grouping.GroupsKeptChanging: gettext_lazy("Others are changing the same codes at this moment. Try again."),
    aliasing.AliasNotFound: gettext_lazy("Somebody removed the alias in between."),
    aliasing.AliasOfAnAlias: _alias_of_an_alias,
    aliasing.AliasOfItself: gettext_lazy("A code can't stand for itself."),
    aliasing.CodeLockedByDatadis: gettext_lazy(
        "The code is backed by a Datadis contract there: it is right, and can only be the one that others stand for."
    ),
    consolidating.LockedByDatadis: _locked,
    consolidating.ValidCodesDiffer: _different,
    consolidating.PlanChanged: gettext_lazy(
        "What would happen is not what the preview showed. Look at the new preview and confirm it; nothing is done yet."
    ),
    consolidating.FacilityNotInOrganization: gettext_lazy("One of the facilities is another organization's."),
    consolidating.MalformedSources: gettext_lazy("Tick at least one group."),
    tracking.NothingToRetry: gettext_lazy("Nothing of one of the jobs is left to be done again; nothing was queued."),
    undoing.ConsolidationNotFound: gettext_lazy("There is no such consolidation."),
    undoing.ConflictsFound: _conflicts,
    undoing.AlreadyUndone: gettext_lazy("Everything of it is undone already."),
    undoing.MessageRequired: gettext_lazy("Say why: undoing what another person did needs a message."),
    closed_years.PeriodClosed: _closed,
    factoring.NoFactors: gettext_lazy(
        "No emission factors are loaded yet: “manage.py load_reference_data” loads them."
    ),
    labelling.NotInRegister: gettext_lazy(
        "The register of labels holds no such name for the supplier's country. The list of emission factors shows them."
    ),
    labelling.NotLinked: gettext_lazy("Somebody took the link away in between."),
    filing.LockedByDatadis: gettext_lazy(
        "The invoice is backed by a Datadis contract: its code, facility and type stay, and it can't be deleted."
    ),
    filing.DistributedInvoice: gettext_lazy(
        "The invoice is distributed over several facilities: what they share is changed on the whole, a facility's own "
        "part on that part, and only the whole can be deleted."
    ),
    vetting.InvalidPeriod: gettext_lazy("The period ends before it starts."),
    vetting.UnitDoesNotFit: gettext_lazy("Invoices of this type, or of this fuel, are not measured in this unit."),
    vetting.FuelRequired: gettext_lazy("Heat needs the fuel that was burnt."),
    access.NotAllowed: gettext_lazy(
        "A part of the distributed invoice is in an organization where you can't change anything."
    ),
    filing.ContractOfAnotherFacility: gettext_lazy("The supply contract is not one of the invoice's facility."),
    filing.FacilityOfAnotherOrganization: gettext_lazy("The facility is another organization's."),
    families.InvoiceNotFound: gettext_lazy("Somebody deleted the invoice in between."),
}
