"""Who and where."""

from facilities.models.api_key import ApiKey, Reach
from facilities.models.facility import Facility, FacilityStatus
from facilities.models.idempotent_answer import IdempotentAnswer
from facilities.models.membership import Membership, Role
from facilities.models.organization import Organization
from facilities.models.stored_file import FileStatus, StoredFile
from facilities.models.supplier import Supplier
from facilities.models.supply_contract import ContractSource, GuaranteeType, SupplyContract
from facilities.models.user import User

__all__ = [
    "ApiKey",
    "ContractSource",
    "Facility",
    "FacilityStatus",
    "FileStatus",
    "GuaranteeType",
    "IdempotentAnswer",
    "Membership",
    "Organization",
    "Reach",
    "Role",
    "StoredFile",
    "Supplier",
    "SupplyContract",
    "User",
]
