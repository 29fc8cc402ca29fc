"""Suggestions over many codes, against one dict insert a code and against what others do; and how right they are."""

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

from invoices import cups, matching
from invoices.cups import Check
from tests.bench import telling
from tests.plain import brute, planted

REPETITIONS = int(os.environ.get("REPETITIONS", "5"))
# The floor is so short that one run of it says little.
FLOOR = "one dict insert a code"
FLOORS = 10
PLANTED = 100_000
COMPARED = 10_000
# So many codes are compared with all others by rapidfuzz; the time for all is worked out from these.
SAMPLED = 50


def main(count: int, path: Path) -> None:
    truth, compared = _truth(), _brute_force()
    found = {"truth": truth, "brute_force": compared, **_timed(count)}
    found["remarks"] += [
        f"Equal to brute force on {compared['codes']:,} codes, which took {compared['seconds']:.1f} s."
        if not compared["differing"]
        else f"Brute force found something else for {len(compared['differing'])} of {compared['codes']:,} codes.",
        f"Of {truth['damaged']:,} damaged ones among {truth['codes']:,} planted codes:",
        *truth["lines"],
    ]
    path.write_text(json.dumps(found, indent=2) + "\n")
    if compared["differing"]:
        sys.exit("Suggestions are not what brute force finds.")


def _truth() -> dict:
    """Find what was planted among 100,000 codes."""
    field = planted.plant(PLANTED, seed=0)
    told = planted.told(field, matching.suggest(field.codes, contracts=field.contracts))
    return {"codes": PLANTED, "damaged": len(field.truths), "lines": list(told.lines())}


def _brute_force() -> dict:
    """Compare with every code against every other: which point elsewhere, and how long it takes."""
    field = planted.plant(COMPARED, seed=1)
    start = time.perf_counter()
    expected = brute.found(field.codes, field.contracts)
    seconds = time.perf_counter() - start
    suggestions = matching.suggest(field.codes, contracts=field.contracts)
    return {"codes": COMPARED, "seconds": seconds, "differing": brute.differing(field.codes, suggestions, expected)}


def _timed(count: int) -> dict:
    """Time what this process alone computes, in seconds of its own CPU: nobody else's work is in them."""
    field = planted.plant(count, seed=2)
    codes, contracts = field.codes, field.contracts
    forms = [code.clean for code in codes]
    sound = (Check.VALID, Check.NOT_CLEAN, Check.LOOK_ALIKE)
    damaged = [code.clean for code in codes if code.check not in sound]
    times: dict[str, list[float]] = {}

    def timed(name: str, deed: Callable[[], object], *, times_over: float = 1) -> None:
        gc.collect()
        start = time.process_time()
        deed()
        times.setdefault(name, []).append((time.process_time() - start) * times_over)

    def floor() -> None:
        for _ in range(FLOORS):
            by_cups = {}
            for code in codes:
                by_cups[code.cups] = code

    def all_pairs() -> None:
        for form in damaged[:SAMPLED]:
            process.extract(form, forms, scorer=OSA.distance, score_cutoff=2, limit=None)

    for _ in range(REPETITIONS):
        timed(FLOOR, floor, times_over=1 / FLOORS)
        timed("suggestions", lambda: matching.suggest(codes, contracts=contracts))
        timed("reading every code", lambda: [cups.parse(code.cups) for code in codes])
        timed("rapidfuzz, damaged × all *", all_pairs, times_over=len(damaged) / SAMPLED)
    return telling.told(
        times,
        floor=FLOOR,
        count=count,
        counted="codes",
        measured_on="no database, CPU time",
        repetitions=REPETITIONS,
        remarks=[f"* extrapolated from {SAMPLED} of the damaged codes"],
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
