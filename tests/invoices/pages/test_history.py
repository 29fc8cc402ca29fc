"""The history page, and undoing on it."""

from uuid import uuid4

import pytest
from django.urls import reverse

from facilities.access import Author, Channel
from facilities.models import Role
from invoices import consolidating, filing, undoing
from invoices.consolidating import Source
from invoices.models import ConsolidationUndo, Invoice
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT = "ES0021000000000000001AB"
SHORT = "ES0021000000000000001A"
WRONG = "ES0021000000000000009A"


@pytest.fixture
def person(organization):
    return factories.member(organization, first_name="Ana", last_name="Ruiz")


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


def consolidate(place, by, *, cups=SHORT, target=RIGHT, count=3, message=""):
    factories.invoices(count, facility=place, cups=cups)
    return join(place, by, cups=cups, target=target, message=message)


def join(place, by, *, cups=SHORT, target=RIGHT, message=""):
    author = by if isinstance(by, Author) else Author(by, Channel.WEB)
    return consolidating.consolidate(
        organization=place.organization,
        sources=[Source(cups, place.pk)],
        target=target,
        by=author,
        message=message,
    ).consolidation


def address(name, done):
    return reverse(f"history-{name}", args=[done.pk])


def codes():
    return sorted(Invoice.objects.values_list("cups", flat=True))


# The list


def test_lists_who_did_what_when_newest_first(web, person, facility):
    older = consolidate(facility, person, message="The scanner reads it so")
    newer = consolidate(facility, person, cups=WRONG, target="ES0021000000000000002AB", count=1)

    answer = web.get(reverse("history"))

    assert [entry.done for entry in answer.context["entries"]] == [newer, older]
    for words in ("Ana Ruiz", "page", "The scanner reads it so", "Madrid", "1 group to", "done"):
        assert words in answer.text


def test_says_for_whom_and_with_which_key_a_program_did_it(web, organization, facility, person):
    key, _secret = factories.api_key(organization=organization)
    bea = factories.user(first_name="Bea")
    consolidate(facility, Author(key.created_by, Channel.API, api_key=key, on_behalf_of=bea))

    answer = web.get(reverse("history"))

    assert "on behalf of Bea" in answer.text
    assert f"{key.prefix}…" in answer.text


def test_outlives_the_key_that_it_names(web, organization, facility):
    key, _secret = factories.api_key(organization=organization)
    done = consolidate(facility, Author(key.created_by, Channel.API, api_key=key))
    key.delete()

    assert web.get(reverse("history")).status_code == 200
    assert web.get(address("detail", done)).status_code == 200


def test_finds_a_target_by_a_part_of_it_literally(web, person, facility):
    done = consolidate(facility, person)
    consolidate(facility, person, cups=WRONG, target="ES99")

    def found(search):
        return [entry.done for entry in web.get(reverse("history"), {"search": search}).context["entries"]]

    assert found("0001ab") == [done]
    assert found(" 0001AB\0 ") == [done]
    assert found("ES 0021 0000 0000") == [done]
    assert found("%") == []


def test_says_that_no_target_fits_and_that_nothing_was_done_yet(web, person, facility):
    assert "Nothing has been consolidated yet" in web.get(reverse("history")).text
    consolidate(facility, person)
    assert "No consolidation has such a target" in web.get(reverse("history"), {"search": "XX"}).text


def test_pages_keep_what_was_searched(web, person, facility, monkeypatch):
    monkeypatch.setattr("invoices.pages.history.PAGE_SIZE", 1)
    consolidate(facility, person)
    consolidate(facility, person, cups=WRONG)

    answer = web.get(reverse("history"), {"search": "AB"})

    assert "search=AB&amp;page=2" in answer.text
    assert len(answer.context["entries"]) == 1


def test_names_one_facility_and_counts_the_others(web, organization, person, facility):
    elsewhere = factories.facility(organization=organization)
    for place in (facility, elsewhere):
        factories.invoice(facility=place, cups=SHORT)
    sources = [Source(SHORT, facility.pk), Source(SHORT, elsewhere.pk)]
    consolidating.consolidate(organization=organization, sources=sources, target=RIGHT, by=Author(person, Channel.WEB))

    assert "and 1 other" in web.get(reverse("history")).text


# One consolidation


def test_shows_what_became_of_each_invoice(web, person, facility, organization):
    done = consolidate(facility, person, count=3)
    gone, back, _stands = Invoice.objects.order_by("start_date")
    author = Author(person, Channel.WEB)
    filing.delete(organization=organization, invoice_id=gone.pk, by=author)
    undoing.undo(
        organization=organization, consolidation_id=done.pk, by=author, invoice_ids=[back.pk], message="not that one"
    )

    answer = web.get(address("detail", done))

    first, second, third = answer.context["invoices"]
    assert (first.conflict.reason, second.is_put_back, third.conflict) == (undoing.Reason.DELETED, True, None)
    for words in ("It was deleted.", "put back", "carries the target", "not that one", "partly undone", "1 of 3"):
        assert words in answer.text


