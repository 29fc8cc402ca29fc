"""
Times what the project promises to be quick, each as a ratio to a floor in the same run. `make bench` calls it.

On SQLite, and on PostgreSQL where one answers, each in a test database that it makes and drops. SCALE is s (20,000
invoices), m (100,000) or l (1,000,000); REPETITIONS is 5 unless said. JSON of each run is kept in var/bench.
"""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

from tests import run

INVOICES = {"s": 20_000, "m": 100_000, "l": 1_000_000}
# What each database is timed with.
BENCHES = ("recalculation", "importing")
# Codes that suggestions are looked for among, whatever the scale.
CODES = 200_000
RESULTS = Path("var/bench")


def main() -> int:
    scale = os.environ.get("SCALE", "s")
    if scale not in INVOICES:
        print(f"SCALE is {scale!r}; it must be one of {', '.join(INVOICES)}.")
        return 2
    RESULTS.mkdir(parents=True, exist_ok=True)
    failed = False
    for (name, url), bench in product(_databases().items(), BENCHES):
        path = RESULTS / f"{bench}-{name}-{scale}.json"
        command = [sys.executable, "-m", f"tests.bench.{bench}", str(INVOICES[scale]), str(path)]
        environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url, **run._own_database()}
        failed |= subprocess.run(command, cwd=run.ROOT, env=os.environ | environment, check=False).returncode != 0
        if path.exists():
            _print_table(json.loads(path.read_text()))
    failed |= _suggest(scale)
    return int(failed)


def _suggest(scale: str) -> bool:
    """Time the suggestions, which need no database; return whether that failed."""
    path = RESULTS / f"suggestions-{scale}.json"
    command = [sys.executable, "-m", "tests.bench.suggestions", str(CODES), str(path)]
    failed = subprocess.run(command, cwd=run.ROOT, check=False).returncode != 0
    if path.exists():
        _print_table(json.loads(path.read_text()))
    return failed


def _databases() -> dict[str, str]:
    own = {"sqlite": "sqlite://:memory:"}
    if url := run._postgresql():
        return own | {"postgresql": url}
    print("Left out: PostgreSQL, which does not answer.")
    return own


def _print_table(found: dict) -> None:
    counted = found.get("counted") or f"{found['invoices']:,} invoices"
    print(f"\n{found['database']} · {counted} · {found['commit']} · {found['repetitions']} runs")
    print(f"{'':34}{'median s':>10}{'min':>9}{'max':>9}{'× floor':>9}{'a second':>11}")
    for row in found["rows"]:
        print(
            f"{row['name']:34}{row['median']:>10.3f}{row['min']:>9.3f}{row['max']:>9.3f}{row['ratio']:>9.2f}"
            f"{row['rate']:>11,.0f}"
        )
    for remark in found["remarks"]:
        print(remark)


if __name__ == "__main__":
    sys.exit(main())
