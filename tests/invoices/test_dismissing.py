"""What is no duplicate: remembered on exactly these members, and taken back."""

import pytest

from invoices import dismissing, suggesting
from invoices.consolidating import Source
from invoices.models import CupsDismissal
from invoices.suggesting import NothingLeft, NotOfTheSuggestion, SuggestionNotFound
from tests import api, factories

pytestmark = pytest.mark.django_db

RIGHT, LOWER, SPACED, DASHED = (
    "ES1234123456789012JY",
    "es1234123456789012jy",
    "ES1234 1234 5678 9012 JY",
    "ES-1234-1234-5678-9012-JY",
)


@pytest.fixture
def suggested(organization, facility):
    """The one suggestion there is: two spellings of a code."""
    for cups in (RIGHT, LOWER, SPACED):
        factories.invoice(facility=facility, cups=cups)
    [found] = suggesting.listed(organization=organization)
    return found


def sources(organization):
    found = suggesting.listed(organization=organization)
    return sorted(member.code.cups for each in found for member in each.sources)


def test_what_is_dismissed_is_suggested_no_more_and_what_is_new_alone(organization, facility, author, suggested):
    dismissed = suggesting.dismiss(
        organization=organization, suggestion_id=suggested.id, by=author, message=" Not ours "
    )

    assert [(row.cups, row.supply, row.tier, row.message, row.suggestion) for row in dismissed] == [
        (SPACED, RIGHT, 0, "Not ours", suggested.id),
        (LOWER, RIGHT, 0, "Not ours", suggested.id),
    ]
    assert sources(organization) == []

    factories.invoice(facility=facility, cups=DASHED)
    assert sources(organization) == [DASHED]


def test_one_member_is_dismissed_and_the_others_stay(organization, facility, author, suggested):
    suggesting.dismiss(
        organization=organization, suggestion_id=suggested.id, members=[Source(LOWER, facility.pk)], by=author
    )

    assert sources(organization) == [SPACED]


def test_restoring_brings_back_exactly_that(organization, author, suggested):
    dismissed = suggesting.dismiss(organization=organization, suggestion_id=suggested.id, by=author)

    dismissing.restore(organization=organization, dismissal_id=dismissed[0].pk, by=author)
    assert sources(organization) == [dismissed[0].cups]
    assert list(dismissing.listed(organization=organization)) == [dismissed[1]]

    dismissing.restore(organization=organization, dismissal_id=dismissed[1].pk, by=author)
    assert suggesting.listed(organization=organization) == [suggested]
    assert set(CupsDismissal.objects.values_list("restored_by", flat=True)) == {author.user.pk}

    again = suggesting.dismiss(organization=organization, suggestion_id=suggested.id, by=author)
    assert {row.pk for row in again}.isdisjoint(row.pk for row in dismissed)


def test_what_is_dismissed_twice_is_remembered_once(organization, author, suggested):
    first = dismissing.dismiss(organization=organization, suggestion=suggested, by=author)
    second = dismissing.dismiss(organization=organization, suggestion=suggested, by=factories.author(organization))

    assert first == second
    assert CupsDismissal.objects.count() == 2


@pytest.mark.parametrize(
    ("members", "refusal"),
    [([], NothingLeft), ([("ES1", None)], NotOfTheSuggestion), ([(RIGHT, None)], NotOfTheSuggestion)],
)
def test_what_is_no_source_is_refused_and_nothing_remembered(
    organization, facility, author, suggested, members, refusal
):
    named = [Source(cups, facility.pk) for cups, _ in members]

    with pytest.raises(refusal):
        suggesting.dismiss(organization=organization, suggestion_id=suggested.id, members=named, by=author)

    assert not CupsDismissal.objects.exists()


def test_another_organizations_suggestions_and_dismissals_are_out_of_reach(
    organization, other_organization, author, suggested
):
    stranger = factories.author(other_organization)
    dismissed = suggesting.dismiss(organization=organization, suggestion_id=suggested.id, by=author)

    with pytest.raises(SuggestionNotFound):
        suggesting.dismiss(organization=other_organization, suggestion_id=suggested.id, by=stranger)
    for each in (dismissed[0].pk, api.NOBODYS):
        with pytest.raises(dismissing.DismissalNotFound):
            dismissing.restore(organization=other_organization, dismissal_id=each, by=stranger)

    assert list(dismissing.listed(organization=other_organization)) == []
    assert dismissing.listed(organization=organization).count() == 2


def test_what_was_restored_is_not_restored_again(organization, author, suggested):
    [row, *_] = suggesting.dismiss(organization=organization, suggestion_id=suggested.id, by=author)
    dismissing.restore(organization=organization, dismissal_id=row.pk, by=author)
    row.refresh_from_db()

    with pytest.raises(dismissing.DismissalNotFound):
        dismissing.restore(organization=organization, dismissal_id=row.pk, by=factories.author(organization))

    before = row.restored_at
    row.refresh_from_db()
    assert row.restored_at == before
