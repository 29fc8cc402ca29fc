"""The routes under /api/v1/, as the documented pages have them."""

from rest_framework.routers import SimpleRouter

from invoices.api import custom_factors, filing, fuels, units

router = SimpleRouter()
# With or without, and never a redirect: a POST would lose its body.
router.trailing_slash = "/?"
router.register("invoices", filing.LegacyInvoiceViewSet, basename="legacy-invoice")
router.register("units", units.UnitViewSet, basename="legacy-unit")
router.register("facility_fuels", fuels.FuelViewSet, basename="legacy-facility-fuel")
router.register("custom_emission_groups", custom_factors.CustomGroupViewSet, basename="custom-emission-group")
router.register("custom_emission_factors", custom_factors.CustomFactorViewSet, basename="custom-emission-factor")

urlpatterns = router.urls
