"""Jobs in the admin: looked at, and tried again."""

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from facilities.models import Role
from invoices.models import JobChunk, ProcessingJob
from tests import admin_door, factories

pytestmark = pytest.mark.django_db
JOBS = reverse("admin:invoices_processingjob_changelist")


def failed(facility, count=1):
    """A job that gave up its only chunk."""
    organization = facility.organization
    job = ProcessingJob.objects.create(
        organization=organization,
        action="CREATE",
        trigger_type="API",
        items_total=count,
        items_failed=count,
        status="FAILED",
        created_by=factories.user(),
    )
    ids = [str(invoice.pk) for invoice in factories.invoices(count, facility=facility)]
    JobChunk.objects.create(job=job, organization=organization, position=0, invoice_ids=ids, state="failed")
    return job


def retry(client, *jobs):
    ticked = [str(job.pk) for job in jobs]
    answer = client.post(JOBS, {"action": "retry_selected", ACTION_CHECKBOX_NAME: ticked}, follow=True)
    return " ".join(str(message) for message in answer.context["messages"])


def test_what_failed_of_the_ticked_jobs_is_queued_once_more(organization, facility):
    client = admin_door.staff(organization)
    jobs = [failed(facility, 2), failed(facility)]

    said = retry(client, *jobs)

    again = ProcessingJob.objects.exclude(pk__in=[job.pk for job in jobs])
    assert sorted((job.trigger_type, job.status, job.items_total) for job in again) == [
        ("ADMIN", "PENDING", 1),
        ("ADMIN", "PENDING", 2),
    ]
    assert "3" in said


def test_one_of_which_nothing_failed_keeps_all_from_being_queued(organization, facility):
    done = failed(facility)
    ProcessingJob.objects.filter(pk=done.pk).update(items_failed=0, items_success=1, status="COMPLETED")

    said = retry(admin_door.staff(organization), failed(facility), done)

    assert ProcessingJob.objects.count() == 2
    assert said


def test_who_only_looks_at_one_of_the_organizations_retries_nothing(organization, other_organization, facility):
    client = admin_door.staff(organization)
    person = organization.memberships.get(user__is_staff=True).user
    factories.membership(organization=other_organization, user=person, role=Role.VIEWER)
    theirs = failed(factories.facility(organization=other_organization))

    said = retry(client, failed(facility), theirs)

    assert ProcessingJob.objects.count() == 2
    assert other_organization.name in said


def test_a_viewer_is_not_offered_it(organization, facility):
    client = admin_door.staff(organization, Role.VIEWER)

    retry(client, failed(facility))

    assert ProcessingJob.objects.count() == 1
