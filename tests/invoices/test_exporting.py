"""Lists as files, for programs and for people."""

import csv
import io
import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import translation

from facilities.models import Facility, Role, Supplier
from invoices import aliasing, consolidating, exporting, filing, importing, listing, tabular, undoing, working
from invoices.consolidating import Source
from invoices.exporting import tables
from invoices.models import Consolidation, Invoice, JobChunk
from tests import api, factories, figures

pytestmark = pytest.mark.django_db

RIGHT = factories.VALID_CUPS
SPACED = f"{RIGHT[:4]} {RIGHT[4:]}"
NAMES = ("cups-groups", "suggestions", "consolidations", "cups-aliases", "invoices")
every_list = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def program(organization):
    return api.client(organization, role="viewer")


@pytest.fixture
def reader(client, organization):
    """The browser of a viewer of ours, in English."""
    client.force_login(factories.member(organization, Role.VIEWER))
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def world(organization, facility, author):
    """A row of each list, with all that it says."""
    return fill(organization, facility, author)


def fill(organization, facility, author):
    invoice = factories.invoice(
        facility=facility,
        invoice_number="=1+1",
        quantity="-1234.5",
        supplier=Supplier.objects.get_or_create(name="Endesa, S.A.", country="ES", type="electricity")[0],
        percentage=Decimal("0.5"),
        printed_cups="ES 0021",
        source="pdf",
        created_at=datetime(2024, 2, 1, 23, 30, tzinfo=UTC),
    )
    figures.result(invoice, co2e="-349.42")
    figures.result(invoice, "energy", energy_kwh=Decimal("-1234.5"))
    figures.result(invoice, "electricity_location_based", co2e="1")
    rewritten = factories.invoice(
        facility=facility, cups="ES1", start_date=date(2024, 2, 1), end_date=date(2024, 2, 29)
    )
    factories.invoice(facility=facility, cups=SPACED, start_date=date(2024, 3, 1), end_date=date(2024, 3, 31))
    consolidating.consolidate(
        organization=organization,
        sources=[Source("ES1", facility.pk), Source("ES2", facility.pk)],
        target="ES3",
        by=author,
        message="+ typo",
    )
    undoing.undo(organization=organization, consolidation_id=Consolidation.objects.latest("pk").pk, by=author)
    aliasing.make(organization=organization, aliases=[(facility.pk, "ES9")], target=RIGHT, by=author, message="-")
    return {"invoice": invoice, "rewritten": rewritten}


def content_of(answer):
    assert answer.status_code == 200, answer
    return b"".join(answer.streaming_content)


def rows_of(answer, encoding="utf-8", delimiter=","):
    text = content_of(answer).decode(encoding)
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def exported(caller, name, **query):
    return rows_of(caller.get(f"/v1/exports/{name}.csv", query))


def downloaded(caller, name, **query):
    return rows_of(caller.get(reverse("export", args=[name]), query), "utf-8-sig")


