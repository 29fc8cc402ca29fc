"""The CUPS page, as the server answers it: what is listed, what a consolidation is refused for, what it does."""

from datetime import date

import pytest
from django.urls import reverse

from facilities.models import Role
from invoices import grouping
from invoices.models import Consolidation, Invoice
from invoices.pages import cups as cups_page
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT = factories.VALID_CUPS
WITHOUT_LETTERS = RIGHT[:18]
OTHER_SUPPLY = factories.OTHER_VALID_CUPS
HTMX = {"HX-Request": "true", "accept-language": "en"}


@pytest.fixture
def desk(client, organization):
    """An editor's browser, in English."""
    client.force_login(factories.member(organization, Role.EDITOR))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def groups(facility):
    factories.invoices(9, facility=facility, cups=RIGHT)
    factories.invoices(
        3, facility=facility, cups=WITHOUT_LETTERS, start_date=date(2023, 1, 1), end_date=date(2023, 1, 31)
    )


def codes(answer):
    return [group.cups for group in answer.context["page"]]


def ticked(facility, *cups):
    return [f"{facility.pk}|{code}" for code in cups]


def consolidate(client, facility, *cups, **fields):
    """Preview, and then send what the preview's form holds."""
    sent = {"group": ticked(facility, *cups), **fields}
    shown = client.post(reverse("cups-preview"), sent)
    digest = shown.context["shown"].plan.digest if "shown" in shown.context else ""
    held = {"target": shown.context["target"], "digest": digest, "previewed": shown.context["target"]}
    return client.post(reverse("cups-consolidate"), {**held, **sent})


def text(answer):
    return " ".join(answer.content.decode().split())


