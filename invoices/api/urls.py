"""The routes under /v1/. What comes first in a list of registrations wins: `invoices/cups` is no invoice's id."""

from rest_framework.routers import SimpleRouter

from invoices.api import (
    aliases,
    dismissals,
    exports,
    facilities,
    fuels,
    impacts,
    imports,
    invoice_viewsets,
    jobs,
    relocations,
    suggestions,
    units,
    viewsets,
)

router = SimpleRouter()
# With or without, and never a redirect: a POST would lose its body.
router.trailing_slash = "/?"
router.register("invoices", viewsets.CupsViewSet, basename="cups")
router.register("invoices", relocations.ElsewhereViewSet, basename="elsewhere")
router.register("invoices/cups/suggestions", suggestions.SuggestionViewSet, basename="suggestion")
router.register("invoices/cups/dismissals", dismissals.DismissalViewSet, basename="dismissal")
router.register("invoices", invoice_viewsets.InvoiceViewSet, basename="invoice")
router.register("facilities", facilities.FacilityViewSet, basename="facility")
router.register("processing-jobs", jobs.JobViewSet, basename="processing-job")
router.register("", impacts.ImpactViewSet, basename="impact")
router.register("units", units.UnitViewSet, basename="unit")
router.register("facility_fuels", fuels.FuelViewSet, basename="facility-fuel")
router.register("consolidations/batches", suggestions.BatchViewSet, basename="batch")
router.register("consolidations", viewsets.ConsolidationViewSet, basename="consolidation")
router.register("relocations", relocations.RelocationViewSet, basename="relocation")
router.register("cups-aliases", aliases.AliasViewSet, basename="cups-alias")
router.register("imports", imports.ImportViewSet, basename="invoice-import")
for _name, _viewset in {
    "cups-groups": exports.GroupsExport,
    "suggestions": exports.SuggestionsExport,
    "consolidations": exports.ConsolidationsExport,
    "cups-aliases": exports.AliasesExport,
    "invoices": exports.InvoicesExport,
}.items():
    router.register(rf"exports/{_name}\.csv", _viewset, basename=f"export-{_name}")
router.register(r"exports/invoices\.xlsx", exports.InvoicesWorkbook, basename="export-invoices-xlsx")

urlpatterns = router.urls
