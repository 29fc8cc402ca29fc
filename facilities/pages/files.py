"""A file as people reach it: saved, never shown inside a page of ours, where its content could act as we do."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from facilities import storing
from facilities.models import StoredFile
from facilities.pages.current import PageRequest, for_organization


@require_safe
@for_organization
def file(request: PageRequest, file_id: UUID) -> HttpResponse:
    """Lead somebody who has a role in the file's organization to its content, by an address that expires."""
    return redirect(_address(request, file_id), permanent=False)


@require_safe
def download(request: HttpRequest, file_id: UUID) -> HttpResponseBase:
    """Give the content of a file to whoever has its address, which only its own organization is told."""
    found = _signed(file_id, request.GET.get("signature", ""))
    answer = FileResponse(
        storing.content_of(found),
        as_attachment=True,
        filename=found.file_name,
        content_type=found.mime_type,
    )
    # Whatever a browser makes of it, it is nobody's page.
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    patch_cache_control(answer, private=True, no_store=True)
    return answer


def _address(request: PageRequest, file_id: UUID) -> str:
    try:
        found = storing.find_among(organizations=request.organizations, file_id=file_id)
        return storing.download_address(found)
    except (storing.FileNotFound, storing.NotUploaded) as error:
        raise Http404 from error


def _signed(file_id: UUID, signature: str) -> StoredFile:
    try:
        return storing.found_by_signature(purpose=storing.DOWNLOAD, file_id=file_id, signature=signature)
    except storing.AddressExpired as error:
        raise PermissionDenied(_("This address of a file has expired. Go back, and open the file again.")) from error
    except storing.AddressNotValid as error:
        raise PermissionDenied(_("This address of a file is not complete. Open the file from its page.")) from error
    except storing.FileNotFound as error:
        raise Http404 from error
