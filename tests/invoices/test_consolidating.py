"""What consolidating does and refuses."""

from decimal import Decimal
from uuid import uuid4

import pytest

from invoices import consolidating, cups, filing, grouping
from invoices.consolidating import Source
from invoices.models import ConsolidatedInvoice, Consolidation, CupsGroup, Invoice
from tests import factories

pytestmark = pytest.mark.django_db

RIGHT = "ES0021000000000000001AB"
SHORT = "ES0021000000000000001A"


def codes():
    return sorted(Invoice.objects.values_list("cups", flat=True))


def groups_are_true(organization):
    return list(grouping.differences(organization=organization)) == []


def test_rewrites_every_invoice_of_the_source_groups_and_says_how_many(organization, facility, author):
    factories.invoices(3, facility=facility, cups=SHORT)
    factories.invoices(2, facility=facility, cups=RIGHT)

    outcome = consolidating.consolidate(
        organization=organization, sources=[Source(SHORT, facility.pk)], target=RIGHT, by=author
    )

    assert (outcome.updated_count, outcome.affected_facilities) == (3, [facility.pk])
    assert codes() == [RIGHT] * 5
    assert list(CupsGroup.objects.values_list("cups", "invoice_count")) == [(RIGHT, 5)]
    assert groups_are_true(organization)


def test_changes_nothing_but_the_code_and_the_time_of_change(organization, facility, author):
    invoice = factories.invoice(facility=facility, cups=SHORT)
    before = Invoice.objects.filter(pk=invoice.pk).values().get()

    consolidating.consolidate(organization=organization, sources=[Source(SHORT, facility.pk)], target=RIGHT, by=author)

    after = Invoice.objects.filter(pk=invoice.pk).values().get()
    assert {name for name in after if after[name] != before[name]} == {"cups", "updated_at"}


def test_leaves_the_same_code_at_another_facility_alone(organization, facility, author):
    elsewhere = factories.facility(organization=organization)
    factories.invoice(facility=elsewhere, cups=SHORT)
    factories.invoice(facility=facility, cups=SHORT)

    consolidating.consolidate(organization=organization, sources=[Source(SHORT, facility.pk)], target=RIGHT, by=author)

    assert Invoice.objects.get(facility=elsewhere).cups == SHORT


def test_joins_codes_of_two_facilities_into_one_row_each(organization, facility, author):
    elsewhere = factories.facility(organization=organization)
    factories.invoice(facility=elsewhere, cups=SHORT)
    factories.invoice(facility=facility, cups=SHORT)
    sources = [Source(SHORT, facility.pk), Source(SHORT, elsewhere.pk)]

    planned = consolidating.plan(organization=organization, sources=sources, target=RIGHT)
    outcome = consolidating.consolidate(organization=organization, sources=sources, target=RIGHT, by=author)

    assert planned.rows_left == CupsGroup.objects.count() == 2
    assert outcome.affected_facilities == sorted([facility.pk, elsewhere.pk])


@pytest.mark.parametrize("type_", ["heat", "water", "recharge", "process"])
def test_rewrites_electricity_alone(organization, facility, author, type_):
    factories.invoice(facility=facility, cups=SHORT, type=type_)

    outcome = consolidating.consolidate(
        organization=organization, sources=[Source(SHORT, facility.pk)], target=RIGHT, by=author
    )

    assert outcome.updated_count == 0
    assert codes() == [SHORT]


def test_records_who_did_what_with_each_previous_code(organization, facility, author):
    invoice = factories.invoice(facility=facility, cups=SHORT)

    outcome = consolidating.consolidate(
        organization=organization, sources=[Source(SHORT, facility.pk)], target=RIGHT, by=author, message="OCR"
    )

    done = Consolidation.objects.get()
    assert outcome.consolidation == done
    assert (done.by, done.through, done.message, done.target_cups) == (author.user, author.through, "OCR", RIGHT)
    assert done.sources == [{"cups": SHORT, "facility_id": str(facility.pk)}]
    rewritten = ConsolidatedInvoice.objects.get()
    assert (rewritten.invoice_id, rewritten.previous_cups) == (invoice.pk, SHORT)
    assert (rewritten.start_date, rewritten.end_date) == (invoice.start_date, invoice.end_date)


def test_a_pair_that_matches_nothing_adds_nothing_and_is_not_recorded(organization, facility, author):
    outcome = consolidating.consolidate(
        organization=organization, sources=[Source("ES99", facility.pk)], target=RIGHT, by=author
    )

    assert (outcome.updated_count, outcome.affected_facilities, outcome.consolidation) == (0, [], None)
    assert not Consolidation.objects.exists()
    assert not CupsGroup.objects.exists()


