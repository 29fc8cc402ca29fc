"""Door for staff: look up and correct. Every write goes through the domain, and shows only what one is assigned to."""

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from facilities.admin import files, organizations, people, places

__all__ = ["auth_admin", "files", "organizations", "people", "places"]

# Rights are memberships; groups of permissions would say something that nobody obeys. Imported above, so that it is
# registered by now.
admin.site.unregister(Group)
admin.site.site_title = admin.site.site_header = "Consolida"
admin.site.index_title = _("Look up and correct")
admin.site.site_url = "/cups/"
