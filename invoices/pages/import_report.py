"""What the page of an import shows of its rows: how many of each fate, and everything that is wrong, row by row."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404
from django.utils.translation import ngettext

from facilities.pages.current import PageRequest
from invoices import importing
from invoices.importing import wording
from invoices.models import ImportProblem, ImportStatus, InvoiceImport, Severity

PROBLEMS_A_PAGE: Final = 50
# The bar of rows, in the units of its drawing, and the least that one still sees of it.
BAR: Final = 1000
_LEAST: Final = 6
OPEN: Final = (ImportStatus.CHECKING, ImportStatus.TAKING, ImportStatus.UNDOING)
_BEFORE: Final = (ImportStatus.UPLOADED, ImportStatus.CHECKED, ImportStatus.FAILED)
_AFTER: Final = (ImportStatus.TAKEN, ImportStatus.UNDONE)
_STEPS: Final = {ImportStatus.UPLOADED: 1, **dict.fromkeys((ImportStatus.CHECKING, ImportStatus.CHECKED), 2)}


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that had the same fate, as a piece of the bar."""

    kind: str
    name: str
    count: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Told:
    """A problem, in words."""

    problem: ImportProblem
    sentence: str


def found(request: PageRequest, import_id: UUID) -> InvoiceImport:
    """Return an import of the current organization, or answer that there is none."""
    try:
        return importing.find(organization=request.organization, import_id=import_id)
    except importing.ImportNotFound as missing:
        raise Http404 from missing


def shown(request: PageRequest, one: InvoiceImport) -> dict[str, Any]:
    """Return what the page of an import needs."""
    is_open = one.status in OPEN
    context = {
        "one": one,
        "is_open": is_open,
        "step": _STEPS.get(ImportStatus(one.status), 3),
        "may_check": may_check(one),
        "may_take": one.status == ImportStatus.CHECKED and one.rows_good > 0,
        "may_undo": may_undo(one),
        "may_discard": may_check(one),
    }
    return context | (_progress(one) if is_open else _report(request, one))


def may_check(one: InvoiceImport) -> bool:
    """Tell whether nothing of a file is filed: it can be read otherwise, or thrown away."""
    return one.status in _BEFORE and not one.rows_taken


def may_undo(one: InvoiceImport) -> bool:
    return one.status in _AFTER and one.rows_taken > one.rows_undone


def what_stays(request: PageRequest, one: InvoiceImport) -> dict[str, Any]:
    """Return what undoing an import would remove, and what would stay, each with its reason."""
    plan = importing.undo_plan(organization=request.organization, import_id=one.pk)
    return {
        "plan": plan,
        "stays": [(row, wording.reason(row.reason)) for row in plan.stays],
        "left_out": plan.stays_total - len(plan.stays),
    }


def parts(one: InvoiceImport) -> list[Part]:
    """Return the pieces of the bar in their order: none that has rows is too narrow to be seen."""
    counts = (
        ("good", ngettext("good row", "good rows", one.rows_good), one.rows_good),
        (
            "repeated",
            ngettext("row already in the books", "rows already in the books", one.rows_repeated),
            one.rows_repeated,
        ),
        ("bad", ngettext("refused row", "refused rows", one.rows_bad), one.rows_bad),
    )
    total = max(1, sum(count for _kind, _name, count in counts))
    widths = [max(_LEAST, count * BAR // total) if count else 0 for _kind, _name, count in counts]
    # What the narrow ones take more than their share, and what rounding left, is the widest one's.
    widths[widths.index(max(widths))] += BAR - sum(widths) if any(widths) else 0
    return [
        Part(kind, name, count, sum(widths[:place]), widths[place]) for place, (kind, name, count) in enumerate(counts)
    ]


def _progress(one: InvoiceImport) -> dict[str, Any]:
    job = one.job
    return {"done": job.items_success + job.items_failed, "most": job.items_total} if job else {"done": 0, "most": 0}


def _report(request: PageRequest, one: InvoiceImport) -> dict[str, Any]:
    every = importing.problems(organization=request.organization, import_id=one.pk)
    counts = dict(every.order_by().values_list("severity").annotate(count=Count("pk")))
    asked = request.GET.get("kind", "")
    kind = asked if asked in counts else ""
    wanted = importing.problems(
        organization=request.organization, import_id=one.pk, severities=[kind] if kind else Severity.values
    )
    page = Paginator(wanted, PROBLEMS_A_PAGE).get_page(request.GET.get("page"))
    return {
        "parts": parts(one),
        "page": page,
        "problems": [Told(problem, wording.sentence(problem)) for problem in page],
        "kind": kind,
        "kinds": [(value, label, counts[value]) for value, label in Severity.choices if value in counts],
        "problem_count": sum(counts.values()),
        "warning_count": counts.get(Severity.WARNING, 0),
    }
