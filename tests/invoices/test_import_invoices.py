"""`manage.py import_invoices`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command, load_command_class

from facilities.models import Role
from invoices import working
from invoices.models import Invoice, InvoiceImport, JobChunk
from tests import factories

pytestmark = pytest.mark.django_db

GOOD = "luz;01/01/2024;31/01/2024;1.234,5;kWh;Madrid"
BAD = "luz;01/02/2024;30/02/2024;mucho;kWh;Madrid"


@pytest.fixture
def run(organization, facility, tmp_path):
    """Import rows from a file; return the exit status, what was printed, and why it was not 0."""
    factories.member(organization)
    administrator = factories.member(organization, Role.ADMIN, email="ana@example.com")

    def run(*rows, header="Tipo;Desde;Hasta;Consumo;Unidad;Centro", said=(), **options):
        path = tmp_path / "facturas.csv"
        path.write_text("\n".join([header, *rows]))
        out = StringIO()
        options = {"date_order": "dmy", "organization": str(organization.pk), "stdout": out, **options}
        try:
            call_command("import_invoices", str(options.pop("file", path)), *said, **options)
        except CommandError as ended:
            return ended.returncode, out.getvalue(), str(ended)
        return 0, out.getvalue(), ""

    run.administrator = administrator
    return run


def test_all_rows_of_a_good_file_are_filed_by_the_first_administrator(run):
    status, said, _why = run(GOOD)

    assert status == 0
    assert "1 of 1 rows checked\n" in said
    assert "1 of 1 rows taken\n" in said
    assert "1 rows: 1 filed, 0 in the books already, 0 refused." in said
    assert Invoice.objects.get().uploaded_by == run.administrator


def test_each_problem_is_printed_and_the_good_rows_are_filed(run):
    status, said, why = run(GOOD, BAD, GOOD)

    assert (status, why) == (1, "1 rows were refused.")
    assert "error: line 3, Hasta “30/02/2024”: There is no such day." in said
    assert "error: line 3, Consumo “mucho”: This is no number." in said
    assert "repeated: line 4: The same invoice is on line 2." in said
    assert Invoice.objects.count() == 1


def test_a_dry_run_files_and_keeps_nothing(run):
    status, said, _why = run(GOOD, dry_run=True)

    assert status == 0
    assert "1 rows: 1 good, none filed" in said
    assert Invoice.objects.count() == InvoiceImport.objects.count() == 0


def test_a_dry_run_keeps_nothing_of_a_file_that_stops_making_sense(run):
    rows = [f"{GOOD};{'x' * 2_000}"] * 150

    status, _said, why = run(*rows, f'{GOOD};"x', header="Tipo;Desde;Hasta;Consumo;Unidad;Centro;Nota", dry_run=True)

    assert (status, "a quote is not closed" in why) == (2, True)
    assert InvoiceImport.objects.count() == 0


def test_columns_and_how_they_read_can_be_stated(run, organization):
    person = factories.member(organization, email="eva@example.com")
    factories.unit(name="megawatt_hour_(mwh)", symbol="MWh", type="energy")

    status, _said, _why = run(
        "01/31/2024|02/01/2024|1,5|Madrid",
        header="A|B|Neto|Centro",
        date_order="mdy",
        decimal=",",
        delimiter="|",
        said=[
            *("--map=start_date=A", "--map=end_date=B", "--map=quantity=Neto"),
            *("--set=type=luz", "--set=unit=MWh"),
        ],
        user="EVA@example.com",
    )

    assert status == 0
    invoice = Invoice.objects.get()
    assert (invoice.uploaded_by, str(invoice.quantity), invoice.unit.symbol) == (person, "1.500000", "MWh")


def test_an_organization_without_administrator_is_served_by_the_one_above(run, organization):
    above = factories.organization()
    type(organization).objects.filter(pk=organization.pk).update(parent=above)
    administrator = factories.member(above, Role.ADMIN)
    run.administrator.memberships.all().delete()

    assert run(GOOD)[0] == 0
    assert Invoice.objects.get().uploaded_by == administrator


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"organization": "01890000-0000-7000-8000-000000000000"}, "There is no organization"),
        ({"user": "nobody@example.com"}, "No person has the address"),
        ({"user": "eve@example.com"}, "This needs the role editor"),
        ({"file": "/nowhere.csv"}, "No such file"),
        ({"said": ["--map=quantity=Neto"]}, "0 columns called"),
        ({"encoding": "utf-16"}, "can't be read"),
        ({"header": "Tipo;Desde"}, "Say which column"),
    ],
)
def test_what_can_not_be_done_at_all_ends_with_status_2(run, other_organization, options, why):
    factories.member(other_organization, email="eve@example.com")

    status, _said, told = run(GOOD, **options)

    assert (status, why in told) == (2, True)
    assert Invoice.objects.count() == InvoiceImport.objects.count() == 0


@pytest.mark.parametrize("said", ["--organization=ours", "--map=quantity", "--map=price=A", "--decimal=;"])
def test_an_argument_that_is_none_ends_with_status_2(said, capsys):
    command = load_command_class("invoices", "import_invoices")
    command._called_from_command_line = True

    with pytest.raises(SystemExit) as ended:
        command.create_parser("manage.py", "import_invoices").parse_args(["facturas.csv", said])

    assert ended.value.code == 2


def test_a_file_that_says_all_itself_needs_nothing_stated(run):
    assert run(GOOD.replace("01/01/2024;31/01/2024", "2024-01-01;2024-01-31"), date_order=None)[0] == 0


def test_nobody_is_an_administrator(run):
    run.administrator.memberships.all().delete()

    assert run(GOOD)[::2] == (2, "Nobody administers the organization: name somebody.")


def test_a_file_that_breaks_off_is_not_taken(run, tmp_path):
    path = tmp_path / "roto.csv"
    # Further on than what is looked at when it is uploaded.
    rows = [f"{GOOD};{'x' * 2_000}"] * 150
    path.write_bytes("\n".join(["Tipo;Desde;Hasta;Consumo;Unidad;Centro;Nota", *rows]).encode() + b"\n\xff;")

    status, _said, why = run(file=path)

    assert (status, "is not utf-8" in why, Invoice.objects.count()) == (2, True, 0)


def test_a_worker_that_was_quicker_is_waited_for(run, monkeypatch):
    work, naps = working.work, []

    def somebody_has_it(chunk_id, **more):
        return work(chunk_id, **more) if naps else None

    monkeypatch.setattr(working, "work", somebody_has_it)
    monkeypatch.setattr("time.sleep", naps.append)

    assert run(GOOD)[0] == 0
    assert naps
    assert set(JobChunk.objects.filter(job__action="IMPORT").values_list("state", flat=True)) == {"done"}
