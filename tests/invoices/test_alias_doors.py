"""Aliases through each door: the API, the pages, the admin."""

import pytest
from django.urls import reverse

from facilities.models import Role
from invoices import aliasing, consolidating
from invoices.consolidating import Source
from invoices.models import Consolidation, CupsAlias, Invoice
from tests import admin_door, api, factories

pytestmark = pytest.mark.django_db

RIGHT, OTHER = factories.VALID_CUPS, factories.OTHER_VALID_CUPS
DAMAGED = "ES1234123456789012J"
PATH = "/v1/cups-aliases"
PAGE, CONSOLIDATE, PREVIEW = (reverse(name) for name in ("cups-aliases", "cups-consolidate", "cups-preview"))


def current():
    return dict(CupsAlias.objects.current().values_list("cups", "target_cups"))


@pytest.fixture
def alias(facility):
    return factories.cups_alias(facility=facility, cups=DAMAGED)


@pytest.fixture
def theirs(other_organization):
    return factories.cups_alias(facility=factories.facility(organization=other_organization), cups="ES-THEIRS")


@pytest.fixture
def person(organization):
    return factories.member(organization, first_name="Ana", last_name="Ruiz")


@pytest.fixture
def caller(organization, person):
    return api.client(organization, created_by=person)


@pytest.fixture
def web(client, person):
    """The browser of an editor of ours, in English."""
    client.force_login(person)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def looking(client, organization):
    """The browser of a viewer of ours, in English."""
    client.force_login(factories.member(organization, Role.VIEWER))
    client.cookies["django_language"] = "en"
    return client


