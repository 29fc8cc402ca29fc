"""The emission factor that the demo's company brought itself: of the gas that its plants let go."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from facilities.demo import DEMO_ORGANIZATION_IDS, DEMO_USER_IDS
from invoices.demo.drawing import key
from invoices.demo.reference import Reference
from invoices.models import CustomCategory, CustomEmissionFactor, CustomEmissionGroup, FactorTag, GasType, GHGType

GROUP_ID: Final = key("custom group", "CO2")
# Bought by the kilogram to pack and to weld under; all of it ends in the air.
KG_PER_KG: Final = Decimal(1)
_WRITTEN: Final = datetime(2022, 12, 12, 9, tzinfo=UTC)


def group() -> CustomEmissionGroup:
    """Return the group, which the companies below may use too."""
    return CustomEmissionGroup(
        id=GROUP_ID,
        organization_id=DEMO_ORGANIZATION_IDS["group"],
        name="CO₂ de proceso",
        description="Gas comprado para envasar y soldar: todo acaba en la atmósfera.",
        category=CustomCategory.PROCESS,
        ghg_type=GHGType.FOSSIL,
        created_by_id=DEMO_USER_IDS["analyst"],
        created_at=_WRITTEN,
    )


def factor(reference: Reference) -> CustomEmissionFactor:
    return CustomEmissionFactor(
        id=key("custom factor", "CO2"),
        organization_id=DEMO_ORGANIZATION_IDS["group"],
        group_id=GROUP_ID,
        ef_name="CO₂ liberado por kg comprado",
        unit_id=reference.units["kg"],
        tag=FactorTag.ADVANCED,
        emission_factor_values=[{"gas_type": GasType.CO2.value, "value": f"{KG_PER_KG:f}"}],
        created_by_id=DEMO_USER_IDS["analyst"],
        created_at=_WRITTEN,
    )