def test_a_source_matches_exactly_as_listed(organization, facility, author):
    factories.invoice(facility=facility, cups=SHORT)

    outcome = consolidating.consolidate(
        organization=organization, sources=[Source(f" {SHORT}", facility.pk)], target=RIGHT, by=author
    )

    assert outcome.updated_count == 0


def test_a_source_that_is_the_target_already_adds_nothing(organization, facility, author):
    factories.invoice(facility=facility, cups=RIGHT)
    factories.invoice(facility=facility, cups=SHORT)
    sources = [Source(RIGHT, facility.pk), Source(SHORT, facility.pk), Source(SHORT, facility.pk)]

    outcome = consolidating.consolidate(organization=organization, sources=sources, target=RIGHT, by=author)

    assert outcome.updated_count == 1
    assert len(outcome.consolidation.sources) == 2


def test_trims_the_target(organization, facility, author):
    factories.invoice(facility=facility, cups=SHORT)

    consolidating.consolidate(
        organization=organization, sources=[Source(SHORT, facility.pk)], target=f"\xa0{RIGHT} ", by=author
    )

    assert codes() == [RIGHT]


@pytest.mark.parametrize("status", ["archived", "active"])
def test_groups_of_archived_facilities_stay_consolidable(organization, author, status):
    place = factories.facility(organization=organization, status=status)
    factories.invoice(facility=place, cups=SHORT)

    outcome = consolidating.consolidate(
        organization=organization, sources=[Source(SHORT, place.pk)], target=RIGHT, by=author
    )

    assert outcome.updated_count == 1


def test_a_locked_code_may_be_the_target(organization, facility, author):
    contract = factories.datadis_contract(facility=facility, cups=RIGHT)
    factories.invoice(facility=facility, cups=RIGHT, supply_contract=contract)
    factories.invoice(facility=facility, cups=SHORT)

    outcome = consolidating.consolidate(
        organization=organization, sources=[Source(SHORT, facility.pk)], target=RIGHT, by=author
    )

    assert outcome.updated_count == 1
    assert CupsGroup.objects.get().locked_count == 1


class TestRefuses:
    """Each refusal leaves everything as it was."""

    @pytest.fixture(autouse=True)
    def _two_codes(self, facility):
        factories.invoice(facility=facility, cups=SHORT)
        factories.invoice(facility=facility, cups=RIGHT)
        before = list(Invoice.objects.order_by("pk").values())
        groups = list(CupsGroup.objects.order_by("pk").values())
        yield
        assert list(Invoice.objects.order_by("pk").filter(supply_contract=None).values()) == before
        assert list(CupsGroup.objects.filter(locked_count=0).order_by("pk").values()) == groups
        assert not Consolidation.objects.exists()

    def test_a_facility_of_another_organization(self, organization, facility, author, other_organization):
        theirs = factories.facility(organization=other_organization)
        sources = [Source(SHORT, facility.pk), Source(SHORT, theirs.pk)]

        with pytest.raises(consolidating.FacilityNotInOrganization) as refused:
            consolidating.consolidate(organization=organization, sources=sources, target=RIGHT, by=author)
        assert refused.value.facility_ids == [theirs.pk]

    def test_an_unknown_facility(self, organization, author):
        with pytest.raises(consolidating.FacilityNotInOrganization):
            consolidating.consolidate(
                organization=organization, sources=[Source(SHORT, uuid4())], target=RIGHT, by=author
            )

    def test_a_group_backed_by_datadis(self, organization, facility, author):
        contract = factories.datadis_contract(facility=facility)
        factories.invoice(facility=facility, cups="LOCKED", supply_contract=contract)
        sources = [Source(SHORT, facility.pk), Source("LOCKED", facility.pk)]

        with pytest.raises(consolidating.LockedByDatadis) as refused:
            consolidating.consolidate(organization=organization, sources=sources, target=RIGHT, by=author)
        assert refused.value.codes == ["LOCKED"]

    def test_a_group_backed_by_a_datadis_contract_that_ended(self, organization, facility, author):
        contract = factories.datadis_contract(facility=facility, is_active=False)
        factories.invoice(facility=facility, cups="LOCKED", supply_contract=contract)

        with pytest.raises(consolidating.LockedByDatadis):
            consolidating.consolidate(
                organization=organization, sources=[Source("LOCKED", facility.pk)], target=RIGHT, by=author
            )

    def test_a_foreign_facility_before_a_locked_code(self, organization, facility, author):
        contract = factories.datadis_contract(facility=facility)
        factories.invoice(facility=facility, cups="LOCKED", supply_contract=contract)
        sources = [Source("LOCKED", facility.pk), Source(SHORT, uuid4())]

        with pytest.raises(consolidating.FacilityNotInOrganization):
            consolidating.consolidate(organization=organization, sources=sources, target=RIGHT, by=author)

    @pytest.mark.parametrize("target", ["", "  ", "x" * 65, "ES\x00", "ES\u200b1", "ES\u202e1", "ES\ud800"])
    def test_a_target_that_is_no_text_of_a_code(self, organization, facility, author, target):
        with pytest.raises(cups.NotAcceptable):
            consolidating.consolidate(
                organization=organization, sources=[Source(SHORT, facility.pk)], target=target, by=author
            )

    @pytest.mark.parametrize("count", [0, consolidating.MAX_SOURCES + 1])
    def test_no_source_and_too_many(self, organization, facility, author, count):
        sources = [Source(str(number), facility.pk) for number in range(count)]

        with pytest.raises(consolidating.MalformedSources):
            consolidating.consolidate(organization=organization, sources=sources, target=RIGHT, by=author)

    def test_the_same_refusals_in_a_plan(self, organization, facility):
        with pytest.raises(consolidating.FacilityNotInOrganization):
            consolidating.plan(organization=organization, sources=[Source(SHORT, uuid4())], target=RIGHT)