class TestList:
    def test_each_group_says_what_it_is(self, desk, groups):
        page = text(desk.get("/cups/"))

        assert "1–2 of 2 groups · 12 invoices" in page
        assert "Jan – Sep 2024" in page
        assert "Jan 2023" in page
        assert "letters missing (JY would be right)" in page
        assert "Madrid" in page

    def test_a_code_is_printed_exactly(self, desk, facility):
        factories.invoice(facility=facility, cups="<b>ES&amp;</b>")

        assert "&lt;b&gt;ES&amp;amp;&lt;/b&gt;" in text(desk.get("/cups/"))

    def test_searching_finds_any_part_in_any_case_with_or_without_the_blanks(self, desk, groups, facility):
        factories.invoice(facility=facility, cups="ES 1234 5678 other")

        assert codes(desk.get("/cups/", {"search": "es1234567890123456"})) == []
        assert codes(desk.get("/cups/", {"search": "9012jy"})) == [RIGHT]
        assert codes(desk.get("/cups/", {"search": "1234 5678"})) == ["ES 1234 5678 other", WITHOUT_LETTERS, RIGHT]
        assert codes(desk.get("/cups/", {"search": "%"})) == []

    def test_filters_narrow_the_list(self, desk, groups, organization, facility):
        elsewhere = factories.facility(organization=organization, name="Bilbao")
        contract = factories.datadis_contract(facility=elsewhere, cups=OTHER_SUPPLY)
        factories.invoice(facility=elsewhere, cups=OTHER_SUPPLY, supply_contract=contract)

        assert codes(desk.get("/cups/", {"facility_id": str(elsewhere.pk)})) == [OTHER_SUPPLY]
        assert codes(desk.get("/cups/", {"is_locked": "true"})) == [OTHER_SUPPLY]
        assert codes(desk.get("/cups/", {"is_locked": "false"})) == [WITHOUT_LETTERS, RIGHT]
        assert codes(desk.get("/cups/", {"check": "invalid"})) == [WITHOUT_LETTERS]
        assert codes(desk.get("/cups/", {"check": "letters_missing"})) == [WITHOUT_LETTERS]

    def test_columns_sort_both_ways(self, desk, groups):
        assert codes(desk.get("/cups/", {"sort": "-invoice_count"})) == [RIGHT, WITHOUT_LETTERS]
        assert codes(desk.get("/cups/", {"sort": "invoice_count"})) == [WITHOUT_LETTERS, RIGHT]
        assert codes(desk.get("/cups/", {"sort": "facility_name"})) == [WITHOUT_LETTERS, RIGHT]
        assert codes(desk.get("/cups/", {"sort": "-cups"})) == [RIGHT, WITHOUT_LETTERS]
        assert 'aria-sort="descending"' in text(desk.get("/cups/", {"sort": "-cups"}))

    def test_pages_keep_what_was_asked(self, desk, groups):
        first = desk.get("/cups/", {"size": "1", "search": "9012"})

        assert "/cups/?search=9012&amp;size=1&amp;page=2" in text(first)
        assert codes(desk.get("/cups/", {"size": "1", "page": "2"})) == [RIGHT]
        assert codes(desk.get("/cups/", {"size": "1", "page": "99"})) == [RIGHT]

    @pytest.mark.parametrize(
        "query", ["page=0", "page=x", "size=201", "facility_id=x", "sort=x", "is_locked=x", "check=x", "search=%00"]
    )
    def test_what_makes_no_sense_is_passed_over(self, desk, groups, query):
        assert codes(desk.get(f"/cups/?{query}")) == [WITHOUT_LETTERS, RIGHT]

    def test_a_script_gets_the_rows_alone_and_a_tidy_address(self, desk, groups):
        answer = desk.get("/cups/?search=9012&facility_id=&check=&page=1", headers=HTMX)

        assert answer["HX-Push-Url"] == "/cups/?search=9012"
        assert "<html" not in text(answer)
        assert codes(answer) == [WITHOUT_LETTERS, RIGHT]

    def test_a_script_that_goes_back_gets_the_whole_page(self, desk, groups):
        assert "<html" in text(desk.get("/cups/", headers={**HTMX, "HX-History-Restore-Request": "true"}))

    def test_nothing_of_it_is_kept_in_a_cache(self, desk):
        answer = desk.get("/cups/")

        assert "no-store" in answer["Cache-Control"]
        assert "HX-Request" in answer["Vary"]

    def test_an_empty_list_is_explained(self, desk, groups, facility):
        assert "No group fits" in text(desk.get("/cups/?search=nothing"))
        Invoice.objects.all().delete()
        grouping.repair(organization=facility.organization)
        assert "No CUPS yet" in text(desk.get("/cups/"))

    def test_invoices_without_a_code_are_counted_above(self, desk, facility):
        assert "have no CUPS" not in text(desk.get("/cups/"))
        factories.invoice(facility=facility, cups="")
        factories.invoice(facility=facility, cups="", type="water")

        assert "1 electricity invoice has no CUPS." in text(desk.get("/cups/"))

    def test_nothing_of_another_organization_is_shown(self, desk, other_organization):
        theirs = factories.facility(organization=other_organization, name="Elsewhere")
        factories.invoice(facility=theirs)
        factories.invoice(facility=theirs, cups="")

        for query in ("", f"?facility_id={theirs.pk}"):
            answer = desk.get(f"/cups/{query}")
            assert codes(answer) == []
            assert "Elsewhere" not in text(answer)
            assert "no CUPS." not in text(answer)

    def test_a_locked_group_has_no_box_and_says_why(self, desk, facility):
        contract = factories.datadis_contract(facility=facility)
        factories.invoice(facility=facility, supply_contract=contract)

        page = text(desk.get("/cups/"))

        assert "Locked: backed by a Datadis contract" in page
        assert 'name="group"' not in page

    def test_the_number_of_queries_does_not_grow(self, desk, facility, django_assert_num_queries):
        for number in range(30):
            factories.invoice(facility=facility, cups=f"ES00310000000000{number:02}")

        # Session, person, organizations, the highest, the role; count, rows, sum, facilities, invoices without a code.
        with django_assert_num_queries(10):
            desk.get("/cups/")
        with django_assert_num_queries(8):
            desk.get("/cups/", headers=HTMX)


