"""
The demo, in memory where that is enough. It is written to the database once, for the tests at the end.

It holds more invoices than other tests may: that its figures are those that are documented is what is tested.
"""

import io
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import override_settings

from facilities.access import Author, Channel, role_of_key
from facilities.demo import (
    DEMO_FACILITY_IDS,
    DEMO_FILE_ID,
    DEMO_INVOICE_ID,
    DEMO_KEY,
    DEMO_ORGANIZATION_IDS,
    DEMO_PASSWORD,
    DEMO_SUPPLIER_ID,
    DEMO_USER_IDS,
)
from facilities.models import ApiKey, Facility, Organization, Role, SupplyContract, User
from invoices import consolidating, cups, grouping
from invoices.consolidating import Source
from invoices.demo import reference, supplies, world
from invoices.demo.damage import KINDS
from invoices.demo.drawing import chance
from invoices.models import (
    CupsGroup,
    Invoice,
    InvoiceEmission,
    InvoiceEmissionHistory,
    InvoiceType,
    ProcessingJob,
)
from tests import demo_arithmetic, factories, tenants

GROUP = DEMO_ORGANIZATION_IDS["group"]
FACILITY_1 = DEMO_FACILITY_IDS["facility_1"]
CANONICAL = "ES0021000000000000001AB"
SOURCES = [Source("ES0021000000000000001A", FACILITY_1), Source("ES0021000000000000001", FACILITY_1)]


@pytest.fixture(scope="module")
def built():
    return world.build(reference.planned())


