"""What may be chosen from: units and fuels, in the order in which a list shows them."""

from django.db.models import Prefetch, QuerySet

from invoices.models import FacilityFuel, FuelUnit, Unit

WORLD = "ZZ"


def units(*, type: str = "") -> QuerySet[Unit]:  # noqa: A002 (the field's own name in the API and the model)
    """Return the units, of one type or of all."""
    found = Unit.objects.filter(type=type) if type else Unit.objects.all()
    return found.order_by("type", "name")


def fuels(*, country: str = "") -> QuerySet[FacilityFuel]:
    """Return the fuels of a country with their units; a country that has no table of its own burns the world's."""
    found = FacilityFuel.objects.order_by("country", "name").prefetch_related(
        Prefetch("fuel_units", queryset=FuelUnit.objects.order_by("position").select_related("unit"))
    )
    if not country:
        return found
    has_its_own = FacilityFuel.objects.filter(country=country).exclude(code="").exists()
    return found.filter(country=country if has_its_own else WORLD)
