"""Every route of the API, found in the URLs so that none can be forgotten, asked by whoever may not."""

import json
from typing import NamedTuple

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import URLPattern, get_resolver
from django.utils import timezone
from drf_spectacular.generators import EndpointEnumerator

from config.middleware import API_PATHS
from facilities import access
from facilities.api.viewsets import OrganizationViewSet
from facilities.keys import new_id
from facilities.models import ApiKey, Facility, StoredFile, SupplyContract
from invoices import consolidating, recalculating, suggesting
from invoices.consolidating import Source
from invoices.matching import Suggestion
from invoices.models import (
    Consolidation,
    CupsAlias,
    CupsDismissal,
    CustomEmissionGroup,
    Invoice,
    InvoiceImport,
    ProcessingJob,
    Relocation,
)
from tests import api, factories

# What no key opens, with the reason.
OPEN = {
    "/v1/openapi.json": "the words of the contract, the same for everybody",
    "/v1/docs": "draws them",
    "/files/{file_id}/upload": "its signature is the right",
}
READING_POSTS = {
    "/v1/imports/{pk}/undo/preview",
    "/v1/invoices/consolidate-cups/preview",
    "/v1/invoices/cups/suggestions/accept-all/preview",
    "/v1/relocations/preview",
}


class Named(NamedTuple):
    """What has an id in a path and is no row: a suggestion, or a batch."""

    pk: object


class Batch(Named):
    pass


# Whose id stands in a path.
IDS = {
    "/api/v1/custom_emission_factors/": CustomEmissionGroup,
    "/api/v1/custom_emission_groups/": CustomEmissionGroup,
    "/v1/consolidations/batches/": Batch,
    "/v1/consolidations/": Consolidation,
    "/v1/cups-aliases/": CupsAlias,
    "/v1/facilities/": Facility,
    "/v1/files/": StoredFile,
    "/v1/invoices/cups/dismissals/": CupsDismissal,
    "/v1/invoices/cups/suggestions/": Suggestion,
    "/v1/imports/": InvoiceImport,
    "/v1/invoices/": Invoice,
    "/v1/processing-jobs/": ProcessingJob,
    "/v1/relocations/": Relocation,
    "/v1/supply-contracts/": SupplyContract,
}


class Route(NamedTuple):
    method: str
    path: str

    @property
    def writes(self):
        return self.method != "GET" and self.path not in READING_POSTS

    def __str__(self):
        return f"{self.method} {self.path}"


def _patterns(patterns, prefix=""):
    for pattern in patterns:
        whole = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield EndpointEnumerator().get_path_from_regex(whole).rstrip("/"), pattern.callback
        else:
            yield from _patterns(pattern.url_patterns, whole)


PATHS = [
    (path, view)
    for path, view in _patterns(get_resolver().url_patterns)
    if path.startswith(API_PATHS) or issubclass(getattr(view, "cls", object), OrganizationViewSet)
]
ROUTES = sorted(
    Route(method.upper(), path)
    for path, view in PATHS
    if path not in OPEN
    for method in getattr(view, "actions", {"": ""})
    if method != "head"
)
every_route = pytest.mark.parametrize("route", ROUTES, ids=str)
every_write = pytest.mark.parametrize("route", [route for route in ROUTES if route.writes], ids=str)
every_object = pytest.mark.parametrize("route", [route for route in ROUTES if "{" in route.path], ids=str)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def theirs(other_organization):
    """A row of each kind of another organization, by its model."""
    place = factories.facility(organization=other_organization)
    row, joined = factories.invoice(facility=place), factories.invoice(facility=place, cups="ES1")
    author = factories.author(other_organization)
    consolidating.consolidate(
        organization=other_organization,
        sources=[Source(joined.cups, place.pk)],
        target=row.cups,
        by=access.Author(author.user, access.Channel.API),
        make_aliases=True,
        batch_id=new_id(),
    )
    factories.invoice(facility=place, cups=row.cups.lower())
    [suggestion] = suggesting.listed(organization=other_organization)
    moved = factories.relocation(facility=place, by=author)
    rows = [
        row,
        place,
        moved,
        factories.supply_contract(facility=place),
        Consolidation.objects.get(),
        CupsAlias.objects.get(),
        factories.dismissal(facility=place, by=author),
        recalculating.queue_calculation(organization=other_organization, invoices=[row], by=author),
        factories.custom_group(organization=other_organization),
        factories.stored_file(organization=other_organization),
        factories.invoice_import(organization=other_organization),
    ]
    named = {Suggestion: Named(suggestion.id), Batch: Batch(rows[4].batch_id)}
    return {type(row): row for row in rows} | named


