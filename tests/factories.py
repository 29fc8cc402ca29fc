"""Valid rows: a test states only what matters to it. Each function saves and returns one row."""

import itertools
from datetime import date
from decimal import Decimal

from facilities import access
from facilities.models import (
    ApiKey,
    Facility,
    Membership,
    Organization,
    Role,
    StoredFile,
    Supplier,
    SupplyContract,
    User,
)
from facilities.models.api_key import PREFIX_LENGTH, digest_of, new_secret
from invoices import aliasing, evidencing, grouping, importing, relocating
from invoices.grouping import GroupKey
from invoices.models import (
    CupsDismissal,
    CustomEmissionFactor,
    CustomEmissionGroup,
    EvidenceArchive,
    FacilityFuel,
    FactorSet,
    FuelUnit,
    ImportProblem,
    Invoice,
    InvoiceEmission,
    InvoiceEmissionHistory,
    ProcessingJob,
    SupplierLink,
    Unit,
    YearClosing,
)

_numbers = itertools.count(1)

# Sound codes of different supplies, and one of them damaged in the ways of spec: see tests/plain/test_cups.py.
VALID_CUPS = "ES1234123456789012JY"
OTHER_VALID_CUPS = "ES0022000006089269MY1P"


def organization(**fields):
    return Organization.objects.create(**{"name": f"Organization {next(_numbers)}", **fields})


def user(**fields):
    return User.objects.create(**{"username": f"user{next(_numbers)}", **fields})


def membership(**fields):
    return Membership.objects.create(
        **{
            "role": Role.EDITOR,
            "organization": fields.get("organization") or organization(),
            "user": fields.get("user") or user(),
            **fields,
        }
    )


def member(organization, role=Role.EDITOR, **fields):
    """Save a person with a role in the organization."""
    person = user(**fields)
    membership(organization=organization, user=person, role=role)
    return person


def author(organization, role=Role.EDITOR, through=access.Channel.WEB):
    """Return somebody who acts for the organization."""
    return access.Author(member(organization, role), through)


def api_key(**fields):
    """Save a key and return it with its secret; its creator is a member with the same role unless given."""
    secret = fields.pop("secret", None) or new_secret()
    own = fields.pop("organization", None) or organization()
    role = fields.pop("role", Role.EDITOR)
    creator = fields.pop("created_by", None) or member(own, role)
    key = ApiKey.objects.create(
        organization=own,
        role=role,
        created_by=creator,
        digest=digest_of(secret),
        prefix=secret[:PREFIX_LENGTH],
        **{"name": "test", **fields},
    )
    return key, secret


def facility(**fields):
    number = next(_numbers)
    return Facility.objects.create(
        **{
            "name": f"Facility {number}",
            "country": "ES",
            "type": "office",
            "organization": fields.get("organization") or organization(),
            **fields,
        }
    )


def supplier(**fields):
    return Supplier.objects.create(
        **{"name": f"Supplier {next(_numbers)}", "country": "ES", "type": "electricity", **fields}
    )


def supplier_link(**fields):
    return SupplierLink.objects.create(
        **{"supplier": fields.get("supplier") or supplier(), "register_name": "iberdrola clientes", **fields}
    )


def supply_contract(**fields):
    place = fields.pop("facility", None) or facility()
    return SupplyContract.objects.create(
        **{
            "facility": place,
            "organization": place.organization,
            "cups": VALID_CUPS,
            "start_date": date(2020, 1, 1),
            **fields,
        }
    )


def datadis_contract(**fields):
    return supply_contract(source="datadis", **fields)


def unit(**fields):
    name = fields.pop("name", "kilowatt_hour_(kwh)")
    return Unit.objects.get_or_create(name=name, defaults={"symbol": "kWh", "type": "energy", **fields})[0]


def invoice(**fields):
    """Save an electricity invoice of January 2024 and keep its group true."""
    row = build_invoice(**fields)
    row.save(force_insert=True)
    key = GroupKey.of(row)
    if key:
        grouping.refresh([key])
    return row