class TestViewer:
    @pytest.fixture
    def watcher(self, client, organization):
        client.force_login(factories.member(organization, Role.VIEWER))
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        return client

    def test_sees_without_boxes(self, watcher, groups):
        page = text(watcher.get("/cups/"))

        assert RIGHT in page.replace("</span><span>", "")
        assert "checkbox" not in page
        assert "dialog" not in page

    @pytest.mark.parametrize("name", ["cups-preview", "cups-consolidate"])
    def test_is_refused_in_words(self, watcher, groups, facility, name):
        answer = watcher.post(reverse(name), {"group": ticked(facility, WITHOUT_LETTERS), "target": RIGHT})

        assert answer.status_code == 403
        assert "ask an administrator for the role of editor" in text(answer)
        assert not Consolidation.objects.exists()


class TestCheck:
    def check(self, desk, typed):
        return text(desk.get(reverse("cups-check"), {"cups": typed}))

    def test_says_what_the_check_says(self, desk):
        assert "correct" in self.check(desk, OTHER_SUPPLY)
        assert "Distributor: UFD (Naturgy)" in self.check(desk, OTHER_SUPPLY)
        assert "(JY would be right)" in self.check(desk, f"{WITHOUT_LETTERS}XX")
        assert f'data-use="{RIGHT}"' in self.check(desk, f"{WITHOUT_LETTERS}XX")
        assert "not a CUPS" in self.check(desk, "contract 12")

    def test_says_nothing_of_nothing(self, desk):
        assert self.check(desk, "  ") == ""

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ("A" * 65, "at most 64 characters"),
            ("ES\u200b1", "can&#x27;t be seen (U+200B)"),
            ("ES\u202e1", "direction of writing (U+202E)"),
            ("ES\x071", "control character (U+0007)"),
        ],
    )
    def test_says_what_can_not_be_stored(self, desk, typed, words):
        assert words in self.check(desk, typed)


