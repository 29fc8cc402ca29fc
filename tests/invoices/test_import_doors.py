"""The doors of imports: the pages, the API and the admin lead to the same deeds."""

import json
import re
from io import BytesIO

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from facilities.models import IdempotentAnswer, Role
from invoices import filing, importing, working
from invoices.models import ImportProblem, ImportStatus, Invoice, InvoiceImport, JobChunk
from tests import admin_door, api, factories

pytestmark = pytest.mark.django_db

IMPORTS = "/v1/imports"
HEADERS = "type,start_date,end_date,quantity,unit,facility,cups,invoice_number"
GOOD = f"electricity,2024-01-01,2024-01-31,100.5,kWh,Madrid,{factories.VALID_CUPS},F-1"
ALSO_GOOD = f"electricity,2024-02-01,2024-02-29,90,kWh,Madrid,{factories.VALID_CUPS},F-2"
BAD = f"electricity,2024-03-31,2024-03-01,=1+1,kWh,Madrid,{factories.VALID_CUPS},F-3"
HTMX = {"HX-Request": "true", "HX-Target": "import"}


@pytest.fixture
def editor(organization):
    return factories.member(organization, first_name="Ana", last_name="Ruiz")


@pytest.fixture
def web(editor):
    """The browser of an editor of ours, in English."""
    return english(editor)


@pytest.fixture
def viewer(organization):
    return english(factories.member(organization, Role.VIEWER))


@pytest.fixture
def caller(organization):
    return api.client(organization)


@pytest.fixture(autouse=True)
def _units():
    factories.unit()


def english(person):
    return api.browser(person, headers={"accept-language": "en"})


def table(*rows, headers=HEADERS):
    return "\n".join([headers, *rows]) + "\n"


def file(*rows, name="march.csv", **options):
    return SimpleUploadedFile(name, table(*rows, **options).encode(), "text/csv")


def work(one):
    """Do what an import waits for, as a worker does."""
    one.refresh_from_db()
    for chunk in JobChunk.objects.filter(job=one.job, state="ready").order_by("position"):
        working.work(chunk.pk)
    one.refresh_from_db()
    return one


def uploaded(organization, author, *rows, **options):
    return importing.upload(
        organization=organization, by=author, file_name="march.csv", chunks=[table(*rows, **options).encode()]
    )


def checked(organization, author, *rows, **options):
    one = uploaded(organization, author, *rows, **options)
    importing.check(organization=organization, import_id=one.pk, reading=None, by=author)
    return work(one)


def taken(organization, author, *rows):
    one = checked(organization, author, *rows)
    importing.take(organization=organization, import_id=one.pk, by=author)
    return work(one)


def page_of(one, name="import", **options):
    return reverse(name, args=[one.pk], **options)


def words(answer):
    return " ".join(answer.text.replace("\N{NO-BREAK SPACE}", " ").split())


def content(answer):
    return b"".join(answer.streaming_content).decode()


# The pages: sending a file


def test_a_file_is_sent_and_one_says_how_it_is_read(web, organization, facility):
    answer = web.post(reverse("imports"), {"file": file(GOOD)})

    one = InvoiceImport.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page_of(one, "import-reading"))
    assert (one.organization, one.file_name, one.status) == (organization, "march.csv", "UPLOADED")
    shown = web.get(answer["Location"])
    assert [column.index for column in shown.context["columns"] if column.name == "quantity"] == [3]
    assert "100.5" in words(shown)
    assert not Invoice.objects.exists()


def test_rows_are_pasted_in_place_of_a_file(web, facility):
    answer = web.post(reverse("imports"), {"text": table(GOOD).replace(",", "\t")})

    one = InvoiceImport.objects.get()
    assert answer["Location"] == page_of(one, "import-reading")
    assert (one.file_name, one.reading["delimiter"]) == ("pasted rows", "\t")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Choose a file, or paste rows."),
        ({"text": " \n"}, "Choose a file, or paste rows."),
        ({"text": "a,b\n1,2", "file": "a"}, "Choose a file or paste rows, not both."),
        ({"file": "nothing"}, "This file is empty."),
        ({"text": HEADERS}, "headers alone"),
    ],
)
def test_what_is_no_file_is_refused_in_words(sent, said, web):
    files = {"a": file(GOOD), "nothing": SimpleUploadedFile("a.csv", b"")}

    answer = web.post(reverse("imports"), {name: files.get(value, value) for name, value in sent.items()})

    assert answer.status_code == 422
    assert said in words(answer)
    assert not InvoiceImport.objects.exists()


