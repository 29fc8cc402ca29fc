"""
Asks every route of the API 10,000 times, with requests made up after its schema. `make load` calls it.

It is tests/contract with more examples: on a test database, which it makes and drops.
"""

import os
import subprocess
import sys

from tests import run

EXAMPLES_A_ROUTE = os.environ.get("EXAMPLES_A_ROUTE", "10000")


def main() -> int:
    url = run._postgresql()
    if not url:
        print("PostgreSQL is needed: DATABASE_URL names none and 127.0.0.1:5432 does not answer.")
        return 1
    more = {"EXAMPLES_A_ROUTE": EXAMPLES_A_ROUTE, "DATABASE_URL": url, **run._own_database()}
    command = [sys.executable, "-m", "pytest", *run.CONTRACT, *sys.argv[1:]]
    return subprocess.run(command, cwd=run.ROOT, env=os.environ | more, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
