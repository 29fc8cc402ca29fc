"""The routes of files: those under /v1/, and the signed address that takes a content."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from facilities import storing
from facilities.api import files

router = SimpleRouter()
# With or without, and never a redirect: a POST would lose its body.
router.trailing_slash = "/?"
router.register("v1/files", files.FileViewSet, basename="files")

urlpatterns = [
    *router.urls,
    path("files/<uuid:file_id>/upload", files.ContentViewSet.as_view({"put": "update"}), name=storing.UPLOAD),
]