def test_what_is_larger_than_is_taken_is_refused_before_it_is_read(web, caller, settings):
    settings.UPLOAD_MAX_BYTES = -1024 * 1024

    page = web.post(reverse("imports"), {"file": file(GOOD)})
    answer = caller.post(IMPORTS, {"file": file(GOOD)})

    assert page.status_code == 400
    assert "larger than this server takes" in page.text
    assert api.is_refused(answer, 413, "REQUEST_TOO_LARGE")
    assert not InvoiceImport.objects.exists()


# The pages: how it is read


def test_what_is_said_otherwise_is_shown_read_so_and_kept_once_checked(web, organization, author, facility):
    rows = "electricity|01/02/2024|29/02/2024|1.234,5|kWh|Madrid"
    one = uploaded(organization, author, rows, headers="Tipo|Desde|Hasta|Consumo|Unidad|Centro")
    address = page_of(one, "import-reading")
    first = web.get(address)
    form = {field.name: field.value for field in first.context["settings"]} | {"layout": first.context["layout"]}
    form |= {f"column-{column.name}": column.index or "" for column in first.context["columns"]}
    form |= {"column-type": "0", "date_order": "dmy", "decimal": ","}

    shown = web.get(address, form, headers={"HX-Request": "true"})
    answer = web.post(address, form)

    cells = [cell.text for _line, cells in shown.context["sample"] for cell in cells]
    assert ("2024-02-01" in cells, [text for text in cells if text.startswith("1")]) == (True, ["1,234.5"])
    assert shown.templates[0].name == "imports/_reading.html"
    assert answer["Location"] == page_of(one)
    assert work(one).rows_good == 1
    assert (one.reading["date_order"], one.reading["decimal"]) == ("dmy", ",")


def workbook(**sheets):
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row.split(","))
    return SimpleUploadedFile("march.xlsx", content.getvalue())


def test_of_a_workbook_with_one_sheet_nobody_asks_for_it(web, facility):
    web.post(reverse("imports"), {"file": workbook(Bills=[HEADERS, GOOD])})

    shown = web.get(page_of(InvoiceImport.objects.get(), "import-reading"))

    assert [field.name for field in shown.context["settings"]] == ["decimal", "date_order"]


def test_of_a_workbook_one_says_the_sheet(web, organization, author, facility):
    web.post(reverse("imports"), {"file": workbook(Notes=["a,b", "1,2"], Bills=[HEADERS, GOOD])})
    one = InvoiceImport.objects.get()
    address = page_of(one, "import-reading")
    first = web.get(address)

    # The columns of another sheet are guessed anew.
    shown = web.get(address, {"layout": first.context["layout"], "sheet": "Bills"})

    assert [field.name for field in first.context["settings"]] == ["sheet", "decimal", "date_order"]
    assert shown.context["problem"] == ""
    assert [column.index for column in shown.context["columns"] if column.name == "quantity"] == [3]


def test_other_cells_have_their_columns_guessed_anew(web, organization, author, facility):
    one = uploaded(organization, author, GOOD)
    shown = web.get(page_of(one, "import-reading"))
    form = {"layout": shown.context["layout"], "delimiter": ";", "column-type": "0"}

    parted = web.get(page_of(one, "import-reading"), form)
    back = web.get(page_of(one, "import-reading"), {**form, "layout": parted.context["layout"], "delimiter": ","})

    assert [column.index for column in parted.context["columns"] if column.index is not None] == []
    assert len([column for column in back.context["columns"] if column.index is not None]) == 8


