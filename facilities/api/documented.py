"""What the schema says of facilities, contracts, suppliers, organizations and files."""

from typing import Final

from drf_spectacular.utils import extend_schema_field, extend_schema_view
from rest_framework import serializers

from facilities import contracting, file_types, locating, storing
from facilities.api import contracts, facilities, files, organizations, suppliers
from facilities.api.documenting import id_in_path, operation
from facilities.models import FileStatus

_NOTHING = {204: None}

# What no serializer can say of itself.
AMENDMENTS: Final = {
    # Nobody looks up the country of an address.
    "FacilityInputRequest": {"required": ["country"]},
    "AnnouncedInputRequest": {
        "properties": {
            "name": {"maxLength": file_types.LONGEST_NAME},
            "size_kb": {"minimum": 0.001, "maximum": file_types.MOST_KB},
        },
        "anyOf": [
            {"properties": {"extension": {"enum": list(kind.extensions)}, "mime_type": {"enum": list(kind.mime_types)}}}
            for kind in dict.fromkeys(file_types.TYPES.values())
        ],
    },
    "SettledInputRequest": {"properties": {"status": {"enum": [FileStatus.UPLOADED.value, FileStatus.FAILED.value]}}},
}

_facility_id = id_in_path("facility")

extend_schema_view(
    list=operation(
        responses=facilities.FacilityOutput(many=True), filters={"name": "Any part of the name, in any case."}
    ),
    create=operation(request=facilities.FacilityInput, responses={201: facilities.FacilityOutput}),
    retrieve=operation(parameters=[_facility_id], responses=facilities.FacilityOutput),
    update=operation(
        parameters=[_facility_id],
        request=facilities.FacilityChanges,
        responses=facilities.FacilityOutput,
    ),
    destroy=operation(parameters=[_facility_id], responses=_NOTHING),
)(facilities.FacilityViewSet)

_contract_id = id_in_path("supply contract")
_of_contracts = (
    contracting.AnotherOrganization,
    contracting.EndsBeforeItStarts,
    locating.FacilityNotOfOrganization,
    locating.ReferenceNotFound,
)


class ContractPatch(contracts.ContractInput):
    """What a PATCH may name, each field on its own."""


extend_schema_view(
    list=operation(responses=contracts.ContractOutput(many=True)),
    create=operation(
        request=contracts.ContractInput, responses={201: contracts.ContractOutput}, refusals=_of_contracts
    ),
    retrieve=operation(parameters=[_contract_id], responses=contracts.ContractOutput),
    partial_update=operation(
        parameters=[_contract_id],
        request=ContractPatch(partial=True),
        responses=contracts.ContractOutput,
        refusals=[*_of_contracts, contracting.LockedByDatadis],
    ),
    destroy=operation(
        parameters=[_contract_id],
        responses=_NOTHING,
        refusals=[contracting.ContractInUse, contracting.LockedByDatadis],
    ),
)(contracts.ContractViewSet)

extend_schema_view(list=operation(responses=suppliers.SupplierOutput(many=True)))(suppliers.SupplierViewSet)


# Recursive, which a serializer can't say of itself.
@extend_schema_field({"type": "array", "items": {"$ref": "#/components/schemas/Branch"}})
class BranchesField(serializers.Field[None, None, None, None]):
    pass


class Branch(serializers.Serializer[None]):
    """An organization with those below it."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    children = BranchesField()


extend_schema_view(tree=operation(responses=Branch))(organizations.OrganizationsViewSet)

_ROWS = {"minItems": 1, "maxItems": storing.MOST_AT_ONCE}

extend_schema_view(
    presigned_urls=operation(
        request=files.AnnouncedInput(many=True),
        body=_ROWS,
        responses=files.AddressOutput(many=True),
        refusals=[storing.NotStorable],
    ),
    batch_update=operation(
        request=files.SettledInput(many=True),
        body=_ROWS,
        responses=files.FileOutput(many=True),
        refusals=[storing.FileNotFound, storing.NotUploaded, storing.NotAsDeclared, storing.AlreadyUploaded],
    ),
    retrieve=operation(parameters=[id_in_path("file")], responses=files.FileOutput),
)(files.FileViewSet)