@pytest.fixture
def bodies(theirs, other_organization):
    """A sound body for each write, with the other organization's ids wherever an id stands."""
    invoice, place, file = (theirs[model] for model in (Invoice, Facility, StoredFile))
    merge = api.merge("ES0021000000000000001AB", (invoice.cups, place))
    create = {
        "type": "electricity",
        "base_quantity": 1,
        "unit_id": str(factories.unit().pk),
        "start_date": "2024-01-01",
        "end_date": "2024-01-31",
        "uploaded_by": str(invoice.uploaded_by_id),
        "file_id": str(file.pk),
        "custom_emission_factor_id": str(theirs[CustomEmissionGroup].pk),
        "facility_percentages": [
            {"organization_id": str(other_organization.pk), "facility_id": str(place.pk), "percentage": 1}
        ],
    }
    moving = {
        "cups": invoice.cups,
        "from_facility_id": str(place.pk),
        "to_facility_id": str(theirs[Relocation].to_facility_id),
    }
    contract = {"facility_id": str(place.pk), "cups": factories.VALID_CUPS, "start_date": "2024-01-01"}
    factor = {
        "ef_name": "Own",
        "unit_id": create["unit_id"],
        "emission_factor_values": [{"gas_type": "CO2", "value": 1}],
    }
    return {
        "POST /api/v1/custom_emission_factors/{group_id}": factor,
        "POST /api/v1/custom_emission_groups": {"name": "Own", "ghg_type": 1},
        "POST /api/v1/invoices": create,
        "POST /v1/consolidations/{pk}/undo": {},
        "POST /v1/consolidations/batches/{pk}/undo": {},
        "POST /v1/cups-aliases": {"facility_id": str(place.pk), "cups": "ES1", "target_cups": "ES2"},
        "POST /v1/facilities": {"name": "New", "type": "office", "country": "ES"},
        "PUT /v1/facilities/{pk}": {"name": "Taken"},
        "PATCH /v1/files/batch-update": [{"id": str(file.pk), "status": "failed"}],
        "POST /v1/files/presigned-urls": [
            {"name": "march", "extension": "pdf", "mime_type": "application/pdf", "size_kb": 1}
        ],
        "POST /v1/imports": encode_multipart(BOUNDARY, {"file": ContentFile(factories.IMPORTED, "march.csv")}),
        "POST /v1/imports/{pk}/check": {},
        "POST /v1/imports/{pk}/take": {},
        "POST /v1/imports/{pk}/undo": {},
        "POST /v1/imports/{pk}/undo/preview": {},
        "POST /v1/invoices": create,
        "PATCH /v1/invoices/{pk}": {"facility_id": str(place.pk)},
        "POST /v1/invoices/consolidate-cups": merge,
        "POST /v1/invoices/consolidate-cups/preview": merge,
        "POST /v1/invoices/cups/dismissals/{pk}/restore": {},
        "POST /v1/invoices/cups/suggestions/accept-all": {"tier": 0, "facility_id": str(place.pk), "plan": "0"},
        "POST /v1/invoices/cups/suggestions/accept-all/preview": {"tier": 0, "facility_id": str(place.pk)},
        "POST /v1/invoices/cups/suggestions/{pk}/accept": {},
        "POST /v1/invoices/cups/suggestions/{pk}/dismiss": {},
        "POST /v1/invoices/recalculate": {"invoice_ids": [str(invoice.pk)], "activity_categories": ["electricity"]},
        "POST /v1/processing-jobs/{pk}/retry": {},
        "POST /v1/relocations": moving,
        "POST /v1/relocations/preview": moving,
        "POST /v1/relocations/{pk}/undo": {},
        "POST /v1/supply-contracts": contract,
        "PATCH /v1/supply-contracts/{pk}": {"is_active": False},
    }


# These write nothing of another's, whatever the ids: what they drop or make is told in their own tests.
NAMES_NOBODY = {
    "POST /api/v1/custom_emission_groups",
    "POST /v1/facilities",
    "POST /v1/files/presigned-urls",
    "POST /v1/imports",
    "POST /v1/invoices/cups/suggestions/accept-all/preview",
}
DROPS_FOREIGN_IDS = {"POST /v1/invoices/recalculate"}


