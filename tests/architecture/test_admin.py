"""Every ModelAdmin writes through the domain, and none shows a row of an organization that one is not assigned to."""

import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.test import RequestFactory
from django.urls import reverse

from facilities.admin.door import DomainAdmin, ReadOnlyAdmin
from facilities.models import Organization, Role, User
from invoices import grouping
from invoices.models import EmissionFactor, EmissionSource, FactorSet, Invoice, RelocatedInvoice
from tests import admin_door, factories

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# Answers kept for programs that ask again, and what workers divide a job into: nobody's to look at. The units of a
# fuel are shown with it, the results of an invoice too.
NOT_SHOWN = {
    *("facilities.IdempotentAnswer", "invoices.JobChunk", "invoices.FuelUnit", "invoices.InvoiceEmission"),
    *("invoices.ImportPart", "invoices.ImportBatch", "invoices.ImportedInvoice"),
}
OURS = [model for app in ("facilities", "invoices") for model in apps.get_app_config(app).get_models()]
SHOWN = {model: door for model, door in admin.site._registry.items() if model in OURS}
WRITTEN = {model: door for model, door in SHOWN.items() if not isinstance(door, ReadOnlyAdmin)}

DOMAIN = {
    str(path)
    for app in ("facilities", "invoices")
    for path in (settings.BASE_DIR / app).glob("*.py")
    if path.stem not in {"apps", "__init__", "access", "keys", "schema", "demo"}
}


def test_every_model_is_shown_or_said_not_to_be():
    assert {model._meta.label for model in OURS if model not in SHOWN} == NOT_SHOWN


def test_no_model_of_others_is_written_past_the_domain():
    assert [model._meta.label for model in admin.site._registry if model not in OURS] == []


@pytest.mark.parametrize("door", SHOWN.values(), ids=lambda door: type(door).__name__)
def test_a_door_has_no_way_past_the_domain(door):
    assert isinstance(door, DomainAdmin)
    assert list(door.inlines) == []
    assert tuple(door.list_editable) == ()
    assert type(door).delete_queryset is DomainAdmin.delete_queryset
    assert type(door).save_formset is DomainAdmin.save_formset
    assert type(door).changeform_view is DomainAdmin.changeform_view
    if not isinstance(door, ReadOnlyAdmin):
        assert type(door).save_model is not DomainAdmin.save_model


@pytest.mark.parametrize("door", SHOWN.values(), ids=lambda door: type(door).__name__)
def test_what_is_read_only_is_so_for_a_superuser_too(door):
    if door.model in WRITTEN:
        return
    request = RequestFactory().get("/")
    request.user = factories.user(is_staff=True, is_superuser=True)

    assert not door.has_add_permission(request)
    assert not door.has_change_permission(request)
    assert not door.has_delete_permission(request)


def test_a_door_that_names_no_domain_call_writes_nothing(organization):
    door = DomainAdmin(Organization, admin.site)
    request = RequestFactory().get("/")

    for write in (
        lambda: door.save_model(request, organization, None, change=True),
        lambda: door.delete_model(request, organization),
        lambda: door.save_formset(request, None, None, change=True),
    ):
        with pytest.raises(NotImplementedError):
            write()


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model.__name__)
def test_a_door_shows_only_what_one_is_assigned_to(model, organization, other_organization):
    mine, theirs = make_row(model, organization), make_row(model, other_organization)
    client = admin_door.staff(organization, Role.ADMIN)
    name = f"admin:{model._meta.label_lower.replace('.', '_')}"

    listed = client.get(reverse(f"{name}_changelist"))
    own = client.get(reverse(f"{name}_change", args=[mine.pk]))
    foreign = client.get(reverse(f"{name}_change", args=[theirs.pk]))

    assert listed.status_code == 200
    assert own.status_code == 200
    if SHOWN[model].shared and model is not User:
        assert foreign.status_code == 200
        return
    assert theirs.pk not in {row.pk for row in listed.context["cl"].result_list}
    assert foreign.status_code == 302  # as for a row that is not there
    for path in ("history", "delete"):
        if path == "history" or SHOWN[model].has_delete_permission(listed.wsgi_request):
            assert client.get(reverse(f"{name}_{path}", args=[theirs.pk])).status_code == 302


