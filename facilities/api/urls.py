"""
The routes of organizations, contracts and suppliers; the last are documented under /api/v1/ too.

Facilities are answered with their emissions, by a door in `invoices`.
"""

from rest_framework.routers import SimpleRouter

from facilities.api import contracts, organizations, suppliers

router = SimpleRouter()
# With or without, and never a redirect: a POST would lose its body.
router.trailing_slash = "/?"
router.register("v1/supply-contracts", contracts.ContractViewSet, basename="supply-contract")
router.register("v1/suppliers", suppliers.SupplierViewSet, basename="supplier")
router.register("api/v1/suppliers", suppliers.SupplierViewSet, basename="legacy-supplier")
router.register("v2/organizations", organizations.OrganizationsViewSet, basename="organization")

urlpatterns = router.urls