def test_what_no_column_says_is_said_for_all_rows(web, organization, author, facility):
    one = uploaded(organization, author, "2024-01-01,2024-01-31,100,Madrid", headers="from,to,consumption,site")
    address = page_of(one, "import-reading")
    shown = web.get(address)
    assert {column.name for column in shown.context["columns"] if column.is_missing} == {"type", "unit"}
    form = {"layout": shown.context["layout"], "constant-type": "electricity"}
    form |= {f"column-{name}": str(index) for index, name in enumerate(("start_date", "end_date", "quantity"))}

    incomplete = web.post(address, form)
    foreign = {"constant-facility_id": str(factories.facility().pk), "constant-unit": str(factories.unit().pk)}
    elsewhere = web.post(address, form | foreign)
    answer = web.post(address, form | foreign | {"constant-facility_id": str(facility.pk)})

    assert (incomplete.status_code, elsewhere.status_code) == (422, 422)
    assert "Say which column is: Unit, Facility, by its name." in words(incomplete)
    assert answer.status_code == 302
    assert work(one).rows_good == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"column-cups": "0"}, "can't be two of an invoice"),
        ({"column-cups": "99"}, "the file has 8"),
        ({"encoding": "klingon"}, "encoding is"),
        ({"encoding": "utf-16"}, "can't be read"),
    ],
)
def test_a_reading_that_makes_no_sense_is_refused_in_words(change, said, web, organization, author, facility):
    one = uploaded(organization, author, GOOD)
    shown = web.get(page_of(one, "import-reading"))
    form = {f"column-{column.name}": column.index for column in shown.context["columns"] if column.index is not None}

    answer = web.post(page_of(one, "import-reading"), form | {"layout": shown.context["layout"]} | change)

    assert answer.status_code == 422
    assert said in words(answer).replace("&#x27;", "'")
    one.refresh_from_db()
    assert (one.status, one.job) == ("UPLOADED", None)


# The pages: what was found, taking it, and taking it back


def test_the_page_follows_the_check_and_shows_everything_that_is_wrong(web, organization, author, facility):
    one = uploaded(organization, author, GOOD, BAD)
    importing.check(organization=organization, import_id=one.pk, reading=None, by=author)

    waiting = web.get(page_of(one))
    work(one)
    found = web.get(page_of(one), headers=HTMX)

    assert 'hx-trigger="every 2s"' in waiting.text
    assert '<meta http-equiv="refresh"' in waiting.text
    assert found.templates[0].name == "imports/_import.html"
    assert 'hx-trigger="every 2s"' not in found.text
    assert [(part.kind, part.count) for part in found.context["parts"]] == [("good", 1), ("repeated", 0), ("bad", 1)]
    assert sum(part.width for part in found.context["parts"]) == 1000
    assert {told.problem.line for told in found.context["problems"]} == {3}
    assert "Take the good row" in words(found)
    assert not Invoice.objects.exists()


def test_problems_are_narrowed_to_a_kind_and_paged(web, organization, author, facility):
    one = checked(organization, author, GOOD.replace(factories.VALID_CUPS, "ES1234123456789012JX"), *[BAD] * 30)

    first = web.get(page_of(one))
    warnings = web.get(page_of(one), {"kind": "warning"})
    second = web.get(page_of(one), {"page": 2, "kind": "nonsense"})

    assert len(first.context["problems"]) == 50
    assert {told.problem.severity for told in warnings.context["problems"]} == {"warning"}
    assert first.context["warning_count"] == len(warnings.context["problems"]) > 0
    assert second.context["page"].number == 2


def test_good_rows_are_taken_and_taken_back(web, organization, author, facility):
    one = checked(organization, author, GOOD, ALSO_GOOD, BAD)

    answer = web.post(page_of(one, "import-take"))
    work(one)
    shown = web.get(answer["Location"])
    listed = web.get(reverse("invoices"), {"import_id": one.pk})

    assert (one.status, one.rows_taken) == ("TAKEN", 2)
    assert "2 invoices were filed" in words(shown)
    assert listed.context["page"].paginator.count == 2
    assert "Only what one import filed." in words(listed)

    kept = Invoice.objects.get(invoice_number="F-1")
    filing.change(organization=organization, invoice_id=kept.pk, by=author, changes={"status": "review"})
    preview = web.get(page_of(one, "import-undo"))
    undone = web.post(page_of(one, "import-undo"))
    work(one)
    assert "1 invoice is removed 1 invoice stays" in " ".join(re.sub("<[^>]+>", " ", words(preview)).split())
    assert "It stays: somebody has changed it since." in words(preview)
    assert undone["Location"] == page_of(one)
    assert list(Invoice.objects.values_list("pk", flat=True)) == [kept.pk]
    assert "Undone: 1 invoice was removed again" in words(web.get(page_of(one)))
    # What stayed is told on the page of the import too.
    assert "It stays: somebody has changed it since." in words(web.get(page_of(one)))


def test_refused_rows_come_back_as_a_file_in_the_readers_language(web, organization, author, facility):
    one = checked(organization, author, GOOD, BAD)

    english_file = web.get(page_of(one, "import-refused"))
    spanish = api.browser(author.user, headers={"accept-language": "es"}).get(page_of(one, "import-refused"))

    lines = content(english_file).splitlines()
    assert english_file["Content-Disposition"] == 'attachment; filename="refused-march.csv"'
    assert lines[0].removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").startswith(HEADERS)
    # What a spreadsheet would calculate with is marked.
    assert "'=1+1" in lines[1]
    assert len(lines) == 2
    assert content(spanish).count(";") >= 16


