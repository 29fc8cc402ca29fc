"""
Move the invoices of one code from a facility to the one where they belong, and take that back.

`plan` works everything out and writes nothing; `move` works it out again once it holds the locks, and refuses when what
was agreed to is not what would happen now.
"""

from invoices.relocating.moving import (
    MAX_MOVED,
    FacilityArchived,
    Moved,
    NothingToMove,
    Plan,
    PlanChanged,
    SameFacility,
    TooManyToMove,
    move,
    plan,
)
from invoices.relocating.placing import Wish
from invoices.relocating.returning import (
    SHOWN_CONFLICTS,
    AlreadyUndone,
    Conflict,
    NothingToMoveBack,
    Reason,
    RelocationNotFound,
    Undone,
    conflict_count,
    conflicts_of,
    find,
    history,
    is_undone,
    undo,
)

__all__ = [
    "MAX_MOVED",
    "SHOWN_CONFLICTS",
    "AlreadyUndone",
    "Conflict",
    "FacilityArchived",
    "Moved",
    "NothingToMove",
    "NothingToMoveBack",
    "Plan",
    "PlanChanged",
    "Reason",
    "RelocationNotFound",
    "SameFacility",
    "TooManyToMove",
    "Undone",
    "Wish",
    "conflict_count",
    "conflicts_of",
    "find",
    "history",
    "is_undone",
    "move",
    "plan",
    "undo",
]
