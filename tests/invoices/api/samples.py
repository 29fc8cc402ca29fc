"""
The four Python programs of the documented page "Create Invoice", as a client has them.

They are the page's, not ours: their code alone, letter by letter, since what is tested is that it runs. The names that
they leave to the reader (`requests`, `headers`, `user_id`, `org_id`, `get_unit_id_for_type`), the host and the ids are
given by the test.
"""

SINGLE = """
def create_electricity_invoice(facility_id, kwh, start_date, end_date, invoice_number):
    invoice_data = {
        "type": "electricity",
        "base_quantity": kwh,
        "unit_id": "kwh-unit-id",
        "start_date": start_date,
        "end_date": end_date,
        "uploaded_by": user_id,
        "invoice_id": invoice_number,
        "supplier_id": "supplier-id",
        "facility_percentages": [
            {
                "organization_id": org_id,
                "facility_id": facility_id,
                "percentage": 1.0
            }
        ]
    }

    response = requests.post(
        "https://api.dcycle.io/api/v1/invoices",
        headers=headers,
        json=invoice_data
    )

    return response.json()

invoice = create_electricity_invoice(
    facility_id="facility-uuid",
    kwh=15000,
    start_date="2024-11-01",
    end_date="2024-11-30",
    invoice_number="E-2024-11-001"
)
"""

DISTRIBUTED = """
def create_shared_heating_invoice(facilities, total_m3, start_date, end_date):
    total_size = sum(f['size_m2'] for f in facilities)

    facility_percentages = []
    for facility in facilities:
        percentage = facility['size_m2'] / total_size

        facility_percentages.append({
            "organization_id": org_id,
            "facility_id": facility['id'],
            "percentage": round(percentage, 4),
            "facility_name": facility['name']
        })

    total_percentage = sum(f['percentage'] for f in facility_percentages)
    if abs(total_percentage - 1.0) > 0.0001:
        facility_percentages[-1]['percentage'] += (1.0 - total_percentage)

    invoice_data = {
        "type": "heat",
        "base_quantity": total_m3,
        "unit_id": "m3-unit-id",
        "start_date": start_date,
        "end_date": end_date,
        "uploaded_by": user_id,
        "facility_fuel_id": "natural-gas-id",
        "facility_percentages": facility_percentages
    }

    response = requests.post(
        "https://api.dcycle.io/api/v1/invoices",
        headers=headers,
        json=invoice_data
    )

    return response.json()

facilities = [
    {"id": "facility-1-uuid", "name": "Building A", "size_m2": 1000},
    {"id": "facility-2-uuid", "name": "Building B", "size_m2": 1500},
    {"id": "facility-3-uuid", "name": "Building C", "size_m2": 500}
]

invoice = create_shared_heating_invoice(
    facilities=facilities,
    total_m3=5000,
    start_date="2024-11-01",
    end_date="2024-11-30"
)
"""

CORPORATE = """
def distribute_utility_to_subsidiaries(invoice_type, quantity, subsidiaries):
    facility_percentages = []

    for subsidiary in subsidiaries:
        facility_percentages.append({
            "organization_id": subsidiary['org_id'],
            "facility_id": subsidiary['facility_id'],
            "percentage": subsidiary['cost_allocation'],
            "company_name": subsidiary['company_name'],
            "facility_name": subsidiary['facility_name']
        })

    invoice_data = {
        "type": invoice_type,
        "base_quantity": quantity,
        "unit_id": get_unit_id_for_type(invoice_type),
        "start_date": "2024-11-01",
        "end_date": "2024-11-30",
        "uploaded_by": user_id,
        "facility_percentages": facility_percentages
    }

    response = requests.post(
        "https://api.dcycle.io/api/v1/invoices",
        headers=headers,
        json=invoice_data
    )

    return response.json()

subsidiaries = [
    {
        "org_id": "subsidiary-1-org-id",
        "facility_id": "subsidiary-1-facility-id",
        "cost_allocation": 0.5,
        "company_name": "Subsidiary A",
        "facility_name": "Main Office"
    },
    {
        "org_id": "subsidiary-2-org-id",
        "facility_id": "subsidiary-2-facility-id",
        "cost_allocation": 0.3,
        "company_name": "Subsidiary B",
        "facility_name": "Regional Office"
    },
    {
        "org_id": "subsidiary-3-org-id",
        "facility_id": "subsidiary-3-facility-id",
        "cost_allocation": 0.2,
        "company_name": "Subsidiary C",
        "facility_name": "Branch Office"
    }
]

invoice = distribute_utility_to_subsidiaries(
    invoice_type="water",
    quantity=1000,
    subsidiaries=subsidiaries
)
"""

BATCH = """
def create_monthly_invoices(facilities, month, year):
    from datetime import datetime
    import calendar

    start_date = f"{year}-{month:02d}-01"
    last_day = calendar.monthrange(year, month)[1]
    end_date = f"{year}-{month:02d}-{last_day}"

    created_invoices = []

    for facility in facilities:
        invoice_data = {
            "type": "electricity",
            "base_quantity": facility['monthly_kwh'],
            "unit_id": "kwh-unit-id",
            "start_date": start_date,
            "end_date": end_date,
            "uploaded_by": user_id,
            "supplier_id": facility['supplier_id'],
            "facility_percentages": [
                {
                    "organization_id": org_id,
                    "facility_id": facility['id'],
                    "percentage": 1.0,
                    "facility_name": facility['name']
                }
            ]
        }

        try:
            response = requests.post(
                "https://api.dcycle.io/api/v1/invoices",
                headers=headers,
                json=invoice_data
            )
            created_invoices.append(response.json())
            print(f"✓ Created invoice for {facility['name']}")
        except Exception as e:
            print(f"✗ Failed for {facility['name']}: {str(e)}")

    return created_invoices

facilities = [
    {"id": "fac-1", "name": "Madrid Office", "monthly_kwh": 15000, "supplier_id": "sup-1"},
    {"id": "fac-2", "name": "Barcelona Office", "monthly_kwh": 12000, "supplier_id": "sup-1"},
    {"id": "fac-3", "name": "Valencia Office", "monthly_kwh": 8000, "supplier_id": "sup-2"}
]

invoices = create_monthly_invoices(facilities, month=11, year=2024)
print(f"Created {len(invoices)} invoices")
"""
