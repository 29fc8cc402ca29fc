"""Electricity invoices without a CUPS: the list, and giving them a code."""

from datetime import date
from uuid import uuid4

import pytest
from django.urls import reverse

from facilities.access import Author, Channel
from facilities.models import Role
from invoices import assigning, filing, grouping
from invoices.models import Consolidation, CupsGroup, Invoice
from tests import factories

pytestmark = pytest.mark.django_db

CODE = factories.VALID_CUPS
LIST, PREVIEW, ASSIGN = (
    reverse_name for reverse_name in ("cups-missing", "cups-missing-preview", "cups-missing-assign")
)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def person(organization):
    return factories.member(organization)


@pytest.fixture
def web(client, person):
    """The browser of an editor of ours, in English."""
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def viewer(client, organization):
    client.force_login(factories.member(organization, Role.VIEWER))
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def missing(facility):
    """Three invoices of ours without a code, of January to March."""
    return factories.invoices(3, facility=facility, cups="")


def ids(invoices):
    return [str(invoice.pk) for invoice in invoices]


def preview(web, invoices, target, **more):
    return web.post(reverse(PREVIEW), {"invoice_id": ids(invoices), "target": target, **more})


def confirm(web, invoices, target, **more):
    """Confirm what a preview of it shows."""
    plan = preview(web, invoices, target, **more).context["plan"]
    form = {"invoice_id": ids(invoices), "target": target, "previewed": target, "digest": plan.digest, **more}
    return web.post(reverse(ASSIGN), form, follow=True)


def codes():
    return sorted(Invoice.objects.values_list("cups", flat=True))


# The list


def test_lists_the_electricity_invoices_without_a_code_newest_first(web, facility, missing):
    factories.invoice(facility=facility, cups=CODE)
    factories.invoice(facility=facility, cups="", type="heat")
    factories.distributed(facility, cups="", start_date=date(2023, 1, 1))

    answer = web.get(reverse(LIST))

    listed = list(answer.context["page"])
    assert listed[:3] == missing[::-1]
    assert len(listed) == 4  # the part of the distributed one, but not its parent
    assert "1–4 of 4 invoices" in answer.text


def test_is_sorted_and_narrowed_by_the_address(web, organization, missing):
    elsewhere = factories.invoice(facility=factories.facility(organization=organization), cups="")

    def listed(**asked):
        return list(web.get(reverse(LIST), asked).context["page"])

    assert listed(sort="start_date", facility_id=str(missing[0].facility_id)) == missing
    assert listed(facility_id=str(elsewhere.facility_id)) == [elsewhere]
    assert len(listed(sort="nonsense", facility_id="nonsense", page="nonsense")) == 4


def test_is_paged(web, missing, monkeypatch):
    monkeypatch.setattr("invoices.pages.missing.PAGE_SIZE", 2)

    assert list(web.get(reverse(LIST), {"page": 2}).context["page"]) == missing[:1]


def test_gives_a_script_the_rows_alone(web, missing):
    answer = web.get(reverse(LIST), {"sort": "start_date"}, headers=HTMX)

    assert "<html" not in answer.text
    assert answer["HX-Push-Url"] == reverse(LIST) + "?sort=start_date"


def test_says_that_none_is_missing(web, facility):
    factories.invoice(facility=facility, cups=CODE)

    assert "Every electricity invoice has a CUPS" in web.get(reverse(LIST)).text
    answer = web.get(reverse(LIST), {"facility_id": str(facility.pk)})
    assert "Every electricity invoice of this facility has a CUPS" in answer.text


def test_what_datadis_backs_is_seen_and_not_ticked(web, facility):
    contract = factories.datadis_contract(facility=facility)
    backed = factories.invoice(facility=facility, cups="", supply_contract=contract)

    answer = web.get(reverse(LIST))

    assert "Locked: backed by a Datadis contract" in answer.text
    assert str(backed.pk) not in answer.text
    assert "are gone" in preview(web, [backed], CODE).text


# The preview


def test_offers_the_codes_of_the_facility_those_of_datadis_first(web, facility, organization, missing):
    factories.invoices(2, facility=facility, cups="ES1")
    factories.invoice(facility=facility, cups="ES2")
    contract = factories.datadis_contract(facility=facility, cups=CODE)
    factories.invoice(facility=facility, cups=CODE, supply_contract=contract)
    factories.invoice(facility=factories.facility(organization=organization), cups="ES3")

    answer = web.post(reverse(PREVIEW), {"invoice_id": ids(missing)})

    assert [choice.cups for choice in answer.context["choices"]] == [CODE, "ES1", "ES2"]
    assert "plan" not in answer.context
    assert "Choose or write the code to see what would happen." in answer.text


def test_the_only_code_of_the_facility_is_previewed_at_once(web, facility, missing):
    factories.invoice(facility=facility, cups=CODE, start_date=date(2022, 1, 1), end_date=date(2022, 1, 31))

    answer = web.post(reverse(PREVIEW), {"invoice_id": ids(missing)})

    assert answer.context["target"] == CODE
    assert "3 invoices at 1 facility will get the code" in answer.text
    assert codes() == ["", "", "", CODE]


