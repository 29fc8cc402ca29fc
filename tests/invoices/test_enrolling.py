"""The list of supplies that one copies from Datadis's page, and what contracts and invoices know of each other."""

import io
from datetime import date

import pytest

from facilities import locating
from facilities.models import ContractSource, SupplyContract
from invoices import enrolling, tabular
from invoices.cups import Check
from invoices.enrolling import Basis, ListNotReadable, Problem, State
from tests import factories

CODE, OTHER = factories.VALID_CUPS, factories.OTHER_VALID_CUPS
HEAD = "CUPS\tDirección\tDistribuidora\tVálido desde\tVálido hasta"
DAMAGED = f"{CODE[:-2]}XX"


def pasted(*rows, head=HEAD):
    return enrolling.read_text("\r\n".join([head, *("\t".join(row) for row in rows)]))


def one(cups=CODE, address="", start="01/02/2020", end=""):
    return pasted((cups, address, "", start, end))


class TestReading:
    def test_a_pasted_list_is_read(self):
        supplies = pasted(
            (f"{CODE[:4]} {CODE[4:].lower()}", "Calle Mayor 1,  Lugo", "0021", "01/02/2020", "31/12/2024"),
            (OTHER, "", "UFD", "2020-03-01", ""),
        )

        assert supplies.bad == []
        assert [tuple(row) for row in supplies.rows] == [
            (2, CODE, "Calle Mayor 1, Lugo", "0021", date(2020, 2, 1), date(2024, 12, 31)),
            (3, OTHER, "", "0022", date(2020, 3, 1), None),
        ]

    def test_a_file_is_read_with_the_headings_of_datadis(self):
        rows = [
            ("cups", "validDateFrom", "address", "municipality", "distributorCode", "other"),
            (CODE, "2020/03/01", "Rúa Nova 2", "Lugo", "21", "x"),
        ]
        sheet = io.BytesIO()
        tabular.write_xlsx(sheet, rows, title="Supplies")

        for content in (sheet.getvalue(), b"".join(tabular.csv_lines(rows, tabular.SPANISH))):
            (row,) = enrolling.read_file(content).rows
            assert tuple(row) == (2, CODE, "Rúa Nova 2, Lugo", "0021", date(2020, 3, 1), None)

    def test_every_bad_row_is_named_with_its_line(self):
        day = "01/02/2020"
        supplies = pasted(
            ("", "Somewhere", "", day),
            ("ES\u200b1", "", "", day),
            (CODE, "", "", ""),
            (CODE, "", "", "31/02/2020"),
            (CODE, "", "", "02-2020"),
            (CODE, "", "", "01/02/2020 10:00"),
            (CODE, "", "", day, "31/01/2020"),
            ("", "", "", ""),
            (CODE, "", "", day, "1/3/20"),
            (CODE, "", "", day),
        )

        assert [(row.line, row.column, row.problem) for row in supplies.bad] == [
            (2, "cups", Problem.CUPS_MISSING),
            (3, "cups", Problem.CUPS_UNUSABLE),
            (4, "start_date", Problem.DATE_MISSING),
            (5, "start_date", Problem.DATE_UNREADABLE),
            (6, "start_date", Problem.DATE_UNREADABLE),
            (7, "start_date", Problem.DATE_UNREADABLE),
            (8, "end_date", Problem.ENDS_BEFORE_IT_STARTS),
            (10, "end_date", Problem.DATE_UNREADABLE),
        ]
        assert [row.line for row in supplies.rows] == [11]

    def test_what_was_read_can_be_written_and_read_again(self):
        supplies = pasted((CODE, '"=A", Lugo', "", "01/02/2020", "01/03/2020"), ("ES-1", "", "", "01/02/2020", ""))

        assert enrolling.read_text(enrolling.as_text(supplies.rows)).rows == supplies.rows

    @pytest.mark.parametrize(
        ("content", "missing"),
        [
            (b"", ()),
            (b"\n \n", ()),
            (b"Address\tCity\nLugo\tLugo", ("cups", "start_date")),
            (b"PK\x03\x04 no workbook", ()),
            (b"x" * (enrolling.MOST_BYTES + 1), ()),
            (b"CUPS\tdesde\n" + b"a\tb\n" * (enrolling.MOST_ROWS + 1), ()),
        ],
    )
    def test_what_is_no_list_is_refused(self, content, missing):
        with pytest.raises(ListNotReadable) as refusal:
            enrolling.read_file(content)

        assert tuple(refusal.value.missing) == missing


def plan(organization, supplies):
    return enrolling.plan(organization=organization, supplies=supplies)


def guess(organization, supplies):
    (proposal,) = plan(organization, supplies).proposals
    return proposal.guess and (proposal.guess.facility_id, proposal.guess.basis)


