"""Which invoices and jobs a request for calculation means."""

from uuid import uuid4

import pytest
from django.db import connection

from facilities.access import Channel
from facilities.models import Organization
from invoices import recalculating
from invoices.models import ActivityCategory, Invoice, JobChunk, ProcessingJob
from invoices.recalculating import ActivityCategoryMismatch, MixedInvoiceTypes, UnsupportedInvoiceType
from tests import factories

pytestmark = pytest.mark.django_db

HEAT = ["stationary", "stationary_generation"]
ELECTRICITY = [
    "electricity",
    "electricity_location_based",
    "electricity_generation",
    "electricity_transmission_and_distribution",
]


def recalculated(organization, author, invoices, *categories):
    return recalculating.recalculate(
        organization=organization,
        invoice_ids=[getattr(invoice, "pk", invoice) for invoice in invoices],
        activity_categories=list(map(ActivityCategory, categories)),
        by=author,
    )


def ids(*invoices):
    return [invoice.pk for invoice in invoices]


def of_types(facility, *types):
    return [factories.invoice(facility=facility, type=type_) for type_ in types]


def chunked(job):
    """Return the ids of a job's chunks, by their position, with the organization of each."""
    return [(chunk.organization_id, chunk.invoice_ids) for chunk in job.chunks.order_by("position")]


@pytest.fixture
def below(organization):
    """A facility of a company below ours."""
    return factories.facility(organization=factories.organization(parent=organization))


def test_each_category_becomes_a_job_that_waits(organization, facility, author):
    invoices = factories.invoices(3, facility=facility)

    done = recalculated(organization, author, invoices, *ELECTRICITY, "energy")

    assert done.invoice_ids == ids(*invoices)
    assert [job.activity_category for job in done.jobs] == [*ELECTRICITY, "energy"]
    assert list(ProcessingJob.objects.order_by("pk")) == list(done.jobs)
    for job in ProcessingJob.objects.all():
        assert (job.organization, job.created_by) == (organization, author.user)
        assert (job.entity_name, job.action, job.status) == ("INVOICES", "RECALCULATE", "PENDING")
        assert (job.items_total, job.items_success, job.items_failed, job.errors) == (3, 0, 0, [])
        assert (job.started_at, job.completed_at) == (None, None)
        assert chunked(job) == [(organization.pk, list(map(str, done.invoice_ids)))]


@pytest.mark.parametrize("through", Channel)
def test_a_job_says_through_what_it_came(organization, facility, through):
    author = factories.author(organization, through=through)

    [job] = recalculated(organization, author, factories.invoices(1, facility=facility), "energy").jobs

    assert job.trigger_type == through.value


def test_invoices_keep_their_status_and_their_time_of_change(organization, facility, author):
    factories.invoice(facility=facility, status="error")
    before = list(Invoice.objects.values())

    recalculated(organization, author, Invoice.objects.all(), "energy")

    assert list(Invoice.objects.values()) == before


def test_repeated_ids_and_categories_count_once_in_the_order_asked_for(organization, facility, author):
    first, second, third = factories.invoices(3, facility=facility)

    done = recalculated(organization, author, [third, first, third, second, first], "energy", "electricity", "energy")

    assert done.invoice_ids == ids(third, first, second)
    assert [job.activity_category for job in done.jobs] == ["energy", "electricity"]
    assert {job.items_total for job in done.jobs} == {3}


def test_ids_of_nobody_and_of_other_organizations_are_passed_over(
    organization, other_organization, facility, below, author
):
    above = factories.organization()
    Organization.objects.filter(pk=organization.pk).update(parent=above)
    mine = factories.invoice(facility=facility)
    foreign = [
        factories.invoice(facility=factories.facility(organization=organization_))
        for organization_ in (other_organization, above)
    ]

    done = recalculated(organization, author, [uuid4(), *foreign, factories.invoice(facility=below), mine], "energy")

    assert done.invoice_ids == ids(mine)
    assert chunked(done.jobs[0]) == [(organization.pk, [str(mine.pk)])]


@pytest.mark.parametrize("categories", [["energy"], ["stationary", "electricity"]])
def test_where_nothing_is_left_no_job_is_made(organization, other_organization, author, categories):
    theirs = of_types(factories.facility(organization=other_organization), "water", "heat")

    assert recalculated(organization, author, theirs, *categories) == ([], [])
    assert not ProcessingJob.objects.exists()


@pytest.mark.parametrize(
    ("types", "categories"),
    [
        (["heat", "electricity"], ["energy", "electricity"]),
        (["heat", "electricity"], ["stationary", "electricity"]),
        # Mixed comes before what else is wrong.
        (["water", "process"], ["energy", "electricity"]),
        (["water", "heat"], ["electricity"]),
    ],
)
def test_several_types_are_refused_unless_only_energy_is_asked_for(organization, facility, author, types, categories):
    with pytest.raises(MixedInvoiceTypes):
        recalculated(organization, author, of_types(facility, *types), *categories)

    assert not ProcessingJob.objects.exists()


@pytest.mark.parametrize("types", [["water"], ["recharge"], ["process"], ["water", "process"], ["heat", "water"]])
def test_a_type_that_is_neither_heat_nor_electricity_is_refused(organization, facility, author, types):
    with pytest.raises(UnsupportedInvoiceType):
        recalculated(organization, author, of_types(facility, *types), "energy")

    assert not ProcessingJob.objects.exists()