def invoices(count, **fields):
    """Save several invoices of one supply, month after month from January 2024."""
    rows = [
        build_invoice(
            **{
                "start_date": date(2024 + month // 12, month % 12 + 1, 1),
                "end_date": date(2024 + month // 12, month % 12 + 1, 28),
                **fields,
            }
        )
        for month in range(count)
    ]
    Invoice.objects.bulk_create(rows)
    grouping.refresh(key for row in rows if (key := GroupKey.of(row)))
    return rows


def build_invoice(**fields):
    parent = fields.get("is_parent", False)
    place = None if parent else fields.pop("facility", None) or facility(**_only(fields, "organization"))
    own = fields.pop("organization", None) or (place.organization if place else organization())
    quantity = Decimal(fields.pop("quantity", 100))
    return Invoice(
        **{
            "organization": own,
            "facility": place,
            "type": "electricity",
            "status": "active",
            "invoice_number": f"E-{next(_numbers)}",
            "start_date": date(2024, 1, 1),
            "end_date": date(2024, 1, 31),
            "base_quantity": quantity,
            "quantity": quantity,
            "cups": VALID_CUPS,
            "unit": fields.get("unit") or unit(),
            "uploaded_by": fields.get("uploaded_by") or user(),
            **fields,
        }
    )


def distributed(*places, cups=VALID_CUPS, organization=None, **fields):
    """Save a distributed invoice: return the parent and a child for each facility, in equal shares."""
    person = fields.pop("uploaded_by", None) or user()
    parent = invoice(
        organization=organization or places[0].organization, is_parent=True, cups=cups, uploaded_by=person, **fields
    )
    share = (Decimal(1) / len(places)).quantize(Decimal("0.0000000001"))
    children = [
        invoice(
            facility=place,
            cups=cups,
            source_invoice=parent,
            percentage=share,
            uploaded_by=person,
            **{"invoice_number": parent.invoice_number, **fields},
        )
        for place in places
    ]
    return parent, children


def _only(fields, name):
    return {name: fields[name]} if fields.get(name) else {}


def stored_file(**fields):
    """Save an announced PDF."""
    return StoredFile.objects.create(
        **{
            "organization": fields.get("organization") or organization(),
            "name": f"invoice-{next(_numbers)}",
            "extension": "pdf",
            "mime_type": "application/pdf",
            "size_kb": Decimal(1),
            "created_by": fields.get("created_by") or user(),
            **fields,
        }
    )


def fuel(**fields):
    """Save a fuel, billed in the units that are given."""
    units = fields.pop("units", ())
    row = FacilityFuel.objects.create(
        **{"name": f"Fuel {next(_numbers)}", "country": "ES", "type": "gas", "code": f"fuel_{next(_numbers)}", **fields}
    )
    for position, each in enumerate(units):
        FuelUnit.objects.create(fuel=row, unit=each, position=position)
    return row


def custom_group(**fields):
    return CustomEmissionGroup.objects.create(
        **{
            "organization": fields.get("organization") or organization(),
            "name": f"Factors {next(_numbers)}",
            "ghg_type": 1,
            "created_by": fields.get("created_by") or user(),
            **fields,
        }
    )


def custom_factor(**fields):
    group = fields.pop("group", None) or custom_group(**_only(fields, "organization"))
    return CustomEmissionFactor.objects.create(
        **{
            "group": group,
            "organization": group.organization,
            "ef_name": f"Factor {next(_numbers)}",
            "unit": fields.get("unit") or unit(),
            "emission_factor_values": [{"gas_type": "CO2e", "value": "0.1"}],
            "created_by": fields.get("created_by") or user(),
            **fields,
        }
    )


def factor_set(**fields):
    """Return the set that every test database holds, or save an empty one of another version."""
    if not fields:
        return FactorSet.objects.earliest("pk")
    version = fields.pop("version")
    return FactorSet.objects.get_or_create(version=version, defaults={"checksum": "0" * 64, **fields})[0]


def dismissal(*, facility, by, **fields):
    """Save that a code with one wrong digit is not the supply that it looks like, past the domain."""
    return CupsDismissal.objects.create(
        **{
            "organization": facility.organization,
            "suggestion": "0" * 32,
            "tier": 1,
            "facility": facility,
            "cups": "ES1234123456789013JY",
            "supply": VALID_CUPS,
            "target_cups": VALID_CUPS,
            **by.recorded(),
            **fields,
        }
    )


def emission(invoice, **fields):
    """Save a result of an invoice: unless said otherwise the market-based kg of its electricity."""
    return InvoiceEmission.objects.create(
        **{
            "invoice": invoice,
            "organization": invoice.organization,
            "activity_category": "electricity",
            "scope": 2,
            "factor_set": fields.get("factor_set") or factor_set(),
            **fields,
        }
    )


def replaced_emission(invoice, **fields):
    """Save a result that an invoice had before."""
    return InvoiceEmissionHistory.objects.create(
        **{
            "invoice_id": invoice.pk,
            "organization": invoice.organization,
            "activity_category": "electricity",
            "scope": 2,
            "factor_set": fields.get("factor_set") or factor_set(),
            **fields,
        }
    )


def relocation(*, facility, by):
    """Move an invoice from the facility to a new one; return the record of it."""
    row = invoice(facility=facility, cups="ES-MOVED")
    wish = relocating.Wish(row.cups, facility.pk, globals()["facility"](organization=facility.organization).pk)
    return relocating.move(organization=facility.organization, wish=wish, by=by).relocation


def cups_alias(*, facility, cups="ES-OLD", target=VALID_CUPS, by=None):
    """Let a code stand for another at the facility."""
    by = by or author(facility.organization)
    (made,) = aliasing.make(organization=facility.organization, aliases=[(facility.pk, cups)], target=target, by=by)
    return made


def evidence_archive(**fields):
    """Save an archive of 2024 that is being made, with its job."""
    own = fields.pop("organization", None) or organization()
    job = ProcessingJob.objects.create(
        organization=own, action="EXPORT", entity_name="EVIDENCE", trigger_type="WEB", created_by=user()
    )
    return EvidenceArchive.objects.create(**{"organization": own, "job": job, "year": 2024, **fields})


def make_evidence(job):
    """Make and keep the evidence that a job is for, as a worker does."""
    with evidencing.making(job=job, go_on=lambda: None) as made:
        evidencing.keep(made)


def year_closing(**fields):
    """Save the closing of 2024, past the domain."""
    return YearClosing.objects.create(
        **{
            "organization": fields.get("organization") or organization(),
            "year": 2024,
            "action": "closed",
            "by": fields.get("by") or user(),
            "through": access.Channel.WEB,
            **fields,
        }
    )


# A file of one sound row, but for the facility that it names.
IMPORTED = "type,start_date,end_date,quantity,unit,facility\nelectricity,2024-01-01,2024-01-31,100,kWh,Madrid\n"


def invoice_import(**fields):
    """Save a file that was uploaded, and nothing else yet."""
    own = fields.pop("organization", None) or organization()
    content = fields.pop("content", IMPORTED).encode()
    return importing.upload(organization=own, by=author(own), file_name="march.csv", chunks=[content])


def import_problem(**fields):
    """Save that a row of an import lacks something."""
    of = fields.pop("invoice_import", None) or invoice_import(**_only(fields, "organization"))
    return ImportProblem.objects.create(
        invoice_import=of,
        organization=of.organization,
        batch_number=0,
        line=2,
        column="unit",
        severity="error",
        code="missing",
    )
