import io
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from uuid import uuid4

import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from invoices import tabular
from invoices.tabular import API, DANGEROUS, ENGLISH_PAGE, SPANISH, Dialect, Guess

pytestmark = pytest.mark.plain

# The machine may be busy: how long an example takes says nothing of these functions.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(alphabet=st.one_of(st.sampled_from("'\"=+-@\t\r\n;,|\0 aé€"), st.characters(codec="utf-8")))
tables = st.lists(st.lists(texts, min_size=1, max_size=4), max_size=5)


def read(content, encoding="utf-8", delimiter=","):
    return list(tabular.read_csv([content], encoding=encoding, delimiter=delimiter))


def rows_of(content, **how):
    return [row for _line, row in read(content, **how)]


class TestDefusing:
    @pytest.mark.parametrize("first", DANGEROUS)
    def test_a_text_that_begins_as_a_formula_is_marked(self, first):
        assert tabular.defused(f"{first}1") == f"'{first}1"

    @pytest.mark.parametrize("text", ["", "a=1", " =1", "'", "it's", "'90s", "ES0021000000000001RR"])
    def test_any_other_stays(self, text):
        assert tabular.defused(text) == tabular.undefused(text) == text

    @unhurried
    @given(texts)
    @example("'=1")
    @example("''-")
    def test_taking_the_mark_off_gives_the_text_back(self, text):
        marked = tabular.defused(text)

        assert tabular.undefused(marked) == text
        assert not marked.startswith(tuple(DANGEROUS))


class TestCells:
    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            *((None, ""), (True, "yes"), (False, "no"), (3, "3"), (-3, "-3"), (Decimal("1E+3"), "1000")),
            *((Decimal("-1.50"), "-1.50"), (date(2024, 1, 2), "2024-01-02"), (time(3, 4), "03:04:00")),
            *((datetime(2024, 1, 2, 3, 4), "2024-01-02T03:04:00"), ("a=b", "a=b"), ("-x", "'-x"), ("", "")),  # noqa: DTZ001
        ],
    )
    def test_numbers_days_and_plain_text_stay(self, value, shown):
        assert tabular.cell(value) == shown

    def test_a_decimal_sign_is_written_in_numbers_alone(self):
        assert [tabular.cell(value, ",") for value in (Decimal("-1.5"), 12, "1.5")] == ["-1,5", "12", "1.5"]

    def test_an_identifier_is_text(self):
        key = uuid4()
        assert tabular.cell(key) == str(key)


class TestWritingCsv:
    @pytest.mark.parametrize(
        ("dialect", "content"),
        [
            (API, b'a,b;c\r\n-1.5,"x,y"\r\n'),
            (SPANISH, b'\xef\xbb\xbfa;"b;c"\r\n-1,5;x,y\r\n'),
            (ENGLISH_PAGE, b'\xef\xbb\xbfa,b;c\r\n-1.5,"x,y"\r\n'),
        ],
    )
    def test_is_written_for_its_reader(self, dialect, content):
        assert b"".join(tabular.csv_lines([["a", "b;c"], [Decimal("-1.5"), "x,y"]], dialect)) == content

    def test_comes_in_pieces(self):
        pieces = list(tabular.csv_lines((["x" * 999] for _row in range(200)), API))

        assert [len(piece) for piece in pieces] == [66 * 1001, 66 * 1001, 66 * 1001, 2 * 1001]

    def test_no_rows_are_no_bytes(self):
        assert list(tabular.csv_lines([], API)) == []

    @unhurried
    @given(tables, st.sampled_from([API, SPANISH, ENGLISH_PAGE, Dialect("\t", ",", bom=True)]), st.integers(1, 9))
    def test_is_read_as_it_was(self, table, dialect, size):
        content = b"".join(tabular.csv_lines(table, dialect))
        pieces = [content[at : at + size] for at in range(0, len(content), size)]

        found = tabular.read_csv(pieces, encoding="utf-8", delimiter=dialect.delimiter)

        assert [[tabular.undefused(text) for text in row] for _line, row in found] == table


