"""What the database itself refuses, whatever writes to it. A migration that rebuilds a table on SQLite may lose it."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from facilities import schema
from facilities.schema import VendorSQL
from invoices import consolidating, filing, relocating, undoing
from invoices.consolidating import Source
from invoices.models import (
    ConsolidatedInvoice,
    Consolidation,
    ConsolidationUndo,
    InvoiceChange,
    InvoiceEmissionHistory,
    RelocatedInvoice,
    Relocation,
    RelocationUndo,
    UndoneInvoice,
    YearClosing,
)
from tests import factories

pytestmark = pytest.mark.django_db

EVIDENCE = [
    *(Consolidation, ConsolidatedInvoice, ConsolidationUndo, UndoneInvoice, InvoiceChange),
    *(InvoiceEmissionHistory, YearClosing, Relocation, RelocatedInvoice, RelocationUndo),
]


@pytest.fixture
def evidence(organization, facility, author):
    invoice = factories.invoice(facility=facility)
    consolidating.consolidate(
        organization=organization, sources=[Source(invoice.cups, facility.pk)], target="ES1", by=author
    )
    undoing.undo(organization=organization, consolidation_id=Consolidation.objects.get().pk, by=author)
    moved = factories.relocation(facility=facility, by=author)
    relocating.undo(organization=organization, relocation_id=moved.pk, by=author)
    factories.replaced_emission(invoice)
    factories.year_closing(organization=organization, year=2020)
    filing.delete(organization=organization, invoice_id=invoice.pk, by=author)


@pytest.mark.parametrize("model", EVIDENCE)
def test_evidence_is_append_only(evidence, model):
    rows = model.objects.all()
    table = connection.ops.quote_name(model._meta.db_table)
    before = list(rows.values())
    assert before

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(organization=F("organization"))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")  # noqa: S608 (a table of ours)

    assert list(rows.values()) == before


def test_the_source_of_a_contract_never_changes(facility):
    contract = factories.supply_contract(facility=facility)

    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        type(contract).objects.update(source="datadis")


def test_a_facility_never_changes_its_organization(facility, other_organization):
    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        type(facility).objects.update(organization=other_organization)


def test_a_contract_stands_at_a_facility_of_its_organization(facility, other_organization):
    with pytest.raises(DatabaseError), transaction.atomic():
        factories.supply_contract(facility=facility, organization=other_organization)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite compares bytes and has no other index")
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("invoices_invoice", "cups"),
        ("invoices_invoice", "invoice_number"),
        ("invoices_cupsgroup", "cups"),
        ("facilities_supplycontract", "cups"),
    ],
)
def test_codes_and_numbers_sort_by_their_characters_on_postgresql(table, column):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT collation_name FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
            [table, column],
        )
        assert cursor.fetchone() == ("C",)


def test_an_invoice_stands_at_a_facility_of_its_organization(facility, other_organization):
    invoice = factories.invoice(facility=facility)

    with pytest.raises(DatabaseError), transaction.atomic():
        type(invoice).objects.update(organization=other_organization)


def test_an_invoice_is_backed_by_a_contract_of_its_organization(facility, other_organization):
    invoice = factories.invoice(facility=facility)
    theirs = factories.supply_contract(facility=factories.facility(organization=other_organization))

    with pytest.raises(DatabaseError), transaction.atomic():
        type(invoice).objects.update(supply_contract=theirs)


def test_a_custom_factor_stands_in_a_group_of_its_organization(organization, other_organization):
    factor = factories.custom_factor(organization=organization)

    with pytest.raises(DatabaseError), transaction.atomic():
        type(factor).objects.update(group=factories.custom_group(organization=other_organization))


def test_a_result_is_a_figure_or_an_error(facility):
    invoice = factories.invoice(facility=facility)

    with pytest.raises(DatabaseError), transaction.atomic():
        factories.emission(invoice, co2e=1, error="No factor")


def test_an_invoice_goes_only_once_its_results_are_gone(facility):
    invoice = factories.invoice(facility=facility)
    factories.emission(invoice, co2e=1)

    with pytest.raises(DatabaseError), transaction.atomic():
        _remove(invoice)


def test_an_invoice_names_custom_factors_that_are_there(facility):
    invoice = factories.invoice(facility=facility)
    group = factories.custom_group(organization=facility.organization)
    type(invoice).objects.update(custom_emission_factor=group)

    with pytest.raises(DatabaseError), transaction.atomic():
        _remove(group)


def _remove(row):
    """Delete a row past Django, which would find what needs it, and ask the database what it says to that."""
    type(row).objects.filter(pk=row.pk)._raw_delete(using="default")
    connection.check_constraints()


RULES = [
    operation
    for module in ("facilities.migrations.0002_database_rules", "invoices.migrations.0002_database_rules")
    for operation in import_module(module).Migration.operations
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{type(rule).__name__} {getattr(rule, 'table', '')}")
def test_a_rule_can_be_taken_back_and_made_again(rule):
    with connection.cursor() as cursor:
        editor = SimpleNamespace(connection=connection, execute=lambda sql, params: cursor.execute(sql))
        rule.database_backwards("invoices", editor, None, None)
        rule.database_forwards("invoices", editor, None, None)

    rule.state_forwards("invoices", None)
    assert rule.describe()


@pytest.mark.parametrize(
    "rule",
    [rule for rule in RULES if type(rule) is not VendorSQL] + [schema.Again(RULES[-2])],
    ids=lambda rule: f"{type(rule).__name__} {getattr(rule, 'table', '')}",
)
def test_a_rule_can_be_written_into_another_migration(rule):
    name, arguments, options = rule.deconstruct()

    again = getattr(schema, name)(*arguments, **options)

    assert (again.sqlite, again.postgresql, again.undo) == (rule.sqlite, rule.postgresql, rule.undo)