@pytest.mark.parametrize("model", WRITTEN, ids=lambda model: model.__name__)
def test_what_a_door_saves_and_deletes_goes_through_the_domain(model, organization):
    client = admin_door.superuser()
    factories.membership(organization=organization, user=client.user, role=Role.ADMIN)
    name = f"admin:{model._meta.label_lower.replace('.', '_')}"
    added, changed = posted(model, organization)
    before = set(model.objects.values_list("pk", flat=True))

    with connection.execute_wrapper(refuse_writes_past_the_domain):
        answer = client.post(reverse(f"{name}_add"), added)
        assert answer.status_code in {200, 302}, answer.content
        (new,) = set(model.objects.values_list("pk", flat=True)) - before
        if SHOWN[model].has_change_permission(answer.wsgi_request):
            saved = client.post(reverse(f"{name}_change", args=[new]), added | changed | seen(model, new))
            assert saved.status_code == 302, admin_door.errors(saved)
        assert all(field_text(model.objects.get(pk=new), field) == value for field, value in changed.items())
        assert_groups_are_true()
        if SHOWN[model].has_delete_permission(answer.wsgi_request):
            client.post(reverse(f"{name}_changelist"), delete_selected(new))

    if SHOWN[model].has_delete_permission(answer.wsgi_request):
        assert not SHOWN[model].get_queryset(answer.wsgi_request).filter(pk=new).exists()
    assert_groups_are_true()


def refuse_writes_past_the_domain(execute, sql, params, many, context):
    """Wrap the cursor: a statement that changes one of our tables has the domain among its callers."""
    verb, *rest = sql.replace('"', "").split()
    if verb in {"INSERT", "UPDATE", "DELETE"} and any(
        word.startswith(("facilities_", "invoices_")) for word in rest[:2]
    ):
        assert DOMAIN.intersection(_callers()), sql
    return execute(sql, params, many, context)


def _callers():
    frame = sys._getframe(1)
    while frame is not None:
        yield str(Path(frame.f_code.co_filename))
        frame = frame.f_back


def assert_groups_are_true():
    for organization in Organization.objects.all():
        assert list(grouping.differences(organization=organization)) == []


def delete_selected(pk):
    return {"action": "delete_selected", "_selected_action": str(pk), "post": "yes"}


def seen(model, pk):
    return {"seen": model.objects.get(pk=pk).updated_at.isoformat()} if model is Invoice else {}


def field_text(row, field):
    return str(getattr(row, field))


def posted(model, organization):
    """Return what an add form posts, and what a change form then posts differently."""
    place = factories.facility(organization=organization)
    forms = {
        "Organization": ({"name": "Branch", "parent": str(organization.pk)}, {"name": "Renamed"}),
        "Membership": (
            {"organization": str(organization.pk), "user": str(factories.user().pk), "role": "viewer"},
            {"role": "editor"},
        ),
        "ApiKey": (
            {"organization": str(organization.pk), "name": "Sync", "role": "editor", "reach": "own"},
            {"name": "Renamed"},
        ),
        "User": ({"username": "ana", "new_password": "a-long-pass-phrase", "is_active": "on"}, {"first_name": "Ana"}),
        "Facility": (
            {
                "organization": str(organization.pk),
                "name": "Plant",
                "country": "ES",
                "type": "plant",
                "status": "active",
                "logistic_factor": "0.8",
            },
            {"name": "Renamed", "status": "archived"},
        ),
        "Supplier": ({"name": "Luz", "country": "ES", "type": "electricity"}, {"name": "Renamed"}),
        "SupplyContract": (
            {
                "facility": str(place.pk),
                "cups": factories.VALID_CUPS,
                "start_date": "2024-01-01",
                "is_active": "on",
                "renewable_percentage": "0",
                "guarantee_type": "renewable",
            },
            {"cups": factories.OTHER_VALID_CUPS},
        ),
        "Invoice": (
            {
                "type": "electricity",
                "status": "active",
                "cups": factories.VALID_CUPS,
                "facility": str(place.pk),
                "start_date": "2024-01-01",
                "end_date": "2024-01-31",
                "base_quantity": "100",
                "unit": str(factories.unit().pk),
            },
            {"cups": factories.OTHER_VALID_CUPS},
        ),
        "CupsAlias": ({"facility": str(place.pk), "cups": "ES-OLD", "target_cups": "ES-NEW"}, {}),
        "SupplierLink": (
            {"supplier": str(factories.supplier().pk), "register_name": "iberdrola clientes"},
            {"register_name": "endesa energia"},
        ),
    }
    return forms[model.__name__]