class TestForPrograms:
    def test_invoices_as_an_import_takes_them(self, program, world, facility):
        answer = program.get("/v1/exports/invoices.csv", {"sort": "start_date"})

        heading, first, *_rest = content_of(answer).decode().split("\r\n")
        assert heading == (
            "type,start_date,end_date,quantity,unit,facility_id,facility,cups,invoice_number,supplier,fuel,printed_cups,"
            "id,status,source,base_quantity,percentage,source_invoice_id,supply_contract_id,created_at,co2e,co2e_biomass,"
            "total_energy_kwh"
        )
        assert first == (
            f'electricity,2024-01-01,2024-01-31,-1234.5,kWh,{facility.pk},Madrid,{RIGHT},\'=1+1,"Endesa, S.A.",,'
            f"ES 0021,{world['invoice'].pk},active,pdf,-1234.5,0.5,,,2024-02-01T23:30:00Z,-349.42,0,-1234.5"
        )

    def test_groups(self, program, world, facility):
        assert exported(program, "cups-groups", search=RIGHT) == [
            {
                "cups": RIGHT,
                "facility_id": str(facility.pk),
                "facility_name": "Madrid",
                "invoice_count": "1",
                "first_date": "2024-01-01",
                "last_date": "2024-01-31",
                "locked_count": "0",
                "facility_status": "active",
                "check": "valid",
                "is_locked": "false",
            }
        ]

    def test_consolidations_by_code(self, program, world, facility, author):
        done = Consolidation.objects.get()

        rows = exported(program, "consolidations")

        assert [(row["cups"], row["invoice_count"], row["restored_count"]) for row in rows] == [
            ("ES1", "1", "1"),
            ("ES2", "0", "0"),
        ]
        assert {**rows[0], "created_at": ""} == {
            "id": str(done.pk),
            "created_at": "",
            "by": str(author.user.pk),
            "by_name": author.user.display_name,
            "on_behalf_of": "",
            "through": "WEB",
            "message": "'+ typo",
            "state": "undone",
            "cups": "ES1",
            "facility_id": str(facility.pk),
            "facility_name": "Madrid",
            "target_cups": "ES3",
            "invoice_count": "1",
            "restored_count": "1",
        }

    def test_aliases(self, program, world, facility):
        (row,) = exported(program, "cups-aliases", search="es9")

        assert (row["cups"], row["target_cups"], row["facility_name"], row["message"]) == ("ES9", RIGHT, "Madrid", "'-")
        assert exported(program, "cups-aliases", search="ES8") == []
        assert exported(program, "cups-aliases", facility_id=str(facility.pk)) == [row]

    def test_suggestions_by_code(self, program, world, facility):
        (row,) = exported(program, "suggestions", facility_id=str(facility.pk), **{"tier[]": ["0", "1"]})

        assert (row["tier"], row["target_cups"], row["cups"], row["reasons"]) == ("0", RIGHT, SPACED, "separators")
        assert (row["facility_name"], row["invoice_count"], row["first_date"]) == ("Madrid", "1", "2024-03-01")
        assert (row["in_bulk"], row["missing_months"], row["filled_months"], row["overlaps"]) == ("true", "2", "1", "0")
        assert exported(program, "suggestions", **{"tier[]": "5"}) == []

    @every_list
    def test_is_saved_as_a_file_that_nothing_guesses_at(self, program, world, name):
        answer = program.get(f"/v1/exports/{name}.csv")

        day = date.today().isoformat()  # noqa: DTZ011 (as the server's)
        title = name.removeprefix("cups-")
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
        assert answer["Content-Disposition"] == f'attachment; filename="consolida-{title}-ours-{day}.csv"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert not content_of(answer).startswith(b"\xef\xbb\xbf")

    @every_list
    def test_who_asks_for_the_headers_alone_reads_no_row(self, program, world, name):
        assert content_of(program.head(f"/v1/exports/{name}.csv")) == b""

    @pytest.mark.parametrize("path", [*(f"{name}.csv" for name in NAMES), "invoices.xlsx"])
    def test_nothing_of_another_organization(self, world, other_organization, path):
        theirs = api.client(other_organization, role="admin")

        content = content_of(theirs.get(f"/v1/exports/{path}"))

        rows = tabular.read_xlsx(content, sheet=None, most_rows=9)[1] if path.endswith("x") else content.splitlines()
        assert len(list(rows)) == 1

    @pytest.mark.parametrize(
        ("path", "query"),
        [
            ("cups-groups.csv", {"check": "x"}),
            ("suggestions.csv", {"tier[]": "6"}),
            ("cups-aliases.csv", {"facility_id": "x"}),
            ("invoices.csv", {"sort": "x"}),
            ("invoices.xlsx", {"type[]": "x"}),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, program, path, query):
        answer = program.get(f"/v1/exports/{path}", query, headers={"accept": "text/csv, application/json"})

        assert api.is_refused(answer, 422, "VALIDATION_ERROR")

    @pytest.mark.parametrize(
        ("path", "accepted"),
        [("invoices.csv", "text/csv"), ("invoices.csv", "application/json"), ("invoices.xlsx", exporting.XLSX_TYPE)],
    )
    def test_is_what_its_address_says(self, program, world, path, accepted):
        answer = program.get(f"/v1/exports/{path}", headers={"accept": accepted})

        assert content_of(answer)

    def test_invoices_as_xlsx(self, program, world):
        content = content_of(program.get("/v1/exports/invoices.xlsx", {"type[]": "electricity", "sort": "start_date"}))

        names, rows = tabular.read_xlsx(content, sheet=None, most_rows=4)
        (_line, heading), (_line, first), *_rest = rows
        row = dict(zip(heading, first, strict=True))
        assert names == ["Invoices"]
        assert (row["start_date"], row["quantity"], row["invoice_number"]) == ("2024-01-01", "-1234.5", "'=1+1")

    def test_more_than_a_workbook_takes_are_refused(self, program, world, monkeypatch):
        monkeypatch.setattr(exporting.files, "MOST_IN_XLSX", 2)

        answer = program.get("/v1/exports/invoices.xlsx")

        assert api.is_refused(answer, 400, "TOO_MANY_ROWS")
        assert "CSV" in answer.json()["detail"]
        assert content_of(program.get("/v1/exports/invoices.xlsx", {"start_date": "2024-02-01"}))


class TestForPeople:
    def test_spanish_opens_in_a_spanish_spreadsheet(self, reader, world):
        reader.cookies["django_language"] = "es"

        content = content_of(reader.get(reverse("export", args=["invoices"]), {"search": "=1"}))

        assert content.startswith(b"\xef\xbb\xbfTipo;")
        (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
        assert (row["Tipo"], row["Cantidad"], row["kg CO₂e"]) == ("electricidad", "-1234,5", "-349,42")
        # Half past midnight in Madrid.
        assert "2024-02-02 00:30:00" in row.values()

    def test_english_has_commas_and_points(self, reader, world):
        (row,) = downloaded(reader, "invoices", search="=1")

        assert (row["Type"], row["Quantity"], row["Invoice number"]) == ("electricity", "-1234.5", "'=1+1")

    def test_words_are_those_of_when_it_was_asked_for(self, reader, world):
        answer = reader.get(reverse("export", args=["cups-groups"]))

        # Another request of the same thread, before this one is read.
        reader.get(reverse("cups"), headers={"accept-language": "es"})

        assert rows_of(answer, "utf-8-sig")[0]["Locked by Datadis"] == "no"

    @pytest.mark.parametrize(
        ("name", "query", "column", "values"),
        [
            ("cups-groups", {"search": f" {RIGHT[:6]} {RIGHT[6:]}"}, "CUPS", [RIGHT]),
            ("cups-groups", {"check": "not_clean", "page": "7"}, "CUPS", [SPACED]),
            ("cups-groups", {"sort": "-first_date"}, "First day", ["2024-03-01", "2024-02-01", "2024-01-01"]),
            ("invoices", {"year": "2023"}, "Type", []),
            ("invoices", {"has_figure": "yes"}, "Start date", ["2024-01-01"]),
            ("consolidations", {"search": "E S3"}, "State", ["undone", "undone"]),
            ("consolidations", {"search": "ES4"}, "State", []),
            ("cups-aliases", {"search": "ES9", "facility_id": "none"}, "CUPS", ["ES9"]),
            ("cups-aliases", {"search": "ES8"}, "CUPS", []),
            ("suggestions", {"tier": "0"}, "Tier", ["The same code, written differently"]),
            ("suggestions", {"search": SPACED}, "Reasons", ["capitals, blanks or separators"]),
            ("suggestions", {"tier": "5"}, "CUPS", []),
        ],
    )
    def test_holds_what_the_page_shows(self, reader, world, name, query, column, values):
        assert [row[column] for row in downloaded(reader, name, **query)] == values

    @every_list
    def test_nothing_of_another_organization(self, client, world, other_organization, name):
        client.force_login(factories.member(other_organization))

        assert rows_of(client.get(reverse("export", args=[name])), "utf-8-sig", ";") == []

    @every_list
    def test_nobody_else_reads_it(self, client, world, name):
        assert client.get(reverse("export", args=[name])).status_code == 302

    def test_a_list_that_there_is_not(self, reader, world):
        assert reader.get(reverse("export", args=["keys"])).status_code == 404

    def test_who_asks_for_the_headers_alone_reads_no_row(self, reader, world):
        assert content_of(reader.head(reverse("export", args=["invoices"]))) == b""

    def test_xlsx_has_their_words(self, reader, world):
        answer = reader.get(reverse("export-workbook"), {"search": "=1"})

        rows = dict(tabular.read_xlsx(content_of(answer), sheet=None, most_rows=2)[1])
        assert rows[1][:4] == ["Type", "Start date", "End date", "Quantity"]
        assert rows[2][:4] == ["electricity", "2024-01-01", "2024-01-31", "-1234.5"]
        assert answer["Content-Disposition"].endswith('.xlsx"')

    def test_more_than_a_workbook_takes_are_refused_in_words(self, reader, world, monkeypatch):
        monkeypatch.setattr(exporting.files, "MOST_IN_XLSX", 2)

        answer = reader.get(reverse("export-workbook"), {"type": "electricity"}, follow=True)

        assert answer.redirect_chain == [(f"{reverse('invoices')}?type=electricity", 302)]
        assert "or for CSV, which takes all" in answer.text

    @pytest.mark.parametrize(
        ("page", "query", "links"),
        [
            ("cups", {"check": "valid", "page": "1"}, ["/exports/cups-groups.csv?check=valid"]),
            (
                "invoices",
                {"type": "electricity"},
                ["/exports/invoices.csv?type=electricity", "/exports/invoices.xlsx?type=electricity"],
            ),
            ("history", {"search": "ES3"}, ["/exports/consolidations.csv?search=ES3"]),
            ("cups-aliases", {"search": "ES9"}, ["/exports/cups-aliases.csv?search=ES9"]),
            ("cups-suggestions", {"tier": "0"}, ["/exports/suggestions.csv?tier=0"]),
        ],
    )
    def test_each_list_leads_to_its_file(self, reader, world, page, query, links):
        text = reader.get(reverse(page), query).text

        assert [link for link in links if f'href="{link}"' not in text] == []


class TestStreaming:
    @pytest.fixture(autouse=True)
    def _small_slices(self, monkeypatch):
        monkeypatch.setattr(tables, "_SLICE", 2)
        monkeypatch.setattr(tables, "_SUGGESTIONS_AT_ONCE", 1)
        # A block for each row.
        monkeypatch.setattr(tabular.delimited, "_BLOCK", 1)

    def test_rows_are_read_while_they_are_written(self, organization, facility, django_assert_num_queries):
        factories.invoices(5, facility=facility)
        with django_assert_num_queries(0):
            table = exporting.invoices(listing.invoices(organization=organization), organization=organization)
            lines = exporting.csv_for_programs(table)

        with django_assert_num_queries(0):
            heading = next(lines)
        with django_assert_num_queries(2):  # the list, and the figures of two
            first = [next(lines), next(lines)]
        with django_assert_num_queries(2):
            rest = list(lines)

        assert heading.startswith(b"type,")
        assert len({*first, *rest}) == 5

    @every_list
    def test_a_longer_list_takes_more_only_by_the_slice(self, organization, facility, author, name, program):
        fill(organization, facility, author)
        for code in ("ES0021000000000002", "ES0031300000000001"):
            place = factories.facility(organization=organization)
            fill(organization, place, author)
            factories.invoice(facility=place, cups=code)

        rows = exported(program, name)

        assert len(rows) == {"cups-groups": 11, "invoices": 11, "consolidations": 6, "cups-aliases": 3}.get(name, 3)

    def test_an_import_takes_back_what_was_written(self, organization, facility):
        factories.invoice(facility=facility, invoice_number='@\'x;\r\n"y"', cups="-ES 1")
        table = exporting.invoices(listing.invoices(organization=organization), organization=organization)

        with translation.override("es"):
            lines = exporting.csv_for_people(table)
        rows = tabular.read_csv(lines, encoding="utf-8", delimiter=";")

        _heading, (_line, row) = rows
        assert [tabular.undefused(row[at]) for at in (7, 8)] == ["-ES 1", '@\'x;\r\n"y"']


@pytest.mark.django_db(transaction=True)
def test_a_download_that_takes_its_time_stops_nobody_and_shows_what_was_there(monkeypatch):
    monkeypatch.setattr(tables, "_SLICE", 1)
    monkeypatch.setattr(tabular.delimited, "_BLOCK", 1)
    facility = factories.facility()
    rows = factories.invoices(3, facility=facility)
    found = listing.invoices(organization=facility.organization)
    lines = exporting.csv_for_programs(exporting.invoices(found, organization=facility.organization))
    next(lines)
    read = [next(lines)]

    def write():
        Invoice.objects.filter(organization=facility.organization).update(invoice_number="changed")
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    writer.join(10)

    assert not writer.is_alive()
    read += lines
    assert {row.invoice_number for row in rows} == {line.split(b",")[8].decode() for line in read}
    assert set(Invoice.objects.filter(organization=facility.organization).values_list("invoice_number")) == {
        ("changed",)
    }
    assert Facility.objects.count() == 1


@pytest.mark.parametrize("language", ["", "es", "en"])
def test_an_exported_file_is_imported_as_it_is(organization, facility, author, language):
    factories.invoice(facility=facility, invoice_number="=1+1", quantity="1234.567", cups="es 1")
    factories.invoice(
        facility=facility, type="water", invoice_number="W-1", cups="", unit=factories.unit(name="cubic_meter_(m³)")
    )
    rows = listing.invoices(organization=organization, sort="invoice_id")
    columns = ("type", "start_date", "end_date", "quantity", "unit", "facility", "cups", "invoice_number")
    before = list(rows.values_list(*columns))
    table = exporting.invoices(rows, organization=organization)
    with translation.override(language or "en"):
        lines = list(exporting.csv_for_people(table) if language else exporting.csv_for_programs(table))
    for invoice in rows:
        filing.delete(organization=organization, invoice_id=invoice.pk, by=author)

    one = importing.upload(organization=organization, by=author, file_name="invoices.csv", chunks=lines)
    worked_off(importing.check(organization=organization, import_id=one.pk, reading=None, by=author))
    worked_off(importing.take(organization=organization, import_id=one.pk, by=author))

    assert list(rows.values_list(*columns)) == before


def worked_off(one):
    for chunk in JobChunk.objects.filter(job=one.job).order_by("position"):
        working.work(chunk.pk)
