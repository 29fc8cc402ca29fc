"""Who is in the demo: companies, people, what they may do, and the key of the documentation."""

from datetime import UTC, datetime
from typing import Final

from django.contrib.auth.hashers import make_password

from facilities.demo import (
    DEMO_KEY,
    DEMO_NEIGHBOUR_ID,
    DEMO_ORGANIZATION_IDS,
    DEMO_PASSWORD,
    DEMO_USER_IDS,
)
from facilities.models import ApiKey, Facility, FacilityStatus, Membership, Organization, Reach, Role, User
from facilities.models.api_key import PREFIX_LENGTH, digest_of
from invoices.demo.drawing import key
from invoices.demo.places import EVERYWHERE, Place
from invoices.demo.supplies import Supply

_BEGINNING: Final = datetime(2022, 11, 14, 9, tzinfo=UTC)
# The parent comes first: rows are inserted in this order.
_NAMES: Final = {
    "group": "Grupo Alborada",
    "iberia": "Alborada Iberia",
    "britain": "Alborada Britain",
    "germany": "Alborada Deutschland",
    "unrelated": "Bodegas Valdemora",
}
_SUBSIDIARIES: Final = frozenset({"iberia", "britain", "germany"})
NEIGHBOUR: Final = "valdemora"
_PEOPLE: Final = {
    "analyst": ("Lucía", "Ferreiro", Role.EDITOR),
    "viewer": ("Marc", "Soler", Role.VIEWER),
    "admin": ("Nerea", "Etxeberria", Role.ADMIN),
}


def organizations() -> list[Organization]:
    return [
        Organization(
            id=DEMO_ORGANIZATION_IDS[which],
            name=name,
            parent_id=DEMO_ORGANIZATION_IDS["group"] if which in _SUBSIDIARIES else None,
            created_at=_BEGINNING,
        )
        for which, name in _NAMES.items()
    ]


def people() -> list[User]:
    """Return the demo's accounts, and one without a password: who files for the unrelated company."""
    accounts = [
        User(
            id=DEMO_USER_IDS[username],
            username=username,
            first_name=first_name,
            last_name=last_name,
            email=f"{username}@alborada.example",
            password=make_password(DEMO_PASSWORD),
            is_staff=role is Role.ADMIN,
            date_joined=_BEGINNING,
        )
        for username, (first_name, last_name, role) in _PEOPLE.items()
    ]
    neighbour = User(id=DEMO_NEIGHBOUR_ID, username=NEIGHBOUR, password=make_password(None), date_joined=_BEGINNING)
    return [*accounts, neighbour]


def memberships() -> list[Membership]:
    group, unrelated = DEMO_ORGANIZATION_IDS["group"], DEMO_ORGANIZATION_IDS["unrelated"]
    roles = [(group, DEMO_USER_IDS[username], role) for username, (_first, _last, role) in _PEOPLE.items()]
    return [
        Membership(
            id=key("membership", user), organization_id=organization, user_id=user, role=role, created_at=_BEGINNING
        )
        for organization, user, role in [*roles, (unrelated, DEMO_NEIGHBOUR_ID, Role.EDITOR)]
    ]


def api_key() -> ApiKey:
    """Return the key that the documentation's command lines carry."""
    return ApiKey(
        id=key("api key"),
        organization_id=DEMO_ORGANIZATION_IDS["group"],
        name="curl",
        prefix=DEMO_KEY[:PREFIX_LENGTH],
        digest=digest_of(DEMO_KEY),
        role=Role.EDITOR,
        reach=Reach.OWN,
        created_by_id=DEMO_USER_IDS["analyst"],
        created_at=_BEGINNING,
    )


def facilities(supplies: list[Supply]) -> list[Facility]:
    """Return all facilities, each with the codes of its supply points."""
    return [_facility(place, [supply.cups for supply in supplies if supply.place is place]) for place in EVERYWHERE]


def _facility(place: Place, codes: list[str]) -> Facility:
    categories = ["electricity", "heat", "water", *(["recharge"] if place.has_chargers else [])]
    return Facility(
        id=place.id,
        organization_id=place.organization_id,
        name=place.name,
        address=place.address,
        country=place.country,
        type=place.type,
        status=FacilityStatus.ARCHIVED if place.is_archived else FacilityStatus.ACTIVE,
        categories=categories,
        cups_list=sorted(codes),
        created_at=_BEGINNING,
        updated_at=_BEGINNING,
    )
