"""The page of supplies, and filing the list of Datadis's page on it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from facilities.models import Role, SupplyContract
from invoices.pages import supplies
from tests import api, factories

pytestmark = pytest.mark.django_db

CODE, OTHER = factories.VALID_CUPS, factories.OTHER_VALID_CUPS
LIST, PREVIEW, ENROLL = (reverse(f"cups-supplies{part}") for part in ("", "-preview", "-enroll"))
PASTED = f"CUPS\tDirección\tDesde\n{CODE}\tMadrid\t01/02/2020\nES-1\tMadrid\t01/02/2020\n{OTHER}\tLugo\t2020"


@pytest.fixture
def web(client, author):
    """The browser of an editor of ours, in English."""
    client.force_login(author.user)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def viewer(client, organization):
    client.force_login(factories.member(organization, Role.VIEWER))
    client.cookies["django_language"] = "en"
    return client


def said(response):
    return [str(message) for message in response.context["messages"]]


class TestList:
    def test_both_sides_are_listed(self, web, facility):
        factories.supply_contract(facility=facility)
        factories.invoice(facility=facility, cups="ES-1")

        assert [row.cups for row in web.get(LIST).context["page"]] == [CODE]
        assert [row.cups for row in web.get(LIST, {"show": "codes"}).context["page"]] == ["ES-1"]

    def test_nothing_is_said_to_be_nothing(self, web):
        assert "Every supply on a contract has invoices" in web.get(LIST).content.decode()
        assert "Every code is on a contract" in web.get(LIST, {"show": "codes"}).content.decode()

    def test_a_viewer_sees_it_and_files_nothing(self, viewer, facility):
        assert "File the list" not in viewer.get(LIST).content.decode()
        assert viewer.post(PREVIEW, {"list": PASTED}).status_code == 403
        assert viewer.post(ENROLL, {"list": PASTED, "facility_0": str(facility.pk)}).status_code == 403
        assert SupplyContract.objects.count() == 0

    def test_statements_do_not_grow_with_the_rows(self, web, facility, django_assert_num_queries):
        for number in range(5):
            factories.supply_contract(facility=facility, cups=f"ES-{number}")
            factories.invoice(facility=facility, cups=f"ES-9{number}")
        web.get(LIST)

        for query in ({}, {"show": "codes"}):
            with django_assert_num_queries(7):
                web.get(LIST, query)


class TestFiling:
    def test_a_list_is_looked_at_and_filed(self, web, facility):
        shown = web.post(PREVIEW, {"list": PASTED})
        text = shown.content.decode()
        assert "1 row can't be filed" in text
        assert "This is no day" in text
        assert "by the address (100 %)" in text
        # A code that is not right is left out unless somebody says otherwise.
        assert [row.chosen for row in shown.context["rows"]] == [facility.pk, None]

        posted = {"list": shown.context["list"], "facility_0": str(facility.pk), "facility_1": ""}
        response = web.post(ENROLL, posted, follow=True)

        assert said(response) == ["1 contract was filed."]
        assert SupplyContract.objects.get().cups == CODE
        again = web.post(PREVIEW, {"list": f"{PASTED}\nES-1\tMadrid\t01/02/2020"}).content.decode()
        assert "1 is covered by a contract already." in again
        assert "1 repeats a row above." in again
        assert said(web.post(ENROLL, posted, follow=True)) == ["0 contracts were filed. 1 was there already."]

    def test_a_file_is_taken_too_and_may_leave_nothing_to_file(self, web, facility):
        factories.supply_contract(facility=facility)
        file = SimpleUploadedFile("list.csv", f"CUPS;Desde\n{CODE};01/02/2020".encode())

        assert "Nothing is left to file" in web.post(PREVIEW, {"file": file, "list": ""}).content.decode()

    def test_what_can_not_be_read_is_said_beside_it(self, web):
        response = web.post(PREVIEW, {"list": "Dirección\nLugo"})
        assert response.status_code == 400
        assert "The list has no heading for: CUPS, valid from." in response.content.decode()
        assert "Lugo</textarea>" in response.content.decode()

        assert "The list is empty" in web.post(ENROLL, {}).content.decode()

    def test_a_facility_of_others_files_nothing(self, web, other_organization):
        theirs = factories.facility(organization=other_organization)

        for facility_id in (theirs.pk, api.NOBODYS):
            response = web.post(ENROLL, {"list": PASTED, "facility_0": str(facility_id)}, follow=True)
            assert "nothing was filed" in said(response)[0]
        assert SupplyContract.objects.count() == 0

    def test_of_a_long_list_the_nearest_can_be_chosen(self, web, organization, facility, monkeypatch):
        monkeypatch.setattr(supplies, "MOST_CHOICES", 1)
        factories.facility(organization=organization, name="Vigo")

        response = web.post(PREVIEW, {"list": PASTED})

        assert [name for _pk, name in response.context["rows"][0].choices] == ["Madrid"]
        assert "only the nearest facilities" in response.content.decode()

    def test_a_form_is_not_an_address(self, web):
        for path in (PREVIEW, ENROLL):
            assert web.get(path).url == LIST
