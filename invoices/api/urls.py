"""The routes under /v1/. What comes first in a list of registrations wins: `invoices/cups` is no invoice's id."""

from rest_framework.routers import SimpleRouter

from invoices.api import facilities, fuels, impacts, invoice_viewsets, jobs, relocations, units, viewsets

router = SimpleRouter()
# With or without, and never a redirect: a POST would lose its body.
router.trailing_slash = "/?"
router.register("invoices", viewsets.CupsViewSet, basename="cups")
router.register("invoices", relocations.ElsewhereViewSet, basename="elsewhere")
router.register("invoices", invoice_viewsets.InvoiceViewSet, basename="invoice")
router.register("facilities", facilities.FacilityViewSet, basename="facility")
router.register("processing-jobs", jobs.JobViewSet, basename="processing-job")
router.register("", impacts.ImpactViewSet, basename="impact")
router.register("units", units.UnitViewSet, basename="unit")
router.register("facility_fuels", fuels.FuelViewSet, basename="facility-fuel")
router.register("consolidations", viewsets.ConsolidationViewSet, basename="consolidation")
router.register("relocations", relocations.RelocationViewSet, basename="relocation")

urlpatterns = router.urls