class TestPreview:
    def preview(self, desk, facility, *cups, **fields):
        return desk.post(reverse("cups-preview"), {"group": ticked(facility, *cups), **fields})

    def test_shows_what_would_happen_and_changes_nothing(self, desk, groups, facility):
        before = list(Invoice.objects.values_list("pk", "cups", "updated_at"))

        page = text(self.preview(desk, facility, RIGHT, WITHOUT_LETTERS))

        assert "3 invoices at 1 facility will be rewritten." in page
        assert "One row will remain." in page
        assert "proposed: letters right as written, right length, most invoices" in page
        assert list(Invoice.objects.values_list("pk", "cups", "updated_at")) == before
        assert not Consolidation.objects.exists()

    def test_speaks_of_each_facility(self, desk, groups, facility, organization):
        elsewhere = factories.facility(organization=organization, name="Bilbao")
        factories.invoices(2, facility=elsewhere, cups=WITHOUT_LETTERS)

        sent = [*ticked(facility, RIGHT, WITHOUT_LETTERS), *ticked(elsewhere, WITHOUT_LETTERS)]
        page = text(desk.post(reverse("cups-preview"), {"group": sent}))

        assert "5 invoices at 2 facilities will be rewritten." in page
        assert "2 rows will remain, one per facility." in page

    def test_a_single_code_is_corrected_to_what_its_digits_make(self, desk, facility):
        factories.invoice(facility=facility, cups=WITHOUT_LETTERS)

        answer = self.preview(desk, facility, WITHOUT_LETTERS)

        assert answer.context["target"] == RIGHT
        assert "letters computed; no invoice carries it yet" in text(answer)
        factories.invoice(facility=facility, cups=RIGHT)
        assert "other invoices carry it already" in text(self.preview(desk, facility, WITHOUT_LETTERS))

    def test_a_single_code_that_nothing_is_known_of_has_to_be_typed(self, desk, facility):
        factories.invoice(facility=facility, cups="meter 7")

        answer = self.preview(desk, facility, "meter 7")

        assert answer.context["is_typed"]
        assert "Write the code to see what would happen." in text(answer)

    def test_locked_codes_of_the_facility_are_offered_the_nearest_first(self, desk, groups, facility):
        for number, cups in enumerate([OTHER_SUPPLY, f"{RIGHT}0F", *(f"METER {number}" for number in range(6))]):
            contract = factories.datadis_contract(facility=facility, cups=cups)
            factories.invoice(
                facility=facility, cups=cups, supply_contract=contract, start_date=date(2020, number + 1, 1)
            )

        choices = self.preview(desk, facility, WITHOUT_LETTERS, RIGHT).context["choices"]

        assert [choice.cups for choice in choices.near] == [RIGHT, WITHOUT_LETTERS, f"{RIGHT}0F"]
        assert [choice.is_locked for choice in choices.near] == [False, False, True]
        assert len(choices.far) == 4

    def test_a_far_choice_stays_in_sight_once_chosen(self, desk, groups, facility):
        contract = factories.datadis_contract(facility=facility, cups=OTHER_SUPPLY)
        factories.invoice(facility=facility, cups=OTHER_SUPPLY, supply_contract=contract)

        answer = self.preview(desk, facility, WITHOUT_LETTERS, target=OTHER_SUPPLY)

        assert answer.context["choices"].is_far_chosen
        assert answer.context["target"] == OTHER_SUPPLY

    def test_months_show_what_fills_a_gap_and_what_overlaps(self, desk, facility):
        factories.invoices(6, facility=facility, cups=RIGHT)
        for month in (6, 7):
            factories.invoice(
                facility=facility, cups=WITHOUT_LETTERS, start_date=date(2024, month, 1), end_date=date(2024, month, 30)
            )

        answer = self.preview(desk, facility, RIGHT, WITHOUT_LETTERS)

        [(year, strips)] = answer.context["shown"].picture.years
        assert year == 2024
        assert [strip.cells for strip in strips] == [
            ["a", "a", "a", "a", "a", "x", "", "", "", "", "", ""],
            ["", "", "", "", "", "x", "b", "", "", "", "", ""],
        ]
        assert "Fills 1 of the 1 month that the target lacks." in text(answer)
        assert "consumption may be counted twice" in text(answer)

    def test_a_long_bill_stands_in_each_of_its_months(self, desk, facility):
        factories.invoice(facility=facility, cups=RIGHT, start_date=date(2024, 1, 20), end_date=date(2024, 4, 10))

        answer = self.preview(desk, facility, RIGHT, target="", cups=OTHER_SUPPLY)

        [(year, strips)] = answer.context["shown"].picture.years
        assert (year, strips[0].cells[:5]) == (2024, ["", "b", "b", "", ""])

    def test_warnings_name_invoices_and_groups(self, desk, groups, facility, organization):
        factories.invoice(facility=facility, cups=f"{RIGHT}0F", invoice_number="F-1", end_date=date(2024, 1, 28))
        elsewhere = factories.facility(organization=organization, name="Bilbao")
        contract = factories.datadis_contract(facility=elsewhere, cups=f"{RIGHT}0F")
        factories.invoice(facility=elsewhere, cups=f"{RIGHT}0F", supply_contract=contract)

        page = text(self.preview(desk, facility, RIGHT, f"{RIGHT}0F", target=RIGHT))

        assert "The same invoice would stand twice on one code." in page
        assert "1 invoice · 27 days · 100 kWh" in page
        assert "F-1" in page
        assert "backed by Datadis at another facility" in page
        assert "Bilbao" in page

    def test_what_is_wrong_with_a_target_is_said(self, desk, groups, facility):
        page = text(self.preview(desk, facility, WITHOUT_LETTERS, target="", cups=f"{WITHOUT_LETTERS}XX"))
        assert "Letters do not fit (JY would be right)." in page
        page = text(self.preview(desk, facility, WITHOUT_LETTERS, target="", cups=RIGHT.lower()))
        assert f"Plainly written it is {RIGHT}." in page

    def test_many_warned_invoices_are_named_only_in_part(self, desk, facility):
        factories.invoices(30, facility=facility, cups=RIGHT)
        factories.invoices(30, facility=facility, cups=WITHOUT_LETTERS)

        page = text(self.preview(desk, facility, RIGHT, WITHOUT_LETTERS))

        assert "30 invoices" in page
        assert "and 10 more" in page

    def test_groups_that_are_gone_are_said(self, desk, groups, facility):
        page = text(self.preview(desk, facility, RIGHT, WITHOUT_LETTERS, "ES gone"))

        assert "1 of the ticked groups is no longer there." in page

    def test_nothing_to_do_is_said(self, desk, groups, facility):
        assert "Nothing would change" in text(self.preview(desk, facility, RIGHT, target="", cups=RIGHT))

    def test_nothing_ticked_is_said(self, desk, facility):
        for sent in ({}, {"group": ["x", "x|y", "|", "\0", f"{facility.pk}|\0", f"{facility.pk}|"]}):
            assert "No group is ticked." in text(desk.post(reverse("cups-preview"), sent))

    def test_too_many_ticked_is_said(self, desk, groups, facility):
        many = ticked(facility, *(f"ES{number}" for number in range(201)))

        assert "Tick at most 200 groups" in text(desk.post(reverse("cups-preview"), {"group": many}))

    def test_a_script_gets_the_panel_and_then_the_preview_alone(self, desk, groups, facility):
        sent = {"group": ticked(facility, RIGHT, WITHOUT_LETTERS)}

        panel = text(desk.post(reverse("cups-preview"), sent, headers={**HTMX, "HX-Target": "panel"}))
        piece = text(desk.post(reverse("cups-preview"), sent, headers={**HTMX, "HX-Target": "plan"}))

        assert "<html" not in panel
        assert 'name="target"' in panel
        assert 'name="target"' not in piece
        assert "3 invoices at 1 facility" in piece

    def test_an_unacceptable_code_is_said_beside_the_preview(self, desk, groups, facility):
        sent = {"group": ticked(facility, RIGHT), "target": "", "cups": "ES\u200b"}

        piece = text(desk.post(reverse("cups-preview"), sent, headers={**HTMX, "HX-Target": "plan"}))

        assert "can&#x27;t be seen (U+200B)" in piece
        assert 'name="digest"' not in piece

    def test_its_address_leads_to_the_list(self, desk):
        assert desk.get(reverse("cups-preview"))["Location"] == "/cups/"
        assert desk.get(reverse("cups-consolidate"))["Location"] == "/cups/"

    def test_the_number_of_queries_does_not_grow(self, desk, facility, django_assert_max_num_queries):
        cups = [f"ES003100000000{number:04}" for number in range(40)]
        for code in cups:
            factories.invoice(facility=facility, cups=code)

        with django_assert_max_num_queries(30):
            self.preview(desk, facility, *cups)


