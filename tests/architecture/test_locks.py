import re
from pathlib import Path

import pytest
from django.conf import settings

LOCKS = sorted((settings.BASE_DIR / "requirements").glob("*.txt"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_carries_no_address(lock: Path):
    assert not re.search(r"://| @ |^(?! +--hash=) *-", lock.read_text(), re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_of_a_lock_has_an_exact_version_and_a_hash(lock: Path):
    text = re.sub(r"^\s*#.*\n", "", lock.read_text(), flags=re.MULTILINE)
    packages = re.split(r"\n(?=\S)", text.strip())

    assert [package for package in packages if not re.match(r"\S+==\S+.*\\\n\s+--hash=sha256:", package)] == []


def test_what_runs_in_production_is_tested_in_the_same_version():
    base, dev = (set(re.findall(r"^\S+==\S+", lock.read_text(), re.MULTILINE)) for lock in LOCKS)

    assert base <= dev
