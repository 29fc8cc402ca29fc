"""The action "Consolidate selected groups…", its confirm page, and every refusal in words with nothing changed."""

import pytest
from django.urls import reverse
from django.utils import translation

from facilities.models import Role
from invoices import grouping
from invoices.models import Consolidation, CupsGroup, Invoice
from tests import admin_door, factories

pytestmark = pytest.mark.django_db

WRONG = factories.VALID_CUPS[:-1] + "X"
SHORT = factories.VALID_CUPS[:-2]


@pytest.fixture
def client(organization):
    return admin_door.staff(organization)


@pytest.fixture
def groups(facility):
    """A sound code with two invoices, and two damaged forms of it with one each."""
    factories.invoices(2, facility=facility, cups=factories.VALID_CUPS)
    factories.invoice(facility=facility, cups=WRONG, start_date="2024-03-01", end_date="2024-03-28")
    factories.invoice(facility=facility, cups=SHORT, start_date="2024-04-01", end_date="2024-04-28")
    return list(CupsGroup.objects.order_by("cups"))


def post(client, groups, **posted):
    ticked = {"action": "consolidate_selected", "_selected_action": [str(group.pk) for group in groups]}
    return client.post(reverse("admin:invoices_cupsgroup_changelist"), {**ticked, **posted})


def code(cups):
    return f"code:{cups}"


def rewritten():
    return Consolidation.objects.count()


class TestPreview:
    def test_the_best_code_is_proposed_first_and_previewed(self, client, groups):
        answer = post(client, groups)

        plan, form = answer.context["plan"], answer.context["form"]
        assert plan.target == factories.VALID_CUPS
        assert plan.updated_count == 2
        assert form.fields["target"].choices[0][0] == form.initial["target"] == code(factories.VALID_CUPS)
        shown = answer.content.decode()
        assert "2 invoices at 1 facility will be rewritten. One row will remain." in shown
        assert plan.digest in shown
        assert rewritten() == 0

    def test_another_target_is_previewed_on_request(self, client, groups):
        answer = post(client, groups, target=code(WRONG), preview="1")

        assert answer.context["plan"].target == WRONG
        assert "The target does not pass the CUPS check." in answer.content.decode()
        assert rewritten() == 0

    def test_a_typed_target_is_checked(self, client, groups):
        answer = post(client, groups, target="typed", typed="ES\u200b1", preview="1")

        assert "The code contains a character that can&#x27;t be seen (U+200B)." in answer.content.decode()
        assert answer.context["plan"] is None

    def test_an_empty_one_is_asked_for(self, client, groups):
        answer = post(client, groups, target="typed", typed=" ", confirm="1")

        assert "Type the code that is to be the target." in answer.content.decode()
        assert rewritten() == 0

    def test_a_single_damaged_code_is_offered_repaired(self, client, groups):
        answer = post(client, [group for group in groups if group.cups == SHORT])

        assert answer.context["plan"].target == factories.VALID_CUPS
        assert "1 invoice at 1 facility" in answer.content.decode()

    def test_a_locked_code_of_the_facility_can_be_the_target(self, client, groups, facility):
        contract = factories.datadis_contract(facility=facility, cups=factories.OTHER_VALID_CUPS)
        factories.invoice(facility=facility, cups=factories.OTHER_VALID_CUPS, supply_contract=contract)

        damaged = [group for group in groups if group.cups != factories.VALID_CUPS]
        offered = post(client, damaged).context["form"].fields["target"].choices
        chosen = post(client, damaged, target=code(factories.OTHER_VALID_CUPS), preview="1")

        # It may be another supply's: it is offered after the ticked ones, never proposed.
        assert [value for value, _label in offered][2:] == [code(factories.OTHER_VALID_CUPS), "typed"]
        assert "Datadis" in offered[2][1]
        assert chosen.context["plan"].target == factories.OTHER_VALID_CUPS

    def test_a_single_code_whose_repaired_form_is_locked_is_offered_that(self, client, groups, facility):
        contract = factories.datadis_contract(facility=facility)
        factories.invoice(facility=facility, cups=factories.VALID_CUPS, supply_contract=contract)

        answer = post(client, [group for group in groups if group.cups == SHORT])

        assert answer.context["form"].initial == {"target": code(factories.VALID_CUPS)}

    def test_where_nothing_would_change_there_is_nothing_to_confirm(self, client, groups):
        sound = [group for group in groups if group.cups == factories.VALID_CUPS]

        shown = post(client, sound).content.decode()

        assert "Nothing would change" in shown
        assert 'name="confirm"' not in shown

    def test_warnings_stand_in_words_with_what_they_are_about(self, client, facility):
        for cups in (WRONG, SHORT):
            factories.invoice(facility=facility, cups=cups, invoice_number="E-9")

        shown = post(client, list(CupsGroup.objects.all())).content.decode()

        assert "The same invoice would stand twice on one code." in shown
        assert "E-9" in shown

    def test_it_speaks_spanish(self, client, groups):
        with translation.override("es"):
            answer = client.post(
                reverse("admin:invoices_cupsgroup_changelist"),
                {"action": "consolidate_selected", "_selected_action": [str(group.pk) for group in groups]},
                headers={"accept-language": "es"},
            )

        assert 'lang="es"' in answer.content.decode()