class TestTheApi:
    def body(self, facility, **fields):
        return {"facility_id": str(facility.pk), "cups": DAMAGED, "target_cups": RIGHT} | fields

    def test_makes_one_and_lists_and_ends_it(self, caller, person, facility, theirs):
        made = api.post(caller, PATH, self.body(facility, message="cut off"))

        assert made.status_code == 201
        alias = CupsAlias.objects.get(cups=DAMAGED)
        assert made.json() == {
            "id": str(alias.pk),
            "cups": DAMAGED,
            "target_cups": RIGHT,
            "facility_id": str(facility.pk),
            "facility_name": "Madrid",
            "consolidation_id": None,
            "created_at": made.json()["created_at"],
            "by": str(person.pk),
            "message": "cut off",
        }
        assert caller.get(PATH).json() == {"items": [made.json()], "total": 1, "page": 1, "size": 50, "pages": 1}
        assert caller.delete(f"{PATH}/{alias.pk}").status_code == 204
        assert caller.get(PATH).json()["items"] == []
        assert api.is_refused(caller.delete(f"{PATH}/{alias.pk}"), 404, "NOT_FOUND")
        assert api.is_refused(caller.delete(f"{PATH}/nothing"), 404, "NOT_FOUND")
        assert list(current()) == ["ES-THEIRS"]

    def test_narrows_the_list(self, caller, facility, alias):
        elsewhere = factories.facility(organization=facility.organization)
        factories.cups_alias(facility=elsewhere, cups="ES-OTHER", target=OTHER)

        def found(query):
            return [one["cups"] for one in caller.get(f"{PATH}?{query}").json()["items"]]

        assert found(f"facility_id={elsewhere.pk}") == ["ES-OTHER"]
        assert found(f"search={OTHER[5:].lower()}") == ["ES-OTHER"]
        assert found("size=1") == ["ES-OTHER"]

    @pytest.mark.parametrize("count", [1, 20])
    def test_asks_as_much_of_many_as_of_one(self, caller, facility, django_assert_max_num_queries, count):
        for number in range(count):
            factories.cups_alias(facility=facility, cups=f"ES{number}")
        caller.get(PATH)

        with django_assert_max_num_queries(8):
            assert caller.get(PATH).json()["total"] == count

    @pytest.mark.parametrize(
        ("fields", "status", "code"),
        [
            ({"cups": RIGHT}, 400, "ALIAS_OF_ITSELF"),
            ({"cups": ""}, 422, "VALIDATION_ERROR"),
            ({"target_cups": "\u200b"}, 422, "VALIDATION_ERROR"),
            ({"target_cups": "ES-ALIAS"}, 409, "TARGET_IS_ALIAS"),
            ({"cups": "ES-LOCKED"}, 409, "CUPS_LOCKED_BY_DATADIS"),
            ({"facility_id": str(api.NOBODYS)}, 403, "FACILITY_NOT_BELONG_TO_ORGANIZATION"),
        ],
    )
    def test_refuses_with_nothing_made(self, caller, facility, fields, status, code):
        factories.cups_alias(facility=facility, cups="ES-ALIAS", target=OTHER)
        contract = factories.datadis_contract(facility=facility, cups="ES-LOCKED")
        factories.invoice(facility=facility, cups="ES-LOCKED", supply_contract=contract)

        api.is_refused(api.post(caller, PATH, self.body(facility, **fields)), status, code)

        assert current() == {"ES-ALIAS": OTHER}

    def test_consolidates_with_aliases_and_removes_them_at_undo(self, caller, facility):
        factories.invoice(facility=facility, cups=DAMAGED)

        merged = api.post(caller, api.CONSOLIDATE, api.merge(RIGHT, (DAMAGED, facility), make_aliases=True))
        assert (merged.status_code, current()) == (200, {DAMAGED: RIGHT})
        done = Consolidation.objects.get()
        assert caller.get(PATH).json()["items"][0]["consolidation_id"] == str(done.pk)
        undone = api.post(caller, f"{api.CONSOLIDATIONS}/{done.pk}/undo", {"remove_aliases": True})

        assert (undone.status_code, current()) == (200, {})

    def test_refuses_sources_that_could_not_arrive(self, caller, facility):
        body = api.merge(RIGHT, ("ES\u200b", facility), make_aliases=True)

        api.is_refused(api.post(caller, api.CONSOLIDATE, body), 422, "VALIDATION_ERROR")

        assert api.post(caller, api.CONSOLIDATE, body | {"make_aliases": False}).status_code == 200
        assert current() == {}

    def test_files_a_damaged_electricity_code_that_stands_for_a_sound_one(self, caller, person, facility, alias):
        body = {
            "type": "electricity",
            "base_quantity": 1,
            "unit_id": str(factories.unit().pk),
            "start_date": "2024-01-01",
            "end_date": "2024-01-31",
            "uploaded_by": str(person.pk),
            "facility_id": str(facility.pk),
        }

        filed = api.post(caller, api.INVOICES, body | {"cups": DAMAGED.lower()})
        refused = api.post(caller, api.INVOICES, body | {"cups": "ES1"})
        api.is_refused(refused, 400, "INVALID_CUPS")
        read = caller.get(f"{api.INVOICES}/{filed.json()['id']}").json()

        assert (filed.status_code, filed.json()["cups"]) == (201, RIGHT)
        assert (read["cups"], read["printed_cups"]) == (RIGHT, DAMAGED.lower())
        assert Invoice.objects.count() == 1

    def test_changes_a_code_to_what_it_stands_for(self, caller, facility, alias):
        invoice = factories.invoice(facility=facility, cups=OTHER)
        elsewhere = factories.facility(organization=facility.organization)
        whole, _parts = factories.distributed(facility, elsewhere, cups=OTHER)

        answer = api.patch(caller, f"{api.INVOICES}/{invoice.pk}", {"cups": DAMAGED})
        divided = api.patch(caller, f"{api.INVOICES}/{whole.pk}", {"cups": DAMAGED})

        assert (answer.status_code, answer.json()["cups"]) == (200, RIGHT)
        # Elsewhere the code stands for nothing, and has not the shape of one.
        api.is_refused(divided, 400, "INVALID_CUPS")
        assert set(Invoice.objects.values_list("cups", flat=True)) == {RIGHT, OTHER}


