from django.contrib import admin

from facilities.admin.door import ReadOnlyAdmin
from facilities.admin.filters import OrganizationFilter
from facilities.models import StoredFile


@admin.register(StoredFile)
class StoredFileAdmin(ReadOnlyAdmin):
    """Documents that came, and those that were only announced."""

    list_display = ("file_name", "organization", "mime_type", "size_bytes", "status", "created_by", "created_at")
    list_filter = ("status", "extension", OrganizationFilter)
    list_select_related = ("organization", "created_by")
    search_fields = ("name", "sha256")
    ordering = ("-created_at", "-pk")