class TestConfirm:
    def confirm(self, client, groups, **posted):
        digest = post(client, groups, target=posted.get("target", code(factories.VALID_CUPS))).context["plan"].digest
        sent = {"target": code(factories.VALID_CUPS), "agreed": digest, "confirm": "1", **posted}
        return post(client, groups, **sent)

    def test_what_was_previewed_is_done_once_and_recorded(self, client, groups, organization):
        answer = self.confirm(client, groups, message="Same meter")

        done = Consolidation.objects.get()
        assert answer.status_code == 302
        assert (done.by, done.through, done.message) == (client.user, "ADMIN", "Same meter")
        assert (done.target_cups, done.updated_count) == (factories.VALID_CUPS, 2)
        assert set(Invoice.objects.values_list("cups", flat=True)) == {factories.VALID_CUPS}
        assert list(grouping.differences(organization=organization)) == []
        assert "2 invoices rewritten." in admin_door.messages(answer)[0]
        assert reverse("admin:invoices_consolidation_change", args=[done.pk]) in admin_door.messages(answer)[0]

    @pytest.mark.parametrize("agreed", ["", "0" * 64])
    def test_without_the_digest_of_the_preview_nothing_is_done(self, agreed, client, groups):
        answer = self.confirm(client, groups, agreed=agreed)

        assert "What would happen is not what the preview showed" in admin_door.messages(answer)[0]
        assert answer.context["plan"] is not None
        assert rewritten() == 0

    def test_what_changed_since_the_preview_is_shown_anew(self, client, groups, facility):
        digest = post(client, groups).context["plan"].digest
        factories.invoice(facility=facility, cups=WRONG)

        answer = post(client, groups, target=code(factories.VALID_CUPS), agreed=digest, confirm="1")

        assert "What would happen is not what the preview showed" in admin_door.messages(answer)[0]
        assert answer.context["plan"].updated_count == 3
        assert rewritten() == 0

    def test_another_target_than_the_previewed_one_is_not_taken(self, client, groups):
        digest = post(client, groups).context["plan"].digest

        post(client, groups, target=code(WRONG), agreed=digest, confirm="1")

        assert rewritten() == 0

    def test_sound_codes_of_different_supplies_need_the_target_typed_again(self, client, facility):
        for cups in (factories.VALID_CUPS, factories.OTHER_VALID_CUPS):
            factories.invoice(facility=facility, cups=cups)
        both = list(CupsGroup.objects.all())

        first = self.confirm(client, both)
        wrong = self.confirm(client, both, retyped=factories.OTHER_VALID_CUPS)
        assert rewritten() == 0
        right = self.confirm(client, both, retyped=factories.VALID_CUPS)

        for refused in (first, wrong):
            assert "correct CUPS of different supplies" in admin_door.messages(refused)[0]
            assert "Type the target again" in refused.content.decode()
        assert right.status_code == 302
        assert rewritten() == 1

    def test_groups_that_are_gone_are_said_to_be(self, client, groups):
        self.confirm(client, groups)

        answer = post(client, groups)

        assert "Some of the ticked groups are no longer there" in admin_door.messages(answer)[-1]

    def test_a_consolidation_that_rewrites_nothing_is_not_recorded(self, client, groups):
        sound = [group for group in groups if group.cups == factories.VALID_CUPS]

        answer = self.confirm(client, sound)

        assert admin_door.messages(answer) == ["Nothing was rewritten."]
        assert rewritten() == 0

    def test_a_locked_group_is_refused_in_words(self, client, groups, facility):
        contract = factories.datadis_contract(facility=facility)
        factories.invoice(facility=facility, cups=factories.VALID_CUPS, supply_contract=contract)

        answer = post(client, groups, target=code(WRONG), confirm="1")

        assert answer.status_code == 302
        assert factories.VALID_CUPS in admin_door.messages(answer)[0]
        assert "Backed by a Datadis contract" in admin_door.messages(answer)[0]
        assert rewritten() == 0


class TestWhoMay:
    def test_groups_of_two_organizations_are_refused(self, groups, other_organization):
        theirs = factories.invoice(organization=other_organization)
        client = admin_door.superuser()

        answer = post(client, [*groups, CupsGroup.objects.get(facility=theirs.facility)])

        assert "of several organizations" in admin_door.messages(answer)[0]
        assert rewritten() == 0

    def test_groups_of_another_organization_are_not_there(self, client, other_organization):
        factories.invoice(organization=other_organization)
        theirs = list(CupsGroup.objects.all())

        answer = post(client, theirs, target=code(factories.VALID_CUPS), confirm="1")

        assert "no longer there" in admin_door.messages(answer)[0]
        assert rewritten() == 0

    def test_a_viewer_is_not_offered_it(self, organization, groups):
        client = admin_door.staff(organization, Role.VIEWER)

        assert "consolidate_selected" not in client.get(reverse("admin:invoices_cupsgroup_changelist")).content.decode()
        post(client, groups, target=code(factories.VALID_CUPS), confirm="1")
        assert rewritten() == 0

    def test_an_editor_elsewhere_is_refused_in_words(self, other_organization, organization, groups):
        client = admin_door.staff(other_organization)
        factories.membership(organization=organization, user=client.user, role=Role.VIEWER)

        answer = post(client, groups)

        assert admin_door.messages(answer) == ["Your role in Ours only lets you look."]

    @pytest.mark.parametrize("posted", [{"select_across": "1"}, {"_selected_action": ["1"] * 201}])
    def test_what_one_does_not_see_is_left_alone(self, posted, client, groups):
        answer = post(client, groups, **posted)

        assert "Tick at most 200 rows" in admin_door.messages(answer)[0]
        assert rewritten() == 0