class TestThePage:
    def test_lists_what_stands_for_what(self, web, facility, alias, theirs):
        factories.invoice(facility=facility, cups=RIGHT, printed_cups=DAMAGED)

        answer = web.get(PAGE)

        assert answer.context["rows"] == [(alias, 1)]
        assert "Madrid" in answer.text

    def test_is_searched_as_people_type(self, web, facility, alias):
        factories.cups_alias(facility=facility, cups="ES-OTHER", target=OTHER)

        def found(**query):
            return [row.cups for row, _count in web.get(PAGE, query).context["rows"]]

        assert found(search="1234 1234 5678 9012 j") == [DAMAGED]
        assert found(search=DAMAGED) == [DAMAGED]
        assert found(facility_id="no id") == ["ES-OTHER", DAMAGED]
        assert "No alias is like this" in web.get(PAGE, {"search": "ES9"}).text

    def test_says_what_aliases_are_where_there_are_none(self, web):
        assert "No code stands for another yet" in web.get(PAGE).text

    @pytest.mark.parametrize("count", [1, 30])
    def test_asks_as_much_for_many_as_for_one(self, web, facility, django_assert_num_queries, count):
        for number in range(count):
            factories.cups_alias(facility=facility, cups=f"ES{number}")

        with django_assert_num_queries(9):
            web.get(PAGE)

    def test_makes_one(self, web, person, facility):
        form = {"facility": facility.pk, "cups": DAMAGED, "target": RIGHT, "message": "cut off"}

        answer = web.post(PAGE, form, follow=True)

        assert f"what arrives under {DAMAGED} is filed under {RIGHT}" in answer.text
        made = CupsAlias.objects.get()
        assert (made.cups, made.target_cups, made.by, made.message) == (DAMAGED, RIGHT, person, "cut off")

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"cups": ""}, "Write the code as it is printed."),
            ({"cups": RIGHT}, "stand for itself"),
            ({"target": "\u200b"}, "seen"),
            ({"target": "ES-ALIAS"}, "ES-ALIAS itself stands for"),
            ({"cups": "ES-LOCKED"}, "backed by a Datadis contract"),
            ({"facility": str(api.NOBODYS)}, "Choose one of the facilities"),
        ],
    )
    def test_says_why_not(self, web, facility, fields, said):
        factories.cups_alias(facility=facility, cups="ES-ALIAS", target=OTHER)
        contract = factories.datadis_contract(facility=facility, cups="ES-LOCKED")
        factories.invoice(facility=facility, cups="ES-LOCKED", supply_contract=contract)

        answer = web.post(PAGE, {"facility": facility.pk, "cups": DAMAGED, "target": RIGHT} | fields)

        assert answer.status_code == 422
        assert said in answer.text
        assert current() == {"ES-ALIAS": OTHER}

    def test_removes_one(self, web, alias, theirs):
        answer = web.post(reverse("cups-alias-remove", args=[alias.pk]), follow=True)

        assert "stands for itself again at Madrid" in answer.text
        assert web.post(reverse("cups-alias-remove", args=[alias.pk])).status_code == 404
        assert web.post(reverse("cups-alias-remove", args=[theirs.pk])).status_code == 404
        assert list(current()) == ["ES-THEIRS"]

    def test_lets_a_viewer_look_alone(self, looking, facility, alias):
        listed = looking.get(PAGE)

        assert DAMAGED[2:6] in listed.text
        assert '<form method="post" action="/cups' not in listed.text
        form = {"facility": facility.pk, "cups": "ES1", "target": RIGHT}
        assert looking.post(PAGE, form).status_code == 403
        assert looking.post(reverse("cups-alias-remove", args=[alias.pk])).status_code == 403
        assert current() == {DAMAGED: RIGHT}

    def test_of_the_invoice_shows_what_was_printed(self, web, facility):
        invoice = factories.invoice(facility=facility, cups=RIGHT, printed_cups=DAMAGED)

        assert "As printed" in web.get(reverse("invoice", args=[invoice.pk])).text