class TestTwoSoundCodesOfDifferentSupplies:
    def consolidate(self, organization, facility, author, *, confirmed):
        return consolidating.consolidate(
            organization=organization,
            sources=[Source(factories.VALID_CUPS, facility.pk)],
            target=factories.OTHER_VALID_CUPS,
            by=author,
            confirmed=confirmed,
        )

    def test_are_not_joined_unless_somebody_confirms(self, organization, facility, author):
        factories.invoice(facility=facility, cups=factories.VALID_CUPS)

        with pytest.raises(consolidating.ValidCodesDiffer):
            self.consolidate(organization, facility, author, confirmed=False)

        assert codes() == [factories.VALID_CUPS]
        assert not Consolidation.objects.exists()

    def test_are_joined_when_somebody_does(self, organization, facility, author):
        factories.invoice(facility=facility, cups=factories.VALID_CUPS)

        assert self.consolidate(organization, facility, author, confirmed=True).updated_count == 1


class TestDistributed:
    def test_the_parent_takes_the_target_once_all_its_children_carry_it(self, organization, facility, author):
        elsewhere = factories.facility(organization=organization)
        parent, _children = factories.distributed(facility, elsewhere, cups=SHORT)

        first = consolidating.consolidate(
            organization=organization, sources=[Source(SHORT, facility.pk)], target=RIGHT, by=author
        )
        parent.refresh_from_db()
        assert (first.updated_count, parent.cups) == (1, SHORT)

        second = consolidating.consolidate(
            organization=organization, sources=[Source(SHORT, elsewhere.pk)], target=RIGHT, by=author
        )
        parent.refresh_from_db()
        assert (second.updated_count, parent.cups) == (1, RIGHT)

    def test_the_parent_is_in_no_group_and_never_counted(self, organization, facility, author):
        elsewhere = factories.facility(organization=organization)
        factories.distributed(facility, elsewhere, cups=SHORT)
        sources = [Source(SHORT, facility.pk), Source(SHORT, elsewhere.pk)]

        planned = consolidating.plan(organization=organization, sources=sources, target=RIGHT)
        outcome = consolidating.consolidate(organization=organization, sources=sources, target=RIGHT, by=author)

        assert planned.updated_count == outcome.updated_count == 2
        assert outcome.consolidation.updated_count == 2
        assert groups_are_true(organization)

    def test_a_parent_in_the_organization_above_follows_its_children(self, organization, author):
        below = factories.organization(parent=organization)
        place = factories.facility(organization=below)
        parent, _children = factories.distributed(place, organization=organization, cups=SHORT)

        consolidating.consolidate(
            organization=below, sources=[Source(SHORT, place.pk)], target=RIGHT, by=factories.author(below)
        )

        parent.refresh_from_db()
        assert parent.cups == RIGHT


