"""
Migration operations for what Django's models cannot say.

SQLite drops the triggers of a table whenever a later migration rebuilds it: a migration that alters one of these
tables runs the operation `Again` after it. tests/architecture/test_schema.py finds the one that forgot.
"""

from collections.abc import Mapping, Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class VendorSQL(Operation):
    """Run the statements written for the database at hand; a vendor without an entry needs none."""

    reduces_to_sql = True
    reversible = True

    def __init__(
        self,
        *,
        postgresql: Sequence[str] = (),
        sqlite: Sequence[str] = (),
        undo: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.postgresql = postgresql
        self.sqlite = sqlite
        self.undo = undo or {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change no model: this is about the database alone."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        statements = {"postgresql": self.postgresql, "sqlite": self.sqlite}
        for statement in statements[schema_editor.connection.vendor]:
            schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for statement in self.undo.get(schema_editor.connection.vendor, ()):
            schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        return f"{type(self).__name__} for the database at hand"


class AppendOnly(VendorSQL):
    """Refuse UPDATE and DELETE on a table, so that evidence stays as it was written."""

    def __init__(self, table: str) -> None:
        self.table = table
        sqlite = [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
        postgresql = [
            (
                f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
                f"BEGIN RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation'; END $$"
            ),
            (
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
            ),
        ]
        undo = {
            "sqlite": [f"DROP TRIGGER {table}_no_{verb}" for verb in ("update", "delete")],
            "postgresql": [f"DROP TRIGGER {table}_append_only ON {table}", f"DROP FUNCTION {table}_append_only()"],
        }
        super().__init__(postgresql=postgresql, sqlite=sqlite, undo=undo)

    def deconstruct(self) -> tuple[str, list[str], dict[str, str]]:
        return type(self).__name__, [self.table], {}


class Unchanging(VendorSQL):
    """Refuse any change of one column once its row is made."""

    def __init__(self, table: str, column: str) -> None:
        self.table, self.column = table, column
        name = f"{table}_{column}_unchanging"
        message = f"{table}.{column} never changes"
        sqlite = [
            (
                f"CREATE TRIGGER {name} BEFORE UPDATE OF {column} ON {table} WHEN OLD.{column} IS NOT NEW.{column} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        ]
        postgresql = [
            (
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
                f"BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'restrict_violation'; END $$"
            ),
            (
                f"CREATE TRIGGER {name} BEFORE UPDATE OF {column} ON {table} FOR EACH ROW "
                f"WHEN (OLD.{column} IS DISTINCT FROM NEW.{column}) EXECUTE FUNCTION {name}()"
            ),
        ]
        undo = {
            "sqlite": [f"DROP TRIGGER {name}"],
            "postgresql": [f"DROP TRIGGER {name} ON {table}", f"DROP FUNCTION {name}()"],
        }
        super().__init__(postgresql=postgresql, sqlite=sqlite, undo=undo)

    def deconstruct(self) -> tuple[str, list[str], dict[str, str]]:
        return type(self).__name__, [self.table, self.column], {}


class SameOrganization(VendorSQL):
    """
    Refuse a row that points at another organization's row.

    A composite foreign key on PostgreSQL, which needs UNIQUE (id, organization_id) on the other table; SQLite can't add
    a key to a table that exists, so two triggers say the same there.
    """

    def __init__(self, table: str, column: str, other: str) -> None:
        self.table, self.column, self.other = table, column, other
        name = f"{table}_{column}_same_organization"
        own = f"SELECT 1 FROM {other} WHERE id = NEW.{column} AND organization_id = NEW.organization_id"  # noqa: S608 (names of tables, written in migrations)
        sqlite = [
            f"CREATE TRIGGER {name}_{verb} BEFORE {event} ON {table} WHEN NEW.{column} IS NOT NULL "
            f"AND NOT EXISTS ({own}) "
            f"BEGIN SELECT RAISE(ABORT, '{table}.{column} is of another organization'); END"
            for verb, event in (("insert", "INSERT"), ("update", f"UPDATE OF {column}, organization_id"))
        ]
        postgresql = [
            (
                f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, organization_id) "
                f"REFERENCES {other} (id, organization_id)"
            )
        ]
        undo = {
            "sqlite": [f"DROP TRIGGER {name}_{verb}" for verb in ("insert", "update")],
            "postgresql": [f"ALTER TABLE {table} DROP CONSTRAINT {name}"],
        }
        super().__init__(postgresql=postgresql, sqlite=sqlite, undo=undo)

    def deconstruct(self) -> tuple[str, list[str], dict[str, str]]:
        return type(self).__name__, [self.table, self.column, self.other], {}


class Again(VendorSQL):
    """Make what an operation makes once more on SQLite, after a migration that rebuilt its table there."""

    def __init__(self, operation: VendorSQL) -> None:
        self.operation = operation
        super().__init__(sqlite=operation.sqlite)

    def deconstruct(self) -> tuple[str, list[VendorSQL], dict[str, str]]:
        return type(self).__name__, [self.operation], {}
