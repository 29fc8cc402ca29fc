from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.utils import translation

OURS = {"facilities", "invoices"}


def test_every_change_of_a_model_has_its_migration():
    loader = MigrationLoader(None)
    autodetector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))

    # Names of fields are lazy translations; a migration keeps them as they are written.
    with translation.override(None):
        missing = autodetector.changes(graph=loader.graph)

    assert {app: [str(migration) for migration in missing[app]] for app in missing} == {}


def test_no_two_migrations_are_the_last_of_an_app():
    loader = MigrationLoader(None)

    assert loader.detect_conflicts() == {}


def test_every_migration_is_named_for_what_it_does():
    names = [name for app, name in MigrationLoader(None).disk_migrations if app in OURS]

    assert [name for name in names if "_auto_" in name] == []