@pytest.mark.django_db
class TestPlan:
    def test_invoices_tell_more_than_contracts_and_these_than_addresses(self, organization, facility):
        lugo, vigo = (factories.facility(organization=organization, name=name) for name in ("Lugo", "Vigo"))
        row = one(address="Vigo")
        assert guess(organization, row) == (vigo.pk, Basis.ADDRESS)

        factories.invoice(facility=facility, cups=DAMAGED)
        assert guess(organization, row) == (facility.pk, Basis.NEAR_CODE)

        factories.supply_contract(facility=vigo, start_date=date(2010, 1, 1), end_date=date(2010, 12, 31))
        assert guess(organization, row) == (vigo.pk, Basis.CONTRACT)

        factories.invoice(facility=lugo, cups=f"{CODE}0F")
        assert guess(organization, row) == (lugo.pk, Basis.INVOICES)

        type(lugo).objects.filter(pk=lugo.pk).update(status="archived")
        assert guess(organization, row) == (vigo.pk, Basis.ADDRESS)

    @pytest.mark.parametrize(
        ("address", "found"),
        [
            ("C/ Mayor, 12, 27001 LUGO", "Store"),
            ("Avda. de la Coruña 4 (Lugo)", "Plant"),
            ("Rúa do Vilar, Santiago", None),
            ("Lugo", None),  # as near to one as to the other
            ("", None),
        ],
    )
    def test_addresses_are_compared_by_their_words(self, organization, address, found):
        factories.facility(organization=organization, name="Store", address="Calle Mayor 12, Lugo")
        factories.facility(organization=organization, name="Plant", address="Avenida da Coruña 4, Lugo")
        factories.facility(organization=organization, name="¿?")

        (proposal,) = plan(organization, one(address=address)).proposals

        names = {facility.pk: facility.name for facility in locating.facilities(organization=organization)}
        assert (names[proposal.guess.facility_id] if proposal.guess else None) == found

    def test_what_is_covered_is_known_or_repeated(self, organization, facility):
        factories.supply_contract(facility=facility, start_date=date(2022, 1, 1), end_date=date(2022, 12, 31))
        factories.supply_contract(facility=facility, cups="ES-1")
        rows = [
            (CODE, "", "", "01/01/2020", "31/12/2021"),
            (f"{CODE}0F", "", "", "31/12/2022", ""),
            (CODE, "", "", "01/01/2023", ""),
            (CODE, "", "", "01/06/2023", "30/06/2023"),
            (OTHER, "", "", "01/01/2020", ""),
        ]

        found = plan(organization, pasted(*rows))

        assert [proposal.state for proposal in found.proposals] == [
            State.NEW,
            State.KNOWN,
            State.REPEATED,
            State.REPEATED,
            State.NEW,
        ]

    def test_a_code_that_is_not_right_is_said_to_be(self, organization, facility):
        found = plan(organization, pasted((CODE, "", "", "01/01/2020"), (DAMAGED, "", "", "01/01/2020")))

        assert [(proposal.check, proposal.is_sound) for proposal in found.proposals] == [
            (Check.VALID, True),
            (Check.LETTERS_WRONG, False),
        ]

    def test_nothing_of_another_organization_tells(self, organization, other_organization):
        theirs = factories.facility(organization=other_organization, name="Lugo")
        factories.invoice(facility=theirs)
        factories.supply_contract(facility=theirs)

        found = plan(organization, one(address="Lugo"))

        assert (found.facilities, found.proposals[0].guess, found.proposals[0].state) == ([], None, State.NEW)

    def test_statements_do_not_grow_with_the_list(self, organization, facility, django_assert_num_queries):
        factories.invoice(facility=facility)
        rows = [(f"ES-{number}", "Lugo", "", "01/01/2020") for number in range(30)]

        # Facilities, contracts, groups of sound and other codes, all codes.
        with django_assert_num_queries(5):
            plan(organization, pasted(*rows, (CODE, "", "", "01/01/2020")))


@pytest.mark.django_db
class TestEnroll:
    def enroll(self, organization, supplies, chosen, by):
        return enrolling.enroll(organization=organization, supplies=supplies, chosen=chosen, by=by)

    def test_what_was_chosen_is_filed_as_manual_contracts(self, organization, facility, author):
        supplies = pasted((CODE, "", "0021", "01/02/2020", "31/12/2020"), (OTHER, "", "", "01/02/2020", ""))

        done = self.enroll(organization, supplies, {2: facility.pk}, author)

        contract = SupplyContract.objects.get()
        assert (list(done.contracts), done.known_count) == ([contract], 0)
        assert (contract.cups, contract.facility, contract.source) == (CODE, facility, ContractSource.MANUAL)
        assert (contract.distributor_code, contract.start_date, contract.end_date) == (
            "0021",
            date(2020, 2, 1),
            date(2020, 12, 31),
        )

    def test_the_same_list_files_nothing_twice(self, organization, facility, author):
        chosen = {2: facility.pk}
        self.enroll(organization, one(), chosen, author)

        again = self.enroll(organization, one(), chosen, author)

        assert (list(again.contracts), again.known_count) == ([], 1)
        assert SupplyContract.objects.count() == 1

    def test_a_facility_of_another_organization_files_nothing(self, organization, facility, other_organization, author):
        theirs = factories.facility(organization=other_organization)
        supplies = pasted((CODE, "", "", "01/02/2020"), (OTHER, "", "", "01/02/2020"))

        with pytest.raises(locating.FacilityNotOfOrganization):
            self.enroll(organization, supplies, {2: facility.pk, 3: theirs.pk}, author)

        assert SupplyContract.objects.count() == 0


@pytest.mark.django_db
class TestComparing:
    def test_supplies_without_an_invoice_are_found(self, organization, facility, other_organization):
        factories.invoice(facility=facility, cups=f"{CODE}0F")
        factories.supply_contract(facility=facility, cups=CODE)
        missing = factories.supply_contract(facility=facility, cups=OTHER)
        factories.invoice(facility=factories.facility(organization=other_organization), cups=OTHER)

        assert enrolling.supplies_without_invoices(organization=organization) == [missing]

    def test_codes_on_no_contract_are_found(self, organization, facility, other_organization):
        factories.invoice(facility=facility, cups=f"{CODE}0F")
        factories.supply_contract(facility=facility, cups=CODE)
        factories.invoice(facility=facility, cups="ES-1")
        factories.invoices(2, facility=facility, cups=OTHER)
        factories.supply_contract(facility=factories.facility(organization=other_organization), cups=OTHER)

        found = enrolling.codes_on_no_contract(organization=organization)

        assert [(place.cups, place.invoice_count) for place in found] == [(OTHER, 2), ("ES-1", 1)]