class TestPlan:
    def plan(self, organization, *sources, target=RIGHT):
        return consolidating.plan(
            organization=organization, sources=[Source(*source) for source in sources], target=target
        )

    def warned(self, planned):
        return {warning.code.value: dict(warning.details) for warning in planned.warnings}

    def test_says_what_would_happen_and_writes_nothing(self, organization, facility, django_assert_max_num_queries):
        factories.invoices(3, facility=facility, cups=SHORT)
        before = list(CupsGroup.objects.values())

        with django_assert_max_num_queries(12):
            planned = self.plan(organization, (SHORT, facility.pk))

        assert (planned.updated_count, planned.affected_facilities, planned.rows_left) == (3, [facility.pk], 1)
        assert [group.cups for group in planned.groups] == [SHORT]
        assert len(planned.samples) == 3
        assert list(CupsGroup.objects.values()) == before

    def test_what_was_agreed_is_what_is_done(self, organization, facility, author):
        factories.invoices(3, facility=facility, cups=SHORT)
        planned = self.plan(organization, (SHORT, facility.pk))

        outcome = consolidating.consolidate(
            organization=organization,
            sources=[Source(SHORT, facility.pk)],
            target=RIGHT,
            by=author,
            agreed=planned.digest,
        )

        assert outcome.updated_count == planned.updated_count
        assert outcome.affected_facilities == planned.affected_facilities

    @pytest.mark.parametrize(
        "happens",
        [
            lambda facility: factories.invoice(facility=facility, cups=SHORT),
            lambda facility: factories.invoice(facility=facility, cups=RIGHT),
            lambda facility: filing.delete(
                organization=facility.organization,
                invoice_id=Invoice.objects.first().pk,
                by=factories.author(facility.organization),
            ),
            lambda facility: filing.change(
                organization=facility.organization,
                invoice_id=Invoice.objects.first().pk,
                by=factories.author(facility.organization),
                changes={"base_quantity": Decimal(7)},
            ),
        ],
        ids=["one more source invoice", "one more target invoice", "one less", "another quantity"],
    )
    def test_is_refused_when_the_invoices_have_changed_since(self, organization, facility, author, happens):
        factories.invoices(3, facility=facility, cups=SHORT)
        planned = self.plan(organization, (SHORT, facility.pk))
        happens(facility)

        with pytest.raises(consolidating.PlanChanged) as refused:
            consolidating.consolidate(
                organization=organization,
                sources=[Source(SHORT, facility.pk)],
                target=RIGHT,
                by=author,
                agreed=planned.digest,
            )

        assert refused.value.plan.digest == self.plan(organization, (SHORT, facility.pk)).digest
        assert not Consolidation.objects.exists()

    def test_another_target_is_another_plan(self, organization, facility):
        factories.invoice(facility=facility, cups=SHORT)

        one, other = (self.plan(organization, (SHORT, facility.pk), target=target) for target in (RIGHT, "ES1"))

        assert one.digest != other.digest

    def test_warns_of_a_target_that_fails_the_check(self, organization, facility):
        factories.invoice(facility=facility, cups=SHORT)

        assert "TARGET_CHECK_FAILED" in self.warned(self.plan(organization, (SHORT, facility.pk)))

    def test_warns_of_nothing_when_a_damaged_code_becomes_a_sound_one(self, organization, facility):
        factories.invoice(facility=facility, cups=SHORT)

        assert self.warned(self.plan(organization, (SHORT, facility.pk), target=factories.VALID_CUPS)) == {}

    def test_warns_of_a_target_with_separators(self, organization, facility):
        factories.invoice(facility=facility, cups=SHORT)

        warned = self.warned(self.plan(organization, (SHORT, facility.pk), target="es 1234123456789012 jy"))

        assert warned == {"TARGET_NOT_CLEAN": {"clean": factories.VALID_CUPS}}

    def test_warns_of_sound_codes_that_differ(self, organization, facility):
        factories.invoice(facility=facility, cups=factories.VALID_CUPS)

        warned = self.warned(
            self.plan(organization, (factories.VALID_CUPS, facility.pk), target=factories.OTHER_VALID_CUPS)
        )

        assert warned["VALID_CODES_DIFFER"]["cups"] == [factories.OTHER_VALID_CUPS, factories.VALID_CUPS]

    def test_warns_of_a_source_that_is_locked_at_another_facility(self, organization, facility):
        elsewhere = factories.facility(organization=organization)
        contract = factories.datadis_contract(facility=elsewhere)
        factories.invoice(facility=elsewhere, cups=SHORT, supply_contract=contract)
        factories.invoice(facility=facility, cups=SHORT)

        warned = self.warned(self.plan(organization, (SHORT, facility.pk)))

        assert [group["facility_name"] for group in warned["SOURCE_LOCKED_ELSEWHERE"]["groups"]] == [elsewhere.name]

    def test_names_the_siblings_that_keep_another_code(self, organization, facility):
        elsewhere = factories.facility(organization=organization)
        factories.distributed(facility, elsewhere, cups=SHORT)

        one = self.warned(self.plan(organization, (SHORT, facility.pk)))
        both = self.warned(self.plan(organization, (SHORT, facility.pk), (SHORT, elsewhere.pk)))

        assert [group["facility_id"] for group in one["DISTRIBUTED_SIBLINGS_LEFT"]["groups"]] == [str(elsewhere.pk)]
        assert "DISTRIBUTED_SIBLINGS_LEFT" not in both

    def test_names_the_places_of_a_supply_that_would_be_at_several(self, organization, facility):
        elsewhere = factories.facility(organization=organization)
        factories.invoice(facility=facility, cups=SHORT)
        factories.invoice(facility=elsewhere, cups=f"{factories.VALID_CUPS}0F")

        warned = self.warned(self.plan(organization, (SHORT, facility.pk), target=factories.VALID_CUPS))
        factories.invoice(facility=facility, cups=factories.VALID_CUPS)
        is_there = self.warned(self.plan(organization, (SHORT, facility.pk), target=factories.VALID_CUPS))

        places = warned["SAME_SUPPLY_TWO_FACILITIES"]["groups"]
        assert [(place["cups"], place["facility_id"]) for place in places] == [
            (SHORT, str(facility.pk)),
            (f"{factories.VALID_CUPS}0F", str(elsewhere.pk)),
        ]
        assert "SAME_SUPPLY_TWO_FACILITIES" not in is_there

    def test_facilities_that_share_a_distributed_invoice_share_its_supply(self, organization, facility):
        elsewhere, third = (factories.facility(organization=organization) for _ in range(2))
        factories.distributed(facility, elsewhere, cups=SHORT)
        both = [(SHORT, facility.pk), (SHORT, elsewhere.pk)]

        shared = self.warned(self.plan(organization, *both))
        factories.invoice(facility=third, cups=RIGHT)
        with_a_third = self.warned(self.plan(organization, *both))

        assert "SAME_SUPPLY_TWO_FACILITIES" not in shared
        named = {place["facility_id"] for place in with_a_third["SAME_SUPPLY_TWO_FACILITIES"]["groups"]}
        assert named == {str(place.pk) for place in (facility, elsewhere, third)}

    def test_warns_only_of_what_the_merge_adds(self, organization, facility):
        same = {"facility": facility, "cups": SHORT, "quantity": 5}
        factories.invoice(**same)
        factories.invoice(**same)

        assert "SAME_INVOICE" not in self.warned(self.plan(organization, (SHORT, facility.pk)))