def ask(caller, route, bodies, path=None):
    body = bodies.get(str(route))
    if isinstance(body, bytes):
        sent = {"data": body, "content_type": MULTIPART_CONTENT}
    else:
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    return caller.generic(route.method, path or route.path.replace("{pk}", str(api.NOBODYS)), **sent)


def everything_of(organization):
    """Return all rows of an organization, to see that nothing changed."""
    models = [model for model in apps.get_models() if any(field.name == "organization" for field in model._meta.fields)]
    return {
        model.__name__: list(model.objects.filter(organization=organization).order_by("pk").values())
        for model in models
        if model is not ApiKey
    }


def of_theirs(route, theirs):
    kind = next(model for start, model in IDS.items() if route.path.startswith(start))
    prefix, _, rest = route.path.partition("{")
    return prefix + str(theirs[kind].pk) + rest.partition("}")[2]


def test_what_is_open_is_there_and_answers_without_a_key(client):
    assert OPEN.keys() <= {path for path, _view in PATHS}
    assert client.get("/v1/openapi.json").status_code == client.get("/v1/docs/").status_code == 200


def test_every_route_is_a_viewset_of_an_organization():
    assert [path for path, view in PATHS if not hasattr(view, "actions") and path not in OPEN] == []


def test_every_write_has_a_body_and_every_object_a_kind(bodies):
    deletes = {str(route) for route in ROUTES if route.method == "DELETE"}

    assert {str(route) for route in ROUTES if route.method != "GET"} - deletes == bodies.keys()
    assert [str(route) for route in ROUTES if "{" in route.path and not route.path.startswith(tuple(IDS))] == []


@every_route
def test_nobody_enters_without_a_key(route, bodies, organization):
    caller = Client(headers={"x-organization-id": str(organization.pk)})

    assert api.is_refused(ask(caller, route, bodies), 401, "INVALID_API_KEY")


@every_route
def test_a_revoked_key_opens_nothing(route, bodies, organization):
    caller = api.client(organization, role="admin", revoked_at=timezone.now())

    assert api.is_refused(ask(caller, route, bodies), 401, "INVALID_API_KEY")


@every_route
def test_another_organization_is_as_unknown_as_none(route, bodies, organization, other_organization):
    _key, secret = factories.api_key(organization=organization, role="admin")
    before = everything_of(other_organization)

    answer = ask(api.client_with(secret, other_organization), route, bodies)

    assert answer.status_code == 404
    assert f"Organization with id={other_organization.pk!r} not found" in json.dumps(answer.json())
    assert everything_of(other_organization) == before


@every_write
def test_a_viewer_writes_nothing(route, bodies, organization):
    before = everything_of(organization)

    answer = ask(api.client(organization, role="viewer"), route, bodies)

    assert api.is_refused(answer, 403, "FORBIDDEN")
    made_by_the_key = {"Membership"}
    after = everything_of(organization)
    assert {name: rows for name, rows in after.items() if name not in made_by_the_key} == {
        name: rows for name, rows in before.items() if name not in made_by_the_key
    }


@every_object
def test_an_object_of_another_organization_is_as_unknown_as_none(
    route, bodies, organization, other_organization, theirs
):
    caller = api.client(organization, role="admin")
    before = everything_of(other_organization)
    foreign = of_theirs(route, theirs)

    answer = ask(caller, route, bodies, foreign)
    unknown = ask(caller, route, bodies, of_theirs(route, dict.fromkeys(theirs, Nobody)))

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert unknown.status_code == 404
    assert _without_ids(unknown.json()) == _without_ids(answer.json())
    assert everything_of(other_organization) == before


class Nobody:
    pk = api.NOBODYS


def _without_ids(answer):
    detail, _, _rest = answer["detail"].partition("id=")
    return {**answer, "detail": detail}


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.method != "GET" and "{" not in route.path], ids=str
)
def test_ids_of_another_organization_in_a_body_reach_nothing(route, bodies, organization, other_organization, theirs):
    before = everything_of(other_organization)

    answer = ask(api.client(organization, role="admin"), route, bodies)

    if str(route) in DROPS_FOREIGN_IDS:
        assert answer.json() == {"invoice_ids": [], "count": 0, "processing_job_ids": []}
    else:
        assert (answer.status_code < 300) == (str(route) in NAMES_NOBODY), answer.json()
    assert everything_of(other_organization) == before