def test_the_sample_is_a_file_that_an_import_takes(web, organization, author, facility):
    factories.unit(name="cubic_meter_(m³)", symbol="m³", type="volume")
    sample = b"".join(web.get(reverse("import-sample")).streaming_content)

    one = importing.upload(organization=organization, by=author, file_name="sample.csv", chunks=[sample])
    importing.check(organization=organization, import_id=one.pk, reading=None, by=author)

    assert (work(one).rows_good, one.rows_bad) == (2, 0), list(ImportProblem.objects.values())


def test_a_file_is_thrown_away(web, organization, author, facility):
    one = checked(organization, author, BAD)

    answer = web.post(page_of(one, "import-discard"), follow=True)

    assert "march.csv was thrown away" in words(answer)
    assert not InvoiceImport.objects.exists()


@pytest.mark.parametrize("name", ["import-take", "import-discard", "import-undo"])
def test_what_has_been_done_or_is_being_done_is_not_done_again(name, web, organization, author, facility):
    one = taken(organization, author, GOOD) if name != "import-undo" else checked(organization, author, GOOD)
    before = list(InvoiceImport.objects.values())

    answer = web.post(page_of(one, name))

    assert answer["Location"] == page_of(one)
    assert list(InvoiceImport.objects.values()) == before


def test_what_can_be_done_no_more_leads_to_where_it_stands(web, organization, author, facility):
    one = taken(organization, author, GOOD)
    other = checked(organization, author, ALSO_GOOD)

    assert web.get(page_of(one, "import-reading"))["Location"] == page_of(one)
    assert web.get(page_of(other, "import-undo"))["Location"] == page_of(other)


def test_what_is_in_a_closed_year_is_not_removed(web, organization, author, facility):
    one = taken(organization, author, GOOD)
    factories.year_closing(organization=organization)

    answer = web.post(page_of(one, "import-undo"))

    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert (Invoice.objects.count(), InvoiceImport.objects.get().status) == (1, "TAKEN")


def test_what_failed_says_so(web, organization, author):
    one = uploaded(organization, author, GOOD)
    InvoiceImport.objects.update(status=ImportStatus.FAILED)

    assert "could not be worked through" in words(web.get(page_of(one)))


def test_a_viewer_sees_and_changes_nothing(viewer, organization, author, facility):
    one = checked(organization, author, GOOD, BAD)
    before = list(InvoiceImport.objects.values())

    shown, listed = viewer.get(page_of(one)), viewer.get(reverse("imports"))
    refusals = [
        viewer.post(reverse("imports"), {"file": file(GOOD)}),
        *(viewer.post(page_of(one, f"import-{name}")) for name in ("reading", "take", "undo", "discard")),
        *(viewer.get(page_of(one, f"import-{name}")) for name in ("reading", "undo")),
    ]

    assert (shown.status_code, listed.status_code) == (200, 200)
    assert '<form method="post" action="/imports' not in shown.text + listed.text
    assert {answer.status_code for answer in refusals} == {403}
    assert list(InvoiceImport.objects.values()) == before


