"""The suggestions that somebody said are no duplicates, and bringing them back."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import dismissing
from invoices.matching import Tier
from invoices.pages import suggestion_words

PAGE_SIZE: Final = 50


@require_safe
@for_organization
def listing(request: PageRequest) -> HttpResponse:
    """List what is not suggested any more, the newest first."""
    dismissals = dismissing.listed(organization=request.organization).select_related(
        "facility", "by", "on_behalf_of", "api_key"
    )
    page = Paginator(dismissals, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [(dismissal, suggestion_words.TIERS[Tier(dismissal.tier)]) for dismissal in page]
    return render(request, "suggestions/dismissed.html", {"page": page, "rows": rows})


@for_organization
@editors_only
def restore(request: PageRequest, dismissal_id: UUID) -> HttpResponse:
    """Let a code be suggested again."""
    if request.method != "POST":
        return redirect("cups-dismissed")
    try:
        with transaction.atomic(durable=True):
            dismissing.restore(organization=request.organization, dismissal_id=dismissal_id, by=request.author)
    except dismissing.DismissalNotFound:
        messages.warning(request, _("That had been restored already. Nothing was changed."))
    else:
        messages.success(request, _("Restored: it is suggested again, if its codes are still there."))
    return redirect("cups-dismissed")
