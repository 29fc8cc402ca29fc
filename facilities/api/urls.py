"""The routes of organizations, facilities, contracts and suppliers; the last are documented under /api/v1/ too."""

from rest_framework.routers import SimpleRouter

from facilities.api import contracts, facilities, organizations, suppliers

router = SimpleRouter()
# With or without, and never a redirect: a POST would lose its body.
router.trailing_slash = "/?"
router.register("v1/facilities", facilities.FacilityViewSet, basename="facility")
router.register("v1/supply-contracts", contracts.ContractViewSet, basename="supply-contract")
router.register("v1/suppliers", suppliers.SupplierViewSet, basename="supplier")
router.register("api/v1/suppliers", suppliers.SupplierViewSet, basename="legacy-supplier")
router.register("v2/organizations", organizations.OrganizationsViewSet, basename="organization")

urlpatterns = router.urls
