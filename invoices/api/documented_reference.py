"""What the schema says of units, fuels, and the organization's own emission factors."""

from drf_spectacular.utils import extend_schema_serializer, extend_schema_view

from facilities.api.documenting import id_in_path, operation
from invoices import customizing
from invoices.api import custom_factors, fuels, units

extend_schema_view(list=operation(responses=units.UnitOutput(many=True)))(units.UnitViewSet)

extend_schema_view(list=operation(responses=fuels.FuelOutput(many=True)))(fuels.FuelViewSet)

# There are groups of CUPS codes too.
extend_schema_serializer(component_name="CustomEmissionGroup")(custom_factors.GroupOutput)
extend_schema_serializer(component_name="CustomEmissionGroupInput")(custom_factors.GroupInput)

extend_schema_view(
    list=operation(responses=custom_factors.GroupOutput(many=True)),
    create=operation(request=custom_factors.GroupInput, responses={201: custom_factors.GroupOutput}),
    retrieve=operation(parameters=[id_in_path("group")], responses=custom_factors.GroupOutput),
)(custom_factors.CustomGroupViewSet)

_group_id = id_in_path("group", name="group_id")

extend_schema_view(
    add=operation(
        parameters=[_group_id],
        request=custom_factors.FactorInput,
        responses={201: custom_factors.FactorOutput},
        refusals=[customizing.GroupOfOneAbove, customizing.RepeatedGas],
    ),
    of_group=operation(parameters=[_group_id], responses=custom_factors.FactorOutput(many=True)),
)(custom_factors.CustomFactorViewSet)
