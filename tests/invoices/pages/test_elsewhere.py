"""The pages of codes at several places, and of moving invoices."""

from datetime import date
from uuid import uuid4

import pytest
from django.urls import reverse

from facilities.models import Role
from invoices import grouping, relocating
from invoices.models import Invoice, Relocation, RelocationUndo
from tests import factories

pytestmark = pytest.mark.django_db

CODE = factories.VALID_CUPS
LIST, MOVE, MOVES = reverse("cups-elsewhere"), reverse("cups-move"), reverse("cups-moves")


@pytest.fixture
def web(client, author):
    """The browser of an editor of ours, in English."""
    client.force_login(author.user)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def viewer(client, organization):
    client.force_login(factories.member(organization, Role.VIEWER))
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def lugo(organization):
    return factories.facility(organization=organization, name="Lugo")


@pytest.fixture
def filed(facility, lugo):
    """Three invoices of ours in Madrid, and one of them once more in Lugo."""
    return [*factories.invoices(3, facility=facility), *factories.invoices(1, facility=lugo)]


@pytest.fixture
def wish(facility, lugo):
    return {"cups": CODE, "from_facility": str(lugo.pk), "to_facility": str(facility.pk)}


@pytest.fixture
def relocation(organization, facility, lugo, filed, author):
    wish = relocating.Wish(CODE, lugo.pk, facility.pk)
    return relocating.move(organization=organization, wish=wish, by=author, message="Wrong place").relocation


def back(relocation):
    return reverse("cups-move-undo", args=[relocation.pk])


def said(response):
    return [str(message) for message in response.context["messages"]]


class TestList:
    def test_it_shows_places_overlaps_and_where_invoices_can_go(self, web, facility, lugo, filed):
        text = web.get(LIST).content.decode()

        assert "The same invoice stands at two of these places." in text
        assert "1 invoice · 27 days · 100 kWh" in text
        assert "Move to Madrid…" in text
        assert "Move to Lugo…" in text

    def test_of_three_places_one_is_chosen_and_datadis_keeps_its_own(self, web, organization, facility, filed):
        factories.invoices(1, facility=factories.facility(organization=organization, name="Vigo"))
        factories.invoice(
            facility=facility,
            supply_contract=factories.datadis_contract(facility=facility),
            start_date=date(2023, 1, 1),
        )

        (card,) = web.get(LIST).context["cards"]

        assert [(row.place.facility_name, len(row.targets)) for row in card.rows] == [
            ("Madrid", 0),
            ("Lugo", 2),
            ("Vigo", 2),
        ]

    def test_figures_that_are_nought_are_not_said(self, web, facility, lugo):
        for place in (facility, lugo):
            factories.invoice(facility=place, start_date=date(2024, 1, 1), end_date=date(2024, 1, 1))

        (overlap,) = web.get(LIST).context["cards"][0].overlaps
        assert overlap.figures == "1 invoice"

    def test_a_code_of_gas_too_says_what_can_be_corrected(self, web, facility):
        factories.invoice(facility=facility, cups=f"{CODE}0F")
        factories.invoice(facility=facility, type="heat")
        factories.invoice(facility=facility, cups="ES-1")
        factories.invoice(facility=facility, type="heat", cups="ES-1")

        response = web.get(LIST, {"code": "ELECTRICITY_AND_HEAT"})

        text = response.content.decode()
        assert "says that it is a code of electricity" in text
        assert "Nothing in a code tells gas from electricity" in text
        assert all(row.targets == [] for card in response.context["cards"] for row in card.rows)

    def test_what_is_at_one_place_is_not_there(self, web, facility, lugo):
        factories.invoices(2, facility=facility)

        assert "Every code is at one place" in web.get(LIST).content.decode()
        assert "Nothing of this kind" in web.get(LIST, {"facility_id": str(lugo.pk)}).content.decode()
        assert "Every code is at one place" in web.get(LIST, {"facility_id": "x", "code": "y"}).content.decode()

    def test_nothing_of_another_organization_is_there(self, web, organization, other_organization):
        for _each in range(2):
            factories.invoice(facility=factories.facility(organization=other_organization))

        assert web.get(LIST).context["cards"] == []

    def test_a_viewer_sees_it_and_moves_nothing(self, viewer, filed, wish):
        assert "Move to" not in viewer.get(LIST).content.decode()
        assert viewer.get(MOVE, wish).status_code == 403
        assert viewer.post(MOVE, wish).status_code == 403
        assert Relocation.objects.count() == 0

    def test_statements_do_not_grow_with_what_is_found(self, web, facility, lugo, filed, django_assert_num_queries):
        for number in range(12):
            for place in (facility, lugo):
                factories.invoice(facility=place, cups=f"ES-{number}")
        web.get(LIST)

        # Session, person, organizations, role; what is found 5, facilities, bills.
        with django_assert_num_queries(12):
            response = web.get(LIST)
        assert (len(response.context["cards"]), response.context["page"].paginator.count) == (10, 13)


