"""Choosing factors of one's own for an invoice that no published factor fits."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from facilities.pages.current import PageRequest, editors_only, for_organization
from invoices import receiving
from invoices.closed_years import PeriodClosed
from invoices.pages import invoice as page


@require_POST
@for_organization
@editors_only
def choose(request: PageRequest, invoice_id: UUID) -> HttpResponse:
    """Calculate an invoice with a group of custom factors from now on."""
    found = page.found_for(request, invoice_id)
    try:
        _choose(request, invoice_id, UUID(request.POST.get("group", "")))
    except PeriodClosed as refusal:
        return page.page(request, found, refusal)
    except (ValueError, receiving.UnknownReference):
        messages.error(request, _("Choose one of the groups of factors that the organization has."))
    else:
        messages.success(request, _("The invoice is calculated with these factors in a moment."))
    return redirect("invoice", invoice_id)


@transaction.atomic(durable=True)
def _choose(request: PageRequest, invoice_id: UUID, group_id: UUID) -> None:
    receiving.amend(
        organization=request.organization,
        invoice_id=invoice_id,
        by=request.author,
        custom_emission_factor_id=group_id,
    )
