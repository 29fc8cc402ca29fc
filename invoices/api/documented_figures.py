"""What the schema says of totals, and of the results of an invoice."""

from drf_spectacular.utils import extend_schema_view

from facilities.api.documenting import operation
from invoices import impacts as adding_up
from invoices.api import examples, impacts

extend_schema_view(
    totals=operation(
        responses=impacts.TotalsOutput,
        filters={
            "start_date": "The first day that counts.",
            "end_date": "The last day that counts; at most 730 with the first.",
            "group_by": "What `items` are; `scope` unless said.",
            "include_children": "Also the organizations below, as far as the caller reaches.",
        },
        answers={200: {"By scope": examples.TOTALS}},
        refusals=[adding_up.EndsBeforeItStarts, adding_up.WindowTooLong],
    ),
)(impacts.ImpactViewSet)