def fields_of(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def groups_of(built):
    grouped = [invoice for invoice in built.invoices if grouping.GroupKey.of(invoice)]
    return Counter(grouping.GroupKey.of(invoice) for invoice in grouped)


def test_the_same_rows_come_out_each_time(built):
    again = world.build(reference.planned())

    assert [*map(fields_of, again.invoices)] == [*map(fields_of, built.invoices)]
    assert [*map(fields_of, again.contracts)] == [*map(fields_of, built.contracts)]


def test_it_bills_three_years_of_all_five_types_and_all_of_it_is_active(built):
    invoices = built.invoices

    assert 15_000 <= len(invoices) <= 20_000
    assert len({invoice.pk for invoice in invoices}) == len(invoices)
    assert {invoice.status for invoice in invoices} == {"active"}
    assert {invoice.type for invoice in invoices} == {"heat", "electricity", "water", "recharge", "process"}
    months = {invoice.start_date.strftime("%Y-%m") for invoice in invoices}
    assert (len(months), min(months), max(months)) == (36, "2023-01", "2025-12")


def test_about_500_supply_points_have_the_letters_that_fit(built):
    gas = {invoice.cups for invoice in built.invoices if invoice.type == "heat" and invoice.cups}
    codes = {supply.cups for supply in built.supplies}

    assert 480 <= len(codes | gas) <= 520
    assert {cups.parse(code).check for code in codes | gas} == {cups.Check.VALID}


def test_a_few_gas_bills_carry_the_code_of_electricity(built):
    codes = {supply.cups for supply in built.supplies}

    wrong = [invoice for invoice in built.invoices if invoice.type == "heat" and invoice.cups in codes]

    assert len(wrong) == 3
    assert len({(invoice.facility_id, invoice.cups) for invoice in wrong}) == 1


def test_the_group_itself_has_at_least_300_groups_and_128_bills_without_a_code(built):
    own = [key for key in groups_of(built) if key.organization_id == GROUP]
    without = [
        invoice
        for invoice in built.invoices
        if invoice.organization_id == GROUP and invoice.type == "electricity" and not invoice.cups
    ]

    assert len(own) >= 300
    assert len(without) == 128


def test_facility_1_has_eleven_groups_among_them_those_of_the_documentation(built):
    at_facility_1 = {key.cups: count for key, count in groups_of(built).items() if key.facility_id == FACILITY_1}

    assert len(at_facility_1) == 11
    assert at_facility_1[CANONICAL] == 45
    assert sum(at_facility_1[source.cups] for source in SOURCES) == 35


def test_forty_contracts_are_of_datadis_half_of_them_the_groups_and_each_backs_invoices(built):
    datadis = [contract for contract in built.contracts if contract.source == "datadis"]
    backed = Counter(invoice.supply_contract_id for invoice in built.invoices)

    assert Counter(contract.organization_id == GROUP for contract in datadis) == {True: 20, False: 20}
    assert any(contract.source == "manual" for contract in built.contracts)
    assert all(backed[contract.pk] for contract in built.contracts)


def test_every_kind_of_damage_is_there_with_the_truth_behind_it(built):
    written = {(key.facility_id, key.cups) for key in groups_of(built)}
    truths = list(world.truths())

    assert {truth.kind for truth in truths if truth.organization_id == GROUP} == KINDS.keys()
    assert {(truth.facility_id, truth.written) for truth in truths} <= written
    assert all(truth.written != truth.cups for truth in truths)


def test_every_code_could_have_been_filed(built):
    codes = {invoice.cups for invoice in built.invoices if invoice.cups}

    assert {code for code in codes if cups.acceptable(code) != code} == set()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_damage_strikes_a_code_of_20_or_of_22_characters(kind):
    short, long = supplies.sound_code("0021", 3_000_000_012), supplies.sound_code("0021", 3_000_000_012, "0F")

    damaged = {code: KINDS[kind](code, chance("a test")) for code in (short, long)}

    assert any(code != written for code, written in damaged.items())


def test_digits_that_are_all_the_same_cannot_be_swapped():
    code = supplies.sound_code("0021", 0)

    assert KINDS["digits_swapped"](code, chance("a test")) == code


def test_only_spanish_facilities_have_codes(built):
    abroad = {DEMO_ORGANIZATION_IDS["britain"], DEMO_ORGANIZATION_IDS["germany"]}

    assert {invoice.cups for invoice in built.invoices if invoice.organization_id in abroad} == {""}


def test_the_children_of_a_distributed_invoice_add_up_to_it(built):
    parents = {invoice.pk: invoice for invoice in built.invoices if invoice.is_parent}
    children = {pk: [] for pk in parents}
    for child in built.invoices:
        if child.source_invoice_id:
            children[child.source_invoice_id].append(child)

    assert {len(parts) for parts in children.values()} == {2, 3, 4}
    for pk, parts in children.items():
        assert sum(child.quantity for child in parts) == parents[pk].quantity
        assert sum(child.percentage for child in parts) == 1
    assert any(len({child.organization_id for child in parts}) > 1 for parts in children.values())


def test_there_are_corrections_and_one_code_at_two_facilities(built):
    places = Counter(cups_code for cups_code, _place in {(key.cups, key.facility_id) for key in groups_of(built)})

    assert any(invoice.base_quantity < 0 for invoice in built.invoices)
    assert sum(count > 1 for count in places.values()) >= 3


@pytest.mark.django_db
def test_the_demo_is_refused_where_debug_is_off():
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("load_demo")

    assert not Organization.objects.exists()


@pytest.mark.django_db
@override_settings(DEBUG=True)
def test_the_demo_is_refused_beside_an_organization_that_it_did_not_make():
    factories.organization(name="Somebody's")

    with pytest.raises(CommandError, match="Somebody's"):
        call_command("load_demo")

    assert Organization.objects.count() == 1


@pytest.mark.django_db
@override_settings(DEBUG=True)
def test_the_demo_is_refused_where_somebody_elses_account_has_its_name():
    factories.user(username="admin")

    with pytest.raises(CommandError, match="admin"):
        call_command("load_demo", stdout=io.StringIO())

    assert not Organization.objects.exists()


@pytest.mark.django_db
def test_a_summary_of_a_demo_that_is_not_there_says_so():
    with pytest.raises(CommandError, match="load_demo"):
        call_command("load_demo", summary_only=True)


@pytest.fixture(scope="class")
def output(django_db_setup, django_db_blocker):
    """What loading printed."""
    with django_db_blocker.unblock(), transaction.atomic():
        with connection.execute_wrapper(tenants.refuse_unscoped), override_settings(DEBUG=True):
            printed = io.StringIO()
            call_command("load_demo", stdout=printed)
        yield printed.getvalue()
        transaction.set_rollback(True)


class TestLoaded:
    """What the database holds once the demo is in it: loaded once, and every test rolled back."""

    @pytest.fixture(autouse=True)
    def _rolled_back(self, output):
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    @pytest.fixture
    def group(self):
        return Organization.objects.get(pk=GROUP)

    def test_it_says_how_to_use_it(self, output):
        for said in (*DEMO_USER_IDS, DEMO_PASSWORD, DEMO_KEY, str(GROUP), str(FACILITY_1), "12 facilities"):
            assert said in output

    def test_a_second_run_changes_nothing(self, output):
        Invoice.objects.filter(pk=DEMO_INVOICE_ID).update(invoice_number="INV-2024-001-UPDATED")
        before = [fields_of(row) for model in (Invoice, CupsGroup, User) for row in model.objects.order_by("pk")]

        with override_settings(DEBUG=True):
            call_command("load_demo", stdout=(printed := io.StringIO()))

        assert [
            fields_of(row) for model in (Invoice, CupsGroup, User) for row in model.objects.order_by("pk")
        ] == before
        assert "there already" in printed.getvalue()

    def test_the_summary_alone_says_the_same(self, output):
        call_command("load_demo", summary_only=True, stdout=(printed := io.StringIO()))

        assert printed.getvalue() in output

    def test_the_groups_say_what_the_invoices_say(self):
        call_command("check_groups", stdout=(printed := io.StringIO()))

        assert printed.getvalue() == f"{CupsGroup.objects.count()} CUPS groups compared, 0 differed.\n"

    def test_the_group_of_the_list_page_is_as_printed(self):
        listed = CupsGroup.objects.get(organization=GROUP, facility=FACILITY_1, cups=CANONICAL)

        assert listed.facility.name == "Facility 1"
        assert (listed.invoice_count, listed.is_locked) == (45, False)
        assert (listed.first_date, listed.last_date) == (date(2024, 1, 1), date(2024, 12, 31))
        assert CupsGroup.objects.filter(organization=GROUP, facility=FACILITY_1).count() == 11

    def test_the_consolidation_of_the_page_rewrites_35_invoices(self, group):
        agreed = consolidating.plan(organization=group, sources=SOURCES, target=CANONICAL)
        analyst = Author(User.objects.get(username="analyst"), Channel.API)

        done = consolidating.consolidate(organization=group, sources=SOURCES, target=CANONICAL, by=analyst)

        assert agreed.updated_count == done.updated_count == 35
        assert [*map(str, agreed.affected_facilities)] == [str(FACILITY_1)] == [*map(str, done.affected_facilities)]
        assert CupsGroup.objects.get(organization=GROUP, facility=FACILITY_1, cups=CANONICAL).invoice_count == 80

    def test_the_invoice_of_the_update_page_is_as_printed(self):
        invoice = Invoice.objects.get(pk=DEMO_INVOICE_ID)

        assert (invoice.type, invoice.status, invoice.enabled) == ("electricity", "active", True)
        assert (invoice.quantity, invoice.base_quantity, invoice.percentage) == (1500, 3000, Decimal("0.5"))
        assert str(invoice.unit_id) == "ba80e6cb-86a4-4bb1-a0c5-8104365d523c"
        assert (invoice.start_date, invoice.end_date) == (date(2024, 1, 1), date(2024, 1, 31))
        assert (invoice.invoice_number, invoice.cups) == ("INV-2024-001", "ES0021000000000001XX")
        assert (invoice.facility_id, invoice.organization_id) == (DEMO_FACILITY_IDS["update_page"], GROUP)
        assert (invoice.supplier_id, invoice.facility_fuel_id) == (DEMO_SUPPLIER_ID, None)
        assert (invoice.file_id, invoice.custom_emission_factor_id) == (DEMO_FILE_ID, None)
        assert invoice.file_url == "https://storage.dcycle.io/invoices/invoice-2024-001.pdf"
        assert invoice.uploaded_by_id == DEMO_USER_IDS["analyst"]
        assert invoice.created_at == datetime(2024, 2, 1, 10, 30, tzinfo=UTC)
        assert invoice.updated_at == datetime(2024, 2, 15, 14, 22, tzinfo=UTC)

    def test_the_other_half_of_that_invoice_is_another_facilitys(self):
        invoice = Invoice.objects.get(pk=DEMO_INVOICE_ID)

        other = Invoice.objects.exclude(pk=DEMO_INVOICE_ID).get(source_invoice=invoice.source_invoice_id)

        assert invoice.source_invoice.is_parent
        assert (other.quantity, other.percentage) == (1500, Decimal("0.5"))
        assert other.facility_id != invoice.facility_id

    def test_25_facilities_stand_in_three_countries_12_of_them_the_groups(self, group):
        of_tree = Facility.objects.filter(organization__in=Organization.objects.tree_of(GROUP))

        assert Organization.objects.filter(parent=group).count() == 3
        assert of_tree.count() == 25
        assert {*of_tree.values_list("country", flat=True)} == {"ES", "GB", "DE"}
        assert of_tree.filter(organization=group, country="ES").count() == 12

    def test_a_second_organization_has_nothing_to_do_with_it(self):
        stranger = Organization.objects.exclude(pk__in=Organization.objects.tree_of(GROUP)).get()

        assert stranger.pk == DEMO_ORGANIZATION_IDS["unrelated"]
        assert Facility.objects.filter(organization=stranger).count() == 1
        assert Invoice.objects.of(stranger.pk).exists()
        assert SupplyContract.objects.filter(organization=stranger).count() == 0

    @pytest.mark.parametrize(
        ("username", "role", "is_staff"),
        [("analyst", "editor", False), ("viewer", "viewer", False), ("admin", "admin", True)],
    )
    def test_each_account_signs_in_with_its_role(self, username, role, is_staff):
        user = User.objects.get(pk=DEMO_USER_IDS[username])

        assert user.check_password(DEMO_PASSWORD)
        assert (user.username, user.is_staff, user.is_superuser) == (username, is_staff, False)
        assert user.memberships.get().role == role

    def test_nobody_signs_in_for_the_unrelated_organization(self):
        uploader = Invoice.objects.of(DEMO_ORGANIZATION_IDS["unrelated"]).first().uploaded_by

        assert not uploader.has_usable_password()

    def test_the_key_of_the_pages_edits_the_group_alone(self):
        key = ApiKey.objects.current().of_secret(DEMO_KEY).get()

        assert role_of_key(key=key, organization_id=GROUP) == Role.EDITOR
        assert role_of_key(key=key, organization_id=DEMO_ORGANIZATION_IDS["iberia"]) is None

    def test_the_key_is_let_in_again_by_a_second_run_under_another_secret(self, settings):
        settings.API_KEY_SECRET = "another"
        settings.DEBUG = True
        assert not ApiKey.objects.of_secret(DEMO_KEY).exists()

        call_command("load_demo", stdout=io.StringIO())

        assert ApiKey.objects.of_secret(DEMO_KEY).exists()

    def test_every_invoice_is_calculated_and_nothing_waits(self):
        own = Invoice.objects.filter(organization__in=DEMO_ORGANIZATION_IDS.values())

        assert {*own.values_list("status", flat=True)} == {"active"}
        assert not own.counted().not_calculated().exists()
        assert {*own.counted().calculated().values_list("type", flat=True)} == {*InvoiceType.values}
        assert {*InvoiceEmission.objects.values_list("error", flat=True)} == {""}
        assert not InvoiceEmission.objects.filter(invoice__is_parent=True).exists()
        assert not InvoiceEmissionHistory.objects.exists()
        assert not ProcessingJob.objects.exists()

    def test_the_totals_of_the_group_are_those_of_plain_arithmetic(self):
        own = Invoice.objects.of(GROUP).counted()
        calculated = Counter()
        results = InvoiceEmission.objects.filter(organization=GROUP, co2e__isnull=False)
        for category, co2e in results.values_list("activity_category", "co2e"):
            calculated[category] += co2e

        expected = demo_arithmetic.totals(own)

        assert calculated.keys() == expected.keys()
        assert {category: abs(kg - expected[category]) < 1 for category, kg in calculated.items()} == dict.fromkeys(
            expected, True
        )

    def test_locked_groups_are_those_of_the_datadis_contracts(self):
        locked = CupsGroup.objects.of(GROUP).locked()
        contracts = SupplyContract.objects.filter(organization=GROUP, source="datadis")

        assert {*locked.values_list("facility", "cups")} == {*contracts.values_list("facility", "cups")}
        assert locked.count() == 20