def test_proposes_the_locked_code_then_the_sound_one_then_the_one_with_most_invoices(organization, facility):
    factories.invoices(5, facility=facility, cups=SHORT)
    factories.invoices(2, facility=facility, cups=RIGHT)
    many, few = CupsGroup.objects.get(cups=SHORT), CupsGroup.objects.get(cups=RIGHT)
    assert consolidating.propose([few, many]) == many

    factories.invoice(facility=facility, cups=factories.VALID_CUPS)
    sound = CupsGroup.objects.get(cups=factories.VALID_CUPS)
    assert consolidating.propose([few, many, sound]) == sound

    contract = factories.datadis_contract(facility=facility)
    factories.invoice(facility=facility, cups="ES1", supply_contract=contract)
    locked = CupsGroup.objects.get(cups="ES1")
    assert consolidating.propose([few, many, sound, locked]) == locked
    assert consolidating.propose([]) is None


def test_offers_the_locked_codes_of_the_facilities_as_targets(organization, facility):
    contract = factories.datadis_contract(facility=facility)
    factories.invoice(facility=facility, cups="ES1", supply_contract=contract)
    factories.invoice(facility=facility, cups="ES2")

    offered = consolidating.locked_codes(organization=organization, facility_ids=[facility.pk])

    assert [group.cups for group in offered] == ["ES1"]


def test_proposes_the_documented_example_among_codes_that_are_no_cups(organization, facility):
    factories.invoices(3, facility=facility, cups=SHORT)
    factories.invoices(5, facility=facility, cups=RIGHT)

    assert consolidating.propose(list(CupsGroup.objects.all())).cups == RIGHT
