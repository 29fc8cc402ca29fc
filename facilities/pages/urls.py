from django.contrib.auth.views import LogoutView
from django.urls import path

from facilities import storing
from facilities.pages import files, keys, views

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("organizations/switch/", views.switch_organization, name="switch-organization"),
    path("files/<uuid:file_id>", files.file, name="file"),
    path("files/<uuid:file_id>/download", files.download, name=storing.DOWNLOAD),
    path("keys/", keys.keys, name="keys"),
    path("keys/<uuid:key_id>/revoke/", keys.revoke, name="keys-revoke"),
]