def test_the_code_that_lacks_just_these_months_comes_first_and_is_previewed(web, facility, missing):
    around = (date(2023, 12, 1), date(2023, 12, 31)), (date(2024, 4, 1), date(2024, 4, 30))
    for start, end in around:
        factories.invoice(facility=facility, cups=CODE, start_date=start, end_date=end)
    factories.invoices(5, facility=facility, cups="ES1")
    factories.invoices(3, facility=facility, cups="ES2", start_date=date(2020, 1, 1), end_date=date(2020, 1, 31))

    answer = web.post(reverse(PREVIEW), {"invoice_id": ids(missing)})

    assert [(choice.cups, choice.fills) for choice in answer.context["choices"]] == [(CODE, 3), ("ES1", 0), ("ES2", 0)]
    assert answer.context["target"] == CODE
    assert "3 of 3 fit gaps" in answer.text


def test_of_two_codes_that_lack_them_the_reader_chooses(web, facility, missing):
    for cups in (CODE, "ES1"):
        for year in (2023, 2025):
            factories.invoice(facility=facility, cups=cups, start_date=date(year, 1, 1), end_date=date(year, 1, 31))

    assert web.post(reverse(PREVIEW), {"invoice_id": ids(missing)}).context["target"] == ""


def test_a_facility_without_codes_asks_to_write_one(web, missing):
    answer = web.post(reverse(PREVIEW), {"invoice_id": ids(missing)})

    assert "Write the code to see what would happen." in answer.text


def test_warns_in_words_of_what_would_be_counted_twice(web, facility, missing):
    twice = missing[0]
    factories.invoice(facility=facility, cups=CODE, start_date=twice.start_date, end_date=twice.end_date)

    answer = preview(web, missing, CODE)

    assert "The same invoice would stand twice on one code." in answer.text


def test_asks_whether_one_code_is_right_for_several_facilities(web, organization, missing):
    elsewhere = factories.invoice(facility=factories.facility(organization=organization), cups="")
    factories.invoice(facility=elsewhere.facility, cups="ES1")

    answer = preview(web, [*missing, elsewhere], "", cups=CODE)

    assert "These invoices are of 2 facilities." in answer.text
    assert "4 invoices at 2 facilities will get the code" in answer.text


def test_says_which_have_a_code_by_now(web, facility, missing):
    filled = factories.invoice(facility=facility, cups=CODE)

    assert "1 of the ticked invoices has a code by now" in preview(web, [*missing, filled], CODE).text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "No invoice is ticked."),
        ({"invoice_id": [str(uuid4())]}, "have a code by now, or are gone"),
        ({"invoice_id": [str(uuid4()) for _ in range(501)]}, "Tick at most 500 invoices at a time."),
    ],
)
def test_what_can_not_be_previewed_is_said(web, missing, form, words):
    answer = web.post(reverse(PREVIEW), {"target": CODE, **form})

    assert words in answer.text
    assert "plan" not in answer.context


def test_a_code_that_is_none_is_said(web, missing):
    assert "U+200B" in preview(web, missing, "", cups="ES\u200b1").context["error"]


def test_a_script_gets_the_panel_or_the_plan_alone(web, missing):
    form = {"invoice_id": ids(missing), "target": CODE}

    panel = web.post(reverse(PREVIEW), form, headers={**HTMX, "HX-Target": "panel"}).text
    plan = web.post(reverse(PREVIEW), form, headers={**HTMX, "HX-Target": "plan"}).text

    assert "<html" not in panel
    assert 'id="assign"' in panel
    assert 'id="assign"' not in plan
    assert plan.strip().startswith("<section")


@pytest.mark.parametrize("name", [PREVIEW, ASSIGN])
def test_an_address_without_a_form_leads_to_the_list(web, name):
    assert web.get(reverse(name))["Location"] == reverse(LIST)


# The deed


def test_gives_the_code_and_offers_to_undo_it(web, missing, facility, person):
    answer = confirm(web, missing[:2], CODE, message="from the meter", back="sort=start_date")

    assert codes() == ["", CODE, CODE]
    done = Consolidation.objects.get()
    assert (done.by, done.through, done.message) == (person, Channel.WEB, "from the meter")
    assert answer.redirect_chain[-1][0] == reverse(LIST) + "?sort=start_date"
    assert f"2 invoices now carry {CODE}." in answer.text
    assert f'action="{reverse("history-undo", args=[done.pk])}"' in answer.text
    assert list(grouping.differences(organization=facility.organization)) == []


def test_undoing_it_takes_the_code_away_and_says_so(web, missing):
    confirm(web, missing, CODE)
    done = Consolidation.objects.get()

    page = web.get(reverse("history-undo", args=[done.pk])).text
    web.post(reverse("history-undo", args=[done.pk]))

    assert "will be without a CUPS again" in page
    assert codes() == ["", "", ""]
    assert not CupsGroup.objects.exists()
    assert "These invoices had no CUPS before." in web.get(reverse("history-detail", args=[done.pk])).text
    assert "First code given:" in web.get(reverse("history")).text


