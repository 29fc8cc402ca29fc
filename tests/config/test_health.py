import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder


@pytest.mark.django_db
def test_it_is_well_with_a_database_that_has_every_migration_whatever_the_host_is_called(client):
    response = client.get("/healthz", headers={"host": "10.0.0.7"})

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.django_db
def test_a_migration_that_is_not_applied_is_named(client):
    MigrationRecorder.Migration.objects.filter(app="facilities", name="0001_initial").delete()

    response = client.get("/healthz")

    assert response.status_code == 503
    assert response.json()["reason"] == "Migrations are not applied: facilities.0001_initial."


def test_a_database_that_does_not_answer_is_said(client, monkeypatch):
    def fail(recorder):
        raise OperationalError("connection refused")

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", fail)

    response = client.get("/healthz")

    assert response.status_code == 503
    assert response.json()["reason"] == "The database does not answer."