class TestConsolidatingOnThePage:
    @pytest.fixture
    def ticked(self, facility):
        factories.invoice(facility=facility, cups=DAMAGED)
        factories.invoice(facility=facility, cups=RIGHT)
        return {"group": [f"{facility.pk}|{DAMAGED}", f"{facility.pk}|{RIGHT}"], "target": RIGHT}

    @pytest.fixture
    def agreed(self, organization, facility, ticked):
        sources = [Source(DAMAGED, facility.pk), Source(RIGHT, facility.pk)]
        plan = consolidating.plan(organization=organization, sources=sources, target=RIGHT)
        return ticked | {"previewed": RIGHT, "digest": plan.digest}

    def test_offers_aliases_and_makes_them(self, web, ticked, agreed):
        panel = web.post(PREVIEW, ticked)
        assert 'name="make_aliases" checked' in panel.text

        answer = web.post(CONSOLIDATE, agreed | {"make_aliases": "on"}, follow=True)

        assert "So will what arrives under the other code from now on." in answer.text
        assert current() == {DAMAGED: RIGHT}

    def test_makes_none_where_the_tick_was_taken_away(self, web, agreed):
        web.post(CONSOLIDATE, agreed)

        assert Consolidation.objects.count() == 1
        assert current() == {}

    def test_to_an_alias_says_what_can_be_done(self, web, facility, agreed):
        factories.cups_alias(facility=facility, cups=RIGHT, target=OTHER)
        fresh = consolidating.plan(
            organization=facility.organization,
            sources=[Source(DAMAGED, facility.pk), Source(RIGHT, facility.pk)],
            target=RIGHT,
        )

        answer = web.post(CONSOLIDATE, agreed | {"make_aliases": "on", "digest": fresh.digest})

        assert answer.status_code == 409
        assert "untick “And from now on”" in answer.text
        assert "The target itself stands for another code." in answer.text
        assert current() == {RIGHT: OTHER}

    def test_of_nothing_says_what_will_become_of_the_codes(self, web, facility, agreed):
        Invoice.objects.update(cups=RIGHT)
        aliasing.grouping.repair(organization=facility.organization)
        plan = consolidating.plan(
            organization=facility.organization,
            sources=[Source(DAMAGED, facility.pk), Source(RIGHT, facility.pk)],
            target=RIGHT,
        )

        answer = web.post(CONSOLIDATE, agreed | {"make_aliases": "on", "digest": plan.digest}, follow=True)

        assert "Nothing was rewritten" in answer.text
        assert "So will what arrives" in answer.text
        assert current() == {DAMAGED: RIGHT}

    def test_is_undone_with_its_aliases_unless_one_keeps_them(self, web, agreed):
        web.post(CONSOLIDATE, agreed | {"make_aliases": "on"})
        undo = reverse("history-undo", args=[Consolidation.objects.get().pk])
        asked = web.get(undo)
        assert "Remove the alias that it made" in asked.text
        assert 'name="remove_aliases" checked' in asked.text

        web.post(undo, {"which": "all", "remove_aliases": "on"})

        assert current() == {}
        assert set(Invoice.objects.values_list("cups", flat=True)) == {DAMAGED, RIGHT}


class TestTheAdmin:
    @pytest.fixture
    def staff(self, organization):
        return admin_door.staff(organization, Role.EDITOR)

    def test_lists_and_shows_what_holds(self, staff, alias, author):
        ended = factories.cups_alias(facility=alias.facility, cups="ES-ENDED")
        aliasing.remove(organization=alias.organization, alias_id=ended.pk, by=author)

        listed = staff.get(reverse("admin:invoices_cupsalias_changelist"))
        shown = staff.get(reverse("admin:invoices_cupsalias_change", args=[alias.pk]))

        assert list(listed.context["cl"].result_list) == [alias]
        assert RIGHT in shown.text

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"cups": RIGHT}, "A code can't stand for itself."),
            ({"target_cups": "ES-ALIAS"}, "ES-ALIAS itself stands for"),
        ],
    )
    def test_says_why_not(self, staff, facility, fields, said):
        factories.cups_alias(facility=facility, cups="ES-ALIAS", target=OTHER)

        answer = staff.post(
            reverse("admin:invoices_cupsalias_add"),
            {"facility": str(facility.pk), "cups": DAMAGED, "target_cups": RIGHT} | fields,
        )

        assert any(said in error for error in admin_door.errors(answer))
        assert current() == {"ES-ALIAS": OTHER}
