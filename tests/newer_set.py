"""A second set of factors, loaded after the one that every test database holds."""

import secrets
from decimal import Decimal

from invoices.models import EmissionFactor, FactorSet
from tests import factories

CHANGED = Decimal("0.3")


def load(*, residual_mix=CHANGED, without=()):
    """Save a newer set: Spain's factors with another residual mix of 2024, less the kinds that are named."""
    older = FactorSet.objects.earliest("pk")
    # Each its own, as the tables that processes keep are told apart by it.
    newer = factories.factor_set(version="test", checksum=secrets.token_hex(32))
    rows = EmissionFactor.objects.filter(factor_set=older, jurisdiction="ES").exclude(kind__in=["supplier", *without])
    copies = list(rows)
    for row in copies:
        row.pk, row.factor_set = None, newer
        if row.kind == "residual_mix" and row.valid_from.year == 2024:
            row.value = residual_mix
    EmissionFactor.objects.bulk_create(copies)
    return newer
