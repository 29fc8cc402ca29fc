"""What the domain refuses, in words that a member of staff can act on."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from facilities import archiving, contracting, issuing, registering, writing

Sentence = str | Promise | Callable[[Any], str]
Constraints = Mapping[str, Promise]
Refusals = Mapping[type[Exception], Sentence]


class Refused(Exception):
    """The door itself refuses. Its text is the sentence to show."""


# Django names a constraint that is violated; a person wants to know what to do.
CONSTRAINTS: Constraints = {
    "facility_logistic_factor_is_a_share": _("The logistic factor lies between 0 and 1."),
    "supply_contract_ends_after_it_starts": _("The contract ends before it starts."),
    "supply_contract_renewable_share_is_a_share": _("The renewable share lies between 0 and 1."),
}


def meaning(message: Any, constraints: Constraints = CONSTRAINTS) -> str:
    """Return the sentence for the constraint that Django's message names, or the message itself."""
    return next((str(sentence) for name, sentence in constraints.items() if name in str(message)), message)


def _all_messages(refusal: ValidationError) -> str:
    return " ".join(map(meaning, refusal.messages))


REFUSALS: Refusals = {
    Refused: str,
    ValidationError: _all_messages,
    archiving.FacilityNotFound: _("The facility was deleted."),
    registering.OrganizationLoop: _("An organization can't be a part of itself or of one of its own parts."),
    writing.Gone: _("Somebody deleted it in between."),
    writing.InUse: _("Others need it, so it can't be deleted or moved to another place."),
    issuing.RoleAboveOnesOwn: _(
        "A key can't do more than the person who makes it: your own role in that organization does not include this "
        "one. Choose a lower role, or have yourself made a member first."
    ),
    contracting.OnlySuperusersMakeDatadis: _("Only a superuser makes a Datadis contract by hand."),
    contracting.ReasonRequired: _("Say why the Datadis contract is made by hand."),
    contracting.ContractInUse: _(
        "Invoices are linked to the contract, so it can't be deleted or moved to another place."
    ),
    contracting.EndsBeforeItStarts: _("The contract ends before it starts."),
    contracting.LockedByDatadis: _(
        "The contract comes from Datadis and is corrected there. Here its renewable share and the evidence can change."
    ),
    contracting.AnotherOrganization: _("The facility is another organization's."),
}


def in_words(refusal: Exception, refusals: Refusals) -> str:
    """Return the sentence for a refusal."""
    sentence = next(refusals[kind] for kind in type(refusal).__mro__ if kind in refusals)
    return str(sentence(refusal)) if callable(sentence) else str(sentence)