def test_gives_a_script_the_list_and_the_result(web, missing):
    plan = preview(web, missing, CODE).context["plan"]
    form = {"invoice_id": ids(missing), "target": CODE, "previewed": CODE, "digest": plan.digest}

    answer = web.post(reverse(ASSIGN), form, headers={**HTMX, "HX-Current-URL": "http://testserver/cups/missing/"})

    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#list", "innerHTML")
    assert "consolidated" in answer["HX-Trigger-After-Settle"]
    assert f"3 invoices now carry {CODE}." in answer.text
    assert codes() == [CODE] * 3


def test_a_change_in_between_is_refused_with_the_new_preview(web, missing, organization, person):
    digest = preview(web, missing, CODE).context["plan"].digest
    filing.delete(organization=organization, invoice_id=missing[0].pk, by=Author(person, Channel.WEB))

    answer = web.post(
        reverse(ASSIGN), {"invoice_id": ids(missing), "target": CODE, "previewed": CODE, "digest": digest}
    )

    assert answer.status_code == 409
    assert "The invoices have changed since the preview." in answer.text
    assert answer.context["plan"].updated_count == 2
    assert codes() == ["", ""]
    assert not Consolidation.objects.exists()


def test_another_code_than_the_previewed_is_shown_first(web, missing):
    digest = preview(web, missing, CODE).context["plan"].digest

    answer = web.post(
        reverse(ASSIGN), {"invoice_id": ids(missing), "target": "ES9", "previewed": CODE, "digest": digest}
    )

    assert answer.status_code == 409
    assert "You chose another code since the preview." in answer.text
    assert codes() == ["", "", ""]


@pytest.mark.parametrize(("target", "words"), [("", "at least one"), ("x" * 65, "64"), ("ES\x00", "U+0000")])
def test_no_code_is_refused_in_words(web, missing, target, words):
    answer = web.post(reverse(ASSIGN), {"invoice_id": ids(missing), "target": "", "cups": target})

    assert answer.status_code == 409
    assert words in answer.context["error"]
    assert codes() == ["", "", ""]


def test_nothing_ticked_is_refused_in_words(web, missing):
    answer = web.post(reverse(ASSIGN), {"target": CODE, "previewed": CODE, "digest": "x"})

    assert answer.status_code == 409
    assert "No invoice is ticked." in answer.text


def test_others_at_the_same_groups_are_said(web, missing, monkeypatch):
    digest = preview(web, missing, CODE).context["plan"].digest

    def assign(**_fields):
        raise grouping.GroupsKeptChanging

    monkeypatch.setattr(assigning, "assign", assign)

    answer = web.post(
        reverse(ASSIGN), {"invoice_id": ids(missing), "target": CODE, "previewed": CODE, "digest": digest}
    )

    assert "Somebody else is changing the same groups." in answer.text


# Who may


def test_a_viewer_sees_the_list_and_changes_nothing(viewer, missing):
    answer = viewer.get(reverse(LIST))

    assert missing[0].invoice_number in answer.text
    assert 'type="checkbox"' not in answer.text
    for name in (PREVIEW, ASSIGN):
        refused = viewer.post(reverse(name), {"invoice_id": ids(missing), "target": CODE})
        assert refused.status_code == 403
        assert "You can look at Ours, but not change it" in refused.text
    assert codes() == ["", "", ""]


def test_another_organizations_invoices_are_never_reached(web, other_organization, missing):
    theirs = factories.invoices(2, facility=factories.facility(organization=other_organization), cups="")
    factories.invoice(facility=theirs[0].facility, cups="ES7")

    answer = web.get(reverse(LIST), {"facility_id": str(theirs[0].facility_id)})
    assert list(answer.context["page"]) == []
    assert theirs[0].facility.name not in answer.text
    answer = web.post(reverse(PREVIEW), {"invoice_id": ids(theirs)})
    assert (answer.context["invoices"], answer.context["choices"]) == ([], [])
    confirm(web, [*missing, *theirs], CODE)
    assert {invoice.cups for invoice in Invoice.objects.filter(organization=other_organization)} == {"", "ES7"}
    assert Consolidation.objects.get().updated_count == 3


def test_who_is_signed_out_signs_in_first(client, missing):
    assert client.get(reverse(LIST))["Location"].endswith("?next=/cups/missing/")
    assert client.post(reverse(ASSIGN), {"invoice_id": ids(missing)}).status_code == 302


# What it costs


@pytest.mark.parametrize("count", [1, 40])
def test_the_queries_of_each_page_do_not_grow(web, organization, facility, django_assert_num_queries, count):
    missing = factories.invoices(count, facility=facility, cups="", supplier=factories.supplier())
    factories.invoices(count, facility=facility, cups=CODE)
    form = {"invoice_id": ids(missing), "target": CODE}

    with django_assert_num_queries(8):
        web.get(reverse(LIST))
    with django_assert_num_queries(12):
        digest = web.post(reverse(PREVIEW), form).context["plan"].digest
    with django_assert_num_queries(32):
        web.post(reverse(ASSIGN), {**form, "previewed": CODE, "digest": digest})