def test_another_organizations_imports_are_not_there(web, other_organization):
    place = factories.facility(organization=other_organization, name="Madrid")
    theirs = checked(other_organization, factories.author(other_organization), GOOD.replace("Madrid", place.name), BAD)
    before = list(InvoiceImport.objects.values())

    answers = [
        *(web.get(page_of(theirs, name)) for name in ("import", "import-reading", "import-refused", "import-undo")),
        *(web.post(page_of(theirs, f"import-{name}")) for name in ("reading", "take", "undo", "discard")),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert list(web.get(reverse("imports")).context["page"]) == []
    assert list(InvoiceImport.objects.values()) == before


@pytest.mark.parametrize(("name", "most"), [("imports", 8), ("import", 12), ("import-reading", 20)])
def test_a_page_costs_the_same_however_much_there_is(
    name, most, web, organization, author, facility, django_assert_max_num_queries
):
    for _each in range(3):
        one = checked(organization, author, GOOD, *[BAD] * 20)

    with django_assert_max_num_queries(most):
        web.get(reverse("imports") if name == "imports" else page_of(one, name))


# The API


def test_a_program_sends_checks_takes_and_takes_back(caller, organization, facility):
    sent = caller.post(IMPORTS, {"file": file(GOOD, BAD), "reading": json.dumps({"date_order": "dmy"})})
    one = InvoiceImport.objects.get()
    assert (sent.status_code, sent.json()["status"], sent.json()["processing_job_id"]) == (
        201,
        "CHECKING",
        str(one.job_id),
    )
    assert sent.json()["reading"]["date_order"] == "dmy"
    work(one)

    found = caller.get(f"{IMPORTS}/{one.pk}").json()
    problems = caller.get(f"{IMPORTS}/{one.pk}/problems", {"severity[]": "error"}).json()
    assert [found[f"rows_{kind}"] for kind in ("total", "good", "bad", "taken")] == [2, 1, 1, 0]
    assert {problem["line"] for problem in problems["items"]} == {3}
    assert all(problem["message"] for problem in problems["items"])
    assert not Invoice.objects.exists()

    took = api.post(caller, f"{IMPORTS}/{one.pk}/take", {})
    work(one)
    assert (took.status_code, took.json()["status"], Invoice.objects.count()) == (202, "TAKING", 1)

    plan = api.post(caller, f"{IMPORTS}/{one.pk}/undo/preview", {})
    undone = api.post(caller, f"{IMPORTS}/{one.pk}/undo", {})
    work(one)
    assert plan.json() == {"removed": 1, "stays_total": 0, "stays": []}
    assert (undone.status_code, one.rows_undone, Invoice.objects.count()) == (202, 1, 0)
    assert [each["id"] for each in caller.get(IMPORTS).json()["items"]] == [str(one.pk)]


def test_a_program_is_told_what_stays(caller, organization, author, facility):
    one = taken(organization, author, GOOD, ALSO_GOOD)
    kept = Invoice.objects.get(invoice_number="F-2")
    filing.change(organization=organization, invoice_id=kept.pk, by=author, changes={"status": "review"})

    plan = api.post(caller, f"{IMPORTS}/{one.pk}/undo/preview", {}).json()

    assert (plan["removed"], plan["stays_total"]) == (1, 1)
    assert [(row["line"], row["invoice_id"]) for row in plan["stays"]] == [(3, str(kept.pk))]
    assert plan["stays"][0]["message"] == "It stays: somebody has changed it since."
    assert Invoice.objects.count() == 2


def test_a_file_may_wait_to_be_checked(caller, facility):
    sent = caller.post(IMPORTS, {"file": file("2024-01-01,100", headers="desde,consumo"), "check": "false"})
    address = f"{IMPORTS}/{sent.json()['id']}"

    guessed = caller.get(f"{address}/reading").json()
    refused = api.post(caller, f"{address}/check", {})

    assert sent.json()["status"] == "UPLOADED"
    assert (guessed["headers"], guessed["reading"]["columns"]) == (
        ["desde", "consumo"],
        {"start_date": 0, "quantity": 1},
    )
    assert guessed["rows"][0]["values"]["start_date"] == "2024-01-01"
    assert {"end_date", "unit"} <= set(guessed["missing"])
    assert api.is_refused(refused, 400, "MAPPING_INCOMPLETE")
    assert InvoiceImport.objects.get().status == "UPLOADED"


def test_it_is_checked_once_more_read_otherwise(caller, organization, author, facility):
    one = checked(organization, author, GOOD)
    said = {"columns": {"facility": None, "cups": None}, "constants": {"facility_id": str(facility.pk)}}

    answer = api.post(caller, f"{IMPORTS}/{one.pk}/check", {"reading": said})

    assert answer.status_code == 202
    assert "cups" not in answer.json()["reading"]["columns"]
    assert answer.json()["reading"]["constants"] == {"facility_id": str(facility.pk)}
    assert work(one).rows_good == 1


@pytest.mark.parametrize(
    ("sent", "status", "code", "place"),
    [
        ({}, 422, "VALIDATION_ERROR", ["body", "file"]),
        ({"file": "no file"}, 422, "VALIDATION_ERROR", ["body", "file"]),
        ({"reading": "{"}, 422, "VALIDATION_ERROR", ["body", "reading"]),
        ({"reading": "[]"}, 422, "VALIDATION_ERROR", ["body", "reading"]),
        ({"reading": '{"columns": {"cups": "x"}}'}, 422, "VALIDATION_ERROR", ["body", "reading", "columns", "cups"]),
        ({"reading": "{}", "check": "false"}, 422, "VALIDATION_ERROR", ["body", "reading"]),
        ({"check": "perhaps"}, 422, "VALIDATION_ERROR", ["body", "check"]),
        ({"reading": '{"decimal": "x"}'}, 400, "NOT_READABLE", None),
        ({"reading": '{"columns": {"unit": null}}'}, 400, "MAPPING_INCOMPLETE", None),
    ],
)
def test_a_file_that_is_refused_is_not_kept(sent, status, code, place, caller, facility):
    body = {"file": file(GOOD)} | sent if sent else {}

    answer = caller.post(IMPORTS, body)

    assert api.is_refused(answer, status, code)
    assert place is None or api.places(answer) == [place]
    assert not InvoiceImport.objects.exists()


def test_a_form_is_taken_nowhere_else_and_nothing_but_a_form_here(caller, organization, author, facility):
    one = checked(organization, author, GOOD)

    assert api.is_refused(api.post(caller, IMPORTS, {}), 415, "UNSUPPORTED_MEDIA_TYPE")
    assert api.is_refused(caller.post(f"{IMPORTS}/{one.pk}/check", {"reading": "x"}), 415, "UNSUPPORTED_MEDIA_TYPE")
    assert api.is_refused(caller.post("/v1/facilities", {"name": "x"}), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("body", [b"--x\r\nbroken", b""])
def test_a_broken_form_is_refused(body, caller):
    answer = caller.post(IMPORTS, body, content_type="multipart/form-data; boundary=x")

    assert api.is_refused(answer, 422, "VALIDATION_ERROR")


def test_a_form_of_too_many_parts_is_refused(caller, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2

    answer = caller.post(IMPORTS, {"a": "1", "b": "2", "c": "3", "file": file(GOOD)})

    assert api.is_refused(answer, 422, "VALIDATION_ERROR")


def test_the_same_form_again_is_answered_again_and_kept_once(caller, facility, settings):
    # As a file that does not fit in memory.
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE, settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10, 100
    key = {"idempotency-key": "march"}

    first = caller.post(IMPORTS, {"file": file(GOOD), "check": "true"}, headers=key)
    again = caller.post(IMPORTS, {"file": file(GOOD), "check": "true"}, headers=key)
    other = caller.post(IMPORTS, {"file": file(ALSO_GOOD), "check": "true"}, headers=key)
    told = caller.post(IMPORTS, {"file": file(GOOD), "check": "false"}, headers=key)

    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert api.is_refused(other, 422, "IDEMPOTENCY_KEY_REUSED")
    assert api.is_refused(told, 422, "IDEMPOTENCY_KEY_REUSED")
    assert (InvoiceImport.objects.count(), IdempotentAnswer.objects.count()) == (1, 1)


def test_refused_rows_are_csv_and_a_refusal_is_json(caller, organization, author, facility):
    one = checked(organization, author, GOOD, BAD)
    csv = {"Accept": "text/csv"}

    answer = caller.get(f"{IMPORTS}/{one.pk}/refused", headers=csv)
    head = caller.head(f"{IMPORTS}/{one.pk}/refused", headers=csv)
    missing = caller.get(f"{IMPORTS}/{api.NOBODYS}/refused", headers=csv)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert content(answer).splitlines()[0].startswith(HEADERS)
    assert content(head) == ""
    assert api.is_refused(missing, 404, "NOT_FOUND")


def test_an_import_is_thrown_away(caller, organization, author, facility):
    one, other = checked(organization, author, BAD), taken(organization, author, GOOD)

    assert caller.delete(f"{IMPORTS}/{one.pk}").status_code == 204
    assert api.is_refused(caller.delete(f"{IMPORTS}/{other.pk}"), 409, "WRONG_STATE")
    assert list(InvoiceImport.objects.values_list("pk", flat=True)) == [other.pk]


# The admin


def test_staff_look_at_imports_and_what_was_wrong(organization, author, facility, django_assert_max_num_queries):
    one = checked(organization, author, *[BAD] * 3)
    staff = admin_door.staff(organization)

    with django_assert_max_num_queries(9):
        imports = staff.get(reverse("admin:invoices_invoiceimport_changelist"))
    with django_assert_max_num_queries(8):
        problems = staff.get(reverse("admin:invoices_importproblem_changelist"))

    assert list(imports.context["cl"].result_list) == [one]
    assert set(problems.context["cl"].result_list) == set(ImportProblem.objects.all())
    shown = staff.get(reverse("admin:invoices_invoiceimport_change", args=[one.pk]))
    assert "march.csv" in shown.text
