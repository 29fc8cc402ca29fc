"""What tiers, reasons and the months of a suggestion are called on a page."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from invoices.matching import Reason, TargetReason, Tier

TIERS: Final[Mapping[Tier, Any]] = {
    Tier.SAME: _("The same code, written differently"),
    Tier.SLIP: _("One digit wrong, and the letters fit"),
    Tier.LETTERS: _("The same digits, letters lost or wrong"),
    Tier.SLIP_AND_LETTERS: _("One digit wrong, letters lost or wrong"),
    Tier.CONTRACT: _("The letters lead to a code that only a contract names"),
    Tier.ALIKE: _("No CUPS, but alike"),
}

REASONS: Final[Mapping[Reason, Any]] = {
    Reason.SEPARATORS: _("capitals, blanks or separators"),
    Reason.LOOK_ALIKES: _("letters read for digits, or digits for letters"),
    Reason.SUFFIX: _("border point on one alone"),
    Reason.SUFFIXES_DIFFER: _("different border points: perhaps two metering points"),
    Reason.SELF_CONSUMPTION: _("a code of self-consumption (CAU or CIL)"),
    Reason.DIGIT_WRONG: _("one digit wrong"),
    Reason.DIGIT_MISSING: _("one digit missing"),
    Reason.DIGIT_EXTRA: _("one digit too many"),
    Reason.DIGITS_SWAPPED: _("two digits swapped"),
    Reason.ZEROS_LOST: _("leading zeros lost"),
    Reason.COUNTRY_MISSING: _("ES missing"),
    Reason.LETTERS_FIT: _("its letters fit the target"),
    Reason.LETTERS_MISSING: _("letters missing"),
    Reason.LETTERS_WRONG: _("letters wrong"),
    Reason.ON_CONTRACT: _("the target is on a contract"),
    Reason.PREFIX: _("one begins with the other"),
    Reason.TWO_EDITS: _("at most two characters differ"),
    Reason.OTHER_FACILITY: _("the target's supply is not at this facility yet"),
}

_TARGET_REASONS: Final[Mapping[TargetReason, Any]] = {
    TargetReason.DATADIS: _("backed by Datadis"),
    TargetReason.LETTERS_RIGHT: _("letters right as written"),
    TargetReason.COMPLETE: _("right length"),
    TargetReason.KNOWN_DISTRIBUTOR: _("known distributor"),
    TargetReason.MOST_INVOICES: _("most invoices"),
    TargetReason.LATEST: _("latest invoice"),
    TargetReason.LONGEST: _("longest period"),
    TargetReason.SMALLEST: _("first in order"),
    TargetReason.CONTRACT_SPELLING: _("spelled as the contract has it"),
    TargetReason.AGREED_SUFFIX: _("the border point that all agree on"),
    TargetReason.CONSTRUCTED: _("letters computed from the digits; no invoice carries it yet"),
}


def reasons(found: Iterable[Reason]) -> str:
    """Say why a code is thought to be the target's supply."""
    return ", ".join(str(REASONS[reason]) for reason in found)


def target_reasons(found: Iterable[TargetReason]) -> str:
    """Say what speaks for the target."""
    return ", ".join(str(_TARGET_REASONS[reason]) for reason in found)