def test_a_parent_that_went_along_is_no_row(web, person, organization, facility):
    elsewhere = factories.facility(organization=organization)
    factories.distributed(facility, elsewhere, cups=SHORT)
    sources = [Source(SHORT, facility.pk), Source(SHORT, elsewhere.pk)]
    done = consolidating.consolidate(
        organization=organization, sources=sources, target=RIGHT, by=Author(person, Channel.WEB)
    ).consolidation

    assert len(web.get(address("detail", done)).context["invoices"]) == 2
    assert "All 2 invoices" in web.get(address("undo", done)).text


def test_an_undone_one_offers_no_undo(web, person, facility):
    done = consolidate(facility, person)
    assert address("undo", done) in web.get(address("detail", done)).text

    web.post(address("undo", done))

    answer = web.get(address("detail", done))
    assert "Every invoice was put back." in answer.text
    assert f'href="{address("undo", done)}"' not in answer.text


# Undoing


def test_undoes_ones_own_at_once(web, person, facility):
    done = consolidate(facility, person, message="OCR")

    answer = web.post(address("undo", done), follow=True)

    assert codes() == [SHORT] * 3
    assert "3 invoices carry what they carried before." in answer.text
    assert ConsolidationUndo.objects.get().through == Channel.WEB


def test_the_page_shows_what_would_be_put_back_and_changes_nothing(web, person, facility):
    done = consolidate(facility, person)

    answer = web.get(address("undo", done))

    assert [(place.cups, place.facility_name, place.invoice_count) for place in answer.context["places"]] == [
        (SHORT, "Madrid", 3)
    ]
    assert codes() == [RIGHT] * 3
    assert "Message (optional)" in answer.text


def test_the_work_of_another_needs_a_message(web, facility, organization):
    author = factories.author(organization)
    done = consolidate(facility, author)

    answer = web.post(address("undo", done), {"which": "all", "message": "  "})

    assert answer.status_code == 422
    assert "Say in a message why you undo it." in answer.text
    assert codes() == [RIGHT] * 3

    web.post(address("undo", done), {"which": "all", "message": " wrong meter "})
    assert codes() == [SHORT] * 3
    assert ConsolidationUndo.objects.get().message == "wrong meter"


def test_a_message_has_an_end(web, person, facility):
    done = consolidate(facility, person)

    answer = web.post(address("undo", done), {"message": "x" * 501})

    assert answer.status_code == 422
    assert codes() == [RIGHT] * 3


