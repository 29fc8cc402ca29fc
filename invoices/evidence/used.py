"""Which factors and publications the results of an archive rest on: as many as there are factors, not as invoices."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from invoices.evidence import rows
from invoices.evidence.packing import Sheet
from invoices.models import EmissionSource, FactorSet

_Line = Mapping[str, Any]


class Used:
    """Takes the trace of each result, and writes down once what was used."""

    def __init__(self) -> None:
        self._factors: Counter[str] = Counter()
        self._sources: set[str] = set()
        self._sets: dict[int, FactorSet] = {}

    def note(self, factor_set: FactorSet, trace: Sequence[_Line]) -> None:
        self._sets[factor_set.pk] = factor_set
        for line in trace:
            self._factors[json.dumps(rows.of_factor(factor_set, line))] += 1
            self._sources.update(_sources_of(line))

    def factor_sets(self) -> list[dict[str, str]]:
        """Return the editions that results are of, in the order in which they were loaded."""
        return [{"version": one.version, "sha256": one.checksum} for _pk, one in sorted(self._sets.items())]

    def write_factors(self, sheet: Sheet) -> None:
        for factor, count in sorted(self._factors.items()):
            sheet.add(*rows.factor(json.loads(factor)), count)

    def write_sources(self, sheet: Sheet) -> None:
        """Write the publications; one that is not loaded, as an organization's own, by its name alone."""
        known = EmissionSource.objects.in_bulk(sorted(self._sources))
        for code in sorted(self._sources):
            sheet.add(*rows.of_source(known.get(code) or EmissionSource(code=code)))


def _sources_of(line: _Line) -> Iterable[str]:
    """Return the ids of the publications that a line names: two of them are joined by a plus."""
    named = [line["source_id"], *(term["source_id"] for term in line["terms"])]
    return {code for joined in named for code in joined.split("+") if code}
