"""
Reference data that every organization shares: units, fuels and suppliers, and the published factors.

The first three come from the tables beside this file, the factors from those of `invoices.emissions`. The tables are
the project's own. Their rows name where each fact was found; their ids are ours for good, but for those that the
documented pages print.
"""

from invoices.reference.loading import Loaded, load
from invoices.reference.reading import WORLD, fuels, units

__all__ = ["WORLD", "Loaded", "fuels", "load", "units"]
