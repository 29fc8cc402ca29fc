import ast
from pathlib import Path

import pytest
from django.conf import settings
from importlinter.cli import lint_imports

DOORS = {"api", "pages", "admin", "admin.py", "management", "migrations", "apps.py"}
OF_A_DOOR = (
    *("django.http", "django.forms", "django.views", "django.shortcuts", "django.contrib.admin"),
    *("rest_framework", "django_filters", "django_htmx"),
)


def test_nobody_imports_upwards(capsys: pytest.CaptureFixture[str]):
    status = lint_imports(config_filename=str(settings.BASE_DIR / "pyproject.toml"), cache_dir=None)

    assert status == 0, capsys.readouterr().out


def test_the_domain_knows_no_request_form_or_serializer():
    # import-linter can forbid a package from outside, but not a part of one; and it would have to be told each module.
    found = {path: [name for name in _imported(path) if name.startswith(OF_A_DOOR)] for path in _domain()}

    assert {str(path): names for path, names in found.items() if names} == {}


def _domain() -> list[Path]:
    files = [file for app in ("facilities", "invoices") for file in (settings.BASE_DIR / app).rglob("*.py")]
    return [file for file in files if file.relative_to(settings.BASE_DIR).parts[1] not in DOORS]


def _imported(path: Path) -> list[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return plain + [
        f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
