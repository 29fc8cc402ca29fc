from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from config import api_schema

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="cups")),
    path("", include("facilities.pages.urls")),
    path("", include("invoices.pages.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    re_path(r"^v1/openapi\.json/?$", api_schema.openapi, name="openapi"),
    re_path(r"^v1/docs/?$", api_schema.docs, name="api-docs"),
    path("", include("facilities.api.file_urls")),
    path("", include("facilities.api.urls")),
    path("v1/", include("invoices.api.urls")),
    path("api/v1/", include("invoices.api.legacy_urls")),
]
