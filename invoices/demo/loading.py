"""Writes the demo into a database that holds nothing else, and says what is in it."""

from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction

from facilities.demo import DEMO_KEY, DEMO_NEIGHBOUR_ID, DEMO_ORGANIZATION_IDS, DEMO_USER_IDS
from facilities.models import ApiKey, Facility, Membership, Organization, SupplyContract, User
from facilities.models.api_key import PREFIX_LENGTH, digest_of
from invoices import calculating, grouping
from invoices.demo import company, gases, reference, world
from invoices.grouping import GroupKey
from invoices.models import CupsGroup, CustomEmissionFactor, CustomEmissionGroup, Invoice

_CALCULATED_AT_ONCE: Final = 1_000


class NotEmpty(Exception):
    """The database holds something that the demo did not make, and that it would stand beside."""


class Counts(NamedTuple):
    """How much one organization of the demo holds, or all of them."""

    facilities: int
    invoices: int
    groups: int
    contracts: int


def is_loaded() -> bool:
    """Tell whether the demo is there, as it was made or as somebody changed it since."""
    return Organization.objects.filter(pk=DEMO_ORGANIZATION_IDS["group"]).exists()


def check_organizations() -> None:
    """Raise NotEmpty when an organization is there that the demo did not make."""
    stranger = Organization.objects.exclude(pk__in=DEMO_ORGANIZATION_IDS.values()).order_by("name").first()
    if stranger is not None:
        raise NotEmpty(f"The database holds the organization “{stranger}”, which the demo did not make")


@transaction.atomic
def load() -> None:
    """
    Write the whole demo, calculated, or nothing.

    Raise NotEmpty when an organization or an account of somebody else is in the way.
    """
    check_organizations()
    _check_accounts()
    Organization.objects.bulk_create(company.organizations())
    User.objects.bulk_create(company.people())
    Membership.objects.bulk_create(company.memberships())
    ApiKey.objects.bulk_create([company.api_key()])

    known = reference.stored()
    CustomEmissionGroup.objects.bulk_create([gases.group()])
    CustomEmissionFactor.objects.bulk_create([gases.factor(known)])
    built = world.build(known)
    Facility.objects.bulk_create(company.facilities(built.supplies))
    SupplyContract.objects.bulk_create(built.contracts)
    Invoice.objects.bulk_create(built.invoices, batch_size=1_000)
    grouping.refresh(key for invoice in built.invoices if (key := GroupKey.of(invoice)) is not None)
    for organization_id in DEMO_ORGANIZATION_IDS.values():
        _calculate(organization_id)


def renew_key() -> None:
    """Let the demo's key in again where the installation got another secret since it was stored."""
    digest = digest_of(DEMO_KEY)
    own = ApiKey.objects.filter(organization=DEMO_ORGANIZATION_IDS["group"], prefix=DEMO_KEY[:PREFIX_LENGTH])
    own.exclude(digest=digest).update(digest=digest)


def counts(*organizations: str) -> Counts:
    """Return how much these organizations of the demo hold, by its names for them."""
    ids = [DEMO_ORGANIZATION_IDS[organization] for organization in organizations]
    return Counts(
        *(
            model._default_manager.filter(organization_id__in=ids).count()
            for model in (Facility, Invoice, CupsGroup, SupplyContract)
        )
    )


def roles() -> list[tuple[str, str]]:
    """Return the demo's accounts that one can sign in with, and the role of each in the group."""
    held = Membership.objects.filter(
        organization=DEMO_ORGANIZATION_IDS["group"], user__in=DEMO_USER_IDS.values()
    ).order_by("user__username")
    return [(membership.user.username, membership.role) for membership in held.select_related("user")]


def _calculate(organization_id: UUID) -> None:
    """Calculate the invoices of an organization here and now, a part at a time: no job is left to do."""
    ids = list(Invoice.objects.of(organization_id).counted().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _CALCULATED_AT_ONCE):
        part = ids[start : start + _CALCULATED_AT_ONCE]
        calculating.write(calculating.work_out(organization_id=organization_id, invoice_ids=part), job=None)


def _check_accounts() -> None:
    names = [*DEMO_USER_IDS, company.NEIGHBOUR]
    taken = User.objects.filter(username__in=names) | User.objects.filter(
        pk__in=[*DEMO_USER_IDS.values(), DEMO_NEIGHBOUR_ID]
    )
    if stranger := taken.order_by("username").first():
        raise NotEmpty(f"The database holds an account “{stranger}”, which the demo did not make")