def make_row(model, organization):
    """Return a row of this model that is of the organization, or shared by all."""
    place = factories.facility(organization=organization)
    made = {
        "Organization": lambda: organization,
        "Membership": lambda: factories.membership(organization=organization),
        "ApiKey": lambda: factories.api_key(organization=organization)[0],
        "CustomEmissionGroup": lambda: factories.custom_group(organization=organization),
        "CustomEmissionFactor": lambda: factories.custom_factor(organization=organization),
        "StoredFile": lambda: factories.stored_file(organization=organization),
        "User": lambda: factories.member(organization),
        "Facility": lambda: place,
        "Supplier": factories.supplier,
        "SupplyContract": lambda: factories.supply_contract(facility=place),
        "Invoice": lambda: factories.invoice(facility=place),
        "Unit": factories.unit,
        "FactorSet": FactorSet.objects.first,
        "EmissionSource": EmissionSource.objects.first,
        "EmissionFactor": EmissionFactor.objects.first,
        "SupplierLink": factories.supplier_link,
        "Relocation": lambda: taken_back(place).relocation,
        "RelocatedInvoice": lambda: RelocatedInvoice.objects.get(relocation=taken_back(place).relocation),
        "RelocationUndo": lambda: taken_back(place),
        "CupsAlias": lambda: factories.cups_alias(facility=place),
        "CupsDismissal": lambda: factories.dismissal(facility=place, by=factories.author(place.organization)),
        "InvoiceImport": lambda: factories.invoice_import(organization=organization),
        "ImportProblem": lambda: factories.import_problem(organization=organization),
        "YearClosing": lambda: factories.year_closing(organization=organization),
        "EvidenceArchive": lambda: factories.evidence_archive(organization=organization),
        "InvoiceEmissionHistory": lambda: factories.replaced_emission(factories.invoice(facility=place)),
    }
    if model.__name__ in made:
        return made[model.__name__]()
    return evidence(model, organization, place)


def taken_back(place):
    """Return the undo of a move from a place."""
    from invoices import relocating

    by = factories.author(place.organization)
    moved = factories.relocation(facility=place, by=by)
    return relocating.undo(organization=place.organization, relocation_id=moved.pk, by=by).undo


def evidence(model, organization, place):
    """Return what a consolidation, its undo, a change and a job leave behind."""
    from facilities.access import Author, Channel
    from invoices import consolidating, filing, undoing
    from invoices.consolidating import Source
    from invoices.models import FacilityFuel, ProcessingJob

    by = Author(factories.member(organization), Channel.ADMIN)
    invoice = factories.invoice(facility=place, cups="ES-OLD")
    done = consolidating.consolidate(
        organization=organization, sources=[Source("ES-OLD", place.pk)], target="ES-NEW", by=by
    ).consolidation
    undoing.undo(organization=organization, consolidation_id=done.pk, by=by)
    filing.change(organization=organization, invoice_id=invoice.pk, by=by, changes={"status": "review"})
    if model is FacilityFuel:
        return FacilityFuel.objects.create(name=f"gas {place.name}", country="ES", type="gas")
    if model is ProcessingJob:
        return ProcessingJob.objects.create(
            organization=organization, action="CREATE", trigger_type="API", created_by=by.user
        )
    return model.objects.filter(organization=organization).get()