class TestConsolidate:
    def test_rewrites_records_and_offers_to_undo(self, desk, groups, facility):
        answer = consolidate(desk, facility, RIGHT, WITHOUT_LETTERS, message=" cut\0 off ", back="search=9012&page=x")

        assert answer["Location"] == "/cups/?search=9012"
        assert set(Invoice.objects.values_list("cups", flat=True)) == {RIGHT}
        done = Consolidation.objects.get()
        assert (done.updated_count, done.message, done.through) == (3, "cut off", "WEB")
        page = text(desk.get("/cups/"))
        assert f"3 invoices now carry {RIGHT}." in page
        assert f"/history/{done.pk}/undo/" in page

    def test_a_script_gets_the_list_and_the_result(self, desk, groups, facility):
        sent = {"group": ticked(facility, WITHOUT_LETTERS), "target": RIGHT}
        digest = desk.post(reverse("cups-preview"), sent).context["shown"].plan.digest

        answer = desk.post(
            reverse("cups-consolidate"),
            {**sent, "digest": digest},
            headers={**HTMX, "HX-Current-URL": "http://testserver/cups/?search=9012"},
        )

        assert answer["HX-Retarget"] == "#list"
        assert "consolidated" in answer["HX-Trigger-After-Settle"]
        assert codes(answer) == [RIGHT]
        assert f"3 invoices now carry {RIGHT}." in text(answer)

    def test_what_rewrote_nothing_offers_no_undo(self, desk, groups, facility):
        consolidate(desk, facility, RIGHT, target="", cups=RIGHT)

        assert not Consolidation.objects.exists()
        page = text(desk.get("/cups/"))
        assert "Nothing was rewritten: no invoice of these groups carries another code." in page
        assert "Undo" not in page

    @pytest.fixture
    def _unchanged(self, groups):
        before = list(Invoice.objects.order_by("pk").values_list("pk", "cups", "updated_at"))
        yield
        assert list(Invoice.objects.order_by("pk").values_list("pk", "cups", "updated_at"))[: len(before)] == before
        assert not Consolidation.objects.exists()

    @pytest.mark.usefixtures("_unchanged")
    def test_refuses_what_was_not_previewed(self, desk, facility):
        sent = {"group": ticked(facility, WITHOUT_LETTERS), "target": RIGHT, "previewed": RIGHT}

        answer = desk.post(reverse("cups-consolidate"), sent)

        assert answer.status_code == 409
        assert "The invoices have changed since the preview." in text(answer)

    @pytest.mark.usefixtures("_unchanged")
    def test_refuses_another_target_than_the_previewed(self, desk, facility):
        sent = {"group": ticked(facility, RIGHT, WITHOUT_LETTERS), "target": RIGHT, "previewed": WITHOUT_LETTERS}

        assert "You chose another code since the preview." in text(desk.post(reverse("cups-consolidate"), sent))

    @pytest.mark.usefixtures("_unchanged")
    def test_refuses_different_supplies_until_the_target_is_typed_once_more(self, desk, facility):
        factories.invoice(facility=facility, cups=OTHER_SUPPLY)
        for typed in ("", "ES", OTHER_SUPPLY):
            answer = consolidate(desk, facility, RIGHT, OTHER_SUPPLY, target=RIGHT, confirmation=typed)
            assert answer.status_code == 409
            assert "Type the target code once more" in text(answer)

    def test_joins_different_supplies_once_the_target_is_typed_once_more(self, desk, groups, facility):
        factories.invoice(facility=facility, cups=OTHER_SUPPLY)

        consolidate(desk, facility, RIGHT, OTHER_SUPPLY, target=RIGHT, confirmation=f" {RIGHT.lower()} ")

        assert not Invoice.objects.filter(cups=OTHER_SUPPLY).exists()

    @pytest.mark.usefixtures("_unchanged")
    def test_refuses_a_locked_group_by_name(self, desk, facility):
        contract = factories.datadis_contract(facility=facility, cups=OTHER_SUPPLY)
        factories.invoice(facility=facility, cups=OTHER_SUPPLY, supply_contract=contract)

        answer = consolidate(desk, facility, WITHOUT_LETTERS, OTHER_SUPPLY, target=RIGHT)

        assert answer.status_code == 409
        assert f"Backed by a Datadis contract, and so not to be rewritten: {OTHER_SUPPLY}." in text(answer)

    @pytest.mark.usefixtures("_unchanged")
    def test_refuses_a_facility_of_others(self, desk, facility, other_organization):
        theirs = factories.facility(organization=other_organization)
        factories.invoice(facility=theirs, cups=WITHOUT_LETTERS)

        answer = consolidate(desk, theirs, WITHOUT_LETTERS, target=RIGHT)

        assert "facility of another organization" in text(answer)

    @pytest.mark.usefixtures("_unchanged")
    def test_refuses_a_code_that_can_not_be_stored(self, desk, facility):
        answer = consolidate(desk, facility, WITHOUT_LETTERS, target="", cups="ES\u202e")

        assert "direction of writing" in text(answer)

    @pytest.mark.usefixtures("_unchanged")
    def test_refuses_when_nothing_is_ticked(self, desk, facility):
        assert "No group is ticked." in text(consolidate(desk, facility, target=RIGHT))

    @pytest.mark.usefixtures("_unchanged")
    def test_asks_to_try_again_when_others_are_in_the_way(self, desk, facility, monkeypatch):
        def busy(**kwargs):
            raise grouping.GroupsKeptChanging

        monkeypatch.setattr(cups_page.consolidating, "consolidate", busy)

        answer = desk.post(reverse("cups-consolidate"), {"group": ticked(facility, WITHOUT_LETTERS), "target": RIGHT})

        assert "Somebody else is changing the same groups." in text(answer)
