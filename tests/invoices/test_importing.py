"""A file of invoices, from its upload to its undo."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
import xlsxwriter
from django.utils import translation

from facilities import access
from facilities.models import Role
from invoices import closed_years, consolidating, filing, grouping, importing, tabular, tracking, undoing, working
from invoices.consolidating import Source
from invoices.importing import content, wording
from invoices.models import (
    Consolidation,
    CupsGroup,
    ImportBatch,
    ImportedInvoice,
    ImportPart,
    ImportProblem,
    Invoice,
    InvoiceChange,
    InvoiceImport,
    JobChunk,
    ProcessingJob,
    RelocatedInvoice,
    Relocation,
)
from tests import factories

pytestmark = pytest.mark.django_db

HEADER = "Tipo;Desde;Hasta;Consumo;Unidad;Instalación;CUPS;Nº factura;Comercializadora;Combustible"
CELLS = {
    "type": "electricidad",
    "start": "01/01/2024",
    "end": "31/01/2024",
    "quantity": "1.234,5",
    "unit": "kWh",
    "facility": "Madrid",
    "cups": factories.VALID_CUPS,
    "number": "",
    "supplier": "",
    "fuel": "",
}


def row(**said):
    return ";".join({**CELLS, **said}.values())


@pytest.fixture(autouse=True)
def _english():
    """Have sentences in the language in which they are written."""
    with translation.override("en"):
        yield


@pytest.fixture
def upload(organization, author):
    """Upload rows as a CSV file."""

    def upload(*rows, header=HEADER, by=author, encoding="utf-8"):
        file = "\r\n".join([header, *rows]).encode(encoding)
        return importing.upload(organization=organization, by=by, file_name="enero.csv", chunks=[file])

    return upload


@pytest.fixture
def check(organization, upload, author):
    """Upload rows, state the order of their days, and check them."""

    def check(*rows, date_order="dmy", decimal=",", **given):
        one = upload(*rows, **given)
        reading = importing.Reading.of({**one.reading, "date_order": date_order, "decimal": decimal})
        return work(importing.check(organization=organization, import_id=one.pk, reading=reading, by=author))

    return check


@pytest.fixture
def take(organization, check, author):
    """Upload rows, check them, and take the good ones; or take a file that was checked."""

    def take(*rows, **given):
        one = rows[0] if isinstance(rows[0], InvoiceImport) else check(*rows, **given)
        return work(importing.take(organization=organization, import_id=one.pk, by=author))

    return take


def work(one):
    """Do the job of an import as a worker does; return the import as it is then."""
    for pk in JobChunk.objects.filter(job=one.job).order_by("position").values_list("pk", flat=True):
        working.work(pk)
    one.refresh_from_db()
    return one


def undo(one, author):
    return work(importing.undo(organization=one.organization, import_id=one.pk, by=author))


def found(one, *severities):
    """Return what is said of the rows, and put it into words as somebody who reads it has it."""
    problems = list(importing.problems(organization=one.organization, import_id=one.pk, severities=severities))
    assert all(wording.sentence(problem) and "%" not in wording.sentence(problem) for problem in problems)
    return [(problem.line, problem.column, problem.code) for problem in problems]


def counts(one):
    return one.rows_total, one.rows_good, one.rows_bad, one.rows_repeated


def books():
    return Invoice.objects.count(), InvoiceChange.objects.count(), ImportedInvoice.objects.count()


class TestTaking:
    def test_a_good_row_is_shown_and_then_filed(self, check, take, facility, author):
        one = check(row(number="E-1", quantity="1.234,5"))
        assert (one.status, one.error, counts(one)) == ("CHECKED", "", (1, 1, 0, 0))
        assert books() == (0, 0, 0)

        one = take(one)

        assert (one.status, one.rows_taken, one.job.action, one.job.items_total) == ("TAKEN", 1, "IMPORT", 1)
        invoice = Invoice.objects.get()
        assert (invoice.type, invoice.facility, invoice.unit.symbol) == ("electricity", facility, "kWh")
        assert (invoice.quantity, invoice.base_quantity) == (Decimal("1234.5"), Decimal("1234.5"))
        assert (invoice.start_date, invoice.end_date) == (date(2024, 1, 1), date(2024, 1, 31))
        assert (invoice.source, invoice.status, invoice.uploaded_by) == ("bulk_file", "loading", author.user)
        assert InvoiceChange.objects.get().invoice_id == invoice.pk
        assert CupsGroup.objects.get().invoice_count == 1
        assert ImportedInvoice.objects.get().invoice_id == invoice.pk
        job = ProcessingJob.objects.get(action="CREATE")
        assert [chunk.invoice_ids for chunk in job.chunks.all()] == [[str(invoice.pk)]]

    def test_rows_are_filed_in_batches_each_with_its_own_commit_and_calculation(self, take, facility, monkeypatch):
        monkeypatch.setattr(content, "BATCH", 2)

        one = take(*(row(start=f"01/0{month}/2024", end=f"28/0{month}/2024") for month in range(1, 6)))

        assert (one.rows_taken, one.job.items_success, one.job.status) == (5, 5, "COMPLETED")
        assert list(ImportBatch.objects.order_by("number").values_list("taken_count", flat=True)) == [2, 2, 1]
        assert sorted(ProcessingJob.objects.filter(action="CREATE").values_list("items_total", flat=True)) == [1, 2, 2]
        assert CupsGroup.objects.get().invoice_count == 5

    def test_the_good_rows_are_taken_without_the_bad_ones(self, take, facility):
        one = take(row(), row(quantity="mucho"), "", row(start="01/02/2024", end="29/02/2024"))

        assert (counts(one), one.rows_taken, one.job.items_failed) == ((3, 2, 1, 0), 2, 0)

    def test_a_month_later_the_same_typo_is_filed_right(self, take, facility, organization, author):
        typo = factories.VALID_CUPS.replace("JY", "YJ")
        take(row(cups=typo))
        consolidating.consolidate(
            organization=organization,
            sources=[Source(typo, facility.pk)],
            target=factories.VALID_CUPS,
            by=author,
            make_aliases=True,
        )

        one = take(row(cups=typo, start="01/02/2024", end="29/02/2024"))

        february = Invoice.objects.get(start_date__month=2)
        assert (february.cups, february.printed_cups) == (factories.VALID_CUPS, typo)
        assert (2, "CUPS", "alias") in found(one, "warning")
        assert CupsGroup.objects.get().invoice_count == 2

    def test_an_invoice_is_linked_to_the_contract_of_its_supply(self, take, facility):
        contract = factories.supply_contract(facility=facility)
        factories.supply_contract(facility=facility, start_date=date(2024, 6, 1))

        take(row(cups=f"{factories.VALID_CUPS}0F"), row(number="2", cups=factories.OTHER_VALID_CUPS))

        linked = dict(Invoice.objects.values_list("invoice_number", "supply_contract"))
        assert linked == {"": contract.pk, "2": None}

    def test_what_the_books_hold_by_then_is_not_taken_twice(self, check, take, facility, organization, author):
        one = check(
            row(number="A"), row(start="01/02/2024", end="29/02/2024"), row(start="01/03/2023", end="31/03/2023")
        )
        factories.invoice(facility=facility, quantity="1234.5")
        factories.year_closing(organization=organization, year=2023)

        one = take(one)

        assert (one.rows_taken, counts(one)) == (1, (3, 1, 1, 1))
        assert found(one, "error", "repeated") == [(2, "", "in_the_books"), (4, "Desde", "year_closed")]
        assert (one.job.items_success, one.job.items_failed, one.job.status) == (1, 2, "COMPLETED")
        assert one.job.errors[0]["message"].startswith("Line 2.")

    def test_a_row_that_another_import_files_at_this_moment_is_that_ones(self, check, take, facility, monkeypatch):
        one, other = check(row()), check(row())
        # Neither sees what the other has not committed: the key of the row alone tells.
        take(other)
        monkeypatch.setattr("invoices.importing.checking.Checker._filed", lambda self, identities: {})
        monkeypatch.setattr("invoices.duplicates.found_for", lambda **asked: {})

        one = take(one)

        assert (one.rows_taken, found(one)) == (0, [(2, "", "filed_before")])
        assert books() == (1, 1, 1)

    def test_nothing_is_taken_before_the_check_nor_twice(self, upload, take, facility, organization, author):
        asked = {"organization": organization, "by": author}
        with pytest.raises(importing.WrongState):
            importing.take(**asked, import_id=upload(row()).pk)
        one = take(row())
        before = books()

        with pytest.raises(importing.NothingToTake):
            importing.take(**asked, import_id=one.pk)
        with pytest.raises(importing.WrongState):
            importing.check(**asked, import_id=one.pk, reading=None)

        assert books() == before
        assert ProcessingJob.objects.filter(action="IMPORT").count() == 2


BAD = {
    "no type": ({"type": ""}, "Tipo", "missing"),
    "an unknown type": ({"type": "aire"}, "Tipo", "type_unknown"),
    "the other decimal sign": ({"quantity": "1,234.5"}, "Consumo", "number_sign"),
    "no number": ({"quantity": "mucho"}, "Consumo", "number_unreadable"),
    "a shortened number": ({"quantity": "1,2E+05"}, "Consumo", "number_scientific"),
    "too large a number": ({"quantity": "1.000.000.000"}, "Consumo", "number_too_large"),
    "no day": ({"start": "enero"}, "Desde", "date_unreadable"),
    "a day that is none": ({"end": "31/02/2024"}, "Hasta", "date_impossible"),
    "a short year": ({"end": "31/01/24"}, "Hasta", "date_short_year"),
    "a year far away": ({"start": "1924-01-01"}, "Desde", "date_far"),
    "an end before the start": ({"end": "2023-12-31"}, "Hasta", "ends_before_it_starts"),
    "an unknown unit": ({"unit": "cubos"}, "Unidad", "unit_unknown"),
    "a unit of water": ({"unit": "m3"}, "Unidad", "unit_of_another_kind"),
    "a unit that the fuel has not": ({"type": "gas", "fuel": "Pellets", "unit": "m3"}, "Unidad", "unit_not_of_fuel"),
    "no fuel": ({"type": "calor"}, "Combustible", "fuel_required"),
    "an unknown fuel": ({"type": "calor", "fuel": "carbon"}, "Combustible", "fuel_unknown"),
    "a fuel of other countries": ({"type": "calor", "fuel": "Coal"}, "Combustible", "fuel_ambiguous"),
    "no facility": ({"facility": ""}, "Instalación", "missing"),
    "an unknown facility": ({"facility": "Madri"}, "Instalación", "facility_unknown"),
    "somebody else's facility": ({"facility": "Lisboa"}, "Instalación", "facility_unknown"),
    "an ambiguous facility": ({"facility": "Vigo"}, "Instalación", "facility_ambiguous"),
    "an archived facility": ({"facility": "León"}, "Instalación", "facility_archived"),
    "a closed year": ({"start": "01/12/2022"}, "Desde", "year_closed"),
    "an id of nothing": ({"supplier": "01890000-0000-7000-8000-000000000000"}, "Comercializadora", "id_unknown"),
    "a long number": ({"number": "9" * 101}, "Nº factura", "too_long"),
    "a number with a tab": ({"number": "9\t9"}, "Nº factura", "control_character"),
    "a code that can't be carried": ({"cups": "ES\u200b1"}, "CUPS", "cups_not_acceptable"),
    "a cell too many": ({"fuel": ";;ocho"}, "", "too_many_cells"),
}


class TestChecking:
    @pytest.fixture
    def world(self, organization, other_organization, facility):
        factories.fuel(name="Pellets", units=[factories.unit(name="kilogram_(kg)", symbol="kg", type="mass")])
        factories.fuel(name="Coal", country="GB")
        factories.unit(name="cubic_meter_(m³)", symbol="m³", type="volume")
        factories.facility(organization=other_organization, name="Lisboa")
        factories.facility(organization=organization, name="LEON", status="archived")
        for name in ("Vigo", "VIGO"):
            factories.facility(organization=organization, name=name)
        factories.year_closing(organization=organization, year=2022)

    def test_every_kind_of_bad_row_is_reported_and_none_hides_another(self, check, take, world):
        one = check(*(row(**said) for said, _column, _code in BAD.values()), row(number="good"))

        errors = found(one, "error")
        assert errors == [(line, column, code) for line, (_s, column, code) in enumerate(BAD.values(), start=2)]
        assert counts(one) == (len(BAD) + 1, 1, len(BAD), 0)
        assert take(one).rows_taken == 1

    def test_all_that_is_wrong_with_a_row_is_said(self, check, world):
        one = check(row(type="", start="", quantity="x", unit="y", facility="z", number="9" * 101, cups="ES 1"))

        assert [code for _line, _column, code in found(one)] == [
            *("missing", "missing", "number_unreadable", "facility_unknown", "unit_unknown", "cups_damaged", "too_long")
        ]

    def test_what_would_be_right_is_said_with_it(self, check, world):
        one = check(row(facility="Madri", quantity="1,234.5", unit="m3"), date_order="mdy")

        said = {problem.column: wording.sentence(problem) for problem in ImportProblem.objects.all()}
        assert said["Instalación"].endswith("Close to it: Madrid.")
        assert said["Consumo"].endswith("this is 1234,5.")
        assert "energy" in said["Unidad"]
        assert "stated right" in said["Hasta"]
        assert one.rows_bad == 1

    @pytest.mark.parametrize(
        ("cups", "code", "repaired"),
        [
            (" es1234 1234 5678 9012 jy ", "cups_not_clean", factories.VALID_CUPS),
            ("ES123412345678901ZJY", "cups_look_alike", factories.VALID_CUPS),
            ("ES1234123456789012", "cups_letters_missing", factories.VALID_CUPS),
            ("ES1234123456789012JX", "cups_letters_wrong", factories.VALID_CUPS),
            ("ES123412345678901JY", "cups_damaged", ""),
            ("ES1234123456789012JY0FA001", "cups_self_consumption", f"{factories.VALID_CUPS}0F"),
            ("3,14E+15", "cups_scientific", ""),
            ("contrato 7", "cups_other", ""),
        ],
    )
    def test_a_damaged_code_is_a_warning_with_the_repaired_form_and_stored_as_it_came(
        self, check, take, facility, cups, code, repaired
    ):
        one = check(row(cups=cups))

        assert (counts(one), found(one)) == ((1, 1, 0, 0), [(2, "CUPS", code)])
        assert ImportProblem.objects.get().details == {"repaired": repaired}
        take(one)
        assert Invoice.objects.get().cups == cups.strip()

    def test_a_supplier_that_nobody_knows_is_told_and_the_row_filed_without(self, take, facility):
        for number in range(2):
            factories.supplier(name=f"Twin{'.' * number} Power S.L.")
        known = factories.supplier(name="Iberdrola Clientes, S.A.U.")
        factories.supplier(name="IBERDROLA CLIENTES SAU", country="PT")

        one = take(
            *(
                row(supplier=name, quantity=str(place))
                for place, name in enumerate(("Nadie", "twin power", "iberdrola clientes", str(known.pk)))
            )
        )

        assert found(one, "warning") == [
            (2, "Comercializadora", "supplier_unknown"),
            (3, "Comercializadora", "supplier_ambiguous"),
        ]
        suppliers = Invoice.objects.order_by("quantity").values_list("supplier", flat=True)
        assert list(suppliers) == [None, None, known.pk, known.pk]

    def test_units_fuels_and_facilities_are_known_by_id_name_and_symbol(self, take, facility):
        gas = factories.fuel(name="Gas Natural", code="natural_gas", country="ES")
        factories.fuel(name="Natural gas", code="natural_gas", country="GB")
        kwh, mwh = factories.unit(), factories.unit(name="megawatt_hour_(mwh)", symbol="MWh", type="energy")

        one = take(
            row(type="heat", fuel="gas natural", unit=str(kwh.pk), number="1", facility="MADRID"),
            row(type="gas", fuel="NATURAL_GAS", unit="mwh", number="2", facility="madrid"),
            row(type="calor", fuel=str(gas.pk), unit="megavatios hora", number="3", quantity="7"),
            row(fuel="gas", number="4"),
        )

        assert one.rows_taken == 4
        heat = Invoice.objects.filter(type="heat").order_by("invoice_number")
        assert [(each.facility_fuel, each.unit) for each in heat] == [(gas, kwh), (gas, mwh), (gas, mwh)]
        assert found(one) == [(5, "Combustible", "fuel_not_used")]

    def test_a_facility_is_named_by_id_or_by_name_whichever_is_said(self, take, facility, organization):
        header = HEADER.replace("Instalación", "ID centro;Centro")

        one = take(row(facility=f"{facility.pk};"), row(facility=";Madrid", quantity="2"), header=header)

        assert (one.rows_taken, set(Invoice.objects.values_list("facility", flat=True))) == (2, {facility.pk})

    def test_what_is_the_same_is_listed_and_skipped(self, check, facility):
        supplier = factories.supplier(name="Luz")
        there = factories.invoice(facility=facility, invoice_number="E-7", supplier=supplier, quantity=5)

        one = check(
            row(number="E-7", supplier="Luz"),
            row(number="X", supplier="Luz"),
            row(number="X", supplier="luz", quantity="9"),
            row(cups=f"{factories.VALID_CUPS}0F"),
            row(cups=f"{factories.VALID_CUPS}0F", quantity="9"),
        )

        assert found(one, "repeated") == [
            (2, "", "in_the_books"),
            (4, "", "earlier_in_the_file"),
            (5, "", "earlier_in_the_file"),
        ]
        problems = ImportProblem.objects.filter(severity="repeated").order_by("line")
        assert [problem.details for problem in problems] == [{"invoice_id": str(there.pk)}, {"line": 3}, {"line": 3}]
        assert counts(one) == (5, 2, 0, 3)

    def test_the_same_file_or_the_mended_one_writes_nothing_twice(self, take, check, facility, author):
        take(row(), row(quantity="mal", start="01/02/2024", end="29/02/2024"))
        # What became of the invoice since does not matter.
        filing.change(
            organization=facility.organization,
            invoice_id=Invoice.objects.get().pk,
            by=author,
            changes={"base_quantity": Decimal(7)},
        )

        mended = take(row(), row(quantity="10", start="2024-02-01", end="2024-02-29"))

        assert (mended.rows_taken, found(mended)) == (1, [(2, "", "filed_before")])
        assert counts(check(row(), row(quantity="10,0", start="01/02/2024", end="29/02/2024"))) == (2, 0, 0, 2)
        assert Invoice.objects.count() == 2

    def test_a_file_is_checked_again_as_it_is_read_otherwise(self, check, facility, organization, author):
        one = check(row(end="31/01/2024"), date_order="mdy")
        assert one.rows_bad == 1
        reading = importing.Reading.of({**one.reading, "date_order": "dmy"})

        one = work(importing.check(organization=organization, import_id=one.pk, reading=reading, by=author))

        assert (counts(one), found(one), ImportBatch.objects.count()) == ((1, 1, 0, 0), [], 1)

    def test_a_column_that_is_not_in_the_file_is_stated_for_all_rows(self, upload, facility, organization, author):
        one = upload("2024-01-01;2024-01-31;5", header="Desde;Hasta;Consumo")
        reading = {**one.reading, "constants": {"type": "luz", "unit": "MWh", "facility": "Madrid"}}
        factories.unit(name="megawatt_hour_(mwh)", symbol="MWh", type="energy")

        with pytest.raises(importing.MappingIncomplete) as refused:
            importing.check(organization=organization, import_id=one.pk, reading=None, by=author)
        one = work(
            importing.check(
                organization=organization, import_id=one.pk, reading=importing.Reading.of(reading), by=author
            )
        )

        assert refused.value.columns == ["type", "unit", "facility"]
        assert (counts(one), found(one)) == ((1, 1, 0, 0), [])

    def test_a_file_that_stops_making_sense_says_where(self, upload, facility, organization, author):
        file = "\n".join([HEADER, *[row()] * 3]).encode() + b'\n"' + b"x" * 100
        one = importing.upload(organization=organization, by=author, file_name="roto.csv", chunks=[file])
        cut = importing.Reading.of({**one.reading, "encoding": "utf-16"})

        with pytest.raises(importing.NotReadable):
            importing.check(organization=organization, import_id=one.pk, reading=cut, by=author)
        # Further on than what is looked at when it is uploaded.
        rows = [f"{row()};{'x' * 2_000}"] * 150
        file = "\n".join([f"{HEADER};Nota", *rows]).encode() + "\né;".encode("latin-1")
        one = importing.upload(organization=organization, by=author, file_name="roto.csv", chunks=[file])
        one = work(importing.check(organization=organization, import_id=one.pk, reading=None, by=author))

        assert one.status == "FAILED"
        assert "is not utf-8" in one.error
        assert (one.job.status, one.job.items_failed) == ("FAILED", 1)
        assert ImportBatch.objects.count() == ImportProblem.objects.count() == 0
        again = tracking.retry(organization=organization, job_id=one.job.pk, by=author)
        assert again.pk != one.job.pk

    def test_a_quote_that_nothing_closes_swallows_no_rows(self, upload, facility, organization, author):
        rows = [f"{row()};{'x' * 2_000}"] * 150
        one = upload(*rows, f'{row(quantity="7")};"x', row(quantity="8"), header=f"{HEADER};Nota")
        one = work(importing.check(organization=organization, import_id=one.pk, reading=None, by=author))

        assert (one.status, one.error) == ("FAILED", "The file can't be read: Line 152: a quote is not closed")

    def test_a_header_with_a_character_that_no_database_keeps(self, upload, facility, organization, author):
        one = upload(f"{row(start='2024-01-01', end='2024-01-31')};", header=f"{HEADER};No\0ta", encoding="utf-16")
        one = work(importing.check(organization=organization, import_id=one.pk, reading=None, by=author))

        assert (one.status, one.headers[-1], one.rows_good) == ("CHECKED", "Nota", 1)

    def test_what_is_in_the_books_of_a_closed_year_is_repeated(self, take, check, facility, organization):
        take(row())
        factories.year_closing(organization=organization, year=2024)

        one = check(row(), row(quantity="9"))

        assert found(one, "error", "repeated") == [(2, "", "filed_before"), (3, "Desde", "year_closed")]

    def test_a_column_that_is_said_takes_the_place_of_a_value_that_was_said_before(self, upload, facility):
        one = upload(row())
        one.reading |= {"columns": {"quantity": 3}, "constants": {"type": "water", "facility_id": str(facility.pk)}}

        reading = importing.restated(invoice_import=one, said={"columns": {"type": 0, "facility": 5, "unit": None}})

        assert (reading.columns, reading.constants) == ({"quantity": 3, "type": 0, "facility": 5}, {})


class TestReading:
    @pytest.mark.parametrize(
        ("file", "said"),
        [
            (b"", "is empty"),
            (b" \r\n", "is empty"),
            (b"Tipo;Desde\r\n\r\n", "headers alone"),
            (b";;\n; ;\n", "no row that says anything"),
            (b"%PDF-1.7 ...", "no table"),
            (b"\x89PNG\0\0\0\0", "no table"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel"),
            (b"PK\x03\x04 no workbook", "no XLSX workbook"),
            (b";".join([b"a"] * 501) + b"\n1", "501 columns"),
        ],
    )
    def test_what_is_no_table_is_refused_and_not_kept(self, organization, author, file, said):
        with pytest.raises(importing.NotReadable, match=said):
            importing.upload(organization=organization, by=author, file_name="x", chunks=[file])

        assert InvoiceImport.objects.count() == ImportPart.objects.count() == 0

    def test_a_file_is_kept_in_pieces_and_no_larger_than_is_taken(self, organization, author, settings):
        settings.IMPORT_MAX_MB = 1
        asked = {"organization": organization, "by": author, "file_name": "c:\\año\\ene\tro.csv"}
        rows = f"{HEADER}\n{row()}\n".encode()

        with pytest.raises(importing.ImportTooLarge):
            importing.upload(**asked, chunks=[rows, *[b"x" * 10_000] * 105])
        assert ImportPart.objects.count() == 0
        settings.IMPORT_MAX_MB = 2
        importing.upload(**asked, chunks=[rows.ljust(1 << 20, b"x")])
        assert ImportPart.objects.count() == 1
        ImportPart.objects.all().delete()
        one = importing.upload(**asked, chunks=[rows, *[b"x" * 10_000] * 105])

        assert (one.file_name, one.size_bytes, len(one.sha256)) == ("enero.csv", len(rows) + 1_050_000, 64)
        assert [len(part.content) for part in ImportPart.objects.order_by("number")] == [1 << 20, len(rows) + 1_424]

    def test_how_a_file_reads_is_guessed_and_shown(self, upload, facility):
        one = upload(row(quantity="mil"), row(start="01/13/2024"), encoding="utf-16")

        shown = importing.guess(invoice_import=one)

        assert shown.headers == HEADER.split(";")
        assert (shown.reading.encoding, shown.reading.delimiter, shown.reading.decimal) == ("utf-16", ";", ",")
        assert (shown.reading.date_order, shown.missing) == ("ymd", [])
        assert [(sample.line, sample.problems) for sample in shown.rows] == [
            (2, ["start_date", "end_date", "quantity"]),
            (3, ["start_date", "end_date"]),
        ]
        assert shown.rows[1].values["quantity"] == "1234.5"
        assert shown.rows[1].values["facility"] == "Madrid"

    def test_a_file_that_is_parted_otherwise_is_guessed_anew(self, upload):
        one = upload("luz|1", header="Tipo|Consumo")
        said = importing.Reading.of({**one.reading, "delimiter": ";", "columns": {}})
        assert importing.guess(invoice_import=one, reading=said).headers == ["Tipo|Consumo"]

        again = importing.reguessed(
            invoice_import=one, reading=importing.Reading.of({**said.as_json(), "delimiter": "|"})
        )

        assert again.columns == {"type": 0, "quantity": 1}

    def test_a_workbook_has_its_days_and_numbers_read_as_they_are(self, organization, author, facility, tmp_path):
        path = tmp_path / "enero.xlsx"
        with xlsxwriter.Workbook(path) as book:
            day = book.add_format({"num_format": "dd/mm/yyyy"})
            for name in ("Portada", "Datos"):
                sheet = book.add_worksheet(name)
                sheet.write_row(0, 0, ["Tipo", "Desde", "Hasta", "Consumo", "Unidad", "Centro", "CUPS", "Factura"])
                for line, quantity in enumerate([1.234, "1.234", 1_234_567], start=1):
                    sheet.write(line, 0, "luz")
                    sheet.write_datetime(line, 1, date(2024, 1, 1), day)
                    sheet.write_datetime(line, 2, date(2024, 1, 31), day)
                    sheet.write(line, 3, quantity)
                    sheet.write_row(line, 4, ["kWh", "Madrid", "'-ES1", 2024.5])
        asked = {"organization": organization, "by": author}
        one = importing.upload(**asked, file_name="enero.xlsx", chunks=[path.read_bytes()])
        reading = importing.Reading.of({**one.reading, "decimal": ",", "sheet": "Datos"})

        one = work(importing.check(**asked, import_id=one.pk, reading=reading))
        assert counts(one) == (3, 3, 0, 0)
        work(importing.take(**asked, import_id=one.pk))

        quantities = Invoice.objects.order_by("quantity").values_list("quantity", flat=True)
        assert list(quantities) == [Decimal("1.234"), 1234, 1_234_567]
        assert {(one.cups, one.invoice_number) for one in Invoice.objects.all()} == {("-ES1", "2024.5")}
        assert importing.guess(invoice_import=one).sheets == ["Portada", "Datos"]
        with pytest.raises(importing.NotReadable, match="no sheet"):
            importing.guess(invoice_import=one, reading=importing.Reading.of({"format": "xlsx", "sheet": "No"}))

    @pytest.mark.parametrize(("bound", "most"), [("MOST_XLSX_BYTES", 10), ("MOST_XLSX_ROWS", 1)])
    def test_a_workbook_is_no_larger_than_memory_takes(self, organization, author, tmp_path, monkeypatch, bound, most):
        monkeypatch.setattr(content, bound, most)
        path = tmp_path / "big.xlsx"
        tabular.write_xlsx(path, [["Tipo"], ["luz"], ["luz"]], title="x")

        with pytest.raises(importing.ImportTooLarge):
            importing.upload(organization=organization, by=author, file_name="x", chunks=[path.read_bytes()])

        assert InvoiceImport.objects.count() == 0

    def test_the_refused_rows_come_back_with_why_and_can_be_mended(self, take, organization, facility, monkeypatch):
        monkeypatch.setattr(content, "BATCH", 2)
        more = [row(quantity=str(number)) for number in range(2)]
        one = take(row(), *more, row(quantity="x", start="01/02/2024", end="30/02/2024"), "luz")

        header, *refused = importing.refused_rows(organization=organization, import_id=one.pk)
        assert header == [*HEADER.split(";"), "Why it was refused"]
        assert [cells[3] for cells in refused] == ["x", ""]
        assert all("." in cells[-1] for cells in refused)

        mended = [*refused[0][:2], "29/02/2024", "7", *refused[0][4:]]
        again = take(";".join(f'"{cell}"' for cell in mended), header=";".join(header))
        assert (again.rows_taken, Invoice.objects.count()) == (1, 4)


class TestUndoing:
    def test_untouched_rows_go_and_the_file_may_come_again(self, take, facility, organization, author):
        rows = [row(), row(start="01/02/2024", end="29/02/2024")]
        one = take(*rows)
        assert importing.undo_plan(organization=organization, import_id=one.pk) == (2, [], 0)

        one = undo(one, author)

        assert (one.status, one.rows_undone) == ("UNDONE", 2)
        assert Invoice.objects.count() == CupsGroup.objects.count() == ImportedInvoice.objects.count() == 0
        assert InvoiceChange.objects.filter(action="deleted", by=author.user).count() == 2
        with pytest.raises(importing.WrongState):
            importing.undo(organization=organization, import_id=one.pk, by=author)
        assert take(*rows).rows_taken == 2

    def test_what_somebody_touched_stays_with_the_reason(self, take, facility, organization, author):
        elsewhere = factories.facility(organization=organization)
        names = ["untouched", "changed", "joined", "joined and parted", "locked", "moved", "gone"]
        one = take(*(row(number=name, quantity=str(place), cups=f"X{place}") for place, name in enumerate(names)))
        invoices = {invoice.invoice_number: invoice for invoice in Invoice.objects.all()}
        asked = {"organization": organization, "by": author}
        filing.change(**asked, invoice_id=invoices["changed"].pk, changes={"invoice_number": "changed!"})
        for name in ("joined", "joined and parted"):
            consolidating.consolidate(**asked, sources=[Source(invoices[name].cups, facility.pk)], target="Y")
        undoing.undo(**asked, consolidation_id=Consolidation.objects.latest("created_at").pk)
        contract = factories.datadis_contract(facility=facility, cups="X4")
        Invoice.objects.filter(pk=invoices["locked"].pk).update(supply_contract=contract)
        move = Relocation.objects.create(
            organization=organization,
            cups="X5",
            from_facility=facility,
            to_facility=elsewhere,
            moved_count=1,
            **author.recorded(),
        )
        RelocatedInvoice.objects.create(
            relocation=move,
            organization=organization,
            invoice_id=invoices["moved"].pk,
            start_date=date(2024, 1, 1),
            end_date=date(2024, 1, 31),
        )
        filing.delete(**asked, invoice_id=invoices["gone"].pk)
        plan = importing.undo_plan(organization=organization, import_id=one.pk)

        one = undo(one, author)

        reasons = ["stays_changed", "stays_consolidated", "stays_locked", "stays_moved"]
        assert [stays.reason for stays in plan.stays] == reasons
        assert all(wording.reason(reason) for reason in reasons)
        assert (plan.removed, plan.stays_total, one.rows_undone) == (2, 4, 2)
        assert [code for _line, _column, code in found(one, "warning") if code.startswith("stays")] == reasons
        left = {"changed!", "joined", "locked", "moved"}
        assert set(Invoice.objects.values_list("invoice_number", flat=True)) == left
        assert ImportedInvoice.objects.count() == 4

    def test_what_a_closed_year_reported_is_not_taken_back(self, take, facility, organization, author):
        one = take(row(), row(start="01/02/2023", end="28/02/2023"))
        for year in (2020, 2023):
            factories.year_closing(organization=organization, year=year)
        before = books()

        with pytest.raises(closed_years.PeriodClosed):
            importing.undo(organization=organization, import_id=one.pk, by=author)
        assert (books(), InvoiceImport.objects.get().status) == (before, "TAKEN")

    def test_a_year_that_closes_meanwhile_keeps_its_invoices(self, take, facility, organization, author):
        one = take(row(), row(start="01/02/2023", end="28/02/2023"))
        asked = importing.undo(organization=organization, import_id=one.pk, by=author)
        factories.year_closing(organization=organization, year=2023)

        one = work(asked)

        assert (one.rows_undone, Invoice.objects.get().start_date.year) == (1, 2023)
        assert found(one) == [(3, "", "stays_closed")]

    def test_an_invoice_that_moves_while_its_group_is_locked_is_tried_again(self, take, facility, author, monkeypatch):
        one = take(row())
        asked = importing.undo(organization=one.organization, import_id=one.pk, by=author)
        lock = grouping.lock

        def moving(keys, **where):
            Invoice.objects.update(cups="MOVED")
            return lock(keys, **where)

        monkeypatch.setattr(grouping, "lock", moving)

        one = work(asked)

        assert (one.status, Invoice.objects.count()) == ("UNDOING", 1)
        assert "moved at this moment" in JobChunk.objects.get(job=one.job).last_error


class TestJobs:
    @pytest.mark.parametrize("deed", ["check", "take", "undo"])
    def test_what_was_given_up_says_so_and_is_done_again(self, check, facility, author, deed, monkeypatch):
        monkeypatch.setattr(content, "BATCH", 1)
        one = check(row(), row(start="01/02/2024", end="29/02/2024"))
        asked = {"organization": one.organization, "import_id": one.pk, "by": author}
        if deed == "undo":
            one = work(importing.take(**asked))
        queued = getattr(importing, deed)(**asked, **({"reading": None} if deed == "check" else {}))
        last = JobChunk.objects.filter(job=queued.job).order_by("position").last()
        JobChunk.objects.filter(pk=last.pk).update(attempt=working.MAX_ATTEMPTS)

        one = work(queued)

        gone = {"check": ("FAILED", 1), "take": ("TAKEN", 1), "undo": ("TAKEN", 1)}[deed]
        assert one.status == gone[0]
        assert "given up" in one.error
        assert (one.job.status, tracking.may_retry(one.job)) == ("FAILED", True)
        again = tracking.retry(organization=one.organization, job_id=one.job.pk, by=author)
        one.refresh_from_db()
        assert one.job == again
        one = work(one)
        ends = {"check": ("CHECKED", 0), "take": ("TAKEN", 2), "undo": ("UNDONE", 0)}[deed]
        assert (one.status, one.error, Invoice.objects.count()) == (ends[0], "", ends[1])
        with pytest.raises(tracking.NothingToRetry):
            tracking.retry(organization=one.organization, job_id=one.job.pk, by=author)

    def test_a_job_that_a_later_one_followed_is_not_done_again(self, check, facility, author):
        one = check(row())
        old = one.job
        ProcessingJob.objects.filter(pk=old.pk).update(status="FAILED")
        importing.check(organization=one.organization, import_id=one.pk, reading=None, by=author)

        with pytest.raises(tracking.NothingToRetry):
            tracking.retry(organization=one.organization, job_id=old.pk, by=author)

    def test_a_job_whose_batches_are_all_taken_has_nothing_to_do_again(self, take, facility, author):
        one = take(row())
        ProcessingJob.objects.filter(pk=one.job.pk).update(status="FAILED")

        with pytest.raises(tracking.NothingToRetry):
            tracking.retry(organization=one.organization, job_id=one.job.pk, by=author)

    def test_a_worker_that_lost_its_chunk_writes_no_more(self, upload, facility, organization, author, monkeypatch):
        one = upload(row())
        one = importing.check(organization=organization, import_id=one.pk, reading=None, by=author)
        read = content.opened

        def lost(*asked):
            JobChunk.objects.update(attempt=9)
            return read(*asked)

        monkeypatch.setattr(content, "opened", lost)

        one = work(one)

        assert (one.status, ImportBatch.objects.count()) == ("CHECKING", 0)

    def test_what_a_key_asked_for_is_recorded_as_the_keys(self, upload, facility, organization):
        key, _secret = factories.api_key(organization=organization)
        behalf = factories.member(organization)
        by = access.Author(key.created_by, access.Channel.API, key, behalf)
        one = upload(row(start="2024-01-01", end="2024-01-31"), by=by)
        one = work(importing.check(organization=organization, import_id=one.pk, reading=None, by=by))

        work(importing.take(organization=organization, import_id=one.pk, by=by))

        change = InvoiceChange.objects.get()
        assert (change.by, change.through, change.api_key, change.on_behalf_of) == (key.created_by, "API", key, behalf)


class TestRights:
    def test_only_editors_may_and_only_of_their_organization(self, take, facility, organization, other_organization):
        one = take(row())
        viewer = factories.author(organization, Role.VIEWER)
        stranger = factories.author(other_organization)
        before = (books(), ProcessingJob.objects.count(), InvoiceImport.objects.get().status)

        for name, more in (("check", {"reading": None}), ("take", {}), ("undo", {}), ("discard", {})):
            with pytest.raises(access.NotAllowed):
                getattr(importing, name)(organization=organization, import_id=one.pk, by=viewer, **more)
            with pytest.raises(importing.ImportNotFound):
                getattr(importing, name)(organization=other_organization, import_id=one.pk, by=stranger, **more)
        with pytest.raises(access.NotAllowed):
            importing.upload(organization=organization, by=viewer, file_name="x", chunks=[b"a\n1"])
        for ask in (importing.find, importing.problems, importing.undo_plan, importing.refused_rows):
            with pytest.raises(importing.ImportNotFound):
                ask(organization=other_organization, import_id=one.pk)

        assert not importing.listed(organization=other_organization).exists()
        assert (books(), ProcessingJob.objects.count(), InvoiceImport.objects.get().status) == before

    def test_a_file_that_filed_nothing_is_discarded_whole(self, check, take, facility, organization, author):
        one = check(row(), row(type=""))
        asked = {"organization": organization, "by": author}

        importing.discard(**asked, import_id=one.pk)

        for model in (InvoiceImport, ImportPart, ImportBatch, ImportProblem):
            assert model.objects.count() == 0
        one = take(row())
        with pytest.raises(importing.WrongState):
            importing.discard(**asked, import_id=one.pk)
        assert InvoiceImport.objects.get() == one


@pytest.mark.parametrize(
    ("part", "said"),
    [(ImportPart(number=3), "3"), (ImportBatch(number=4), "4"), (ImportedInvoice(line=5), "5")],
)
def test_a_part_of_an_import_is_named_by_its_import_and_its_place(part, said):
    part.invoice_import_id = uuid4()

    assert str(part) == f"{part.invoice_import_id} · {said}"
