"""The page of supplies: what contracts and invoices know of each other, and filing the list of Datadis's page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from facilities import archiving, locating
from facilities.models import Facility
from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import enrolling
from invoices.enrolling import Basis, Guess, ListNotReadable, Plan, Problem, Proposal, State, Supplies
from invoices.pages import words
from invoices.pages.ticked import ids_of

PAGE_SIZE: Final = 50
# Every facility can be chosen for every row while the page stays of a size that a browser draws at once.
MOST_CHOICES: Final = 40_000
_TABS: Final = ("supplies", "codes")
_BASES: Final = {
    Basis.INVOICES: gettext_lazy("its invoices are there"),
    Basis.CONTRACT: gettext_lazy("an older contract is there"),
    Basis.NEAR_CODE: gettext_lazy("a code like this is there"),
    Basis.ADDRESS: gettext_lazy("by the address"),
}
_COLUMNS: Final = {
    "cups": gettext_lazy("CUPS"),
    "start_date": gettext_lazy("valid from"),
    "end_date": gettext_lazy("valid to"),
}
_PROBLEMS: Final = {
    Problem.CUPS_MISSING: gettext_lazy("There is no code."),
    Problem.CUPS_UNUSABLE: gettext_lazy("This can be no code: 1 to 64 characters that can be seen."),
    Problem.DATE_MISSING: gettext_lazy("The day is missing: 31/12/2024 or 2024-12-31."),
    Problem.DATE_UNREADABLE: gettext_lazy("This is no day: 31/12/2024 or 2024-12-31."),
    Problem.ENDS_BEFORE_IT_STARTS: gettext_lazy("It ends before it starts."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the list as the preview shows it: `choices` are facilities, `chosen` the one that is proposed."""

    number: int
    proposal: Proposal
    basis: str
    choices: Sequence[tuple[UUID, str]]
    chosen: UUID | None

    @property
    def is_new(self) -> bool:
        return self.proposal.state is State.NEW


@require_safe
@for_organization
def listing(request: PageRequest) -> HttpResponse:
    """List the supplies without an invoice, or the codes on no contract, under the form that takes a list."""
    show = request.GET.get("show")
    tab = show if show in _TABS else _TABS[0]
    find = enrolling.codes_on_no_contract if tab == "codes" else enrolling.supplies_without_invoices
    page = Paginator(find(organization=request.organization), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "supplies/list.html", {"tab": tab, "page": page, "most": enrolling.MOST_ROWS})


@for_organization
@editors_only
def preview(request: PageRequest) -> HttpResponse:
    """Show what filing the list would do. Changes nothing; a POST since it carries the list."""
    if request.method != "POST":
        return redirect("cups-supplies")
    try:
        plan = enrolling.plan(organization=request.organization, supplies=_read(request))
    except ListNotReadable as refusal:
        return _form(request, refusal)
    return render(request, "supplies/preview.html", _context(plan))


@for_organization
@editors_only
def enroll(request: PageRequest) -> HttpResponse:
    """File the rows that have a facility."""
    if request.method != "POST":
        return redirect("cups-supplies")
    try:
        supplies = enrolling.read_text(request.POST.get("list", ""))
        with transaction.atomic(durable=True):
            done = enrolling.enroll(
                organization=request.organization,
                supplies=supplies,
                chosen=_chosen(request, supplies),
                by=request.author,
            )
    except ListNotReadable as refusal:
        return _form(request, refusal)
    except (locating.FacilityNotOfOrganization, archiving.FacilityNotFound):
        messages.error(request, _("A facility is not there any more, so nothing was filed. Look at the list again."))
        return redirect("cups-supplies")
    made = len(done.contracts)
    text = ngettext("%(count)s contract was filed.", "%(count)s contracts were filed.", made)
    said = [text % {"count": words.number(made)}]
    if done.known_count:
        text = ngettext("%(count)s was there already.", "%(count)s were there already.", done.known_count)
        said.append(text % {"count": words.number(done.known_count)})
    messages.success(request, " ".join(said))
    return redirect("cups-supplies")


def _read(request: PageRequest) -> Supplies:
    if file := request.FILES.get("file"):
        # A part more than may be is enough to know that it is too large.
        return enrolling.read_file(file.read(enrolling.MOST_BYTES + 1))
    return enrolling.read_text(request.POST.get("list", ""))


def _form(request: PageRequest, refusal: ListNotReadable) -> HttpResponse:
    """Show the form again with what was pasted, and why it can't be read."""
    missing = ", ".join(str(_COLUMNS[name]) for name in refusal.missing)
    context = {"list": request.POST.get("list", ""), "error": str(refusal), "missing": missing}
    return render(request, "supplies/form.html", context | {"most": enrolling.MOST_ROWS}, status=400)


def _context(plan: Plan) -> dict[str, Any]:
    facilities = {facility.pk: facility for facility in plan.facilities}
    has_all = len(facilities) * len(plan.proposals) <= MOST_CHOICES
    rows = [_row(number, proposal, facilities, has_all=has_all) for number, proposal in enumerate(plan.proposals)]
    return {
        "rows": rows,
        "bad": [(row, _COLUMNS[row.column], _PROBLEMS[row.problem]) for row in plan.bad],
        "list": enrolling.as_text(proposal.supply for proposal in plan.proposals),
        "new_count": sum(row.is_new for row in rows),
        "chosen_count": sum(row.chosen is not None for row in rows),
        "known_count": sum(row.proposal.state is State.KNOWN for row in rows),
        "repeated_count": sum(row.proposal.state is State.REPEATED for row in rows),
        "has_all": has_all,
    }


def _row(number: int, proposal: Proposal, facilities: Mapping[UUID, Facility], *, has_all: bool) -> Row:
    guess, near = proposal.guess, [each.facility_id for each in proposal.candidates]
    offered = [*([guess.facility_id] if guess else []), *near, *(facilities if has_all else ())]
    is_proposed = guess is not None and proposal.state is State.NEW and proposal.is_sound
    return Row(
        number=number,
        proposal=proposal,
        basis=_basis(guess) if guess and is_proposed else "",
        choices=[(facility_id, facilities[facility_id].name) for facility_id in dict.fromkeys(offered)],
        chosen=guess.facility_id if guess and is_proposed else None,
    )


def _basis(guess: Guess) -> str:
    name = str(_BASES[guess.basis])
    return f"{name} ({guess.score} %)" if guess.basis is Basis.ADDRESS else name


def _chosen(request: PageRequest, supplies: Supplies) -> dict[int, UUID]:
    """Return by line the facility that was chosen; rows are told apart by their place in the list."""
    chosen = {}
    for number, row in enumerate(supplies.rows):
        for facility_id in ids_of([request.POST.get(f"facility_{number}", "")]):
            chosen[row.line] = facility_id
    return chosen