def test_an_unsupported_type_comes_before_a_category_that_does_not_fit(organization, facility, author):
    with pytest.raises(UnsupportedInvoiceType):
        recalculated(organization, author, of_types(facility, "water"), "electricity")


@pytest.mark.parametrize(
    ("type_", "category"),
    [("heat", category) for category in ELECTRICITY] + [("electricity", category) for category in HEAT],
)
def test_a_category_of_another_type_is_refused(organization, facility, author, type_, category):
    with pytest.raises(ActivityCategoryMismatch, match=category):
        recalculated(organization, author, of_types(facility, type_), "energy", category)

    assert not ProcessingJob.objects.exists()


@pytest.mark.parametrize(("type_", "categories"), [("heat", HEAT), ("electricity", ELECTRICITY)])
def test_each_type_takes_its_own_categories_and_energy(organization, facility, author, type_, categories):
    done = recalculated(organization, author, of_types(facility, type_), *categories, "energy")

    assert len(done.jobs) == len(categories) + 1


def test_energy_alone_takes_heat_and_electricity_together(organization, facility, author):
    invoices = of_types(facility, "heat", "electricity", "heat")

    done = recalculated(organization, author, invoices, "energy")

    assert (done.invoice_ids, len(done.jobs)) == (ids(*invoices), 1)


def test_only_what_is_left_decides_about_types(organization, other_organization, facility, author):
    theirs = of_types(factories.facility(organization=other_organization), "water")
    mine = of_types(facility, "electricity")

    assert recalculated(organization, author, [*theirs, *mine], "electricity").invoice_ids == ids(*mine)


def test_a_parent_means_its_children_in_its_place(organization, facility, below, author):
    before, after = factories.invoices(2, facility=facility)
    parent, (here, there) = factories.distributed(facility, below)

    done = recalculated(organization, author, [before, parent, here, after], "electricity")

    assert done.invoice_ids == ids(before, here, there, after)
    assert done.jobs[0].items_total == 4
    assert chunked(done.jobs[0]) == [
        (organization.pk, list(map(str, ids(before, here, after)))),
        (below.organization_id, [str(there.pk)]),
    ]


def test_a_child_that_came_first_stays_first(organization, facility, author):
    other = factories.facility(organization=organization)
    parent, (first, second) = factories.distributed(facility, other)

    assert recalculated(organization, author, [second, parent], "energy").invoice_ids == ids(second, first)


def test_a_child_of_an_organization_below_is_not_reached_by_its_own_id(organization, facility, below, author):
    _parent, (_here, there) = factories.distributed(facility, below)

    assert recalculated(organization, author, [there], "energy") == ([], [])


def test_the_parent_of_another_organization_means_nothing(organization, facility, below):
    parent, _children = factories.distributed(facility, below)
    author = factories.author(below.organization)

    assert recalculated(below.organization, author, [parent], "energy") == ([], [])


def test_a_job_of_many_invoices_is_cut_into_chunks(organization, facility, author, monkeypatch):
    monkeypatch.setattr(recalculating, "CHUNK_SIZE", 2)
    invoices = factories.invoices(5, facility=facility)

    [job] = recalculated(organization, author, invoices, "energy").jobs

    assert [len(chunk) for _organization, chunk in chunked(job)] == [2, 2, 1]
    assert [pk for _organization, chunk in chunked(job) for pk in chunk] == list(map(str, ids(*invoices)))
    assert {chunk.state for chunk in JobChunk.objects.all()} == {"ready"}


def test_the_number_of_queries_does_not_grow_with_the_invoices(
    organization, facility, below, author, django_assert_num_queries
):
    parents = [factories.distributed(facility, below)[0] for _ in range(3)]
    invoices = [*factories.invoices(30, facility=facility), *parents]

    # A savepoint's begin and end; the invoices; the children of parents; which years are closed, with the hold that
    # SQLite has no need of; for each job its row and its chunks.
    years = 2 if connection.vendor == "postgresql" else 1
    with django_assert_num_queries(2 + 2 + years + 2 * 2):
        recalculated(organization, author, invoices, "energy", "electricity")


def test_a_new_calculation_is_one_job_of_all_categories(organization, facility, below, author):
    parent, (here, there) = factories.distributed(facility, below)

    job = recalculating.queue_calculation(organization=organization, invoices=[parent, here, there], by=author)

    assert ProcessingJob.objects.get() == job
    assert (job.action, job.activity_category, job.status, job.items_total) == ("CREATE", "", "PENDING", 2)
    assert (job.trigger_type, job.created_by, job.organization) == ("WEB", author.user, organization)
    assert chunked(job) == [(organization.pk, [str(here.pk)]), (below.organization_id, [str(there.pk)])]


def test_a_changed_invoice_is_recalculated_in_all_categories(organization, facility, author):
    job = recalculating.queue_calculation(
        organization=organization,
        invoices=[factories.invoice(facility=facility)],
        by=author,
        action="RECALCULATE",
    )

    assert (job.action, job.activity_category, job.items_total) == ("RECALCULATE", "", 1)


def test_a_chunk_says_of_which_job_it_is(organization, facility, author):
    [job] = recalculated(organization, author, factories.invoices(1, facility=facility), "energy").jobs

    chunk = job.chunks.get()
    assert str(chunk) == f"{job.pk} · {chunk.position}"
