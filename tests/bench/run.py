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
        environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": url, **run._own_database()}
        failed |= not _passes(bench, INVOICES[scale], f"{bench}-{name}-{scale}", **environment)
    # They need no database.
    failed |= not _passes("suggestions", CODES, f"suggestions-{scale}")
    return int(failed)


def _passes(bench: str, count: int, name: str, **environment: str) -> bool:
    """Run a bench and print what it found; return whether it came to its end."""
    path = RESULTS / f"{name}.json"
    # What an earlier run found is not what this one finds.
    path.unlink(missing_ok=True)
    command = [sys.executable, "-m", f"tests.bench.{bench}", str(count), str(path)]
    done = subprocess.run(command, cwd=run.ROOT, env=os.environ | environment, check=False)
    if path.exists():
        _print_table(json.loads(path.read_text()))
    return done.returncode == 0


def _databases() -> dict[str, str]:
    own = {"sqlite": "sqlite://:memory:"}
    if url := run._postgresql():
        return own | {"postgresql": url}
    print("Left out: PostgreSQL, which does not answer.")
    return own


def _print_table(found: dict) -> None:
    print(f"\n{found['database']} · {found['counted']} · {found['commit']} · {found['repetitions']} runs")
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
