"""The routes under /v1/. What comes first in a list of registrations wins: `invoices/cups` is no invoice's id."""

from rest_framework.routers import SimpleRouter

from invoices.api import viewsets

router = SimpleRouter()
# With or without, and never a redirect: a POST would lose its body.
router.trailing_slash = "/?"
router.register("invoices", viewsets.CupsViewSet, basename="cups")
router.register("consolidations", viewsets.ConsolidationViewSet, basename="consolidation")

urlpatterns = router.urls