class TestMove:
    def test_it_is_shown_and_then_made(self, web, facility, lugo, filed, wish):
        factories.supply_contract(facility=facility)
        shown = web.get(MOVE, wish)
        assert "1 invoice goes from Lugo to Madrid." in shown.content.decode()
        assert "1 fits the contract of" in shown.content.decode()
        assert "The same invoice stands at two of these places." in shown.content.decode()

        # PostgreSQL keeps no NUL.
        said_why = {"digest": shown.context["plan"].digest, "message": "\0Wrong"}
        response = web.post(MOVE, {**wish, **said_why}, follow=True)

        assert response.redirect_chain == [(MOVES, 302)]
        assert said(response) == ["1 invoice was moved to Madrid and is calculated again."]
        assert Relocation.objects.get().message == "Wrong"
        assert Invoice.objects.filter(facility=facility).count() == 4

    def test_what_has_changed_since_is_shown_anew(self, web, lugo, filed, wish):
        digest = web.get(MOVE, wish).context["plan"].digest
        factories.invoice(facility=lugo, start_date=date(2023, 1, 1))

        response = web.post(MOVE, {**wish, "digest": digest, "message": "Wrong"})

        assert response.status_code == 409
        assert "have changed since you looked" in response.content.decode()
        assert "2 invoices go from Lugo" in response.content.decode()
        assert 'value="Wrong"' in response.content.decode()
        assert Relocation.objects.count() == 0

    def test_a_refusal_is_said_and_changes_nothing(self, web, organization, filed, wish, monkeypatch):
        for changes, text in (
            ({"cups": "ES-1"}, "No invoice of that facility"),
            ({"to_facility": wish["from_facility"]}, "at that facility already"),
        ):
            response = web.post(MOVE, {**wish, **changes})
            assert response.status_code == 409
            assert text in response.content.decode()

        def busy(**_options):
            raise grouping.GroupsKeptChanging

        monkeypatch.setattr(relocating, "move", busy)
        assert "Others were changing" in web.post(MOVE, wish).content.decode()
        assert Relocation.objects.count() == 0

    def test_what_makes_no_sense_or_is_of_others_is_not_found(self, web, other_organization, filed, wish):
        theirs = factories.facility(organization=other_organization)

        for changes in ({"to_facility": str(theirs.pk)}, {"from_facility": "x"}, {"cups": ""}):
            assert web.get(MOVE, {**wish, **changes}).status_code == 404
            assert web.post(MOVE, {**wish, **changes}).status_code == 404

    def test_the_rest_of_many_is_counted(self, web, organization, facility, lugo, filed, wish):
        factories.invoices(51, facility=lugo, cups="ES-1")

        assert "and 1 more" in web.get(MOVE, {**wish, "cups": "ES-1"}).content.decode()


class TestUndo:
    def test_a_move_is_listed_and_taken_back(self, web, facility, relocation):
        listed = web.get(MOVES).content.decode()
        assert "“Wrong place”" in listed
        assert back(relocation) in listed
        assert "1 invoice goes back to Lugo." in web.get(back(relocation)).content.decode()

        response = web.post(back(relocation), follow=True)

        assert said(response) == ["1 invoice was moved back."]
        assert "taken back" in response.content.decode()
        assert "was taken back already" in web.get(back(relocation)).content.decode()
        assert web.post(back(relocation)).status_code == 409
        assert RelocationUndo.objects.count() == 1

    def test_what_has_changed_since_is_named_and_stays(self, web, organization, facility, lugo, author):
        first, _second = factories.invoices(2, facility=lugo)
        wish = relocating.Wish(CODE, lugo.pk, facility.pk)
        relocation = relocating.move(organization=organization, wish=wish, by=author).relocation
        Invoice.objects.filter(pk=first.pk).update(cups="ES-1")
        grouping.repair(organization=organization)

        shown = web.get(back(relocation)).content.decode()
        response = web.post(back(relocation), follow=True)

        assert "1 invoice has changed since and stays as it is" in shown
        assert "It carries another code now." in shown
        assert said(response) == ["1 invoice was moved back. 1 invoice stays as it is."]

    def test_nothing_is_left_when_all_has_changed(self, web, relocation):
        Invoice.objects.update(cups="ES-1")

        assert "Nothing is left to move back" in web.get(back(relocation)).content.decode()
        assert web.post(back(relocation)).status_code == 409

    def test_the_work_of_another_needs_a_message(self, client, organization, relocation):
        client.force_login(factories.member(organization))
        client.cookies["django_language"] = "en"

        response = client.post(back(relocation))

        assert response.status_code == 409
        assert "say why you take it back" in response.content.decode()
        assert RelocationUndo.objects.count() == 0

    def test_a_viewer_sees_moves_and_takes_none_back(self, viewer, relocation):
        assert "done" in viewer.get(MOVES).content.decode()
        assert viewer.get(back(relocation)).status_code == 403
        assert viewer.post(back(relocation)).status_code == 403
        assert RelocationUndo.objects.count() == 0

    def test_moves_of_another_organization_are_not_found(self, client, other_organization, relocation):
        client.force_login(factories.member(other_organization))
        client.cookies["django_language"] = "en"

        assert "Nothing has been moved yet" in client.get(MOVES).content.decode()
        for pk in (relocation.pk, uuid4()):
            assert client.get(reverse("cups-move-undo", args=[pk])).status_code == 404
            assert client.post(reverse("cups-move-undo", args=[pk])).status_code == 404

    def test_statements_do_not_grow_with_the_moves(
        self, web, organization, facility, lugo, author, relocation, django_assert_num_queries
    ):
        for pair in ((facility.pk, lugo.pk), (lugo.pk, facility.pk)):
            relocating.move(organization=organization, wish=relocating.Wish(CODE, *pair), by=author)
        web.get(MOVES)

        with django_assert_num_queries(7):
            web.get(MOVES)
