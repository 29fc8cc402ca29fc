from django.urls import path

from invoices.pages import cups, history, missing, undo

urlpatterns = [
    path("cups/", cups.listing, name="cups"),
    path("cups/check/", cups.check, name="cups-check"),
    path("cups/consolidate/", cups.consolidate, name="cups-consolidate"),
    path("cups/consolidate/preview/", cups.preview, name="cups-preview"),
    path("cups/missing/", missing.listing, name="cups-missing"),
    path("cups/missing/preview/", missing.preview, name="cups-missing-preview"),
    path("cups/missing/assign/", missing.assign, name="cups-missing-assign"),
    path("history/", history.listing, name="history"),
    path("history/<uuid:consolidation_id>/", history.detail, name="history-detail"),
    path("history/<uuid:consolidation_id>/undo/", undo.undo, name="history-undo"),
]
