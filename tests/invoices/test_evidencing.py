"""The evidence of a year: asked for, made by a job, and true to the database, file by file."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import connection

from config.file_store import store_of
from facilities import access
from facilities.models import Role
from invoices import assigning, consolidating, evidencing, filing, undoing, waking, working
from invoices.consolidating import Source
from invoices.evidence import packing
from invoices.evidence.gathering import Gathering
from invoices.models import (
    EmissionSource,
    EvidenceArchive,
    InvoiceEmission,
    InvoiceEmissionHistory,
    JobChunk,
    ProcessingJob,
    YearClosing,
)
from tests import factories, s3_server

pytestmark = pytest.mark.django_db

FILES = [
    *("README.txt", "changes.csv", "closings.csv", "consolidations.csv", "factors.csv", "figures.csv", "gaps.csv"),
    *("history.csv", "invoices.csv", "manifest.json", "results.csv", "sources.csv", "undos.csv"),
]


@pytest.fixture(autouse=True)
def woken(monkeypatch):
    """Keep the messages to workers here."""
    sent = []
    monkeypatch.setattr(waking, "wake", sent.extend)
    return sent


@pytest.fixture(autouse=True)
def store(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "files": {"BACKEND": "facilities.stores.folder.Folder", "OPTIONS": {"location": str(tmp_path)}}
    }
    return tmp_path


def line(**fields):
    return {
        "start": "2024-01-01",
        "end": "2024-01-31",
        "share": "1",
        "quantity": "100",
        "unit": "kWh",
        "factor": "0.105",
        "biomass_factor": "0",
        "source_id": "MITECO_V31",
        "factor_year": 2024,
        "gwp_set": "AR5",
        "flags": ["year_fallback"],
        "terms": [],
        "kind": "residual_mix",
        "label": "España",
        **fields,
    }


def calculated(facility, **fields):
    invoice = factories.invoice(facility=facility, **fields)
    factories.emission(invoice, co2e=Decimal("10.5"), co2e_biomass=Decimal(0), trace=[line()], flags="year_fallback")
    return invoice


def made(organization, by, year=2024):
    """Ask for the evidence of a year, make it, and return the archive."""
    asked = evidencing.request(organization=organization, year=year, by=by)
    factories.make_evidence(asked.job)
    return EvidenceArchive.objects.select_related("job").get(pk=asked.pk)


def opened(archive):
    with evidencing.content_of(archive) as content:
        return zipfile.ZipFile(io.BytesIO(content.read()))


def table(archive, name):
    with opened(archive) as packed:
        return list(csv.DictReader(io.StringIO(packed.read(name).decode("utf-8"))))


class TestAsking:
    def test_queues_one_job_with_one_chunk(self, organization, facility, author, woken):
        factories.invoice(facility=facility)
        factories.distributed(facility, facility)

        archive = evidencing.request(organization=organization, year=2024, by=author)

        job, chunk = ProcessingJob.objects.get(), JobChunk.objects.get()
        assert (job.action, job.entity_name, job.items_total, job.status) == ("EXPORT", "EVIDENCE", 3, "PENDING")
        assert (job.created_by, job.trigger_type, job.activity_category) == (author.user, "WEB", "")
        assert (chunk.job, chunk.organization, chunk.invoice_ids, chunk.state) == (job, organization, [], "ready")
        assert (archive.job, archive.year, archive.sha256, archive.size_bytes) == (job, 2024, "", None)
        assert woken == [chunk.pk]

    def test_is_for_editors(self, organization, facility, woken):
        factories.invoice(facility=facility)

        with pytest.raises(access.NotAllowed):
            evidencing.request(organization=organization, year=2024, by=factories.author(organization, Role.VIEWER))
        assert not ProcessingJob.objects.exists()
        assert woken == []

    def test_of_a_year_without_invoices_is_refused(self, organization, other_organization, author):
        factories.invoice(facility=factories.facility(organization=other_organization))

        with pytest.raises(evidencing.NothingToShow):
            evidencing.request(organization=organization, year=2024, by=author)
        assert not ProcessingJob.objects.exists()


class TestMaking:
    def test_every_digest_is_that_of_the_manifest(self, organization, facility, author):
        calculated(facility)

        archive = made(organization, author)

        with evidencing.content_of(archive) as content:
            whole = content.read()
        assert (archive.size_bytes, archive.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
        packed = opened(archive)
        assert sorted(packed.namelist()) == FILES
        manifest = json.loads(packed.read("manifest.json"))
        assert sorted(manifest["files"]) == [name for name in FILES if name != "manifest.json"]
        for name, said in manifest["files"].items():
            content = packed.read(name)
            assert (said["bytes"], said["sha256"]) == (len(content), hashlib.sha256(content).hexdigest()), name
            if name.endswith(".csv"):
                assert said["rows"] == len(table(archive, name)), name

    def test_the_manifest_says_whose_and_of_when_it_is(self, organization, facility, author):
        calculated(facility)
        factories.year_closing(organization=organization, year=2024)

        manifest = json.loads(opened(made(organization, author)).read("manifest.json"))

        assert manifest["organization"] == {"id": str(organization.pk), "name": "Ours"}
        assert (manifest["year"], manifest["is_closed"], manifest["invoices"]) == (2024, True, 1)
        assert manifest["requested_by"] == author.user.display_name
        assert manifest["kg_co2e"] == {"2_market": "10.500000"}
        assert manifest["factor_sets"] == [{"version": "2026.1", "sha256": factories.factor_set().checksum}]

    @pytest.mark.parametrize(
        ("action", "words"),
        [("closed", ["estaba cerrado", "was closed"]), ("reopened", ["no estaba cerrado", "was not closed"])],
    )
    def test_the_readme_says_in_both_languages_what_it_is(self, organization, facility, author, action, words):
        calculated(facility)
        factories.year_closing(organization=organization, year=2024, action=action)

        text = opened(made(organization, author)).read("README.txt").decode()

        for said in (*words, "Ours · 2024", "Ministerio para\nla Transición Ecológica", "Ember and Our World in Data"):
            assert said in text
        for name in FILES:
            assert name == "README.txt" or text.count(name) >= 2, name

    def test_the_figures_are_those_of_the_database(self, organization, facility, author):
        invoice = calculated(facility)
        factories.emission(
            invoice,
            activity_category="energy",
            scope=None,
            energy_kwh=Decimal(100),
            trace=[line(factor="1", flags=[], source_id="")],
        )
        factories.emission(
            invoice, activity_category="electricity_generation", scope=3, error="No factor for Narnia in 2024."
        )

        archive = made(organization, author)

        figures = {row["category"]: row for row in table(archive, "figures.csv")}
        stored = InvoiceEmission.objects.get(activity_category="electricity")
        assert Decimal(figures["electricity"]["co2e_kg"]) == stored.co2e
        assert Decimal(figures["energy"]["energy_kwh"]) == 100
        assert figures["electricity_generation"]["error"] == "No factor for Narnia in 2024."
        results = {row["category"]: row for row in table(archive, "results.csv")}
        assert results["electricity"] == {
            "invoice_id": str(invoice.pk),
            "category": "electricity",
            "scope": "2",
            "line": "1",
            "first_day": "2024-01-01",
            "last_day": "2024-01-31",
            "share": "1",
            "quantity": "100",
            "unit": "kWh",
            "factor": "0.105",
            "biogenic_factor": "0",
            "source_id": "MITECO_V31",
            "factor_year": "2024",
            "gwp_set": "AR5",
            "flags": "year_fallback",
            "kind": "residual_mix",
            "label": "España",
            "terms": "[]",
            "co2e_kg": "10.500",
            "biogenic_co2_kg": "0",
            "energy_kwh": "",
            "error": "",
            "factor_set": "2026.1",
        }
        assert (results["energy"]["energy_kwh"], results["energy"]["co2e_kg"]) == ("100", "")
        failed = results["electricity_generation"]
        assert (failed["error"], failed["line"], failed["co2e_kg"]) == ("No factor for Narnia in 2024.", "", "")

    def test_an_invoice_says_all_that_its_figures_follow_from(self, organization, facility, author):
        file = factories.stored_file(organization=organization, sha256="a" * 64)
        supplier = factories.supplier(name="Luz")
        contract = factories.supply_contract(facility=facility, renewable_percentage=1, certificate_number="GDO-1")
        invoice = factories.invoice(
            facility=facility,
            start_date=date(2023, 12, 16),
            end_date=date(2024, 1, 15),
            quantity="-12.5",
            supplier=supplier,
            supply_contract=contract,
            file_id=file.pk,
            printed_cups="ES-PRINTED",
        )

        (row,) = table(made(organization, author), "invoices.csv")

        said = {
            "invoice_id": str(invoice.pk),
            "invoice_number": invoice.invoice_number,
            "start_date": "2023-12-16",
            "end_date": "2024-01-15",
            "days": "31",
            "days_in_year": "15",
            "facility": "Madrid",
            "country": "ES",
            "supplier": "Luz",
            "quantity": "-12.500000",
            "unit": "kilowatt_hour_(kwh)",
            "printed_cups": "ES-PRINTED",
            "cups": factories.VALID_CUPS,
            "contract_id": str(contract.pk),
            "contract_renewable_share": "1.000000",
            "certificate_number": "GDO-1",
            "file_id": str(file.pk),
            "file_sha256": "a" * 64,
            "part_of_invoice_id": "",
        }
        assert {name: row[name] for name in said} == said

    def test_parts_of_a_bill_stand_for_it_each_in_its_own_organization(self, organization, facility):
        boss = factories.author(organization)
        below = factories.organization(parent=organization)
        file = factories.stored_file(organization=organization, sha256="b" * 64)
        parent, (ours, theirs) = factories.distributed(
            facility, factories.facility(organization=below), file_id=file.pk
        )

        (own,) = table(made(organization, boss), "invoices.csv")
        (lower,) = table(made(below, boss), "invoices.csv")

        assert (own["invoice_id"], own["part_of_invoice_id"]) == (str(ours.pk), str(parent.pk))
        assert (lower["invoice_id"], lower["file_sha256"]) == (str(theirs.pk), "b" * 64)

    def test_replaced_results_and_their_sources_are_there(self, organization, facility, author):
        EmissionSource.objects.update_or_create(
            code="MITECO_V31", defaults={"title": "Calculadora", "publisher": "MITECO", "licence": "Reuse"}
        )
        invoice = calculated(facility)
        older = factories.factor_set(version="2025.9")
        InvoiceEmissionHistory.objects.create(
            invoice_id=invoice.pk,
            organization=organization,
            activity_category="electricity",
            scope=2,
            co2e=Decimal(12),
            factor_set=older,
            trace=[line(factor="0.12", source_id="OURS+MITECO_V31", terms=[{"source_id": "SI"}])],
        )

        archive = made(organization, author)

        (old,) = table(archive, "history.csv")
        assert (old["co2e_kg"], old["factor_set"], old["job_id"]) == ("12.000000", "2025.9", "")
        assert json.loads(old["trace"])[0]["factor"] == "0.12"
        sources = {row["source_id"]: row for row in table(archive, "sources.csv")}
        assert sorted(sources) == ["MITECO_V31", "OURS", "SI"]
        assert (sources["MITECO_V31"]["licence"], sources["OURS"]["licence"]) == ("Reuse", "")
        factors = [(row["factor_set"], row["factor"], row["line_count"]) for row in table(archive, "factors.csv")]
        assert factors == [("2025.9", "0.12", "1"), ("2026.1", "0.105", "1")]

    def test_what_was_done_to_codes_and_invoices_is_there(self, organization, facility, author):
        invoice = factories.invoice(facility=facility, cups="ES-OLD")
        done = consolidating.consolidate(
            organization=organization,
            sources=[Source("ES-OLD", facility.pk)],
            target="ES-NEW",
            by=author,
            message="The scanner reads it so",
        ).consolidation
        undoing.undo(organization=organization, consolidation_id=done.pk, by=author)
        first = factories.invoice(facility=facility, cups="")
        named = {"organization": organization, "invoice_ids": [first.pk], "target": factories.VALID_CUPS}
        assigning.assign(**named, by=author, agreed=assigning.plan(**named).digest)
        filing.change(organization=organization, invoice_id=invoice.pk, by=author, changes={"invoice_number": "=1+1"})

        archive = made(organization, author)

        rewritten = {row["invoice_id"]: row for row in table(archive, "consolidations.csv")}
        one = rewritten[str(invoice.pk)]
        assert (one["target_cups"], one["previous_cups"], one["message"]) == (
            *("ES-NEW", "ES-OLD", "The scanner reads it so"),
        )
        assert (one["by"], one["through"], one["api_key"]) == (author.user.display_name, "WEB", "")
        assert rewritten[str(first.pk)]["previous_cups"] == ""
        (undone,) = table(archive, "undos.csv")
        assert (undone["consolidation_id"], undone["invoice_id"], undone["restored_cups"]) == (
            *(str(done.pk), str(invoice.pk), "ES-OLD"),
        )
        (change,) = table(archive, "changes.csv")
        assert (change["action"], json.loads(change["after"])) == ("changed", {"invoice_number": "=1+1"})
        assert change["invoice_number"] == invoice.invoice_number
        # No spreadsheet takes it for a formula.
        assert "'=1+1" in {row["invoice_number"] for row in table(archive, "invoices.csv")}

    def test_an_invoice_that_was_deleted_is_in_the_log_alone(self, organization, facility, author):
        factories.invoice(facility=facility)
        gone = factories.invoice(facility=facility)
        beside = factories.invoice(facility=facility, start_date=date(2023, 1, 1), end_date=date(2023, 1, 31))
        whole, (part, _other) = factories.distributed(facility, facility)
        for invoice in (gone, beside, whole):
            filing.delete(organization=organization, invoice_id=invoice.pk, by=author)

        archive = made(organization, author)

        logged = {row["invoice_id"] for row in table(archive, "changes.csv")}
        assert {str(gone.pk), str(part.pk)} <= logged
        assert logged.isdisjoint({str(beside.pk), str(whole.pk)})
        assert str(gone.pk) not in {row["invoice_id"] for row in table(archive, "invoices.csv")}

    def test_who_acted_with_a_key_for_somebody_is_named(self, organization, facility):
        key, _secret = factories.api_key(organization=organization, role="admin")
        person = factories.member(organization, first_name="Ana", last_name="Ruiz")
        factories.invoice(facility=facility)
        factories.year_closing(
            organization=organization,
            api_key=key,
            on_behalf_of=person,
            totals={"1": "1.5", "2_market": "2", "2_location": "3", "3": "4", "biomass": "-0.5"},
        )
        factories.year_closing(organization=organization, year=2023)

        (closing,) = table(made(organization, factories.author(organization)), "closings.csv")

        assert (closing["api_key"], closing["on_behalf_of"], closing["action"]) == (key.prefix, "Ana Ruiz", "closed")
        assert (closing["scope_1_kg"], closing["biogenic_co2_kg"]) == ("1.5", "-0.5")

    def test_names_the_months_of_a_supply_without_an_invoice(self, organization, facility, author):
        code = factories.VALID_CUPS
        for cups, start, end in [
            (code, date(2024, 2, 1), date(2024, 3, 10)),
            (code + "1F", date(2024, 6, 1), date(2024, 6, 30)),
            (code, date(2024, 12, 15), date(2025, 1, 14)),
        ]:
            factories.invoice(facility=facility, cups=cups, start_date=start, end_date=end)
        # Of no supply: another type, and one without a code.
        factories.invoice(facility=facility, type="water", start_date=date(2024, 4, 1), end_date=date(2024, 4, 30))
        factories.invoice(facility=facility, cups="", start_date=date(2024, 5, 1), end_date=date(2024, 5, 31))

        gaps = table(made(organization, author), "gaps.csv")

        assert {(row["supply"], row["facility"], row["first_date"], row["last_date"]) for row in gaps} == {
            (code[:20], "Madrid", "2024-02-01", "2025-01-14")
        }
        assert [row["month"][-2:] for row in gaps if row["is_between_invoices"] == "yes"] == [
            *("04", "05", "07", "08", "09", "10", "11"),
        ]
        assert [row["month"] for row in gaps if row["is_between_invoices"] == "no"] == ["2024-01"]

    def test_a_supply_that_skips_the_year_misses_all_of_it(self, organization, facility, author):
        factories.invoice(facility=facility, type="water", cups="")
        for year in (2023, 2025):
            factories.invoice(facility=facility, start_date=date(year, 6, 1), end_date=date(year, 6, 30))

        assert len(table(made(organization, author), "gaps.csv")) == 12

    def test_nothing_of_another_organization_is_in_it(self, organization, other_organization, facility, author):
        calculated(facility)
        foreign = calculated(factories.facility(organization=other_organization, name="Lisbon"))
        theirs = factories.author(other_organization)
        filing.change(
            organization=other_organization, invoice_id=foreign.pk, by=theirs, changes={"invoice_number": "THEIRS"}
        )
        factories.year_closing(organization=other_organization)

        packed = opened(made(organization, author))

        whole = b"".join(packed.read(name) for name in packed.namelist())
        for secret in (str(foreign.pk), "Lisbon", "THEIRS", "Theirs", str(other_organization.pk)):
            assert secret.encode() not in whole

    def test_the_same_books_give_the_same_files(self, organization, facility, author):
        calculated(facility)

        one, other = (json.loads(opened(made(organization, author)).read("manifest.json")) for _ in range(2))

        assert one["files"] == other["files"]

    def test_made_again_it_is_written_over(self, organization, facility, author, store):
        calculated(facility)
        archive = made(organization, author)
        calculated(facility)

        factories.make_evidence(archive.job)

        archive.refresh_from_db()
        assert len(table(archive, "invoices.csv")) == 2
        assert ProcessingJob.objects.get().items_total == archive.job.items_total == 2
        assert len(list(store.rglob("*.zip"))) == 1

    @pytest.mark.parametrize("deleted", [0, 3])
    def test_takes_many_in_slices(self, organization, facility, author, monkeypatch, deleted):
        monkeypatch.setattr("invoices.evidence.gathering._SLICE", 2)
        invoices = factories.invoices(4 + deleted, facility=facility)
        for invoice in invoices[4:]:
            filing.delete(organization=organization, invoice_id=invoice.pk, by=author)

        archive = made(organization, author)

        assert [row["invoice_id"] for row in table(archive, "invoices.csv")] == sorted(
            str(invoice.pk) for invoice in invoices[:4]
        )
        assert len(table(archive, "changes.csv")) == deleted

    def test_what_breaks_off_leaves_no_promise_and_no_file(self, organization, facility, author, monkeypatch, store):
        calculated(facility)
        asked = evidencing.request(organization=organization, year=2024, by=author)
        monkeypatch.setattr(packing, "measured", lambda content: 1 / 0)

        with pytest.raises(ZeroDivisionError):
            factories.make_evidence(asked.job)

        asked.refresh_from_db()
        assert (asked.sha256, list(store.rglob("*.zip"))) == ("", [])
        with pytest.raises(evidencing.ArchiveNotFound):
            evidencing.content_of(asked)


class TestByAWorker:
    @pytest.mark.django_db(transaction=True)
    def test_nobody_waits_while_it_is_made(self, organization, facility, author, woken, monkeypatch):
        calculated(facility)
        filing.delete(organization=organization, invoice_id=calculated(facility).pk, by=author)
        archive = evidencing.request(organization=organization, year=2024, by=author)
        gather, in_transaction = Gathering.gather, []

        def watched(gathering, **asked):
            in_transaction.append(connection.in_atomic_block)
            gather(gathering, **asked)

        monkeypatch.setattr(Gathering, "gather", watched)

        working.work(woken[-1])

        archive.refresh_from_db()
        assert in_transaction == [False]
        assert (archive.job.status, [row["action"] for row in table(archive, "changes.csv")]) == (
            "COMPLETED",
            ["deleted"],
        )

    def test_its_job_adds_up_though_invoices_came_and_went(self, organization, facility, author, woken):
        gone = calculated(facility)
        archive = evidencing.request(organization=organization, year=2024, by=author)
        filing.delete(organization=organization, invoice_id=gone.pk, by=author)
        calculated(facility)
        calculated(facility)

        working.work(woken[0])

        archive.refresh_from_db()
        job = ProcessingJob.objects.get()
        assert (job.status, job.items_total, job.items_success, job.items_failed) == ("COMPLETED", 2, 2, 0)
        assert len(table(archive, "invoices.csv")) == 2

    def test_what_can_not_be_made_is_tried_again_and_promises_nothing(
        self, organization, facility, author, woken, monkeypatch
    ):
        calculated(facility)
        archive = evidencing.request(organization=organization, year=2024, by=author)
        with monkeypatch.context() as broken:
            broken.setattr(packing, "measured", lambda content: 1 / 0)
            working.work(woken[0])
        archive.refresh_from_db()
        assert (archive.sha256, JobChunk.objects.get().state) == ("", "ready")

        JobChunk.objects.update(not_before=archive.job.created_at)
        working.work(woken[0])

        archive.refresh_from_db()
        assert archive.sha256
        assert ProcessingJob.objects.get().status == "COMPLETED"


def test_is_kept_in_a_bucket_as_in_a_folder(organization, facility, author, settings):
    calculated(facility)
    with s3_server.running() as (address, objects):
        url = f"s3://key:secret@invoices?endpoint={address}&region=eu-west-1&addressing=path"
        settings.STORAGES = settings.STORAGES | {"files": store_of(url, root=Path("unused"))}

        archive = made(organization, author)

        assert list(objects) == [f"invoices/{archive.kept_as}"]
        assert len(table(archive, "invoices.csv")) == 1
        storages["files"].delete(archive.kept_as)
        with pytest.raises(evidencing.ArchiveNotFound):
            evidencing.content_of(archive)


def test_an_archive_that_the_store_lost_is_not_there(organization, facility, author):
    calculated(facility)
    archive = made(organization, author)
    storages["files"].delete(archive.kept_as)

    with pytest.raises(evidencing.ArchiveNotFound):
        evidencing.content_of(archive)


@pytest.mark.parametrize(
    ("name", "saved_as"), [("Ours & Sons, S.L.", "consolida-2024-ours-sons-sl.zip"), ("日本", "consolida-2024.zip")]
)
def test_is_saved_under_a_name_that_any_system_takes(name, saved_as):
    archive = EvidenceArchive(organization=factories.organization(name=name), year=2024)

    assert evidencing.file_name_of(archive) == saved_as


def test_a_row_has_a_value_for_each_column():
    with packing.Folder() as folder, pytest.raises(ValueError, match="1 values for 2 columns"):
        folder.sheet("a.csv", ("a", "b")).add(1)


def test_closings_stay_as_they_were(organization, facility, author):
    calculated(facility)
    factories.year_closing(organization=organization)
    before = list(YearClosing.objects.values())

    made(organization, author)

    assert list(YearClosing.objects.values()) == before