class TestReadingCsv:
    def test_a_row_has_the_line_on_which_it_starts(self):
        content = b'a,b\n\r\n"x\ny\r\nz",1\rlast,2'

        assert read(content) == [(1, ["a", "b"]), (3, ["x\ny\r\nz", "1"]), (6, ["last", "2"])]

    def test_only_line_ends_end_a_line(self):
        assert rows_of("a\x0b\x0c\x1c\x85\u2028b,c\n".encode()) == [["a\x0b\x0c\x1c\x85\u2028b", "c"]]

    @pytest.mark.parametrize(
        ("encoding", "content"),
        [
            ("utf-8", b"\xef\xbb\xbfn\xc3\xba\0"),
            ("utf-8", b"n\xc3\xba\0"),
            ("cp1252", b"n\xfa\0"),
            ("utf-16", "nú\0".encode("utf-16")),
            ("utf-16", b"\xfe\xff" + "nú\0".encode("utf-16-be")),
            ("utf-16-le", "nú\0".encode("utf-16-le")),
        ],
    )
    def test_any_encoding_without_its_mark(self, encoding, content):
        assert rows_of(content, encoding=encoding) == [["nú\0"]]

    def test_another_encoding_is_refused_from_the_row_where_it_shows(self):
        rows = tabular.read_csv([b"a,b\n" * 9_999, b"n\xfa,1\n"], encoding="utf-8", delimiter=",")

        with pytest.raises(tabular.Unreadable, match="is not utf-8") as refused:
            list(rows)
        assert 1 < refused.value.line <= 10_000

    @pytest.mark.parametrize(
        "content",
        [
            b'a\n"never closed,x\nb,c\n',
            b'a\n"never closed,' + b"x,\n" * 400_000,
            b"a\n" + b"x," * 600_000,
            b'a\n"' + b"x" * 140_000,
        ],
    )
    def test_a_row_without_end_is_refused(self, content):
        with pytest.raises(tabular.Unreadable) as refused:
            read(content)
        assert refused.value.line == 2


class TestSniffing:
    @pytest.mark.parametrize(
        ("text", "delimiter", "decimal"),
        [
            ("a;b\n1,5;x\n2,25;y\n", ";", ","),
            ("a,b\n1.5,x\n2.25,y\n", ",", "."),
            ("a\tb\n1.234,5\tx\n2\ty\n", "\t", ","),
            ("a|b\n1|x\n2|y\n", "|", "."),
            # Three digits after one sign say nothing, a file for Spanish spreadsheets does.
            ("a;b\n1,234;x\n1.234;y\nz;z\n", ";", ","),
            ("a;b\n1.50;x\n1.234;y\nz;z\n", ";", "."),
            ('a,b\n"1.234.567","x;y;z"\n"1.5","x;z"\n"2,25",c\n"1.234,5",d\n', ",", ","),
            ("Consumos de 2024\n\na;b;c\n1;2;3\n4;5;6\n", ";", ","),
            ("a;b", ";", ","),
            ("alone\n1.5\n", ";", "."),
            ("", ";", ","),
            (f'a,b\n1,2\n3,4\n"{"x" * 140_000}', ",", "."),
        ],
    )
    def test_says_what_parts_cells_and_decimals(self, text, delimiter, decimal):
        assert tabular.sniff(text.encode()) == Guess("utf-8", delimiter, decimal)

    @pytest.mark.parametrize(
        ("head", "encoding"),
        [
            *((b"\xef\xbb\xbfa;b", "utf-8"), ("ñ".encode()[:1], "utf-8"), (b"n\xfa;b\n", "cp1252")),
            *(
                ("ñ;b\n".encode("utf-16"), "utf-16"),
                ("ñ;b\n".encode("utf-16-le"), "utf-16-le"),
                (b"\xfe\xff\0a", "utf-16"),
            ),
        ],
    )
    def test_says_the_encoding(self, head, encoding):
        assert tabular.sniff(head).encoding == encoding


@pytest.fixture
def written(tmp_path):
    def write(rows, title="Facturas"):
        tabular.write_xlsx(tmp_path / "a.xlsx", rows, title=title)
        return (tmp_path / "a.xlsx").read_bytes()

    return write


def read_xlsx(content, sheet=None, most_rows=100):
    names, rows = tabular.read_xlsx(content, sheet=sheet, most_rows=most_rows)
    return names, list(rows)


def workbook(fill):
    """Return a workbook that others would write."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        fill(book)
    return content.getvalue()


def with_part(content, name, part):
    """Return a workbook with one of its parts replaced."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.namelist():
            new.writestr(entry, part if entry == name else old.read(entry))
    return changed.getvalue()