def test_undoes_only_the_ticked(web, person, facility):
    done = consolidate(facility, person)
    first = Invoice.objects.earliest("start_date")

    web.post(address("undo", done), {"which": "ticked", "invoice_id": [str(first.pk)]})

    assert codes() == [SHORT, RIGHT, RIGHT]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"which": "ticked"}, "Tick the invoices"),
        ({"which": "ticked", "invoice_id": ["nonsense"]}, "Tick the invoices"),
        ({"which": "ticked", "invoice_id": [str(uuid4())]}, "not of this consolidation"),
        ({"which": "all", "invoice_id": [str(uuid4())]}, "which do you mean?"),
        ({"which": "half"}, "half"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(web, person, facility, form, words):
    done = consolidate(facility, person)

    answer = web.post(address("undo", done), form)

    assert answer.status_code == 422
    assert words in answer.text
    assert codes() == [RIGHT] * 3
    assert not ConsolidationUndo.objects.exists()


def test_what_was_ticked_stays_ticked_when_refused(web, organization, facility):
    done = consolidate(facility, factories.author(organization))
    ticked = Invoice.objects.earliest("start_date")

    answer = web.post(address("undo", done), {"which": "ticked", "invoice_id": [str(ticked.pk)]})

    assert [invoice.is_ticked for invoice in answer.context["invoices"]] == [True, False, False]
    assert answer.context["which"] == "ticked"


def test_twice_is_refused_in_words(web, person, facility):
    done = consolidate(facility, person)
    web.post(address("undo", done))

    answer = web.post(address("undo", done))

    assert answer.status_code == 422
    assert "undone already" in answer.text
    assert "Nothing is left to put back" in answer.text
    assert ConsolidationUndo.objects.count() == 1


def test_others_at_the_same_groups_are_said(web, person, facility, monkeypatch):
    from invoices import grouping

    done = consolidate(facility, person)

    def lock(*_args, **_kwargs):
        raise grouping.GroupsKeptChanging

    monkeypatch.setattr(grouping, "lock", lock)

    answer = web.post(address("undo", done))

    assert "Try again." in answer.text
    assert codes() == [RIGHT] * 3


@pytest.fixture
def conflicts(person, organization, facility):
    """A consolidation of five invoices: one stands, the others were deleted, moved, locked and consolidated again."""
    done = consolidate(facility, person, count=5)
    author = Author(person, Channel.WEB)
    deleted, moved, locked, _stands, later = Invoice.objects.order_by("start_date")
    filing.delete(organization=organization, invoice_id=deleted.pk, by=author)
    elsewhere = factories.facility(organization=organization)
    filing.change(organization=organization, invoice_id=moved.pk, by=author, changes={"facility": elsewhere})
    contract = factories.datadis_contract(facility=facility)
    filing.change(organization=organization, invoice_id=locked.pk, by=author, changes={"supply_contract": contract})
    Invoice.objects.filter(pk=later.pk).update(cups=RIGHT)
    return done, later


def test_says_of_each_conflict_why(web, conflicts, organization, facility, person):
    done, later = conflicts
    author = Author(person, Channel.WEB)
    filing.change(organization=organization, invoice_id=later.pk, by=author, changes={"cups": ""})

    answer = web.get(address("undo", done))

    assert answer.context["conflict_count"] == 4
    for words in (
        "4 invoices have changed since",
        "It was deleted.",
        "filed at another facility",
        "Datadis contract now",
        "It carries no code now.",
        "The 1 invoice that is as it was left",
    ):
        assert words in answer.text


def test_names_the_later_consolidation(web, person, facility):
    done = consolidate(facility, person, count=2)
    later = join(facility, person, cups=RIGHT, target="ES0021000000000000003AB")

    answer = web.get(address("undo", done))

    assert answer.text.count(address("detail", later)) == 2
    assert "What was not put back yet has changed since." in answer.text


def test_a_conflict_refuses_all_and_shows_the_page(web, conflicts):
    done, _later = conflicts
    before = codes()

    answer = web.post(address("undo", done))

    assert answer.status_code == 422
    assert "3 invoices have changed since, so nothing was put back." in answer.text
    assert codes() == before
    assert answer.context["which"] == "unchanged"


def test_leaves_the_conflicts_and_undoes_the_others(web, conflicts):
    done, _later = conflicts

    answer = web.post(address("undo", done), {"which": "unchanged"}, follow=True)

    assert "2 invoices carry what they carried before. 3 that have changed since stay as they are." in answer.text
    assert codes().count(SHORT) == 2


def test_many_conflicts_are_counted_and_the_first_shown(web, person, facility, monkeypatch):
    monkeypatch.setattr(undoing, "SHOWN_CONFLICTS", 1)
    done = consolidate(facility, person, count=3)
    join(facility, person, cups=RIGHT, target="ES99")

    answer = web.get(address("undo", done))

    assert (len(answer.context["conflicts"]), answer.context["conflict_count"]) == (1, 3)
    assert "The first 1 is shown." in answer.text


def test_many_places_are_cut_and_said(web, person, organization, facility, monkeypatch):
    monkeypatch.setattr("invoices.pages.undo.SHOWN_PLACES", 1)
    for cups in (SHORT, WRONG):
        factories.invoice(facility=facility, cups=cups)
    sources = [Source(SHORT, facility.pk), Source(WRONG, facility.pk)]
    done = consolidating.consolidate(
        organization=organization, sources=sources, target=RIGHT, by=Author(person, Channel.WEB)
    ).consolidation

    answer = web.get(address("undo", done))

    assert len(answer.context["places"]) == 1
    assert "… and at more places" in answer.text


# Who may


def test_a_viewer_sees_everything_and_undoes_nothing(viewer, facility, author):
    done = consolidate(facility, author)

    assert viewer.get(reverse("history")).status_code == 200
    assert f'href="{address("undo", done)}"' not in viewer.get(address("detail", done)).text
    assert '<button class="go">' not in viewer.get(address("undo", done)).text
    answer = viewer.post(address("undo", done), {"message": "please"})
    assert answer.status_code == 403
    assert "You can look at Ours, but not change it" in answer.text
    assert codes() == [RIGHT] * 3


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_organizations_consolidation_is_not_there(web, other_organization, method):
    place = factories.facility(organization=other_organization)
    done = consolidate(place, factories.author(other_organization))

    assert RIGHT not in web.get(reverse("history")).text
    assert web.get(address("detail", done)).status_code == 404
    assert getattr(web, method)(address("undo", done), {"message": "mine now"}).status_code == 404
    assert codes() == [RIGHT] * 3


def test_who_is_signed_out_signs_in_first(client, facility, author):
    done = consolidate(facility, author)

    for url in (reverse("history"), address("detail", done), address("undo", done)):
        assert client.get(url)["Location"].endswith(f"?next={url}")
    assert client.post(address("undo", done)).status_code == 302
    assert codes() == [RIGHT] * 3


# What it costs


@pytest.mark.parametrize("count", [1, 30])
def test_the_queries_of_each_page_do_not_grow(web, person, facility, django_assert_num_queries, count):
    done = None
    for number in range(min(count, 5)):
        done = consolidate(facility, person, cups=f"{SHORT}{number}", count=count)

    with django_assert_num_queries(8):
        web.get(reverse("history"))
    with django_assert_num_queries(13):
        web.get(address("detail", done))
    with django_assert_num_queries(14):
        web.get(address("undo", done))
