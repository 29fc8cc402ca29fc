"""The routes under /v1/. What comes first in a list of registrations wins: `invoices/cups` is no invoice's id."""

from rest_framework.routers import SimpleRouter

from invoices.api import fuels, invoice_viewsets, jobs, units, viewsets

router = SimpleRouter()
# With or without, and never a redirect: a POST would lose its body.
router.trailing_slash = "/?"
router.register("invoices", viewsets.CupsViewSet, basename="cups")
router.register("invoices", invoice_viewsets.InvoiceViewSet, basename="invoice")
router.register("processing-jobs", jobs.JobViewSet, basename="processing-job")
router.register("units", units.UnitViewSet, basename="unit")
router.register("facility_fuels", fuels.FuelViewSet, basename="facility-fuel")
router.register("consolidations", viewsets.ConsolidationViewSet, basename="consolidation")

urlpatterns = router.urls