class TestXlsx:
    def test_what_is_written_is_read(self, written):
        content = written(
            [
                ["text", "number", "day", "none"],
                ["=1+1", Decimal("-1234.50"), date(2024, 2, 29), None],
                ["'=x", 12, date(1899, 1, 1), True],
            ]
        )

        assert read_xlsx(content) == (
            ["Facturas"],
            [
                (1, ["text", "number", "day", "none"]),
                (2, ["'=1+1", "-1234.5", "2024-02-29", ""]),
                (3, ["''=x", "12", "1899-01-01", "yes"]),
            ],
        )

    def test_numbers_are_numbers_and_no_text_is_a_formula(self, written):
        sheet = zipfile.ZipFile(io.BytesIO(written([["a"], ["=1+1"], [Decimal("1.5")]]))).read(
            "xl/worksheets/sheet1.xml"
        )

        assert b"<v>1.5</v>" in sheet
        assert b"<f>" not in sheet

    def test_what_other_programs_write_is_read(self):
        def fill(book):
            book.add_worksheet("empty")
            sheet = book.add_worksheet("Año 2024")
            drawing = book.add_chart({"type": "line"})
            drawing.add_series({"values": "=empty!$A$1"})
            book.add_chartsheet("drawn").set_chart(drawing)
            shown = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
            sheet.write_row(2, 0, ["x", 1e21, 0.1, True])
            sheet.write_datetime(4, 0, datetime(2024, 1, 2), shown)  # noqa: DTZ001
            sheet.write_datetime(4, 1, datetime(2024, 1, 2, 3, 4), shown)  # noqa: DTZ001
            sheet.write_formula(4, 2, "=1/3", None, 0.25)
            sheet.write_blank(50_000, 900, None, shown)

        content = workbook(fill)

        assert read_xlsx(content) == (["empty", "Año 2024"], [])
        assert read_xlsx(content, sheet="Año 2024")[1] == [
            (3, ["x", "1" + "0" * 21, "0.1", "yes"]),
            (5, ["2024-01-02", "2024-01-02T03:04:00", "0.25", ""]),
        ]

    def test_a_sheet_that_is_not_there(self, written):
        with pytest.raises(tabular.SheetNotFound):
            read_xlsx(written([["a"]]), sheet="other")

    def test_more_rows_than_asked_for(self, written):
        rows = [["a"], ["b"], ["c"]]

        assert len(read_xlsx(written(rows), most_rows=3)[1]) == 3
        with pytest.raises(tabular.TooManyRows, match="3 rows"):
            read_xlsx(written(rows), most_rows=2)

    def test_one_far_cell_does_not_fill_the_memory(self):
        def fill(book):
            book.add_worksheet().write_string("XFD1048576", "far")

        with pytest.raises(tabular.TooManyRows):
            read_xlsx(workbook(fill), most_rows=2_000_000)

    def test_nor_do_a_few_bytes_that_unpack_to_many(self, written, monkeypatch):
        monkeypatch.setattr(tabular.workbooks, "LARGEST_UNPACKED", 100)

        with pytest.raises(tabular.TooManyRows):
            read_xlsx(written([["a"]]))

    def test_cells_may_leave_out_where_they_stand(self, written):
        part = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        part += b"<row><c><v>1</v></c><c><v>2</v></c></row>" * 3
        content = with_part(written([["a"]]), "xl/worksheets/sheet1.xml", part + b"</sheetData></worksheet>")

        assert read_xlsx(content, most_rows=3)[1] == [(1, ["1", "2"]), (2, ["1", "2"]), (3, ["1", "2"])]
        with pytest.raises(tabular.TooManyRows):
            read_xlsx(content, most_rows=2)

    @pytest.mark.parametrize(
        ("name", "part"),
        [
            ("xl/worksheets/sheet1.xml", b"<worksheet"),
            ("xl/worksheets/sheet1.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet/>'),
            ("xl/worksheets/sheet1.xml", b'<worksheet><row r="x"/></worksheet>'),
            ("xl/worksheets/sheet1.xml", b'<worksheet><row><c r="!1"/></row></worksheet>'),
            ("xl/workbook.xml", b"<workbook/>"),
            ("xl/workbook.xml", b""),
        ],
    )
    def test_a_damaged_workbook(self, written, name, part):
        with pytest.raises(tabular.Unreadable, match="is not an XLSX workbook"):
            read_xlsx(with_part(written([["a"]]), name, part))

    @pytest.mark.parametrize("content", [b"", b"a;b\n", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"])
    def test_what_is_none(self, content):
        with pytest.raises(tabular.Unreadable, match="is not an XLSX workbook"):
            read_xlsx(content)

    def test_another_archive(self):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("content.xml", "<a/>")

        with pytest.raises(tabular.Unreadable):
            read_xlsx(content.getvalue())
