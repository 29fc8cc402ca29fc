"""The same POST sent again."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from facilities.api import idempotency
from facilities.models import IdempotentAnswer
from invoices import consolidating, grouping
from invoices.models import Consolidation, Invoice
from tests import api, factories

pytestmark = pytest.mark.django_db

KEY = {"idempotency-key": "2b9c"}


@pytest.fixture
def caller(organization):
    return api.client(organization)


@pytest.fixture
def body(facility):
    """What rewrites the two invoices that are there."""
    factories.invoices(2, facility=facility, cups="ES1")
    return api.merge("ES2", ("ES1", facility))


def is_first_answer(response):
    return idempotency.REPLAYED_HEADER not in response


def test_the_same_request_again_is_answered_again_and_done_once(caller, body, facility):
    first = api.post(caller, api.CONSOLIDATE, body, **KEY)
    factories.invoice(facility=facility, cups="ES1")

    again = api.post(caller, api.CONSOLIDATE, body, **KEY)

    assert first.json() == {"updated_count": 2, "affected_facilities": [str(facility.pk)]}
    assert (again.status_code, again.content) == (200, first.content)
    assert again["Content-Type"] == first["Content-Type"]
    assert is_first_answer(first)
    assert again["Idempotency-Replayed"] == "true"
    assert Consolidation.objects.count() == 1
    assert Invoice.objects.filter(cups="ES1").count() == 1


def test_a_slash_at_the_end_makes_no_other_request(caller, body):
    api.post(caller, api.CONSOLIDATE, body, **KEY)

    assert not is_first_answer(api.post(caller, f"{api.CONSOLIDATE}/", body, **KEY))


def test_an_answer_says_what_it_is_of(caller, body):
    api.post(caller, api.CONSOLIDATE, body, **KEY)

    assert str(IdempotentAnswer.objects.get()) == f"POST {api.CONSOLIDATE} 2b9c"


def test_without_a_key_it_is_done_again(caller, body, facility):
    api.post(caller, api.CONSOLIDATE, body)

    assert api.post(caller, api.CONSOLIDATE, body).json() == {"updated_count": 0, "affected_facilities": []}
    assert not IdempotentAnswer.objects.exists()


def test_another_body_under_the_same_key_is_refused(caller, body, facility):
    api.post(caller, api.CONSOLIDATE, body, **KEY)
    factories.invoice(facility=facility, cups="ES3")

    other = api.post(caller, api.CONSOLIDATE, api.merge("ES2", ("ES3", facility)), **KEY)

    assert api.is_refused(other, 422, "IDEMPOTENCY_KEY_REUSED")
    assert Invoice.objects.filter(cups="ES3").count() == 1


def test_a_key_is_the_callers_own_and_of_one_path_and_organization(organization, body):
    person = factories.member(organization, "admin")
    below = factories.organization(parent=organization)
    _key, secret = factories.api_key(organization=organization, created_by=person, reach="tree")
    same = api.client_with(secret, organization)

    assert is_first_answer(api.post(same, api.CONSOLIDATE, body, **KEY))
    for caller, path in (
        (api.client(organization), api.CONSOLIDATE),
        (api.client(organization, created_by=person), api.CONSOLIDATE),
        (api.browser(person), api.CONSOLIDATE),
        (api.client_with(secret, below), api.CONSOLIDATE),
        (same, api.PREVIEW),
    ):
        assert is_first_answer(api.post(caller, path, body, **KEY))
    assert not is_first_answer(api.post(same, api.CONSOLIDATE, body, **KEY))


def test_a_preview_is_answered_again_too(caller, body):
    first = api.post(caller, api.PREVIEW, body, **KEY)
    api.post(caller, api.CONSOLIDATE, body)

    again = api.post(caller, api.PREVIEW, body, **KEY)

    assert (again.content, again["Idempotency-Replayed"]) == (first.content, "true")


def test_a_refusal_of_the_business_is_kept(caller, facility, other_organization):
    theirs = factories.facility(organization=other_organization)
    body = api.merge("ES2", ("ES1", theirs))

    first, again = (api.post(caller, api.CONSOLIDATE, body, **KEY) for _ in range(2))

    assert api.is_refused(first, 403, "FACILITY_NOT_BELONG_TO_ORGANIZATION")
    assert api.is_refused(again, 403, "FACILITY_NOT_BELONG_TO_ORGANIZATION")
    assert (is_first_answer(first), is_first_answer(again)) == (True, False)


@pytest.mark.parametrize("malformed", ["{", "{}", '{"target_cups": 1}'])
def test_after_a_malformed_body_the_key_is_free(caller, body, malformed):
    refused = api.post(caller, api.CONSOLIDATE, malformed, **KEY)

    assert api.is_refused(refused, 422, "VALIDATION_ERROR")
    assert api.post(caller, api.CONSOLIDATE, body, **KEY).json()["updated_count"] == 2


def test_after_a_fault_the_key_is_free_and_nothing_was_done(caller, body, monkeypatch):
    caller.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("invoices.api.viewsets.ConsolidateOutput", None)
        fault = api.post(caller, api.CONSOLIDATE, body, **KEY)

    assert api.is_refused(fault, 500, "INTERNAL_ERROR")
    assert set(fault.json()) == {"detail", "code"}
    assert Invoice.objects.filter(cups="ES1").count() == 2
    assert not IdempotentAnswer.objects.exists()
    assert api.post(caller, api.CONSOLIDATE, body, **KEY).json()["updated_count"] == 2


def test_what_asks_to_try_again_is_not_kept(caller, body, monkeypatch):
    with monkeypatch.context() as busy:
        busy.setattr(consolidating, "consolidate", _raising(grouping.GroupsKeptChanging("busy")))
        refused = api.post(caller, api.CONSOLIDATE, body, **KEY)

    assert api.is_refused(refused, 409, "TRY_AGAIN")
    assert refused["Retry-After"] == "1"
    assert api.post(caller, api.CONSOLIDATE, body, **KEY).json()["updated_count"] == 2


def test_rights_are_checked_before_an_answer_is_given_again(organization, body):
    key, secret = factories.api_key(organization=organization)
    caller = api.client_with(secret, organization)
    api.post(caller, api.CONSOLIDATE, body, **KEY)

    key.created_by.memberships.update(role="viewer")
    assert api.is_refused(api.post(caller, api.CONSOLIDATE, body, **KEY), 403, "FORBIDDEN")
    key.revoked_at = timezone.now()
    key.save()
    assert api.is_refused(api.post(caller, api.CONSOLIDATE, body, **KEY), 401, "INVALID_API_KEY")


@pytest.mark.parametrize("key", ["", "k" * 256, "a\x00b", "a\nb", "\x7f"])
def test_a_key_that_is_none_is_refused(caller, body, key):
    refused = api.post(caller, api.CONSOLIDATE, body, **{"idempotency-key": key})

    assert api.is_refused(refused, 422, "VALIDATION_ERROR")
    assert api.places(refused) == [["header", "Idempotency-Key"]]
    assert Invoice.objects.filter(cups="ES1").count() == 2


@pytest.mark.parametrize("key", ["k" * 255, "ñ", "a b"])
def test_a_key_is_any_text_of_up_to_255_characters(caller, body, key):
    header = {"idempotency-key": key}

    api.post(caller, api.CONSOLIDATE, body, **header)

    assert not is_first_answer(api.post(caller, api.CONSOLIDATE, body, **header))


def test_a_get_knows_no_key(caller):
    caller.get(api.CUPS, headers=KEY)

    assert not IdempotentAnswer.objects.exists()


def _in_flight(caller, body, *, since, monkeypatch):
    """Leave the row of a request whose process died."""

    with monkeypatch.context() as dying:
        dying.setattr(consolidating, "consolidate", _raising(SystemExit()))
        with pytest.raises(SystemExit):
            api.post(caller, api.CONSOLIDATE, body, **KEY)
    IdempotentAnswer.objects.update(started_at=timezone.now() - since)


def test_a_request_in_flight_is_waited_for(caller, body, monkeypatch):
    _in_flight(caller, body, since=timedelta(minutes=4), monkeypatch=monkeypatch)

    refused = api.post(caller, api.CONSOLIDATE, body, **KEY)

    assert api.is_refused(refused, 409, "IDEMPOTENCY_IN_PROGRESS")
    assert int(refused["Retry-After"]) >= 1
    assert Invoice.objects.filter(cups="ES1").count() == 2


def test_a_request_in_flight_for_too_long_has_died(caller, body, facility, monkeypatch):
    _in_flight(caller, body, since=timedelta(minutes=6), monkeypatch=monkeypatch)

    other = api.post(caller, api.CONSOLIDATE, api.merge("ES3", ("ES1", facility)), **KEY)
    done = api.post(caller, api.CONSOLIDATE, body, **KEY)

    assert api.is_refused(other, 422, "IDEMPOTENCY_KEY_REUSED")
    assert (done.json()["updated_count"], is_first_answer(done)) == (2, True)
    assert not is_first_answer(api.post(caller, api.CONSOLIDATE, body, **KEY))


def test_who_is_overtaken_undoes_what_it_did(caller, body, monkeypatch):
    consolidate = consolidating.consolidate

    def slowly(**fields):
        outcome = consolidate(**fields)
        IdempotentAnswer.objects.update(started_at=timezone.now())
        return outcome

    monkeypatch.setattr(consolidating, "consolidate", slowly)
    refused = api.post(caller, api.CONSOLIDATE, body, **KEY)

    assert api.is_refused(refused, 409, "IDEMPOTENCY_IN_PROGRESS")
    assert Invoice.objects.filter(cups="ES1").count() == 2


def test_only_one_takes_over(organization, caller, body, monkeypatch):
    _in_flight(caller, body, since=timedelta(minutes=6), monkeypatch=monkeypatch)
    seen = IdempotentAnswer.objects.get(organization=organization)
    rival = IdempotentAnswer.objects.get(organization=organization)

    assert idempotency._take_over(seen, seen.body_digest)
    assert not idempotency._take_over(rival, rival.body_digest)


def test_an_answer_is_forgotten_after_a_day(caller, body, facility):
    api.post(caller, api.CONSOLIDATE, body, **KEY)
    api.post(caller, api.PREVIEW, body, **{"idempotency-key": "another"})
    IdempotentAnswer.objects.update(started_at=timezone.now() - timedelta(hours=24, seconds=1))
    factories.invoice(facility=facility, cups="ES3")

    done = api.post(caller, api.CONSOLIDATE, api.merge("ES2", ("ES3", facility)), **KEY)

    assert (done.json()["updated_count"], is_first_answer(done)) == (1, True)


def test_old_answers_are_cleared_in_passing(organization, other_organization, caller, body):
    stranger = api.client(other_organization)
    api.post(stranger, api.PREVIEW, api.merge("ES2", ("ES1", factories.facility())), **KEY)
    api.post(caller, api.CONSOLIDATE, body, **KEY)
    IdempotentAnswer.objects.update(started_at=timezone.now() - timedelta(hours=25))

    api.post(caller, api.PREVIEW, body, **{"idempotency-key": "new"})

    assert list(IdempotentAnswer.objects.filter(organization=organization).values_list("key", flat=True)) == ["new"]
    assert IdempotentAnswer.objects.filter(organization=other_organization).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_is_done(organization, body):
    send, together = _sender(organization, body), threading.Barrier(2)
    answers = {}

    def at_once(name):
        together.wait(20)
        answers[name] = send()

    _join(*(_started(at_once, name) for name in "ab"))

    done, other = sorted(answers.values(), key=lambda answer: (not is_first_answer(answer), answer.status_code))
    assert (done.status_code, done.json()["updated_count"]) == (200, 2)
    # SQLite lets one write after the other: there the second finds the answer of the first.
    assert not is_first_answer(other) or api.is_refused(other, 409, "IDEMPOTENCY_IN_PROGRESS")
    assert Consolidation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets the second in when the first is done")
def test_while_the_first_is_at_work_the_second_is_told_so(organization, body, monkeypatch):
    send, is_at_work, may_go_on = _sender(organization, body), threading.Event(), threading.Event()
    consolidate, answers = consolidating.consolidate, []

    def slowly(**fields):
        is_at_work.set()
        assert may_go_on.wait(20)
        return consolidate(**fields)

    monkeypatch.setattr(consolidating, "consolidate", slowly)
    first = _started(lambda: answers.append(send()))
    assert is_at_work.wait(20)
    second = send()
    may_go_on.set()
    _join(first)

    assert api.is_refused(second, 409, "IDEMPOTENCY_IN_PROGRESS")
    assert answers[0].json()["updated_count"] == 2


def _sender(organization, body):
    _key, secret = factories.api_key(organization=organization)
    return lambda: api.post(api.client_with(secret, organization), api.CONSOLIDATE, body, **KEY)


def _started(work, *arguments):
    def run():
        try:
            work(*arguments)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _join(*threads):
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def _raising(error):
    def raise_it(*args, **fields):
        raise error

    return raise_it
