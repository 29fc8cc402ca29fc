"""
What an organization's codes suggest to join: find it, weigh it, accept it, dismiss it.

Which codes are one supply is said by `matching`, what their months say by `timeline`; joining is `consolidating`'s, and
what is no duplicate `dismissing`'s.
"""

from invoices.suggesting.accepting import NothingLeft, NotOfTheSuggestion, accept, dismiss, plan
from invoices.suggesting.in_bulk import (
    AT_ONCE,
    SAFE,
    BulkOutcome,
    BulkPlan,
    BulkPlanChanged,
    LeftOut,
    NothingToAccept,
    TierNotSafe,
    Why,
    accept_all,
    plan_all,
)
from invoices.suggesting.listing import Shown, SuggestionNotFound, find, listed, shown
from invoices.suggesting.nearby import near

__all__ = [
    "AT_ONCE",
    "SAFE",
    "BulkOutcome",
    "BulkPlan",
    "BulkPlanChanged",
    "LeftOut",
    "NotOfTheSuggestion",
    "NothingLeft",
    "NothingToAccept",
    "Shown",
    "SuggestionNotFound",
    "TierNotSafe",
    "Why",
    "accept",
    "accept_all",
    "dismiss",
    "find",
    "listed",
    "near",
    "plan",
    "plan_all",
    "shown",
]
