"""The documented programs run against a live server, with nothing but the host, the headers and the ids given."""

from decimal import Decimal

import pytest
import requests

from invoices import grouping
from invoices.models import Invoice, ProcessingJob, Unit
from tests import factories
from tests.invoices.api import samples

pytestmark = pytest.mark.django_db(transaction=True)

HOST = "https://api.dcycle.io"


@pytest.fixture
def places(organization):
    return [factories.facility(organization=organization) for _ in range(3)]


@pytest.fixture
def run(organization, live_server, monkeypatch):
    """Run a program after giving it what it leaves to the reader; return what it knows at its end."""
    monkeypatch.setenv("NO_PROXY", "*")
    user = factories.member(organization)
    _key, secret = factories.api_key(organization=organization, reach="tree")
    headers = {
        "x-api-key": secret,
        "x-organization-id": str(organization.pk),
        "x-user-id": str(user.pk),
    }

    def run(program, ids, **names):
        for name, key in {HOST: live_server.url, **{f'"{name}"': f'"{key}"' for name, key in ids.items()}}.items():
            assert name in program
            program = program.replace(name, key)
        known = {"requests": requests, "headers": headers, "user_id": str(user.pk), "org_id": str(organization.pk)}
        known |= names
        exec(program, known)  # noqa: S102 (the page's own program, which stands in samples.py)
        return known

    return run


def unit(name):
    return Unit.objects.get(name=name).pk


def test_a_single_invoice(run, places):
    known = run(
        samples.SINGLE,
        {
            "facility-uuid": places[0].pk,
            "kwh-unit-id": unit("kilowatt_hour_(kwh)"),
            "supplier-id": factories.supplier().pk,
        },
    )

    assert (known["invoice"]["status"], known["invoice"]["quantity"]) == ("loading", 15000.0)
    assert Invoice.objects.get().invoice_number == "E-2024-11-001"


def test_heat_that_three_buildings_share(run, places):
    known = run(
        samples.DISTRIBUTED,
        {
            "facility-1-uuid": places[0].pk,
            "facility-2-uuid": places[1].pk,
            "facility-3-uuid": places[2].pk,
            "m3-unit-id": unit("cubic_meter_(m³)"),
            "natural-gas-id": factories.fuel().pk,
        },
    )

    parent = Invoice.objects.get(pk=known["invoice"]["id"])
    assert known["invoice"]["source_invoice_id"] == str(parent.pk)
    assert sorted(parent.children.values_list("quantity", flat=True)) == [Decimal("833.5"), Decimal("1666.5"), 2500]
    assert ProcessingJob.objects.get().items_total == 3


def test_a_bill_that_subsidiaries_share(run, organization):
    below = [factories.organization(parent=organization) for _ in range(3)]
    ids = {}
    for number, each in enumerate(below, start=1):
        ids[f"subsidiary-{number}-org-id"] = each.pk
        ids[f"subsidiary-{number}-facility-id"] = factories.facility(organization=each).pk

    known = run(samples.CORPORATE, ids, get_unit_id_for_type=lambda type_: str(unit("cubic_meter_(m³)")))

    assert [part["percentage"] for part in known["invoice"]["facility_percentages"]] == [0.5, 0.3, 0.2]
    quantities = dict(Invoice.objects.filter(is_parent=False).values_list("organization", "quantity"))
    assert [quantities[each.pk] for each in below] == [500, 300, 200]


def test_a_month_of_invoices(run, places, organization, capsys):
    known = run(
        samples.BATCH,
        {
            "fac-1": places[0].pk,
            "fac-2": places[1].pk,
            "fac-3": places[2].pk,
            "sup-1": factories.supplier().pk,
            "sup-2": factories.supplier().pk,
            "kwh-unit-id": unit("kilowatt_hour_(kwh)"),
        },
    )

    assert [invoice["quantity"] for invoice in known["invoices"]] == [15000.0, 12000.0, 8000.0]
    assert {invoice["end_date"] for invoice in known["invoices"]} == {"2024-11-30"}
    assert Invoice.objects.count() == 3
    assert list(grouping.differences(organization=organization)) == []
    assert "Created 3 invoices" in capsys.readouterr().out
